//! A slot day without a database: transactions are decided and go on from what the last one left behind.

use std::collections::BTreeMap;

use chrono::Days;
use contracts::{WaybillCreated, WaybillNo, WaybillStatus};
use routing::{Network, NetworkParts, SlotDay, SlotDayKey};
use runtime::Outcome;
use uuid::Uuid;

use super::fixture::{delivery_date, key, no, time};
use crate::assignment::{Assignment, Standing, State};
use crate::decide::{Amendment, Clock, Event, News, Notice, Planned, Planner};
use crate::state::Plan;

/// Neither held nor cancelled nor anywhere yet.
pub(super) const STANDS: Standing =
    Standing { version: 1, held: false, status: WaybillStatus::Created, attempt: 0 };

/// It was cancelled.
pub(super) const CANCELLED: Notice<'static> =
    Notice::Moved { to: WaybillStatus::Cancelled, attempt: 0 };

/// Cancelled, at this version of the waybill.
pub(super) fn cancelled_at(version: u64) -> Standing {
    Standing { version, status: WaybillStatus::Cancelled, ..STANDS }
}

/// It stands here on the road.
pub(super) fn stands_at(version: u64, status: WaybillStatus, attempt: u16) -> Standing {
    Standing { version, status, attempt, ..STANDS }
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
