//! Any set of planted errors is found in one pass, each at its line and column, and nothing else.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{HEADER, errors, line, line_with, orders};
use crate::order::OrderColumn as C;
use crate::tsv::Column as _;

/// A bad value for one field, and the code it must be answered with.
const FAULTS: [(C, &str, &str); 12] = [
    (C::LineNo, "x", "INVALID_NUMBER"),
    (C::OrderedAt, "now", "INVALID_TIME"),
    (C::District, "elsewhere!", "DIFFERS_WITHIN_ORDER"),
    (C::Merchant, "", "MISSING_VALUE"),
    (C::Sku, " ", "MISSING_VALUE"),
    (C::Quantity, "0", "QUANTITY_OUT_OF_RANGE"),
    (C::Quantity, "12345", "QUANTITY_OUT_OF_RANGE"),
    (C::UnitPrice, "-1", "INVALID_PRICE"),
    (C::Currency, "GBp", "DIFFERS_WITHIN_ORDER"),
    (C::SkuType, "warm", "INVALID_CHOICE"),
    (C::VolumeMl, "1l", "INVALID_NUMBER"),
    (C::WeightG, "?", "INVALID_NUMBER"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_planted_error_is_found(
        sizes in proptest::collection::vec(2_u32..6, 1..12),
        picks in proptest::collection::vec(proptest::option::weighted(0.3, 0..FAULTS.len()), 60),
    ) {
        let mut file = HEADER.to_owned();
        let (mut expected, mut wrong, mut number) = (BTreeSet::new(), BTreeSet::new(), 1_u64);
        let mut picks = picks.into_iter();
        for (order, size) in sizes.iter().enumerate() {
            let reference = format!("R{order}");
            // The first line is the measure for the others and stays sound.
            file += &line(&reference, 1);
            number += 1;
            for row in 2..=*size {
                number += 1;
                match picks.next().flatten().map(|pick| FAULTS[pick]) {
                    None => file += &line(&reference, row),
                    Some((column, value, code)) => {
                        file += &line_with(&reference, row, column, value);
                        expected.insert((number, column.name().to_owned(), code));
                        wrong.insert(reference.clone());
                    }
                }
            }
        }
        let found: BTreeSet<_> = errors(file.as_bytes()).into_iter().collect();
        prop_assert_eq!(found, expected);
        let rejected: BTreeSet<String> = orders(file.as_bytes())
            .into_iter()
            .filter(|order| order.result.is_err())
            .filter_map(|order| order.reference)
            .collect();
        prop_assert_eq!(rejected, wrong);
    }
}
