//! A slot day without a database: transactions are decided and go on from what the last one left behind.

use std::collections::BTreeMap;

use chrono::Days;
use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, DistrictCode, RescheduleWaybill, Role,
    TimeslotCode, WaybillAmendment, WaybillCreated, WaybillNo, WaybillStatus,
};
use routing::{Load, Network, NetworkParts, SlotDay, SlotDayKey};
use runtime::Outcome;
use uuid::Uuid;

use super::fixture::{SLOT, delivery_date, key, no, time, waybill};
use crate::assignment::{Assignment, FailedPlaces, Standing, State};
use crate::decide::{
    Amendment, Clock, Event, KnownRoute, News, Notice, Planned, Planner, RouteStep, Verdict,
};
use crate::state::Plan;

/// Neither held nor cancelled nor anywhere yet.
pub(super) const STANDS: Standing = Standing {
    version: 1,
    held: false,
    status: WaybillStatus::Created,
    attempt: 0,
    failed: FailedPlaces::NONE,
};

/// It was cancelled.
pub(super) const CANCELLED: Notice<'static> =
    Notice::Moved { to: WaybillStatus::Cancelled, attempt: 0 };

/// Cancelled, at this version of the waybill.
pub(super) fn cancelled_at(version: u64) -> Standing {
    Standing { version, status: WaybillStatus::Cancelled, ..STANDS }
}

/// It stands here on the road. Only the attempt that it stands at may have failed.
pub(super) fn stands_at(version: u64, status: WaybillStatus, attempt: u16) -> Standing {
    let is_failure = [WaybillStatus::DeliveryFailed, WaybillStatus::PickupFailed].contains(&status);
    let failed = if is_failure { STANDS.failed.with(attempt) } else { STANDS.failed };
    Standing { version, status, attempt, failed, ..STANDS }
}

/// The same, after these places came to nothing.
pub(super) fn after_failures(failed: &[u16], standing: Standing) -> Standing {
    let failed = failed.iter().fold(standing.failed, |failed, place_no| failed.with(*place_no));
    Standing { failed, ..standing }
}

/// The days that a world has.
const DAYS: u64 = 3;

/// Some slot days, what is known of their waybills, and a clock.
pub(super) struct World {
    pub(super) network: Network,
    pub(super) plans: BTreeMap<SlotDayKey, Plan>,
    /// Amendments as they are stored.
    pub(super) amendments: BTreeMap<(WaybillNo, Uuid), Amendment>,
    pub(super) book: BTreeMap<WaybillNo, Assignment>,
    pub(super) clock: Clock,
    ids: u128,
}

impl World {
    pub(super) fn with(parts: NetworkParts) -> Self {
        let network = Network::build(parts).unwrap();
        let plan = |day| {
            let key = SlotDayKey { date: delivery_date() + Days::new(day), ..key() };
            let plan = Plan {
                day: SlotDay::new(&network, key.clone()).unwrap(),
                version: 0,
                revision: 1,
                routes_opened: 0,
                buckets: BTreeMap::new(),
            };
            (key, plan)
        };
        let plans = (0..DAYS).map(plan).collect();
        let clock = Clock::Wall(time("2035-06-10T10:00:00Z"));
        let (book, amendments) = (BTreeMap::new(), BTreeMap::new());
        Self { network, plans, amendments, book, clock, ids: 0 }
    }

    pub(super) fn at(mut self, text: &str) -> Self {
        self.clock = Clock::Wall(time(text));
        self
    }

    /// Runs one transaction and goes on from what it left behind.
    pub(super) fn transact<T>(&mut self, act: impl FnOnce(&mut Planner<'_>) -> T) -> (T, Planned) {
        let mut next = self.ids;
        self.ids += 1_000;
        let ids = move || {
            next += 1;
            Uuid::from_u128(next)
        };
        let (plans, book) = (std::mem::take(&mut self.plans), self.book.clone());
        let mut planner = Planner::new(&self.network, self.clock, ids, plans, book);
        planner.amending.stored = self.amendments.clone();
        let result = act(&mut planner);
        let planned = planner.finish();
        let amended = planned.writes.amendments.iter();
        self.amendments.extend(amended.map(|row| ((row.waybill_no.clone(), row.id), row.clone())));
        let assignments = planned.writes.new_assignments.iter().chain(&planned.writes.assignments);
        self.book.extend(assignments.map(|row| (row.waybill_no.clone(), row.clone())));
        self.plans =
            planned.plans.iter().map(|plan| (plan.day.key().clone(), plan.clone())).collect();
        (result, planned)
    }

    pub(super) fn decide(
        &mut self,
        number: u32,
        notice: Notice<'_>,
        standing: Standing,
    ) -> (Outcome, Planned) {
        let seq = standing.version;
        let (result, planned) = self.transact(|planner| {
            planner.decide(0, &no(number), notice, seq, Some(standing)).unwrap()
        });
        (result.0, planned)
    }

    pub(super) fn create(&mut self, created: &WaybillCreated) -> Planned {
        let notice = Notice::Created(created);
        let (result, planned) = self.transact(|planner| {
            planner.decide(0, &created.waybill_no, notice, 1, Some(STANDS)).unwrap()
        });
        assert_eq!(result, (Outcome::Applied, 1));
        planned
    }

    pub(super) fn state(&self, number: u32) -> State {
        self.book[&no(number)].state
    }

    pub(super) fn retry(&mut self, number: u32) -> (bool, Planned) {
        let waybill = self.book.remove(&no(number)).unwrap();
        self.transact(|planner| planner.retry(0, waybill).unwrap())
    }
}

/// Where rows of waybills say that they stand; others stand as their assignments know.
pub(super) type Standings = BTreeMap<WaybillNo, Standing>;

impl World {
    /// The route that a waybill is on.
    pub(super) fn route_of(&self, number: u32) -> KnownRoute {
        let waybill = &self.book[&no(number)];
        let (id, key) = (waybill.state.route().unwrap(), waybill.place_key().unwrap());
        let version = self.plans[&key].day.route(id).unwrap().version();
        KnownRoute { id, key, version }
    }

    /// Locks or dispatches a route as a dispatcher.
    pub(super) fn move_route(
        &mut self,
        route: &KnownRoute,
        step: RouteStep,
        standings: &Standings,
    ) -> (Outcome, Planned) {
        let (verdict, planned) = self.transact(|planner| {
            planner.move_route(0, Some(route), step, Role::Dispatcher, standings).unwrap()
        });
        (settled(verdict), planned)
    }

    /// Asks for a place so many days after the first delivery date, as customer service.
    pub(super) fn reschedule(
        &mut self,
        number: u32,
        day: u64,
        standing: Standing,
    ) -> (Outcome, Planned) {
        let asked = reschedule(number, day);
        let (verdict, planned) = self.transact(|planner| {
            planner.reschedule(0, &asked, Role::CsAgent, Some(standing)).unwrap()
        });
        (settled(verdict), planned)
    }

    pub(super) fn amend(
        &mut self,
        asked: &WaybillAmendment,
        standing: Standing,
    ) -> (Outcome, Planned) {
        let (verdict, planned) =
            self.transact(|planner| planner.amend(0, asked, Some(standing)).unwrap());
        (settled(verdict), planned)
    }

    /// sales-order says yes, or no for a reason.
    pub(super) fn amended(
        &mut self,
        asked: &WaybillAmendment,
        refused: Option<&str>,
        standing: Standing,
    ) -> (Outcome, Planned) {
        let refused = refused.map(str::to_owned);
        let (by, amendment) = (AmendmentDecider::SalesOrder, asked.clone());
        let decided = AmendmentDecided { by, refused, amendment };
        let (verdict, planned) =
            self.transact(|planner| planner.amended(0, &decided, Some(standing)).unwrap());
        (settled(verdict), planned)
    }

    /// What a slot day uses of a zone's quota.
    pub(super) fn used(&self, zone: &str, day: u64) -> Load {
        let key = SlotDayKey { date: delivery_date() + Days::new(day), ..key() };
        self.plans[&key].day.zone(&zone.into()).unwrap().used()
    }
}

pub(super) fn settled(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Settled(outcome, _) => outcome,
        Verdict::NotYet(cause) => panic!("it waits: {cause}"),
    }
}

pub(super) fn reschedule(number: u32, day: u64) -> RescheduleWaybill {
    RescheduleWaybill {
        waybill_no: no(number),
        delivery_date: delivery_date() + Days::new(day),
        timeslot: TimeslotCode::new(SLOT).unwrap(),
        reason: None,
        occurred_at: time("2035-06-10T12:00:00Z"),
    }
}

/// A truck leaves.
pub(super) fn leaves() -> RouteStep {
    RouteStep::Dispatch(time("2035-06-13T08:00:00Z"))
}

/// An amendment with the `id`-th number that gives a waybill so many litres of dry goods.
pub(super) fn litres(number: u32, id: u128, litres: u64) -> WaybillAmendment {
    let created = waybill(number);
    WaybillAmendment {
        amendment_id: Uuid::from_u128(id),
        kind: AmendmentKind::Quantities,
        order_id: Uuid::from_u128(number.into()),
        source: created.source,
        order_ref: created.order_ref,
        waybill_no: created.waybill_no,
        lines: Vec::new(),
        sku_type: created.sku_type,
        dry_ml: litres * 1_000,
        frozen_ml: 0,
        weight_g: created.weight_g,
        district: created.district,
        address_key: created.address_key,
        delivery_date: created.delivery_date,
        timeslot: created.timeslot,
        occurred_at: time("2035-06-10T12:00:00Z"),
    }
}

/// An amendment that brings a waybill to a district, so many days after the first delivery date.
pub(super) fn destination(number: u32, id: u128, district: &str, day: u64) -> WaybillAmendment {
    WaybillAmendment {
        kind: AmendmentKind::Destination,
        district: DistrictCode::new(district).unwrap(),
        address_key: "b2".to_owned(),
        delivery_date: delivery_date() + Days::new(day),
        ..litres(number, id, 1)
    }
}

/// What was told, in a few words each.
pub(super) fn told(news: &[News]) -> Vec<String> {
    let word = |News { cause: _, seq, event }: &News| match event {
        Event::Assigned(event) => format!("{} place {} v{seq}", event.waybill_no, event.place_no),
        Event::Unassignable(event) => format!("{} {:?} v{seq}", event.waybill_no, event.reason),
        Event::Unassigned(event) => format!("{} {} v{seq}", event.waybill_no, event.cause),
        Event::Route(event) => format!("{} {:?} v{seq}", event.route_ref, event.change),
        Event::Reserved(event) => format!("{} reserved v{seq}", event.amendment.waybill_no),
        Event::Decided(event) => {
            let verdict = event.refused.as_deref().unwrap_or("done");
            format!("{} amendment {verdict} v{seq}", event.amendment.waybill_no)
        }
    };
    news.iter().map(word).collect()
}

/// The name of the first route.
pub(super) const ROUTE_1: &str = "NORTH-20350613-0900-1300-Z01-001";
