//! Tests of the assigner: its decisions without IO, and the worker against a real broker and database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod amending;
mod answers;
mod attempts;
mod books;
mod by_hand;
mod crowd;
mod desk;
mod driving;
mod fixture;
mod following;
mod forecasting;
mod forgetting;
mod histories;
mod late;
mod moving;
mod pace;
mod placing;
mod planning;
mod proposing;
mod races;
mod recalculating;
mod replanning;
mod retries;
mod rides;
mod road;
mod rounds;
mod states;
mod worker;
mod world;
