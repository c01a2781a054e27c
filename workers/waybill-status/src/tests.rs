//! Tests of the waybill lifecycle, by subject; each is written as a [`story`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod amendments;
mod attempts;
mod batches;
mod decisions;
mod edges;
mod facts;
mod fleet;
mod histories;
mod lifecycle;
mod permutations;
mod shuffled;
mod story;
mod stubs;
mod worker;
