//! adra-assigner: gives every waybill a place on a route of its delivery date and slot, or the reason why
//! it has none.
//!
//! What lives here: the wiring. What never does: the rules of assignment (`shared/routing`), statuses and
//! holds (waybill-status), the network's rows (delivery-network).

mod activity;
mod assignment;
mod background;
mod commands;
mod decide;
mod demand;
mod dispatch;
mod forecaster;
mod forget;
mod improve;
mod incoming;
mod locked;
mod network;
mod planning;
mod recalculate;
mod retry;
mod sequence;
mod sequencer;
mod settings;
mod shown;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod travel;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;

use cache::Cache;
use chrono::TimeDelta;

use crate::settings::Settings;
use crate::worker::Assigner;

fn main() -> ExitCode {
    runtime::run_worker(|settings: Settings, context: runtime::Context| async move {
        let cache = Cache::counted(settings.worker.cache.url(), &context.registry);
        let assigner = Assigner::start(&context, cache, settings.planning);
        let proposals_live = TimeDelta::minutes(settings.proposal_minutes.into());
        Ok::<_, Infallible>(assigner.with_proposals_that_live(proposals_live))
    })
}
