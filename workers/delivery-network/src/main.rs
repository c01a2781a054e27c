//! delivery-network: keeps the tables of the delivery network and tells everybody when they change.
//!
//! See README.md for what it consumes and produces. Never here: more than the wiring.

mod decide;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::DeliveryNetwork;

fn main() -> ExitCode {
    runtime::run_worker(async |_settings: Settings, _context| Ok::<_, Infallible>(DeliveryNetwork))
}
