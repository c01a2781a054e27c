//! A waybill to a named route: every rule that can say no, and what moves when none does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::{Obstacle, Shifted, shift};
use crate::explain::{Rule, Step};
use crate::fixture::{
    AMPLE, ML, World, dry, frozen, instant, placement, pool, quota, route_id, route_of, waybill,
};
use crate::state::{Effect, RouteStatus, StateError};
use crate::{
    Decision, Load, NetworkParts, Origin, Outcome, Placement, Reason, Request, RouteId, SkuClass,
    ZoneCode,
};

/// Asks for the place that `from` has to be on `to`.
fn ask(
    world: &mut World,
    request: &Request,
    from: Option<RouteId>,
    to: RouteId,
    may_upgrade: bool,
) -> Shifted {
    let from: Option<Placement> = from.map(|route| placement(request, route));
    let World { network, day, judged_at, .. } = world;
    shift(network, day, from.as_ref(), request, to, may_upgrade, *judged_at).unwrap()
}

fn done(shifted: Shifted) -> (Vec<Effect>, Decision) {
    match shifted {
        Shifted::Done { freed, decision } => (freed, *decision),
        Shifted::Refused(obstacle) => panic!("refused: {obstacle:?}"),
    }
}

/// Two routes of zone A: waybill 1 of 100 litres on the first, waybill 2 (a door of its own) on the second.
fn two_routes(change: impl FnOnce(&mut NetworkParts)) -> (World, [Request; 2], [RouteId; 2]) {
    let mut world = World::with(change);
    let (first, second) = (dry(1, 100), dry(2, 100));
    let one = route_of(&world.place(&first));
    let elsewhere = Request { excluded_routes: vec![one], ..second.clone() };
    let two = route_of(&world.place(&elsewhere));
    assert_ne!(one, two);
    (world, [first, second], [one, two])
}

#[test]
fn it_is_on_the_named_route_and_its_old_place_is_free() {
    let (mut world, [first, _], [one, two]) = two_routes(|_| ());
    let (freed, decision) = done(ask(&mut world, &first, Some(one), two, false));
    assert!(freed.contains(&Effect::RouteClosed { route: one }), "{freed:?}");
    assert_eq!(route_of(&decision), two);
    let Outcome::Assigned(place) = &decision.outcome else { panic!("no place") };
    assert_eq!(place.step, Step::Named);
    let explanation = &decision.explanation;
    assert_eq!(explanation.chosen.as_ref().unwrap().step, Step::Named);
    assert_eq!(
        explanation.route.as_ref().unwrap().load_before,
        Load::of_waybill(100 * ML, 0, 1_000)
    );
    assert_eq!(world.day.route(two).unwrap().load().waybills, 2);
    assert_eq!(world.day.zone(&"A".into()).unwrap().used().waybills, 2);
    assert_eq!(world.day.pool_of(&"VAN".into()).used, 1);
}

#[test]
fn every_rule_that_says_no_is_named_and_changes_nothing() {
    type Change = fn(&mut NetworkParts);
    let cases: [(Rule, Change, Request); 5] = [
        (Rule::Compartments, |_| (), dry(1, 4_401)),
        (Rule::Weight, |_| (), waybill(1, SkuClass::Dry, 1, 0, 900)),
        (Rule::RouteClass, |_| (), frozen(1, 10)),
        (
            Rule::WaybillQuota,
            |parts| parts.templates.iter_mut().for_each(|row| row.waybill_quota = 1),
            dry(1, 10),
        ),
        (
            Rule::Stops,
            |parts| parts.truck_types.iter_mut().for_each(|row| row.max_stops = 1),
            dry(1, 10),
        ),
    ];
    for (rule, change, request) in cases {
        let mut world = World::with(change);
        let to = route_of(&world.place(&dry(9, 100)));
        let before = format!("{:?}", world.day);
        let answer = ask(&mut world, &request, None, to, false);
        assert_eq!(answer, Shifted::Refused(Obstacle::Rule(rule)));
        assert_eq!(format!("{:?}", world.day), before, "{rule:?}");
    }
}

#[test]
fn only_its_own_zone_and_those_it_may_overflow_into_take_it() {
    for (neighbours, expected) in [(true, None), (false, Some(Rule::ForeignZone))] {
        let mut world = World::with(|parts| {
            if !neighbours {
                parts.zones[0].neighbours.clear();
            }
        });
        let of_b = Request { zone: "B".into(), ..dry(2, 10) };
        let to = route_of(&world.place(&of_b));
        let answer = ask(&mut world, &dry(1, 10), None, to, false);
        match expected {
            Some(rule) => assert_eq!(answer, Shifted::Refused(Obstacle::Rule(rule))),
            None => {
                let Outcome::Assigned(place) = done(answer).1.outcome else { panic!("no place") };
                assert_eq!(place.zone, ZoneCode::from("B"), "it uses the quota of who drives it");
            }
        }
    }
}

#[test]
fn within_a_full_zone_it_takes_what_it_gives_back() {
    let full = |parts: &mut NetworkParts| {
        let limit = Load { waybills: 2, ..AMPLE };
        parts.zone_quotas = vec![quota("A", limit), quota("B", limit)];
    };
    let (mut world, [first, _], [one, two]) = two_routes(full);
    let stranger = ask(&mut world, &dry(3, 10), None, two, false);
    assert_eq!(stranger, Shifted::Refused(Obstacle::Rule(Rule::ZoneQuota)));
    done(ask(&mut world, &first, Some(one), two, false));
    // the quota was cut below its use meanwhile: nothing is let in, whatever it gives back
    let (mut world, [first, _], [one, two]) = two_routes(full);
    world.day.set_zone_limit(&"A".into(), Load { waybills: 1, ..AMPLE }).unwrap();
    let answer = ask(&mut world, &first, Some(one), two, false);
    assert_eq!(answer, Shifted::Refused(Obstacle::Rule(Rule::ZoneQuota)));
}

#[test]
fn a_larger_truck_only_where_it_is_allowed_and_there() {
    let large = |number| dry(number, 4_450);
    let (mut world, ..) = two_routes(|_| ());
    let two = world.day.routes().last().unwrap().id();
    let no = Shifted::Refused(Obstacle::Rule(Rule::Compartments));
    assert_eq!(ask(&mut world, &large(3), None, two, false), no);
    let (_, decision) = done(ask(&mut world, &large(3), None, two, true));
    assert_eq!(world.truck_of(two), "TRUCK", "the cheapest that fits");
    let change = decision.explanation.route.unwrap();
    assert_eq!(change.truck_type_before.unwrap().as_str(), "VAN");

    let few = |parts: &mut NetworkParts| parts.pool = vec![pool("VAN", 2)];
    let (mut world, _, [_, two]) = two_routes(few);
    let no = Shifted::Refused(Obstacle::Rule(Rule::Pool));
    assert_eq!(ask(&mut world, &large(3), None, two, true), no);
    let giant = ask(&mut world, &dry(3, 50_000), None, two, true);
    assert_eq!(giant, Shifted::Refused(Obstacle::Rule(Rule::Compartments)), "no truck holds it");
}

#[test]
fn its_last_truck_may_become_the_larger_one() {
    // one truck, on the route that it leaves; the van that it joins needs it
    let one_truck = |parts: &mut NetworkParts| parts.pool = vec![pool("VAN", 1), pool("TRUCK", 1)];
    let mut world = World::with(one_truck);
    let (large, small) = (dry(1, 4_480), dry(2, 100));
    let van = route_of(&world.place(&small));
    let no_van = Request { excluded_routes: vec![van], ..large.clone() };
    let truck = route_of(&world.place(&no_van));
    assert_eq!(world.truck_of(truck), "TRUCK");
    done(ask(&mut world, &large, Some(truck), van, true));
    assert_eq!((world.truck_of(van), world.day.pool_of(&"VAN".into()).used), ("TRUCK", 0));
}

#[test]
fn the_clock_the_status_and_the_present_place_say_no() {
    let (mut world, [first, _], [one, two]) = two_routes(|_| ());
    let no = |rule| Shifted::Refused(Obstacle::Rule(rule));
    assert_eq!(ask(&mut world, &first, Some(one), one, false), no(Rule::Excluded));
    world.day.set_status(two, RouteStatus::Locked).unwrap();
    assert_eq!(ask(&mut world, &first, Some(one), two, false), no(Rule::NotOpen));
    world.day.set_status(two, RouteStatus::Open).unwrap();
    world.judged_at = instant("2024-05-09T21:00:00Z");
    let late = Shifted::Refused(Obstacle::Late(Reason::CutOffPassed));
    assert_eq!(ask(&mut world, &first, Some(one), two, false), late);
    let overridden = Request { origin: Origin::Override, ..first };
    done(ask(&mut world, &overridden, Some(one), two, false));
    let World { network, day, judged_at, .. } = &mut world;
    let nowhere = shift(network, day, None, &dry(7, 1), route_id(99), false, *judged_at);
    assert!(matches!(nowhere, Ok(Shifted::Refused(Obstacle::Late(_)))));
    *judged_at = instant("2024-05-09T12:00:00Z");
    let nowhere = shift(network, day, None, &dry(7, 1), route_id(99), false, *judged_at);
    assert!(matches!(nowhere, Err(StateError::UnknownRoute { .. })));
}
