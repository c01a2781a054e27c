//! waybill-status: the only writer of waybills. What happened outside comes in as reports, what we decide
//! as holds and places; where a waybill stands goes out as events.
//!
//! What lives here: the lifecycle. What never does: routes and quotas (adra-assigner), warehouse orders
//! (sales-order), the words of partners (the adapters).

mod change;
mod decide;
#[cfg(test)]
mod drawing;
mod evidence;
mod facts;
mod history;
mod holds;
mod lifecycle;
mod permit;
mod settings;
mod state;
mod store;
mod stubs;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;

use crate::settings::Settings;
use crate::worker::WaybillStatus;

fn main() -> ExitCode {
    runtime::run_worker(async |settings: Settings, context: runtime::Context| {
        stubs::start(settings.stubs, &context);
        let cache = Cache::counted(settings.worker.cache.url(), &context.registry);
        Ok::<_, Infallible>(WaybillStatus::new(cache))
    })
}
