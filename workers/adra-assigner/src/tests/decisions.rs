//! Decisions, one after another, without IO.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{DistrictCode, RouteChange, UnassignableReason, WaybillCreated};
use routing::{Network, NetworkParts, Reason, RouteStatus, SlotDay, SlotDayKey};
use runtime::Outcome;
use uuid::Uuid;

use super::fixture::{delivery_date, key, no, parts, tight, time, waybill};
use crate::assignment::{Assignment, Standing, State};
use crate::decide::{Clock, Event, News, Notice, Planned, Planner, slot_days_of};
use crate::state::Plan;

const STANDS: Standing = Standing { version: 1, held: false, cancelled: false };

/// A slot day, what is known of its waybills, and a clock.
struct World {
    network: Network,
    plans: BTreeMap<SlotDayKey, Plan>,
    book: BTreeMap<contracts::WaybillNo, Assignment>,
    clock: Clock,
    ids: u128,
}

impl World {
    fn with(parts: NetworkParts) -> Self {
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

    fn at(mut self, text: &str) -> Self {
        self.clock = Clock::Wall(time(text));
        self
    }

    /// Runs one transaction and goes on from what it left behind.
    fn transact<T>(&mut self, act: impl FnOnce(&mut Planner<'_>) -> T) -> (T, Planned) {
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
        self.plans = planned.plans.iter().map(|plan| (plan.day.key().clone(), plan.clone())).collect();
        (result, planned)
    }

    fn decide(&mut self, number: u32, notice: Notice<'_>, standing: Standing) -> (Outcome, Planned) {
        let seq = standing.version;
        let (result, planned) = self
            .transact(|planner| planner.decide(0, &no(number), notice, seq, Some(standing)).unwrap());
        (result.0, planned)
    }

    fn create(&mut self, created: &WaybillCreated) -> Planned {
        let notice = Notice::Created(created);
        let (result, planned) = self.transact(|planner| {
            planner.decide(0, &created.waybill_no, notice, 1, Some(STANDS)).unwrap()
        });
        assert_eq!(result, (Outcome::Applied, 1));
        planned
    }

    fn state(&self, number: u32) -> State {
        self.book[&no(number)].state
    }

    fn retry(&mut self, number: u32) -> (bool, Planned) {
        let waybill = self.book.remove(&no(number)).unwrap();
        self.transact(|planner| planner.retry(0, waybill).unwrap())
    }
}

/// What was told, in a few words each.
fn told(news: &[News]) -> Vec<String> {
    let word = |News { cause: _, seq, event }: &News| match event {
        Event::Assigned(event) => format!("{} place {} v{seq}", event.waybill_no, event.place_no),
        Event::Unassignable(event) => format!("{} {:?} v{seq}", event.waybill_no, event.reason),
        Event::Unassigned(event) => format!("{} {} v{seq}", event.waybill_no, event.cause),
        Event::Route(event) => format!("{} {:?} v{seq}", event.route_ref, event.change),
    };
    news.iter().map(word).collect()
}

const ROUTE_1: &str = "NORTH-20350613-0900-1300-Z01-001";

#[test]
fn a_place_is_a_route_a_stop_a_ledger_entry_and_news() {
    let mut world = World::with(parts());
    let Planned { writes, news, .. } = world.create(&waybill(1));

    let route = &writes.new_routes[0];
    assert_eq!((route.reference.as_str(), route.status, route.version), (ROUTE_1, RouteStatus::Open, 1));
    assert_eq!((route.load.waybills, route.load.dry_ml, route.stops), (1, 1_000, 1));
    assert_eq!((writes.stops[0].route, writes.stops[0].waybills), (route.id, 1));
    let bucket = &writes.buckets[0];
    assert_eq!((bucket.expected, bucket.row.version, bucket.row.taken), (0, 1, true));
    let entry = &writes.ledger[0];
    assert_eq!((entry.version, entry.route, entry.load.waybills, entry.reserved), (1, route.id, 1, true));
    let trucks = &writes.trucks[0];
    assert_eq!((trucks.row.truck_type.as_str(), trucks.expected, trucks.row.used), ("VAN", 0, 1));
    let day = &writes.slot_days[0];
    assert_eq!((day.expected, day.row.version, day.row.routes_opened), (0, 1, 1));
    let place = &writes.new_assignments[0];
    assert_eq!((place.state, place.place_no, place.version), (State::Assigned(route.id), 1, 1));
    assert_eq!(place.zone.as_ref().unwrap().as_str(), "Z01");
    assert_eq!((writes.decisions[0].version, writes.decisions[0].route), (1, Some(route.id)));
    assert!(writes.decisions[0].explanation.contains("\"chosen\""));
    assert_eq!(told(&news), ["shop-1-1 place 1 v1".to_owned(), format!("{ROUTE_1} Opened v1")]);
}

#[test]
fn a_batch_writes_each_row_once_from_its_stored_version_to_its_last() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let ((), Planned { writes, .. }) = world.transact(|planner| {
        for number in 2..=4 {
            let created = waybill(number);
            let notice = Notice::Created(&created);
            planner.decide(0, &created.waybill_no, notice, 1, Some(STANDS)).unwrap();
        }
    });
    let [route] = writes.routes.as_slice() else { panic!("{:?}", writes.routes) };
    assert_eq!((route.expected, route.row.version, route.row.load.waybills), (1, 4, 4));
    let [bucket] = writes.buckets.as_slice() else { panic!("{:?}", writes.buckets) };
    assert_eq!((bucket.expected, bucket.row.version, bucket.row.used.waybills), (1, 4, 4));
    let versions: Vec<u64> = writes.ledger.iter().map(|entry| entry.version).collect();
    assert_eq!(versions, [2, 3, 4]);
    assert_eq!((writes.stops.len(), writes.trucks.len(), writes.new_routes.len()), (3, 0, 0));
    assert_eq!((writes.slot_days[0].expected, writes.slot_days[0].row.version), (1, 2));
}

#[test]
fn a_waybill_is_announced_once() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let (outcome, planned) = world.decide(1, Notice::Created(&waybill(1)), STANDS);
    assert_eq!(outcome, Outcome::Duplicate);
    assert!(planned.writes.assignments.is_empty() && planned.news.is_empty());
}

#[test]
fn a_cancelled_waybill_takes_nothing_and_a_held_one_has_its_place() {
    let mut world = World::with(parts());
    let cancelled = Standing { cancelled: true, ..STANDS };
    let (_, planned) = world.decide(1, Notice::Created(&waybill(1)), cancelled);
    assert_eq!((world.state(1), planned.writes.ledger.len()), (State::Unassigned, 0));
    assert!(planned.news.is_empty());

    let held = Standing { held: true, ..STANDS };
    world.decide(2, Notice::Created(&waybill(2)), held);
    assert!(world.book[&no(2)].held);
    assert!(world.state(2).route().is_some());
}

#[test]
fn hold_and_release_leave_the_place_alone() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let place = world.state(1);
    let (outcome, planned) = world.decide(1, Notice::Held, Standing { version: 2, held: true, ..STANDS });
    assert_eq!((outcome, world.state(1), planned.writes.ledger.len()), (Outcome::Applied, place, 0));
    assert!(world.book[&no(1)].held && planned.news.is_empty());
    world.decide(1, Notice::Released, Standing { version: 3, ..STANDS });
    let row = &world.book[&no(1)];
    assert_eq!((row.state, row.held, row.version, row.waybill_version), (place, false, 3, 3));
}

#[test]
fn a_cancellation_gives_everything_back() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let (_, Planned { writes, news, .. }) =
        world.decide(1, Notice::Cancelled, Standing { version: 2, cancelled: true, held: false });
    assert_eq!(world.state(1), State::Unassigned);
    let route = &writes.routes[0];
    assert_eq!((route.expected, route.row.version, route.row.status), (1, 2, RouteStatus::Closed));
    assert_eq!((route.row.load.waybills, route.row.stops, writes.stops[0].waybills), (0, 0, 0));
    assert_eq!((writes.buckets[0].row.used.waybills, writes.buckets[0].row.taken), (0, false));
    assert_eq!((writes.ledger[0].version, writes.ledger[0].reserved), (2, false));
    assert_eq!((writes.trucks[0].expected, writes.trucks[0].row.used), (1, 0));
    assert_eq!(told(&news), ["shop-1-1 cancelled v2".to_owned(), format!("{ROUTE_1} Closed v2")]);
}

#[test]
fn what_is_taken_and_given_back_in_one_batch_is_in_the_ledger_all_the_same() {
    let mut world = World::with(parts());
    let created = waybill(1);
    let ((), Planned { writes, .. }) = world.transact(|planner| {
        planner.decide(0, &no(1), Notice::Created(&created), 1, None).unwrap();
        planner.decide(1, &no(1), Notice::Cancelled, 2, None).unwrap();
    });
    assert_eq!((writes.new_routes[0].status, writes.new_routes[0].version), (RouteStatus::Closed, 2));
    assert_eq!((writes.ledger.len(), writes.trucks.len()), (2, 0));
    assert_eq!((writes.buckets[0].row.version, writes.buckets[0].row.used.waybills), (2, 0));
    assert_eq!((writes.new_assignments.len(), writes.assignments.len()), (1, 0));
    assert_eq!(writes.new_assignments[0].state, State::Unassigned);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let last = Standing { version: 4, held: false, cancelled: true };
    let created = waybill(1);
    let (held, released, cancelled) = (Notice::Held, Notice::Released, Notice::Cancelled);
    for order in [[held, released, cancelled], [cancelled, released, held], [released, cancelled, held]] {
        // told late: the row of the waybill says at once how it stands
        let mut world = World::with(parts());
        world.create(&created);
        for (seq, notice) in order.into_iter().enumerate() {
            let seq = u64::try_from(seq).unwrap() + 2;
            world.transact(|planner| planner.decide(0, &no(1), notice, seq, Some(last)).unwrap());
        }
        let row = &world.book[&no(1)];
        assert_eq!((row.state, row.held, row.waybill_version), (State::Unassigned, false, 4), "{order:?}");

        // told before it was announced
        let mut world = World::with(parts());
        for notice in order {
            let (outcome, planned) = world.decide(1, notice, last);
            assert_eq!((outcome, planned.writes.assignments.len()), (Outcome::Parked, 0));
        }
        world.decide(1, Notice::Created(&created), last);
        assert_eq!(world.state(1), State::Unassigned);
    }
    // by the messages alone, the newer one counts
    let mut world = World::with(parts());
    world.create(&created);
    let told = |planner: &mut Planner<'_>| {
        let third = planner.decide(0, &no(1), Notice::Released, 3, None).unwrap().0;
        (third, planner.decide(1, &no(1), Notice::Held, 2, None).unwrap().0)
    };
    assert_eq!(world.transact(told).0, (Outcome::Applied, Outcome::Stale));
}

#[test]
fn reasons_are_told_stored_and_explained() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    let Planned { writes, news, .. } = world.create(&waybill(2));
    assert_eq!(world.state(2), State::Unassignable(Reason::ZoneQuota));
    assert_eq!(told(&news), ["shop-2-1 ZoneQuota v1"]);
    assert_eq!(writes.decisions[0].reason, Some(Reason::ZoneQuota));
    assert!(writes.ledger.is_empty() && writes.slot_days.is_empty());

    let unknown = WaybillCreated { district: DistrictCode::new("D777").unwrap(), ..waybill(3) };
    let Planned { writes, .. } = world.create(&unknown);
    assert_eq!(world.state(3), State::Unassignable(Reason::NoTemplate));
    assert!(writes.decisions[0].explanation.contains("D777"));
    assert_eq!(writes.new_assignments[0].zone, None);
}

#[test]
fn lateness_is_judged_by_the_clock_of_the_process() {
    let mut late = World::with(parts()).at("2035-06-12T20:00:01Z");
    late.create(&waybill(1));
    assert_eq!(late.state(1), State::Unassignable(Reason::CutOffPassed));

    let mut replay = World::with(parts());
    replay.clock = Clock::Replay;
    let in_time = WaybillCreated { ordered_at: time("2035-06-12T20:00:00Z"), ..waybill(1) };
    let Planned { writes, .. } = replay.create(&in_time);
    assert!(replay.state(1).route().is_some());
    assert_eq!(writes.decisions[0].judged_at, in_time.ordered_at);
    let too_late = WaybillCreated { ordered_at: time("2035-06-12T20:00:01Z"), ..waybill(2) };
    replay.create(&too_late);
    assert_eq!(replay.state(2), State::Unassignable(Reason::CutOffPassed));
}

#[test]
fn a_release_seeks_a_place_for_who_has_none() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&waybill(2));
    world.decide(1, Notice::Cancelled, Standing { version: 2, cancelled: true, held: false });
    let (_, planned) = world.decide(2, Notice::Released, Standing { version: 2, ..STANDS });
    assert!(world.state(2).route().is_some());
    assert_eq!(told(&planned.news)[0], "shop-2-1 place 1 v2");

    // one that left its route at the lock is tried after the cut-off, too
    let mut world = World::with(tight(1, 0, 10)).at("2035-06-12T21:00:00Z");
    for number in [1, 2] {
        let mut left = Assignment::new(&waybill(number), Standing { held: true, ..STANDS });
        (left.version, left.place_no) = (3, 1);
        world.book.insert(no(number), left);
    }
    let released = Standing { version: 9, ..STANDS };
    let (_, planned) = world.decide(1, Notice::Released, released);
    assert_eq!(told(&planned.news)[0], "shop-1-1 place 2 v4");
    world.decide(2, Notice::Released, released);
    assert_eq!(world.state(2), State::Unassignable(Reason::ReleasedAfterCutoff));

    // but not one that was cancelled
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let cancelled = Standing { version: 3, cancelled: true, held: false };
    world.decide(1, Notice::Cancelled, cancelled);
    world.decide(1, Notice::Released, Standing { version: 4, ..cancelled });
    assert_eq!(world.state(1), State::Unassigned);
}

#[test]
fn a_retry_changes_something_only_when_its_answer_is_new() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&waybill(2));

    let (is_placed, Planned { writes, news, .. }) = world.retry(2);
    assert!(!is_placed && news.is_empty() && writes.decisions.is_empty());
    assert_eq!(writes.assignments[0].version, 1, "written down, not changed");

    world.clock = Clock::Wall(time("2035-06-12T21:00:00Z"));
    world.retry(2);
    assert_eq!(world.state(2), State::Unassignable(Reason::ZoneQuota), "the reason that kept it out in time");

    world.clock = Clock::Wall(time("2035-06-12T19:00:00Z"));
    let cancelled = Standing { version: 2, cancelled: true, held: false };
    world.decide(1, Notice::Cancelled, cancelled);
    let (is_placed, Planned { news, .. }) = world.retry(2);
    assert!(is_placed);
    assert_eq!(told(&news)[0], "shop-2-1 place 1 v2");
}

#[test]
fn a_release_helps_the_zone_its_neighbours_and_a_returned_truck_all_zones() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.create(&waybill(2));
    let cancelled = Standing { version: 2, cancelled: true, held: false };
    let (freed, _) = world.transact(|planner| {
        planner.decide(7, &no(1), Notice::Cancelled, 2, Some(cancelled)).unwrap();
        planner.decide(8, &no(2), Notice::Cancelled, 2, Some(cancelled)).unwrap();
        planner.freed()
    });
    assert_eq!((freed.len(), freed[0].cause), (1, 7));
    assert_eq!(freed[0].zones, BTreeSet::from(["Z01".into(), "Z02".into()]));
}

#[test]
fn slot_days_are_named_before_they_are_touched() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let known = &world.book[&no(1)];
    let network = &world.network;
    let cancelled = Standing { cancelled: true, ..STANDS };
    let only = BTreeSet::from([key()]);
    let created = waybill(2);
    assert_eq!(slot_days_of(network, Notice::Created(&created), None, None), only);
    assert_eq!(slot_days_of(network, Notice::Cancelled, None, Some(known)), only);
    assert_eq!(slot_days_of(network, Notice::Held, Some(cancelled), Some(known)), only);
    assert!(slot_days_of(network, Notice::Held, Some(STANDS), Some(known)).is_empty());
    assert!(slot_days_of(network, Notice::Cancelled, None, None).is_empty());
    let nowhere = WaybillCreated { district: DistrictCode::new("D777").unwrap(), ..waybill(3) };
    assert!(slot_days_of(network, Notice::Created(&nowhere), None, None).is_empty());
}

#[test]
fn events_carry_what_their_readers_need() {
    let mut world = World::with(parts());
    let planned = world.create(&waybill(1));
    let [News { event: Event::Assigned(assigned), .. }, News { event: Event::Route(route), .. }] =
        planned.news.as_slice()
    else {
        panic!("{:?}", planned.news)
    };
    assert_eq!((assigned.depot.as_str(), assigned.zone.as_str()), ("NORTH", "Z01"));
    assert_eq!((assigned.truck_type.as_str(), assigned.delivery_date), ("VAN", delivery_date()));
    assert_eq!((assigned.sku_type, assigned.fulfilled_by), (waybill(1).sku_type, waybill(1).fulfilled_by));
    assert_eq!((route.change, route.route_id), (RouteChange::Opened, assigned.route_id));
    assert_eq!(UnassignableReason::ZoneQuota, crate::assignment::named(Reason::ZoneQuota).0);
}
