//! A waybill to the route that a person named: every hard rule, and no choice.
//!
//! What the waybill has elsewhere in the slot day counts as free for it, so that it can be moved
//! within a full zone and its last van can make room for a larger truck. Nothing changes unless
//! everything fits. Never here: who may ask, a pin, or a lock to be respected; those are the
//! caller's.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::search::route_candidate;
use super::{Decision, Reason, Request, apply, check_request, judge, refuse_as_late};
use crate::code::TruckTypeCode;
use crate::explain::{Rule, Step, Trace, Verdict};
use crate::fit;
use crate::key::RouteId;
use crate::load::Load;
use crate::network::{Network, TruckType};
use crate::release::release;
use crate::state::{Effect, Placement, Route, RouteStatus, SlotDay, StateError};

/// What keeps a waybill from the route that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The clock.
    Late(Reason),
    /// A rule.
    Rule(Rule),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shifted {
    /// It is on the named route now. `freed`: what giving back the old place did, which comes first.
    Done {
        /// Effects of the old place; none where there was none.
        freed: Vec<Effect>,
        /// The new place, with its effects and its explanation.
        decision: Box<Decision>,
    },
    /// Nothing changed.
    Refused(Obstacle),
}

/// Puts a waybill on the route `to` of its slot day, and gives back the place `from` that it has there.
/// With `may_upgrade` the route may get the cheapest larger truck of its ladder that is in the pool.
///
/// # Errors
/// [`StateError`] when network, state and request do not belong together. The state must then be
/// dropped.
pub fn shift(
    network: &Network,
    day: &mut SlotDay,
    from: Option<&Placement>,
    request: &Request,
    to: RouteId,
    may_upgrade: bool,
    judged_at: DateTime<Utc>,
) -> Result<Shifted, StateError> {
    check_request(day, request)?;
    let (cut_off, timeliness) = judge(network, day, judged_at)?;
    if let Some(reason) = refuse_as_late(timeliness, request.origin) {
        return Ok(Shifted::Refused(Obstacle::Late(reason)));
    }
    let route = day.route(to).ok_or(StateError::UnknownRoute { route: to })?;
    let larger = match room_on(network, day, from, request, route, may_upgrade) {
        Ok(larger) => larger,
        Err(rule) => return Ok(Shifted::Refused(Obstacle::Rule(rule))),
    };
    let truck = larger.as_ref().unwrap_or(&route.truck);
    let zone = &route.template.zone;
    let chosen = route_candidate(Step::Named, zone, route, truck, Verdict::Feasible);
    let freed = match from {
        Some(placement) => release(day, placement)?,
        None => Vec::new(),
    };
    let explanation = Trace::new().into_explanation(judged_at, cut_off);
    let decision = apply::join(day, request, chosen, (to, larger), explanation)?;
    Ok(Shifted::Done { freed, decision: Box::new(decision) })
}

/// The larger truck that is needed for it; `None`: the route's own will do.
fn room_on(
    network: &Network,
    day: &SlotDay,
    from: Option<&Placement>,
    request: &Request,
    route: &Route,
    may_upgrade: bool,
) -> Result<Option<Arc<TruckType>>, Rule> {
    check_route(network, from, request, route)?;
    check_quota(day, from, request, route)?;
    let load = route.load.checked_add(request.load).ok_or(Rule::Weight)?;
    let is_known = route.stops.contains(request.stop);
    let stops = route.stop_count().saturating_add(u32::from(!is_known));
    let check = |truck: &TruckType| {
        if load.waybills > fit::waybill_limit(&route.template, truck) {
            return Err(Rule::WaybillQuota);
        }
        fit::check_truck(truck, load, stops)
    };
    let Err(rule) = check(&route.truck) else {
        return Ok(None);
    };
    if !may_upgrade {
        return Err(rule);
    }
    let given_back = from.and_then(|placement| truck_given_back(day, placement));
    let is_there = |truck: &TruckType| {
        day.pool_of(&truck.code).has_free() || comes_free(day, given_back, truck)
    };
    let larger = network.upgrades(&route.truck.code).iter();
    let fitting: Vec<&Arc<TruckType>> = larger.filter(|truck| check(truck).is_ok()).collect();
    let there = fitting.iter().filter(|truck| is_there(truck));
    match there.min_by_key(|truck| (truck.cost, truck.code.clone())) {
        Some(truck) => Ok(Some(Arc::clone(truck))),
        None if fitting.is_empty() => Err(rule),
        None => Err(Rule::Pool),
    }
}

fn check_route(
    network: &Network,
    from: Option<&Placement>,
    request: &Request,
    route: &Route,
) -> Result<(), Rule> {
    let is_there = from.is_some_and(|placement| placement.route == route.id);
    if is_there || request.excluded_routes.contains(&route.id) {
        return Err(Rule::Excluded);
    }
    if route.status != RouteStatus::Open {
        return Err(Rule::NotOpen);
    }
    let zone = &route.template.zone;
    let home = network.zone(&request.zone);
    if *zone != request.zone && !home.is_some_and(|home| home.neighbours.contains(zone)) {
        return Err(Rule::ForeignZone);
    }
    if !request.sku_class.route_classes().contains(&route.template.class) {
        return Err(Rule::RouteClass);
    }
    Ok(())
}

/// Within one zone the waybill takes what it gives back.
fn check_quota(
    day: &SlotDay,
    from: Option<&Placement>,
    request: &Request,
    route: &Route,
) -> Result<(), Rule> {
    let zone = &route.template.zone;
    let own = from.filter(|placement| {
        day.route(placement.route).is_some_and(|old| old.template.zone == *zone)
    });
    let own = own.map_or(Load::ZERO, |placement| placement.load);
    let bucket = day.zone(zone).ok_or(Rule::ForeignZone)?;
    let rest = bucket.used().checked_sub(own).ok_or(Rule::ZoneQuota)?;
    let after = rest.checked_add(request.load).ok_or(Rule::ZoneQuota)?;
    if after.fits(bucket.limit()) { Ok(()) } else { Err(Rule::ZoneQuota) }
}

/// The truck that returns to the pool when the placement was the route's last and the truck is in the yard.
fn truck_given_back<'a>(day: &'a SlotDay, placement: &Placement) -> Option<&'a TruckTypeCode> {
    let route = day.route(placement.route)?;
    let in_the_yard = matches!(route.status, RouteStatus::Open | RouteStatus::Locked);
    (in_the_yard && route.load.waybills <= placement.load.waybills).then_some(&route.truck.code)
}

/// Whether giving back leaves a truck of this type to be had.
fn comes_free(day: &SlotDay, given_back: Option<&TruckTypeCode>, truck: &TruckType) -> bool {
    let pool = day.pool_of(&truck.code);
    given_back == Some(&truck.code) && pool.used <= pool.limit
}

#[cfg(test)]
mod tests;
