//! Everything F is a function of: the fact set, the places that ADRA gave the waybill, and reports that
//! name no attempt and therefore belong to whichever place was live at their time.
//!
//! Such a report is kept with its time for good: a place that becomes known later may be the one it
//! belongs to, and the answer must not depend on which of the two arrived first.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Timestamp, WaybillStatus};
use serde::{Deserialize, Serialize};

use crate::facts::{Attempt, Fact, FactSet, Standing};

/// Most different times that one status may be reported at without an attempt. A waybill has at most 32
/// attempts; more than twice that is a sender gone wrong.
pub(crate) const MAX_LOOSE: usize = 64;

/// What adding a report or a place did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was not known before.
    New,
    /// It was there already.
    Known,
    /// There is no room for another of its kind.
    Full,
}

/// The facts reported and the decisions taken about one waybill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    #[serde(default, skip_serializing_if = "FactSet::is_empty")]
    facts: FactSet,
    /// When each place was given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<Attempt, Timestamp>,
    /// Reports of the road without an attempt.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    loose: BTreeSet<(WaybillStatus, Timestamp)>,
}

impl Evidence {
    /// Adds a report. Statuses that belong to no attempt ignore both attempt and time.
    pub(crate) fn report(
        &mut self,
        status: WaybillStatus,
        attempt: Option<Attempt>,
        occurred_at: Timestamp,
    ) -> Added {
        let Some(fact) = Fact::of(status, attempt) else {
            return self.report_loose(status, occurred_at);
        };
        if self.facts.insert(fact) { Added::New } else { Added::Known }
    }

    fn report_loose(&mut self, status: WaybillStatus, occurred_at: Timestamp) -> Added {
        if self.loose.contains(&(status, occurred_at)) {
            return Added::Known;
        }
        if self.loose.iter().filter(|(other, _)| *other == status).count() >= MAX_LOOSE {
            return Added::Full;
        }
        self.loose.insert((status, occurred_at));
        Added::New
    }

    /// Adds a place. Told twice, the earlier time stands.
    pub(crate) fn place(&mut self, attempt: Attempt, assigned_at: Timestamp) -> Added {
        match self.places.get(&attempt) {
            Some(known) if *known <= assigned_at => Added::Known,
            Some(_) | None => {
                self.places.insert(attempt, assigned_at);
                Added::New
            }
        }
    }

    /// The fact that a report means by what is known now; `None` while no place is known.
    pub(crate) fn fact(
        &self,
        status: WaybillStatus,
        attempt: Option<Attempt>,
        occurred_at: Timestamp,
    ) -> Option<Fact> {
        Fact::of(status, attempt.or_else(|| self.live_at(occurred_at)))
    }

    /// The place that was live at a time: the last one given by then. A report from before the first
    /// place (clocks differ) belongs to the first.
    fn live_at(&self, time: Timestamp) -> Option<Attempt> {
        let given = self.places.iter().rev().find(|(_, assigned_at)| **assigned_at <= time);
        given.or_else(|| self.places.first_key_value()).map(|(attempt, _)| *attempt)
    }

    /// F over everything known.
    pub(crate) fn standing(&self) -> Standing {
        let mut facts = self.facts.clone();
        for &(status, occurred_at) in &self.loose {
            if let Some(fact) = self.fact(status, None, occurred_at) {
                facts.insert(fact);
            }
        }
        facts.standing()
    }

    /// Reports that wait for a first place.
    pub(crate) fn placeless(&self) -> usize {
        if self.places.is_empty() { self.loose.len() } else { 0 }
    }
}
