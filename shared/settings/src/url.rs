//! Just enough of a URL to find its host and to judge its password. Connecting is the drivers'
//! business, and they parse for themselves.

use crate::{Secret, SettingsError};

const MASK: &str = "***";

/// Passwords that people are told to replace.
const PLACEHOLDERS: [&str; 9] = [
    "changeme",
    "change-me",
    "change_me",
    "example",
    "password",
    "placeholder",
    "replace-me",
    "sample",
    "secret",
];

/// Passwords that servers are delivered with.
const VENDOR_DEFAULTS: [&str; 7] = ["", "admin", "guest", "mysql", "rabbitmq", "redis", "root"];

/// What a URL without a password means to the server behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPassword {
    /// The client library falls back to a well-known one, or the account is open.
    IsWeak,
    /// Usual: access is limited by the network.
    IsFine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    password: Option<&'a str>,
    host: &'a str,
    /// Host, port and path, as an operator wants to read them.
    place: &'a str,
}

/// Splits `scheme://user:password@host:port/path?query`; `None` when there is no scheme.
fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let end_of_authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, _) = rest.split_at_checked(end_of_authority)?;
    let (userinfo, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    let without_userinfo = rest.get(authority.len() - address.len()..)?;
    let place = without_userinfo.split(['?', '#']).next().unwrap_or_default();
    Some(Parts { scheme, user, password, host: host_of(address), place })
}

fn host_of(address: &str) -> &str {
    if let Some((host, _)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return host;
    }
    address.split(':').next().unwrap_or_default()
}

/// An empty host is a Unix socket.
fn is_loopback(host: &str) -> bool {
    host.is_empty()
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses sample passwords everywhere and vendors' defaults for other machines.
pub(crate) fn check(
    variable: &'static str,
    secret: &Secret,
    schemes: &[&str],
    expected: &'static str,
    no_password: NoPassword,
) -> Result<(), SettingsError> {
    let parts = split(secret.expose())
        .filter(|parts| schemes.contains(&parts.scheme))
        .ok_or(SettingsError::NotAUrl { variable, expected })?;
    let password = percent_decoded(parts.password.unwrap_or_default()).to_ascii_lowercase();
    if PLACEHOLDERS.contains(&password.as_str()) {
        return Err(SettingsError::SampleSecret { variable });
    }
    let tolerated = password.is_empty() && no_password == NoPassword::IsFine;
    let weak = VENDOR_DEFAULTS.contains(&password.as_str()) && !tolerated;
    if weak && !is_loopback(parts.host) {
        return Err(SettingsError::WeakSecret { variable });
    }
    Ok(())
}

/// The URL without password and query (a query may carry key material), or the bare mask.
pub(crate) fn masked(text: &str) -> String {
    match split(text) {
        None => MASK.to_owned(),
        Some(Parts { scheme, user: "", password: None, place, .. }) => {
            format!("{scheme}://{place}")
        }
        Some(Parts { scheme, user, place, .. }) => format!("{scheme}://{user}:{MASK}@{place}"),
    }
}

/// Decodes `%XX`; what is no such escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
