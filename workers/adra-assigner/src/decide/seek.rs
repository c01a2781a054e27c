//! Where a waybill wants to be, and asking the engine about it: what it is asked, and its answer as it will
//! be stored. Never here: what follows from the answer.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use contracts::{Timestamp, WaybillKind};
use routing::network::{RouteTemplate, Zone};
use routing::{
    Decision, Effect, Explanation, Forecast, Network, Origin, Outcome as Found, Reason, Request,
    RouteId, RouteReference, SlotDayKey, ZoneCode,
};
use serde::Serialize;
use uuid::Uuid;

use super::{Notice, PlanError};
use crate::assignment::{Assignment, Standing, order_key};
use crate::demand::{Demand, ToCome};
use crate::state::Plan;

/// The slot days that a message about a waybill may touch, so that they can be locked before it is decided.
pub(crate) fn slot_days_of(
    network: &Network,
    notice: Notice<'_>,
    standing: Option<Standing>,
    known: Option<&Assignment>,
) -> BTreeSet<SlotDayKey> {
    match (notice, known) {
        (Notice::Created(created), None) => {
            let (district, timeslot) = (created.district.as_str(), created.timeslot.as_str());
            let zone = network.zone_of(&district.into(), created.delivery_date);
            let key = zone.map(|zone| SlotDayKey {
                depot: zone.depot.clone(),
                date: created.delivery_date,
                timeslot: timeslot.into(),
            });
            key.into_iter().filter(|key| network.timeslot(&key.timeslot).is_some()).collect()
        }
        (Notice::Released, Some(known)) => both_of(network, known),
        (Notice::Held | Notice::Moved { .. } | Notice::Failed { .. }, Some(known)) => {
            let standing = standing.unwrap_or_else(|| known.standing());
            let is_released = known.held && !standing.held;
            let leaves = standing.is_cancelled() || standing.has_failed_at(known.place_no);
            if is_released {
                both_of(network, known)
            } else if leaves || !matches!(notice, Notice::Held) {
                known.place_key().into_iter().collect()
            } else {
                BTreeSet::new()
            }
        }
        (Notice::Created(_), Some(_)) | (_, None) => BTreeSet::new(),
    }
}

/// Where a waybill is and where it wants to be.
pub(crate) fn both_of(network: &Network, known: &Assignment) -> BTreeSet<SlotDayKey> {
    known.place_key().into_iter().chain(slot_day_of(network, known)).collect()
}

/// The slot day that a waybill wants to be in; `None` when the network does not serve it.
pub(crate) fn slot_day_of(network: &Network, waybill: &Assignment) -> Option<SlotDayKey> {
    target_of(network, waybill).map(|target| target.key)
}

/// Where a waybill wants to be.
pub(super) struct Target<'a> {
    pub(super) zone: &'a Zone,
    pub(super) key: SlotDayKey,
}

/// `None`: the network does not serve its district on that day, or does not have its timeslot.
pub(super) fn target_of<'a>(network: &'a Network, waybill: &Assignment) -> Option<Target<'a>> {
    let zone = network.zone_of(&waybill.district, waybill.delivery_date)?;
    network.timeslot(&waybill.timeslot)?;
    let (depot, date, timeslot) =
        (zone.depot.clone(), waybill.delivery_date, waybill.timeslot.clone());
    Some(Target { zone, key: SlotDayKey { depot, date, timeslot } })
}

/// What a question is judged by beside the network and the planning state.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) origin: Origin,
    pub(super) judged_at: Timestamp,
    /// What former days say of the slot day.
    pub(super) demand: Option<&'a Demand>,
}

/// Asks for a place. A found one is taken in the planning state at once.
pub(super) fn ask(
    network: &Network,
    plan: &mut Plan,
    waybill: &Assignment,
    target: &Target<'_>,
    asked: Asked<'_>,
    new_id: &mut (dyn FnMut() -> Uuid + Send),
) -> Result<Sought, PlanError> {
    let Asked { origin, judged_at, .. } = asked;
    let request = Request {
        waybill_no: waybill.waybill_no.as_str().into(),
        order: order_key(&waybill.order),
        stop: waybill.stop,
        zone: target.zone.code.clone(),
        sku_class: waybill.sku_class(),
        load: waybill.load,
        origin,
        excluded_routes: Vec::new(),
    };
    let (forecast, to_come) = forecast(network, plan, &request, asked);
    let mut ids = route_ids(&target.key, &mut plan.routes_opened, new_id);
    let at = judged_at.as_datetime();
    let decision = routing::assign(network, &mut plan.day, &request, at, &forecast, &mut ids)?;
    Sought::of(decision, waybill.kind, to_come, target, judged_at)
}

/// What is to come looks like what the zone's routes carry already; before there is any, like this waybill. How
/// many waybills that is, former days say, where there were any.
fn forecast(
    network: &Network,
    plan: &Plan,
    request: &Request,
    asked: Asked<'_>,
) -> (Forecast, Option<ToCome>) {
    let class = request.sku_class.route_classes().first();
    let observed =
        class.and_then(|class| Forecast::observed(&plan.day, &request.zone, *class, None));
    let seen = observed.unwrap_or_else(|| Forecast::like(request.load));
    let counted = asked.demand.and_then(|demand| {
        let left = cut_off(network, plan.day.key())? - asked.judged_at.as_datetime();
        Some((demand, demand.to_come(&request.zone, left)?))
    });
    match counted {
        Some((demand, to_come)) => (demand.sharpen(seen, &request.zone, to_come), Some(to_come)),
        None => (seen, None),
    }
}

fn cut_off(network: &Network, key: &SlotDayKey) -> Option<DateTime<Utc>> {
    let (depot, timeslot) = network.depot(&key.depot).zip(network.timeslot(&key.timeslot))?;
    Some(routing::cut_off_instant(depot.tz, timeslot.cutoff, key.date))
}

/// New routes are named `DEPOT-YYYYMMDD-SLOT-ZONE-NNN`, numbered within their slot day.
fn route_ids<'a>(
    key: &'a SlotDayKey,
    routes_opened: &'a mut u32,
    new_id: &'a mut (dyn FnMut() -> Uuid + Send),
) -> impl FnMut(&RouteTemplate) -> (RouteId, RouteReference) + 'a {
    move |template| {
        *routes_opened = routes_opened.saturating_add(1);
        (RouteId(new_id()), route_name(key, &template.zone, *routes_opened))
    }
}

/// The name of the `number`-th route that a slot day opened.
pub(super) fn route_name(key: &SlotDayKey, zone: &ZoneCode, number: u32) -> RouteReference {
    let SlotDayKey { depot, date, timeslot } = key;
    format!("{depot}-{}-{timeslot}-{zone}-{number:03}", date.format("%Y%m%d")).into()
}

/// The engine's answer, ready to be stored.
pub(super) struct Sought {
    pub(super) found: Found,
    pub(super) effects: Vec<Effect>,
    /// The waybill's own zone, and the slot day.
    pub(super) target: Option<(ZoneCode, SlotDayKey)>,
    pub(super) explanation: String,
    pub(super) judged_at: Timestamp,
}

/// The explanation, and what the engine was told or need not know.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<ToCome>,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// A pickup takes the room it needs on the truck's way back: it is asked for like any other. Only its
/// explanation says what it is.
fn explained(
    kind: WaybillKind,
    expected: Option<ToCome>,
    explanation: &Explanation,
) -> Result<String, serde_json::Error> {
    let service = match kind {
        WaybillKind::Return => Some("pickup"),
        WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer => None,
    };
    serde_json::to_string(&Explained { service, expected, explanation })
}

/// The explanation where the engine was not asked.
#[derive(Serialize)]
struct Unserved {
    reason: Reason,
    detail: String,
}

impl Sought {
    fn of(
        decision: Decision,
        kind: WaybillKind,
        expected: Option<ToCome>,
        target: &Target<'_>,
        judged_at: Timestamp,
    ) -> Result<Self, PlanError> {
        Ok(Self {
            found: decision.outcome,
            effects: decision.effects,
            target: Some((target.zone.code.clone(), target.key.clone())),
            explanation: explained(kind, expected, &decision.explanation)?,
            judged_at,
        })
    }

    /// The answer where there is nobody to ask.
    pub(super) fn unserved(waybill: &Assignment, judged_at: Timestamp) -> Result<Self, PlanError> {
        let reason = Reason::NoTemplate;
        let detail = format!(
            "the network has no zone for district {} on {}, or no timeslot {}",
            waybill.district, waybill.delivery_date, waybill.timeslot
        );
        Ok(Self {
            found: Found::Unassignable(reason),
            effects: Vec::new(),
            target: None,
            explanation: serde_json::to_string(&Unserved { reason, detail })?,
            judged_at,
        })
    }

    /// Whether a retry learnt nothing that the waybill's present reason does not say.
    pub(super) fn repeats(&self, present: Reason) -> bool {
        match &self.found {
            Found::Assigned(_) => false,
            Found::Unassignable(Reason::CutOffPassed | Reason::DatePast | Reason::Missed) => true,
            Found::Unassignable(reason) => *reason == present,
        }
    }
}
