//! Dates of exports: day first, month first or year first. Which of them a file uses is read from its
//! own dates, never guessed from one that both readings fit.

use chrono::{DateTime, NaiveDate, Utc};
use clap::ValueEnum;
use serde::Serialize;

/// The order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateOrder {
    /// 01/12/2010 8:26
    DayMonthYear,
    /// 12/1/2010 8:26
    MonthDayYear,
    /// 2010-12-01 08:26:00
    YearMonthDay,
}

fn numbers(date: &str) -> Option<[u32; 3]> {
    let parts: Vec<u32> =
        date.split(['/', '-', '.']).map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

fn halves(text: &str) -> (&str, &str) {
    text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "0:00"))
}

impl DateOrder {
    /// What one date proves: a number above 12 is no month, one above 31 is a year.
    pub(crate) fn proven_by(text: &str) -> Option<Self> {
        let [first, second, _] = numbers(halves(text).0)?;
        match (first, second) {
            (32.., _) => Some(Self::YearMonthDay),
            (13.., 1..=12) => Some(Self::DayMonthYear),
            (1..=12, 13..) => Some(Self::MonthDayYear),
            _ => None,
        }
    }

    /// Reads a time in this order; the export's times are taken as UTC.
    pub(crate) fn parse(self, text: &str) -> Option<DateTime<Utc>> {
        let (date, time) = halves(text);
        let [first, second, third] = numbers(date)?;
        let (year, month, day) = match self {
            Self::DayMonthYear => (third, second, first),
            Self::MonthDayYear => (third, first, second),
            Self::YearMonthDay => (first, second, third),
        };
        let year = if year < 100 { year + 2_000 } else { year };
        let mut clock = time.trim_end_matches('Z').split(':').map(str::parse::<u32>);
        let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
        let second = clock.next().transpose().ok()?.unwrap_or(0);
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(date.and_hms_opt(hour, minute, second)?.and_utc())
    }
}
