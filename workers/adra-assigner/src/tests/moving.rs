//! Reschedules and new destinations: a place there before the one here is given up.

use chrono::Days;
use contracts::{WaybillCreated, WaybillStatus};
use routing::{Reason, RouteStatus, SlotDayKey};
use runtime::Outcome;

use super::fixture::{delivery_date, key, no, parts, tight, waybill};
use super::world::{ROUTE_1, STANDS, World, destination, told};
use crate::assignment::{Standing, State};
use crate::decide::{OrderFacts, wished_slot_day};

fn refusal(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Rejected(refusal) => (refusal.code, refusal.detail),
        Outcome::Applied | Outcome::Duplicate | Outcome::Stale | Outcome::Parked => {
            panic!("not refused: {outcome:?}")
        }
    }
}

fn on_the_next_day(number: u32) -> WaybillCreated {
    WaybillCreated { delivery_date: delivery_date() + Days::new(1), ..waybill(number) }
}

#[test]
fn the_new_place_is_taken_and_then_the_old_one_given_back() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let (outcome, planned) = world.reschedule(1, 2, STANDS);
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(
        told(&planned.news),
        [
            "shop-1-1 place 2 v2".to_owned(),
            "NORTH-20350615-0900-1300-Z01-001 Opened v1".to_owned(),
            format!("{ROUTE_1} Closed v2"),
        ]
    );
    let ledger: Vec<_> =
        planned.writes.ledger.iter().map(|row| (row.key.date, row.reserved)).collect();
    let first = delivery_date();
    assert_eq!(ledger, [(first + Days::new(2), true), (first, false)]);
    assert_eq!((world.used("Z01", 0).waybills, world.used("Z01", 2).waybills), (0, 1));
    let row = &world.book[&no(1)];
    assert_eq!((row.delivery_date, row.place_no, row.version), (first + Days::new(2), 2, 2));
    assert_eq!(planned.writes.decisions[0].version, 2);
    assert_eq!(planned.writes.slot_days.len(), 2);

    let (outcome, planned) = world.reschedule(1, 2, STANDS);
    assert_eq!((outcome, planned.writes.assignments.len()), (Outcome::Duplicate, 0));
}

#[test]
fn without_room_there_the_engines_reason_is_told_and_nothing_changes() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&on_the_next_day(2));
    let before = (world.book.clone(), format!("{:?}", world.plans));
    let (outcome, planned) = world.reschedule(1, 1, STANDS);
    let (code, detail) = refusal(outcome);
    assert_eq!(code, "ZONE_QUOTA");
    assert!(detail.contains("2035-06-14") && detail.contains("stays"), "{detail}");
    assert!(planned.news.is_empty() && planned.writes.decisions.is_empty());
    assert_eq!((world.book.clone(), format!("{:?}", world.plans)), before);

    let past = world.reschedule(1, 0, STANDS).0;
    assert_eq!(past, Outcome::Duplicate);
    let mut late = World::with(parts());
    late.create(&waybill(1));
    let mut late = late.at("2035-06-13T21:00:00Z");
    assert_eq!(refusal(late.reschedule(1, 1, STANDS).0).0, "CUT_OFF_PASSED");
}

#[test]
fn who_had_no_place_gets_one_where_it_wants_to_be() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&waybill(2));
    assert_eq!(world.state(2), State::Unassignable(Reason::ZoneQuota));
    let (outcome, _) = world.reschedule(2, 1, STANDS);
    assert_eq!((outcome, world.used("Z01", 1).waybills), (Outcome::Applied, 1));
    assert_eq!(world.book[&no(2)].delivery_date, delivery_date() + Days::new(1));
}

#[test]
fn what_a_move_gives_back_is_offered_to_others() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    let asked = super::world::reschedule(1, 1);
    let (freed, _) = world.transact(|planner| {
        planner.reschedule(3, &asked, contracts::Role::Admin, Some(STANDS)).unwrap();
        planner.freed()
    });
    assert_eq!((freed.len(), &freed[0].key, freed[0].cause), (1, &key(), 3));
}

#[test]
fn another_door_in_a_full_zone_is_no_further_waybill() {
    // the zone and its neighbour have one place each, and all the trucks are out
    let mut world = World::with(tight(1, 1, 1));
    world.create(&waybill(1));
    let other = waybill(2);
    world.create(&other);
    let (outcome, planned) = world.amend(&destination(1, 1, "D001", 0), STANDS);
    assert_eq!(outcome, Outcome::Applied);
    assert!(told(&planned.news).contains(&"shop-1-1 amendment done v2".to_owned()));
    let ledger: Vec<bool> = planned.writes.ledger.iter().map(|row| row.reserved).collect();
    assert_eq!(ledger, [false, true], "its own place is free for it");
    assert_eq!(world.used("Z01", 0).waybills, 1);
    assert_ne!(world.book[&no(1)].stop, other_stop(), "it is another door");
}

fn other_stop() -> routing::StopKey {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.book[&no(1)].stop
}

#[test]
fn a_destination_without_room_is_refused_whole() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&on_the_next_day(2));
    let before = (world.book.clone(), format!("{:?}", world.plans));
    let (outcome, planned) = world.amend(&destination(1, 1, "D003", 1), STANDS);
    assert_eq!(outcome, Outcome::Applied, "an event is never refused, its wish is");
    assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_NO_CAPACITY v1"]);
    assert_eq!((world.book.clone(), format!("{:?}", world.plans)), before);
    let row = world.amendments.values().next().unwrap();
    assert_eq!(row.code.as_deref(), Some("AMEND_NO_CAPACITY"));

    let (outcome, planned) = world.amend(&destination(1, 1, "D003", 1), STANDS);
    assert_eq!((outcome, planned.news.len()), (Outcome::Duplicate, 0));
}

#[test]
fn a_new_name_on_the_parcel_moves_nothing() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let mut asked = destination(1, 1, "D001", 0);
    asked.address_key = "a1".to_owned();
    let facts = OrderFacts { customer_ref: Some("C-1".to_owned()), is_being_picked: false };
    let (_, planned) = world.transact(|planner| {
        planner.amending.facts.insert(no(1), facts);
        planner.amend(0, &asked, Some(STANDS)).unwrap()
    });
    assert_eq!(told(&planned.news), ["shop-1-1 amendment done v1"]);
    assert!(planned.writes.ledger.is_empty() && planned.writes.assignments.is_empty());
}

#[test]
fn what_is_being_picked_keeps_its_destination() {
    let picked = Standing { status: WaybillStatus::Picked, ..STANDS };
    for (standing, is_being_picked) in [(picked, false), (STANDS, true)] {
        let mut world = World::with(parts());
        world.create(&waybill(1));
        let facts = OrderFacts { customer_ref: None, is_being_picked };
        let asked = destination(1, 1, "D001", 1);
        let (_, planned) = world.transact(|planner| {
            planner.amending.facts.insert(no(1), facts);
            planner.amend(0, &asked, Some(standing)).unwrap()
        });
        assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_TOO_LATE v1"]);
    }
}

#[test]
fn both_slot_days_are_named_before_anything_is_decided() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let known = &world.book[&no(1)];
    let day = |days| SlotDayKey { date: delivery_date() + Days::new(days), ..key() };
    let message = crate::incoming::Incoming::Reschedule(super::world::reschedule(1, 1));
    let ask = message.ask().unwrap();
    let named = ask.slot_days(&world.network, Some(STANDS), Some(known), None);
    assert!(named.into_iter().eq([day(0), day(1)]), "in the order of their keys");
    let elsewhere =
        wished_slot_day(&world.network, known, Some("D777"), delivery_date(), "0900-1300");
    assert_eq!(elsewhere, None);
}

#[test]
fn a_moved_waybill_leaves_its_old_route_as_it_was_for_the_others() {
    let mut world = World::with(parts());
    (1..=3).for_each(|number| drop(world.create(&waybill(number))));
    let route = world.route_of(2);
    world.reschedule(1, 1, STANDS);
    let live = world.plans[&route.key].day.route(route.id).unwrap();
    assert_eq!((live.status(), live.load().waybills, live.stop_count()), (RouteStatus::Open, 2, 2));
}
