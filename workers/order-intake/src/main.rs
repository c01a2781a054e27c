//! order-intake: takes orders in, checks them against the network, splits them into waybills.
//!
//! See README.md for what it consumes and produces. Never here: more than the wiring.

mod decide;
mod network;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::OrderIntake;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, _context| {
        Ok::<_, Infallible>(OrderIntake::new(settings.policy()))
    })
}
