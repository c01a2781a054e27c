//! Tests of order-intake: the decision, the split's properties, what becomes of an order, and the worker against a real
//! broker and database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod amending;
mod cancelling;
mod changes;
mod commands;
mod content;
mod decision;
mod fixture;
mod fleet;
mod following;
mod lifecycle;
mod races;
mod split;
mod worker;
