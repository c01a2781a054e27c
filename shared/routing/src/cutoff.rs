//! When a slot closes, and whether a waybill came in time.
//!
//! Never here: a clock. The caller says at which instant it judges.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::network::CutOff;

/// Longest stretch of local time that clocks are known to have skipped is one day.
const LONGEST_GAP_MINUTES: u32 = 26 * 60;

/// How a waybill stands to the slot it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Timeliness {
    InTime,
    /// The delivery date lies before today at the depot.
    DatePast,
    /// Judged strictly after the cut-off.
    CutOffPassed,
}

/// The instant at which a slot of `delivery_date` closes.
///
/// Where clocks go back and show the time twice, the second showing counts: nobody whose clock
/// reads the cut-off or less is late. Where clocks go forward over it, the jump itself counts.
#[must_use]
pub fn cut_off_instant(tz: Tz, cutoff: CutOff, delivery_date: NaiveDate) -> DateTime<Utc> {
    let day = delivery_date
        .checked_sub_days(Days::new(u64::from(cutoff.days_before)))
        .unwrap_or(NaiveDate::MIN);
    let local = day.and_time(cutoff.time);
    (0..=LONGEST_GAP_MINUTES)
        .find_map(|minutes| latest_instant(tz, local, minutes))
        .unwrap_or_else(|| local.and_utc())
}

/// The last instant at which clocks in `tz` show `local` plus `minutes`, if they ever do.
fn latest_instant(tz: Tz, local: NaiveDateTime, minutes: u32) -> Option<DateTime<Utc>> {
    let shown = local.checked_add_signed(TimeDelta::minutes(i64::from(minutes)))?;
    match tz.from_local_datetime(&shown) {
        LocalResult::Single(instant) => Some(instant.to_utc()),
        LocalResult::Ambiguous(first, second) => Some(first.to_utc().max(second.to_utc())),
        LocalResult::None => None,
    }
}

/// Judges a waybill for a slot of `delivery_date` at `judged_at`. The cut-off instant itself is
/// still in time.
#[must_use]
pub fn judge(
    tz: Tz,
    cutoff: CutOff,
    delivery_date: NaiveDate,
    judged_at: DateTime<Utc>,
) -> Timeliness {
    judge_against(cut_off_instant(tz, cutoff, delivery_date), tz, delivery_date, judged_at)
}

/// As [`judge`], for a caller that has worked out the cut-off instant.
pub(crate) fn judge_against(
    cut_off: DateTime<Utc>,
    tz: Tz,
    delivery_date: NaiveDate,
    judged_at: DateTime<Utc>,
) -> Timeliness {
    if delivery_date < judged_at.with_timezone(&tz).date_naive() {
        Timeliness::DatePast
    } else if judged_at > cut_off {
        Timeliness::CutOffPassed
    } else {
        Timeliness::InTime
    }
}

#[cfg(test)]
mod tests;
