//! query-desk: answers how far an order or a waybill is, from the caches first.
//!
//! See README.md for what it consumes and answers. Never here: more than the wiring.

mod asker;
mod desk;
mod lists;
mod parts;
mod planned;
mod progress;
mod scope;
mod service;
mod settings;
mod slots;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod timeline;
mod tracking;
mod uploads;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;

use crate::desk::QueryDesk;
use crate::settings::Settings;

fn main() -> ExitCode {
    runtime::run_responder(async |settings: Settings, context: runtime::Context| {
        let cache = Cache::counted(settings.worker.cache.url(), &context.registry);
        let desk = QueryDesk::new(context.database, cache);
        let (all, cached) = (desk.tally(), desk.tally());
        context.registry.counters_from(
            "dray_query_answers",
            "Answers by what they were about",
            "about",
            move || all.all(),
        );
        context.registry.counters_from(
            "dray_query_answers_without_database",
            "Answers that the database was not asked for, by what they were about",
            "about",
            move || cached.without_database(),
        );
        Ok::<_, Infallible>(desk)
    })
}
