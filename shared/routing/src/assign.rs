//! One waybill, one decision: a place on a route, or the reason why there is none.
//!
//! The rules are asked in a fixed order. First what no capacity can mend: the date, the cut-off,
//! a template, a truck large enough. Then the search for a place (`search`), from the least to
//! the most disturbing. When it finds none, `diagnose` names the limit that would have to give
//! way. Only a found place changes the state (`apply`). A person may name the route instead
//! (`shift`). Never here: moving waybills by planning, sequencing stops, or persisting.

mod apply;
mod buy;
mod diagnose;
mod join;
mod search;
mod shift;
mod worth;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::class::SkuClass;
use crate::code::{RouteReference, WaybillNo, ZoneCode};
use crate::cutoff::{self, Timeliness};
use crate::explain::{Explanation, QuotaChange, Step, Trace};
use crate::key::{OrderKey, RouteId, StopKey};
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};
use crate::pricing::Forecast;
use crate::state::{Effect, SlotDay, StateError};
use diagnose::Diagnosis;
use search::{Found, Relax, Search};
pub use shift::{Obstacle, Shifted, shift};

/// Why a waybill has no place. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The delivery date lies before today at the depot.
    DatePast,
    /// It came strictly after the slot's cut-off.
    CutOffPassed,
    /// The zone has no route template for the slot and the class of goods.
    NoTemplate,
    /// It is too much for an empty truck of every type that could come.
    ExceedsLargestTruck,
    /// The quota of the zone, and of each neighbour that could help, is used up.
    ZoneQuota,
    /// Routes have room on the truck, but their waybill quota is used up.
    RouteQuota,
    /// No truck that could take it is left in the slot's pool.
    PoolExhausted,
    /// Its hold was released after its route was locked, and the slot had no place left for it.
    ReleasedAfterCutoff,
    /// Its route left without it.
    Missed,
}

/// What brings a waybill here. It matters once the cut-off has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// New, amended, rescheduled or tried again: must be in time.
    Regular,
    /// Released from a hold after it had left its route at the lock: the same slot is still tried.
    ReleasedFromHold,
    /// Left behind by its route: after the cut-off it is reported as missed.
    Missed,
    /// A dispatcher lets it in after the cut-off.
    Override,
}

/// A waybill that wants a place on a date and slot (those of the [`SlotDay`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub waybill_no: WaybillNo,
    pub order: OrderKey,
    pub stop: StopKey,
    /// The zone of its district on the delivery date: see [`Network::zone_of`].
    pub zone: ZoneCode,
    pub sku_class: SkuClass,
    /// Of exactly one waybill.
    pub load: Load,
    pub origin: Origin,
    /// Routes it must not be put on, such as the one that a dispatcher took it from.
    pub excluded_routes: Vec<RouteId>,
}

/// The place that a waybill got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub route: RouteId,
    pub reference: RouteReference,
    /// The zone whose route it is and whose quota it uses; not always the waybill's own.
    pub zone: ZoneCode,
    /// Which part of the search found the place.
    pub step: Step,
}

/// Place or reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Assigned(Assignment),
    Unassignable(Reason),
}

/// What was decided, what to persist for it (nothing, when unassignable), and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub waybill_no: WaybillNo,
    pub outcome: Outcome,
    pub effects: Vec<Effect>,
    pub explanation: Explanation,
}

/// Gives a new route its identity and its number. Asked only when a route is really opened.
pub trait RouteIds {
    fn next(&mut self, template: &RouteTemplate) -> (RouteId, RouteReference);
}

impl<F: FnMut(&RouteTemplate) -> (RouteId, RouteReference)> RouteIds for F {
    fn next(&mut self, template: &RouteTemplate) -> (RouteId, RouteReference) {
        self(template)
    }
}

/// Decides about one waybill and, when it gets a place, puts it there.
///
/// The same waybill asked twice gets two places: the caller's ledger guards "one live place".
///
/// # Errors
/// [`StateError`] when network, state and request do not belong together. The state must then be
/// dropped.
pub fn assign(
    network: &Network,
    day: &mut SlotDay,
    request: &Request,
    judged_at: DateTime<Utc>,
    forecast: &Forecast,
    ids: &mut dyn RouteIds,
) -> Result<Decision, StateError> {
    match decide(network, day, request, judged_at, forecast)? {
        Decided::Found(found, explanation) => apply::apply(day, request, found, ids, explanation),
        Decided::Refused(decision) => Ok(decision),
    }
}

/// The refusal that [`assign`] would answer; `None` when it would find a place. Nothing is changed.
///
/// # Errors
/// As [`assign`].
pub fn refusal(
    network: &Network,
    day: &SlotDay,
    request: &Request,
    judged_at: DateTime<Utc>,
    forecast: &Forecast,
) -> Result<Option<Reason>, StateError> {
    Ok(match decide(network, day, request, judged_at, forecast)? {
        Decided::Found(..) => None,
        Decided::Refused(decision) => decision.refusal(),
    })
}

impl Decision {
    /// Why there is no place; `None` when there is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<Reason> {
        match &self.outcome {
            Outcome::Assigned(_) => None,
            Outcome::Unassignable(reason) => Some(*reason),
        }
    }
}

/// What the search came to; nothing has changed yet.
enum Decided {
    Found(Found, Explanation),
    Refused(Decision),
}

fn decide(
    network: &Network,
    day: &SlotDay,
    request: &Request,
    judged_at: DateTime<Utc>,
    forecast: &Forecast,
) -> Result<Decided, StateError> {
    check_request(day, request)?;
    let (cut_off, timeliness) = judge(network, day, judged_at)?;
    let mut trace = Trace::new();
    let forecast = completed(forecast, request);
    let search = Search { network, day, request, forecast: &forecast, relax: Relax::NOTHING };
    let late = refuse_as_late(timeliness, request.origin);
    let refused = late.or_else(|| search.refuse_as_unservable(&mut trace));
    let found = if refused.is_none() { search.find(&mut trace) } else { None };
    let explanation = trace.into_explanation(judged_at, cut_off);
    Ok(match found {
        Some(found) => Decided::Found(found, explanation),
        None => {
            let diagnosis = diagnose::diagnose(&search, late);
            let reason =
                refused.unwrap_or_else(|| reason_of(request.origin, &diagnosis.blocked_by));
            let decision = unassignable(day, request, reason, diagnosis, explanation);
            Decided::Refused(decision)
        }
    })
}

fn check_request(day: &SlotDay, request: &Request) -> Result<(), StateError> {
    if request.load.waybills != 1 {
        return Err(StateError::NotOneWaybill { waybills: request.load.waybills });
    }
    match day.zone(&request.zone) {
        Some(_) => Ok(()),
        None => Err(StateError::UnknownZone { zone: request.zone.clone(), key: day.key().clone() }),
    }
}

/// Where nothing is known of the request's own class of goods, what is to come is like the request.
fn completed(forecast: &Forecast, request: &Request) -> Forecast {
    if forecast.of(request.sku_class).is_some() {
        return *forecast;
    }
    let like = Forecast::like(request.load);
    let outlook = like.of(SkuClass::of(request.load)).copied();
    outlook.map_or(*forecast, |outlook| forecast.with(request.sku_class, outlook))
}

fn judge(
    network: &Network,
    day: &SlotDay,
    judged_at: DateTime<Utc>,
) -> Result<(DateTime<Utc>, Timeliness), StateError> {
    let key = day.key();
    let (Some(depot), Some(slot)) = (network.depot(&key.depot), network.timeslot(&key.timeslot))
    else {
        return Err(StateError::UnknownSlot { key: key.clone() });
    };
    let cut_off = cutoff::cut_off_instant(depot.tz, slot.cutoff, key.date);
    Ok((cut_off, cutoff::judge_against(cut_off, depot.tz, key.date, judged_at)))
}

/// No origin brings a past day back; the cut-off stops only those that may not come after it.
fn refuse_as_late(timeliness: Timeliness, origin: Origin) -> Option<Reason> {
    match (timeliness, origin) {
        (Timeliness::DatePast, _) => Some(Reason::DatePast),
        (Timeliness::CutOffPassed, Origin::Regular) => Some(Reason::CutOffPassed),
        (Timeliness::CutOffPassed, Origin::Missed) => Some(Reason::Missed),
        (Timeliness::CutOffPassed, Origin::ReleasedFromHold | Origin::Override)
        | (Timeliness::InTime, _) => None,
    }
}

/// Who left a route at its lock and finds no other one came too late, whatever the clock says.
fn reason_of(origin: Origin, blocked_by: &[Reason]) -> Reason {
    match origin {
        Origin::ReleasedFromHold => Reason::ReleasedAfterCutoff,
        Origin::Regular | Origin::Missed | Origin::Override => {
            blocked_by.first().copied().unwrap_or(Reason::PoolExhausted)
        }
    }
}

fn unassignable(
    day: &SlotDay,
    request: &Request,
    reason: Reason,
    diagnosis: Diagnosis,
    explanation: Explanation,
) -> Decision {
    let Diagnosis { blocked_by, or_else } = diagnosis;
    let quota = day.zone(&request.zone).map(|zone| QuotaChange {
        zone: request.zone.clone(),
        limit: zone.limit(),
        before: zone.used(),
        after: zone.used(),
    });
    Decision {
        waybill_no: request.waybill_no.clone(),
        outcome: Outcome::Unassignable(reason),
        effects: Vec::new(),
        explanation: Explanation {
            reason: Some(reason),
            blocked_by,
            or_else,
            quota,
            ..explanation
        },
    }
}

/// Where the search says a waybill should go; nothing has changed yet.
#[derive(Clone, Debug)]
enum Plan {
    Join { route: RouteId },
    Upgrade { route: RouteId, to: Arc<TruckType> },
    Open { template: Arc<RouteTemplate>, truck: Arc<TruckType> },
}

#[cfg(test)]
mod tests;
