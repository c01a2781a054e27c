//! Cut-off instants over time zones and clock changes.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{Timeliness, cut_off_instant, judge};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn the_cut_off_is_read_in_the_depots_time_zone() {
    let cases = [
        ("UTC", "D-1 20:00", "2024-05-10", "2024-05-09T20:00:00Z"),
        ("UTC", "D 07:00", "2024-05-10", "2024-05-10T07:00:00Z"),
        ("Europe/London", "D 07:00", "2024-01-10", "2024-01-10T07:00:00Z"),
        ("Europe/London", "D 07:00", "2024-07-10", "2024-07-10T06:00:00Z"),
        ("Asia/Kolkata", "D-1 20:00", "2024-03-01", "2024-02-29T14:30:00Z"),
        // 01:00 to 02:00 does not exist on this day: the jump, 01:00Z, closes the slot.
        ("Europe/London", "D 01:30", "2024-03-31", "2024-03-31T01:00:00Z"),
        // 01:30 is shown at 00:30Z and again at 01:30Z: the second showing closes the slot.
        ("Europe/London", "D 01:30", "2024-10-27", "2024-10-27T01:30:00Z"),
        // Samoa skipped the whole 30th of December 2011.
        ("Pacific/Apia", "D 12:00", "2011-12-30", "2011-12-30T10:00:00Z"),
    ];
    for (tz, cutoff, day, expected) in cases {
        let tz: Tz = tz.parse().unwrap();
        let found = cut_off_instant(tz, cutoff.parse().unwrap(), date(day));
        assert_eq!(found, instant(expected), "{tz} {cutoff} {day}");
    }
}

#[test]
fn late_means_strictly_after_the_cut_off() {
    let cases = [
        ("UTC", "2024-05-09T19:59:59Z", Timeliness::InTime),
        ("UTC", "2024-05-09T20:00:00Z", Timeliness::InTime),
        ("UTC", "2024-05-09T20:00:00.000000001Z", Timeliness::CutOffPassed),
        ("UTC", "2024-05-10T23:59:59Z", Timeliness::CutOffPassed),
        ("UTC", "2024-05-11T00:00:00Z", Timeliness::DatePast),
        // Still the 10th in New York, already the 11th in Tokyo.
        ("America/New_York", "2024-05-11T02:00:00Z", Timeliness::CutOffPassed),
        ("Asia/Tokyo", "2024-05-10T16:00:00Z", Timeliness::DatePast),
    ];
    for (tz, at, expected) in cases {
        let tz: Tz = tz.parse().unwrap();
        let found = judge(tz, "D-1 20:00".parse().unwrap(), date("2024-05-10"), instant(at));
        assert_eq!(found, expected, "{tz} {at}");
    }
}

#[test]
fn the_ends_of_the_calendar_are_answered() {
    let cutoff = "D-65535 20:00".parse().unwrap();
    for day in [NaiveDate::MIN, NaiveDate::MAX] {
        let found = cut_off_instant(Tz::UTC, cutoff, day);
        assert!(found <= day.and_time(cutoff.time).and_utc());
    }
}
