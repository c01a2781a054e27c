//! When orders come in: a day's curve with its target hour, cut into as many arrivals as there are
//! orders. Arrivals come out in order of time, so a day of any size streams.

use chrono::{DateTime, Duration, Timelike, Utc};
use rust_decimal::prelude::ToPrimitive;

/// How busy each hour of an ordinary day is, relative to the others.
const HOURLY_SHAPE: [f64; 24] = [
    1.2, 0.7, 0.4, 0.3, 0.3, 0.5, 1.1, 2.2, 3.4, 4.4, 5.0, 5.3, 5.4, 5.2, 4.9, 4.7, 4.8, 5.2, 5.9,
    6.6, 7.0, 6.2, 4.4, 2.4,
];

/// 24 hours and how much of the day's orders each of them gets.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    start: DateTime<Utc>,
    /// Share of the orders placed before the end of each of the 24 hours since `start`.
    placed_by_hour: Vec<f64>,
}

impl Day {
    /// The 24 hours before `end`; `target_share` of the orders fall into the hour `target_hour` (UTC).
    pub(crate) fn ending(end: DateTime<Utc>, target_hour: u32, target_share: f64) -> Self {
        let start = end - Duration::hours(24);
        let shape_of = |hours: i64| {
            let hour = (start + Duration::hours(hours)).hour();
            let index = usize::try_from(hour).unwrap_or(0);
            (hour == target_hour, HOURLY_SHAPE.get(index).copied().unwrap_or(1.0))
        };
        let others: f64 =
            (0..24).map(shape_of).filter(|(target, _)| !target).map(|(_, shape)| shape).sum();
        let mut placed = 0.0;
        let placed_by_hour = (0..24)
            .map(shape_of)
            .map(|(target, shape)| {
                placed += if target { target_share } else { (1.0 - target_share) * shape / others };
                placed
            })
            .collect();
        Self { start, placed_by_hour }
    }

    /// When that share of the orders has been placed; to the second.
    pub(crate) fn moment(&self, share: f64) -> DateTime<Utc> {
        let hour = self.placed_by_hour.partition_point(|placed| *placed <= share).min(23);
        let placed = |hour: Option<usize>| {
            hour.and_then(|hour| self.placed_by_hour.get(hour)).copied().unwrap_or(0.0)
        };
        let (before, after) = (placed(hour.checked_sub(1)), placed(Some(hour)));
        let part = ((share - before) / (after - before)).clamp(0.0, 0.999_9);
        let seconds = (hour.to_f64().unwrap_or(0.0) + part) * 3_600.0;
        self.start + Duration::seconds(seconds.to_i64().unwrap_or(0))
    }
}
