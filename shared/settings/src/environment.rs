//! The one reader of environment variables outside clap.

use std::ffi::OsString;

use crate::SettingsError;

/// The variable `name`, or `None` when it is unset or empty (compose files set empty ones).
///
/// # Errors
/// [`SettingsError::NotUnicode`] when the value is no text.
#[allow(
    clippy::disallowed_methods,
    reason = "this crate is where the environment is read, so that nothing else does"
)]
pub fn var(name: &str) -> Result<Option<String>, SettingsError> {
    std::env::var_os(name)
        .map(OsString::into_string)
        .transpose()
        .map(|value| value.filter(|text| !text.is_empty()))
        .map_err(|_not_text| SettingsError::NotUnicode { variable: name.to_owned() })
}
