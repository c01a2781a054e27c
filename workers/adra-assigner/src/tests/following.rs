//! What happens to waybills after they were announced: holds, cancellations, releases, retries.

use std::collections::BTreeSet;

use routing::{Reason, RouteStatus};
use runtime::Outcome;

use super::fixture::{no, parts, tight, time, waybill};
use super::world::{CANCELLED, ROUTE_1, STANDS, World, cancelled_at, told};
use crate::assignment::{Assignment, Standing, State};
use crate::decide::{Clock, Notice, Planned, Planner};

#[test]
fn hold_and_release_leave_the_place_alone() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let place = world.state(1);
    let (outcome, planned) =
        world.decide(1, Notice::Held, Standing { version: 2, held: true, ..STANDS });
    assert_eq!(
        (outcome, world.state(1), planned.writes.ledger.len()),
        (Outcome::Applied, place, 0)
    );
    assert!(world.book[&no(1)].held && planned.news.is_empty());
    world.decide(1, Notice::Released, Standing { version: 3, ..STANDS });
    let row = &world.book[&no(1)];
    assert_eq!((row.state, row.held, row.version, row.waybill_version), (place, false, 3, 3));
}

#[test]
fn a_cancellation_gives_everything_back() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let (_, Planned { writes, news, .. }) = world.decide(1, CANCELLED, cancelled_at(2));
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
        planner.decide(1, &no(1), CANCELLED, 2, None).unwrap();
    });
    assert_eq!(
        (writes.new_routes[0].status, writes.new_routes[0].version),
        (RouteStatus::Closed, 2)
    );
    assert_eq!((writes.ledger.len(), writes.trucks.len()), (2, 0));
    assert_eq!((writes.buckets[0].row.version, writes.buckets[0].row.used.waybills), (2, 0));
    assert_eq!((writes.new_assignments.len(), writes.assignments.len()), (1, 0));
    assert_eq!(writes.new_assignments[0].state, State::Unassigned);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let last = cancelled_at(4);
    let created = waybill(1);
    let (held, released, cancelled) = (Notice::Held, Notice::Released, CANCELLED);
    for order in
        [[held, released, cancelled], [cancelled, released, held], [released, cancelled, held]]
    {
        // told late: the row of the waybill says at once how it stands
        let mut world = World::with(parts());
        world.create(&created);
        for (seq, notice) in order.into_iter().enumerate() {
            let seq = u64::try_from(seq).unwrap() + 2;
            world.transact(|planner| planner.decide(0, &no(1), notice, seq, Some(last)).unwrap());
        }
        let row = &world.book[&no(1)];
        assert_eq!(
            (row.state, row.held, row.waybill_version),
            (State::Unassigned, false, 4),
            "{order:?}"
        );

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
fn a_release_seeks_a_place_for_who_has_none() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&waybill(2));
    world.decide(1, CANCELLED, cancelled_at(2));
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
    let cancelled = cancelled_at(3);
    world.decide(1, CANCELLED, cancelled);
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
    assert_eq!(
        world.state(2),
        State::Unassignable(Reason::ZoneQuota),
        "the reason that kept it out in time"
    );

    world.clock = Clock::Wall(time("2035-06-12T19:00:00Z"));
    let cancelled = cancelled_at(2);
    world.decide(1, CANCELLED, cancelled);
    let (is_placed, Planned { news, .. }) = world.retry(2);
    assert!(is_placed);
    assert_eq!(told(&news)[0], "shop-2-1 place 1 v2");
}

#[test]
fn a_release_helps_the_zone_its_neighbours_and_a_returned_truck_all_zones() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.create(&waybill(2));
    let cancelled = cancelled_at(2);
    let (freed, _) = world.transact(|planner| {
        planner.decide(7, &no(1), CANCELLED, 2, Some(cancelled)).unwrap();
        planner.decide(8, &no(2), CANCELLED, 2, Some(cancelled)).unwrap();
        planner.freed()
    });
    assert_eq!((freed.len(), freed[0].cause), (1, 7));
    assert_eq!(freed[0].zones, BTreeSet::from(["Z01".into(), "Z02".into()]));
}
