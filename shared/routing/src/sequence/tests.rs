#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::{
    Problem, ProblemError, ProblemParts, Segment, Sequenced, TOLERANCE, Travel, Visit, solve,
};

/// Stops in a square of 100 by 100 with windows of their own.
fn parts() -> impl Strategy<Value = ProblemParts> {
    let stop = (0.0..100.0, 0.0..100.0, 1_u64..30, 0.0..400.0, 5.0..300.0, 0.0..20.0);
    (prop::collection::vec(stop, 1..30), 40_u64..120).prop_map(|(stops, capacity)| {
        let points = stops.iter().map(|(x, y, ..)| (*x, *y));
        let visit = |(_, _, demand, ready, width, service): &(f64, f64, u64, f64, f64, f64)| {
            Visit { demand: *demand, ready: *ready, due: ready + width, service: *service }
        };
        ProblemParts {
            depot: Visit { due: 600.0, ..Visit::default() },
            travel: Travel::Plane(std::iter::once((50.0, 50.0)).chain(points).collect()),
            stops: stops.iter().map(visit).collect(),
            capacity,
            vehicles: 100,
        }
    })
}

/// Drives from a start and answers duration, time warp and distance, stop by stop.
fn drive(problem: &Problem, nodes: &[u32], start: f64) -> (f64, f64, f64) {
    let (mut clock, mut warp, mut duration, mut distance) = (start, 0.0, 0.0, 0.0);
    for (at, node) in nodes.iter().enumerate() {
        let visit = problem.visit(*node);
        if at > 0 {
            clock += problem.time(nodes[at - 1], *node);
            duration += problem.time(nodes[at - 1], *node);
            distance += problem.distance(nodes[at - 1], *node);
        }
        if clock < visit.ready {
            duration += visit.ready - clock;
            clock = visit.ready;
        } else if clock > visit.due {
            warp += clock - visit.due;
            clock = visit.due;
        }
        clock += visit.service;
        duration += visit.service;
    }
    (duration, warp, distance)
}

fn joined(problem: &Problem, nodes: &[u32]) -> Segment {
    let mut segments = nodes.iter().map(|node| Segment::of(problem, *node));
    let first = segments.next().unwrap();
    segments.fold(first, |whole, next| whole.then(problem, &next))
}

/// What is wrong with a plan, by driving each route from the start of the day.
fn fault(problem: &Problem, plan: &Sequenced) -> Option<String> {
    let mut visits: Vec<u32> =
        plan.routes.iter().chain([&plan.unserved]).flatten().copied().collect();
    visits.sort_unstable();
    if visits != (1..problem.nodes() as u32).collect::<Vec<_>>() {
        return Some(format!("not every stop once: {visits:?}"));
    }
    for route in &plan.routes {
        let nodes: Vec<u32> = [0].iter().chain(route).chain(&[0]).copied().collect();
        let (_, warp, _) = drive(problem, &nodes, problem.visit(0).ready);
        let load: u64 = route.iter().map(|node| problem.visit(*node).demand).sum();
        if route.is_empty() || warp > 1e-5 || load > problem.capacity() {
            return Some(format!("route {route:?}: warp {warp}, load {load}"));
        }
    }
    None
}

fn solve_steps(problem: &Problem, seed: u64, steps: u64) -> Sequenced {
    solve(problem, seed, &mut |done| done as f64 / steps as f64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn joined_segments_say_what_driving_says(parts in parts(), split in any::<prop::sample::Index>(), start in 0.0..1.0) {
        let problem = Problem::build(parts).unwrap();
        let nodes: Vec<u32> = (1..problem.nodes() as u32).collect();
        let whole = joined(&problem, &nodes);
        let (duration, warp, distance) = drive(&problem, &nodes, whole.early);
        prop_assert!((whole.duration - duration).abs() < TOLERANCE, "{whole:?} {duration}");
        prop_assert!((whole.time_warp - warp).abs() < TOLERANCE, "{whole:?} {warp}");
        prop_assert!((whole.distance - distance).abs() < TOLERANCE);
        let first = problem.visit(1);
        let other_start = first.ready + start * (first.due - first.ready);
        prop_assert!(drive(&problem, &nodes, other_start).1 >= whole.time_warp - TOLERANCE);
        let at = split.index(nodes.len());
        if at > 0 {
            let parts = joined(&problem, &nodes[..at]).then(&problem, &joined(&problem, &nodes[at..]));
            prop_assert!((parts.duration - whole.duration).abs() < TOLERANCE);
            prop_assert!((parts.time_warp - whole.time_warp).abs() < TOLERANCE);
            prop_assert_eq!(parts.load, whole.load);
        }
    }

    #[test]
    fn plans_keep_every_window_and_serve_every_stop_that_can_be(parts in parts(), seed in any::<u64>()) {
        let problem = Problem::build(parts).unwrap();
        let plan = solve_steps(&problem, seed, 600);
        prop_assert_eq!(fault(&problem, &plan), None);
        for node in &plan.unserved {
            prop_assert!(!joined(&problem, &[0, *node, 0]).is_feasible(&problem));
        }
    }

    #[test]
    fn the_same_seed_and_steps_give_the_same_plan(parts in parts(), seed in any::<u64>()) {
        let problem = Problem::build(parts).unwrap();
        prop_assert_eq!(solve_steps(&problem, seed, 400), solve_steps(&problem, seed, 400));
    }
}

/// Six stops in two clusters left and right of the depot; a truck holds three.
fn clusters() -> ProblemParts {
    let points =
        [(0.0, 0.0), (9.0, 0.0), (10.0, 1.0), (11.0, 0.0), (-9.0, 0.0), (-10.0, 1.0), (-11.0, 0.0)];
    ProblemParts {
        depot: Visit { due: 1_000.0, ..Visit::default() },
        stops: vec![Visit { demand: 1, due: 1_000.0, ..Visit::default() }; 6],
        travel: Travel::Plane(points.to_vec()),
        capacity: 3,
        vehicles: 6,
    }
}

#[test]
fn each_cluster_gets_a_route() {
    let problem = Problem::build(clusters()).unwrap();
    let mut plan = solve_steps(&problem, 1, 2_000);
    plan.routes.iter_mut().for_each(|route| route.sort_unstable());
    plan.routes.sort();
    assert_eq!(plan.routes, [vec![1, 2, 3], vec![4, 5, 6]]);
}

#[test]
fn a_cancelled_search_still_hands_back_a_whole_plan() {
    let problem = Problem::build(clusters()).unwrap();
    let plan = solve(&problem, 1, &mut |_| 1.0);
    assert_eq!(fault(&problem, &plan), None);
}

#[test]
fn stops_beyond_the_vehicles_are_unserved() {
    let problem = Problem::build(ProblemParts { vehicles: 1, ..clusters() }).unwrap();
    let plan = solve_steps(&problem, 1, 500);
    assert_eq!((plan.routes.len(), plan.unserved.len()), (1, 3));
}

#[test]
fn no_stops_and_unknown_travel_are_no_trouble() {
    let empty = ProblemParts { stops: Vec::new(), travel: Travel::Unknown, ..clusters() };
    assert_eq!(solve_steps(&Problem::build(empty).unwrap(), 1, 10).routes.len(), 0);
    let unknown = ProblemParts { travel: Travel::Unknown, ..clusters() };
    assert_eq!(solve_steps(&Problem::build(unknown).unwrap(), 1, 500).routes.len(), 2);
}

#[test]
fn one_way_streets_count_in_their_direction() {
    // Around 1 -> 2 -> 3 the way is short, against it long.
    let short = [(0, 1), (1, 2), (2, 3), (3, 0)];
    let length = |from, to| match (from, to) {
        (from, to) if from == to => 0.0,
        pair if short.contains(&pair) => 1.0,
        _ => 50.0,
    };
    let distance: Vec<f64> =
        (0..4).flat_map(|from| (0..4).map(move |to| length(from, to))).collect();
    let travel = Travel::Matrix { distance: distance.clone(), time: distance };
    let stops = vec![Visit { demand: 1, due: 1_000.0, ..Visit::default() }; 3];
    let problem = Problem::build(ProblemParts { stops, travel, ..clusters() }).unwrap();
    let plan = solve_steps(&problem, 1, 500);
    assert_eq!(plan.routes, [vec![1, 2, 3]]);
    assert!((plan.distance - 4.0).abs() < 1e-9);
}

#[test]
fn parts_that_make_no_problem_are_refused() {
    let points = Travel::Plane(vec![(0.0, 0.0)]);
    let error = Problem::build(ProblemParts { travel: points, ..clusters() }).unwrap_err();
    assert_eq!(error, ProblemError::TravelSize { found: 1, expected: 7 });
    let mut bad = clusters();
    bad.stops[2].due = f64::NAN;
    assert_eq!(Problem::build(bad).unwrap_err(), ProblemError::BadNumber { node: 3 });
    let many = ProblemParts { stops: vec![Visit::default(); 2_001], ..clusters() };
    assert_eq!(Problem::build(many).unwrap_err(), ProblemError::TooManyStops { stops: 2_001 });
}
