//! Carries out a plan on the state and writes down what changed. Never here: doubt; the search
//! has checked that the plan fits.

use std::sync::Arc;

use super::search::Found;
use super::{Assignment, Decision, Outcome, Plan, Request, RouteIds};
use crate::code::{RouteReference, TruckTypeCode};
use crate::explain::{Candidate, Explanation, QuotaChange, RouteChange};
use crate::key::RouteId;
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};
use crate::state::{Effect, Placement, Route, SlotDay, StateError};

pub(super) fn apply(
    day: &mut SlotDay,
    request: &Request,
    found: Found,
    ids: &mut dyn RouteIds,
    explanation: Explanation,
) -> Result<Decision, StateError> {
    let Found { plan, chosen } = found;
    let mut effects = Vec::with_capacity(5);
    let prepared = prepare_route(day, plan, ids, &mut effects)?;
    settle(day, request, chosen, prepared, effects, explanation)
}

/// The same for an open route that has room, with `larger` in place of its truck where that is needed.
pub(super) fn join(
    day: &mut SlotDay,
    request: &Request,
    chosen: Candidate,
    (route, larger): (RouteId, Option<Arc<TruckType>>),
    explanation: Explanation,
) -> Result<Decision, StateError> {
    let mut effects = Vec::with_capacity(5);
    let prepared = match larger {
        Some(truck) => upgrade(day, route, &truck, &mut effects)?,
        None => (route, day.route(route).map(|route| route.truck.code.clone())),
    };
    settle(day, request, chosen, prepared, effects, explanation)
}

fn settle(
    day: &mut SlotDay,
    request: &Request,
    chosen: Candidate,
    (route, truck_type_before): (RouteId, Option<TruckTypeCode>),
    mut effects: Vec<Effect>,
    explanation: Explanation,
) -> Result<Decision, StateError> {
    let placement =
        Placement { route, order: request.order, stop: request.stop, load: request.load };
    let (reference, change) = place(day, &placement, truck_type_before, &mut effects)?;
    let (zone, step) = (chosen.zone.clone(), chosen.step);
    let assignment = Assignment { route, reference, zone, step };
    let quota = day.zone(&chosen.zone).map(|zone| QuotaChange {
        zone: chosen.zone.clone(),
        limit: zone.limit(),
        before: zone.used().checked_sub(request.load).unwrap_or(Load::ZERO),
        after: zone.used(),
    });
    Ok(Decision {
        waybill_no: request.waybill_no.clone(),
        outcome: Outcome::Assigned(assignment),
        effects,
        explanation: Explanation {
            chosen: Some(chosen),
            quota,
            route: Some(change),
            ..explanation
        },
    })
}

/// Makes the route ready to take the waybill; answers it with the truck type it had before.
fn prepare_route(
    day: &mut SlotDay,
    plan: Plan,
    ids: &mut dyn RouteIds,
    effects: &mut Vec<Effect>,
) -> Result<(RouteId, Option<TruckTypeCode>), StateError> {
    match plan {
        Plan::Join { route } => {
            let truck_type = day.route(route).map(|route| route.truck.code.clone());
            Ok((route, truck_type))
        }
        Plan::Upgrade { route, to } => upgrade(day, route, &to, effects),
        Plan::Open { template, truck } => open(day, template, truck, ids, effects),
    }
}

fn upgrade(
    day: &mut SlotDay,
    route: RouteId,
    truck: &Arc<TruckType>,
    effects: &mut Vec<Effect>,
) -> Result<(RouteId, Option<TruckTypeCode>), StateError> {
    let from = day.exchange_truck(route, truck)?;
    let to = truck.code.clone();
    effects.push(Effect::PoolTaken { truck_type: to.clone() });
    effects.push(Effect::PoolReturned { truck_type: from.clone() });
    effects.push(Effect::RouteUpgraded { route, from: from.clone(), to });
    Ok((route, Some(from)))
}

fn open(
    day: &mut SlotDay,
    template: Arc<RouteTemplate>,
    truck: Arc<TruckType>,
    ids: &mut dyn RouteIds,
    effects: &mut Vec<Effect>,
) -> Result<(RouteId, Option<TruckTypeCode>), StateError> {
    let (route, reference) = ids.next(&template);
    let (code, truck_type) = (template.code.clone(), truck.code.clone());
    day.insert_route(Route::open(route, reference, template, truck))?;
    effects.push(Effect::PoolTaken { truck_type: truck_type.clone() });
    effects.push(Effect::RouteOpened { route, template: code, truck_type });
    Ok((route, None))
}

fn place(
    day: &mut SlotDay,
    placement: &Placement,
    truck_type_before: Option<TruckTypeCode>,
    effects: &mut Vec<Effect>,
) -> Result<(RouteReference, RouteChange), StateError> {
    let Placement { route: id, load, stop, .. } = *placement;
    let new_stop = day.add(placement)?;
    let route = day.route_mut(id)?;
    let expected_version = route.next_version();
    effects.push(Effect::ZoneTaken { zone: route.template.zone.clone(), load });
    effects.push(Effect::RouteFilled { route: id, expected_version, load, stop, new_stop });
    let change = RouteChange {
        route: id,
        truck_type_before,
        truck_type_after: route.truck.code.clone(),
        load_before: route.load.checked_sub(load).unwrap_or(Load::ZERO),
        load_after: route.load,
        stops_before: route.stop_count().saturating_sub(u32::from(new_stop)),
        stops_after: route.stop_count(),
    };
    Ok((route.reference.clone(), change))
}
