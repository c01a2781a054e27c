//! What those who choose ask of the board: what is in use, what lacks, what may go where, and how
//! good it stands. Never here: a change.

use super::{Board, Line, RouteIx, WaybillIx};
use crate::class::{RouteClass, SkuClass};
use crate::code::{TruckTypeCode, ZoneCode};
use crate::fit;
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};
use crate::optimise::{Objective, PRIORITIES};
use crate::state::PoolUse;

impl<'a> Board<'a> {
    /// Trucks of a type in use and to be had.
    pub(in crate::optimise) fn pool(&self, code: &TruckTypeCode) -> PoolUse {
        self.pool.get(code).copied().unwrap_or_default()
    }

    pub(in crate::optimise) fn pool_deficits(&self) -> Vec<TruckTypeCode> {
        let lacking = self.pool.iter().filter(|(_, pool)| pool.deficit() > 0);
        lacking.map(|(code, _)| code.clone()).collect()
    }

    pub(in crate::optimise) fn zones(&self) -> Vec<ZoneCode> {
        self.buckets.keys().cloned().collect()
    }

    pub(in crate::optimise) fn quota_deficit(&self, zone: &ZoneCode) -> Load {
        let bucket = self.buckets.get(zone).copied().unwrap_or_default();
        bucket.used.excess_over(bucket.limit)
    }

    /// Whether a zone's bucket may take a load.
    pub(in crate::optimise) fn has_quota(&self, zone: &ZoneCode, load: Load) -> bool {
        let bucket = self.buckets.get(zone).copied().unwrap_or_default();
        bucket.used.checked_add(load).is_some_and(|used| used.fits(bucket.limit))
    }

    /// The living open routes of a zone.
    pub(in crate::optimise) fn open_routes<'s>(
        &'s self,
        zone: &'s ZoneCode,
    ) -> impl Iterator<Item = RouteIx> + use<'s, 'a> {
        let routes = self.of_zone.get(zone).into_iter().flatten().copied();
        routes.filter(|route| self.routes[*route].is_alive && self.routes[*route].is_open)
    }

    /// Whether a route's truck holds what it carries.
    pub(in crate::optimise) fn fits(&self, route: RouteIx) -> bool {
        let line = &self.routes[route];
        line.load.waybills <= fit::waybill_limit(&line.template, &line.truck)
            && fit::check_truck(&line.truck, line.load, line.doors.len()).is_ok()
    }

    /// Whether a route may take a waybill: zone, class, exclusions, quota, truck.
    pub(in crate::optimise) fn admits(&self, route: RouteIx, waybill: WaybillIx) -> bool {
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
    pub(in crate::optimise) fn fits_alone(
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
    pub(in crate::optimise) fn is_movable(&self, waybill: WaybillIx) -> bool {
        let on_open = self.at[waybill].is_none_or(|route| self.routes[route].is_open);
        on_open && !self.waybills[waybill].fixed
    }

    /// Dry goods on a dry route first; frozen goods have no choice.
    pub(in crate::optimise) fn prefers(&self, waybill: WaybillIx, route: RouteIx) -> bool {
        let is_dry = self.waybills[waybill].sku_class == SkuClass::Dry;
        is_dry == (self.routes[route].template.class == RouteClass::Dry)
    }

    /// Waybills of a zone without a place that its quota has room for, the most important first.
    pub(in crate::optimise) fn waiting(&self, zone: &ZoneCode) -> Vec<WaybillIx> {
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

    /// Where a waybill was at the start.
    pub(in crate::optimise) fn home(&self, waybill: WaybillIx) -> Option<RouteIx> {
        self.home[waybill]
    }

    /// It has a place, and not the one that it had at the start.
    pub(in crate::optimise) fn is_away(&self, waybill: WaybillIx) -> bool {
        self.at[waybill].is_some() && self.at[waybill] != self.home[waybill]
    }

    /// Where the door of a waybill lies, where that is known.
    pub(in crate::optimise) fn place(&self, waybill: WaybillIx) -> Option<usize> {
        self.place_of[waybill]
    }

    /// Seconds that a route drives at least, once it has left one place and goes to another one as well.
    pub(in crate::optimise) fn driving(
        &self,
        route: RouteIx,
        gone: Option<usize>,
        new: Option<usize>,
    ) -> u64 {
        let places = self.routes[route].places.iter().map(|(place, _)| place);
        let left = places.filter(|place| gone != Some(*place) && new != Some(*place));
        self.drives.tree(left.chain(new))
    }

    /// Waybills of a route at one place.
    pub(in crate::optimise) fn at_place(&self, route: RouteIx, place: usize) -> Vec<WaybillIx> {
        let aboard = self.routes[route].waybills.iter().copied();
        aboard.filter(|waybill| self.place(*waybill) == Some(place)).collect()
    }

    pub(in crate::optimise) fn stops_squared(&self, route: RouteIx) -> u64 {
        u64::from(self.routes[route].doors.len()).pow(2)
    }

    pub(in crate::optimise) fn disturbance(&self) -> u32 {
        self.moved
    }

    pub(in crate::optimise) fn fleet_cost(&self) -> i64 {
        let cost = |line: &Line| i64::try_from(line.truck.cost).unwrap_or(i64::MAX);
        let alive = self.routes.iter().filter(|line| line.is_alive);
        alive.fold(0, |sum, line| sum.saturating_add(cost(line)))
    }

    pub(in crate::optimise) fn objective(&self) -> Objective {
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
            objective.driving_seconds += self.driving(route, None, None);
            objective.imbalance += self.stops_squared(route);
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
}
