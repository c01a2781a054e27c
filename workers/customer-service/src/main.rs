//! customer-service: returns, replacements and cases. Finds what a return gives back among what was
//! delivered, follows it until it is closed, and opens a case where a person has to look.
//!
//! What lives here: the claims on delivered goods. What never does: the way of a parcel (waybill-status),
//! its place on a truck (adra-assigner), the order's own counters (order-intake).

mod book;
mod decide;
#[cfg(test)]
mod drawing;
mod lifecycle;
mod message;
mod permit;
mod settings;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::CustomerService;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, _context: runtime::Context| {
        Ok::<_, Infallible>(CustomerService::new(settings.policy()))
    })
}
