#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Bounds, Drives, Improvement, MoveSet, Planned, SlotPlan, improve};
use crate::fit::{check_truck, waybill_limit};
use crate::fixture::{World, dry, frozen, parts, placement, pool, route_id, waybill};
use crate::network::RouteTemplate;
use crate::{
    Load, Outcome, Placement, Request, RouteId, RouteRecord, RouteStatus, SkuClass, SlotDay,
    StateError,
};

/// Assigns online and answers the waybills with the places they got.
pub(super) fn play(world: &mut World, requests: &[Request]) -> Vec<Planned> {
    let place = |world: &mut World, request: &Request| match world.assign(request).outcome {
        Outcome::Assigned(assignment) => Some(assignment.route),
        Outcome::Unassignable(_) => None,
    };
    requests.iter().map(|request| Planned::of(request, place(world, request))).collect()
}

/// Open vans in zone A with so many doors of so many litres each, and what they carry. A van holds 22 doors and
/// 4,500 litres.
pub(super) fn vans(world: &mut World, loads: &[(u32, u64)]) -> Vec<Planned> {
    let mut waybills = Vec::new();
    for (van, (doors, litres)) in (1_u32..).zip(loads) {
        let record = RouteRecord {
            id: route_id(van),
            reference: format!("R{van}").into(),
            template: "A-DRY".into(),
            truck_type: "VAN".into(),
            status: RouteStatus::Open,
            version: 1,
        };
        world.day.restore_route(&world.network, record).unwrap();
        for door in 0..*doors {
            let request = dry(van * 100 + door, *litres);
            world.day.restore_placement(&placement(&request, route_id(van))).unwrap();
            waybills.push(Planned::of(&request, Some(route_id(van))));
        }
    }
    waybills
}

pub(super) fn run(
    world: &World,
    waybills: &[Planned],
    bounds: Bounds,
    questions: u32,
) -> Improvement {
    run_with(world, waybills, &Drives::default(), bounds, questions)
}

pub(super) fn run_with(
    world: &World,
    waybills: &[Planned],
    drives: &Drives,
    bounds: Bounds,
    questions: u32,
) -> Improvement {
    let (mut next, mut left) = (1_000_000, questions);
    let mut ids = |_: &RouteTemplate| {
        next += 1;
        (route_id(next), format!("R{next}").into())
    };
    let mut keep_going = || {
        left = left.saturating_sub(1);
        left > 0
    };
    let plan = SlotPlan { network: &world.network, day: &world.day, waybills, drives };
    improve(plan, bounds, 7, &mut ids, &mut keep_going).unwrap()
}

/// The day after all sets, filled anew from records, as the caller would from storage.
fn commit(world: &World, waybills: &[Planned], sets: &[MoveSet]) -> (SlotDay, Vec<Planned>) {
    let mut routes: BTreeMap<RouteId, RouteRecord> = BTreeMap::new();
    for route in world.day.routes() {
        let record = RouteRecord {
            id: route.id(),
            reference: route.reference().clone(),
            template: route.template().code.clone(),
            truck_type: route.truck().code.clone(),
            status: route.status(),
            version: route.version(),
        };
        routes.insert(route.id(), record);
    }
    let mut after = waybills.to_vec();
    for set in sets {
        for (id, version) in &set.expected {
            let route = routes.get_mut(id).unwrap();
            assert_eq!((route.version, route.status), (*version, RouteStatus::Open));
            route.version += 1;
        }
        for opened in &set.opened {
            let record = RouteRecord {
                id: opened.route,
                reference: opened.reference.clone(),
                template: opened.template.clone(),
                truck_type: opened.truck_type.clone(),
                status: RouteStatus::Open,
                version: 1,
            };
            assert!(routes.insert(opened.route, record).is_none());
        }
        for change in &set.trucks {
            let route = routes.get_mut(&change.route).unwrap();
            assert_eq!(route.truck_type, change.from);
            route.truck_type = change.to.clone();
        }
        for one in &set.moves {
            let waybill = after.iter_mut().find(|w| w.waybill_no == one.waybill_no).unwrap();
            assert!(!waybill.fixed && waybill.place == one.from);
            waybill.place = one.to;
        }
        for closed in &set.closed {
            assert!(routes.remove(closed).is_some());
        }
    }
    let mut day = SlotDay::new(&world.network, world.day.key().clone()).unwrap();
    for record in routes.into_values() {
        day.restore_route(&world.network, record).unwrap();
    }
    for waybill in &after {
        let Some(route) = waybill.place else { continue };
        let (order, stop, load) = (waybill.order, waybill.stop, waybill.load);
        day.restore_placement(&Placement { route, order, stop, load }).unwrap();
    }
    (day, after)
}

/// Every hard rule, on a day with these limits.
fn check_rules(world: &World, day: &SlotDay, waybills: &[Planned]) {
    for (code, zone) in day.zones() {
        let limit = world.day.zone(code).unwrap().limit();
        assert!(zone.used().fits(limit), "zone {code} oversold");
    }
    for (code, used) in day.pool() {
        assert!(used.used <= world.day.pool_of(code).limit, "too many {code}");
    }
    for route in day.routes() {
        let (truck, template) = (route.truck(), route.template());
        assert!(check_truck(truck, route.load(), route.stop_count()).is_ok());
        assert!(route.load().waybills <= waybill_limit(template, truck));
        assert!(route.load().waybills > 0 || route.status() != RouteStatus::Open);
        let ladder = world.network.upgrades(&template.default_truck_type);
        let known = truck.code == template.default_truck_type
            || ladder.iter().any(|other| other.code == truck.code);
        assert!(known, "{} is not on the ladder of {}", truck.code, template.code);
    }
    for waybill in waybills {
        let Some(route) = waybill.place.and_then(|id| day.route(id)) else { continue };
        assert!(waybill.sku_class.route_classes().contains(&route.template().class));
    }
}

/// The doors at so many places in a row, a few seconds apart, by turns.
fn in_a_row(waybills: &[Planned], places: u32) -> Drives {
    let seconds = |from: usize, to: usize| u32::try_from(3 * from.abs_diff(to)).ok();
    let doors: BTreeSet<_> = waybills.iter().map(|waybill| waybill.stop).collect();
    let places = usize::try_from(places).unwrap();
    Drives::new(places + 1, seconds, doors.into_iter().zip((1..=places).cycle()))
}

pub(super) fn requests() -> impl Strategy<Value = Vec<Request>> {
    let class = prop_oneof![3 => Just(SkuClass::Dry), 1 => Just(SkuClass::Frozen), 1 => Just(SkuClass::Mixed)];
    let one = (class, 1_u64..900, 1_u64..60, 0_u32..60, any::<bool>());
    prop::collection::vec(one, 1..90).prop_map(|all| {
        let request = |(number, (class, litres, kg, door, in_b))| {
            let (dry_l, frozen_l) = match class {
                SkuClass::Dry => (litres, 0),
                SkuClass::Frozen => (0, litres),
                SkuClass::Mixed => (litres / 2, litres / 2),
            };
            let base = waybill(number, class, dry_l, frozen_l, kg);
            let zone = if in_b { "B" } else { "A" };
            Request { stop: waybill(door, class, 0, 0, 0).stop, zone: zone.into(), ..base }
        };
        (0_u32..).zip(all).map(request).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_rule_breaks_and_no_set_makes_it_worse(
        requests in requests(), trucks in 2_u32..8, locked in 0_usize..5, pinned in 0_usize..9,
        places in 0_u32..6,
    ) {
        let mut world = World::with(|parts| {
            parts.pool = crate::fixture::TRUCKS.iter().map(|code| pool(code, trucks)).collect();
        });
        let mut waybills = play(&mut world, &requests);
        let routes: Vec<RouteId> = world.day.routes().map(crate::state::Route::id).collect();
        for route in routes.iter().skip(1).step_by(locked + 2) {
            world.day.set_status(*route, RouteStatus::Locked).unwrap();
        }
        for waybill in waybills.iter_mut().step_by(pinned + 2) {
            waybill.fixed = waybill.place.is_some();
        }
        let drives = in_a_row(&waybills, places);
        let improvement = run_with(&world, &waybills, &drives, Bounds::default(), 300);
        let mut last = improvement.before;
        for set in &improvement.move_sets {
            prop_assert!(set.objective < last, "{:?} after {last:?}", set.objective);
            last = set.objective;
        }
        prop_assert_eq!(last, improvement.after);
        let (day, after) = commit(&world, &waybills, &improvement.move_sets);
        check_rules(&world, &day, &after);
        for (was, is) in waybills.iter().zip(&after).filter(|(was, _)| was.place.is_some()) {
            let route = world.day.route(was.place.unwrap()).unwrap();
            prop_assert!(was.place == is.place || route.status() == RouteStatus::Open);
        }
        let cost: u64 = day.routes().map(|route| route.truck().cost).sum();
        prop_assert_eq!(cost, improvement.after.fleet_cost);
    }

    #[test]
    fn the_same_inputs_give_the_same_sets(requests in requests()) {
        let mut world = World::with(|_| {});
        let waybills = play(&mut world, &requests);
        let drives = in_a_row(&waybills, 4);
        let once = run_with(&world, &waybills, &drives, Bounds::default(), 200);
        prop_assert_eq!(
            once,
            run_with(&world, &waybills, &drives, Bounds::default(), 200)
        );
    }

    #[test]
    fn a_cut_and_a_breakdown_are_repaired_as_far_as_can_be(
        requests in requests(), broken in 0_usize..6, share in 1_u32..10,
    ) {
        let mut world = World::with(|_| {});
        let waybills = play(&mut world, &requests);
        let code = crate::fixture::TRUCKS[broken].into();
        let used = world.day.pool_of(&code).used;
        world.day.set_pool_limit(&code, used / 2);
        let zone = world.day.zone(&"A".into()).unwrap();
        let (used, limit) = (zone.used(), zone.limit());
        let cut = Load { waybills: used.waybills * share / 10, ..limit };
        world.day.set_zone_limit(&"A".into(), cut).unwrap();
        let improvement = run(&world, &waybills, Bounds::default(), 2_000);
        prop_assert_eq!(improvement.after.violations, 0);
        let (day, after) = commit(&world, &waybills, &improvement.move_sets);
        check_rules(&world, &day, &after);
    }
}

#[test]
fn two_half_empty_routes_become_one() {
    let mut world = World::with(|_| {});
    let requests: Vec<_> = (0..40).map(|number| dry(number, 100)).collect();
    let mut waybills = play(&mut world, &requests);
    // The later half is cancelled, wherever it rides.
    let mut kept = Vec::new();
    for (number, waybill) in waybills.drain(..).enumerate() {
        let (order, stop, load) = (waybill.order, waybill.stop, waybill.load);
        let placement = Placement { route: waybill.place.unwrap(), order, stop, load };
        if number % 4 == 0 {
            kept.push(waybill);
        } else {
            world.release(&placement);
        }
    }
    let improvement = run(&world, &kept, Bounds::default(), 500);
    assert_eq!(improvement.after.fleet_cost, 100, "ten small parcels ride in one van");
}

#[test]
fn large_goods_are_parted_from_small_ones_so_that_both_trucks_are_full() {
    let mut world = World::with(|_| {});
    // Every third is small, so that a mixture comes onto each route.
    let litres = |number: u32| if number.is_multiple_of(3) && number < 66 { 10 } else { 300 };
    let requests: Vec<_> = (0..67).map(|number| dry(number, litres(number))).collect();
    let waybills = play(&mut world, &requests);
    let improvement = run(&world, &waybills, Bounds::default(), 500);
    assert_eq!(improvement.after.fleet_cost, 270, "a van for 22 doors, a truck for 45");
    let (day, after) = commit(&world, &waybills, &improvement.move_sets);
    check_rules(&world, &day, &after);
}

#[test]
fn a_waiting_waybill_gets_a_place_by_loading_its_zone_anew() {
    let mut world = World::with(|parts| {
        parts.pool = vec![pool("VAN", 1), pool("TRUCK", 1)];
        parts.zones.iter_mut().for_each(|zone| zone.neighbours.clear());
    });
    // The truck is short of stops and the van of volume, and neither has room for the last one.
    let small = |number| dry(number, 10);
    let mut waybills = play(&mut world, &[dry(100, 4_600)]);
    let truck: Vec<RouteId> = waybills[0].place.into_iter().collect();
    let apart = Request { excluded_routes: truck, ..dry(101, 4_400) };
    waybills.extend(play(&mut world, &[apart]));
    waybills.extend(play(&mut world, &(0..54).map(small).collect::<Vec<_>>()));
    waybills.extend(play(&mut world, &[dry(102, 2_000)]));
    assert_eq!(waybills.iter().filter(|waybill| waybill.place.is_none()).count(), 1);
    let improvement = run(&world, &waybills, Bounds::default(), 200);
    assert_eq!(improvement.after.unassigned, [0; 4]);
    let (day, after) = commit(&world, &waybills, &improvement.move_sets);
    check_rules(&world, &day, &after);
}

#[test]
fn pinned_loads_keep_trucks_that_hold_them() {
    let mut world = World::with(|_| {});
    let mut waybills = play(&mut world, &[dry(1, 4_600)]);
    let first: Vec<RouteId> = waybills[0].place.into_iter().collect();
    let apart = Request { excluded_routes: first, ..dry(2, 4_600) };
    waybills.extend(play(&mut world, &[apart]));
    waybills.iter_mut().for_each(|waybill| waybill.fixed = true);
    let improvement = run(&world, &waybills, Bounds::default(), 500);
    assert_eq!(improvement.before.fleet_cost, 340, "two trucks, where one could carry both");
    assert_eq!(improvement.after, improvement.before);
}

#[test]
fn moves_stay_within_their_bound() {
    let mut world = World::with(|_| {});
    let requests: Vec<_> = (0..60).map(|number| dry(number, 150)).collect();
    let waybills = play(&mut world, &requests);
    let improvement = run(&world, &waybills, Bounds { most_moved: 3, most_routes: 12 }, 500);
    assert!(improvement.after.disturbance <= 3);
}

#[test]
fn a_waybill_without_a_place_gets_one_when_there_is_room() {
    let mut world = World::with(|_| {});
    let waybills = [Planned::of(&frozen(1, 100), None)];
    let improvement = run(&world, &waybills, Bounds::default(), 50);
    assert_eq!(improvement.before.unassigned, [0, 1, 0, 0]);
    assert_eq!(improvement.after.unassigned, [0, 0, 0, 0]);
    let [set] = improvement.move_sets.as_slice() else { unreachable!("one set: {improvement:?}") };
    assert_eq!((set.opened.len(), set.moves.len()), (1, 1));
    world.day = commit(&world, &waybills, &improvement.move_sets).0;
    assert_eq!(world.day.routes().count(), 1);
}

#[test]
fn a_waybill_that_the_usual_truck_cannot_hold_opens_a_route_with_a_larger_one() {
    let world = World::with(|_| {});
    let waybills = [Planned::of(&dry(1, 6_000), None)];
    let improvement = run(&world, &waybills, Bounds::default(), 50);
    assert_eq!((improvement.after.unassigned, improvement.after.fleet_cost), ([0; 4], 170));
}

#[test]
fn the_least_important_waybill_leaves_a_zone_that_was_cut() {
    let mut parts = parts();
    parts.zones.iter_mut().for_each(|zone| zone.neighbours.clear());
    let mut world = World::with(|start| *start = parts);
    let mut waybills = play(&mut world, &[dry(1, 10), dry(2, 10), dry(3, 10)]);
    waybills[1].priority = 3;
    let limit = Load { waybills: 2, ..world.day.zone(&"A".into()).unwrap().limit() };
    world.day.set_zone_limit(&"A".into(), limit).unwrap();
    let (_, after) =
        commit(&world, &waybills, &run(&world, &waybills, Bounds::default(), 100).move_sets);
    let left: BTreeSet<_> =
        after.iter().filter(|w| w.place.is_none()).map(|w| w.waybill_no.to_string()).collect();
    assert_eq!(left, BTreeSet::from(["W2".to_owned()]));
}

#[test]
fn waybills_that_do_not_add_up_to_the_day_are_refused() {
    let mut world = World::with(|_| {});
    let waybills = play(&mut world, &[dry(1, 10), dry(2, 10)]);
    let mut ids = |_: &RouteTemplate| (route_id(9), "R9".into());
    let some = &waybills[..1];
    let (network, day, drives) = (&world.network, &world.day, &Drives::default());
    let plan = SlotPlan { network, day, waybills: some, drives };
    let refused = improve(plan, Bounds::default(), 1, &mut ids, &mut || true);
    assert!(matches!(refused, Err(StateError::Drift { .. })), "{refused:?}");
}
