//! Tests of the waybill lifecycle, by subject; each is written as a [`story`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod decisions;
mod facts;
mod lifecycle;
mod parked;
mod permutations;
mod story;
mod worker;
