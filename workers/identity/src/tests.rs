//! Decisions and secrets alone, then the worker in the real runtime.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod accounts;
mod canary;
mod desk;
mod keys;
mod rules;
mod sequences;
mod sessions;
mod vault;

use chrono::{DateTime, TimeDelta};
use contracts::{AccountName, Timestamp};

/// So many seconds after the beginning of a test's time.
fn at(second: i64) -> Timestamp {
    (DateTime::from_timestamp(2_000_000_000, 0).unwrap() + TimeDelta::seconds(second)).into()
}

fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}
