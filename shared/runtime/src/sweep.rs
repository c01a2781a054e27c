//! The sweep: publishes what a crash left in the outbox, and forgets inbox rows past their retention.
//! One instance of a kind does it at a time, under a lease.

use std::sync::Arc;
use std::time::Duration;

use crate::core::Core;
use crate::relay::publish_rows;

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Longer than a round can take, so that a lease does not change hands in mid sweep.
const LEASE_SECONDS: u32 = 30;
/// Longer than the longest retry and replay.
const INBOX_RETENTION_DAYS: u32 = 7;
/// Chunks of inbox rows forgotten in one round.
const FORGET_CHUNKS: u32 = 4;

/// Sweeps until shutdown.
pub(crate) async fn run(core: Arc<Core>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let name = format!("sweep/{}", core.kind.name());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = core.shutdown.begun() => return,
        }
        match store::lease::take(&core.database, &name, &core.instance, LEASE_SECONDS).await {
            Ok(Some(_fence)) => sweep(&core).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "no lease for the sweep"),
        }
    }
}

async fn sweep(core: &Core) {
    loop {
        let rows = match store::outbox::claim_left_behind(&core.database, core.kind.name()).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::debug!(%error, "the outbox cannot be read");
                return;
            }
        };
        if rows.is_empty() {
            break;
        }
        let confirmed =
            publish_rows(&core.publisher, &core.metrics, core.kind.name(), &rows).await;
        tracing::info!(found = rows.len(), published = confirmed.len(), "swept the outbox");
        if let Err(error) = store::outbox::delete(&core.database, &confirmed).await {
            tracing::warn!(%error, "swept rows stay in the outbox");
        }
        if confirmed.len() < rows.len() {
            return;
        }
    }
    for _ in 0..FORGET_CHUNKS {
        match store::inbox::forget(&core.database, INBOX_RETENTION_DAYS).await {
            Ok(0) => return,
            Ok(rows) => tracing::info!(rows, "forgot old inbox rows"),
            Err(error) => {
                tracing::debug!(%error, "old inbox rows stay");
                return;
            }
        }
    }
}
