//! Units and where they come from.

use contracts::ReturnVerdict as V;
use proptest::prelude::*;

use crate::decide::matching::take;

fn check(wanted: u32, stock: &[u32], verdict: V, taken: &[u32]) {
    let found = take(wanted, stock.iter().copied().enumerate());
    assert_eq!(found.verdict, verdict, "{wanted} of {stock:?}");
    let mut by_line = vec![0; stock.len()];
    for (line, units) in found.parts {
        by_line[line] += units;
    }
    assert_eq!(by_line, taken, "{wanted} of {stock:?}");
}

#[test]
fn one_line_several_lines_too_few_none() {
    check(3, &[5, 5], V::Matched, &[3, 0]);
    check(5, &[5, 5], V::Matched, &[5, 0]);
    check(6, &[5, 5], V::Spread, &[5, 1]);
    check(2, &[0, 5], V::Matched, &[0, 2]);
    check(11, &[5, 5], V::QuantityExceeds, &[0, 0]);
    check(1, &[], V::NoMatch, &[]);
    check(1, &[0, 0], V::NoMatch, &[0, 0]);
}

proptest! {
    #[test]
    fn all_units_are_found_or_none_is_taken(
        wanted in 1_u32..40,
        stock in proptest::collection::vec(0_u32..10, 0..8),
    ) {
        let found = take(wanted, stock.iter().copied().enumerate());
        let taken: u32 = found.parts.iter().map(|(_, units)| units).sum();
        prop_assert_eq!(taken, if found.verdict.is_match() { wanted } else { 0 });
        prop_assert!(found.parts.iter().all(|(line, units)| *units <= stock[*line] && *units > 0));
        let total: u32 = stock.iter().sum();
        prop_assert_eq!(found.verdict.is_match(), total >= wanted);
        prop_assert_eq!(found.verdict == V::NoMatch, total == 0);
    }
}
