//! The sweep: publishes what a crash left in the outbox, and forgets inbox rows past their retention.
//! One instance of a kind does it at a time, under a lease.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use contracts::MessageId;
use pacing::Backoff;
use store::outbox::OutboxRow;
use tokio::time::Instant;

use crate::core::Core;
use crate::relay::publish_rows;

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Longer than a round can take, so that a lease does not change hands in mid sweep.
const LEASE_SECONDS: u32 = 30;
/// Shorter than a claim lasts.
const TRY_FOR: Duration = Duration::from_secs(8);
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
    while !core.shutdown.has_begun() {
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
        if !publish(core, rows).await {
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

/// Publishes claimed rows. What was not confirmed is tried again as long as the claim lasts, since nobody
/// else can and room may come at any moment. True when all are out.
async fn publish(core: &Core, mut rows: Vec<OutboxRow>) -> bool {
    let until = Instant::now() + TRY_FOR;
    let mut backoff = Backoff::lane();
    let mut at_once = rows.len();
    while !rows.is_empty() {
        for some in std::mem::take(&mut rows).chunks(at_once) {
            if Instant::now() > until || core.shutdown.has_begun() {
                return false;
            }
            let (left, any_unknown) = publish_some(core, some).await;
            rows.extend(left);
            if any_unknown {
                // a row that breaks the channel takes with it what is on the way beside it
                at_once = 1;
            }
        }
        if !rows.is_empty() {
            backoff.wait().await;
        }
    }
    true
}

/// Gives back what was not confirmed, and whether some had no answer.
async fn publish_some(core: &Core, rows: &[OutboxRow]) -> (Vec<OutboxRow>, bool) {
    let told = publish_rows(&core.publisher, &core.metrics, core.kind.name(), rows).await;
    if let Err(error) = store::outbox::delete(&core.database, &told.confirmed).await {
        tracing::warn!(%error, "swept rows stay in the outbox");
    }
    let confirmed: HashSet<MessageId> = told.confirmed.into_iter().collect();
    tracing::info!(found = rows.len(), published = confirmed.len(), "swept the outbox");
    let left = rows.iter().filter(|row| !confirmed.contains(&row.message_id)).cloned().collect();
    (left, told.any_unknown)
}
