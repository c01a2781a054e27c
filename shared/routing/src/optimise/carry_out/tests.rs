#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::super::tests::{play, requests, run};
use super::super::{Bounds, MoveSet, Planned, lower_bound};
use super::{Outdated, carry_out};
use crate::fixture::{World, dry};
use crate::{Load, Placement, RouteId, RouteStatus, SlotDay};

/// Where the waybills are after a set.
fn moved(waybills: &mut [Planned], set: &MoveSet) {
    for step in &set.moves {
        let waybill = waybills.iter_mut().find(|w| w.waybill_no == step.waybill_no).unwrap();
        waybill.place = step.to;
    }
}

/// Routes with everything that is stored of them.
fn routes(day: &SlotDay) -> Vec<(RouteId, String, u64, Load, u32)> {
    let row = |route: &crate::state::Route| {
        let truck = route.truck().code.to_string();
        (route.id(), truck, route.version(), route.load(), route.stop_count())
    };
    let mut rows: Vec<_> = day.routes().map(row).collect();
    rows.sort_by_key(|(id, ..)| *id);
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sets_carried_out_one_by_one_give_the_day_that_was_promised(
        requests in requests(), broken in 0_usize..6,
    ) {
        let mut world = World::with(|_| {});
        let mut waybills = play(&mut world, &requests);
        let code = crate::fixture::TRUCKS[broken].into();
        world.day.set_pool_limit(&code, world.day.pool_of(&code).used / 2);
        let improvement = run(&world, &waybills, Bounds::default(), 400);
        let mut day = world.day.clone();
        for set in &improvement.move_sets {
            carry_out(&world.network, &mut day, set, &waybills).unwrap();
            moved(&mut waybills, set);
        }
        let cost: u64 = day.routes().map(|route| route.truck().cost).sum();
        prop_assert_eq!(cost, improvement.after.fleet_cost);
        prop_assert!(lower_bound(&world.network, &day, &waybills).is_some_and(|bound| bound <= cost));
        // the day restored from what would be stored is the same
        let mut restored = SlotDay::new(&world.network, day.key().clone()).unwrap();
        for route in day.routes() {
            let record = crate::RouteRecord {
                id: route.id(),
                reference: route.reference().clone(),
                template: route.template().code.clone(),
                truck_type: route.truck().code.clone(),
                status: route.status(),
                version: route.version(),
            };
            restored.restore_route(&world.network, record).unwrap();
        }
        for waybill in &waybills {
            let Some(route) = waybill.place else { continue };
            let (order, stop, load) = (waybill.order, waybill.stop, waybill.load);
            restored.restore_placement(&Placement { route, order, stop, load }).unwrap();
        }
        prop_assert_eq!(routes(&restored), routes(&day));
    }
}

/// Ten parcels on two large trucks where a van would do, and the first set that mends that.
fn wasteful() -> (World, Vec<Planned>, MoveSet) {
    let mut world = World::with(|_| {});
    let requests: Vec<_> = (0..90).map(|number| dry(number, 100)).collect();
    let mut kept = Vec::new();
    for (number, waybill) in play(&mut world, &requests).into_iter().enumerate() {
        let (order, stop, load) = (waybill.order, waybill.stop, waybill.load);
        if number % 9 == 0 {
            kept.push(waybill);
        } else {
            let route = waybill.place.unwrap();
            world.release(&Placement { route, order, stop, load });
        }
    }
    let set = run(&world, &kept, Bounds::default(), 500).move_sets.remove(0);
    (world, kept, set)
}

#[test]
fn what_changed_meanwhile_is_noticed() {
    let (world, waybills, set) = wasteful();
    let attempt = |change: &dyn Fn(&mut SlotDay, &mut Vec<Planned>)| {
        let (mut day, mut waybills) = (world.day.clone(), waybills.clone());
        change(&mut day, &mut waybills);
        carry_out(&world.network, &mut day, &set, &waybills)
    };
    assert_eq!(attempt(&|_, _| ()), Ok(()));
    let route = set.expected[0].0;
    let locked = attempt(&|day, _| drop(day.set_status(route, RouteStatus::Locked).unwrap()));
    assert_eq!(locked, Err(Outdated::Route { route }));
    let waybill_no = set.moves[0].waybill_no.clone();
    let pinned = attempt(&|_, waybills| waybills.iter_mut().for_each(|w| w.fixed = true));
    assert_eq!(pinned, Err(Outdated::Waybill { waybill_no: waybill_no.clone() }));
    let gone = attempt(&|_, waybills| waybills.retain(|w| w.waybill_no != waybill_no));
    assert_eq!(gone, Err(Outdated::Waybill { waybill_no: waybill_no.clone() }));
    let larger = attempt(&|_, waybills| {
        waybills.iter_mut().for_each(|w| w.excluded_routes.extend(w.place));
        waybills.iter_mut().for_each(|w| w.excluded_routes.extend(set.moves[0].to));
    });
    assert_eq!(larger, Err(Outdated::Waybill { waybill_no }));
}

#[test]
fn a_limit_that_was_cut_lets_nothing_more_in() {
    let mut world = World::with(|_| {});
    let mut waybills = play(&mut world, &[dry(1, 10), dry(2, 10)]);
    let released = waybills.remove(1);
    let (order, stop, load) = (released.order, released.stop, released.load);
    world.release(&Placement { route: released.place.unwrap(), order, stop, load });
    waybills.push(Planned { place: None, ..released });
    let set = run(&world, &waybills, Bounds::default(), 50).move_sets.remove(0);
    let limit = Load { waybills: 1, ..world.day.zone(&"A".into()).unwrap().limit() };
    world.day.set_zone_limit(&"A".into(), limit).unwrap();
    let refused = carry_out(&world.network, &mut world.day.clone(), &set, &waybills);
    assert_eq!(refused, Err(Outdated::Quota { zone: "A".into() }));
}
