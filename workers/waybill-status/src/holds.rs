//! The holds of one waybill. Owner, handle and instance name one hold for good: once released it stays
//! released, which is what lets a release arrive before its hold.
//!
//! What never lives here: who may hold (see [`crate::lifecycle`]), and any effect on facts: a hold gates
//! our instructions, never a report.

use contracts::{HoldHandle, HoldInstance, HoldReason, Timestamp};
use serde::{Deserialize, Serialize};

/// Most holds and tombstones that one waybill keeps.
pub(crate) const MAX_HOLDS: usize = 64;

/// What names a hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct HoldName {
    /// Who placed it.
    pub owner: String,
    /// The owner's name for it.
    pub handle: HoldHandle,
    /// Which of that name.
    #[serde(default, skip_serializing_if = "HoldInstance::is_first")]
    pub instance: HoldInstance,
}

/// One hold. Without `placed` it is a tombstone: a release that came before its hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// Whose, and which.
    #[serde(flatten)]
    pub name: HoldName,
    /// Why and when it was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<(HoldReason, Timestamp)>,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

impl Hold {
    fn is_open(&self) -> bool {
        self.placed.is_some() && self.released_at.is_none()
    }
}

/// What placing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// The waybill is held by it now.
    Open,
    /// It is held by it already.
    Already,
    /// Its release had arrived before: it never held.
    ReleasedBefore,
    /// That hold was placed and released: another one needs another instance or handle.
    NameUsed,
    /// The waybill keeps [`MAX_HOLDS`] already.
    Full,
}

/// What releasing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    /// It no longer holds.
    Closed,
    /// It was released already.
    Already,
    /// There is no such hold yet: when it comes it will not hold.
    Tombstone,
    /// The waybill keeps [`MAX_HOLDS`] already.
    Full,
}

/// All holds of a waybill, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Holds(Vec<Hold>);

impl Holds {
    /// How many are open; the waybill is held while any is.
    pub(crate) fn open(&self) -> usize {
        self.0.iter().filter(|hold| hold.is_open()).count()
    }

    /// All of them, and the tombstones.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hold of that name.
    pub(crate) fn get(&self, name: &HoldName) -> Option<&Hold> {
        self.0.iter().find(|hold| hold.name == *name)
    }

    pub(crate) fn place(&mut self, name: &HoldName, reason: HoldReason, at: Timestamp) -> Placed {
        let Some(hold) = self.entry(name) else {
            return Placed::Full;
        };
        match (hold.placed, hold.released_at) {
            (None, None) => {
                hold.placed = Some((reason, at));
                Placed::Open
            }
            (None, Some(_)) => {
                hold.placed = Some((reason, at));
                Placed::ReleasedBefore
            }
            (Some(known), Some(_)) if known != (reason, at) => Placed::NameUsed,
            (Some(_), _) => Placed::Already,
        }
    }

    pub(crate) fn release(&mut self, name: &HoldName, at: Timestamp) -> Released {
        let Some(hold) = self.entry(name) else {
            return Released::Full;
        };
        match (hold.placed, hold.released_at) {
            (_, Some(_)) => Released::Already,
            (Some(_), None) => {
                hold.released_at = Some(at);
                Released::Closed
            }
            (None, None) => {
                hold.released_at = Some(at);
                Released::Tombstone
            }
        }
    }

    /// The hold of that name, made if there is room, kept in the order of names.
    fn entry(&mut self, name: &HoldName) -> Option<&mut Hold> {
        let index = match self.0.binary_search_by(|hold| hold.name.cmp(name)) {
            Ok(index) => index,
            Err(_) if self.0.len() >= MAX_HOLDS => return None,
            Err(index) => {
                let hold = Hold { name: name.clone(), placed: None, released_at: None };
                self.0.insert(index, hold);
                index
            }
        };
        self.0.get_mut(index)
    }
}
