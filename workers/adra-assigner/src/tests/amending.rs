//! New quantities: the larger load is reserved in place, then what sales-order decides is what it carries.

use contracts::{SkuType, WaybillStatus};
use routing::{Load, Reason};
use runtime::Outcome;

use super::fixture::{no, parts, tight, waybill};
use super::world::{
    CANCELLED, ROUTE_1, STANDS, Standings, World, cancelled_at, leaves, litres, told,
};
use crate::assignment::State;
use crate::decide::{AmendmentState, Verdict};

fn load(litres: u64) -> Load {
    Load::of_waybill(litres * 1_000, 0, 500)
}

#[test]
fn more_goods_are_reserved_at_once_and_less_are_given_back_at_the_decision() {
    // old, asked, reserved; then what is left after yes and after no
    for (asked, reserved) in [(5, 5), (1, 1)] {
        for (refused, left) in [(None, asked), (Some("AMEND_TOO_LATE"), 2)] {
            let mut world = World::with(parts());
            world.create(&contracts::WaybillCreated { dry_ml: 2_000, ..waybill(1) });
            let amendment = litres(1, 7, asked);
            let (outcome, planned) = world.amend(&amendment, STANDS);
            assert_eq!(outcome, Outcome::Applied);
            assert!(told(&planned.news).iter().any(|line| line.contains("reserved")));
            assert_eq!(world.used("Z01", 0), load(reserved.max(2)));

            let (outcome, planned) = world.amended(&amendment, refused, STANDS);
            assert_eq!((outcome, planned.news.len()), (Outcome::Applied, 0), "nobody is told");
            assert_eq!(world.used("Z01", 0), load(left));
            assert_eq!(world.book[&no(1)].load, load(left));
            let sums = world.amendments.values().next().unwrap();
            let state =
                if refused.is_some() { AmendmentState::Refused } else { AmendmentState::Applied };
            assert_eq!(sums.state, state);
        }
    }
}

#[test]
fn an_amendment_counts_once() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let amendment = litres(1, 7, 5);
    world.amend(&amendment, STANDS);
    let (outcome, planned) = world.amend(&amendment, STANDS);
    assert_eq!((outcome, planned.news.len()), (Outcome::Duplicate, 0));
    world.amended(&amendment, None, STANDS);
    for refused in [None, Some("AMEND_TOO_LATE")] {
        let (outcome, planned) = world.amended(&amendment, refused, STANDS);
        assert_eq!((outcome, planned.writes.ledger.len()), (Outcome::Duplicate, 0));
    }
    assert_eq!(world.used("Z01", 0), load(5));

    // the next one waits for the decision about the one before
    world.amend(&litres(1, 8, 6), STANDS);
    let next = litres(1, 9, 7);
    let (verdict, _) = world.transact(|planner| planner.amend(0, &next, Some(STANDS)).unwrap());
    assert!(matches!(verdict, Verdict::NotYet(_)), "{verdict:?}");
}

#[test]
fn a_larger_truck_comes_where_there_is_one() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let (_, planned) = world.amend(&litres(1, 7, 5_000), STANDS);
    assert_eq!(
        told(&planned.news),
        [format!("{ROUTE_1} Upgraded v2"), "shop-1-1 reserved v2".to_owned()]
    );
    assert_eq!(planned.writes.routes[0].row.truck_type.as_str(), "TRUCK-MIX");
    assert_eq!(planned.writes.trucks.len(), 2);
    assert!(planned.writes.decisions[0].explanation.contains("amendment"));

    let mut none_left = parts();
    none_left.pool.retain(|pool| pool.truck_type == "VAN".into());
    let mut world = World::with(none_left);
    world.create(&waybill(1));
    let (_, planned) = world.amend(&litres(1, 7, 5_000), STANDS);
    assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_NO_CAPACITY v1"]);
    assert!(planned.writes.ledger.is_empty() && planned.writes.assignments.is_empty());
    assert_eq!(world.amended(&litres(1, 7, 5_000), None, STANDS).0, Outcome::Duplicate);
}

#[test]
fn goods_of_another_class_need_a_route_for_them() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let mut asked = litres(1, 7, 1);
    (asked.sku_type, asked.frozen_ml) = (SkuType::Mixed, 500);
    let (_, planned) = world.amend(&asked, STANDS);
    assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_NO_CAPACITY v1"]);

    // what is mixed may become dry, and is dry from the decision on
    let mut world = World::with(parts());
    let mixed =
        contracts::WaybillCreated { sku_type: SkuType::Mixed, frozen_ml: 700, ..waybill(1) };
    world.create(&mixed);
    let asked = litres(1, 7, 1);
    world.amend(&asked, STANDS);
    assert_eq!(world.book[&no(1)].sku_type, SkuType::Mixed);
    world.amended(&asked, None, STANDS);
    let row = &world.book[&no(1)];
    assert_eq!((row.sku_type, row.load.frozen_ml), (SkuType::Dry, 0));
}

#[test]
fn the_reserved_load_goes_wherever_the_waybill_goes() {
    let asked = litres(1, 7, 5);
    // moved, and then decided
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.amend(&asked, STANDS);
    world.reschedule(1, 1, STANDS);
    assert_eq!((world.used("Z01", 0), world.used("Z01", 1)), (Load::ZERO, load(5)));
    world.amended(&asked, Some("AMEND_TOO_LATE"), STANDS);
    assert_eq!(world.used("Z01", 1), load(1));

    // cancelled, and then decided
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.amend(&asked, STANDS);
    world.decide(1, CANCELLED, cancelled_at(2));
    world.amended(&asked, Some("CANCELLED"), cancelled_at(2));
    assert_eq!((world.used("Z01", 0), world.state(1)), (Load::ZERO, State::Unassigned));

    // missed, and then decided
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.amend(&asked, STANDS);
    let route = world.route_of(1);
    world.move_route(&route, leaves(), &Standings::new());
    world.amended(&asked, None, STANDS);
    assert_eq!(world.state(1), State::Unassignable(Reason::Missed));
    assert_eq!((world.used("Z01", 0), world.book[&no(1)].load), (Load::ZERO, load(5)));
}

#[test]
fn less_may_find_a_place_where_more_did_not() {
    let mut world = World::with(parts());
    world.create(&contracts::WaybillCreated { dry_ml: 20_000_000, ..waybill(1) });
    assert_eq!(world.state(1), State::Unassignable(Reason::ExceedsLargestTruck));
    let asked = litres(1, 7, 3);
    let (_, planned) = world.amend(&asked, STANDS);
    assert_eq!(told(&planned.news), ["shop-1-1 reserved v1"]);
    let (_, planned) = world.amended(&asked, None, STANDS);
    assert_eq!(told(&planned.news)[0], "shop-1-1 place 1 v2");
    assert_eq!(world.used("Z01", 0), load(3));
}

#[test]
fn a_full_zone_has_no_room_for_more() {
    let mut parts = tight(500, 500, 10);
    parts.zone_quotas[0].limit.dry_ml = 4_000;
    let mut world = World::with(parts);
    world.create(&waybill(1));
    world.create(&waybill(2));
    let (_, planned) = world.amend(&litres(1, 7, 4), STANDS);
    assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_NO_CAPACITY v1"]);
    let (_, planned) = world.amend(&litres(1, 8, 3), STANDS);
    assert!(told(&planned.news).iter().any(|line| line.contains("reserved")));
    assert!(planned.writes.buckets[0].row.taken, "the limit in force is asked once more");
}

#[test]
fn a_waybill_that_has_left_is_not_amended() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let on_the_road = super::world::stands_at(3, WaybillStatus::OutForDelivery, 1);
    let (_, planned) = world.amend(&litres(1, 7, 1), on_the_road);
    assert_eq!(told(&planned.news), ["shop-1-1 amendment AMEND_TOO_LATE v1"]);
}
