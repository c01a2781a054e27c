//! Why a decision came out as it did, small enough to be stored with every one.
//!
//! An [`Explanation`] keeps a bounded sample of the candidates looked at, the rule that rejected
//! each or the figures that it was compared by, and quota and route before and after. Never here:
//! sentences; the reader's tool words them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::assign::Reason;
use crate::code::{TruckTypeCode, ZoneCode};
use crate::key::RouteId;
use crate::load::Load;
use crate::pricing::Price;

/// The part of the search that looked at a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// May the zone's bucket take it?
    Zone,
    /// A route that drives to the same door, or carries the same order.
    Sticky,
    /// The open route that it fills best.
    BestFit,
    /// An open route with a larger truck.
    Upgrade,
    /// A new route.
    Open,
    /// The route that a person named.
    Named,
}

/// What can rule a candidate out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rule {
    /// The route is locked, dispatched or closed.
    NotOpen,
    /// The request says not on this route.
    Excluded,
    /// The zone's bucket has too little left.
    ZoneQuota,
    /// The route may take no more waybills.
    WaybillQuota,
    /// The truck may drive to no more doors.
    Stops,
    /// The truck would be too heavy.
    Weight,
    /// No single compartment profile holds the whole load.
    Compartments,
    /// No truck of the type is left in the slot's pool.
    Pool,
    /// The route is neither of the waybill's zone nor of one that its zone may overflow into.
    ForeignZone,
    /// The route is not meant for goods of this class.
    RouteClass,
}

/// How a candidate fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would have done; the figures tell why another was taken, if one was.
    Feasible,
    Rejected(Rule),
}

/// One thing looked at. `spare_milli` is the capacity left on the route afterwards, in thousandths
/// of a typical waybill; less is a better fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub step: Step,
    pub zone: ZoneCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck_type: Option<TruckTypeCode>,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare_milli: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// A zone's bucket around the decision; without a place, `before` and `after` are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaChange {
    pub zone: ZoneCode,
    pub limit: Load,
    pub before: Load,
    pub after: Load,
}

/// The chosen route around the decision; a new route had no truck before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteChange {
    pub route: RouteId,
    pub truck_type_before: Option<TruckTypeCode>,
    pub truck_type_after: TruckTypeCode,
    pub load_before: Load,
    pub load_after: Load,
    pub stops_before: u32,
    pub stops_after: u32,
}

/// The record of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub judged_at: DateTime<Utc>,
    pub cut_off: DateTime<Utc>,
    /// Why there is no place; `None` when there is one.
    pub reason: Option<Reason>,
    /// What together would have to give way for a place to exist: the fewest. Usually one; the
    /// first is the reason itself, except for who comes back from a hold too late.
    pub blocked_by: Vec<Reason>,
    /// Where `blocked_by` is a single limit of capacity: the other single limits, each of which
    /// would do instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or_else: Vec<Reason>,
    pub chosen: Option<Candidate>,
    /// At most [`MAX_CANDIDATES`], in the order of the search, the first few of each step.
    pub candidates: Vec<Candidate>,
    /// Candidates looked at and not listed.
    pub omitted: u32,
    pub quota: Option<QuotaChange>,
    pub route: Option<RouteChange>,
}

/// The most candidates that an explanation lists.
pub const MAX_CANDIDATES: usize = 24;

/// Places left in the list for each step. Every step has a share of its own, or else the many full
/// routes of a busy zone would crowd out the prices.
#[derive(Debug)]
struct Shares {
    zone: u8,
    sticky: u8,
    best_fit: u8,
    upgrade: u8,
    open: u8,
}

/// Together [`MAX_CANDIDATES`].
const SHARES: Shares = Shares { zone: 4, sticky: 4, best_fit: 8, upgrade: 4, open: 4 };

/// Collects candidates while a search runs. A candidate is made only when it will be kept.
#[derive(Debug)]
pub(crate) struct Trace {
    candidates: Vec<Candidate>,
    left: Shares,
    omitted: u32,
    silent: bool,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { candidates: Vec::new(), left: SHARES, omitted: 0, silent: false }
    }

    /// Keeps nothing: for searches that ask "what if".
    pub(crate) fn silent() -> Self {
        Self { silent: true, ..Self::new() }
    }

    pub(crate) fn note(&mut self, step: Step, candidate: impl FnOnce() -> Candidate) {
        if self.silent {
            return;
        }
        let left = match step {
            Step::Zone => &mut self.left.zone,
            Step::Sticky => &mut self.left.sticky,
            Step::BestFit => &mut self.left.best_fit,
            Step::Upgrade => &mut self.left.upgrade,
            // a named route is found without a search
            Step::Open | Step::Named => &mut self.left.open,
        };
        if *left > 0 {
            *left = left.saturating_sub(1);
            self.candidates.push(candidate());
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
    }

    pub(crate) fn into_explanation(
        self,
        judged_at: DateTime<Utc>,
        cut_off: DateTime<Utc>,
    ) -> Explanation {
        Explanation {
            judged_at,
            cut_off,
            reason: None,
            blocked_by: Vec::new(),
            or_else: Vec::new(),
            chosen: None,
            candidates: self.candidates,
            omitted: self.omitted,
            quota: None,
            route: None,
        }
    }
}

#[cfg(test)]
mod tests;
