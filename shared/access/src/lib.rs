//! Access tokens: what they say, how identity signs them and how everybody else verifies them.
//!
//! JSON Web Tokens in the compact form (RFC 7519) with one algorithm, EdDSA over Ed25519 (RFC 8037). The
//! algorithm is pinned here; a token that names another one is refused and never obeyed. The signatures
//! are ring's. Never here: a clock, IO, where keys are kept, what a role may do.

mod claims;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use claims::{Claims, LIFETIME_S};
pub use sign::{KeyError, SigningKey};
pub use verify::{TokenError, Verifier};

/// The one algorithm.
const ALGORITHM: &str = "EdDSA";

/// Bytes as text without padding, for URLs, headers and keys.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`base64url`] wrote; `None` for everything else.
#[must_use]
pub fn read_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
