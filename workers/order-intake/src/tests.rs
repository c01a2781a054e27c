//! Tests of order-intake: the decision, the split's properties, and the worker against a real
//! broker and database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod content;
mod decision;
mod fixture;
mod split;
mod worker;
