//! Where the servers are: the variables that `ops/services env` prints.

use sha2::{Digest, Sha256};

/// The variable `name`, or a panic that says how to get it.
pub(crate) fn required(name: &str) -> String {
    let value = settings::var(name).unwrap_or_else(|error| panic!("{error}"));
    value.unwrap_or_else(|| {
        panic!(
            "{name} is not set: run ops/test, or bring the servers up with ops/services up and \
             then eval \"$(ops/services env)\" in this shell"
        )
    })
}

/// The password that the checkout gives to the account of this name, as `ops/services` derives it.
pub(crate) fn derived_password(account: &str) -> String {
    let file = required("DRAY_SECRET_FILE");
    let secret = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("DRAY_SECRET_FILE={file} cannot be read: {error}"));
    let digest = Sha256::digest(format!("{}:{account}", secret.trim_end()));
    digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

/// `scheme://user:password@host/PATH?query` with another path.
pub(crate) fn with_path(url: &str, path: &str) -> String {
    let (scheme, rest) =
        url.split_once("://").unwrap_or_else(|| panic!("no URL: a scheme is missing"));
    let (place, query) =
        rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let authority = place.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{authority}/{path}{query}")
}

/// The same URL with another user and password.
pub(crate) fn with_login(url: &str, user: &str, password: &str) -> String {
    let (scheme, rest) =
        url.split_once("://").unwrap_or_else(|| panic!("no URL: a scheme is missing"));
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    format!("{scheme}://{user}:{password}@{address}")
}

/// `user:password` of a URL.
pub(crate) fn login(url: &str) -> (String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let userinfo = rest.rsplit_once('@').map_or("", |(userinfo, _)| userinfo);
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    (user.to_owned(), password.to_owned())
}

/// `host:port` of a URL.
pub(crate) fn host_and_port(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    address.split(['/', '?']).next().unwrap_or_default().to_owned()
}
