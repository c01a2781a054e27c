//! What was measured: how long each class took and how it was answered. Never here: when a request is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

use super::class::Class;

/// The shortest and the longest that is told apart, in microseconds, to three digits.
const BOUNDS_US: (u64, u64) = (1, 120_000_000);
const DIGITS: u8 = 3;

/// What one answer counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was served: done, begun, shown, or refused for a reason of business.
    Served,
    /// Sent away to come back later (429, 503).
    TurnedAway,
    /// The shim failed.
    Failed,
}

impl Kind {
    /// By the status of HTTP.
    pub(crate) const fn of(status: u16) -> Self {
        match status {
            429 | 503 => Self::TurnedAway,
            200..=499 => Self::Served,
            _ => Self::Failed,
        }
    }
}

/// The requests of one class.
#[derive(Debug, Clone)]
struct OfClass {
    served: Histogram<u64>,
    turned_away: Histogram<u64>,
    without_retry_after: u64,
    statuses: BTreeMap<u16, u64>,
    unanswered: BTreeMap<String, u64>,
}

impl OfClass {
    fn new() -> Result<Self, CreationError> {
        Ok(Self {
            served: Histogram::new_with_bounds(BOUNDS_US.0, BOUNDS_US.1, DIGITS)?,
            turned_away: Histogram::new_with_bounds(BOUNDS_US.0, BOUNDS_US.1, DIGITS)?,
            without_retry_after: 0,
            statuses: BTreeMap::new(),
            unanswered: BTreeMap::new(),
        })
    }

    fn add(&mut self, other: &Self) {
        // both have the same bounds: nothing lies outside
        let _within_bounds = self.served.add(&other.served);
        let _within_bounds = self.turned_away.add(&other.turned_away);
        self.without_retry_after += other.without_retry_after;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (why, count) in &other.unanswered {
            *self.unanswered.entry(why.clone()).or_default() += count;
        }
    }
}

/// All requests of a run, or of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    of: BTreeMap<Class, OfClass>,
}

impl Samples {
    /// Nothing yet.
    pub(crate) fn new() -> Result<Self, CreationError> {
        let empty = |class| OfClass::new().map(|of| (class, of));
        Ok(Self { of: Class::ALL.into_iter().map(empty).collect::<Result<_, _>>()? })
    }

    /// One request: since the moment at which it was due, so that waiting behind others counts. An answer is
    /// its status and whether it says when to come back.
    pub(crate) fn note(
        &mut self,
        class: Class,
        since_due: Duration,
        answered: Result<(u16, bool), String>,
    ) {
        let Some(of) = self.of.get_mut(&class) else { return };
        let micros = u64::try_from(since_due.as_micros()).unwrap_or(u64::MAX).max(BOUNDS_US.0);
        let (status, has_retry_after) = match answered {
            Ok(answered) => answered,
            Err(why) => {
                *of.unanswered.entry(why).or_default() += 1;
                return;
            }
        };
        *of.statuses.entry(status).or_default() += 1;
        match Kind::of(status) {
            Kind::Served => of.served.saturating_record(micros),
            Kind::TurnedAway => {
                of.turned_away.saturating_record(micros);
                of.without_retry_after += u64::from(!has_retry_after);
            }
            Kind::Failed => {}
        }
    }

    /// Takes another connection's in.
    pub(crate) fn add(&mut self, other: &Self) {
        for (class, of) in &mut self.of {
            if let Some(others) = other.of.get(class) {
                of.add(others);
            }
        }
    }

    /// Requests of these classes that were served.
    pub(crate) fn served(&self, of: impl Fn(Class) -> bool) -> u64 {
        self.of.iter().filter(|(class, _)| of(**class)).map(|(_, it)| it.served.len()).sum()
    }

    /// One row a class that was asked for, and one of all.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, CreationError> {
        let mut all = OfClass::new()?;
        let mut rows = Vec::new();
        for (class, of) in &self.of {
            let row = Row::of(class.label(), of);
            if row.requests > 0 {
                all.add(of);
                rows.push(row);
            }
        }
        rows.push(Row::of("all", &all));
        Ok(rows)
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| milliseconds(histogram.value_at_quantile(quantile));
        Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: milliseconds(histogram.max()),
        }
    }
}

fn milliseconds(micros: u64) -> f64 {
    u32::try_from(micros).map_or(f64::from(u32::MAX), f64::from) / 1_000.0
}

/// What became of the requests of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// Which.
    pub(crate) class: String,
    /// Asked.
    pub(crate) requests: u64,
    /// Done, begun, shown or refused for a reason of business.
    pub(crate) served: u64,
    /// From the moment at which a request was due to its answer, of those that were served.
    pub(crate) latency: Latency,
    /// Told to come back later (429, 503).
    pub(crate) turned_away: u64,
    /// How long that took.
    pub(crate) turned_away_latency: Latency,
    /// Of these, without saying when.
    pub(crate) without_retry_after: u64,
    /// Answers by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Requests without an answer, by reason.
    pub(crate) unanswered: BTreeMap<String, u64>,
}

impl Row {
    fn of(class: &str, of: &OfClass) -> Self {
        Self {
            class: class.to_owned(),
            requests: of.statuses.values().sum::<u64>() + of.unanswered.values().sum::<u64>(),
            served: of.served.len(),
            latency: Latency::of(&of.served),
            turned_away: of.turned_away.len(),
            turned_away_latency: Latency::of(&of.turned_away),
            without_retry_after: of.without_retry_after,
            statuses: of.statuses.clone(),
            unanswered: of.unanswered.clone(),
        }
    }
}
