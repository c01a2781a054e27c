//! From an impossible slot-day to a possible one, moving as little as can be: after a quota cut,
//! a truck breakdown or a downgrade; and another try for waybills without a place. Never here:
//! saving cost.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in the board's lists"
)]

use std::sync::Arc;

use super::MoveSet;
use super::board::{Board, RouteIx, WaybillIx};
use super::loose::{by_door, unload_until_fits};
use crate::assign::RouteIds;
use crate::code::{TruckTypeCode, ZoneCode};
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};

/// Each set takes one waybill or one route out of trouble.
pub(super) fn run(
    board: &mut Board<'_>,
    ids: &mut dyn RouteIds,
    sets: &mut Vec<MoveSet>,
    keep_going: &mut dyn FnMut() -> bool,
) {
    for zone in board.zones() {
        while keep_going() && mend_quota(board, &zone) {
            sets.extend(board.commit(ids));
        }
    }
    for truck_type in board.pool_deficits() {
        while keep_going() && mend_pool(board, &truck_type) {
            sets.extend(board.commit(ids));
        }
    }
    for route in 0..board.routes.len() {
        if keep_going() && mend_load(board, route) {
            sets.extend(board.commit(ids));
        }
    }
    let waiting = waiting(board);
    seat(board, waiting, ids, sets, keep_going);
}

/// Another try for waybills without a place, each in a set of its own.
pub(super) fn seat(
    board: &mut Board<'_>,
    waiting: Vec<WaybillIx>,
    ids: &mut dyn RouteIds,
    sets: &mut Vec<MoveSet>,
    keep_going: &mut dyn FnMut() -> bool,
) {
    for waybill in waiting {
        if keep_going() && place(board, waybill) {
            sets.extend(board.commit(ids));
        }
    }
}

/// Everybody without a place that may have one, the most important first.
pub(super) fn waiting(board: &Board<'_>) -> Vec<WaybillIx> {
    let waits =
        |waybill: &WaybillIx| board.at[*waybill].is_none() && !board.waybills[*waybill].fixed;
    let mut waiting: Vec<WaybillIx> = (0..board.waybills.len()).filter(waits).collect();
    waiting.sort_by_key(|waybill| board.waybills[*waybill].priority);
    waiting
}

/// Moves one waybill out of a zone whose bucket was cut below its use: to a neighbour if one has
/// room, else off. The least important goes first, then the one that frees most of what lacks.
fn mend_quota(board: &mut Board<'_>, zone: &ZoneCode) -> bool {
    let deficit = board.quota_deficit(zone);
    if deficit == Load::ZERO {
        return false;
    }
    let frees = |load: Load| {
        load.waybills.min(deficit.waybills) > 0
            || load.dry_ml.min(deficit.dry_ml) > 0
            || load.frozen_ml.min(deficit.frozen_ml) > 0
            || load.weight_g.min(deficit.weight_g) > 0
    };
    let candidates = board.open_routes(zone).flat_map(|route| board.routes[route].waybills.clone());
    let best = candidates
        .filter(|waybill| board.is_movable(*waybill) && frees(board.waybills[*waybill].load))
        .max_by_key(|waybill| {
            let wanted = &board.waybills[*waybill];
            let helps = helpfulness(wanted.load, deficit);
            (wanted.priority, !wanted.promised, helps, std::cmp::Reverse(*waybill))
        });
    let Some(waybill) = best else { return false };
    let from = board.at[waybill];
    board.take(waybill);
    place(board, waybill);
    from.into_iter().for_each(|route| close_if_empty(board, route));
    true
}

/// How much of the deficit a load takes away, in thousandths summed over the resources.
fn helpfulness(load: Load, deficit: Load) -> u64 {
    let part =
        |has: u64, lacks: u64| has.min(lacks).saturating_mul(1_000).checked_div(lacks).unwrap_or(0);
    part(load.waybills.into(), deficit.waybills.into())
        + part(load.dry_ml, deficit.dry_ml)
        + part(load.frozen_ml, deficit.frozen_ml)
        + part(load.weight_g, deficit.weight_g)
}

pub(super) fn close_if_empty(board: &mut Board<'_>, route: RouteIx) {
    let line = &board.routes[route];
    if line.is_alive && line.is_open && line.waybills.is_empty() {
        board.close(route);
    }
}

/// Frees one truck of a type of which more are out than there are: a route whose waybills all find
/// a place elsewhere gives way; else one gets another truck; else the route gives way that leaves
/// fewest waybills without a place.
fn mend_pool(board: &mut Board<'_>, truck_type: &TruckTypeCode) -> bool {
    if board.pool(truck_type).deficit() == 0 {
        return false;
    }
    let mut routes: Vec<RouteIx> = (0..board.routes.len())
        .filter(|route| {
            let line = &board.routes[*route];
            line.is_alive && line.is_open && line.truck.code == *truck_type
        })
        .collect();
    routes.sort_by_cached_key(|route| crowding(board, *route));
    let mut trials: Vec<(Loss, RouteIx)> = Vec::new();
    for route in &routes {
        if trials.len() < MOST_TRIALS && may_give_way(board, *route) {
            trials.push((loss_of(board, *route), *route));
        }
    }
    let best = trials.into_iter().min();
    if let Some((loss, route)) = best
        && loss.waybills == 0
    {
        return give_up(board, route);
    }
    let mut swaps = Vec::new();
    for route in routes {
        swaps.extend(other_truck(board, route).map(|truck| (route, truck)));
    }
    let swap = swaps.into_iter().min_by_key(|(_, truck)| truck.cost);
    if let Some((route, truck)) = swap {
        board.set_truck(route, &truck);
        return true;
    }
    best.is_some_and(|(_, route)| give_up(board, route))
}

/// Routes tried before one of them gives way: those whose waybills are likeliest to find a place.
const MOST_TRIALS: usize = 24;

/// What giving up a route would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    /// Left without a place.
    waybills: usize,
    fleet_cost: i64,
}

/// Waybills of a route for which the other routes of its zone have no number free.
fn crowding(board: &Board<'_>, route: RouteIx) -> i64 {
    let line = &board.routes[route];
    let zone = line.template.zone.clone();
    let free = board.open_routes(&zone).filter(|other| *other != route).map(|other| {
        let other = &board.routes[other];
        let most = crate::fit::waybill_limit(&other.template, &other.truck);
        i64::from(most.saturating_sub(other.load.waybills))
    });
    i64::from(line.load.waybills).saturating_sub(free.sum())
}

fn may_give_way(board: &Board<'_>, route: RouteIx) -> bool {
    board.routes[route].waybills.iter().all(|waybill| board.is_movable(*waybill))
}

/// By trial; the board is as before.
fn loss_of(board: &mut Board<'_>, route: RouteIx) -> Loss {
    let waybills = board.routes[route].waybills.clone();
    let before = board.fleet_cost();
    give_up(board, route);
    let waybills = waybills.iter().filter(|waybill| board.at[**waybill].is_none()).count();
    let fleet_cost = board.fleet_cost().saturating_sub(before);
    board.rollback();
    Loss { waybills, fleet_cost }
}

/// The cheapest other truck that the template allows, the pool has and the load fits.
fn other_truck(board: &mut Board<'_>, route: RouteIx) -> Option<Arc<TruckType>> {
    let template = Arc::clone(&board.routes[route].template);
    let present = Arc::clone(&board.routes[route].truck);
    let mut best: Option<Arc<TruckType>> = None;
    for truck in trucks_of(board, &template) {
        let is_free = truck.code != present.code && board.pool(&truck.code).has_free();
        if !is_free || best.as_ref().is_some_and(|best| best.cost <= truck.cost) {
            continue;
        }
        board.routes[route].truck = Arc::clone(&truck);
        if board.fits(route) {
            best = Some(truck);
        }
        board.routes[route].truck = Arc::clone(&present);
    }
    best
}

fn trucks_of(board: &Board<'_>, template: &RouteTemplate) -> Vec<Arc<TruckType>> {
    let code = &template.default_truck_type;
    let own = board.network.truck_type(code).into_iter().chain(board.network.upgrades(code));
    own.map(Arc::clone).collect()
}

/// Closes a route; what finds no other place stays without one.
fn give_up(board: &mut Board<'_>, route: RouteIx) -> bool {
    if !may_give_way(board, route) {
        return false;
    }
    let waybills = board.routes[route].waybills.clone();
    waybills.iter().for_each(|waybill| board.take(*waybill));
    board.close(route);
    place_doors(board, &waybills);
    true
}

fn place_doors(board: &mut Board<'_>, loose: &[WaybillIx]) {
    for door in by_door(board, loose) {
        for waybill in door {
            place(board, waybill);
        }
    }
}

/// A route whose truck does not hold its load gets a larger truck, or loses the largest waybills.
fn mend_load(board: &mut Board<'_>, route: RouteIx) -> bool {
    if !board.routes[route].is_alive || !board.routes[route].is_open || board.fits(route) {
        return false;
    }
    if let Some(truck) = other_truck(board, route) {
        board.set_truck(route, &truck);
        return true;
    }
    let mut loose = Vec::new();
    unload_until_fits(board, route, &mut loose);
    place_doors(board, &loose);
    close_if_empty(board, route);
    true
}

/// A place for one waybill: a route with room, the same door first; else the cheaper of a larger
/// truck and a new route. Its own zone before the neighbours.
fn place(board: &mut Board<'_>, waybill: WaybillIx) -> bool {
    let zones = zones_for(board, waybill);
    zones.into_iter().any(|zone| join(board, waybill, &zone) || buy(board, waybill, &zone))
}

/// The zones that may serve a waybill, its own first.
pub(super) fn zones_for(board: &Board<'_>, waybill: WaybillIx) -> Vec<ZoneCode> {
    let home = board.waybills[waybill].zone.clone();
    let neighbours = board.network.zone(&home).map(|zone| zone.neighbours.clone());
    std::iter::once(home).chain(neighbours.into_iter().flatten()).collect()
}

/// Onto a route of the zone that has room, the same door first.
pub(super) fn join(board: &mut Board<'_>, waybill: WaybillIx, zone: &ZoneCode) -> bool {
    let stop = board.waybills[waybill].stop;
    let best =
        board.open_routes(zone).filter(|route| board.admits(*route, waybill)).min_by_key(|route| {
            let line = &board.routes[*route];
            let knows = line.doors.contains(stop);
            (!knows, !board.prefers(waybill, *route), std::cmp::Reverse(line.load.waybills))
        });
    if let Some(route) = best {
        board.put(waybill, route);
    }
    best.is_some()
}

fn buy(board: &mut Board<'_>, waybill: WaybillIx, zone: &ZoneCode) -> bool {
    let mut best: Option<(u64, Purchase)> = None;
    let mut consider = |cost: u64, purchase: Purchase| {
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, purchase));
        }
    };
    let routes: Vec<RouteIx> = board.open_routes(zone).collect();
    for route in routes {
        let present = Arc::clone(&board.routes[route].truck);
        for truck in board.network.upgrades(&present.code) {
            if !board.pool(&truck.code).has_free() {
                continue;
            }
            board.routes[route].truck = Arc::clone(truck);
            if board.admits(route, waybill) {
                let cost = truck.cost.saturating_sub(present.cost);
                consider(cost, Purchase::Upgrade(route, Arc::clone(truck)));
            }
        }
        board.routes[route].truck = present;
    }
    for class in board.waybills[waybill].sku_class.route_classes() {
        for template in board.network.templates(zone, &board.timeslot.clone(), *class) {
            let fits = |truck: &Arc<TruckType>| {
                board.pool(&truck.code).has_free() && board.fits_alone(waybill, template, truck)
            };
            for truck in trucks_of(board, template).into_iter().filter(fits) {
                consider(truck.cost, Purchase::Open(Arc::clone(template), truck));
            }
        }
    }
    let Some((_, purchase)) = best else { return false };
    purchase.carry_out(board, waybill);
    true
}

enum Purchase {
    Upgrade(RouteIx, Arc<TruckType>),
    Open(Arc<RouteTemplate>, Arc<TruckType>),
}

impl Purchase {
    fn carry_out(self, board: &mut Board<'_>, waybill: WaybillIx) {
        let route = match self {
            Self::Upgrade(route, truck) => {
                board.set_truck(route, &truck);
                route
            }
            Self::Open(template, truck) => board.open(&template, &truck),
        };
        board.put(waybill, route);
    }
}
