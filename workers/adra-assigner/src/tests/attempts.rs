//! Attempts that came to nothing: told late, early, twice, in any order, or taken back meanwhile. Each frees
//! the place that it was of and no other.

use contracts::WaybillStatus as S;
use proptest::prelude::*;
use proptest::sample::Index;
use runtime::Outcome;

use super::fixture::{no, parts, waybill};
use super::world::{STANDS, Standings, World, after_failures, leaves, stands_at};
use crate::assignment::{FailedPlaces, Standing, State};
use crate::decide::Notice;

const fn failed(place_no: u16) -> Notice<'static> {
    Notice::Failed { place_no }
}

/// Waybills 1 to 3 on a truck that left.
fn on_the_road() -> World {
    let mut world = World::with(parts());
    (1..=3).for_each(|number| drop(world.create(&waybill(number))));
    let loaded = (1..=3).map(|number| (no(number), stands_at(3, S::Loaded, 1)));
    let route = world.route_of(1);
    world.move_route(&route, leaves(), &loaded.collect::<Standings>());
    world
}

/// Tells of a change of that version, when the row may be further already.
fn tell(
    world: &mut World,
    number: u32,
    notice: Notice<'_>,
    version: u64,
    row: Standing,
) -> Outcome {
    let told = |planner: &mut crate::decide::Planner<'_>| {
        planner.decide(0, &no(number), notice, version, Some(row)).unwrap().0
    };
    world.transact(told).0
}

#[test]
fn places_are_bits() {
    let some = FailedPlaces::NONE.with(1).with(32).with(0).with(33);
    assert_eq!(some, FailedPlaces(0x8000_0001));
    let there: Vec<u16> = (0..40).filter(|place_no| some.has(*place_no)).collect();
    assert_eq!(there, [1, 32]);
}

#[test]
fn a_failure_told_late_frees_its_place_whatever_the_waybill_is_by_then() {
    let further = [
        stands_at(9, S::DeliveryFailed, 1),
        stands_at(9, S::OutForDelivery, 2),
        stands_at(9, S::Delivered, 2),
        stands_at(9, S::Returning, 1),
        stands_at(9, S::Lost, 1),
    ];
    for row in further {
        let row = after_failures(&[1], row);
        let mut world = on_the_road();
        assert_eq!(tell(&mut world, 1, failed(1), 4, row), Outcome::Applied, "{row:?}");
        assert_eq!((world.state(1), world.used("Z01", 0).waybills), (State::Unassigned, 2));
        assert_eq!(tell(&mut world, 1, failed(1), 4, row), Outcome::Stale, "{row:?}");

        // another message that reads the same row does the same
        let mut world = on_the_road();
        tell(&mut world, 1, Notice::Released, 8, row);
        assert_eq!(world.state(1), State::Unassigned, "{row:?}");
    }
}

#[test]
fn a_failure_frees_no_other_place() {
    let mut world = on_the_road();
    let row = stands_at(4, S::DeliveryFailed, 1);
    // asked for before ADRA heard of the failure: the row says it
    assert_eq!(world.reschedule(1, 1, row).0, Outcome::Applied);
    let second = world.state(1);
    for version in [4, 5] {
        tell(&mut world, 1, failed(1), version, Standing { version: 5, ..row });
        assert_eq!(world.state(1), second, "the second place is another");
    }
    // a place that was never given
    tell(&mut world, 1, failed(3), 6, after_failures(&[3], Standing { version: 6, ..row }));
    assert_eq!(world.state(1), second);
    let again = after_failures(&[1], stands_at(7, S::DeliveryFailed, 2));
    assert_eq!(tell(&mut world, 1, failed(2), 7, again), Outcome::Applied);
    assert_eq!((world.state(1), world.used("Z01", 1).waybills), (State::Unassigned, 0));
}

#[test]
fn a_failure_that_was_taken_back_meanwhile_has_freed_the_place_all_the_same() {
    let corrected = stands_at(5, S::Packed, 0);
    let moved = Notice::Moved { to: S::Packed, attempt: 0 };
    let mut ends = Vec::new();
    for order in [[(failed(1), 4), (moved, 5)], [(moved, 5), (failed(1), 4)]] {
        let mut world = on_the_road();
        for (notice, version) in order {
            tell(&mut world, 1, notice, version, corrected);
        }
        ends.push((world.state(1), world.book[&no(1)].place_no, world.used("Z01", 0).waybills));
    }
    assert_eq!(ends, [(State::Unassigned, 1, 2); 2]);
}

#[test]
fn a_failure_of_a_waybill_that_is_not_announced_waits() {
    let mut world = World::with(parts());
    let waits = |world: &mut World, notice| world.transact(|p| p.waits(&no(1), notice)).0;
    assert!(waits(&mut world, failed(1)).is_some());
    assert_eq!(waits(&mut world, Notice::Held), None);
    world.create(&waybill(1));
    assert_eq!(waits(&mut world, failed(1)), None);
}

#[test]
fn a_waybill_on_its_next_truck_is_not_moved_because_the_last_attempt_failed() {
    let mut world = on_the_road();
    let out_again = after_failures(&[1], stands_at(6, S::OutForDelivery, 2));
    assert_eq!(world.reschedule(1, 1, out_again).0.code(), "PLACE_DISPATCHED");
}

/// Something told of a waybill, and the version that it is of.
type Told = (u32, Notice<'static>, u64);

/// Three histories: the world before anything is told of the road, where the rows of the waybills stand in
/// the end, and what is told.
fn histories() -> (World, [Standing; 3], Vec<Told>) {
    let mut world = on_the_road();
    // 2 has had a second place since, which came to nothing, too
    let once = stands_at(4, S::DeliveryFailed, 1);
    assert_eq!(world.reschedule(2, 1, once).0, Outcome::Applied);
    let rows = [
        after_failures(&[1], stands_at(9, S::Delivered, 2)),
        after_failures(&[1, 2], stands_at(12, S::Returning, 2)),
        // a correction took it out of the row
        stands_at(7, S::Packed, 0),
    ];
    let told = vec![
        (1, failed(1), 5),
        (1, Notice::Held, 6),
        (1, Notice::Released, 7),
        (2, failed(1), 4),
        (2, failed(2), 11),
        (3, failed(1), 5),
        (3, Notice::Moved { to: S::Packed, attempt: 0 }, 7),
        (3, Notice::Released, 6),
    ];
    (world, rows, told)
}

fn ending(told: &[Told]) -> (Vec<(State, u16)>, [u32; 2]) {
    let (mut world, rows, _) = histories();
    for (number, notice, version) in told {
        let row = rows[usize::try_from(*number).unwrap() - 1];
        tell(&mut world, *number, *notice, *version, row);
    }
    let places = (1..=3).map(|number| (world.state(number), world.book[&no(number)].place_no));
    (places.collect(), [0, 1].map(|day| world.used("Z01", day).waybills))
}

proptest! {
    #[test]
    fn however_failures_are_told_the_same_places_are_free(
        told in prop::collection::vec(any::<Index>(), 0..12).prop_flat_map(|again| {
            let mut all = histories().2;
            let doubled: Vec<_> = again.iter().map(|index| *index.get(&all)).collect();
            all.extend(doubled);
            Just(all).prop_shuffle()
        }),
    ) {
        let free = [(State::Unassigned, 1), (State::Unassigned, 2), (State::Unassigned, 1)];
        prop_assert_eq!(ending(&told), (free.to_vec(), [0, 0]));
    }
}

#[test]
fn before_anything_is_told_the_places_are_taken() {
    let (places, used) = ending(&[]);
    assert!(places.iter().all(|(state, _)| state.route().is_some()), "{places:?}");
    assert_eq!((used, STANDS.failed), ([2, 1], FailedPlaces::NONE));
}
