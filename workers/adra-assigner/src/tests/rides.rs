//! Routes from their lock to the door: who stays aboard, who is left behind, who comes back.

use contracts::{WaybillCreated, WaybillKind, WaybillStatus};
use routing::{Reason, RouteStatus};
use runtime::Outcome;

use super::fixture::{no, parts, tight, waybill};
use super::world::{
    CANCELLED, ROUTE_1, STANDS, Standings, World, cancelled_at, leaves, stands_at, told,
};
use crate::assignment::{Standing, State};
use crate::decide::{Notice, RouteStep};

const HELD: Standing = Standing { version: 2, held: true, ..STANDS };

/// Waybills 1 to 3 on one route.
fn three() -> World {
    let mut world = World::with(parts());
    (1..=3).for_each(|number| drop(world.create(&waybill(number))));
    world
}

fn fails(world: &mut World, number: u32, to: WaybillStatus, place: u16, version: u64) -> Outcome {
    let notice = Notice::Failed { place_no: place };
    world.decide(number, notice, stands_at(version, to, place)).0
}

#[test]
fn at_the_lock_the_held_and_the_cancelled_leave() {
    let mut world = three();
    let route = world.route_of(1);
    // neither is told yet: the rows of the waybills say so
    let standings = Standings::from([(no(1), HELD), (no(2), cancelled_at(5))]);
    let (_, planned) = world.move_route(&route, RouteStep::Lock, &standings);
    assert_eq!(
        told(&planned.news),
        [
            "shop-1-1 held when its route was locked v2".to_owned(),
            "shop-2-1 cancelled v2".to_owned(),
            format!("{ROUTE_1} Locked v6"),
        ]
    );
    assert_eq!([world.state(1), world.state(2)], [State::Unassigned; 2]);
    assert_eq!(world.state(3), State::Locked(route.id));
    assert_eq!((world.used("Z01", 0).waybills, planned.writes.ledger.len()), (1, 2));
    assert_eq!(planned.writes.routes[0].row.status, RouteStatus::Locked);

    // told late, the same is nothing new; a hold after the lock keeps the place
    assert_eq!(world.decide(1, Notice::Held, HELD).0, Outcome::Stale);
    world.decide(3, Notice::Held, HELD);
    assert_eq!(world.state(3), State::Locked(route.id));
    // nothing is added any more: the next one opens another route
    world.create(&waybill(4));
    assert_ne!(world.route_of(4).id, route.id);
}

#[test]
fn who_left_at_the_lock_is_tried_again_when_it_is_released() {
    let released = Standing { version: 3, ..STANDS };
    // one route of one truck
    for (trucks, placed) in [(1, false), (2, true)] {
        let mut parts = tight(500, 500, trucks);
        parts.pool.retain(|pool| pool.truck_type == "VAN".into());
        let mut world = World::with(parts);
        world.create(&waybill(1));
        world.create(&waybill(2));
        let route = world.route_of(1);
        world.move_route(&route, RouteStep::Lock, &Standings::from([(no(1), HELD)]));
        let (_, planned) = world.decide(1, Notice::Released, released);
        if placed {
            assert_eq!(told(&planned.news)[0], "shop-1-1 place 2 v3");
        } else {
            assert_eq!(told(&planned.news), ["shop-1-1 ReleasedAfterCutoff v3"]);
        }
    }
    // a message that was overtaken says it as well
    let mut world = three();
    let route = world.route_of(1);
    world.move_route(&route, RouteStep::Lock, &Standings::from([(no(1), HELD)]));
    world.decide(1, Notice::Held, Standing { version: 5, ..STANDS });
    assert!(world.state(1).route().is_some());
}

#[test]
fn a_truck_leaves_without_what_was_not_loaded() {
    use WaybillStatus as S;
    let mut world = three();
    world.create(&waybill(4));
    world.create(&WaybillCreated { kind: WaybillKind::Return, ..waybill(5) });
    let route = world.route_of(1);
    assert_eq!(world.route_of(5).id, route.id, "a pickup rides like any other");
    world.move_route(&route, RouteStep::Lock, &Standings::new());
    let standings = Standings::from([
        (no(1), stands_at(3, S::Loaded, 1)),
        (no(2), stands_at(9, S::Delivered, 1)),
        (no(3), stands_at(3, S::Packed, 0)),
        (no(4), cancelled_at(4)),
        (no(5), STANDS),
    ]);
    let (outcome, planned) = world.move_route(&route, leaves(), &standings);
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(
        told(&planned.news),
        [
            format!("{ROUTE_1} Dispatched v7"),
            "shop-3-1 Missed v3".to_owned(),
            "shop-4-1 cancelled v3".to_owned(),
        ]
    );
    assert_eq!(world.state(3), State::Unassignable(Reason::Missed));
    assert!([1, 2, 5].into_iter().all(|number| world.state(number) == State::Locked(route.id)));
    assert_eq!(world.used("Z01", 0).waybills, 3);
    let decision = &planned.writes.decisions[0];
    assert_eq!(decision.reason, Some(Reason::Missed));
    assert!(decision.explanation.contains(ROUTE_1), "{}", decision.explanation);
    let (outcome, planned) = world.move_route(&route, leaves(), &standings);
    assert_eq!((outcome, planned.writes.ledger.len()), (Outcome::Duplicate, 0));
}

#[test]
fn a_truck_that_nothing_was_loaded_on_is_spent_all_the_same() {
    let mut world = three();
    let route = world.route_of(1);
    world.move_route(&route, leaves(), &Standings::new());
    assert_eq!(world.used("Z01", 0).waybills, 0);
    let day = &world.plans[&route.key].day;
    assert_eq!(day.route(route.id).unwrap().status(), RouteStatus::Dispatched);
    assert_eq!(day.pool_of(&"VAN".into()).used, 1);
}

#[test]
fn loaded_after_all_it_gets_no_place_back_and_is_not_moved() {
    let mut world = three();
    let route = world.route_of(1);
    world.move_route(&route, leaves(), &Standings::new());
    let loaded = stands_at(4, WaybillStatus::Loaded, 1);
    // whatever is told of it: it rides as an extra, its place may be somebody else's
    for notice in [Notice::Held, Notice::Released] {
        world.decide(1, notice, loaded);
    }
    assert_eq!(world.state(1), State::Unassignable(Reason::Missed));
    assert_eq!(world.reschedule(1, 1, loaded).0.code(), "PLACE_DISPATCHED");
    let failed = stands_at(7, WaybillStatus::DeliveryFailed, 1);
    assert_eq!(world.reschedule(1, 1, failed).0, Outcome::Applied);
}

#[test]
fn a_door_that_did_not_open_frees_the_place() {
    use WaybillStatus as S;
    for (kind, status) in
        [(WaybillKind::Forward, S::DeliveryFailed), (WaybillKind::Return, S::PickupFailed)]
    {
        let mut world = World::with(parts());
        world.create(&WaybillCreated { kind, ..waybill(1) });
        world.create(&waybill(2));
        let route = world.route_of(1);
        let loaded = Standings::from([1, 2].map(|number| (no(number), stands_at(3, S::Loaded, 1))));
        world.move_route(&route, leaves(), &loaded);
        assert_eq!(fails(&mut world, 1, status, 1, 4), Outcome::Applied);
        assert_eq!((world.state(1), world.used("Z01", 0).waybills), (State::Unassigned, 1));

        // released of a hold it seeks nothing by itself; asked for, it has its second place
        let failed = stands_at(5, status, 1);
        world.decide(1, Notice::Released, failed);
        assert_eq!(world.state(1), State::Unassigned);
        let (outcome, planned) = world.reschedule(1, 1, failed);
        assert_eq!(
            (outcome, told(&planned.news)[0].as_str()),
            (Outcome::Applied, "shop-1-1 place 2 v5")
        );

        // the first failure, told once more, says nothing of the second place
        fails(&mut world, 1, status, 1, 6);
        assert!(world.state(1).route().is_some());
        fails(&mut world, 1, status, 2, 7);
        assert_eq!((world.state(1), world.used("Z01", 1).waybills), (State::Unassigned, 0));
    }
}

#[test]
fn what_is_delivered_or_lost_keeps_its_place() {
    use WaybillStatus as S;
    for status in [S::Delivered, S::ReturnedToOrigin, S::Lost, S::Damaged] {
        let mut world = three();
        let route = world.route_of(1);
        let loaded = Standings::from([(no(1), stands_at(3, S::Loaded, 1))]);
        world.move_route(&route, leaves(), &loaded);
        let notice = Notice::Moved { to: status, attempt: 1 };
        world.decide(1, notice, stands_at(6, status, 1));
        assert_eq!(world.state(1), State::Locked(route.id), "{status:?}");
    }
}

#[test]
fn a_correction_does_nothing_by_itself_and_opens_the_way_to_a_reschedule() {
    use WaybillStatus as S;
    let mut world = three();
    let route = world.route_of(1);
    world.move_route(&route, leaves(), &Standings::from([(no(1), stands_at(3, S::Loaded, 1))]));
    fails(&mut world, 1, S::DeliveryFailed, 1, 4);
    let corrected = stands_at(5, S::Packed, 0);
    let (outcome, planned) =
        world.decide(1, Notice::Moved { to: S::Packed, attempt: 0 }, corrected);
    assert_eq!((outcome, planned.news.len()), (Outcome::Applied, 0));
    assert_eq!(world.state(1), State::Unassigned);
    assert_eq!(world.reschedule(1, 2, corrected).0, Outcome::Applied);

    let mut world = three();
    world.decide(1, CANCELLED, cancelled_at(2));
    let corrected = Standing { version: 3, ..STANDS };
    assert_eq!(world.reschedule(1, 0, corrected).0, Outcome::Applied, "even where it was");
}

#[test]
fn pickups_and_transfers_are_told_apart() {
    let mut world = World::with(parts());
    let back = WaybillCreated { kind: WaybillKind::Return, ..waybill(1) };
    let planned = world.create(&back);
    let explanation = &planned.writes.decisions[0].explanation;
    assert!(explanation.contains("\"service\":\"pickup\""), "{explanation}");
    assert!(explanation.contains("\"chosen\""), "{explanation}");
    let planned = world.create(&WaybillCreated { kind: WaybillKind::Replacement, ..waybill(2) });
    assert!(!planned.writes.decisions[0].explanation.contains("service"));

    // between warehouses: by the trucks where they come by, else not at all
    let transfer = WaybillCreated { kind: WaybillKind::Transfer, ..waybill(3) };
    world.create(&transfer);
    assert!(world.state(3).route().is_some());
    let district = contracts::DistrictCode::new("D777").unwrap();
    let planned = world.create(&WaybillCreated { district, waybill_no: no(4), ..transfer });
    assert_eq!((world.state(4), planned.news.len()), (State::Unassigned, 0));
    assert!(planned.writes.decisions.is_empty());
}
