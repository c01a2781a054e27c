//! The `dray` program itself, as an operator calls it, on a stage of its own: a real broker with a
//! virtual host, a real database with a schema.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod accounts;
mod change;
mod control;
mod dispatching;
mod dlq;
mod fleet;
mod network;
mod places;
mod planning;
mod run;
mod sales_orders;
mod service;
mod show;
mod topology;
