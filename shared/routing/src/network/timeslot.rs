//! Timeslots and how a cut-off is written. Never here: the instant of a cut-off, which needs a
//! date and a time zone (see [`crate::cutoff`]).

use std::fmt;
use std::str::FromStr;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::code::TimeslotCode;

/// A part of the delivery day, in the depot's local time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeslot {
    pub code: TimeslotCode,
    pub start: NaiveTime,
    pub end: NaiveTime,
    pub cutoff: CutOff,
}

/// When a slot stops taking waybills: local `time`, `days_before` the delivery date. Written
/// `D-1 20:00`, or `D 07:00` for the day itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CutOff {
    pub days_before: u16,
    pub time: NaiveTime,
}

/// The text is no cut-off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cut-off '{text}' is not understood: write 'D 07:00' or 'D-1 20:00' (days before the delivery date, local time)"
)]
pub struct CutOffError {
    pub text: String,
}

impl FromStr for CutOff {
    type Err = CutOffError;

    fn from_str(text: &str) -> Result<Self, CutOffError> {
        parse(text).ok_or_else(|| CutOffError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<CutOff> {
    let (day, time) = text.trim().split_once(' ')?;
    let days_before = match day.strip_prefix('D')? {
        "" => 0,
        days => parse_digits(days.strip_prefix('-')?)?,
    };
    let time = NaiveTime::parse_from_str(time.trim(), "%H:%M").ok()?;
    Some(CutOff { days_before, time })
}

/// Digits only: `+1` or an empty text would otherwise slip through.
fn parse_digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days_before {
            0 => write!(f, "D {}", self.time.format("%H:%M")),
            days => write!(f, "D-{days} {}", self.time.format("%H:%M")),
        }
    }
}

impl TryFrom<String> for CutOff {
    type Error = CutOffError;

    fn try_from(text: String) -> Result<Self, CutOffError> {
        text.parse()
    }
}

impl From<CutOff> for String {
    fn from(cutoff: CutOff) -> Self {
        cutoff.to_string()
    }
}
