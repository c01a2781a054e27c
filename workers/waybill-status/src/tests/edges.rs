//! Every step from every status to every other, by every role: what is taken, what waits, what changes
//! nothing, what is refused. The expectations are written here by hand, not read from the table.

use contracts::{FulfilledBy, Role, Way, WaybillKind, WaybillStatus as S};
use runtime::Outcome;

use super::story::{Said, Story, cancelled, report};
use crate::lifecycle::may_report;

/// One way as it is meant: each status, lowest position first, and what must have happened for it.
struct Meant {
    way: Way,
    kind: WaybillKind,
    steps: &'static [(S, &'static [S])],
}

const MEANT: [Meant; 2] = [
    Meant {
        way: Way::Outbound,
        kind: WaybillKind::Forward,
        steps: &[
            (S::Created, &[]),
            (S::Acknowledged, &[]),
            (S::Picked, &[]),
            (S::Packed, &[]),
            (S::Cancelled, &[]),
            (S::Loaded, &[]),
            (S::Dispatched, &[]),
            (S::OutForDelivery, &[S::Loaded, S::Dispatched]),
            (S::ReadyForCollection, &[S::Dispatched, S::OutForDelivery]),
            (S::DeliveryFailed, &[S::Dispatched, S::OutForDelivery]),
            (
                S::Returning,
                &[
                    S::Dispatched,
                    S::Loaded,
                    S::OutForDelivery,
                    S::ReadyForCollection,
                    S::DeliveryFailed,
                ],
            ),
            (S::Lost, &[]),
            (S::Damaged, &[]),
            (
                S::ReturnedToOrigin,
                &[
                    S::Dispatched,
                    S::OutForDelivery,
                    S::ReadyForCollection,
                    S::DeliveryFailed,
                    S::Returning,
                ],
            ),
            (S::Delivered, &[S::Dispatched, S::OutForDelivery, S::ReadyForCollection]),
        ],
    },
    Meant {
        way: Way::Return,
        kind: WaybillKind::Return,
        steps: &[
            (S::Created, &[]),
            (S::Dispatched, &[]),
            (S::OutForPickup, &[]),
            (S::PickupFailed, &[]),
            (S::Cancelled, &[]),
            (S::Collected, &[]),
            (S::Lost, &[]),
            (S::Delivered, &[S::Collected, S::Dispatched, S::OutForPickup]),
        ],
    },
];

/// What happens on an attempt.
const ROAD: [S; 8] = [
    S::Loaded,
    S::Dispatched,
    S::OutForDelivery,
    S::ReadyForCollection,
    S::DeliveryFailed,
    S::Returning,
    S::OutForPickup,
    S::PickupFailed,
];

/// How it ended is told with the last attempt: the first report of the road is news even then.
fn is_first_of_the_road(known: &[S], status: S) -> bool {
    ROAD.contains(&status) && !known.iter().any(|known| ROAD.contains(known))
}

impl Meant {
    fn rank(&self, status: S) -> Option<usize> {
        self.steps.iter().position(|(step, _)| *step == status)
    }

    fn proofs(&self, status: S) -> &'static [S] {
        self.steps.iter().find(|(step, _)| *step == status).map_or(&[], |(_, proofs)| proofs)
    }

    /// The fewest facts with which a waybill stands at a status.
    fn facts_for(&self, status: S) -> Vec<S> {
        let mut facts = vec![status];
        if let Some(proof) = self.proofs(status).first() {
            facts.extend(self.facts_for(*proof));
        }
        facts.dedup();
        facts
    }

    /// A waybill that stands at a status.
    fn at(&self, status: S) -> Story {
        let mut story = match self.way {
            Way::Outbound => Story::new(FulfilledBy::Warehouse),
            Way::Return => Story::of_return(),
        };
        story.hear(&Said::Order);
        for fact in self.facts_for(status).into_iter().rev() {
            let is_verdict = fact == S::Cancelled;
            story.hear(&if is_verdict { cancelled(1) } else { report(Role::Admin, fact, 1, 1) });
        }
        assert_eq!(story.status(), status);
        story
    }

    /// What a report of `to` comes to at `from`, by somebody who may report it.
    fn expected(&self, from: S, to: S) -> Outcome {
        let known = self.facts_for(from);
        let proofs = self.proofs(to);
        if to == S::Created || known.contains(&to) {
            Outcome::Duplicate
        } else if !proofs.is_empty() && !proofs.iter().any(|proof| known.contains(proof)) {
            Outcome::Parked
        } else if self.rank(to) > self.rank(from) || is_first_of_the_road(&known, to) {
            Outcome::Applied
        } else {
            Outcome::Stale
        }
    }
}

#[test]
fn every_step_by_every_role_is_taken_or_refused_as_it_is_meant() {
    for meant in &MEANT {
        for (from, _) in meant.steps {
            for to in S::ALL {
                for role in Role::ALL {
                    let outcome = meant.at(*from).outcome(&report(role, to, 1, 2));
                    let step = format!("{from:?} to {to:?} by {role:?} ({:?})", meant.way);
                    if may_report(to, role, meant.kind, FulfilledBy::Warehouse) {
                        assert_eq!(outcome, meant.expected(*from, to), "{step}");
                    } else {
                        assert_eq!(outcome.code(), "NOT_ALLOWED", "{step}");
                    }
                }
            }
            let expected = meant.expected(*from, S::Cancelled);
            let outcome = meant.at(*from).outcome(&cancelled(2));
            assert_eq!(outcome, expected, "the verdict at {from:?} ({:?})", meant.way);
        }
    }
}

#[test]
fn every_arrow_of_the_drawing_is_a_step_that_is_taken() {
    for meant in &MEANT {
        for (from, to) in meant.way.edges() {
            assert_eq!(meant.expected(from, to), Outcome::Applied, "{from:?} --> {to:?}");
        }
    }
}

#[test]
fn the_table_has_the_meant_order() {
    for meant in &MEANT {
        let rows: Vec<S> = meant.way.rows().iter().map(|row| row.status).collect();
        let steps: Vec<S> = meant.steps.iter().map(|(step, _)| *step).collect();
        assert_eq!(rows, steps);
    }
}
