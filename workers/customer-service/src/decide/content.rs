//! The digest of a request: the same for two that say the same, however they are written.

use contracts::{RequestReturn, ReturnLine, UnitPrice};
use sha2::{Digest as _, Sha256};

/// SHA-256 of what a request says. Lines count in the order of their numbers, and `1.50` is `1.5`.
pub(crate) fn content_hash(asked: &RequestReturn) -> [u8; 32] {
    let mut plain = asked.clone();
    plain.lines.sort_by_key(|line| line.line_no);
    plain.lines.iter_mut().for_each(normalise);
    // it has a JSON form; without one all requests of a number would be taken for one
    let json = serde_json::to_vec(&plain).unwrap_or_default();
    Sha256::digest(json).into()
}

fn normalise(line: &mut ReturnLine) {
    let plain = |price: UnitPrice| UnitPrice::new(price.as_decimal().normalize()).unwrap_or(price);
    line.unit_price = line.unit_price.map(plain);
}
