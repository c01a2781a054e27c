//! What one process tells an operator who asks it, and the window over which it tells it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::histogram::Buckets;

/// Counts since the start of the process, and quantiles of the last seconds (`None` when nothing
/// happened in them). Rates come from two snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Messages by the label of their outcome.
    pub messages: BTreeMap<String, u64>,
    /// Batches taken.
    pub batches: u64,
    /// Mean number of messages in a batch.
    pub batch_size_mean: Option<f64>,
    /// Median time of a batch, recently.
    pub batch_p50_seconds: Option<f64>,
    /// 99th percentile of the time of a batch, recently.
    pub batch_p99_seconds: Option<f64>,
    /// Median time from a message's timestamp to its commit, recently.
    pub latency_p50_seconds: Option<f64>,
    /// 99th percentile of the time from a message's timestamp to its commit, recently.
    pub latency_p99_seconds: Option<f64>,
    /// Messages taken and not settled.
    pub in_flight: i64,
    /// Lanes in force.
    pub lanes: i64,
    /// Prefetch in force.
    pub prefetch: i64,
    /// Whether the worker is held.
    pub paused: bool,
    /// Outbox rows waiting.
    pub outbox_pending: i64,
    /// Messages published and confirmed.
    pub published: u64,
    /// Messages refused, returned or unanswered.
    pub publish_failures: u64,
}

const MARK_EVERY: Duration = Duration::from_secs(10);

/// Remembers two earlier moments, so that quantiles can be taken over a recent stretch of a
/// histogram that only ever grows. Costs nothing while nobody asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window(Arc<Mutex<Marks>>);

#[derive(Debug, Default)]
struct Marks {
    older: Option<Mark>,
    newer: Option<Mark>,
}

#[derive(Debug, Clone)]
struct Mark {
    at: Instant,
    latency: Buckets,
    batch: Buckets,
}

impl Window {
    /// What was observed since the older mark, or in all when there is none yet.
    pub(crate) fn recent(
        &self,
        now: Instant,
        latency: Buckets,
        batch: Buckets,
    ) -> (Buckets, Buckets) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = marks.newer.as_ref().is_none_or(|mark| now.duration_since(mark.at) >= MARK_EVERY);
        if due {
            let mark = Mark { at: now, latency: latency.clone(), batch: batch.clone() };
            marks.older = marks.newer.replace(mark);
        }
        match &marks.older {
            Some(mark) => (latency.since(&mark.latency), batch.since(&mark.batch)),
            None => (latency, batch),
        }
    }
}
