//! The planning state of one (depot, delivery date, timeslot): what its routes carry, and how
//! much of each quota and truck pool they use.
//!
//! A [`SlotDay`] starts from the network's limits and is filled with the routes and placements
//! that the caller has stored. Its `used` figures are always the sum of the placements put in.
//! [`assign`](crate::assign()) and [`release`](crate::release()) change it and return the
//! [`Effect`]s to persist; when persisting fails, drop the `SlotDay` and fill a new one. Never
//! here: a decision about where a waybill goes.

mod effect;
mod route;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::effect::{Effect, StateError};
pub(crate) use self::route::Tally;
pub use self::route::{Placement, Route, RouteRecord, RouteStatus};

use crate::class::{ByClass, ByGoods, RouteClass, SkuClass};
use crate::code::{DepotCode, TimeslotCode, TruckTypeCode, ZoneCode};
use crate::key::{OrderKey, RouteId, StopKey};
use crate::load::Load;
use crate::network::{Network, TruckType};

/// Which dated slot a state is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SlotDayKey {
    pub depot: DepotCode,
    pub date: NaiveDate,
    pub timeslot: TimeslotCode,
}

/// Trucks of one type in this dated slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUse {
    pub used: u32,
    pub limit: u32,
}

/// Quota bucket and routes of one zone in this dated slot. Routes stand in the order in which
/// they were opened.
#[derive(Clone, Debug, Default)]
pub struct ZoneDay {
    used: Load,
    limit: Load,
    /// What of `used` is of each class of goods, by the volumes.
    goods: ByGoods<Load>,
    routes: ByClass<Vec<Route>>,
    stops: Tally<StopKey>,
    orders: Tally<OrderKey>,
}

/// All zones of a depot in one dated slot, with the truck pool that they share.
#[derive(Clone, Debug)]
pub struct SlotDay {
    key: SlotDayKey,
    zones: BTreeMap<ZoneCode, ZoneDay>,
    pool: BTreeMap<TruckTypeCode, PoolUse>,
    located: BTreeMap<RouteId, (ZoneCode, RouteClass)>,
}

impl PoolUse {
    /// Whether one more truck can be had.
    #[must_use]
    pub fn has_free(self) -> bool {
        self.used < self.limit
    }

    /// Trucks in use beyond the limit, after a breakdown or a cut.
    #[must_use]
    pub fn deficit(self) -> u32 {
        self.used.saturating_sub(self.limit)
    }
}

impl ZoneDay {
    #[must_use]
    pub fn used(&self) -> Load {
        self.used
    }

    #[must_use]
    pub fn limit(&self) -> Load {
        self.limit
    }

    /// Use beyond the limit, after a cut.
    #[must_use]
    pub fn deficit(&self) -> Load {
        self.used.excess_over(self.limit)
    }

    /// What the routes carry of a class of goods, told by the waybills' volumes.
    #[must_use]
    pub fn used_by(&self, goods: SkuClass) -> Load {
        *self.goods.get(goods)
    }

    /// The routes of a class, oldest first.
    #[must_use]
    pub fn routes(&self, class: RouteClass) -> &[Route] {
        self.routes.get(class)
    }

    /// Whether the bucket has room for `load`.
    #[must_use]
    pub fn has_room(&self, load: Load) -> bool {
        self.used.checked_add(load).is_some_and(|after| after.fits(self.limit))
    }

    pub(crate) fn knows_stop(&self, stop: StopKey) -> bool {
        self.stops.contains(stop)
    }

    pub(crate) fn knows_order(&self, order: OrderKey) -> bool {
        self.orders.contains(order)
    }
}

impl SlotDay {
    /// An empty day with the network's limits.
    ///
    /// # Errors
    /// [`StateError::UnknownSlot`] when the network lacks the depot or the timeslot.
    pub fn new(network: &Network, key: SlotDayKey) -> Result<Self, StateError> {
        if network.depot(&key.depot).is_none() || network.timeslot(&key.timeslot).is_none() {
            return Err(StateError::UnknownSlot { key });
        }
        let zones = network.zones_of(&key.depot).map(|zone| {
            let limit = network.zone_quota(&zone.code, &key.timeslot).unwrap_or(Load::ZERO);
            (zone.code.clone(), ZoneDay { limit, ..ZoneDay::default() })
        });
        let pool = network
            .pool(&key.depot, &key.timeslot)
            .map(|(truck_type, limit)| (truck_type.clone(), PoolUse { used: 0, limit }));
        Ok(Self { zones: zones.collect(), pool: pool.collect(), located: BTreeMap::new(), key })
    }

    #[must_use]
    pub fn key(&self) -> &SlotDayKey {
        &self.key
    }

    #[must_use]
    pub fn zone(&self, code: &ZoneCode) -> Option<&ZoneDay> {
        self.zones.get(code)
    }

    /// The zones of the depot, by code.
    pub fn zones(&self) -> impl Iterator<Item = (&ZoneCode, &ZoneDay)> {
        self.zones.iter()
    }

    /// The truck pool, by type.
    pub fn pool(&self) -> impl Iterator<Item = (&TruckTypeCode, PoolUse)> {
        self.pool.iter().map(|(truck_type, pool)| (truck_type, *pool))
    }

    /// The pool of one type; a type that the depot does not have counts zero of zero.
    #[must_use]
    pub fn pool_of(&self, truck_type: &TruckTypeCode) -> PoolUse {
        self.pool.get(truck_type).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn route(&self, id: RouteId) -> Option<&Route> {
        let (zone, class) = self.located.get(&id)?;
        self.zones.get(zone)?.routes.get(*class).iter().find(|route| route.id == id)
    }

    /// All routes, by zone, dry before mixed, oldest first.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.zones.values().flat_map(|zone| zone.routes.dry.iter().chain(&zone.routes.mixed))
    }

    /// Replaces the quota of a zone. A limit below the use takes nothing away; it shows as
    /// [`ZoneDay::deficit`] and lets nothing more in.
    ///
    /// # Errors
    /// [`StateError::UnknownZone`].
    pub fn set_zone_limit(&mut self, zone: &ZoneCode, limit: Load) -> Result<(), StateError> {
        self.zone_mut(zone)?.limit = limit;
        Ok(())
    }

    /// Replaces the number of trucks of a type, as after a breakdown.
    pub fn set_pool_limit(&mut self, truck_type: &TruckTypeCode, limit: u32) {
        self.pool.entry(truck_type.clone()).or_default().limit = limit;
    }

    /// Puts a stored route back, empty; its placements follow with
    /// [`restore_placement`](Self::restore_placement). Takes its truck from the pool without
    /// asking for room: what is stored has happened.
    ///
    /// # Errors
    /// When the network lacks its template or truck type, the template belongs to another depot
    /// or slot, or the route is already here.
    pub fn restore_route(
        &mut self,
        network: &Network,
        record: RouteRecord,
    ) -> Result<(), StateError> {
        let route = Route::from_record(network, record)?;
        self.insert_route(route)
    }

    /// Puts a stored placement back on its route and into its zone's bucket, without asking for
    /// room and without a new version of the route.
    ///
    /// # Errors
    /// When the route is not here or a sum overflows.
    pub fn restore_placement(&mut self, placement: &Placement) -> Result<(), StateError> {
        self.add(placement).map(|_new_stop| ())
    }

    /// Moves a route to another status, such as LOCKED at its cut-off.
    ///
    /// # Errors
    /// [`StateError::UnknownRoute`].
    pub fn set_status(&mut self, id: RouteId, status: RouteStatus) -> Result<Effect, StateError> {
        let route = self.route_mut(id)?;
        let from = std::mem::replace(&mut route.status, status);
        let expected_version = route.next_version();
        Ok(Effect::RouteStatusChanged { route: id, expected_version, from, to: status })
    }

    pub(crate) fn insert_route(&mut self, route: Route) -> Result<(), StateError> {
        let template = Arc::clone(&route.template);
        if template.depot != self.key.depot || template.timeslot != self.key.timeslot {
            let (template, key) = (template.code.clone(), self.key.clone());
            return Err(StateError::ForeignTemplate { template, key });
        }
        if self.located.contains_key(&route.id) {
            return Err(StateError::DuplicateRoute { route: route.id });
        }
        let (id, truck_type) = (route.id, route.truck.code.clone());
        self.zone_mut(&template.zone)?.routes.get_mut(template.class).push(route);
        self.located.insert(id, (template.zone.clone(), template.class));
        self.take_truck(&truck_type);
        Ok(())
    }

    /// Takes an empty route out and hands its truck back.
    pub(crate) fn remove_route(&mut self, id: RouteId) -> Result<(), StateError> {
        let unknown = StateError::UnknownRoute { route: id };
        let (zone, class) = self.located.remove(&id).ok_or(unknown.clone())?;
        let routes = self.zone_mut(&zone)?.routes.get_mut(class);
        let position = routes.iter().position(|route| route.id == id).ok_or(unknown)?;
        let route = routes.remove(position);
        self.return_truck(&route.truck.code)
    }

    /// Puts `truck` on a route in place of the present one, which returns to the pool.
    pub(crate) fn exchange_truck(
        &mut self,
        id: RouteId,
        truck: &Arc<TruckType>,
    ) -> Result<TruckTypeCode, StateError> {
        let route = self.route_mut(id)?;
        let before = std::mem::replace(&mut route.truck, Arc::clone(truck));
        self.return_truck(&before.code)?;
        self.take_truck(&truck.code);
        Ok(before.code.clone())
    }

    /// Adds a placement to its route and bucket; answers whether its stop is new to the route.
    pub(crate) fn add(&mut self, placement: &Placement) -> Result<bool, StateError> {
        let overflow = StateError::Overflow { route: placement.route };
        let (zone, route) = self.zone_and_route_mut(placement.route)?;
        let used = zone.used.checked_add(placement.load).ok_or(overflow.clone())?;
        let new_stop = route.add(placement).ok_or(overflow)?;
        *zone.used = used;
        let goods = zone.goods.get_mut(SkuClass::of(placement.load));
        *goods = goods.checked_add(placement.load).unwrap_or(*goods);
        zone.stops.add(placement.stop);
        zone.orders.add(placement.order);
        Ok(new_stop)
    }

    /// Takes a placement away again; answers whether its stop left the route.
    pub(crate) fn subtract(&mut self, placement: &Placement) -> Result<bool, StateError> {
        let drift = StateError::Drift { route: placement.route };
        let (zone, route) = self.zone_and_route_mut(placement.route)?;
        let used = zone.used.checked_sub(placement.load).ok_or(drift.clone())?;
        let stop_left = route.subtract(placement).ok_or(drift)?;
        *zone.used = used;
        let goods = zone.goods.get_mut(SkuClass::of(placement.load));
        *goods = goods.checked_sub(placement.load).unwrap_or(Load::ZERO);
        zone.stops.remove(placement.stop);
        zone.orders.remove(placement.order);
        Ok(stop_left)
    }

    pub(crate) fn route_mut(&mut self, id: RouteId) -> Result<&mut Route, StateError> {
        self.zone_and_route_mut(id).map(|(_zone, route)| route)
    }

    fn zone_and_route_mut(
        &mut self,
        id: RouteId,
    ) -> Result<(ZoneTotals<'_>, &mut Route), StateError> {
        let unknown = StateError::UnknownRoute { route: id };
        let (zone, class) = self.located.get(&id).ok_or(unknown.clone())?;
        let zone = self.zones.get_mut(zone).ok_or(unknown.clone())?;
        let routes = zone.routes.get_mut(*class);
        let route = routes.iter_mut().find(|route| route.id == id).ok_or(unknown)?;
        let totals = ZoneTotals {
            used: &mut zone.used,
            goods: &mut zone.goods,
            stops: &mut zone.stops,
            orders: &mut zone.orders,
        };
        Ok((totals, route))
    }

    fn zone_mut(&mut self, zone: &ZoneCode) -> Result<&mut ZoneDay, StateError> {
        let unknown = || StateError::UnknownZone { zone: zone.clone(), key: self.key.clone() };
        self.zones.get_mut(zone).ok_or_else(unknown)
    }

    fn take_truck(&mut self, truck_type: &TruckTypeCode) {
        let pool = self.pool.entry(truck_type.clone()).or_default();
        pool.used = pool.used.saturating_add(1);
    }

    fn return_truck(&mut self, truck_type: &TruckTypeCode) -> Result<(), StateError> {
        let drift = || StateError::PoolDrift { truck_type: truck_type.clone() };
        let pool = self.pool.get_mut(truck_type).ok_or_else(drift)?;
        pool.used = pool.used.checked_sub(1).ok_or_else(drift)?;
        Ok(())
    }
}

/// The parts of a [`ZoneDay`] that follow each placement, beside the route that it is on.
struct ZoneTotals<'a> {
    used: &'a mut Load,
    goods: &'a mut ByGoods<Load>,
    stops: &'a mut Tally<StopKey>,
    orders: &'a mut Tally<OrderKey>,
}

#[cfg(test)]
mod tests;
