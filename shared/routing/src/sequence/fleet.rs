//! Fewer routes: takes a whole tour away and looks for a plan that serves its stops on the others.
//!
//! A plan may lack stops meanwhile. Which lack is the lesser one is decided by how often each stop
//! has been absent so far, so the search learns which stops are hard to place and gives them their
//! places first (absences: Christiaens and Vanden Berghe 2020; a search of its own for fewer routes:
//! Bent and Van Hentenryck 2004). Never here: a plan that is handed back with a stop missing.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "node numbers were checked with the problem"
)]

use super::Clock;
use super::plan::{Plan, Trial};
use super::problem::Problem;
use super::recreate::{Misfit, Recreate};
use super::ruin::{self, Strength};
use super::tour::NOWHERE;
use crate::random::Random;

/// The search ends when as much of the budget as the last success took has passed this many times
/// over without another one, between a least and a most share of the whole.
const PATIENCE: f64 = 3.0;
const LEAST_SHARE: f64 = 0.2;
const MOST_SHARE: f64 = 0.5;

/// Lowers the number of tours to `enough` if it can, and hands back the last whole plan.
pub(super) fn reduce(
    problem: &Problem,
    plan: Plan,
    enough: usize,
    clock: &mut Clock<'_>,
    random: &mut Random,
) -> Plan {
    let mut absences = vec![1_u64; problem.nodes()];
    let mut whole = plan;
    while whole.routes() > enough {
        let until = (PATIENCE * clock.spent()).clamp(LEAST_SHARE, MOST_SHARE);
        let start = without_easiest_tour(&whole, &absences);
        match serve_all(problem, start, &mut absences, until, clock, random) {
            Some(fewer) => whole = fewer,
            None => break,
        }
    }
    whole
}

/// A plan with the same tours and no stop absent, if one is found in time.
fn serve_all(
    problem: &Problem,
    start: Plan,
    absences: &mut [u64],
    until: f64,
    clock: &mut Clock<'_>,
    random: &mut Random,
) -> Option<Plan> {
    let mut trial = Trial::on(start);
    let mut recreate = Recreate::new();
    let temperature = problem.scale();
    let mean_stops = trial.held.mean_stops();
    while clock.tick() < until {
        ruin::strings(problem, &mut trial, Strength::USUAL, mean_stops, random);
        if recreate.run(problem, &mut trial, Misfit::StaysAbsent, random) {
            let mut whole = trial.tried;
            whole.drop_empty_tours();
            return Some(whole);
        }
        let lack_held = weight(&trial.held.absent, absences);
        let lack_tried = weight(&trial.tried.absent, absences);
        for node in &trial.tried.absent {
            absences[*node as usize] += 1;
        }
        let is_near = trial.added() < -temperature * (1.0 - random.unit()).ln();
        if lack_tried < lack_held || (lack_tried == lack_held && is_near) {
            trial.keep();
        } else {
            trial.undo();
        }
    }
    None
}

fn weight(absent: &[u32], absences: &[u64]) -> u64 {
    absent.iter().map(|node| absences[*node as usize]).sum()
}

/// The tour whose stops were absent least often goes.
fn without_easiest_tour(plan: &Plan, absences: &[u64]) -> Plan {
    let mut rest = plan.clone();
    let ease = |number: &usize| weight(rest.tours[*number].stops(), absences);
    if let Some(easiest) = (0..rest.tours.len()).min_by_key(ease) {
        let gone = rest.tours.swap_remove(easiest);
        for node in gone.stops() {
            rest.tour_of[*node as usize] = NOWHERE;
            rest.absent.push(*node);
        }
        rest.drop_empty_tours();
    }
    rest
}
