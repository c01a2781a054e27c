use proptest::prelude::*;
use uuid::Uuid;

use super::Drives;
use crate::key::StopKey;

fn stop(number: u128) -> StopKey {
    StopKey(Uuid::from_u128(number))
}

/// Places on a line, the depot at 0, one second a step.
fn line(at: &[u32]) -> Drives {
    let seconds = |from: usize, to: usize| Some(at.get(from)?.abs_diff(*at.get(to)?));
    Drives::new(at.len(), seconds, [])
}

#[test]
fn a_tree_goes_through_what_lies_on_the_way() {
    let line = line(&[0, 10, 4, 7]);
    assert_eq!(line.tree([].into_iter()), 0);
    assert_eq!(line.tree([2].into_iter()), 4);
    assert_eq!(line.tree([1, 2, 3].into_iter()), 10);
}

#[test]
fn the_quicker_way_counts_and_else_the_one_by_the_depot() {
    let known = |from: usize, to: usize| match (from, to) {
        (0, 1) => Some(5),
        (1, 0) => Some(3),
        (0, 2) => Some(6),
        (3, 1) => Some(1),
        _ => None,
    };
    let drives = Drives::new(4, known, [(stop(1), 1), (stop(2), 2), (stop(3), 3), (stop(4), 9)]);
    assert_eq!(drives.tree([1].into_iter()), 3);
    assert_eq!(drives.tree([1, 2].into_iter()), 9, "nobody knows the way between them");
    assert_eq!(drives.place(stop(1)), Some(1));
    assert_eq!(drives.place(stop(3)), None, "no way leads there from the depot");
    assert_eq!(drives.place(stop(4)), None, "there is no such place");
}

/// Seconds of a round through the places in this order.
fn round(at: &[(i32, i32)], order: &[usize]) -> u64 {
    let ends = [0].iter().chain(order).zip(order.iter().chain(&[0]));
    ends.filter_map(|(from, to)| gap(at, *from, *to)).map(u64::from).sum()
}

fn gap(at: &[(i32, i32)], from: usize, to: usize) -> Option<u32> {
    let ((x, y), (u, v)) = (at.get(from)?, at.get(to)?);
    Some(x.abs_diff(*u) + y.abs_diff(*v))
}

proptest! {
    #[test]
    fn no_round_is_shorter_than_the_tree(
        at in proptest::collection::vec((-50..50_i32, -50..50_i32), 1..9),
        seed in any::<u64>(),
    ) {
        let drives = Drives::new(at.len(), |from, to| gap(&at, from, to), []);
        let mut order: Vec<usize> = (1..at.len()).collect();
        crate::random::Random::new(seed).shuffle(&mut order);
        let tree = drives.tree(order.iter().copied());
        prop_assert!(tree <= round(&at, &order));
        order.sort_unstable();
        prop_assert_eq!(tree, drives.tree(order.iter().copied()), "in any order the same");
        // the way out and back along each branch of the tree is a round, too
        let straight: u64 = order.iter().filter_map(|to| gap(&at, 0, *to)).map(u64::from).sum();
        prop_assert!(tree <= straight);
    }
}
