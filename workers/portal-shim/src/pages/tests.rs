//! Tests of what pages say, without a browser: `tests/pages` has that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod barcode;
mod labels;
mod rules;
mod tracking;
