//! Small worlds by seed, a stream of waybills through each, and the counterfactuals of every refusal: the
//! rows of the network are changed as a person would change them, and the engine is asked again.

mod relax;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use routing::{Decision, Outcome, Reason};

use relax::{assigns_with, assigns_with_all_of, can_be_relaxed};
use world::{Asked, World};

/// Refusals of one reason.
#[derive(Debug, Default, Clone, Copy, serde::Serialize)]
pub(crate) struct Count {
    pub(crate) asked: u64,
    pub(crate) confirmed: u64,
}

/// What came of all of them.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Report {
    pub(crate) by_reason: BTreeMap<Reason, Count>,
    /// Refusals with a single thing in the way.
    pub(crate) single: u64,
    /// Those for which another single limit would have done as well.
    pub(crate) alternatives: u64,
    /// What did not hold, with its seed.
    pub(crate) wrong: Vec<String>,
}

impl Report {
    /// Refusals in all.
    pub(crate) fn asked(&self) -> u64 {
        self.by_reason.values().map(|count| count.asked).sum()
    }

    fn take(&mut self, seed: u64, world: &World, asked: &Asked, decision: &Decision) {
        let Outcome::Unassignable(reason) = decision.outcome else {
            return;
        };
        let complaint = complaint(world, asked, decision, reason);
        let count = self.by_reason.entry(reason).or_default();
        count.asked += 1;
        count.confirmed += u64::from(complaint.is_none());
        let explanation = &decision.explanation;
        self.single += u64::from(explanation.blocked_by.len() == 1);
        self.alternatives += u64::from(!explanation.or_else.is_empty());
        self.wrong.extend(complaint.map(|what| format!("seed {seed}: {what}")));
    }
}

/// Runs worlds of consecutive seeds.
pub(crate) fn check_worlds(first_seed: u64, count: u64) -> Report {
    let mut report = Report::default();
    for seed in first_seed..first_seed + count {
        let mut world = World::of(seed);
        while let Some(asked) = world.next() {
            let before = world.clone();
            let decision = world.decide(&asked);
            report.take(seed, &before, &asked, &decision);
        }
    }
    report
}

/// What is wrong with the reason of a refusal, if anything is.
fn complaint(world: &World, asked: &Asked, decision: &Decision, reason: Reason) -> Option<String> {
    let (blocked_by, or_else) = (&decision.explanation.blocked_by, &decision.explanation.or_else);
    let told = format!("{reason:?} blocked by {blocked_by:?} or else {or_else:?}: {asked:?}");
    if blocked_by.is_empty() {
        return Some(format!("nothing is named: {told}"));
    }
    if reason != Reason::ReleasedAfterCutoff && blocked_by.first() != Some(&reason) {
        return Some(format!("the reason is not what is in the way: {told}"));
    }
    if !assigns_with(world, asked, blocked_by) {
        return Some(format!("relaxing what is named gives no place: {told}"));
    }
    let named: BTreeSet<&Reason> = blocked_by.iter().chain(or_else).collect();
    if blocked_by.len() > 1 {
        // the fewest: any one of them alone is not enough
        let enough = blocked_by.iter().find(|one| assigns_with_all_of(world, asked, **one));
        return enough.map(|one| format!("{one:?} alone would do: {told}"));
    }
    // another day, a later cut-off: a clock that says late is set right in one way or the other
    let is_late = CLOCK.contains(blocked_by.first()?);
    let others = KINDS.into_iter().filter(|kind| !(is_late && CLOCK.contains(kind)));
    for other in others.filter(|kind| can_be_relaxed(world, asked, *kind)) {
        let helps = assigns_with_all_of(world, asked, other);
        if helps != named.contains(&other) {
            return Some(format!("relaxing {other:?} alone gives a place: {helps}: {told}"));
        }
    }
    None
}

/// Late.
const CLOCK: [Reason; 3] = [Reason::DatePast, Reason::CutOffPassed, Reason::Missed];

/// What somebody can change.
const KINDS: [Reason; 7] = [
    Reason::DatePast,
    Reason::CutOffPassed,
    Reason::NoTemplate,
    Reason::ExceedsLargestTruck,
    Reason::ZoneQuota,
    Reason::RouteQuota,
    Reason::PoolExhausted,
];
