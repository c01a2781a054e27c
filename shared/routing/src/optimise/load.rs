//! Loads the waybills of a group of routes onto a given fleet, from scratch and on paper: what it
//! answers is not on the board yet.
//!
//! Vector bin packing by descending size with balance: the largest goods first, each onto the truck
//! that has most volume left for each waybill that it may still take. Trucks short of volume are so
//! left to the small goods and roomy ones get the large, and all run out of both together (compare
//! the dot-product rule of Panigrahy, Talwar, Uyeda and Wieder 2011). Goods of both kinds go before
//! frozen ones and these before dry ones, since they have less choice. Doors stay whole where they
//! can. Never here: which fleet, or the board.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill, route and truck numbers are positions in the lists they index"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Planned;
use super::board::{Board, RouteIx, WaybillIx};
use super::repair::close_if_empty;
use crate::class::{RouteClass, SkuClass};
use crate::fit;
use crate::fleet::Fleet;
use crate::key::StopKey;
use crate::load::Load;
use crate::network::{Profile, RouteTemplate, TruckType};
use crate::pricing::{MILLI, Typical};

/// A truck of the fleet, with the route that it goes to if that exists already, and its waybills.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) route: Option<RouteIx>,
    pub(super) template: Arc<RouteTemplate>,
    pub(super) truck: Arc<TruckType>,
    pub(super) waybills: Vec<WaybillIx>,
}

/// A truck while it is being loaded.
#[derive(Clone, Debug)]
struct Bin {
    loaded: Loaded,
    /// What it may still take, in the set-up that it has.
    left: Load,
    stops_left: u32,
    doors: BTreeSet<StopKey>,
}

/// Waybills of one door and one class of goods.
#[derive(Clone, Debug)]
pub(super) struct Door {
    stop: StopKey,
    goods: SkuClass,
    load: Load,
    waybills: Vec<WaybillIx>,
}

/// What can leave these routes, and what waits beside them: goods of both kinds, frozen ones, dry
/// ones; within each the largest first.
pub(super) fn doors(board: &Board<'_>, group: &[RouteIx], waiting: &[WaybillIx]) -> Vec<Door> {
    let carried = group.iter().flat_map(|route| &board.routes[*route].waybills);
    let mut doors: BTreeMap<(StopKey, SkuClass), Door> = BTreeMap::new();
    for waybill in carried.chain(waiting).copied().filter(|waybill| board.is_movable(*waybill)) {
        let Planned { stop, load, .. } = board.waybills[waybill];
        let goods = SkuClass::of(load);
        let door = doors.entry((stop, goods)).or_insert_with(|| Door {
            stop,
            goods,
            load: Load::ZERO,
            waybills: Vec::new(),
        });
        door.load = door.load.checked_add(load).unwrap_or(door.load);
        door.waybills.push(waybill);
    }
    let mut doors: Vec<Door> = doors.into_values().collect();
    doors.sort_by_key(|door| {
        let choice = match door.goods {
            SkuClass::Mixed => 0_u8,
            SkuClass::Frozen => 1,
            SkuClass::Dry => 2,
        };
        (choice, std::cmp::Reverse(door.load.dry_ml.saturating_add(door.load.frozen_ml)))
    });
    doors
}

/// Where the doors go. `None` when the fleet cannot be loaded this way.
pub(super) fn plan(
    board: &Board<'_>,
    group: &[RouteIx],
    doors: &[Door],
    fleet: &Fleet,
    typical: &Typical,
) -> Option<Vec<Loaded>> {
    let mut bins: Vec<Bin> = (0..fleet.trucks.len()).filter_map(|at| Bin::of(fleet, at)).collect();
    for route in group {
        bind(board, *route, &mut bins)?;
    }
    for door in doors {
        if put(board, &mut bins, door, typical) {
            continue;
        }
        for waybill in &door.waybills {
            let (load, waybills) = (board.waybills[*waybill].load, vec![*waybill]);
            if !put(board, &mut bins, &Door { load, waybills, ..*door }, typical) {
                return None;
            }
        }
    }
    Some(name_routes(board, group, bins))
}

impl Bin {
    fn of(fleet: &Fleet, at: usize) -> Option<Self> {
        let (template, truck) = fleet.trucks.get(at)?;
        let Profile { dry_ml, frozen_ml } = *fleet.set_ups.get(at)?;
        let left = Load {
            waybills: fit::waybill_limit(template, truck),
            dry_ml,
            frozen_ml: if template.class == RouteClass::Dry { 0 } else { frozen_ml },
            weight_g: truck.max_weight_g,
        };
        let (template, truck) = (Arc::clone(template), Arc::clone(truck));
        let stops_left = truck.max_stops;
        let loaded = Loaded { route: None, template, truck, waybills: Vec::new() };
        Some(Self { loaded, left, stops_left, doors: BTreeSet::new() })
    }

    fn admits(&self, load: Load, stop: StopKey) -> bool {
        load.fits(self.left) && (self.stops_left > 0 || self.doors.contains(&stop))
    }

    fn take(&mut self, load: Load, stop: StopKey) -> Option<()> {
        self.left = self.left.checked_sub(load)?;
        if self.doors.insert(stop) {
            self.stops_left = self.stops_left.checked_sub(1)?;
        }
        Some(())
    }

    /// Volume for these goods for each waybill that the truck may still take, in ml; weight counts
    /// as the volume that usually weighs so much.
    fn room_for_each(&self, goods: SkuClass, typical: &Typical) -> u64 {
        let volume = match goods {
            SkuClass::Dry => self.left.dry_ml,
            SkuClass::Frozen => self.left.frozen_ml,
            SkuClass::Mixed => self.left.dry_ml.min(self.left.frozen_ml),
        };
        let usual = typical.dry_ml.saturating_add(typical.frozen_ml);
        let by_weight = self.left.weight_g.saturating_mul(usual).checked_div(typical.weight_g);
        let stops = u64::from(self.stops_left).saturating_mul(MILLI);
        let by_stops = stops.checked_div(typical.stops_milli).unwrap_or(u64::MAX);
        let slots = u64::from(self.left.waybills).min(by_stops).max(1);
        volume.min(by_weight.unwrap_or(u64::MAX)).saturating_mul(MILLI) / slots
    }
}

/// What cannot leave a route stays on board: the route gets a truck of its template that holds it,
/// the same as now if there is one. `None` when there is none.
fn bind(board: &Board<'_>, route: RouteIx, bins: &mut [Bin]) -> Option<()> {
    let line = &board.routes[route];
    let stays = || line.waybills.iter().copied().filter(|waybill| !board.is_movable(*waybill));
    if stays().next().is_none() {
        return Some(());
    }
    let mut stays_load = Load::ZERO;
    let mut doors = BTreeSet::new();
    for waybill in stays() {
        stays_load = stays_load.checked_add(board.waybills[waybill].load)?;
        doors.insert(board.waybills[waybill].stop);
    }
    let stops = u32::try_from(doors.len()).ok()?;
    let suits = |bin: &&mut Bin| {
        bin.loaded.route.is_none()
            && bin.loaded.template.code == line.template.code
            && stays_load.fits(bin.left)
            && stops <= bin.stops_left
    };
    let bin = bins
        .iter_mut()
        .filter(suits)
        .min_by_key(|bin| (bin.loaded.truck.code != line.truck.code, bin.loaded.truck.cost))?;
    bin.loaded.route = Some(route);
    bin.left = bin.left.checked_sub(stays_load)?;
    bin.stops_left = bin.stops_left.checked_sub(stops)?;
    bin.doors = doors;
    bin.loaded.waybills.extend(stays());
    Some(())
}

/// A door onto the truck with most volume left for each waybill.
fn put(board: &Board<'_>, bins: &mut [Bin], door: &Door, typical: &Typical) -> bool {
    let allowed = |bin: &Bin| {
        let class = bin.loaded.template.class;
        let may_ride = |one: &WaybillIx| board.waybills[*one].sku_class.route_classes();
        door.waybills.iter().all(|one| may_ride(one).contains(&class))
    };
    let fitting = bins.iter_mut().filter(|bin| bin.admits(door.load, door.stop) && allowed(bin));
    let Some(best) = fitting.max_by_key(|bin| bin.room_for_each(door.goods, typical)) else {
        return false;
    };
    best.loaded.waybills.extend(&door.waybills);
    best.take(door.load, door.stop).is_some()
}

/// Gives the trucks to the routes of the group so that many waybills stay where they are.
fn name_routes(board: &Board<'_>, group: &[RouteIx], bins: Vec<Bin>) -> Vec<Loaded> {
    let mut loaded: Vec<Loaded> = bins.into_iter().map(|bin| bin.loaded).collect();
    let mut pairs = Vec::new();
    for (number, truck) in loaded.iter().enumerate().filter(|(_, truck)| truck.route.is_none()) {
        for route in group {
            let line = &board.routes[*route];
            if line.template.code == truck.template.code {
                let staying = truck.waybills.iter().filter(|one| board.at[**one] == Some(*route));
                let is_same = line.truck.code == truck.truck.code;
                pairs.push((staying.count(), is_same, *route, number));
            }
        }
    }
    pairs.sort_by_key(|(staying, is_same, route, number)| {
        (std::cmp::Reverse((*staying, *is_same)), *route, *number)
    });
    let mut named: BTreeSet<RouteIx> = loaded.iter().filter_map(|truck| truck.route).collect();
    for (_, _, route, number) in pairs {
        if loaded[number].route.is_none() && named.insert(route) {
            loaded[number].route = Some(route);
        }
    }
    loaded
}

/// Makes the board what was planned. `false`: something does not fit, and the board stands half
/// changed, to be rolled back.
pub(super) fn carry_out(board: &mut Board<'_>, group: &[RouteIx], plan: &[Loaded]) -> bool {
    let mut target: Vec<(WaybillIx, usize)> = Vec::new();
    for (number, truck) in plan.iter().enumerate() {
        let moving =
            |waybill: &&WaybillIx| truck.route.is_none() || board.at[**waybill] != truck.route;
        target.extend(truck.waybills.iter().filter(moving).map(|waybill| (*waybill, number)));
    }
    target.iter().for_each(|(waybill, _)| board.take(*waybill));
    for route in group {
        match plan.iter().find(|truck| truck.route == Some(*route)) {
            None => board.close(*route),
            Some(truck) if truck.truck.code != board.routes[*route].truck.code => {
                board.set_truck(*route, &truck.truck);
            }
            Some(_) => {}
        }
    }
    let mut routes = Vec::new();
    for truck in plan {
        let is_needed = truck.route.is_some() || !truck.waybills.is_empty();
        let opened = is_needed
            .then(|| truck.route.unwrap_or_else(|| board.open(&truck.template, &truck.truck)));
        routes.push(opened);
        if board.pool(&truck.truck.code).deficit() > 0 {
            return false;
        }
    }
    for (waybill, number) in target {
        match routes[number] {
            Some(route) if board.admits(route, waybill) => board.put(waybill, route),
            Some(_) | None => return false,
        }
    }
    routes.into_iter().flatten().for_each(|route| close_if_empty(board, route));
    true
}
