//! The runtime on the real broker and the real database: a small worker that does as each message says,
//! and everything that may befall it.
//!
//! What lives here: what the runtime promises to every worker. What never does: a rule of business.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod batches;
mod bench;
mod control;
mod crashes;
mod database;
mod drain;
mod duplicates;
mod failures;
mod kill_switch;
mod memory;
mod network;
mod probe;
mod publishing;
mod queues;
mod rights;
mod undecodable;
