//! order-intake: takes orders in, checks them against the network, splits them into waybills, and keeps what
//! becomes of them: cancellations, amendments, how far every line is.
//!
//! See README.md for what it consumes and produces. Never here: more than the wiring.

mod decide;
#[cfg(test)]
mod drawing;
mod incoming;
mod network;
mod order;
mod settings;
mod shown;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;

use crate::settings::Settings;
use crate::worker::OrderIntake;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, context: runtime::Context| {
        let cache = Cache::counted(settings.as_ref().cache.url(), &context.registry);
        Ok::<_, Infallible>(OrderIntake::new(settings.policy(), cache))
    })
}
