//! sales-order: asks a warehouse to prepare each waybill that got a place, and keeps what it answers.

mod decide;
mod desk;
#[cfg(test)]
mod drawing;
mod history;
mod incoming;
mod lifecycle;
mod network;
mod settings;
mod shown;
mod standing;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod waybill;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;

use crate::settings::Settings;
use crate::worker::SalesOrders;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, context: runtime::Context| {
        let cache = Cache::counted(settings.worker.cache.url(), &context.registry);
        sweep::start(settings.questions, &context, cache.clone());
        Ok::<_, Infallible>(SalesOrders::new(settings.submit_at, cache))
    })
}
