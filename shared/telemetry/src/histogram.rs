//! A histogram that can be read as well as scraped.
//!
//! The one in prometheus-client keeps its counts to itself and takes a lock for each observation.
//! This one is a row of atomics, so that `dray top` can ask for a p99 and lanes do not queue here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Upper bounds in seconds. 0.1 is a bound because the target for p99 is 100 ms.
pub(crate) const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
    300.0, 1_800.0,
];

/// Upper bounds for counts of messages.
pub(crate) const MESSAGES: &[f64] =
    &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0];

/// Counts of observations by upper bound. Clones share the counts.
#[derive(Debug, Clone)]
pub struct Histogram(Arc<Cells>);

#[derive(Debug)]
struct Cells {
    bounds: &'static [f64],
    /// One more than bounds: the last holds what lies above all of them.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl Histogram {
    /// An empty histogram over ascending upper `bounds`; everything above goes to a last bucket.
    #[must_use]
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Cells { bounds, counts, sum: AtomicU64::new(0.0_f64.to_bits()) }))
    }

    /// An empty histogram for durations in seconds.
    #[must_use]
    pub fn seconds() -> Self {
        Self::new(SECONDS)
    }

    /// Counts one observation. Values that are no number are ignored: they would spoil the sum.
    pub fn observe(&self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let position = self.0.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.0.counts.get(position) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure always answers, so this cannot fail.
        let _previous = self.0.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// The counts as they are now.
    #[must_use]
    pub fn buckets(&self) -> Buckets {
        Buckets {
            bounds: self.0.bounds,
            counts: self.0.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: f64::from_bits(self.0.sum.load(Ordering::Relaxed)),
        }
    }
}

/// The counts of a [`Histogram`] at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    bounds: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
}

impl Buckets {
    /// Observations in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Sum of the observed values.
    #[must_use]
    pub const fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean, or `None` without observations.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum / approximately(self.count()))
    }

    /// What was observed between `earlier` and this moment of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.counts.iter().zip(&earlier.counts);
        Self {
            bounds: self.bounds,
            counts: pairs.map(|(now, then)| now.saturating_sub(*then)).collect(),
            sum: self.sum - earlier.sum,
        }
    }

    /// The value below which the share `q` (0 to 1) of the observations lies, interpolated within
    /// its bucket; the highest bound when it lies above all bounds. `None` without observations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let wanted = q.clamp(0.0, 1.0) * approximately(self.count());
        let mut below = 0.0;
        let mut lower = 0.0;
        for (upper, count) in self.bounds.iter().zip(&self.counts) {
            let here = approximately(*count);
            if here > 0.0 && below + here >= wanted {
                return Some(lower + (upper - lower) * ((wanted - below) / here).max(0.0));
            }
            below += here;
            lower = *upper;
        }
        (self.count() > 0).then_some(lower)
    }

    fn encoded(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.counts.iter().copied()).collect()
    }
}

/// A count as a floating point number, exact up to 2^53.
fn approximately(count: u64) -> f64 {
    let high = u32::try_from(count >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let buckets = self.buckets();
        encoder.encode_histogram::<NoLabelSet>(
            buckets.sum,
            buckets.count(),
            &buckets.encoded(),
            None,
        )
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
