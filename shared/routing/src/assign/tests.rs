//! Where waybills go: sticky, best fit, class and zone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod foreign;
mod reasons;
mod trucks;

use super::{Origin, Outcome, Reason, Request};
use crate::explain::Step;
use crate::fixture::{
    AMPLE, World, dry, frozen, instant, placement, pool, quota, route_id, route_of, template,
    waybill,
};
use crate::state::{Effect, RouteStatus, StateError};
use crate::{Decision, Forecast, Load, NetworkParts, RouteClass, RouteReference, SkuClass, assign};

fn only(trucks: &[(&str, u32)]) -> impl FnOnce(&mut NetworkParts) {
    let rows = trucks.iter().map(|(truck_type, count)| pool(truck_type, *count)).collect();
    move |parts| parts.pool = rows
}

fn step_of(decision: &Decision) -> Step {
    decision.explanation.chosen.as_ref().unwrap().step
}

fn zone_of(decision: &Decision) -> &str {
    decision.explanation.chosen.as_ref().unwrap().zone.as_str()
}

fn waybills(limit: u32) -> Load {
    Load { waybills: limit, ..AMPLE }
}

#[test]
fn the_same_door_and_the_same_order_stay_together() {
    let mut world = World::with(only(&[("VAN", 2), ("VAN-COLD", 1)]));
    let first = route_of(&world.place(&dry(1, 1_000)));
    let fuller = route_of(&world.place(&dry(2, 4_000)));
    assert_ne!(first, fuller);

    let same_door = Request { order: dry(9, 0).order, ..dry(1, 10) };
    let decision = world.place(&same_door);
    assert_eq!((route_of(&decision), step_of(&decision)), (first, Step::Sticky));
    let same_order = Request { stop: dry(8, 0).stop, ..dry(1, 10) };
    assert_eq!(route_of(&world.place(&same_order)), first);
    let both_pull = Request { stop: dry(2, 0).stop, ..dry(1, 10) };
    assert_eq!(route_of(&world.place(&both_pull)), first, "the order pulls harder than the door");
    let stranger = world.place(&dry(7, 400));
    assert_eq!((route_of(&stranger), step_of(&stranger)), (fuller, Step::BestFit));
    let too_large_for_it = Request { order: dry(9, 0).order, ..dry(2, 600) };
    assert_eq!(step_of(&world.place(&too_large_for_it)), Step::Sticky, "its order is on the first");
}

#[test]
fn a_waybill_follows_its_order_to_the_neighbour() {
    let mut world = World::with(|parts| parts.zone_quotas[0].limit = waybills(0));
    let first = world.place(&dry(1, 10));
    assert_eq!(zone_of(&first), "B");
    world.day.set_zone_limit(&"A".into(), AMPLE).unwrap();
    let second = world.place(&dry(1, 10));
    assert_eq!((route_of(&second), zone_of(&second)), (route_of(&first), "B"));
}

#[test]
fn best_fit_fills_the_route_with_least_left_on_its_binding_resource() {
    let mut world = World::with(only(&[("VAN", 3)]));
    let roomy = route_of(&world.place(&dry(1, 3_000)));
    let tight = route_of(&world.place(&dry(2, 3_900)));
    let tightest = route_of(&world.place(&dry(3, 4_400)));
    for (number, litres, expected) in [(4, 200, tight), (5, 50, tightest), (6, 1_000, roomy)] {
        assert_eq!(route_of(&world.place(&dry(number, litres))), expected, "{litres} litres");
    }
}

#[test]
fn only_open_routes_that_are_not_excluded_take_waybills() {
    let mut world = World::with(only(&[("VAN", 3)]));
    let first = route_of(&world.place(&dry(1, 10)));
    let excluding = Request { excluded_routes: vec![first], ..dry(2, 10) };
    let second = route_of(&world.place(&excluding));
    assert_ne!(first, second);
    for status in [RouteStatus::Locked, RouteStatus::Dispatched, RouteStatus::Closed] {
        world.day.set_status(second, status).unwrap();
        assert_eq!(route_of(&world.place(&dry(3, 1))), first, "{status:?}");
    }
    world.day.set_status(first, RouteStatus::Locked).unwrap();
    assert_eq!(step_of(&world.place(&dry(1, 1))), Step::Open, "not even its own order");
}

#[test]
fn dry_goods_take_cold_space_last_of_all() {
    let mut world = World::with(only(&[("VAN", 2), ("VAN-COLD", 1)]));
    let cold = route_of(&world.place(&frozen(1, 100)));
    let home = world.place(&dry(2, 4_500));
    assert_eq!((zone_of(&home), world.truck_of(route_of(&home))), ("A", "VAN"));
    // Home is full. The neighbour's quota would do, but so would a second van at home.
    let second = world.place(&dry(3, 4_500));
    assert_eq!(zone_of(&second), "A");
    // No van is left: the neighbour has none either, so the cold truck is the last resort.
    let last = world.place(&dry(4, 100));
    assert_eq!((route_of(&last), step_of(&last)), (cold, Step::BestFit));
}

#[test]
fn a_neighbours_dry_route_comes_before_cold_space_at_home() {
    let mut world = World::with(only(&[("VAN", 2), ("VAN-COLD", 1)]));
    world.place(&frozen(1, 100));
    world.place(&dry(2, 4_500));
    let neighbour = route_of(&world.place(&Request { zone: "B".into(), ..dry(3, 100) }));
    let overflow = world.place(&dry(4, 100));
    assert_eq!((route_of(&overflow), zone_of(&overflow)), (neighbour, "B"));
    assert_eq!(
        world.day.zone(&"B".into()).unwrap().used().waybills,
        2,
        "the server's quota counts"
    );
    assert_eq!(world.day.zone(&"A".into()).unwrap().used().waybills, 2);
}

#[test]
fn frozen_and_mixed_goods_ride_on_mixed_templates_only() {
    let mut world = World::with(|_| ());
    world.place(&dry(1, 10));
    for (number, request) in [(2, frozen(2, 10)), (3, waybill(3, SkuClass::Mixed, 10, 10, 1))] {
        let route = route_of(&world.place(&request));
        let template = world.day.route(route).unwrap().template();
        assert_eq!(template.class, RouteClass::Mixed, "waybill {number}");
    }
}

#[test]
fn one_profile_must_hold_the_whole_route() {
    let mut world = World::with(only(&[("VAN-COLD", 2)]));
    let first = route_of(&world.place(&frozen(1, 3_000)));
    // 3,000 litres frozen need the all-frozen profile, which has no dry space.
    let mixed = route_of(&world.place(&waybill(2, SkuClass::Mixed, 10, 10, 1)));
    assert_ne!(first, mixed);
    assert_eq!(route_of(&world.place(&waybill(3, SkuClass::Mixed, 10, 10, 1))), mixed);
    assert_eq!(route_of(&world.place(&frozen(4, 1_000))), first);
}

#[test]
fn versions_go_up_by_one_a_decision() {
    let mut world = World::with(|_| ());
    let first = dry(1, 10);
    let route = route_of(&world.place(&first));
    for expected in 1..5 {
        let effects = world.place(&dry(2, 10)).effects;
        let versions = effects.iter().filter_map(|effect| {
            if let Effect::RouteFilled { expected_version, .. } = effect {
                Some(*expected_version)
            } else {
                None
            }
        });
        assert_eq!(versions.collect::<Vec<_>>(), [expected]);
    }
    world.release(&placement(&first, route));
    assert_eq!(world.day.route(route).unwrap().version(), 6);
}
