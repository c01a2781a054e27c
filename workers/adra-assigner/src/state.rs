//! Planning states: what the routes of one depot, date and slot carry, with the stored versions they were
//! read at, and the few of them that this process keeps.
//!
//! A kept state is a working copy and is used only while the stored version is still its own. A transaction
//! takes it out and puts it back when it is committed, so that one that fails leaves nothing behind.
//! Never here: a decision, a statement.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use routing::{
    Load, Network, Placement, RouteRecord, SlotDay, SlotDayKey, TruckTypeCode, ZoneCode,
};
use thiserror::Error;

/// Most states kept. One takes some 200 bytes a waybill: a slot day of 3,000 waybills 600 KB.
const KEPT_MAX: usize = 200;

/// The working copy of one slot day.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) day: SlotDay,
    /// Version of the slot day's row that it equals.
    pub(crate) version: u64,
    /// Revision of the network whose limits it has.
    pub(crate) revision: u64,
    /// Routes ever opened in it: the number in a route's name.
    pub(crate) routes_opened: u32,
    /// Versions of the quota buckets.
    pub(crate) buckets: BTreeMap<ZoneCode, u64>,
}

/// A quota bucket as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) zone: ZoneCode,
    pub(crate) version: u64,
    pub(crate) used: Load,
}

/// Everything stored about one slot day.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredDay {
    pub(crate) version: u64,
    pub(crate) routes_opened: u32,
    pub(crate) routes: Vec<RouteRecord>,
    pub(crate) placements: Vec<Placement>,
    pub(crate) buckets: Vec<Bucket>,
    /// Trucks in use by type.
    pub(crate) trucks: BTreeMap<TruckTypeCode, u32>,
    /// Trucks of the pool that are out of order on this day.
    pub(crate) outages: BTreeMap<TruckTypeCode, u32>,
}

/// The stored rows of a slot day contradict each other or the network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Contradiction {
    #[error("a stored route does not fit the network: {0}")]
    State(#[from] routing::StateError),
    #[error(
        "quota_bucket of zone {zone} on {} {} says {stored:?} and its places add up to {placed:?}: see the runbook in the README",
        key.date, key.timeslot
    )]
    Bucket { key: SlotDayKey, zone: ZoneCode, stored: Load, placed: Load },
    #[error(
        "truck_use of {truck_type} in {} on {} {} says {stored} and {routes} routes have one: see the runbook in the README",
        key.depot, key.date, key.timeslot
    )]
    Trucks { key: SlotDayKey, truck_type: TruckTypeCode, stored: u32, routes: u32 },
}

impl Plan {
    /// Puts stored rows together and checks that they agree.
    ///
    /// # Errors
    /// [`Contradiction`]: nothing may be decided about such a slot day.
    pub(crate) fn restore(
        network: &Network,
        revision: u64,
        key: SlotDayKey,
        stored: StoredDay,
    ) -> Result<Self, Contradiction> {
        let mut day = SlotDay::new(network, key)?;
        for (truck_type, broken) in &stored.outages {
            let limit = day.pool_of(truck_type).limit;
            day.set_pool_limit(truck_type, limit.saturating_sub(*broken));
        }
        for route in stored.routes {
            day.restore_route(network, route)?;
        }
        for placement in &stored.placements {
            day.restore_placement(placement)?;
        }
        check_buckets(&day, &stored.buckets)?;
        check_trucks(&day, &stored.trucks)?;
        let buckets = stored.buckets.into_iter().map(|bucket| (bucket.zone, bucket.version));
        Ok(Self {
            day,
            version: stored.version,
            revision,
            routes_opened: stored.routes_opened,
            buckets: buckets.collect(),
        })
    }
}

fn check_buckets(day: &SlotDay, buckets: &[Bucket]) -> Result<(), Contradiction> {
    let stored: BTreeMap<&ZoneCode, Load> =
        buckets.iter().map(|bucket| (&bucket.zone, bucket.used)).collect();
    for (zone, placed) in day.zones().map(|(zone, of_day)| (zone, of_day.used())) {
        let stored = stored.get(zone).copied().unwrap_or(Load::ZERO);
        if stored != placed {
            let (key, zone) = (day.key().clone(), zone.clone());
            return Err(Contradiction::Bucket { key, zone, stored, placed });
        }
    }
    Ok(())
}

fn check_trucks(day: &SlotDay, trucks: &BTreeMap<TruckTypeCode, u32>) -> Result<(), Contradiction> {
    let types = day.pool().map(|(truck_type, _)| truck_type).chain(trucks.keys());
    for truck_type in types {
        let stored = trucks.get(truck_type).copied().unwrap_or(0);
        let routes = day.pool_of(truck_type).used;
        if stored != routes {
            let (key, truck_type) = (day.key().clone(), truck_type.clone());
            return Err(Contradiction::Trucks { key, truck_type, stored, routes });
        }
    }
    Ok(())
}

/// The states this process keeps, least recently used out first.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    inner: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    plans: HashMap<SlotDayKey, (u64, Plan)>,
    /// Counts what was put back: a clock for the order of use.
    tick: u64,
}

impl Kept {
    /// Takes a state out, if it is that of this version and revision.
    pub(crate) fn take(&self, key: &SlotDayKey, version: u64, revision: u64) -> Option<Plan> {
        let mut shelf = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, plan) = shelf.plans.remove(key)?;
        Some(plan).filter(|plan| plan.version == version && plan.revision == revision)
    }

    /// Puts committed states back. A newer one that another lane put back meanwhile stays.
    pub(crate) fn put(&self, plans: impl IntoIterator<Item = Plan>) {
        let mut shelf = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in plans {
            shelf.put(plan);
        }
    }
}

impl Shelf {
    fn put(&mut self, plan: Plan) {
        let key = plan.day.key().clone();
        if self.plans.get(&key).is_some_and(|(_, kept)| kept.version > plan.version) {
            return;
        }
        self.tick = self.tick.saturating_add(1);
        self.plans.insert(key, (self.tick, plan));
        if self.plans.len() > KEPT_MAX {
            let oldest = self.plans.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.plans.remove(&key);
            }
        }
    }
}
