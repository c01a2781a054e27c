//! The fact set of one waybill and the function F over it: which facts count, and where the waybill
//! stands. A bit for each fact, so that the same report twice is the same set and no order exists.
//!
//! What never lives here: times, people, anything that depends on when a report arrived.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use contracts::WaybillStatus;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lifecycle::{Level, row, statuses_of};

/// The n-th route place a waybill had: 1 to [`Attempt::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) struct Attempt(u8);

/// A number that is no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("attempt {0} is not 1 to {max}", max = Attempt::MAX)]
pub(crate) struct NoAttempt(u16);

impl Attempt {
    /// The last one that is kept.
    pub(crate) const MAX: u8 = 32;
}

impl TryFrom<u16> for Attempt {
    type Error = NoAttempt;

    fn try_from(number: u16) -> Result<Self, NoAttempt> {
        match u8::try_from(number) {
            Ok(small @ 1..=Self::MAX) => Ok(Self(small)),
            Ok(_) | Err(_) => Err(NoAttempt(number)),
        }
    }
}

impl From<Attempt> for u16 {
    fn from(attempt: Attempt) -> Self {
        Self::from(attempt.0)
    }
}

/// Which bits a fact lies among. The order is the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Base,
    Attempt(Attempt),
    Above,
}

impl Slot {
    const fn level(self) -> Level {
        match self {
            Self::Base => Level::Base,
            Self::Attempt(_) => Level::Attempt,
            Self::Above => Level::Above,
        }
    }
}

/// One fact at its position: a status and, on the road, its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    slot: Slot,
    /// What happened.
    pub status: WaybillStatus,
}

impl Fact {
    /// The fact that a report means; `None` when the status needs an attempt and none is known.
    pub(crate) const fn of(status: WaybillStatus, attempt: Option<Attempt>) -> Option<Self> {
        let slot = match (row(status).level, attempt) {
            (Level::Base, _) => Slot::Base,
            (Level::Above, _) => Slot::Above,
            (Level::Attempt, Some(attempt)) => Slot::Attempt(attempt),
            (Level::Attempt, None) => return None,
        };
        Some(Self { slot, status })
    }

    /// Its attempt; 0 for what belongs to none.
    pub(crate) fn attempt_no(self) -> u16 {
        match self.slot {
            Slot::Attempt(attempt) => attempt.into(),
            Slot::Base | Slot::Above => 0,
        }
    }
}

/// A set of facts: for each slot one bit a status. Slots without a fact are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FactSet(BTreeMap<Slot, u8>);

impl FactSet {
    /// Adds a fact; false when it was there.
    pub(crate) fn insert(&mut self, fact: Fact) -> bool {
        let known = self.contains(fact);
        *self.0.entry(fact.slot).or_default() |= row(fact.status).bit();
        !known
    }

    pub(crate) fn contains(&self, fact: Fact) -> bool {
        self.bits(fact.slot) & row(fact.status).bit() != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bits(&self, slot: Slot) -> u8 {
        self.0.get(&slot).copied().unwrap_or_default()
    }

    /// Every fact, lowest position first.
    fn iter(&self) -> impl DoubleEndedIterator<Item = Fact> {
        let mut facts = Vec::new();
        for (&slot, &bits) in &self.0 {
            let there =
                statuses_of(slot.level()).iter().filter(|status| bits & row(**status).bit() != 0);
            facts.extend(there.map(|&status| Fact { slot, status }));
        }
        facts.into_iter()
    }

    /// The facts that count: the least set in which each has one of its proofs. Adding a fact never
    /// removes one, so that the order in which they became known has no influence.
    fn counting(&self) -> Self {
        let mut counting = BTreeMap::new();
        let mut road_bits = 0;
        for (&slot, &bits) in &self.0 {
            let counted = match slot {
                Slot::Base | Slot::Above => proven(slot.level(), bits, road_bits),
                Slot::Attempt(_) => least_fixpoint(bits),
            };
            if matches!(slot, Slot::Attempt(_)) {
                road_bits |= counted;
            }
            if counted != 0 {
                counting.insert(slot, counted);
            }
        }
        Self(counting)
    }

    /// F: where a waybill with these facts stands. A waybill that exists is at least CREATED.
    pub(crate) fn standing(&self) -> Standing {
        let counting = self.counting();
        let last_attempt = counting.0.keys().rev().find_map(|slot| match slot {
            Slot::Attempt(attempt) => Some(*attempt),
            Slot::Base | Slot::Above => None,
        });
        let created = Fact { slot: Slot::Base, status: WaybillStatus::Created };
        let highest = counting.iter().next_back().unwrap_or(created);
        let attempt = match highest.slot {
            Slot::Base => None,
            Slot::Attempt(_) | Slot::Above => last_attempt,
        };
        let failed = counting.iter().filter(|fact| fact.status == WaybillStatus::DeliveryFailed);
        Standing {
            status: highest.status,
            attempt: attempt.map_or(0, u16::from),
            failed_attempts: u16::try_from(failed.count()).unwrap_or(u16::MAX),
            gaps: self.gaps(&counting, last_attempt),
            parked: self.iter().filter(|fact| !counting.contains(*fact)).collect(),
        }
    }

    /// Expected statuses that nobody reported, below the highest one that says how far the parcel got.
    fn gaps(&self, counting: &Self, last_attempt: Option<Attempt>) -> Vec<WaybillStatus> {
        let Some(seen) = counting.iter().rev().find(|fact| !row(fact.status).anywhere) else {
            return Vec::new();
        };
        let (slot, rank) = (seen.slot, row(seen.status).rank);
        [Level::Base, Level::Attempt]
            .into_iter()
            .flat_map(statuses_of)
            .filter_map(|status| Fact::of(*status, last_attempt))
            .filter(|fact| row(fact.status).expected && !self.contains(*fact))
            .filter(|fact| (fact.slot, row(fact.status).rank) < (slot, rank))
            .map(|fact| fact.status)
            .collect()
    }
}

/// Of the statuses in `bits`, those that need no proof or have one in `road_bits`.
fn proven(level: Level, bits: u8, road_bits: u8) -> u8 {
    statuses_of(level)
        .iter()
        .map(|status| row(*status))
        .filter(|row| bits & row.bit() != 0)
        .filter(|row| {
            let proofs = row.proofs.iter().fold(0, |mask, proof| mask | self::row(*proof).bit());
            proofs == 0 || proofs & road_bits != 0
        })
        .fold(0, |counted, row| counted | row.bit())
}

/// The facts of one attempt that count, each proven by others of the same attempt.
fn least_fixpoint(bits: u8) -> u8 {
    let mut counted = 0;
    loop {
        let next = proven(Level::Attempt, bits, counted);
        if next == counted {
            return counted;
        }
        counted = next;
    }
}

/// Where a waybill stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The highest position that counts.
    pub status: WaybillStatus,
    /// Its attempt, or the last one on the road for how it ended; 0 before the first.
    pub attempt: u16,
    /// Attempts with a failure that counts.
    pub failed_attempts: u16,
    /// Expected statuses below that nobody reported; shown to people, never decided on.
    pub gaps: Vec<WaybillStatus>,
    /// Facts that wait for their proof.
    pub parked: Vec<Fact>,
}

/// A stored fact set that this code did not write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no fact set: expected for example \"0:0f 1:07 ^:08\"")]
pub(crate) struct InvalidFacts(String);

/// `0:0f 1:07 ^:08`: attempt 0, attempt 1, above all attempts; the bits in hexadecimal.
impl fmt::Display for FactSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (slot, bits)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match slot {
                Slot::Base => write!(f, "0:{bits:02x}")?,
                Slot::Attempt(attempt) => write!(f, "{}:{bits:02x}", attempt.0)?,
                Slot::Above => write!(f, "^:{bits:02x}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FactSet {
    type Err = InvalidFacts;

    fn from_str(text: &str) -> Result<Self, InvalidFacts> {
        text.split_whitespace()
            .map(|part| {
                let (slot, bits) = part.split_once(':')?;
                let slot = match slot {
                    "0" => Slot::Base,
                    "^" => Slot::Above,
                    number => Slot::Attempt(Attempt::try_from(number.parse::<u16>().ok()?).ok()?),
                };
                Some((slot, u8::from_str_radix(bits, 16).ok()?))
            })
            .collect::<Option<BTreeMap<_, _>>>()
            .map(Self)
            .ok_or_else(|| InvalidFacts(text.to_owned()))
    }
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
