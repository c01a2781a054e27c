//! Which truck a route gets, and when it gets another.

use super::*;

/// Fills one van with as many small parcels as it may stop for.
fn full_of_stops(world: &mut World) -> crate::RouteId {
    let route = route_of(&world.place(&dry(1, 10)));
    for number in 2..=22 {
        assert_eq!(route_of(&world.place(&dry(number, 10))), route);
    }
    route
}

#[test]
fn the_cheaper_of_upgrading_and_opening_is_bought() {
    // VAN to TRUCK is 70 for 23 more stops (and waybills); a new VAN is 100 for 22.
    let mut world = World::with(|_| ());
    let route = full_of_stops(&mut world);
    let decision = world.place(&dry(23, 10));
    assert_eq!((route_of(&decision), step_of(&decision)), (route, Step::Upgrade));
    assert_eq!(world.truck_of(route), "TRUCK");

    // TRUCK to LORRY is 120 for 15 more: a new route is cheaper by the unit.
    for number in 24..=45 {
        assert_eq!(route_of(&world.place(&dry(number, 10))), route);
    }
    let decision = world.place(&dry(46, 10));
    assert_eq!(step_of(&decision), Step::Open);
    assert_eq!(world.truck_of(route_of(&decision)), "VAN");
}

#[test]
fn with_little_to_come_the_smaller_outlay_wins() {
    // A dear but huge upgrade is worth its price only when its capacity will be used.
    let dear = |parts: &mut NetworkParts| parts.truck_types[2].cost = 210;
    let world = World::with(dear);
    let decision = |remaining| {
        let mut world = world.clone();
        world.day.set_pool_limit(&"LORRY".into(), 0);
        world.day.set_pool_limit(&"LORRY-MIX".into(), 0);
        world.day.set_pool_limit(&"TRUCK-MIX".into(), 0);
        world.remaining_waybills = remaining;
        world.place(&dry(1, 4_500));
        step_of(&world.place(&dry(2, 4_500)))
    };
    // Per unit: upgrade 110 for 2.1 more, new route 100 for 1 (210 for 3.1 once upgraded).
    assert_eq!(decision(None), Step::Upgrade);
    assert_eq!(decision(Some(0)), Step::Open);
}

#[test]
fn an_upgrade_that_hardly_pays_is_not_bought_on_an_estimate() {
    let decision = |truck_cost, remaining| {
        let mut world = World::with(|parts| {
            only(&[("VAN", 2), ("TRUCK", 1)])(parts);
            parts.truck_types[2].cost = truck_cost;
        });
        full_of_stops(&mut world);
        world.remaining_waybills = remaining;
        step_of(&world.place(&dry(23, 10)))
    };
    // 92 or 93 and 8 % of it, beside a new van for 100
    assert_eq!(decision(192, Some(0)), Step::Upgrade);
    assert_eq!(decision(193, Some(0)), Step::Open);
    // room that is not expected to be used or not is judged by its price alone
    assert_eq!(decision(193, None), Step::Upgrade);
}

#[test]
fn an_upgrade_returns_the_old_truck_and_needs_a_new_one_in_the_pool() {
    let mut world = World::with(only(&[("VAN", 1), ("TRUCK", 0), ("LORRY", 1)]));
    // With ten more to come, a second truck would be the larger outlay.
    world.remaining_waybills = Some(10);
    let route = full_of_stops(&mut world);
    let decision = world.place(&dry(23, 10));
    assert_eq!((route_of(&decision), world.truck_of(route)), (route, "LORRY"), "two steps at once");
    assert_eq!(world.day.pool_of(&"VAN".into()).used, 0);
    assert_eq!(world.day.pool_of(&"LORRY".into()).used, 1);
    let (from, to) = ("VAN".into(), "LORRY".into());
    assert!(decision.effects.contains(&Effect::RouteUpgraded { route, from, to }));
    let quota = decision.explanation.route.unwrap();
    assert_eq!(quota.truck_type_before, Some("VAN".into()));
    assert_eq!(quota.truck_type_after.as_str(), "LORRY");
}

#[test]
fn an_upgrade_checks_the_fit_again() {
    // The larger truck has less dry space beside its frozen goods than this one.
    let mut world = World::with(|parts| {
        only(&[("VAN-COLD", 1), ("TRUCK-MIX", 1)])(parts);
        parts.truck_types[3].profiles = "dry=2000,frozen=4500".parse().unwrap();
    });
    world.place(&waybill(1, SkuClass::Mixed, 2_500, 100, 1));
    // So the exchange, though cheaper, is out of the question.
    assert_eq!(step_of(&world.place(&frozen(2, 1_400))), Step::Open);
}

#[test]
fn the_waybill_quota_is_the_templates_until_the_truck_is_exchanged() {
    let mut world = World::with(|parts| {
        only(&[("VAN", 1)])(parts);
        parts.templates = vec![template("A-DRY", "A", RouteClass::Dry, "VAN", 3)];
    });
    // One door, so that stops never bind.
    let route = route_of(&world.place(&dry(1, 1)));
    world.place(&dry(1, 1));
    world.place(&dry(1, 1));
    assert_eq!(world.refusal(&dry(1, 1)), Reason::RouteQuota);
    world.day.set_pool_limit(&"TRUCK".into(), 1);
    for _ in 4..=45 {
        assert_eq!(route_of(&world.place(&dry(1, 1))), route);
    }
    assert_eq!(world.truck_of(route), "TRUCK");
    world.day.set_pool_limit(&"VAN".into(), 0);
    // The truck's 45 stops bound it now, and no quota raises them.
    assert_eq!(world.refusal(&dry(1, 1)), Reason::PoolExhausted);
}

#[test]
fn a_new_route_takes_the_next_truck_that_fits_and_is_there() {
    let mut world = World::with(|_| ());
    let decision = world.place(&dry(1, 5_000));
    assert_eq!(world.truck_of(route_of(&decision)), "TRUCK", "a van is too small");

    let mut world = World::with(only(&[("VAN", 0), ("TRUCK-MIX", 1), ("LORRY", 1)]));
    let decision = world.place(&dry(1, 10));
    assert_eq!(world.truck_of(route_of(&decision)), "TRUCK-MIX", "the cheapest that is there");
    let opened = decision.effects.iter().any(|one| matches!(one, Effect::RouteOpened { .. }));
    assert!(
        opened && decision.effects.contains(&Effect::PoolTaken { truck_type: "TRUCK-MIX".into() })
    );
}
