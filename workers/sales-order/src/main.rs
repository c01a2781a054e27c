//! sales-order: asks a warehouse to prepare each waybill that got a place, and keeps what it answers.

mod decide;
mod desk;
mod lifecycle;
mod network;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::SalesOrders;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, _context| {
        Ok::<_, Infallible>(SalesOrders::new(settings.submit_at))
    })
}
