//! adra-assigner: gives every waybill a place on a route of its delivery date and slot, or the reason why
//! it has none.
//!
//! What lives here: the wiring. What never does: the rules of assignment (`shared/routing`), statuses and
//! holds (waybill-status), the network's rows (delivery-network).

mod assignment;
mod decide;
mod dispatch;
mod incoming;
mod locked;
mod network;
mod planning;
mod retry;
mod settings;
mod shown;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;
use chrono::TimeDelta;

use crate::settings::Settings;
use crate::worker::Assigner;

fn main() -> ExitCode {
    runtime::run_worker(|settings: Settings, context: runtime::Context| async move {
        let assigner = Assigner::start(&context, cache(&settings, &context));
        let proposals_live = TimeDelta::minutes(settings.proposal_minutes.into());
        Ok::<_, Infallible>(assigner.with_proposals_that_live(proposals_live))
    })
}

/// The cache that queries look into first, and the counts of what is written through to it.
fn cache(settings: &Settings, context: &runtime::Context) -> Cache {
    let redis = settings.worker.cache.redis_url.as_ref();
    let cache = Cache::connect(redis.map(|url| url.expose()));
    let counted = cache.clone();
    context.registry.counters_from(
        "dray_cache_requests",
        "Cache requests by where they were answered",
        "result",
        move || counted.stats().labelled().to_vec(),
    );
    cache
}
