#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use super::super::board::{Board, WaybillIx};
use super::super::{Bounds, Drives, MoveSet, Planned, SlotPlan};
use super::run;
use crate::fixture::{World, dry, route_id};
use crate::network::RouteTemplate;

/// Vans with so many doors of ten litres each.
fn vans(doors: &[u32]) -> (World, Vec<Planned>) {
    let mut world = World::with(|_| {});
    let loads: Vec<(u32, u64)> = doors.iter().map(|doors| (*doors, 10)).collect();
    let waybills = super::super::tests::vans(&mut world, &loads);
    (world, waybills)
}

/// Stops of each route after a change and what it led to, and the sets for the latter.
fn settled(
    world: &World,
    waybills: &[Planned],
    bounds: Bounds,
    change: impl FnOnce(&mut Board<'_>),
) -> (Vec<u32>, Vec<MoveSet>) {
    settled_with(world, waybills, &Drives::default(), bounds, change)
}

fn settled_with(
    world: &World,
    waybills: &[Planned],
    drives: &Drives,
    bounds: Bounds,
    change: impl FnOnce(&mut Board<'_>),
) -> (Vec<u32>, Vec<MoveSet>) {
    let (network, day) = (&world.network, &world.day);
    let mut board = Board::set(SlotPlan { network, day, waybills, drives }).unwrap();
    let mut next = 1_000;
    let mut ids = |_: &RouteTemplate| {
        next += 1;
        (route_id(next), format!("R{next}").into())
    };
    change(&mut board);
    board.commit(&mut ids);
    let (before, mut sets) = (board.objective(), Vec::new());
    run(&mut board, bounds, &mut ids, &mut sets, &mut || true);
    let mut last = before;
    for set in &sets {
        assert!(set.objective < last, "{:?} after {last:?}", set.objective);
        last = set.objective;
    }
    let after = board.objective();
    assert_eq!(after.fleet_cost, before.fleet_cost);
    assert_eq!((after, after.unassigned), (last, before.unassigned));
    (board.routes.iter().map(|line| line.doors.len()).collect(), sets)
}

fn shift(board: &mut Board<'_>, waybills: impl Iterator<Item = WaybillIx>, to: usize) {
    for waybill in waybills {
        board.take(waybill);
        board.put(waybill, to);
    }
}

#[test]
fn nobody_who_was_not_moved_moves() {
    let (world, waybills) = vans(&[20, 2]);
    assert_eq!(settled(&world, &waybills, Bounds::default(), |_| {}), (vec![20, 2], vec![]));
}

#[test]
fn who_was_moved_goes_home_where_there_is_room() {
    let (world, waybills) = vans(&[10, 10]);
    let away = |board: &mut Board<'_>| shift(board, 0..5, 1);
    let (stops, sets) = settled(&world, &waybills, Bounds::default(), away);
    assert_eq!(stops, [10, 10]);
    assert_eq!(sets.len(), 1, "one set for the zone");
    assert_eq!(sets[0].objective.disturbance, 0);
}

#[test]
fn who_cannot_go_home_goes_where_there_are_fewest_stops() {
    let (world, mut waybills) = vans(&[22, 2, 6]);
    // five new ones that were put onto the last van
    let newcomers = waybills.len()..waybills.len() + 5;
    waybills.extend((0..5).map(|number| Planned::of(&dry(900 + number, 10), None)));
    let onto_the_last = |board: &mut Board<'_>| newcomers.for_each(|one| board.put(one, 2));
    let (stops, sets) = settled(&world, &waybills, Bounds::default(), onto_the_last);
    assert_eq!(stops, [22, 6, 7]);
    assert_eq!(sets.iter().map(|set| set.moves.len()).sum::<usize>(), 4);
}

#[test]
fn a_set_touches_no_more_routes_than_it_may() {
    let (world, waybills) = vans(&[6, 6, 6]);
    let away = |board: &mut Board<'_>| {
        shift(board, 0..3, 1);
        shift(board, 12..15, 1);
    };
    let bounds = Bounds { most_routes: 2, ..Bounds::default() };
    let (stops, sets) = settled(&world, &waybills, bounds, away);
    assert_eq!(stops, [6, 6, 6]);
    assert!(sets.iter().all(|set| set.expected.len() <= 2));
    assert_eq!(sets.len(), 6);
}

/// The depot, a place five seconds to the west and one seven seconds to the east; doors of some waybills there.
fn west_and_east(west: &[&Planned], east: &[&Planned]) -> Drives {
    let at = [0_i32, -5, 7];
    let seconds = |from: usize, to: usize| Some(at[from].abs_diff(at[to]));
    let west = west.iter().map(|waybill| (waybill.stop, 1));
    Drives::new(at.len(), seconds, west.chain(east.iter().map(|waybill| (waybill.stop, 2))))
}

#[test]
fn less_driving_goes_before_equal_numbers_of_stops() {
    let (world, mut waybills) = vans(&[22, 2, 6]);
    let first = waybills.len();
    waybills.extend((0..3).map(|number| Planned::of(&dry(900 + number, 10), None)));
    // the second van drives west, the last one east, where the new doors are, too
    let all: Vec<&Planned> = waybills.iter().collect();
    let drives = west_and_east(&all[22..24], &all[24..]);
    let onto_the_second =
        |board: &mut Board<'_>| (first..first + 3).for_each(|one| board.put(one, 1));
    let (stops, sets) =
        settled_with(&world, &waybills, &drives, Bounds::default(), onto_the_second);
    assert_eq!(stops, [22, 2, 9]);
    assert_eq!(sets.len(), 1);
    assert_eq!(sets[0].objective.driving_seconds, 12);
}

#[test]
fn where_all_trucks_are_full_two_bunches_change_places() {
    let (world, mut waybills) = vans(&[20, 20]);
    waybills.extend((0..4).map(|number| Planned::of(&dry(900 + number, 10), None)));
    // each pair of new doors lies where the other van drives
    let all: Vec<&Planned> = waybills.iter().collect();
    let west: Vec<&Planned> = all[..20].iter().chain(&all[42..]).copied().collect();
    let drives = west_and_east(&west, &all[20..42]);
    let crosswise = |board: &mut Board<'_>| {
        (40..42).for_each(|one| board.put(one, 0));
        (42..44).for_each(|one| board.put(one, 1));
    };
    let (stops, sets) = settled_with(&world, &waybills, &drives, Bounds::default(), crosswise);
    assert_eq!(stops, [22, 22]);
    assert_eq!(sets.iter().map(|set| set.moves.len()).sum::<usize>(), 4);
    assert_eq!(sets[0].objective.driving_seconds, 12);
}
