//! Tests of sales-order: the lifecycle table, the choice of a warehouse, decisions, whole batches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod amendments;
mod batch;
mod cancellations;
mod changes;
mod decide;
mod floor;
mod lifecycle;
mod network;
mod permutations;
mod samples;
mod successions;
mod transfers;
mod waiting;
