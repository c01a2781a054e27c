//! Text that must not be printed. Comparing, hashing and storing secrets is not done here.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::url;

/// A password, key or URL with a password in it. `Debug` and `Display` show no part of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Each call is a place to look at when a secret has leaked.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What an operator may see: a URL without its password and query, or only `***`.
    #[must_use]
    pub fn masked(&self) -> String {
        url::masked(&self.0)
    }
}

impl FromStr for Secret {
    /// Parsing cannot fail, because clap quotes a value that did in its error message.
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
