//! The fact set of one waybill and the function F over it: which facts count, and where the waybill
//! stands. A place for each fact, so that the same report twice is the same set and no order exists.
//!
//! What never lives here: people, anything that depends on when a report arrived. When a fact occurred
//! is kept for one purpose: a correction asks whether it happened before.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Level, StatusRow, Timestamp, Way, WaybillStatus};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The n-th route place a waybill had: 1 to [`Attempt::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) struct Attempt(u8);

/// A number that is no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("attempt {0} is not 1 to {max}", max = Attempt::MAX)]
pub(crate) struct NoAttempt(u16);

impl Attempt {
    /// The first.
    pub(crate) const FIRST: Self = Self(1);
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

    const fn attempt(self) -> Option<Attempt> {
        match self {
            Self::Attempt(attempt) => Some(attempt),
            Self::Base | Self::Above => None,
        }
    }
}

/// One fact at its position: a status and, on the road, its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    slot: Slot,
    rank: u8,
    /// What happened.
    pub status: WaybillStatus,
}

impl Fact {
    /// The fact that a report means; `None` when the status needs an attempt and none is known, or the
    /// way has no such status.
    pub(crate) fn of(way: Way, status: WaybillStatus, attempt: Option<Attempt>) -> Option<Self> {
        let row = way.row(status)?;
        let slot = match (row.level, attempt) {
            (Level::Base, _) => Slot::Base,
            (Level::Above, _) => Slot::Above,
            (Level::Attempt, Some(attempt)) => Slot::Attempt(attempt),
            (Level::Attempt, None) => return None,
        };
        Some(Self { slot, rank: row.rank, status })
    }

    const fn at(slot: Slot, row: &StatusRow) -> Self {
        Self { slot, rank: row.rank, status: row.status }
    }

    /// Its attempt; 0 for what belongs to none.
    pub(crate) fn attempt_no(self) -> u16 {
        self.slot.attempt().map_or(0, u16::from)
    }

    const fn position(self) -> (Slot, u8) {
        (self.slot, self.rank)
    }

    const fn bit(self) -> u8 {
        1 << self.rank
    }
}

const fn bit(row: &StatusRow) -> u8 {
    1 << row.rank
}

/// The rows of one level of a way, lowest rank first.
fn rows_of(way: Way, level: Level) -> impl Iterator<Item = &'static StatusRow> {
    way.rows().iter().filter(move |row| row.level == level)
}

/// A set of facts: for each slot a bit a status.
type Bits = BTreeMap<Slot, u8>;

fn has(bits: &Bits, fact: Fact) -> bool {
    bits.get(&fact.slot).is_some_and(|bits| bits & fact.bit() != 0)
}

fn facts_of(way: Way, bits: &Bits) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (&slot, &bits) in bits {
        let there = rows_of(way, slot.level()).filter(|row| bits & bit(row) != 0);
        facts.extend(there.map(|row| Fact::at(slot, row)));
    }
    facts
}

/// For each rank of a slot when its fact occurred, the last time it was said to.
type Times = BTreeMap<u8, Timestamp>;

/// A set of facts, each with the last time at which it was said to have occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FactSet(BTreeMap<Slot, Times>);

impl FactSet {
    /// Adds a fact; false when it was there.
    pub(crate) fn insert(&mut self, fact: Fact, occurred_at: Timestamp) -> bool {
        let times = self.0.entry(fact.slot).or_default();
        let known = times.get(&fact.rank).copied();
        times.insert(fact.rank, known.map_or(occurred_at, |known| known.max(occurred_at)));
        known.is_none()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what occurred before a time.
    pub(crate) fn forget_before(&mut self, time: Timestamp) {
        for times in self.0.values_mut() {
            times.retain(|_, occurred_at| *occurred_at >= time);
        }
        self.0.retain(|_, times| !times.is_empty());
    }

    /// When the failure of an attempt occurred, if one was reported.
    pub(crate) fn failed_at(&self, way: Way, attempt: Attempt) -> Option<Timestamp> {
        let failure = way.rows().iter().find(|row| is_failure(row.status))?;
        self.0.get(&Slot::Attempt(attempt))?.get(&failure.rank).copied()
    }

    fn bits(&self) -> Bits {
        let bits_of = |times: &Times| times.keys().fold(0, |bits, rank| bits | (1 << rank));
        self.0.iter().map(|(slot, times)| (*slot, bits_of(times))).collect()
    }

    /// F: where a waybill with these facts stands. A waybill that exists is at least CREATED. What a
    /// correction says (`given`) counts without a proof, and nothing below it is missing.
    pub(crate) fn standing(&self, way: Way, given: Option<Fact>) -> Standing {
        let mut known = self.bits();
        if let Some(fact) = given {
            *known.entry(fact.slot).or_default() |= fact.bit();
        }
        let counting = counting(way, &known, given);
        let facts = facts_of(way, &counting);
        let last_attempt = counting.keys().rev().find_map(|slot| slot.attempt());
        let created = Fact { slot: Slot::Base, rank: 0, status: WaybillStatus::Created };
        let highest = facts.last().copied().unwrap_or(created);
        let attempt = match highest.slot {
            Slot::Base => None,
            Slot::Attempt(_) | Slot::Above => last_attempt,
        };
        let failed = facts.iter().filter(|fact| is_failure(fact.status));
        let cancelled = facts.iter().find(|fact| fact.status == WaybillStatus::Cancelled);
        Standing {
            status: highest.status,
            attempt: attempt.map_or(0, u16::from),
            failed: failed.filter_map(|fact| fact.slot.attempt()).collect(),
            gaps: gaps(way, &known, &facts, last_attempt, given),
            parked: facts_of(way, &known)
                .into_iter()
                .filter(|fact| !has(&counting, *fact))
                .collect(),
            cancelled_but_moved: cancelled
                .is_some_and(|cancelled| cancelled.position() < highest.position()),
        }
    }
}

/// An attempt that came to nothing.
pub(crate) const fn is_failure(status: WaybillStatus) -> bool {
    matches!(status, WaybillStatus::DeliveryFailed | WaybillStatus::PickupFailed)
}

/// The facts that count: the least set in which each has one of its proofs. Adding a fact never removes
/// one, so that the order in which they became known has no influence.
fn counting(way: Way, known: &Bits, given: Option<Fact>) -> Bits {
    let mut counting = Bits::new();
    let mut road = 0;
    for (&slot, &bits) in known {
        let granted = given.filter(|fact| fact.slot == slot).map_or(0, Fact::bit);
        let counted = least_fixpoint(way, slot.level(), bits, granted, road);
        if matches!(slot, Slot::Attempt(_)) {
            road |= counted;
        }
        if counted != 0 {
            counting.insert(slot, counted);
        }
    }
    counting
}

/// The facts of one slot that count: each proven by others of its slot, or by the road before it.
fn least_fixpoint(way: Way, level: Level, bits: u8, granted: u8, road: u8) -> u8 {
    let mut counted = granted;
    loop {
        let next = rows_of(way, level)
            .filter(|row| bits & bit(row) != 0 && is_proven(way, row, counted, road))
            .fold(granted, |counted, row| counted | bit(row));
        if next == counted {
            return counted;
        }
        counted = next;
    }
}

/// Whether one of the proofs of `row` counts: among `counted` of its own slot, or on the road.
fn is_proven(way: Way, row: &StatusRow, counted: u8, road: u8) -> bool {
    let counts = |proof: &WaybillStatus| {
        way.row(*proof).is_some_and(|proof| {
            let among = if proof.level == row.level { counted } else { road };
            among & bit(proof) != 0
        })
    };
    row.proofs.is_empty() || row.proofs.iter().any(counts)
}

/// Expected statuses that nobody reported, below the highest one that says how far the parcel got.
fn gaps(
    way: Way,
    known: &Bits,
    counting: &[Fact],
    last_attempt: Option<Attempt>,
    given: Option<Fact>,
) -> Vec<WaybillStatus> {
    let says_how_far = |fact: &&Fact| way.row(fact.status).is_some_and(|row| !row.anywhere);
    let Some(seen) = counting.iter().rev().find(says_how_far) else {
        return Vec::new();
    };
    way.rows()
        .iter()
        .filter(|row| row.expected)
        .filter_map(|row| Fact::of(way, row.status, last_attempt))
        .filter(|fact| fact.position() < seen.position() && !has(known, *fact))
        .filter(|fact| given.is_none_or(|given| fact.position() > given.position()))
        .map(|fact| fact.status)
        .collect()
}

/// Where a waybill stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The highest position that counts.
    pub status: WaybillStatus,
    /// Its attempt, or the last one on the road for how it ended; 0 before the first.
    pub attempt: u16,
    /// Attempts with a failure that counts.
    pub failed: BTreeSet<Attempt>,
    /// Expected statuses below that nobody reported; shown to people, never decided on.
    pub gaps: Vec<WaybillStatus>,
    /// Facts that wait for their proof.
    pub parked: Vec<Fact>,
    /// It was cancelled, and got further all the same.
    pub cancelled_but_moved: bool,
}

impl Standing {
    /// How many attempts failed.
    pub(crate) fn failed_attempts(&self) -> u16 {
        u16::try_from(self.failed.len()).unwrap_or(u16::MAX)
    }

    /// The same as a bit set, for readers of the column: bit n-1 is the n-th attempt.
    pub(crate) fn failed_bits(&self) -> u32 {
        self.failed.iter().fold(0, |bits, attempt| bits | (1 << (attempt.0 - 1)))
    }
}
