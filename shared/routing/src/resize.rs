//! Another load for a waybill that keeps its place: an amendment before picking. Never here: whether it may
//! be amended, or a place elsewhere.

use std::sync::Arc;

use crate::class::SkuClass;
use crate::code::TruckTypeCode;
use crate::explain::Rule;
use crate::fit;
use crate::load::Load;
use crate::network::{Network, TruckType};
use crate::state::{Effect, Placement, Route, RouteStatus, SlotDay, StateError};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resized {
    /// The place holds the new load now.
    Done(Vec<Effect>),
    /// Nothing changed: this stands in the way.
    Refused(Rule),
}

/// Gives a placement another load, `to`, of goods of this class. What shrinks is always let go. What grows
/// in any component needs an open route, room in the zone's quota, and a truck that holds it: the present
/// one, or else the cheapest of its ladder that is in the pool.
///
/// # Errors
/// [`StateError`] when the state does not hold the placement. The state must then be dropped.
pub fn resize(
    network: &Network,
    day: &mut SlotDay,
    placement: &Placement,
    to: Load,
    class: SkuClass,
) -> Result<Resized, StateError> {
    let Placement { route: id, load: from, .. } = *placement;
    let route = day.route(id).ok_or(StateError::UnknownRoute { route: id })?;
    let (grown, shrunk) = (to.excess_over(from), from.excess_over(to));
    let zone = route.template.zone.clone();
    let truck = if grown == Load::ZERO {
        None
    } else {
        match room_for(network, day, route, placement, to, class) {
            Ok(truck) => truck,
            Err(rule) => return Ok(Resized::Refused(rule)),
        }
    };
    let mut effects = Vec::with_capacity(6);
    if let Some(truck) = truck {
        effects.extend(exchange(day, placement, &truck)?);
    }
    day.subtract(placement)?;
    day.add(&Placement { load: to, ..placement.clone() })?;
    if shrunk != Load::ZERO {
        effects.push(Effect::ZoneReturned { zone: zone.clone(), load: shrunk });
    }
    if grown != Load::ZERO {
        effects.push(Effect::ZoneTaken { zone, load: grown });
    }
    let expected_version = day.route_mut(id)?.next_version();
    effects.push(Effect::RouteResized { route: id, expected_version, from, to });
    Ok(Resized::Done(effects))
}

/// The truck that is needed for it; `None`: the one that the route has.
fn room_for(
    network: &Network,
    day: &SlotDay,
    route: &Route,
    placement: &Placement,
    to: Load,
    class: SkuClass,
) -> Result<Option<Arc<TruckType>>, Rule> {
    if route.status != RouteStatus::Open {
        return Err(Rule::NotOpen);
    }
    if !class.route_classes().contains(&route.template.class) {
        return Err(Rule::Compartments);
    }
    let after = |used: Load| used.checked_sub(placement.load)?.checked_add(to);
    let zone = day.zone(&route.template.zone).ok_or(Rule::ZoneQuota)?;
    if !after(zone.used()).is_some_and(|used| used.fits(zone.limit())) {
        return Err(Rule::ZoneQuota);
    }
    let load = after(route.load).ok_or(Rule::Weight)?;
    let Err(rule) = fit::check_truck(&route.truck, load, route.stop_count()) else {
        return Ok(None);
    };
    let larger = network.upgrades(&route.truck.code).iter().filter(|truck| {
        day.pool_of(&truck.code).has_free()
            && load.waybills <= fit::waybill_limit(&route.template, truck)
            && fit::check_truck(truck, load, route.stop_count()).is_ok()
    });
    let cheapest = larger.min_by_key(|truck| (truck.cost, truck.code.clone()));
    cheapest.map(|truck| Some(Arc::clone(truck))).ok_or(rule)
}

fn exchange(
    day: &mut SlotDay,
    placement: &Placement,
    truck: &Arc<TruckType>,
) -> Result<[Effect; 3], StateError> {
    let from: TruckTypeCode = day.exchange_truck(placement.route, truck)?;
    let to = truck.code.clone();
    Ok([
        Effect::PoolTaken { truck_type: to.clone() },
        Effect::PoolReturned { truck_type: from.clone() },
        Effect::RouteUpgraded { route: placement.route, from, to },
    ])
}

#[cfg(test)]
mod tests;
