//! The metrics that every worker has: their names, their labels and how they are recorded.
//!
//! Every label value is a variant of an enum here or a `&'static str` of the program, so the number
//! of series is bounded by the code and never by what arrives.

mod labels;
mod requests;
mod snapshot;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Unit;

pub use self::labels::{Connection, DatabaseError, Outcome, Published, Stage};
pub use self::requests::{InFlight, RequestMetrics};
pub use self::snapshot::Snapshot;
use self::snapshot::Window;
use crate::histogram::{Histogram, MESSAGES};
use crate::registry::{Counter, Gauge, Registry};

/// The metrics of one worker process. Clones record into the same series.
#[derive(Debug, Clone)]
pub struct WorkerMetrics {
    messages: Family<MessageLabels, Counter>,
    /// The same counts without the type, because a family cannot be summed up.
    outcomes: BTreeMap<Outcome, Counter>,
    batch_size: Histogram,
    batch_duration: Family<StageLabels, Histogram, fn() -> Histogram>,
    batch_total: Histogram,
    latency: Histogram,
    in_flight: Gauge,
    lanes: Gauge,
    prefetch: Gauge,
    paused: Gauge,
    tripped: Gauge,
    outbox_pending: Gauge,
    published: Family<ResultLabels, Counter>,
    reconnects: Family<KindLabels, Counter>,
    database_errors: Family<ClassLabels, Counter>,
    window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MessageLabels {
    r#type: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    class: &'static str,
}

impl WorkerMetrics {
    /// Registers all of them. Once a process: a second call would show every name twice.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let metrics = Self::unregistered();
        metrics.register_batches(registry);
        metrics.register_gauges(registry);
        metrics.register_counters(registry);
        // A series that appears with its first event shows no increase to an alert.
        Published::ALL.into_iter().for_each(|result| metrics.published(result, 0));
        metrics
    }

    fn unregistered() -> Self {
        let batch_duration: Family<StageLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(Histogram::seconds);
        let total = StageLabels { stage: Stage::Total.label() };
        Self {
            messages: Family::default(),
            outcomes: Outcome::ALL.into_iter().map(|one| (one, Counter::default())).collect(),
            batch_size: Histogram::new(MESSAGES),
            batch_total: batch_duration.get_or_create_owned(&total),
            batch_duration,
            latency: Histogram::seconds(),
            in_flight: Gauge::default(),
            lanes: Gauge::default(),
            prefetch: Gauge::default(),
            paused: Gauge::default(),
            tripped: Gauge::default(),
            outbox_pending: Gauge::default(),
            published: Family::default(),
            reconnects: Family::default(),
            database_errors: Family::default(),
            window: Window::default(),
        }
    }

    fn register_batches(&self, registry: &Registry) {
        let help = "Messages in one batch";
        registry.register("dray_batch_size", help, None, self.batch_size.clone());
        let help = "Time that a batch spent in each stage of its work";
        let durations = self.batch_duration.clone();
        registry.register("dray_batch_duration", help, Some(Unit::Seconds), durations);
        let help = "Time from the timestamp of a message to the commit of its effect";
        let latency = self.latency.clone();
        registry.register("dray_message_latency", help, Some(Unit::Seconds), latency);
    }

    fn register_gauges(&self, registry: &Registry) {
        let gauges = [
            ("dray_in_flight", "Messages taken from the broker and not settled", &self.in_flight),
            ("dray_lanes", "Batches that may be in flight at the same time", &self.lanes),
            (
                "dray_prefetch",
                "Unacknowledged messages of each queue that the broker may hand over",
                &self.prefetch,
            ),
            ("dray_paused", "1 while an operator holds the worker", &self.paused),
            (
                "dray_kill_switch_tripped",
                "1 while the worker takes no more than a message now and then, because most failed",
                &self.tripped,
            ),
            ("dray_outbox_pending", "Outbox rows waiting to be published", &self.outbox_pending),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, None, gauge.clone());
        }
    }

    fn register_counters(&self, registry: &Registry) {
        let help = "Messages by type and by what became of them";
        registry.register("dray_messages", help, None, self.messages.clone());
        let help = "Messages published, by the broker's answer";
        registry.register("dray_published", help, None, self.published.clone());
        let help = "Connections that had to be made again";
        registry.register("dray_reconnects", help, None, self.reconnects.clone());
        let help = "Database errors by class";
        registry.register("dray_db_errors", help, None, self.database_errors.clone());
    }

    /// `count` messages of one type ended in the same way. `message_type` is a name from the
    /// contracts, or a fixed word for what could not be decoded: never text from a message. A count
    /// of 0 makes the series visible before its first event, which alerts on increase need.
    pub fn messages(&self, message_type: &'static str, outcome: Outcome, count: u64) {
        let labels = MessageLabels { r#type: message_type, outcome: outcome.label() };
        self.messages.get_or_create(&labels).inc_by(count);
        if let Some(total) = self.outcomes.get(&outcome) {
            total.inc_by(count);
        }
    }

    /// A lane took a batch of `size` messages.
    pub fn batch(&self, size: usize) {
        self.batch_size.observe(f64::from(u32::try_from(size).unwrap_or(u32::MAX)));
    }

    /// A batch spent `elapsed` in `stage`.
    pub fn stage(&self, stage: Stage, elapsed: Duration) {
        let labels = StageLabels { stage: stage.label() };
        self.batch_duration.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    /// The effect of a message that is `age` old was committed.
    pub fn latency(&self, age: Duration) {
        self.latency.observe(age.as_secs_f64());
    }

    /// The messages in flight became more, or fewer, by `change`.
    pub fn in_flight(&self, change: i64) {
        self.in_flight.inc_by(change);
    }

    /// The number of lanes now in force.
    pub fn set_lanes(&self, lanes: u16) {
        self.lanes.set(i64::from(lanes));
    }

    /// The prefetch now in force.
    pub fn set_prefetch(&self, prefetch: u16) {
        self.prefetch.set(i64::from(prefetch));
    }

    /// Whether the worker is held.
    pub fn set_paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
    }

    /// Whether the kill switch holds the worker.
    pub fn set_tripped(&self, tripped: bool) {
        self.tripped.set(i64::from(tripped));
    }

    /// Outbox rows waiting, as far as this process knows.
    pub fn set_outbox_pending(&self, rows: u64) {
        self.outbox_pending.set(i64::try_from(rows).unwrap_or(i64::MAX));
    }

    /// `count` messages were published with the same answer.
    pub fn published(&self, result: Published, count: u64) {
        self.published.get_or_create(&ResultLabels { result: result.label() }).inc_by(count);
    }

    /// A connection had to be made again.
    pub fn reconnected(&self, kind: Connection) {
        self.reconnects.get_or_create(&KindLabels { kind: kind.label() }).inc();
    }

    /// The database refused or failed.
    pub fn database_error(&self, class: DatabaseError) {
        self.database_errors.get_or_create(&ClassLabels { class: class.label() }).inc();
    }

    /// What `dray top` and control replies show. Quantiles cover the last 10 to 20 seconds when
    /// asked that often, and otherwise the time since the last but one question.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let (latency, batch) =
            self.window.recent(now, self.latency.buckets(), self.batch_total.buckets());
        let sizes = self.batch_size.buckets();
        let published = |one: Published| {
            self.published.get(&ResultLabels { result: one.label() }).map_or(0, |count| count.get())
        };
        Snapshot {
            messages: self
                .outcomes
                .iter()
                .map(|(outcome, count)| (outcome.label().to_owned(), count.get()))
                .collect(),
            batches: sizes.count(),
            batch_size_mean: sizes.mean(),
            batch_p50_seconds: batch.quantile(0.5),
            batch_p99_seconds: batch.quantile(0.99),
            latency_p50_seconds: latency.quantile(0.5),
            latency_p99_seconds: latency.quantile(0.99),
            in_flight: self.in_flight.get(),
            lanes: self.lanes.get(),
            prefetch: self.prefetch.get(),
            paused: self.paused.get() != 0,
            outbox_pending: self.outbox_pending.get(),
            published: published(Published::Confirmed),
            publish_failures: Published::FAILURES.into_iter().map(published).sum(),
        }
    }
}
