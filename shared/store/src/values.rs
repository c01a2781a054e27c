//! How ids, hashes and times travel in the JSON parameter and come back.

use chrono::NaiveDateTime;
use contracts::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::StoreError;

/// 32 lower-case hex digits; the statement reads them with `UNHEX`.
#[must_use]
pub fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// Bytes as hex digits; the statement reads them with `UNHEX`.
#[must_use]
pub fn hex_bytes(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads what `HEX(id)` gave.
///
/// # Errors
/// [`StoreError::Decode`] when it is no 32 hex digits.
pub fn parse_hex(text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|error| StoreError::decode(format!("id {text:?}: {error}")))
}

/// A stored `DATETIME(6)` (always UTC) as a timestamp.
#[must_use]
pub fn timestamp(stored: NaiveDateTime) -> Timestamp {
    stored.and_utc().into()
}

/// SHA-256.
#[must_use]
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
