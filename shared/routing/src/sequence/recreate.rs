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
    /// The look at which each tour was seen last, and the number of looks.
    seen: Vec<u64>,
    looks: u64,
}

/// With more tours than this, those that drive past a stop's nearest ones are tried first, and the
/// others only where none of these has room (granular neighbourhoods: Toth and Vigo 2003).
const FEW_TOURS: usize = 12;
const NEAREST: usize = 40;

impl Recreate {
    pub(super) fn new() -> Self {
        Self { blinks: Blinks::new(), keyed: Vec::new(), seen: Vec::new(), looks: 0 }
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
        if trial.tried.tours.len() > FEW_TOURS {
            self.cheapest_nearby(problem, trial, node, &mut best, random);
        }
        if best.tour == NOWHERE {
            for (number, tour) in (0_u32..).zip(&trial.tried.tours) {
                tour.cheapest(problem, node, number, &mut best, &mut self.blinks, random);
            }
        }
        (best.tour != NOWHERE).then_some(best)
    }

    /// On the tours that drive past the stop's nearest ones.
    fn cheapest_nearby(
        &mut self,
        problem: &Problem,
        trial: &Trial,
        node: u32,
        best: &mut Insertion,
        random: &mut Random,
    ) {
        self.looks += 1;
        self.seen.resize(trial.tried.tours.len().max(self.seen.len()), 0);
        for other in problem.near(node).iter().skip(1).take(NEAREST) {
            let number = trial.tried.tour_of[*other as usize];
            if number == NOWHERE || self.seen[number as usize] == self.looks {
                continue;
            }
            self.seen[number as usize] = self.looks;
            let tour = &trial.tried.tours[number as usize];
            tour.cheapest(problem, node, number, best, &mut self.blinks, random);
        }
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
