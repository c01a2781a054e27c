//! A slot day without a database: transactions are decided and go on from what the last one left behind.

use std::collections::BTreeMap;

use contracts::{WaybillCreated, WaybillNo};
use routing::{Network, NetworkParts, SlotDay, SlotDayKey};
use runtime::Outcome;
use uuid::Uuid;

use super::fixture::{key, no, time};
use crate::assignment::{Assignment, Standing, State};
use crate::decide::{Clock, Event, News, Notice, Planned, Planner};
use crate::state::Plan;

/// Neither held nor cancelled.
pub(super) const STANDS: Standing = Standing { version: 1, held: false, cancelled: false };

/// A slot day, what is known of its waybills, and a clock.
pub(super) struct World {
    pub(super) network: Network,
    plans: BTreeMap<SlotDayKey, Plan>,
    pub(super) book: BTreeMap<WaybillNo, Assignment>,
    pub(super) clock: Clock,
    ids: u128,
}

impl World {
    pub(super) fn with(parts: NetworkParts) -> Self {
        let network = Network::build(parts).unwrap();
        let plan = Plan {
            day: SlotDay::new(&network, key()).unwrap(),
            version: 0,
            revision: 1,
            routes_opened: 0,
            buckets: BTreeMap::new(),
        };
        let plans = BTreeMap::from([(key(), plan)]);
        let clock = Clock::Wall(time("2035-06-10T10:00:00Z"));
        Self { network, plans, book: BTreeMap::new(), clock, ids: 0 }
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
        let result = act(&mut planner);
        let planned = planner.finish();
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
    };
    news.iter().map(word).collect()
}

/// The name of the first route.
pub(super) const ROUTE_1: &str = "NORTH-20350613-0900-1300-Z01-001";
