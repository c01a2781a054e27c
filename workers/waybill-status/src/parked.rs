//! Watches for reports that wait too long for their proof. One instance counts at a time, under a lease;
//! the others show 0, so that the sum over the instances is the number.
//!
//! Never here: what parks a report, and what becomes of it.

use std::time::Duration;

use runtime::{Context, Shutdown};
use store::{Database, StoreError};
use telemetry::Gauge;
use tokio::time::MissedTickBehavior;

use crate::store::overdue;

const EVERY: Duration = Duration::from_secs(30);
/// Longer than two rounds, so that the lease stays with one instance while that lives.
const LEASE_SECONDS: u32 = 75;
const LEASE: &str = "parked/waybill-status";

/// Counts waybills that have a report parked for more than 15 minutes.
pub(crate) struct ParkedWatch {
    database: Database,
    instance: String,
    gauge: Gauge,
}

impl ParkedWatch {
    /// Counts from now on, beside the worker.
    pub(crate) fn start(context: &Context) {
        let gauge = context.registry.gauge(
            "dray_waybill_parked_overdue",
            "Waybills with a report that has waited for its proof for over 15 minutes (10,000 at most)",
        );
        let watch = Self::new(context.database.clone(), context.instance.clone(), gauge);
        context.spawn("parked", watch.run(context.shutdown()));
    }

    pub(crate) const fn new(database: Database, instance: String, gauge: Gauge) -> Self {
        Self { database, instance, gauge }
    }

    async fn run(self, shutdown: Shutdown) -> Result<(), String> {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shutdown.begun() => return Ok(()),
            }
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "parked reports cannot be counted");
            }
        }
    }

    /// One round. Without an answer of the database the last number stands.
    pub(crate) async fn look(&self) -> Result<(), StoreError> {
        let lease =
            store::lease::take(&self.database, LEASE, &self.instance, LEASE_SECONDS).await?;
        let count = match lease {
            Some(_fence) => overdue(&self.database).await?,
            None => 0,
        };
        self.gauge.set(count);
        Ok(())
    }
}
