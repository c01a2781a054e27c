#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::super::board::Board;
use super::super::tests::{play, requests, run as improved, vans};
use super::super::{Bounds, Drives, Planned, SlotPlan, repair};
use super::run;
use crate::fixture::{TRUCKS, World, dry, pool, route_id};
use crate::network::RouteTemplate;
use crate::{Load, RouteId, RouteStatus};

/// Two vans that carry so many doors of so many litres each, and one waybill that found no place.
fn two_vans(loads: [(u32, u64); 2], waiting_litres: u64) -> (World, Vec<Planned>) {
    let mut world = World::with(|parts| {
        parts.pool = vec![pool("VAN", 2)];
        parts.zones.iter_mut().for_each(|zone| zone.neighbours.clear());
    });
    let mut waybills = vans(&mut world, &loads);
    waybills.push(Planned::of(&dry(999, waiting_litres), None));
    (world, waybills)
}

/// How many still wait, how many others moved, and the sizes of the sets.
fn after(world: &World, waybills: &[Planned], most_moved: u32) -> (u32, u32, Vec<usize>) {
    let bounds = Bounds { most_moved, ..Bounds::default() };
    let improvement = improved(world, waybills, bounds, 200);
    let sizes = improvement.move_sets.iter().map(|set| set.moves.len()).collect();
    let waiting = improvement.after.unassigned.iter().sum();
    (waiting, improvement.after.disturbance, sizes)
}

#[test]
fn a_small_one_goes_where_there_is_a_door_left_and_leaves_its_own() {
    // the first van is full of doors, the second of goods
    let (world, waybills) = two_vans([(22, 10), (4, 1_100)], 200);
    assert_eq!(after(&world, &waybills, 0), (1, 0, vec![]));
    assert_eq!(after(&world, &waybills, 1), (0, 1, vec![2]));
}

#[test]
fn two_change_places_where_one_alone_does_not_make_room() {
    let (world, waybills) = two_vans([(22, 150), (4, 1_100)], 300);
    assert_eq!(after(&world, &waybills, 1), (1, 0, vec![]));
    assert_eq!(after(&world, &waybills, 2), (0, 2, vec![3]));
}

#[test]
fn what_is_pinned_or_locked_makes_no_room() {
    let (world, mut waybills) = two_vans([(22, 10), (4, 1_100)], 200);
    for waybill in &mut waybills {
        waybill.fixed = waybill.place == Some(route_id(1));
    }
    assert_eq!(after(&world, &waybills, 9), (1, 0, vec![]));
    for locked in [1, 2] {
        let (mut world, waybills) = two_vans([(22, 10), (4, 1_100)], 200);
        world.day.set_status(route_id(locked), RouteStatus::Locked).unwrap();
        assert_eq!(after(&world, &waybills, 9), (1, 0, vec![]));
    }
}

#[test]
fn a_full_zone_stays_full() {
    let (mut world, waybills) = two_vans([(22, 10), (4, 1_100)], 200);
    let zone = world.day.zone(&"A".into()).unwrap();
    let limit = Load { waybills: zone.used().waybills, ..zone.limit() };
    world.day.set_zone_limit(&"A".into(), limit).unwrap();
    assert_eq!(after(&world, &waybills, 9), (1, 0, vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_breakdown_moves_nothing_locked_or_pinned_and_of_the_rest_only_who_makes_room(
        requests in requests(),
        (trucks, broken) in (2_u32..6, 0_usize..6),
        (locked, pinned) in (0_usize..5, 0_usize..9),
        most in 0_u32..6,
    ) {
        let mut world = World::with(|parts| {
            parts.pool = TRUCKS.iter().map(|code| pool(code, trucks)).collect();
        });
        let mut waybills = play(&mut world, &requests);
        let routes: Vec<RouteId> = world.day.routes().map(crate::state::Route::id).collect();
        for route in routes.iter().skip(1).step_by(locked + 2) {
            world.day.set_status(*route, RouteStatus::Locked).unwrap();
        }
        for waybill in waybills.iter_mut().step_by(pinned + 2) {
            waybill.fixed = waybill.place.is_some();
        }
        let code = TRUCKS[broken].into();
        let used = world.day.pool_of(&code).used;
        world.day.set_pool_limit(&code, used / 2);

        let mut next = 1_000_000;
        let mut ids = |_: &RouteTemplate| {
            next += 1;
            (route_id(next), format!("R{next}").into())
        };
        let (network, day, drives) = (&world.network, &world.day, &Drives::default());
        let plan = SlotPlan { network, day, waybills: &waybills, drives };
        let mut board = Board::set(plan).unwrap();
        let first = board.at.clone();
        let mut sets = Vec::new();
        repair::run(&mut board, &mut ids, &mut sets, &mut || true);
        let repaired = board.at.clone();
        for (was, is) in first.iter().zip(&repaired).filter(|(was, is)| was != is) {
            let had_to = was.is_none_or(|route| !board.routes[route].is_alive);
            prop_assert!(had_to, "{was:?} to {is:?}, though its route still drives");
        }

        let before = board.objective();
        let waited = repair::waiting(&board).len();
        let most_moved = board.disturbance() + most;
        let bounds = Bounds { most_moved, ..Bounds::default() };
        run(&mut board, bounds, &mut ids, &mut sets, &mut || true);
        let rescued = waited - repair::waiting(&board).len();
        let steps = repaired.iter().zip(&board.at).filter(|(was, is)| was.is_some() && was != is);
        prop_assert!(steps.count() <= 2 * rescued, "who moved without need?");
        prop_assert!(board.disturbance() <= most_moved);
        let keeps = |(was, is): (&Option<usize>, &Option<usize>)| was.is_none() || is.is_some();
        prop_assert!(repaired.iter().zip(&board.at).all(keeps), "somebody lost a place");
        let after = board.objective();
        prop_assert!(rescued == 0 || after < before);
        prop_assert_eq!(after.violations, before.violations);
        for (number, waybill) in waybills.iter().enumerate() {
            let Some(route) = first[number] else { continue };
            if waybill.fixed || !board.routes[route].is_open {
                prop_assert_eq!(board.at[number], Some(route));
            }
        }
    }
}
