//! Tests of customer-service: the lifecycle, matching, whole stories of returns, replacements and cases on
//! a book in memory, and whole batches on the real broker and database.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod batch;
mod cases;
mod claims;
mod floor;
mod lifecycle;
mod matching;
mod race;
mod readme;
mod replacements;
mod returns;
mod world;
