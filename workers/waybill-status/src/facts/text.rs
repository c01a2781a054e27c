//! The text form of a fact set, for the column: `0:0f@T,T,T,T 1:07@T,T,T ^:08@T`.
//!
//! A part is a slot (0: before the road, n: the n-th attempt, ^: above all), its facts as hexadecimal
//! bits by rank, and for each of them when it occurred, in hexadecimal microseconds since 1970.

use std::fmt;
use std::str::FromStr;

use contracts::Timestamp;
use thiserror::Error;

use super::{Attempt, FactSet, Slot, Times};

/// A stored fact set that this code did not write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no fact set: expected for example \"0:01@4963f8d8f8000 1:02@4963f8d8f8000\"")]
pub(crate) struct InvalidFacts(String);

impl fmt::Display for FactSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, ((slot, times), bits)) in self.0.iter().zip(self.bits().values()).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match slot {
                Slot::Base => write!(f, "0:{bits:02x}")?,
                Slot::Attempt(attempt) => write!(f, "{}:{bits:02x}", attempt.0)?,
                Slot::Above => write!(f, "^:{bits:02x}")?,
            }
            for (index, time) in times.values().enumerate() {
                let micros = time.as_datetime().timestamp_micros().cast_unsigned();
                write!(f, "{}{micros:x}", if index == 0 { '@' } else { ',' })?;
            }
        }
        Ok(())
    }
}

impl FromStr for FactSet {
    type Err = InvalidFacts;

    fn from_str(text: &str) -> Result<Self, InvalidFacts> {
        text.split_whitespace()
            .map(part)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| InvalidFacts(text.to_owned()))
    }
}

fn part(part: &str) -> Option<(Slot, Times)> {
    let (slot, facts) = part.split_once(':')?;
    let (bits, times) = facts.split_once('@')?;
    let slot = match slot {
        "0" => Slot::Base,
        "^" => Slot::Above,
        number => Slot::Attempt(Attempt::try_from(number.parse::<u16>().ok()?).ok()?),
    };
    let bits = u8::from_str_radix(bits, 16).ok()?;
    let ranks: Vec<u8> = (0..8).filter(|rank| bits & (1 << rank) != 0).collect();
    let times: Vec<Timestamp> = times.split(',').map(time).collect::<Option<_>>()?;
    (ranks.len() == times.len()).then(|| (slot, ranks.into_iter().zip(times).collect()))
}

fn time(hex: &str) -> Option<Timestamp> {
    let micros = u64::from_str_radix(hex, 16).ok()?.cast_signed();
    chrono::DateTime::from_timestamp_micros(micros).map(Timestamp::from)
}

impl TryFrom<String> for FactSet {
    type Error = InvalidFacts;

    fn try_from(text: String) -> Result<Self, InvalidFacts> {
        text.parse()
    }
}

impl From<FactSet> for String {
    fn from(facts: FactSet) -> Self {
        facts.to_string()
    }
}
