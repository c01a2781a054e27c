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
mod fixture;
mod following;
mod placing;
mod races;
mod retries;
mod states;
mod worker;
mod world;
