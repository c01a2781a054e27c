//! The slot-day as a working copy that remembers how to go back: what is changed here is written
//! into a `journal`, to be undone, or to be handed out as a set of moves; `questions` are what
//! those who choose ask of it. Never here: a choice.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in lists that only grow"
)]

mod journal;
mod questions;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::journal::Undo;
use super::{Drives, Planned, SlotPlan};
use crate::code::{RouteReference, TimeslotCode, TruckTypeCode, ZoneCode};
use crate::key::{RouteId, StopKey};
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};
use crate::state::{PoolUse, RouteStatus, StateError, Tally};

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
    /// Of its waybills, as far as driving times are known.
    places: Tally<usize>,
    pub(super) waybills: Vec<WaybillIx>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    used: Load,
    limit: Load,
}

#[derive(Debug)]
pub(super) struct Board<'a> {
    pub(super) network: &'a Network,
    pub(super) timeslot: TimeslotCode,
    pub(super) waybills: &'a [Planned],
    drives: &'a Drives,
    /// Where the door of each waybill lies.
    place_of: Vec<Option<usize>>,
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
    pub(super) fn set(plan: SlotPlan<'a>) -> Result<Self, StateError> {
        let SlotPlan { network, day, waybills, drives } = plan;
        let mut board = Self {
            network,
            timeslot: day.key().timeslot.clone(),
            waybills,
            drives,
            place_of: waybills.iter().map(|waybill| drives.place(waybill.stop)).collect(),
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
                places: Tally::default(),
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
        if let Some(place) = self.place_of[waybill] {
            line.places.add(place);
        }
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
        if let Some(place) = self.place_of[waybill] {
            line.places.remove(place);
        }
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
            places: Tally::default(),
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
}
