//! Carries a set of moves out on a slot-day that may have changed since the set was found: as a
//! whole, with every hard rule asked again. Never here: how a set is found, or what is stored.

use std::collections::{BTreeMap, BTreeSet};

use super::{Move, MoveSet, OpenedRoute, Planned, TruckChange};
use crate::code::{TruckTypeCode, WaybillNo, ZoneCode};
use crate::fit;
use crate::key::RouteId;
use crate::load::Load;
use crate::network::Network;
use crate::state::{Placement, Route, RouteStatus, SlotDay, StateError};

/// A set does not apply any more: drop it and those behind it, and look again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outdated {
    #[error("route {} changed, is gone or is not open any more", .route.0)]
    Route { route: RouteId },
    #[error("waybill {waybill_no} is elsewhere by now, or may not be moved")]
    Waybill { waybill_no: WaybillNo },
    #[error("zone {zone} has no room any more")]
    Quota { zone: ZoneCode },
    #[error("no {truck_type} is to be had any more")]
    Pool { truck_type: TruckTypeCode },
    #[error("route {} would carry more than it may", .route.0)]
    Load { route: RouteId },
    #[error(transparent)]
    State(#[from] StateError),
}

/// Changes `day` as the set says. `waybills` are at least those that it moves, as they stand now.
/// Every route that it touches gets its next version, once.
///
/// # Errors
/// [`Outdated`]; the day may then be half changed: drop it.
pub fn carry_out(
    network: &Network,
    day: &mut SlotDay,
    set: &MoveSet,
    waybills: &[Planned],
) -> Result<(), Outdated> {
    check_routes(day, set)?;
    let steps = steps(set, waybills)?;
    let before = Excess::of(day);
    for opened in &set.opened {
        open(network, day, opened)?;
    }
    for change in &set.trucks {
        exchange(network, day, change)?;
    }
    for (step, waybill) in &steps {
        if let Some(from) = step.from {
            day.subtract(&placement(waybill, from))?;
        }
    }
    for (step, waybill) in &steps {
        if let Some(to) = step.to {
            check_serves(network, day, waybill, to)?;
            day.add(&placement(waybill, to))?;
        }
    }
    close(day, set)?;
    let touched = set.expected.iter().map(|(route, _)| *route);
    for route in touched.chain(set.opened.iter().map(|opened| opened.route)) {
        if !set.closed.contains(&route) {
            let _before = day.route_mut(route)?.next_version();
        }
    }
    before.check(day)?;
    check_loads(day, set)
}

fn check_routes(day: &SlotDay, set: &MoveSet) -> Result<(), Outdated> {
    for (id, version) in &set.expected {
        let is_as_expected =
            |route: &Route| route.version() == *version && route.status() == RouteStatus::Open;
        if !day.route(*id).is_some_and(is_as_expected) {
            return Err(Outdated::Route { route: *id });
        }
    }
    Ok(())
}

/// Each move with its waybill, which is where the set found it and may be moved.
fn steps<'a>(
    set: &'a MoveSet,
    waybills: &'a [Planned],
) -> Result<Vec<(&'a Move, &'a Planned)>, Outdated> {
    let known: BTreeMap<&WaybillNo, &Planned> =
        waybills.iter().map(|waybill| (&waybill.waybill_no, waybill)).collect();
    let step = |step: &'a Move| {
        let waybill = known.get(&step.waybill_no).copied();
        let waybill = waybill.filter(|waybill| !waybill.fixed && waybill.place == step.from);
        let gone = || Outdated::Waybill { waybill_no: step.waybill_no.clone() };
        waybill.map(|waybill| (step, waybill)).ok_or_else(gone)
    };
    set.moves.iter().map(step).collect()
}

fn placement(waybill: &Planned, route: RouteId) -> Placement {
    Placement { route, order: waybill.order, stop: waybill.stop, load: waybill.load }
}

fn open(network: &Network, day: &mut SlotDay, opened: &OpenedRoute) -> Result<(), Outdated> {
    let OpenedRoute { route, reference, template, truck_type } = opened.clone();
    let Some(template) = network.template(&template) else {
        return Err(StateError::UnknownTemplate { template }.into());
    };
    let Some(truck) = network.truck_type(&truck_type) else {
        return Err(StateError::UnknownTruckType { truck_type }.into());
    };
    Ok(day.insert_route(Route::open(route, reference, template.clone(), truck.clone()))?)
}

fn exchange(network: &Network, day: &mut SlotDay, change: &TruckChange) -> Result<(), Outdated> {
    let Some(truck) = network.truck_type(&change.to) else {
        return Err(StateError::UnknownTruckType { truck_type: change.to.clone() }.into());
    };
    let before = day.exchange_truck(change.route, truck)?;
    if before == change.from { Ok(()) } else { Err(Outdated::Route { route: change.route }) }
}

/// The zone serves the waybill, and the route its class of goods.
fn check_serves(
    network: &Network,
    day: &SlotDay,
    waybill: &Planned,
    to: RouteId,
) -> Result<(), Outdated> {
    let route = day.route(to).ok_or(Outdated::Route { route: to })?;
    let template = route.template();
    let neighbours = network.zone(&waybill.zone).map(|zone| zone.neighbours.as_slice());
    let serves = template.zone == waybill.zone
        || neighbours.is_some_and(|zones| zones.contains(&template.zone));
    let takes = waybill.sku_class.route_classes().contains(&template.class)
        && !waybill.excluded_routes.contains(&to);
    if serves && takes {
        Ok(())
    } else {
        Err(Outdated::Waybill { waybill_no: waybill.waybill_no.clone() })
    }
}

fn close(day: &mut SlotDay, set: &MoveSet) -> Result<(), Outdated> {
    for id in &set.closed {
        let is_empty = day.route(*id).is_some_and(|route| route.load() == Load::ZERO);
        if !is_empty {
            return Err(Outdated::Route { route: *id });
        }
        day.remove_route(*id)?;
    }
    Ok(())
}

/// What is beyond the limits already. A set may make that less, never more.
struct Excess {
    zones: BTreeMap<ZoneCode, Load>,
    pool: BTreeMap<TruckTypeCode, u32>,
}

impl Excess {
    fn of(day: &SlotDay) -> Self {
        Self {
            zones: day.zones().map(|(code, zone)| (code.clone(), zone.deficit())).collect(),
            pool: day.pool().map(|(code, pool)| (code.clone(), pool.deficit())).collect(),
        }
    }

    fn check(&self, day: &SlotDay) -> Result<(), Outdated> {
        for (code, zone) in day.zones() {
            let before = self.zones.get(code).copied().unwrap_or(Load::ZERO);
            if zone.deficit().excess_over(before) != Load::ZERO {
                return Err(Outdated::Quota { zone: code.clone() });
            }
        }
        for (code, pool) in day.pool() {
            if pool.deficit() > self.pool.get(code).copied().unwrap_or(0) {
                return Err(Outdated::Pool { truck_type: code.clone() });
            }
        }
        Ok(())
    }
}

/// Routes that got a waybill or another truck hold what they carry.
fn check_loads(day: &SlotDay, set: &MoveSet) -> Result<(), Outdated> {
    let filled = set.moves.iter().filter_map(|step| step.to);
    let exchanged = set.trucks.iter().map(|change| change.route);
    for id in filled.chain(exchanged).collect::<BTreeSet<_>>() {
        let Some(route) = day.route(id) else { continue };
        let (template, truck, load) = (route.template(), route.truck(), route.load());
        let holds = load.waybills <= fit::waybill_limit(template, truck)
            && fit::check_truck(truck, load, route.stop_count()).is_ok();
        if !holds {
            return Err(Outdated::Load { route: id });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
