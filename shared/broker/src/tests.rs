//! Tests of what needs no broker; those with one are in `tests/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod caution;
mod envelope;
mod link;
mod settle;
mod trust;
