//! Shorter routes, no more of them: ruin and recreate under simulated annealing (Schrimpf,
//! Schneider, Stamm-Wilbrandt and Dueck 2000).
//!
//! With as few trucks as possible there is hardly a step from one whole plan to another. So the
//! plan that the search stands on may lack stops, each at a price that follows the share of time
//! spent without them, and wholeness is asked only of the plans that are remembered and of the
//! last part of the search. Never here: a plan handed back with a stop missing.

#![allow(
    clippy::as_conversions,
    reason = "numbers of stops and nodes are far below what a double holds exactly"
)]

use super::Clock;
use super::plan::{Plan, Trial};
use super::problem::Problem;
use super::recreate::{Misfit, Recreate};
use super::ruin::{self, Strength};
use crate::random::Random;

/// First and last temperature, in mean legs of the first plan.
const HOT: f64 = 10.0;
const COLD: f64 = 0.1;
/// First and least price of an absent stop, in mean legs.
const PRICE: f64 = 5.0;
const LEAST_PRICE: f64 = 1.0;
/// Steps between two looks at the price, and the share of them that may lack stops.
const REVIEW: u64 = 500;
const LACKING_SHARE: f64 = 0.3;
/// From this share of the budget on, only whole plans are tried, starting from the best.
const WHOLE_FROM: f64 = 0.9;

/// Shortens the plan until the budget is used. The answer has no more tours than `plan`.
pub(super) fn shorten(
    problem: &Problem,
    plan: Plan,
    clock: &mut Clock<'_>,
    random: &mut Random,
) -> Plan {
    if plan.routes() == 0 {
        return plan;
    }
    let mut search = Annealing::on(problem, plan, clock.spent());
    let mut recreate = Recreate::new();
    for step in 1_u64.. {
        let spent = clock.tick();
        if spent >= 1.0 {
            break;
        }
        if step.is_multiple_of(REVIEW) {
            search.review(spent);
        }
        let (mean_stops, misfit) = (search.mean_stops, search.misfit());
        ruin::strings(problem, &mut search.trial, Strength::USUAL, mean_stops, random);
        recreate.run(problem, &mut search.trial, misfit, random);
        search.judge(random);
    }
    search.best
}

struct Annealing {
    trial: Trial,
    best: Plan,
    best_routes: usize,
    best_distance: f64,
    /// Of the plan held.
    distance: f64,
    mean_stops: f64,
    leg: f64,
    start: f64,
    temperature: f64,
    /// Of one absent stop; `None` when none may be absent.
    price: Option<f64>,
    /// Steps since the last review that started without some stop.
    lacking: u64,
}

impl Annealing {
    fn on(problem: &Problem, plan: Plan, start: f64) -> Self {
        let distance = plan.distance();
        let leg = distance / problem.nodes() as f64;
        Self {
            best: plan.clone(),
            best_routes: plan.routes(),
            best_distance: distance,
            distance,
            mean_stops: plan.mean_stops(),
            trial: Trial::on(plan),
            leg,
            start,
            temperature: HOT * leg,
            price: Some(PRICE * leg),
            lacking: 0,
        }
    }

    fn misfit(&self) -> Misfit {
        if self.price.is_some() { Misfit::StaysAbsent } else { Misfit::GivesUp }
    }

    /// Cools down and sets the price anew.
    fn review(&mut self, spent: f64) {
        let progress = (spent - self.start) / (1.0 - self.start).max(1e-9);
        self.temperature = HOT * self.leg * (COLD / HOT).powf(progress.clamp(0.0, 1.0));
        if let Some(price) = self.price {
            if spent >= WHOLE_FROM {
                self.price = None;
                self.restart_from_best();
            } else {
                let is_much = self.lacking as f64 > LACKING_SHARE * REVIEW as f64;
                let price = if is_much { price * 1.1 } else { price * 0.95 };
                self.price = Some(price.max(LEAST_PRICE * self.leg));
            }
        }
        self.lacking = 0;
    }

    fn restart_from_best(&mut self) {
        self.trial = Trial::on(self.best.clone());
        self.distance = self.best_distance;
    }

    /// Keeps the trial or undoes it.
    fn judge(&mut self, random: &mut Random) {
        let held_lacks = self.trial.held.absent.len();
        let tried_lacks = self.trial.tried.absent.len();
        self.lacking += u64::from(held_lacks > 0);
        let longer = self.trial.added();
        let lack = tried_lacks as f64 - held_lacks as f64;
        let worse = match self.price {
            Some(price) => longer + price * lack,
            None if tried_lacks > 0 => f64::INFINITY,
            None => longer,
        };
        if worse >= -self.temperature * (1.0 - random.unit()).ln() {
            self.trial.undo();
            return;
        }
        let emptied = self.trial.tried_empties_a_tour();
        self.trial.keep();
        self.distance += longer;
        if tried_lacks == 0 && (emptied || self.distance < self.best_distance - 1e-9) {
            self.remember();
        }
    }

    /// The plan held is whole: is it the best so far?
    fn remember(&mut self) {
        let routes = self.trial.held.routes();
        // Summed afresh, so that rounding does not pile up.
        self.distance = self.trial.held.distance();
        let is_shorter = self.distance < self.best_distance - 1e-9;
        if routes > self.best_routes || (routes == self.best_routes && !is_shorter) {
            return;
        }
        if routes < self.best_routes {
            let mut fewer = self.trial.held.clone();
            fewer.drop_empty_tours();
            self.mean_stops = fewer.mean_stops();
            self.trial = Trial::on(fewer);
        }
        (self.best_routes, self.best_distance) = (routes, self.distance);
        self.best.clone_from(&self.trial.held);
    }
}
