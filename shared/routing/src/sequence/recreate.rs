//! Puts absent stops back, one by one, where each adds least: greedy insertion with blinks, in an
//! order drawn anew each time (Christiaens and Vanden Berghe 2020). Never here: removing.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "node numbers were checked with the problem"
)]

use super::plan::Trial;
use super::problem::Problem;
use super::tour::{Blinks, Insertion, NOWHERE, Tour};
use crate::random::Random;

/// What becomes of a stop that fits on no tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It gets a tour of its own.
    OpensTour,
    /// It stays absent, and the others are still tried.
    StaysAbsent,
    /// The attempt ends there: the plan must be whole.
    GivesUp,
}

/// Orders of insertion with their weights: random, largest first, farthest, nearest, tightest
/// window, earliest start, latest end.
const WEIGHTS: [usize; 7] = [4, 4, 2, 1, 2, 2, 2];

/// Memory that is used again and again.
#[derive(Debug)]
pub(super) struct Recreate {
    blinks: Blinks,
    /// Sort key of each absent stop.
    keyed: Vec<(f64, u32)>,
}

impl Recreate {
    pub(super) fn new() -> Self {
        Self { blinks: Blinks::new(), keyed: Vec::new() }
    }

    /// Answers whether no stop is absent afterwards.
    pub(super) fn run(
        &mut self,
        problem: &Problem,
        trial: &mut Trial,
        misfit: Misfit,
        random: &mut Random,
    ) -> bool {
        self.order(problem, trial, random);
        trial.tried.absent.clear();
        for position in 0..self.keyed.len() {
            let node = self.keyed[position].1;
            if let Some(place) = self.cheapest(problem, trial, node, random) {
                trial.touch(place.tour);
                trial.tried.insert(problem, place.tour, place.position, node);
                continue;
            }
            match misfit {
                Misfit::OpensTour => open_tour(problem, trial, node),
                Misfit::StaysAbsent => trial.tried.absent.push(node),
                Misfit::GivesUp => {
                    let rest = self.keyed[position..].iter().map(|(_key, node)| *node);
                    trial.tried.absent.extend(rest);
                    return false;
                }
            }
        }
        trial.tried.absent.is_empty()
    }

    fn order(&mut self, problem: &Problem, trial: &Trial, random: &mut Random) {
        let mut point = random.below(WEIGHTS.iter().sum());
        let mut kind = 0;
        while point >= WEIGHTS[kind] {
            point -= WEIGHTS[kind];
            kind += 1;
        }
        self.keyed.clear();
        for node in &trial.tried.absent {
            let visit = problem.visit(*node);
            let key = match kind {
                0 => random.unit(),
                1 => -(visit.demand as f64),
                2 => -problem.distance(0, *node),
                3 => problem.distance(0, *node),
                4 => visit.due - visit.ready,
                5 => visit.ready,
                _ => -visit.due,
            };
            self.keyed.push((key, *node));
        }
        self.keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }

    fn cheapest(
        &mut self,
        problem: &Problem,
        trial: &Trial,
        node: u32,
        random: &mut Random,
    ) -> Option<Insertion> {
        let mut best = Insertion { tour: NOWHERE, position: 0, added: f64::INFINITY };
        for (number, tour) in (0_u32..).zip(&trial.tried.tours) {
            tour.cheapest(problem, node, number, &mut best, &mut self.blinks, random);
        }
        (best.tour != NOWHERE).then_some(best)
    }
}

/// The other plan gets an empty tour of the same number.
fn open_tour(problem: &Problem, trial: &mut Trial, node: u32) {
    let number = trial.tried.tours.len() as u32;
    trial.tried.tours.push(Tour::empty(problem));
    trial.held.tours.push(Tour::empty(problem));
    trial.touch(number);
    trial.tried.insert(problem, number, 1, node);
}
