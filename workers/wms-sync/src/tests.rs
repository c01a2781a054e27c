//! Tests of wms-sync: the dictionary, word by word, and whole batches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod batch;
mod decide;
mod samples;
