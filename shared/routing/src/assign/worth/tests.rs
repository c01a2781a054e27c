#![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

use super::{Curve, ENDLESS_MILLI, POINTS, table, to_come_milli};

/// A van for 22 typical waybills, a truck for 45.
const TRUCKS: [(u64, u64); 2] = [(100, 22_000), (170, 45_900)];

#[test]
fn the_cover_is_that_of_whole_trucks() {
    let table = table(&TRUCKS, 90);
    let cases =
        [(0, 0), (1, 100), (22, 100), (23, 170), (45, 170), (46, 270), (67, 270), (68, 340)];
    for (waybills, cost) in cases {
        assert_eq!(table[waybills], cost * 1_000, "{waybills} waybills");
    }
}

#[test]
fn between_and_beyond_whole_waybills_the_cost_goes_on_in_a_line() {
    let (slope_milli, to_come_milli) = (3_700, [0; POINTS]);
    let curve = Curve { to_come_milli, table: table(&TRUCKS, 90), slope_milli };
    assert_eq!(curve.cost_milli(0), 0);
    assert_eq!(curve.cost_milli(500), 50_000, "half of the first truck");
    assert_eq!(curve.cost_milli(22_500), 135_000);
    let last = curve.cost_milli(90_000);
    assert_eq!(curve.cost_milli(92_000), last + 7_400);
}

#[test]
fn without_a_truck_nothing_is_bought() {
    let curve = Curve { to_come_milli: [0; POINTS], table: table(&[], 90), slope_milli: 0 };
    assert_eq!(curve.cost_milli(30_000), 0);
}

#[test]
fn what_is_to_come_spreads_around_its_mean() {
    assert_eq!(to_come_milli(None), [ENDLESS_MILLI; POINTS]);
    assert_eq!(to_come_milli(Some(0)), [0; POINTS]);
    let points = to_come_milli(Some(12));
    assert_eq!((points[0], points[7]), (12_000 - 9_204, 12_000 + 9_204));
    assert_eq!(points.iter().sum::<u64>(), 8 * 12_000);
    assert_eq!(to_come_milli(Some(1))[0], 0, "never fewer than none");
}
