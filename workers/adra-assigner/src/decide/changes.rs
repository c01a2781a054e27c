//! What one transaction changes, collected while it is decided: rows as they are to be after it, each with
//! the version it must still have before. Never here: a decision, or how a row is written.

mod exchange;

use std::collections::{BTreeMap, BTreeSet};

use contracts::WaybillNo;
use routing::state::Route;
use routing::{
    Effect, Load, Reason, RouteClass, RouteId, RouteReference, RouteStatus, SlotDay, SlotDayKey,
    StopKey, TemplateCode, TruckTypeCode, ZoneCode,
};
use uuid::Uuid;

pub(super) use self::exchange::{Exchanged, Step};
use super::amend::Amendment;
use super::propose::Proposal;
use crate::assignment::Assignment;
use crate::state::Plan;

/// A route as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteRow {
    pub(crate) id: RouteId,
    pub(crate) reference: RouteReference,
    pub(crate) key: SlotDayKey,
    pub(crate) zone: ZoneCode,
    pub(crate) template: TemplateCode,
    pub(crate) class: RouteClass,
    pub(crate) truck_type: TruckTypeCode,
    pub(crate) status: RouteStatus,
    pub(crate) version: u64,
    pub(crate) load: Load,
    pub(crate) stops: u32,
}

impl RouteRow {
    /// A route as it is now.
    pub(super) fn of(day: &SlotDay, route: &Route) -> Self {
        let template = route.template();
        Self {
            id: route.id(),
            reference: route.reference().clone(),
            key: day.key().clone(),
            zone: template.zone.clone(),
            template: template.code.clone(),
            class: template.class,
            truck_type: route.truck().code.clone(),
            status: route.status(),
            version: route.version(),
            load: route.load(),
            stops: route.stop_count(),
        }
    }

    /// The same after its last waybill left.
    pub(super) fn closed(self) -> Self {
        let version = self.version.saturating_add(1);
        Self { status: RouteStatus::Closed, version, load: Load::ZERO, stops: 0, ..self }
    }
}

/// A row that replaces one of a known version (or amount).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced<T> {
    pub(crate) expected: u64,
    pub(crate) row: T,
}

/// How many waybills of a route go to one door; 0: it does not drive there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StopRow {
    pub(crate) route: RouteId,
    pub(crate) stop: StopKey,
    pub(crate) waybills: u32,
}

/// A quota bucket after the transaction. `taken`: something was reserved, so that its limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRow {
    pub(crate) key: SlotDayKey,
    pub(crate) zone: ZoneCode,
    pub(crate) version: u64,
    pub(crate) used: Load,
    pub(crate) taken: bool,
}

/// One entry of the ledger, numbered by the bucket's version after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    pub(crate) key: SlotDayKey,
    pub(crate) zone: ZoneCode,
    pub(crate) version: u64,
    pub(crate) waybill_no: WaybillNo,
    pub(crate) route: RouteId,
    pub(crate) load: Load,
    /// True: reserved; false: given back.
    pub(crate) reserved: bool,
}

/// Trucks of a type in use. `taken` as in [`BucketRow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TruckRow {
    pub(crate) key: SlotDayKey,
    pub(crate) truck_type: TruckTypeCode,
    pub(crate) used: u32,
    pub(crate) taken: bool,
}

/// Trucks of a type that are out of order in a slot day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutageRow {
    pub(crate) key: SlotDayKey,
    pub(crate) truck_type: TruckTypeCode,
    pub(crate) trucks: u32,
}

/// A slot day's own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotDayRow {
    pub(crate) key: SlotDayKey,
    pub(crate) version: u64,
    pub(crate) routes_opened: u32,
}

/// Why a decision came out as it did. `explanation` is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionRow {
    pub(crate) waybill_no: WaybillNo,
    /// The assignment's version after it.
    pub(crate) version: u64,
    pub(crate) reason: Option<Reason>,
    pub(crate) route: Option<RouteId>,
    pub(crate) explanation: String,
    pub(crate) judged_at: contracts::Timestamp,
}

/// Everything that a transaction writes.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) slot_days: Vec<Replaced<SlotDayRow>>,
    pub(crate) new_routes: Vec<RouteRow>,
    pub(crate) routes: Vec<Replaced<RouteRow>>,
    pub(crate) stops: Vec<StopRow>,
    pub(crate) buckets: Vec<Replaced<BucketRow>>,
    pub(crate) ledger: Vec<LedgerRow>,
    pub(crate) trucks: Vec<Replaced<TruckRow>>,
    pub(crate) new_assignments: Vec<Assignment>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) decisions: Vec<DecisionRow>,
    pub(crate) amendments: Vec<Amendment>,
    pub(crate) outages: Vec<OutageRow>,
    pub(crate) proposals: Vec<Proposal>,
}

/// A route that this transaction touched.
#[derive(Debug)]
struct TouchedRoute {
    key: SlotDayKey,
    /// Its stored version; `None` when it is new.
    stored: Option<u64>,
    /// What is left of it when it closed.
    closed: Option<RouteRow>,
}

/// A bucket that this transaction touched.
#[derive(Debug)]
struct TouchedBucket {
    stored: u64,
    taken: bool,
}

/// Trucks of a type that this transaction took or gave back.
#[derive(Debug, Default)]
struct TouchedTrucks {
    taken: u32,
    returned: u32,
}

/// The collection.
#[derive(Debug, Default)]
pub(super) struct Changes {
    routes: BTreeMap<RouteId, TouchedRoute>,
    stops: BTreeSet<(RouteId, StopKey)>,
    buckets: BTreeMap<(SlotDayKey, ZoneCode), TouchedBucket>,
    trucks: BTreeMap<(SlotDayKey, TruckTypeCode), TouchedTrucks>,
    ledger: Vec<LedgerRow>,
    pub(super) decisions: Vec<DecisionRow>,
    pub(super) amendments: BTreeMap<(WaybillNo, Uuid), Amendment>,
    pub(super) outages: Vec<OutageRow>,
    pub(super) proposals: BTreeMap<Uuid, Proposal>,
    /// Assignments that are not stored yet.
    pub(super) new: BTreeSet<WaybillNo>,
    /// Stored ones that change.
    pub(super) changed: BTreeSet<WaybillNo>,
}

impl Changes {
    /// Takes over what one assignment or release did to `plan`. `before`: the route as it was, where one
    /// is given up.
    pub(super) fn absorb(
        &mut self,
        plan: &mut Plan,
        waybill_no: &WaybillNo,
        route: RouteId,
        before: Option<RouteRow>,
        effects: &[Effect],
    ) {
        let key = plan.day.key().clone();
        for effect in effects {
            match effect {
                Effect::PoolTaken { truck_type } => self.trucks_of(&key, truck_type).taken += 1,
                Effect::PoolReturned { truck_type } => {
                    self.trucks_of(&key, truck_type).returned += 1
                }
                Effect::RouteOpened { route, .. } => {
                    let opened = TouchedRoute { key: key.clone(), stored: None, closed: None };
                    self.routes.insert(*route, opened);
                }
                Effect::ZoneTaken { zone, load } => {
                    self.account(plan, waybill_no, route, zone, *load, true);
                }
                Effect::ZoneReturned { zone, load } => {
                    self.account(plan, waybill_no, route, zone, *load, false);
                }
                Effect::RouteFilled { route, expected_version, stop, .. }
                | Effect::RouteFreed { route, expected_version, stop, .. } => {
                    self.touch(&key, *route, *expected_version);
                    self.stops.insert((*route, *stop));
                }
                Effect::RouteStatusChanged { route, expected_version, .. }
                | Effect::RouteResized { route, expected_version, .. } => {
                    self.touch(&key, *route, *expected_version);
                }
                Effect::RouteClosed { route } => {
                    if let Some(touched) = self.routes.get_mut(route) {
                        touched.closed = before.clone().map(RouteRow::closed);
                    }
                }
                // the same step fills or frees the route, which touches it
                Effect::RouteUpgraded { .. } => {}
            }
        }
    }

    /// Takes over that a route of this slot day moved through its life.
    pub(super) fn note_status(&mut self, key: &SlotDayKey, effect: &Effect) {
        if let Effect::RouteStatusChanged { route, expected_version, .. } = effect {
            self.touch(key, *route, *expected_version);
        }
    }

    /// The version of a route that this transaction closed.
    pub(super) fn closed_at(&self, route: RouteId) -> Option<u64> {
        let closed = self.routes.get(&route)?.closed.as_ref()?;
        Some(closed.version)
    }

    fn trucks_of(&mut self, key: &SlotDayKey, truck_type: &TruckTypeCode) -> &mut TouchedTrucks {
        self.trucks.entry((key.clone(), truck_type.clone())).or_default()
    }

    /// The first touch of a stored route knows its stored version.
    fn touch(&mut self, key: &SlotDayKey, route: RouteId, stored: u64) {
        let touched = || TouchedRoute { key: key.clone(), stored: Some(stored), closed: None };
        self.routes.entry(route).or_insert_with(touched);
    }

    fn account(
        &mut self,
        plan: &mut Plan,
        waybill_no: &WaybillNo,
        route: RouteId,
        zone: &ZoneCode,
        load: Load,
        reserved: bool,
    ) {
        let key = plan.day.key().clone();
        let bucket_version = plan.buckets.entry(zone.clone()).or_insert(0);
        let stored = *bucket_version;
        *bucket_version = stored.saturating_add(1);
        let touched = self.buckets.entry((key.clone(), zone.clone()));
        touched.or_insert(TouchedBucket { stored, taken: false }).taken |= reserved;
        self.ledger.push(LedgerRow {
            key,
            zone: zone.clone(),
            version: *bucket_version,
            waybill_no: waybill_no.clone(),
            route,
            load,
            reserved,
        });
    }

    /// The rows of everything touched. Plans that changed get their next version.
    pub(super) fn into_writes(
        self,
        plans: &mut BTreeMap<SlotDayKey, Plan>,
        mut book: BTreeMap<WaybillNo, Assignment>,
    ) -> Writes {
        let mut writes = Writes {
            ledger: self.ledger,
            decisions: self.decisions,
            amendments: self.amendments.into_values().collect(),
            outages: self.outages,
            proposals: self.proposals.into_values().collect(),
            ..Writes::default()
        };
        let broken: Vec<_> = writes.outages.iter().map(|outage| outage.key.clone()).collect();
        let changed = self.routes.values().map(|route| &route.key).chain(&broken);
        write_slot_days(plans, changed, &mut writes);
        write_stops(plans, &self.routes, &self.stops, &mut writes);
        write_routes(plans, self.routes, &mut writes);
        write_buckets(plans, self.buckets, &mut writes);
        write_trucks(plans, self.trucks, &mut writes);
        writes.new_assignments = self.new.iter().filter_map(|no| book.remove(no)).collect();
        writes.assignments = self.changed.iter().filter_map(|no| book.remove(no)).collect();
        writes
    }
}

/// Whatever changes a slot day changes one of its routes, or the trucks that there are.
fn write_slot_days<'a>(
    plans: &mut BTreeMap<SlotDayKey, Plan>,
    changed: impl Iterator<Item = &'a SlotDayKey>,
    writes: &mut Writes,
) {
    for key in changed.collect::<BTreeSet<_>>() {
        let Some(plan) = plans.get_mut(key) else {
            continue;
        };
        let expected = plan.version;
        plan.version = expected.saturating_add(1);
        let (version, routes_opened) = (plan.version, plan.routes_opened);
        let row = SlotDayRow { key: key.clone(), version, routes_opened };
        writes.slot_days.push(Replaced { expected, row });
    }
}

fn write_stops(
    plans: &BTreeMap<SlotDayKey, Plan>,
    routes: &BTreeMap<RouteId, TouchedRoute>,
    stops: &BTreeSet<(RouteId, StopKey)>,
    writes: &mut Writes,
) {
    let mut counts: Option<(RouteId, BTreeMap<StopKey, u32>)> = None;
    for (route, stop) in stops {
        if counts.as_ref().is_none_or(|(counted, _)| counted != route) {
            let live =
                routes.get(route).and_then(|touched| plans.get(&touched.key)?.day.route(*route));
            counts = Some((*route, live.map(|live| live.stops().collect()).unwrap_or_default()));
        }
        let waybills =
            counts.as_ref().and_then(|(_, counts)| counts.get(stop)).copied().unwrap_or(0);
        writes.stops.push(StopRow { route: *route, stop: *stop, waybills });
    }
}

fn write_routes(
    plans: &BTreeMap<SlotDayKey, Plan>,
    routes: BTreeMap<RouteId, TouchedRoute>,
    writes: &mut Writes,
) {
    for (id, touched) in routes {
        let live = || {
            let day = &plans.get(&touched.key)?.day;
            day.route(id).map(|route| RouteRow::of(day, route))
        };
        let Some(row) = touched.closed.or_else(live) else {
            continue;
        };
        match touched.stored {
            None => writes.new_routes.push(row),
            Some(expected) => writes.routes.push(Replaced { expected, row }),
        }
    }
}

fn write_buckets(
    plans: &BTreeMap<SlotDayKey, Plan>,
    buckets: BTreeMap<(SlotDayKey, ZoneCode), TouchedBucket>,
    writes: &mut Writes,
) {
    for ((key, zone), TouchedBucket { stored, taken }) in buckets {
        let Some(plan) = plans.get(&key) else {
            continue;
        };
        let used = plan.day.zone(&zone).map_or(Load::ZERO, routing::state::ZoneDay::used);
        let version = plan.buckets.get(&zone).copied().unwrap_or(stored);
        let row = BucketRow { key, zone, version, used, taken };
        writes.buckets.push(Replaced { expected: stored, row });
    }
}

/// What was taken and given back in equal numbers is as it was.
fn write_trucks(
    plans: &BTreeMap<SlotDayKey, Plan>,
    trucks: BTreeMap<(SlotDayKey, TruckTypeCode), TouchedTrucks>,
    writes: &mut Writes,
) {
    for ((key, truck_type), TouchedTrucks { taken, returned }) in trucks {
        let Some(plan) = plans.get(&key) else {
            continue;
        };
        let used = plan.day.pool_of(&truck_type).used;
        let before = used.saturating_add(returned).saturating_sub(taken);
        if before != used {
            let row = TruckRow { key, truck_type, used, taken: used > before };
            writes.trucks.push(Replaced { expected: before.into(), row });
        }
    }
}
