//! Takes strings of adjacent stops out of neighbouring tours: "slack induction by string removals"
//! (Christiaens and Vanden Berghe 2020). Removing neighbours from several tours at once leaves room
//! in each of them just where the others may use it. Never here: putting back.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "positions come from the tour they index"
)]

use super::plan::Trial;
use super::problem::Problem;
use super::tour::NOWHERE;
use crate::random::Random;

/// How much to remove.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strength {
    /// Stops removed on average.
    pub(super) mean_removed: f64,
    pub(super) longest_string: f64,
}

impl Strength {
    /// As published: ten stops a time, in strings of ten at most.
    pub(super) const USUAL: Self = Self { mean_removed: 10.0, longest_string: 10.0 };
}

/// Chance that a string keeps a few of its middle stops on the tour.
const SPLIT_RATE: f64 = 0.5;
/// Chance that it keeps one more.
const SPLIT_DEPTH: f64 = 0.01;

/// Removes strings around a random stop. The removed stops are added to the trial's absent ones.
pub(super) fn strings(
    problem: &Problem,
    trial: &mut Trial,
    strength: Strength,
    mean_stops: f64,
    random: &mut Random,
) {
    let longest = strength.longest_string.min(mean_stops).max(1.0);
    let most_strings = 4.0 * strength.mean_removed / (1.0 + longest) - 1.0;
    let mut left = 1 + (most_strings.max(0.0) * random.unit()) as usize;
    let seed = 1 + random.below(problem.nodes() - 1) as u32;
    for node in problem.near(seed) {
        if left == 0 {
            break;
        }
        let tour = trial.tried.tour_of[*node as usize];
        if tour == NOWHERE || trial.is_touched(tour) {
            continue;
        }
        let stops = trial.tried.tours[tour as usize].stops().len();
        let bound = longest.min(stops as f64);
        let length = (1.0 + bound * random.unit()).min(bound).max(1.0) as usize;
        remove_string(problem, trial, tour, *node, length, random);
        left -= 1;
    }
}

/// Removes `length` stops of a tour, `node` among them.
fn remove_string(
    problem: &Problem,
    trial: &mut Trial,
    tour: u32,
    node: u32,
    length: usize,
    random: &mut Random,
) {
    trial.touch(tour);
    let plan = &mut trial.tried;
    let nodes = &mut plan.tours[tour as usize].nodes;
    let stops = nodes.len() - 2;
    let Some(at) = nodes.iter().position(|other| *other == node) else {
        return;
    };
    let mut kept = 0;
    if length > 1 && length < stops && random.unit() < SPLIT_RATE {
        kept = 1;
        while length + kept < stops && random.unit() < SPLIT_DEPTH {
            kept += 1;
        }
    }
    let span = length + kept;
    // The string may start so that it reaches `node` and stays on the tour.
    let first = (at + 1).saturating_sub(span).max(1);
    let last = at.min(stops + 1 - span);
    let start = first + random.below(last - first + 1);
    let keep_from = if kept == 0 { span } else { 1 + random.below(length - 1) };
    let mut offset = 0;
    let mut position = start;
    while offset < span {
        if offset >= keep_from && offset < keep_from + kept {
            position += 1;
        } else {
            let removed = nodes.remove(position);
            plan.absent.push(removed);
            plan.tour_of[removed as usize] = NOWHERE;
        }
        offset += 1;
    }
    plan.tours[tour as usize].refresh(problem);
}
