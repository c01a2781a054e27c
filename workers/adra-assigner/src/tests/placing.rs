//! How waybills that become known get their places, or the reason why they get none.

use std::collections::BTreeSet;

use contracts::{DistrictCode, RouteChange, UnassignableReason, WaybillCreated};
use routing::{Reason, RouteStatus};
use runtime::Outcome;

use super::fixture::{delivery_date, key, no, parts, tight, time, waybill};
use super::world::{CANCELLED, ROUTE_1, STANDS, World, cancelled_at, told};
use crate::assignment::{Standing, State, named};
use crate::decide::{Clock, Event, News, Notice, Planned, slot_days_of};

#[test]
fn a_place_is_a_route_a_stop_a_ledger_entry_and_news() {
    let mut world = World::with(parts());
    let Planned { writes, news, .. } = world.create(&waybill(1));

    let route = &writes.new_routes[0];
    assert_eq!(
        (route.reference.as_str(), route.status, route.version),
        (ROUTE_1, RouteStatus::Open, 1)
    );
    assert_eq!((route.load.waybills, route.load.dry_ml, route.stops), (1, 1_000, 1));
    assert_eq!((writes.stops[0].route, writes.stops[0].waybills), (route.id, 1));
    let bucket = &writes.buckets[0];
    assert_eq!((bucket.expected, bucket.row.version, bucket.row.taken), (0, 1, true));
    let entry = &writes.ledger[0];
    assert_eq!(
        (entry.version, entry.route, entry.load.waybills, entry.reserved),
        (1, route.id, 1, true)
    );
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
    let cancelled = cancelled_at(1);
    let (_, planned) = world.decide(1, Notice::Created(&waybill(1)), cancelled);
    assert_eq!((world.state(1), planned.writes.ledger.len()), (State::Unassigned, 0));
    assert!(planned.news.is_empty());

    let held = Standing { held: true, ..STANDS };
    world.decide(2, Notice::Created(&waybill(2)), held);
    assert!(world.book[&no(2)].held);
    assert!(world.state(2).route().is_some());
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
fn slot_days_are_named_before_they_are_touched() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let known = &world.book[&no(1)];
    let network = &world.network;
    let cancelled = cancelled_at(1);
    let only = BTreeSet::from([key()]);
    let created = waybill(2);
    assert_eq!(slot_days_of(network, Notice::Created(&created), None, None), only);
    assert_eq!(slot_days_of(network, CANCELLED, None, Some(known)), only);
    assert_eq!(slot_days_of(network, Notice::Held, Some(cancelled), Some(known)), only);
    assert!(slot_days_of(network, Notice::Held, Some(STANDS), Some(known)).is_empty());
    assert!(slot_days_of(network, CANCELLED, None, None).is_empty());
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
    assert_eq!(
        (assigned.sku_type, assigned.fulfilled_by),
        (waybill(1).sku_type, waybill(1).fulfilled_by)
    );
    assert_eq!((route.change, route.route_id), (RouteChange::Opened, assigned.route_id));
    assert_eq!(UnassignableReason::ZoneQuota, named(Reason::ZoneQuota).0);
}
