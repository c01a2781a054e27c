//! The pages in a real Chromium, with a real part of the fleet behind them: programs as they are deployed, a
//! virtual host and a schema of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod browser;
mod everywhere;
mod fleet;
mod scanner;
mod track;
mod work;
