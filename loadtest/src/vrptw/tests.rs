#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::checker::check;
use super::instance::Instance;
use super::{BestKnown, solve_one};

/// Four stops around a depot; each truck holds two of them.
const SQUARE: &str = "SQUARE

VEHICLE
NUMBER     CAPACITY
  3         20

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0       100          0
    1      10        0          10         0       100          1
    2      10        1          10         0       100          1
    3      0         10         10         0       100          1
    4      1         10         10        50       60           1
";

fn square() -> Instance {
    Instance::parse(SQUARE).unwrap()
}

#[test]
fn a_file_is_read_as_written() {
    let instance = square();
    assert_eq!((instance.name.as_str(), instance.vehicles, instance.capacity), ("SQUARE", 3, 20));
    assert_eq!(instance.stops.len(), 4);
    assert!((instance.stops[3].ready - 50.0).abs() < f64::EPSILON);
}

#[test]
fn what_is_missing_is_named() {
    assert!(Instance::parse("").unwrap_err().contains("empty"));
    assert!(Instance::parse("A\n0 1 2 3 4 5 6").unwrap_err().contains("vehicles and capacity"));
    assert!(Instance::parse("A\n1 2").unwrap_err().contains("customer rows"));
    assert!(Instance::parse("A\n1 2\n3 1 1 1 1 1 1").unwrap_err().contains("out of order"));
    assert!(Instance::parse("A\n1 2\n0 x 1 1 1 1 1").unwrap_err().contains("no number"));
}

#[test]
fn the_checker_finds_every_kind_of_fault() {
    let verdict = |routes: &[Vec<u32>]| check(&square(), routes).faults.join("; ");
    assert_eq!(verdict(&[vec![1, 2], vec![3, 4]]), "");
    assert!(verdict(&[vec![1, 2], vec![3]]).contains("stop 4 is visited 0 times"));
    assert!(verdict(&[vec![1, 2, 1], vec![3, 4]]).contains("stop 1 is visited 2 times"));
    assert!(verdict(&[vec![1, 2, 3, 4]]).contains("carries 40 of 20"));
    assert!(verdict(&[vec![1], vec![2], vec![3], vec![4]]).contains("4 vehicles of 3"));
    assert!(verdict(&[vec![1, 2], vec![3, 4, 9]]).contains("there is no stop 9"));
    let mut hurried = square();
    hurried.stops[2].due = 9.0;
    assert!(check(&hurried, &[vec![1, 2], vec![3, 4]]).faults[0].contains("reached at 10.000"));
}

#[test]
fn the_engine_s_plan_passes_the_checker_and_is_the_best_known() {
    let text = r#"{"square": {"vehicles": 3, "solved_with_vehicles": 2, "best_known_cost": 42.0997512422418}}"#;
    let known = BestKnown::parse(text).unwrap();
    let solved = solve_one(&square(), Some(&known), 0.05, 1).unwrap();
    assert_eq!((solved.vehicles, solved.faults.len()), (2, 0));
    assert!(solved.gap_percent.unwrap().abs() < 1e-6);
}
