//! What every part of one worker process shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use broker::{Link, Publisher};
use contracts::{InstanceReport, UserId};
use pacing::RateLimit;
use queue_topology::WorkerKind;
use store::Database;
use telemetry::{Latch, WorkerMetrics};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Shutdown;
use crate::kill_switch::KillSwitch;
use crate::relay::Relay;

/// Settings in force, resolved: every field has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) version: u64,
    pub(crate) lanes: u16,
    pub(crate) batch_max: u16,
    pub(crate) prefetch: u16,
    pub(crate) rate_per_second: Option<std::num::NonZeroU32>,
    pub(crate) paused: bool,
}

impl InForce {
    /// The defaults of this process overlaid with what an operator stored.
    pub(crate) fn resolve(
        defaults: &settings::LaneSettings,
        version: u64,
        stored: contracts::LaneSettings,
    ) -> Self {
        let lanes = stored.concurrency.map_or(defaults.concurrency, std::num::NonZeroU16::get);
        let batch_max = stored.batch_max.map_or(defaults.batch_max, std::num::NonZeroU16::get);
        let two_batches = lanes.saturating_mul(batch_max).saturating_mul(2);
        let asked = stored.prefetch.map(std::num::NonZeroU16::get).or(defaults.prefetch);
        Self {
            version,
            lanes,
            batch_max,
            prefetch: asked.unwrap_or(two_batches).max(1),
            rate_per_second: stored.rate_per_second.or(defaults.rate),
            paused: stored.paused,
        }
    }

    /// True when the change cannot be made in place: another number of lanes re-hashes, another prefetch
    /// counts for fresh consumers only.
    pub(crate) fn needs_other_channels(&self, wanted: &Self) -> bool {
        let shape = |settings: &Self| (settings.lanes, settings.prefetch, settings.paused);
        shape(self) != shape(wanted)
    }

    /// From now on the intake works by these.
    pub(crate) fn put_in_force(self, core: &Core) {
        core.rate.set(self.rate_per_second);
        core.applied.send_replace(self.version);
    }
}

/// Shared by the intake, the lanes, the relay and control.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) kind: WorkerKind,
    pub(crate) instance: String,
    pub(crate) user: UserId,
    pub(crate) consume_link: Link,
    pub(crate) database: Database,
    pub(crate) publisher: Publisher,
    pub(crate) relay: Relay,
    pub(crate) metrics: WorkerMetrics,
    pub(crate) rate: RateLimit,
    pub(crate) defaults: settings::LaneSettings,
    pub(crate) shutdown: Shutdown,
    pub(crate) kill_switch: KillSwitch,
    /// What shall be in force.
    pub(crate) wanted: watch::Sender<InForce>,
    /// Version that the intake works by now.
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) consuming: Latch,
    pub(crate) database_up: Latch,
    pub(crate) settled_total: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) draining: AtomicBool,
}

impl Core {
    fn drain_limit(&self) -> Duration {
        Duration::from_secs(self.defaults.drain_seconds.into())
    }

    /// Until when everything has ended, once shutdown has begun.
    pub(crate) fn drain_deadline(&self) -> Instant {
        self.shutdown.begun_at().unwrap_or_else(Instant::now) + self.drain_limit()
    }

    /// The lanes' part of it: what they settle has still to be told.
    pub(crate) fn settle_limit(&self) -> Duration {
        self.drain_limit() * 4 / 5
    }

    /// What this instance runs now.
    pub(crate) fn report(self: &Arc<Self>) -> InstanceReport {
        let wanted = *self.wanted.borrow();
        let snapshot = self.metrics.snapshot(std::time::Instant::now());
        InstanceReport {
            worker: self.kind.name().to_owned(),
            instance: self.instance.clone(),
            version: *self.applied.borrow(),
            concurrency: wanted.lanes,
            batch_max: wanted.batch_max,
            prefetch: wanted.prefetch,
            rate_per_second: wanted.rate_per_second.map(std::num::NonZeroU32::get),
            paused: wanted.paused,
            tripped: self.kill_switch.is_tripped(),
            draining: self.draining.load(Ordering::Relaxed),
            ready: self.consuming.is_set() && self.database_up.is_set(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            settled_total: self.settled_total.load(Ordering::Relaxed),
            outbox_pending: self.relay.pending(),
            latency_p50_seconds: snapshot.latency_p50_seconds,
            latency_p99_seconds: snapshot.latency_p99_seconds,
        }
    }
}
