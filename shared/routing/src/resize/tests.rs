//! Another load in place: what is taken, what is let go, and what stands in the way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use crate::explain::Rule;
use crate::fixture::{AMPLE, ML, World, dry, placement, pool, quota, route_of};
use crate::state::{Effect, RouteStatus};
use crate::{Load, NetworkParts, Placement, Resized, RouteId, SkuClass, StateError, resize};

fn litres(litres: u64) -> Load {
    Load::of_waybill(litres * ML, 0, 1_000)
}

/// One waybill of 100 litres on a van.
fn placed(change: impl FnOnce(&mut NetworkParts)) -> (World, Placement) {
    let mut world = World::with(change);
    let request = dry(1, 100);
    let route = route_of(&world.place(&request));
    (world, placement(&request, route))
}

fn ask(world: &mut World, place: &Placement, to: Load) -> Resized {
    resize(&world.network, &mut world.day, place, to, SkuClass::Dry).unwrap()
}

fn done(resized: Resized) -> Vec<Effect> {
    match resized {
        Resized::Done(effects) => effects,
        Resized::Refused(rule) => panic!("refused: {rule:?}"),
    }
}

#[test]
fn what_grows_is_taken_and_what_shrinks_is_given_back() {
    let (mut world, place) = placed(|_| ());
    let to = Load::of_waybill(150 * ML, 0, 400);
    let effects = done(ask(&mut world, &place, to));
    let zone = || "A".into();
    let (grown, shrunk) =
        (Load { dry_ml: 50 * ML, ..Load::ZERO }, Load { weight_g: 600, ..Load::ZERO });
    assert_eq!(
        effects,
        [
            Effect::ZoneReturned { zone: zone(), load: shrunk },
            Effect::ZoneTaken { zone: zone(), load: grown },
            Effect::RouteResized { route: place.route, expected_version: 1, from: place.load, to },
        ]
    );
    let route = world.day.route(place.route).unwrap();
    assert_eq!((route.load(), route.version(), route.stop_count()), (to, 2, 1));
    assert_eq!(world.day.zone(&zone()).unwrap().used(), to);
}

#[test]
fn a_truck_that_is_too_small_is_replaced_by_the_cheapest_that_is_there() {
    let (mut world, place) =
        placed(|parts| parts.pool.retain(|row| row.truck_type != "TRUCK".into()));
    let effects = done(ask(&mut world, &place, litres(5_000)));
    assert_eq!(world.truck_of(place.route), "TRUCK-MIX", "the plain truck is not in the pool");
    assert!(matches!(
        effects.as_slice(),
        [Effect::PoolTaken { .. }, Effect::PoolReturned { .. }, Effect::RouteUpgraded { .. }, ..]
    ));
    assert_eq!(world.day.pool_of(&"VAN".into()).used, 0);
    assert_eq!(world.day.pool_of(&"TRUCK-MIX".into()).used, 1);
}

#[test]
fn without_room_nothing_changes_and_the_limit_is_named() {
    let only_vans = |parts: &mut NetworkParts| parts.pool = vec![pool("VAN", 5)];
    let small_zone = |parts: &mut NetworkParts| {
        let limit = Load { dry_ml: 120 * ML, ..AMPLE };
        parts.zone_quotas = vec![quota("A", limit), quota("B", AMPLE)];
    };
    type Change<'a> = &'a dyn Fn(&mut NetworkParts);
    let cases: [(Change<'_>, u64, Rule); 3] = [
        (&only_vans, 4_501, Rule::Compartments),
        (&small_zone, 121, Rule::ZoneQuota),
        (&|_| (), 100_000, Rule::Compartments),
    ];
    for (change, wanted, rule) in cases {
        let (mut world, place) = placed(change);
        let before = format!("{:?}", world.day);
        assert_eq!(ask(&mut world, &place, litres(wanted)), Resized::Refused(rule));
        assert_eq!(format!("{:?}", world.day), before);
    }
}

#[test]
fn cold_goods_do_not_come_onto_a_dry_route() {
    let (mut world, place) = placed(|_| ());
    let to = Load::of_waybill(100 * ML, ML, 1_000);
    let asked = resize(&world.network, &mut world.day, &place, to, SkuClass::Mixed).unwrap();
    assert_eq!(asked, Resized::Refused(Rule::Compartments));
}

#[test]
fn a_route_that_is_not_open_lets_go_and_takes_nothing() {
    for status in [RouteStatus::Locked, RouteStatus::Dispatched] {
        let (mut world, place) = placed(|_| ());
        world.day.set_status(place.route, status).unwrap();
        assert_eq!(ask(&mut world, &place, litres(101)), Resized::Refused(Rule::NotOpen));
        done(ask(&mut world, &place, litres(40)));
        assert_eq!(world.day.route(place.route).unwrap().load(), litres(40));
    }
}

#[test]
fn a_limit_cut_below_its_use_keeps_nobody_from_letting_go() {
    let (mut world, place) = placed(|_| ());
    world.day.set_zone_limit(&"A".into(), Load::ZERO).unwrap();
    done(ask(&mut world, &place, litres(60)));
    assert_eq!(world.day.zone(&"A".into()).unwrap().used(), litres(60));
}

#[test]
fn a_place_that_is_not_there_is_an_error() {
    let (mut world, place) = placed(|_| ());
    let elsewhere = Placement { route: RouteId(uuid::Uuid::nil()), ..place };
    let asked = resize(&world.network, &mut world.day, &elsewhere, litres(1), SkuClass::Dry);
    assert!(matches!(asked, Err(StateError::UnknownRoute { .. })));
}
