//! Which route drives to which stop, in which order, when every stop has a time window: the
//! vehicle routing problem with time windows (VRPTW). Fewest routes first, then least distance.
//!
//! `problem` holds the stops as flat arrays, `segment` joins stretches of a route in constant
//! time, `tour` and `plan` are the routes being worked on. The search first lowers the number of
//! routes (`fleet`), then shortens them (`anneal`); both take strings of stops out (`ruin`) and put
//! them back (`recreate`).
//!
//! Anytime: the caller's budget is asked again and again, and the best plan so far is handed back
//! when it says stop. The same problem, seed and number of steps give the same plan.
//! Never here: a clock, threads, waybills.

mod anneal;
mod fleet;
mod plan;
mod problem;
mod recreate;
mod ruin;
mod segment;
mod tour;

pub use self::problem::{MAX_STOPS, Problem, ProblemError, ProblemParts, Travel, Visit};
pub use self::segment::Segment;

use self::plan::{Plan, Trial};
use self::recreate::{Misfit, Recreate};
use crate::random::Random;

/// Rounding of sums that is not taken for lateness, in the problem's unit of time.
pub const TOLERANCE: f64 = 1e-7;

/// Steps between two questions to the caller's budget.
const STEPS_PER_QUESTION: u64 = 32;

/// The best plan found. Each route lists its stops in order; the depot is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequenced {
    pub routes: Vec<Vec<u32>>,
    /// Stops that no truck can serve, or for which there are too few vehicles.
    pub unserved: Vec<u32>,
    pub distance: f64,
    pub steps: u64,
}

/// Asks the caller's budget, though not at every step.
pub(crate) struct Clock<'a> {
    budget: &'a mut dyn FnMut(u64) -> f64,
    steps: u64,
    spent: f64,
}

impl Clock<'_> {
    fn spent(&self) -> f64 {
        self.spent
    }

    fn tick(&mut self) -> f64 {
        if self.steps.is_multiple_of(STEPS_PER_QUESTION) {
            self.spent = (self.budget)(self.steps);
        }
        self.steps = self.steps.saturating_add(1);
        self.spent
    }
}

/// Searches until `budget` answers 1 or more. It is told the steps done so far and answers the
/// share of the budget that is used: steps over a limit, or time over a limit; the search cools
/// down by it. To cancel, answer 1.
pub fn solve(problem: &Problem, seed: u64, budget: &mut dyn FnMut(u64) -> f64) -> Sequenced {
    let mut random = Random::new(seed);
    let mut clock = Clock { budget, steps: 0, spent: 0.0 };
    let (plan, unserved) = construct(problem, &mut random);
    let enough = problem.fewest_routes();
    let plan = fleet::reduce(problem, plan, enough, &mut clock, &mut random);
    let plan = anneal::shorten(problem, plan, &mut clock, &mut random);
    finish(problem, plan, unserved, clock.steps)
}

/// Puts each stop where it adds least, on a new route where it fits on none. Stops that even a
/// route of their own cannot serve are set aside.
fn construct(problem: &Problem, random: &mut Random) -> (Plan, Vec<u32>) {
    let mut plan = Plan::empty(problem);
    let depot = Segment::of(problem, 0);
    let (alone, unserved) = plan.absent.iter().partition(|node| {
        let there = depot.then(problem, &Segment::of(problem, **node));
        there.then(problem, &depot).is_feasible(problem)
    });
    plan.absent = alone;
    let mut trial = Trial::on(plan);
    Recreate::new().run(problem, &mut trial, Misfit::OpensTour, random);
    (trial.tried, unserved)
}

/// Stops of routes beyond the number of vehicles are unserved; the smallest routes go.
fn finish(problem: &Problem, plan: Plan, mut unserved: Vec<u32>, steps: u64) -> Sequenced {
    let mut tours: Vec<_> = plan.tours.into_iter().filter(|tour| !tour.is_empty()).collect();
    tours.sort_by_key(|tour| std::cmp::Reverse(tour.stops().len()));
    for tour in tours.split_off(problem.vehicles().min(tours.len())) {
        unserved.extend(tour.stops());
    }
    let distance = tours.iter().map(|tour| tour.distance).sum();
    let routes = tours.iter().map(|tour| tour.stops().to_vec()).collect();
    Sequenced { routes, unserved, distance, steps }
}

#[cfg(test)]
mod tests;
