#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::{DayArgs, percentile_us, run, scenario};

#[test]
fn a_small_day_stays_above_its_bound_and_reoptimising_does_not_cost_more() {
    let args = DayArgs { regime: 55.0, seed: 3, waybills: 6_000, seconds: 0.3, json: true };
    let report = run(&args).unwrap();
    assert!(report.lower_bound > 0);
    assert!(report.reoptimised.fleet_cost >= report.lower_bound);
    assert!(report.reoptimised.fleet_cost <= report.online.fleet_cost);
}

#[test]
fn the_same_seed_gives_the_same_waybills_in_full_number() {
    let requests = |seed| {
        let wanted = scenario::waybills(500, 25.0, seed);
        wanted.into_iter().map(|wanted| wanted.request).collect::<Vec<_>>()
    };
    assert_eq!(requests(1).len(), 500);
    assert_eq!(requests(1), requests(1));
    assert_ne!(requests(1), requests(2));
}

#[test]
fn percentiles_are_read_from_the_sorted_list() {
    let sorted: Vec<u64> = (0..=1_000).map(|at| at * 1_000).collect();
    assert!((percentile_us(&sorted, 0.5) - 500.0).abs() < 1e-9);
    assert!((percentile_us(&sorted, 0.99) - 990.0).abs() < 1e-9);
    assert!(percentile_us(&[], 0.5).abs() < 1e-9);
}
