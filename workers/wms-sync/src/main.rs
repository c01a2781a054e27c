//! wms-sync: translates between our messages and those of the warehouse management system.

mod decide;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::WmsSync;

fn main() -> ExitCode {
    runtime::run_worker(async |_settings: Settings, _context| Ok::<_, Infallible>(WmsSync))
}
