//! Everything F is a function of: the fact set, the places that ADRA gave the waybill, reports that name
//! no attempt and therefore belong to whichever place was live at their time, and the last correction.
//!
//! A report without an attempt is kept with its time for good: a place that becomes known later may be
//! the one it belongs to, and the answer must not depend on which of the two arrived first.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use contracts::{Timestamp, Way, WaybillStatus};
use serde::{Deserialize, Serialize};

use crate::facts::{Attempt, Fact, FactSet, Standing};

/// Most different times that one status may be reported at without an attempt. A waybill has at most 32
/// attempts; more than twice that is a sender gone wrong.
pub(crate) const MAX_LOOSE: usize = 64;

/// What adding something did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was not known before.
    New,
    /// It was there already.
    Known,
    /// It occurred before the last correction: history only.
    Past,
    /// There is no room for another of its kind.
    Full,
}

/// What somebody says has happened. Its place on the road is the attempt, else the route, else the time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// What.
    pub status: WaybillStatus,
    /// When, by the sender's clock.
    pub occurred_at: Timestamp,
    /// On which attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// On which route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
}

/// A place on a route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// When it was given.
    pub at: Timestamp,
    /// The route's number.
    pub route: String,
}

/// The last correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    said: Report,
    /// What occurred before is history: the latest time of all corrections, so that what one of them
    /// took away does not come back with the next.
    before: Timestamp,
}

/// The facts reported and the decisions taken about one waybill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    #[serde(default, skip_serializing_if = "FactSet::is_empty")]
    facts: FactSet,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<Attempt, Place>,
    /// Reports of the road without an attempt.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    loose: BTreeSet<Report>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corrected: Option<Correction>,
}

impl Evidence {
    /// Adds a report. Statuses that belong to no attempt ignore both attempt and route.
    pub(crate) fn report(&mut self, way: Way, said: &Report) -> Added {
        if self.corrected.as_ref().is_some_and(|correction| said.occurred_at < correction.before) {
            return Added::Past;
        }
        match Fact::of(way, said.status, said.attempt) {
            None => self.report_loose(said),
            Some(fact) if self.facts.insert(fact, said.occurred_at) => Added::New,
            Some(_) => Added::Known,
        }
    }

    fn report_loose(&mut self, said: &Report) -> Added {
        if self.loose.contains(said) {
            return Added::Known;
        }
        if self.loose.iter().filter(|other| other.status == said.status).count() >= MAX_LOOSE {
            return Added::Full;
        }
        self.loose.insert(said.clone());
        Added::New
    }

    /// Adds a place. Told twice, the earlier time stands.
    pub(crate) fn place(&mut self, attempt: Attempt, place: Place) -> Added {
        match self.places.get(&attempt) {
            Some(known) if *known <= place => Added::Known,
            Some(_) | None => {
                self.places.insert(attempt, place);
                Added::New
            }
        }
    }

    /// The newest place it was given.
    pub(crate) fn last_place(&self) -> Option<Attempt> {
        self.places.keys().next_back().copied()
    }

    /// Begins anew with what a correction says.
    pub(crate) fn correct(&mut self, said: Report) -> Added {
        let earlier = self.corrected.as_ref().map(|correction| correction.before);
        let before = earlier.map_or(said.occurred_at, |earlier| earlier.max(said.occurred_at));
        let correction = Correction { said, before };
        if self.corrected.as_ref() == Some(&correction) {
            return Added::Known;
        }
        self.facts.forget_before(before);
        self.loose.retain(|said| said.occurred_at >= before);
        self.corrected = Some(correction);
        Added::New
    }

    /// The fact that a report means by what is known now; `None` while its place is not known.
    pub(crate) fn fact(&self, way: Way, said: &Report) -> Option<Fact> {
        let attempt = said.attempt.or_else(|| self.live_at(said.occurred_at, &said.route_ref));
        Fact::of(way, said.status, attempt)
    }

    /// The place that was live at a time, of those on a route when one is named: the last one given by
    /// then. A report from before the first place (clocks differ) belongs to the first.
    fn live_at(&self, time: Timestamp, route: &Option<String>) -> Option<Attempt> {
        let on_route = |place: &Place| route.as_ref().is_none_or(|route| *route == place.route);
        let mut places = self.places.iter().filter(|(_, place)| on_route(place));
        let given = places.clone().rev().find(|(_, place)| place.at <= time);
        given.or_else(|| places.next()).map(|(attempt, _)| *attempt)
    }

    /// F over everything known.
    pub(crate) fn standing(&self, way: Way) -> Standing {
        let given = self.corrected.as_ref().and_then(|correction| {
            let said = &correction.said;
            // a correction counts even where no place is known: it belongs to the first then
            let first = || Fact::of(way, said.status, Some(Attempt::FIRST));
            self.fact(way, said).or_else(first)
        });
        self.placed(way).standing(way, given)
    }

    /// When an attempt failed, if somebody reported it.
    pub(crate) fn failed_at(&self, way: Way, attempt: Attempt) -> Option<Timestamp> {
        self.placed(way).failed_at(way, attempt)
    }

    /// Every fact reported, those without an attempt at the place that they belong to.
    fn placed(&self, way: Way) -> Cow<'_, FactSet> {
        if self.loose.is_empty() {
            return Cow::Borrowed(&self.facts);
        }
        let mut facts = self.facts.clone();
        for said in &self.loose {
            if let Some(fact) = self.fact(way, said) {
                facts.insert(fact, said.occurred_at);
            }
        }
        Cow::Owned(facts)
    }

    /// Reports that wait for their place.
    pub(crate) fn placeless(&self, way: Way) -> usize {
        self.loose.iter().filter(|said| self.fact(way, said).is_none()).count()
    }
}
