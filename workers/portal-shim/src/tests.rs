//! Tests: the parts that need nothing alone, then the portal with a real broker.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod away;
mod bench;
mod commands;
mod divided;
mod document;
mod events;
mod operations;
mod parts;
mod rules;
mod service;
mod serving;
mod settings;
mod traces;
mod uploads;
