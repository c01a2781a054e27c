//! What the public data set does not have and a delivery needs, derived by a hash that never changes,
//! so that everybody who converts the file gets the same orders:
//!
//! | column | from | rule (h = [`fixed_hash`] of the text, after a word that names the purpose) |
//! |---|---|---|
//! | merchant | stock code | `M01`..`M03`, h mod 3 |
//! | volume_ml, weight_g of a unit | stock code | log-normal: median 1,500 ml, sigma 0.7; 450 g a litre, sigma 0.5 |
//! | sku_type | | always dry |
//! | district | customer, or the invoice for guests | h mod the number of districts |
//! | delivery_date | invoice | one to three days after the order, 1 + h mod 3 |
//! | timeslot | invoice | h mod the number of windows |
//! | currency | | GBP |

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::dice::{Dice, fixed_hash, whole};

const MERCHANTS: u64 = 3;

/// Who sells an article.
pub(crate) fn merchant(stock_code: &str) -> String {
    format!("M{:02}", fixed_hash(&format!("merchant {stock_code}")) % MERCHANTS + 1)
}

/// Millilitres and grams of one unit.
pub(crate) fn measures(stock_code: &str) -> (u32, u32) {
    let mut dice = Dice::new(fixed_hash(stock_code), "measures", 0);
    let volume_ml = whole(dice.log_normal(1_500.0, 0.7), 50, 120_000);
    let grams_per_litre = dice.log_normal(450.0, 0.5);
    (volume_ml, whole(f64::from(volume_ml) / 1_000.0 * grams_per_litre, 5, 60_000))
}

/// The day of delivery.
pub(crate) fn delivery_date(invoice: &str, ordered_at: DateTime<Utc>) -> NaiveDate {
    let days = fixed_hash(&format!("days {invoice}")) % 3 + 1;
    let ordered_on = ordered_at.date_naive();
    ordered_on.checked_add_days(Days::new(days)).unwrap_or(ordered_on)
}

/// One of a list by the hash of a purpose and a key; empty when the list is.
pub(crate) fn one_of<'a>(list: &'a [String], purpose: &str, key: &str) -> &'a str {
    let count = u64::try_from(list.len()).unwrap_or(u64::MAX).max(1);
    let index = usize::try_from(fixed_hash(&format!("{purpose} {key}")) % count).unwrap_or(0);
    list.get(index).map_or("", String::as_str)
}
