//! Routes while they are being worked on: the order of the stops with, at each position, the
//! earliest departure and the latest start that keep every window. With those two, an insertion
//! is checked and priced in constant time. Never here: a choice.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "positions come from the tour they index; node numbers were checked with the problem"
)]

use super::TOLERANCE;
use super::problem::Problem;

/// No route.
pub(super) const NOWHERE: u32 = u32::MAX;

/// One route. `nodes` starts and ends with the depot; the other lists run beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tour {
    pub(super) nodes: Vec<u32>,
    /// Earliest end of service.
    depart: Vec<f64>,
    /// Latest start of service.
    late: Vec<f64>,
    pub(super) load: u64,
    pub(super) distance: f64,
}

/// Where a stop would go on a tour, and what it adds to the distance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Insertion {
    pub(super) tour: u32,
    /// Position that the stop will have.
    pub(super) position: u32,
    pub(super) added: f64,
}

/// Skips about one candidate in a hundred, so that the same greedy mistake is not made each time
/// ("blinks", Christiaens and Vanden Berghe 2020). Counts down to the next skip instead of asking
/// for a random number at each candidate.
#[derive(Debug)]
pub(super) struct Blinks {
    left: u32,
}

impl Blinks {
    const RATE: f64 = 0.01;

    pub(super) fn new() -> Self {
        Self { left: 100 }
    }

    #[inline]
    fn skips(&mut self, random: &mut crate::random::Random) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        let gap = (1.0 - random.unit()).ln() / (1.0 - Self::RATE).ln();
        self.left = gap.min(10_000.0) as u32;
        true
    }
}

impl Tour {
    pub(super) fn empty(problem: &Problem) -> Self {
        let mut tour = Self { nodes: vec![0, 0], ..Self::default() };
        tour.refresh(problem);
        tour
    }

    pub(super) fn stops(&self) -> &[u32] {
        &self.nodes[1..self.nodes.len() - 1]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.len() == 2
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.nodes.clone_from(&other.nodes);
        self.depart.clone_from(&other.depart);
        self.late.clone_from(&other.late);
        self.load = other.load;
        self.distance = other.distance;
    }

    /// Brings all figures up to date with `nodes`.
    pub(super) fn refresh(&mut self, problem: &Problem) {
        let length = self.nodes.len();
        self.depart.resize(length, 0.0);
        self.late.resize(length, 0.0);
        let (mut load, mut distance) = (0, 0.0);
        let mut previous = 0;
        let mut clock = problem.visit(0).ready;
        self.depart[0] = clock;
        for position in 1..length {
            let node = self.nodes[position];
            let visit = problem.visit(node);
            clock = (clock + problem.time(previous, node)).max(visit.ready);
            if node != 0 {
                clock += visit.service;
                load += visit.demand;
            }
            self.depart[position] = clock;
            distance += problem.distance(previous, node);
            previous = node;
        }
        (self.load, self.distance) = (load, distance);
        self.refresh_late(problem);
    }

    fn refresh_late(&mut self, problem: &Problem) {
        let last = self.nodes.len() - 1;
        let mut clock = problem.visit(0).due;
        self.late[last] = clock;
        for position in (0..last).rev() {
            let node = self.nodes[position];
            let visit = problem.visit(node);
            let service = if node == 0 { 0.0 } else { visit.service };
            clock = (clock - problem.time(node, self.nodes[position + 1]) - service).min(visit.due);
            self.late[position] = clock;
        }
    }

    pub(super) fn insert(&mut self, problem: &Problem, position: usize, node: u32) {
        self.nodes.insert(position, node);
        self.refresh(problem);
    }

    /// The cheapest feasible position for a stop that adds less than `best.added`.
    #[inline]
    pub(super) fn cheapest(
        &self,
        problem: &Problem,
        node: u32,
        tour: u32,
        best: &mut Insertion,
        blinks: &mut Blinks,
        random: &mut crate::random::Random,
    ) {
        let visit = problem.visit(node);
        if self.load + visit.demand > problem.capacity() {
            return;
        }
        let (n, row) = (problem.nodes(), node as usize * problem.nodes());
        let distance_out = &problem.distance[row..row + n];
        let distance_in = &problem.distance_in[row..row + n];
        let time_out = &problem.time[row..row + n];
        let time_in = &problem.time_in[row..row + n];
        let earliest_end = visit.ready + visit.service;
        let length = self.nodes.len();
        let (nodes, depart, late) =
            (&self.nodes[..length], &self.depart[..length], &self.late[..length]);
        for (position, latest) in late.iter().copied().enumerate().skip(1) {
            if latest < earliest_end {
                continue;
            }
            // Departures only grow along the tour: no later position can be in time.
            if depart[position - 1] > visit.due {
                break;
            }
            let (before, after) = (nodes[position - 1] as usize, nodes[position] as usize);
            let start = (depart[position - 1] + time_in[before]).max(visit.ready);
            if start > visit.due + TOLERANCE {
                continue;
            }
            if start + visit.service + time_out[after] > latest + TOLERANCE {
                continue;
            }
            let added =
                distance_in[before] + distance_out[after] - problem.distance[before * n + after];
            if added < best.added && !blinks.skips(random) {
                *best = Insertion { tour, position: position as u32, added };
            }
        }
    }
}
