//! The slot-day as a working copy that remembers how to go back: every change is written into a
//! journal, to be undone, or to be handed out as a [`MoveSet`]. Never here: a choice.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in lists that only grow"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::moves::{Move, MoveSet, OpenedRoute, TruckChange};
use super::{Objective, PRIORITIES, Planned};
use crate::assign::RouteIds;
use crate::class::{RouteClass, SkuClass};
use crate::code::{RouteReference, TimeslotCode, TruckTypeCode, ZoneCode};
use crate::fit;
use crate::key::{RouteId, StopKey};
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};
use crate::state::{PoolUse, RouteStatus, SlotDay, StateError, Tally};

/// Number of a waybill or of a route on the board.
pub(super) type WaybillIx = usize;
pub(super) type RouteIx = usize;

#[derive(Clone, Debug)]
pub(super) struct Line {
    /// `None` until a set that opens the route is handed out.
    id: Option<(RouteId, RouteReference)>,
    pub(super) template: Arc<RouteTemplate>,
    pub(super) truck: Arc<TruckType>,
    /// Open for changes. Locked, dispatched and closed routes keep what they have.
    pub(super) is_open: bool,
    /// Gone routes stay in the list, so that numbers stay valid.
    pub(super) is_alive: bool,
    version: u64,
    pub(super) load: Load,
    pub(super) doors: Tally<StopKey>,
    pub(super) waybills: Vec<WaybillIx>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    used: Load,
    limit: Load,
}

#[derive(Clone, Debug)]
enum Undo {
    Took { waybill: WaybillIx, from: RouteIx },
    Put { waybill: WaybillIx },
    Truck { route: RouteIx, before: Arc<TruckType> },
    Opened,
    Closed { route: RouteIx },
}

#[derive(Debug)]
pub(super) struct Board<'a> {
    pub(super) network: &'a Network,
    pub(super) timeslot: TimeslotCode,
    pub(super) waybills: &'a [Planned],
    /// Present and first place of each waybill.
    pub(super) at: Vec<Option<RouteIx>>,
    home: Vec<Option<RouteIx>>,
    pub(super) routes: Vec<Line>,
    /// Routes of each zone, gone ones included.
    of_zone: BTreeMap<ZoneCode, Vec<RouteIx>>,
    /// Waybills that had a place at the start and are not there now.
    moved: u32,
    buckets: BTreeMap<ZoneCode, Bucket>,
    pool: BTreeMap<TruckTypeCode, PoolUse>,
    journal: Vec<Undo>,
}

impl<'a> Board<'a> {
    pub(super) fn set(
        network: &'a Network,
        day: &SlotDay,
        waybills: &'a [Planned],
    ) -> Result<Self, StateError> {
        let mut board = Self {
            network,
            timeslot: day.key().timeslot.clone(),
            waybills,
            at: vec![None; waybills.len()],
            home: Vec::new(),
            routes: Vec::new(),
            of_zone: BTreeMap::new(),
            moved: 0,
            buckets: BTreeMap::new(),
            pool: day.pool().map(|(code, pool)| (code.clone(), pool)).collect(),
            journal: Vec::new(),
        };
        for (code, zone) in day.zones() {
            let bucket = Bucket { used: zone.used(), limit: zone.limit() };
            board.buckets.insert(code.clone(), bucket);
        }
        let mut numbers = BTreeMap::new();
        for route in day.routes() {
            numbers.insert(route.id, board.routes.len());
            board.push(Line {
                id: Some((route.id, route.reference.clone())),
                template: Arc::clone(&route.template),
                truck: Arc::clone(&route.truck),
                is_open: route.status == RouteStatus::Open,
                is_alive: true,
                version: route.version,
                load: Load::ZERO,
                doors: Tally::default(),
                waybills: Vec::new(),
            });
        }
        for (number, waybill) in waybills.iter().enumerate() {
            let Some(id) = waybill.place else { continue };
            let route = *numbers.get(&id).ok_or(StateError::UnknownRoute { route: id })?;
            board.load(number, route).ok_or(StateError::Overflow { route: id })?;
        }
        board.home.clone_from(&board.at);
        for (route, line) in day.routes().zip(&board.routes) {
            if route.load != line.load || route.stops != line.doors {
                return Err(StateError::Drift { route: route.id });
            }
        }
        Ok(board)
    }

    fn push(&mut self, line: Line) {
        self.of_zone.entry(line.template.zone.clone()).or_default().push(self.routes.len());
        self.routes.push(line);
    }

    /// Onto a route, without bucket and journal.
    fn load(&mut self, waybill: WaybillIx, route: RouteIx) -> Option<()> {
        let line = &mut self.routes[route];
        line.load = line.load.checked_add(self.waybills[waybill].load)?;
        line.doors.add(self.waybills[waybill].stop);
        line.waybills.push(waybill);
        self.at[waybill] = Some(route);
        if self.home.get(waybill) == Some(&Some(route)) {
            self.moved -= 1;
        }
        Some(())
    }

    fn unload(&mut self, waybill: WaybillIx, route: RouteIx) {
        let line = &mut self.routes[route];
        line.load = line.load.checked_sub(self.waybills[waybill].load).unwrap_or(Load::ZERO);
        line.doors.remove(self.waybills[waybill].stop);
        line.waybills.retain(|other| *other != waybill);
        self.at[waybill] = None;
        if self.home[waybill] == Some(route) {
            self.moved += 1;
        }
    }

    fn bucket(&mut self, route: RouteIx) -> &mut Bucket {
        let zone = self.routes[route].template.zone.clone();
        self.buckets.entry(zone).or_default()
    }

    /// Takes a waybill off its route.
    pub(super) fn take(&mut self, waybill: WaybillIx) {
        let Some(from) = self.at[waybill] else { return };
        self.unload(waybill, from);
        let load = self.waybills[waybill].load;
        let bucket = self.bucket(from);
        bucket.used = bucket.used.checked_sub(load).unwrap_or(Load::ZERO);
        self.journal.push(Undo::Took { waybill, from });
    }

    /// Puts a waybill onto a route that admits it.
    pub(super) fn put(&mut self, waybill: WaybillIx, to: RouteIx) {
        if self.load(waybill, to).is_none() {
            return;
        }
        let load = self.waybills[waybill].load;
        let bucket = self.bucket(to);
        bucket.used = bucket.used.checked_add(load).unwrap_or(bucket.used);
        self.journal.push(Undo::Put { waybill });
    }

    pub(super) fn set_truck(&mut self, route: RouteIx, truck: &Arc<TruckType>) {
        let before = std::mem::replace(&mut self.routes[route].truck, Arc::clone(truck));
        self.pool_mut(&before.code).used -= 1;
        self.pool_mut(&truck.code).used += 1;
        self.journal.push(Undo::Truck { route, before });
    }

    pub(super) fn open(
        &mut self,
        template: &Arc<RouteTemplate>,
        truck: &Arc<TruckType>,
    ) -> RouteIx {
        self.pool_mut(&truck.code).used += 1;
        self.push(Line {
            id: None,
            template: Arc::clone(template),
            truck: Arc::clone(truck),
            is_open: true,
            is_alive: true,
            version: 0,
            load: Load::ZERO,
            doors: Tally::default(),
            waybills: Vec::new(),
        });
        self.journal.push(Undo::Opened);
        self.routes.len() - 1
    }

    /// Closes an empty route.
    pub(super) fn close(&mut self, route: RouteIx) {
        self.routes[route].is_alive = false;
        let code = self.routes[route].truck.code.clone();
        self.pool_mut(&code).used -= 1;
        self.journal.push(Undo::Closed { route });
    }

    fn pool_mut(&mut self, code: &TruckTypeCode) -> &mut PoolUse {
        self.pool.entry(code.clone()).or_default()
    }

    /// Trucks of a type in use and to be had.
    pub(super) fn pool(&self, code: &TruckTypeCode) -> PoolUse {
        self.pool.get(code).copied().unwrap_or_default()
    }

    pub(super) fn pool_deficits(&self) -> Vec<TruckTypeCode> {
        let lacking = self.pool.iter().filter(|(_, pool)| pool.deficit() > 0);
        lacking.map(|(code, _)| code.clone()).collect()
    }

    pub(super) fn zones(&self) -> Vec<ZoneCode> {
        self.buckets.keys().cloned().collect()
    }

    pub(super) fn quota_deficit(&self, zone: &ZoneCode) -> Load {
        let bucket = self.buckets.get(zone).copied().unwrap_or_default();
        bucket.used.excess_over(bucket.limit)
    }

    /// Whether a zone's bucket may take a load.
    pub(super) fn has_quota(&self, zone: &ZoneCode, load: Load) -> bool {
        let bucket = self.buckets.get(zone).copied().unwrap_or_default();
        bucket.used.checked_add(load).is_some_and(|used| used.fits(bucket.limit))
    }

    /// The living open routes of a zone.
    pub(super) fn open_routes<'s>(
        &'s self,
        zone: &'s ZoneCode,
    ) -> impl Iterator<Item = RouteIx> + use<'s, 'a> {
        let routes = self.of_zone.get(zone).into_iter().flatten().copied();
        routes.filter(|route| self.routes[*route].is_alive && self.routes[*route].is_open)
    }

    /// Whether a route's truck holds what it carries.
    pub(super) fn fits(&self, route: RouteIx) -> bool {
        let line = &self.routes[route];
        line.load.waybills <= fit::waybill_limit(&line.template, &line.truck)
            && fit::check_truck(&line.truck, line.load, line.doors.len()).is_ok()
    }

    /// Whether a route may take a waybill: zone, class, exclusions, quota, truck.
    pub(super) fn admits(&self, route: RouteIx, waybill: WaybillIx) -> bool {
        let (line, wanted) = (&self.routes[route], &self.waybills[waybill]);
        if !line.is_alive || !line.is_open {
            return false;
        }
        let Some(load) = line.load.checked_add(wanted.load) else { return false };
        if load.waybills > fit::waybill_limit(&line.template, &line.truck) {
            return false;
        }
        let stops = line.doors.len() + u32::from(!line.doors.contains(wanted.stop));
        fit::check_truck(&line.truck, load, stops).is_ok()
            && wanted.sku_class.route_classes().contains(&line.template.class)
            && self.serves(&line.template.zone, &wanted.zone)
            && self.has_quota(&line.template.zone, wanted.load)
            && !line.id.as_ref().is_some_and(|(id, _)| wanted.excluded_routes.contains(id))
    }

    /// Whether a new route in a zone that serves the waybill could begin with it: quota, truck.
    pub(super) fn fits_alone(
        &self,
        waybill: WaybillIx,
        template: &RouteTemplate,
        truck: &TruckType,
    ) -> bool {
        let load = self.waybills[waybill].load;
        load.waybills <= fit::waybill_limit(template, truck)
            && fit::check_truck(truck, load, 1).is_ok()
            && self.has_quota(&template.zone, load)
    }

    /// A zone serves itself and those that name it as a neighbour.
    fn serves(&self, server: &ZoneCode, zone: &ZoneCode) -> bool {
        let neighbours = || self.network.zone(zone).map(|zone| &zone.neighbours);
        server == zone || neighbours().is_some_and(|list| list.contains(server))
    }

    /// Only open routes give waybills away, and only those that are not fixed.
    pub(super) fn is_movable(&self, waybill: WaybillIx) -> bool {
        let on_open = self.at[waybill].is_none_or(|route| self.routes[route].is_open);
        on_open && !self.waybills[waybill].fixed
    }

    /// Dry goods on a dry route first; frozen goods have no choice.
    pub(super) fn prefers(&self, waybill: WaybillIx, route: RouteIx) -> bool {
        let is_dry = self.waybills[waybill].sku_class == SkuClass::Dry;
        is_dry == (self.routes[route].template.class == RouteClass::Dry)
    }

    /// Waybills of a zone without a place that its quota has room for, the most important first.
    pub(super) fn waiting(&self, zone: &ZoneCode) -> Vec<WaybillIx> {
        let is_waiting = |waybill: &WaybillIx| {
            let wanted = &self.waybills[*waybill];
            self.at[*waybill].is_none() && !wanted.fixed && wanted.zone == *zone
        };
        let mut waiting: Vec<WaybillIx> = (0..self.waybills.len()).filter(is_waiting).collect();
        waiting.sort_by_key(|waybill| self.waybills[*waybill].priority);
        let mut sum = Load::ZERO;
        waiting.retain(|waybill| {
            let with = sum.checked_add(self.waybills[*waybill].load);
            let has_room = with.is_some_and(|with| self.has_quota(zone, with));
            if has_room {
                sum = with.unwrap_or(sum);
            }
            has_room
        });
        waiting
    }

    pub(super) fn disturbance(&self) -> u32 {
        self.moved
    }

    pub(super) fn fleet_cost(&self) -> i64 {
        let cost = |line: &Line| i64::try_from(line.truck.cost).unwrap_or(i64::MAX);
        let alive = self.routes.iter().filter(|line| line.is_alive);
        alive.fold(0, |sum, line| sum.saturating_add(cost(line)))
    }

    pub(super) fn objective(&self) -> Objective {
        let mut objective = Objective::default();
        for (waybill, at) in self.waybills.iter().zip(&self.at) {
            if at.is_none() {
                let last = PRIORITIES - 1;
                objective.unassigned[usize::from(waybill.priority).min(last)] += 1;
                objective.promises_broken += u32::from(waybill.promised);
            }
        }
        objective.disturbance = self.moved;
        for (route, line) in self.routes.iter().enumerate().filter(|(_, line)| line.is_alive) {
            objective.fleet_cost += line.truck.cost;
            objective.violations += u64::from(!self.fits(route));
        }
        for pool in self.pool.values() {
            objective.violations += u64::from(pool.deficit());
        }
        for bucket in self.buckets.values() {
            let excess = bucket.used.excess_over(bucket.limit);
            objective.violations += u64::from(excess.waybills)
                + (excess.dry_ml + excess.frozen_ml).div_ceil(1_000)
                + excess.weight_g.div_ceil(1_000);
        }
        objective
    }

    pub(super) fn rollback(&mut self) {
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Took { waybill, from } => {
                    self.put(waybill, from);
                    self.journal.pop();
                }
                Undo::Put { waybill } => {
                    self.take(waybill);
                    self.journal.pop();
                }
                Undo::Truck { route, before } => {
                    self.set_truck(route, &before);
                    self.journal.pop();
                }
                Undo::Opened => {
                    if let Some(line) = self.routes.pop() {
                        self.of_zone.entry(line.template.zone.clone()).or_default().pop();
                        self.pool_mut(&line.truck.code).used -= 1;
                    }
                }
                Undo::Closed { route } => {
                    self.routes[route].is_alive = true;
                    let code = self.routes[route].truck.code.clone();
                    self.pool_mut(&code).used += 1;
                }
            }
        }
    }

    /// Hands out what happened since the last set; `None` when nothing did.
    pub(super) fn commit(&mut self, ids: &mut dyn RouteIds) -> Option<MoveSet> {
        let journal = std::mem::take(&mut self.journal);
        let mut first_place: BTreeMap<WaybillIx, Option<RouteIx>> = BTreeMap::new();
        let mut first_truck: BTreeMap<RouteIx, Arc<TruckType>> = BTreeMap::new();
        let (mut touched, mut closed) = (BTreeSet::new(), BTreeSet::new());
        for undo in journal {
            match undo {
                Undo::Took { waybill, from } => {
                    first_place.entry(waybill).or_insert(Some(from));
                }
                Undo::Put { waybill } => {
                    first_place.entry(waybill).or_insert(None);
                }
                Undo::Truck { route, before } => {
                    first_truck.entry(route).or_insert(before);
                }
                Undo::Opened => {}
                Undo::Closed { route } => {
                    closed.insert(route);
                }
            }
        }
        first_place.retain(|waybill, from| self.at[*waybill] != *from);
        first_truck.retain(|route, before| self.routes[*route].truck.code != before.code);
        touched.extend(first_truck.keys().chain(&closed));
        for (waybill, from) in &first_place {
            touched.extend(from.iter().chain(&self.at[*waybill]));
        }
        let set = self.hand_out(&touched, &first_place, &first_truck, &closed, ids);
        (!touched.is_empty()).then_some(set)
    }

    fn hand_out(
        &mut self,
        touched: &BTreeSet<RouteIx>,
        places: &BTreeMap<WaybillIx, Option<RouteIx>>,
        trucks: &BTreeMap<RouteIx, Arc<TruckType>>,
        closed: &BTreeSet<RouteIx>,
        ids: &mut dyn RouteIds,
    ) -> MoveSet {
        let mut set = MoveSet::default();
        for route in touched {
            let line = &mut self.routes[*route];
            match &line.id {
                Some((id, _)) => set.expected.push((*id, line.version)),
                None if line.is_alive => {
                    let (id, reference) = ids.next(&line.template);
                    line.id = Some((id, reference.clone()));
                    let (template, truck_type) =
                        (line.template.code.clone(), line.truck.code.clone());
                    set.opened.push(OpenedRoute { route: id, reference, template, truck_type });
                }
                None => {}
            }
            line.version = line.version.saturating_add(1);
        }
        let opened: BTreeSet<RouteId> = set.opened.iter().map(|route| route.route).collect();
        let id_of = |route: &RouteIx| self.routes[*route].id.as_ref().map(|(id, _)| *id);
        for (route, before) in trucks {
            let Some(id) = id_of(route).filter(|id| !opened.contains(id)) else { continue };
            let (from, to) = (before.code.clone(), self.routes[*route].truck.code.clone());
            set.trucks.push(TruckChange { route: id, from, to });
        }
        for (waybill, from) in places {
            set.moves.push(Move {
                waybill_no: self.waybills[*waybill].waybill_no.clone(),
                from: from.as_ref().and_then(id_of),
                to: self.at[*waybill].as_ref().and_then(id_of),
            });
        }
        set.closed = closed.iter().filter_map(id_of).collect();
        set.objective = self.objective();
        set
    }
}
