//! All tours of a plan, and the pair of plans that a search works with: the one it stands on, and
//! the one it tries. Only the tours that a step touched are copied between them. Never here: a
//! choice.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tour numbers come from the plan they index"
)]

use super::problem::Problem;
use super::tour::{NOWHERE, Tour};

/// Tours, the tour of each stop, and the stops that have none.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) tours: Vec<Tour>,
    pub(super) tour_of: Vec<u32>,
    pub(super) absent: Vec<u32>,
}

impl Plan {
    /// Without any tour; every stop is absent.
    pub(super) fn empty(problem: &Problem) -> Self {
        let nodes = problem.nodes();
        Self {
            tours: Vec::new(),
            tour_of: vec![NOWHERE; nodes],
            absent: (1..nodes as u32).collect(),
        }
    }

    pub(super) fn distance(&self) -> f64 {
        self.tours.iter().map(|tour| tour.distance).sum()
    }

    pub(super) fn routes(&self) -> usize {
        self.tours.iter().filter(|tour| !tour.is_empty()).count()
    }

    pub(super) fn drop_empty_tours(&mut self) {
        self.tours.retain(|tour| !tour.is_empty());
        for (number, tour) in (0_u32..).zip(&self.tours) {
            for node in tour.stops() {
                self.tour_of[*node as usize] = number;
            }
        }
    }

    pub(super) fn mean_stops(&self) -> f64 {
        let stops: usize = self.tours.iter().map(|tour| tour.stops().len()).sum();
        stops as f64 / self.routes().max(1) as f64
    }

    pub(super) fn insert(&mut self, problem: &Problem, tour: u32, position: u32, node: u32) {
        self.tours[tour as usize].insert(problem, position as usize, node);
        self.tour_of[node as usize] = tour;
    }
}

/// The plan that holds, and a trial that started from it.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) held: Plan,
    pub(super) tried: Plan,
    /// Tours in which the two differ.
    touched: Vec<u32>,
    is_touched: Vec<bool>,
}

impl Trial {
    pub(super) fn on(plan: Plan) -> Self {
        let tours = plan.tours.len();
        Self {
            tried: plan.clone(),
            held: plan,
            touched: Vec::new(),
            is_touched: vec![false; tours],
        }
    }

    pub(super) fn touch(&mut self, tour: u32) {
        if self.is_touched.len() <= tour as usize {
            self.is_touched.resize(tour as usize + 1, false);
        }
        if !self.is_touched[tour as usize] {
            self.is_touched[tour as usize] = true;
            self.touched.push(tour);
        }
    }

    pub(super) fn is_touched(&self, tour: u32) -> bool {
        self.is_touched[tour as usize]
    }

    /// Whether a tour that carries stops in the plan held carries none in the trial.
    pub(super) fn tried_empties_a_tour(&self) -> bool {
        self.touched.iter().any(|tour| {
            let empty = |plan: &Plan| plan.tours[*tour as usize].is_empty();
            empty(&self.tried) && !empty(&self.held)
        })
    }

    /// How much longer the trial is.
    pub(super) fn added(&self) -> f64 {
        self.touched
            .iter()
            .map(|tour| {
                self.tried.tours[*tour as usize].distance - self.held.tours[*tour as usize].distance
            })
            .sum()
    }

    /// The trial becomes what holds.
    pub(super) fn keep(&mut self) {
        copy(&self.tried, &mut self.held, &mut self.touched, &mut self.is_touched);
    }

    /// The trial starts again from what holds.
    pub(super) fn undo(&mut self) {
        copy(&self.held, &mut self.tried, &mut self.touched, &mut self.is_touched);
    }
}

fn copy(from: &Plan, to: &mut Plan, touched: &mut Vec<u32>, is_touched: &mut [bool]) {
    // A stop that left a touched tour is in another touched one or absent.
    for number in touched.drain(..) {
        let tour = &from.tours[number as usize];
        to.tours[number as usize].copy_from(tour);
        for node in tour.stops() {
            to.tour_of[*node as usize] = number;
        }
        is_touched[number as usize] = false;
    }
    to.absent.clone_from(&from.absent);
    for node in &to.absent {
        to.tour_of[*node as usize] = NOWHERE;
    }
}
