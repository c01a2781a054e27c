//! query-desk: answers how far an order or a waybill is, from the caches first.
//!
//! See README.md for what it consumes and answers. Never here: more than the wiring.

mod desk;
mod planned;
mod scope;
mod service;
mod settings;
mod slots;
mod store;
#[cfg(test)]
mod tests;
mod uploads;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;

use crate::desk::QueryDesk;
use crate::settings::Settings;

fn main() -> ExitCode {
    runtime::run_responder(async |settings: Settings, context: runtime::Context| {
        let cache = Cache::counted(settings.worker.cache.url(), &context.registry);
        Ok::<_, Infallible>(QueryDesk::new(context.database, cache))
    })
}
