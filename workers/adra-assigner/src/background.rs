//! The background lane: whose turn it is to be improved, and when nobody waits for this process. Never here:
//! an improvement (see [`crate::improve`]).

use std::sync::Arc;
use std::time::{Duration, Instant};

use pacing::Backoff;
use routing::SlotDayKey;
use telemetry::{Counter, Gauge, Registry};

use crate::activity::{LastTurn, turn};
use crate::improve::{ImproveError, Improved, Improver};
use crate::store::{deficits, next_to_improve};

/// Between two looks whether anybody waits.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks whether any slot day changed.
const IDLE: Duration = Duration::from_secs(2);

/// Between two counts of what is in use beyond what there is.
const COUNT: Duration = Duration::from_secs(10);

/// The task.
pub(crate) struct Lane {
    improver: Arc<Improver>,
    metrics: Metrics,
    counted_at: Option<Instant>,
}

struct Metrics {
    move_sets: Counter,
    waybills_moved: Counter,
    truck_deficit: Gauge,
    quota_deficits: Gauge,
}

impl Metrics {
    fn register(registry: &Registry) -> Self {
        Self {
            move_sets: registry
                .counter("dray_adra_move_sets", "Sets of moves that planning carried out"),
            waybills_moved: registry
                .counter("dray_adra_waybills_moved", "Places that planning changed"),
            truck_deficit: registry.gauge(
                "dray_adra_truck_deficit",
                "Trucks in use beyond the pools of their delivery slots",
            ),
            quota_deficits: registry
                .gauge("dray_adra_quota_deficits", "Quota buckets in use beyond their limits"),
        }
    }
}

impl Lane {
    /// A lane that hands one slot day after the other to `improver`.
    pub(crate) fn new(improver: Arc<Improver>, registry: &Registry) -> Self {
        Self { improver, metrics: Metrics::register(registry), counted_at: None }
    }

    /// Runs until shutdown.
    pub(crate) async fn run(mut self) -> Result<(), String> {
        let shutdown = self.improver.shutdown.clone();
        let mut backoff = Backoff::lane();
        let (mut took, mut ended_at) = (Duration::ZERO, Instant::now());
        while !shutdown.has_begun() {
            let settings = self.improver.settings;
            let last = LastTurn { took, ago: ended_at.elapsed() };
            let quiet_for = self.improver.shared.activity.quiet_for();
            let budget = Duration::from_secs(settings.planning_seconds.into());
            let Some(turn) = turn(quiet_for, last, settings.planning_percent, budget) else {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = shutdown.begun() => {}
                }
                continue;
            };
            let began_at = Instant::now();
            let found = match self.next().await {
                Ok(Some(key)) => self.improver.improve(&key, turn).await.map(|improved| {
                    self.note(&key, &improved);
                    true
                }),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            (took, ended_at) = (began_at.elapsed(), Instant::now());
            match found {
                Ok(true) => backoff.reset(),
                Ok(false) => tokio::select! {
                    () = tokio::time::sleep(IDLE) => {}
                    () = self.improver.shared.broken.notified() => {}
                    () = shutdown.begun() => {}
                },
                Err(error) => {
                    tracing::warn!(%error, "improving routes stopped; going on soon");
                    backoff.wait().await;
                }
            }
        }
        Ok(())
    }

    /// The slot day whose turn it is; what is in use beyond what there is is counted by the way.
    async fn next(&mut self) -> Result<Option<SlotDayKey>, ImproveError> {
        let improver = Arc::clone(&self.improver);
        let Improver { shared, database, settings, .. } = &*improver;
        let tx = database.begin().await?;
        let current = shared.networks.current(&tx).await?;
        tx.rollback().await?;
        let Ok(current) = current else {
            return Ok(None);
        };
        if current.is_new {
            shared.more_capacity.notify_one();
        }
        let from = improver.first_date();
        if self.counted_at.is_none_or(|counted_at| counted_at.elapsed() >= COUNT) {
            let lacking = deficits(database, from).await?;
            self.metrics.truck_deficit.set(lacking.trucks);
            self.metrics.quota_deficits.set(lacking.buckets);
            self.counted_at = Some(Instant::now());
        }
        let (revision, pause) = (current.served.revision, settings.planning_pause_seconds);
        Ok(next_to_improve(database, from, revision, pause).await?)
    }

    fn note(&self, key: &SlotDayKey, improved: &Improved) {
        let report = match improved {
            Improved::Planned(report) => report,
            Improved::Closed | Improved::Taken | Improved::Unreadable => return,
        };
        self.metrics.move_sets.inc_by(report.move_sets.into());
        self.metrics.waybills_moved.inc_by(report.waybills_moved.into());
        if report.move_sets > 0 {
            let (before, after) = (report.before.fleet_cost, report.after.fleet_cost);
            let (depot, date, timeslot) = (&key.depot, key.date, &key.timeslot);
            tracing::info!(%depot, %date, %timeslot, before, after, "routes were planned anew");
        }
    }
}
