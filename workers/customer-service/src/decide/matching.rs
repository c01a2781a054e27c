//! Which delivered order lines a line of a return takes its units from. Knows nothing but numbers, so
//! that it can be run over anything.

use contracts::ReturnVerdict;

/// What was found for one line of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<K> {
    /// In one word.
    pub verdict: ReturnVerdict,
    /// From which lines, how many units each; empty unless all units were found.
    pub parts: Vec<(K, u32)>,
}

/// Takes `wanted` units from `stock`: lines in the order in which they are taken from, each with the units
/// that can still be given back. All units are found or none is taken.
pub(crate) fn take<K>(wanted: u32, stock: impl IntoIterator<Item = (K, u32)>) -> Found<K> {
    let mut missing = wanted;
    let mut parts = Vec::new();
    for (line, left) in stock {
        let units = left.min(missing);
        if units > 0 {
            parts.push((line, units));
            missing -= units;
        }
        if missing == 0 {
            break;
        }
    }
    match (parts.len(), missing) {
        (0, _) => Found { verdict: ReturnVerdict::NoMatch, parts },
        (1, 0) => Found { verdict: ReturnVerdict::Matched, parts },
        (_, 0) => Found { verdict: ReturnVerdict::Spread, parts },
        (_, _) => Found { verdict: ReturnVerdict::QuantityExceeds, parts: Vec::new() },
    }
}
