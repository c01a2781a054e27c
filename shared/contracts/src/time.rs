//! Points in time: RFC 3339, UTC, microseconds (what the database keeps).

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Timelike as _, Utc};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A point in time with microsecond precision, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "DateTime<Utc>")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The wall clock. Decisions never call this: they are given the time.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// The time as chrono has it.
    #[must_use]
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// The calendar day in UTC.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.0.date_naive()
    }

    /// `YYYY-MM-DD HH:MM:SS.ffffff`: how the database reads a `DATETIME(6)`.
    #[must_use]
    pub fn to_sql(self) -> String {
        let (day, clock) = (self.0.date_naive(), self.0.time());
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
            day.year(),
            day.month(),
            day.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            self.0.timestamp_subsec_micros()
        )
    }

    /// How much later this is than `earlier`; zero if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or(Duration::ZERO)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        // by way of microseconds: a leap second becomes the second after it, as no database keeps one
        Self(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// What reading a day or a time says of a year that has not four digits, in whatever words around it: serde hands an
/// error on as a text.
pub const NO_SUCH_YEAR: &str = "is not one of 1 to 9999";

/// Refuses years that have not four digits: no database keeps them, and one such row would fail its neighbours.
fn in_range<E: Error>(date: NaiveDate) -> Result<(), E> {
    match date.year() {
        1..=9_999 => Ok(()),
        year => Err(E::custom(format!("the year {year} {NO_SUCH_YEAR}"))),
    }
}

/// Reads a calendar day, for fields of commands and questions.
///
/// # Errors
/// Of the deserializer; with [`NO_SUCH_YEAR`] when the year has not four digits.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let date = NaiveDate::deserialize(deserializer)?;
    in_range(date).map(|()| date)
}

/// The same where the field may be missing.
///
/// # Errors
/// As [`date`].
pub fn optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NaiveDate>, D::Error> {
    let date = Option::<NaiveDate>::deserialize(deserializer)?;
    date.map_or(Ok(()), in_range).map(|()| date)
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = DateTime::<Utc>::deserialize(deserializer)?;
        in_range(time.date_naive()).map(|()| Self::from(time))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
