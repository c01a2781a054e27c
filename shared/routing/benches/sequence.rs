//! Steps a second of the sequencing search on one core: ruin, recreate, judge.
//!
//! 200 stops in a square, windows of a quarter of the day, ten or so to a route. Run with
//! `cargo bench -p routing --bench sequence`, or `-- --quick` for a first impression.

#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use routing::sequence::{Problem, ProblemParts, Travel, Visit, solve};

const STOPS: u32 = 200;
const STEPS: u64 = 20_000;

fn problem() -> Problem {
    let scatter =
        |number: u32| f64::from(number.wrapping_mul(2_654_435_769) >> 8) / f64::from(1 << 24);
    let point = |node: u32| (100.0 * scatter(node), 100.0 * scatter(node + 10_000));
    let visit = |node: u32| {
        let ready = 600.0 * scatter(node + 20_000);
        Visit { demand: 10, ready, due: ready + 250.0, service: 10.0 }
    };
    Problem::build(ProblemParts {
        depot: Visit { due: 1_000.0, ..Visit::default() },
        stops: (1..=STOPS).map(visit).collect(),
        travel: Travel::Plane((0..=STOPS).map(point).collect()),
        capacity: 200,
        vehicles: 200,
    })
    .unwrap()
}

fn sequence(criterion: &mut Criterion) {
    let problem = problem();
    let mut group = criterion.benchmark_group("sequence");
    group.throughput(Throughput::Elements(STEPS));
    group.sample_size(10);
    group.bench_function("200 stops", |bencher| {
        bencher.iter(|| {
            let plan = solve(&problem, 1, &mut |steps| steps as f64 / STEPS as f64);
            black_box(plan.distance)
        });
    });
    group.finish();
}

criterion_group!(benches, sequence);
criterion_main!(benches);
