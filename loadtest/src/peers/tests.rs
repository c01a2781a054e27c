#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::{Comparison, OURS, PYVRP, Ranked, VRP_CLI, parse_vrp_cli, score};

fn ranked(solver: &'static str, vehicles: usize, distance: f64) -> Ranked {
    Ranked {
        solver,
        vehicles: Some(vehicles),
        distance: Some(distance),
        gap_percent: None,
        cpu_seconds: None,
        faults: Vec::new(),
    }
}

#[test]
fn vrp_cli_routes_are_read_out_of_its_talk() {
    let text = "fleet index created in 0ms\nRoute 1: 5 3 7\nRoute 2: 1\nCost 12.5";
    assert_eq!(parse_vrp_cli(text).unwrap(), [vec![5, 3, 7], vec![1]]);
    assert!(parse_vrp_cli("no solution").is_err());
}

#[test]
fn vehicles_count_before_distance_and_faulty_plans_do_not_count() {
    let faulty = Ranked { faults: vec!["late".to_owned()], ..ranked(VRP_CLI, 1, 1.0) };
    let of = |ours, theirs, other| Comparison {
        instance: String::new(),
        best_known: None,
        solvers: vec![ours, theirs, other],
    };
    let comparisons = [
        of(ranked(OURS, 9, 100.0), ranked(PYVRP, 10, 90.0), faulty.clone()),
        of(ranked(OURS, 9, 101.0), ranked(PYVRP, 9, 100.0), ranked(VRP_CLI, 9, 101.0)),
    ];
    let pyvrp = score(PYVRP, &comparisons);
    assert_eq!((pyvrp.instances, pyvrp.ahead, pyvrp.level), (2, 1, 0));
    assert_eq!((pyvrp.our_vehicles, pyvrp.their_vehicles), (18, 19));
    assert!((pyvrp.worst_distance_percent.unwrap() - 1.0).abs() < 1e-9);
    let vrp_cli = score(VRP_CLI, &comparisons);
    assert_eq!((vrp_cli.instances, vrp_cli.ahead, vrp_cli.level), (1, 0, 1));
}
