//! Tests of the assigner: its decisions without IO, and the worker against a real broker and database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod books;
mod decisions;
mod fixture;
mod races;
mod retries;
mod states;
mod worker;
