//! The promise that the order of arrival does not matter, and that the status is what the decisions in the
//! order of their commits and the set of facts say.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{CancellationVerdict, FulfilledBy, Role, WaybillStatus};
use proptest::prelude::*;

use super::samples::{
    actor, assigned, at, cancellation_answer, lines, network, wanted, waybill, waybill_no,
};
use crate::decide::{Decision, Note, SalesOrder, answer, assign, record, request};
use crate::lifecycle::{Fact, row};
use crate::settings::SubmitAt;

/// What arrives.
#[derive(Debug, Clone, Copy)]
enum Said {
    Fact(Fact),
    Request,
    Answer(u32, CancellationVerdict),
}

/// A sales order and what was decided about its cancellation, in order.
#[derive(Debug, Clone, PartialEq)]
struct Story {
    order: SalesOrder,
    changes: u64,
    questions: Vec<Option<CancellationVerdict>>,
    told: Vec<Fact>,
}

fn submitted() -> Story {
    let placed = assign(None, &assigned(1), &lines(2), &network(), SubmitAt::Assigned).unwrap();
    let order = placed.changed.unwrap();
    Story { order, changes: 0, questions: Vec::new(), told: Vec::new() }
}

impl Story {
    fn hear(mut self, said: Said) -> Self {
        let ours = waybill(FulfilledBy::Warehouse, WaybillStatus::Created);
        let decision = match said {
            Said::Fact(fact) => {
                if !self.told.contains(&fact) {
                    self.told.push(fact);
                }
                record(&self.order, fact, None, Role::Warehouse)
            }
            Said::Request => {
                request(Some(&self.order), Some(&ours), wanted(&waybill_no()), at(2)).unwrap()
            }
            Said::Answer(question, verdict) => {
                let told = cancellation_answer(question, verdict);
                let warehouse = actor(Role::Warehouse, None);
                answer(Some(&self.order), Some(&ours), &told, &warehouse, (&lines(2), at(3)))
                    .unwrap()
            }
        };
        self.take(decision)
    }

    fn take(mut self, decision: Decision) -> Self {
        match decision.note {
            Some(Note::Asked(asked)) => {
                self.questions.push(asked.decided.map(|(verdict, _)| verdict));
                assert_eq!(asked.question as usize, self.questions.len());
            }
            Some(Note::Decided(decided)) => {
                let question = &mut self.questions[decided.question as usize - 1];
                assert_eq!(*question, None, "a question is decided once");
                *question = Some(decided.verdict);
            }
            Some(Note::Amended(_) | Note::TakenOver(_)) | None => {}
        }
        if let Some(order) = decision.changed {
            self.changes += 1;
            self.order = order;
        }
        self
    }

    fn hear_all(self, said: &[Said]) -> Self {
        said.iter().fold(self, |story, said| story.hear(*said))
    }

    /// The status again, written another way.
    fn expected(&self) -> &'static str {
        if self.questions.contains(&Some(Accepted)) {
            return "CANCELLED";
        }
        if self.questions.last() == Some(&None) {
            return "CANCELLATION_REQUESTED";
        }
        let strongest = self.told.iter().max_by_key(|fact| fact.row().rank);
        strongest.map_or("SUBMITTED", |fact| row(fact.row().status).word)
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop::sample::select(Fact::ALL.to_vec())
}

fn any_verdict() -> impl Strategy<Value = CancellationVerdict> {
    prop::sample::select(vec![Accepted, Rejected])
}

fn anything() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => any_fact().prop_map(Said::Fact),
        2 => Just(Said::Request),
        2 => (1_u32..4, any_verdict()).prop_map(|(question, verdict)| Said::Answer(question, verdict)),
    ]
}

/// All of it twice, in any order.
fn twice(said: Vec<Said>) -> impl Strategy<Value = Vec<Said>> {
    Just([said.clone(), said].concat()).prop_shuffle()
}

/// Facts before a request, and facts with one answer after it: in order, and shuffled with doubles.
fn around_a_request() -> impl Strategy<Value = [Vec<Said>; 4]> {
    let facts = || prop::collection::vec(any_fact().prop_map(Said::Fact), 0..6);
    (facts(), facts(), prop::option::of(any_verdict())).prop_flat_map(
        |(before, mut after, verdict)| {
            after.extend(verdict.map(|verdict| Said::Answer(1, verdict)));
            let shuffled = (twice(before.clone()), twice(after.clone()));
            shuffled.prop_map(move |(first, then)| [before.clone(), after.clone(), first, then])
        },
    )
}

proptest! {
    #[test]
    fn any_order_and_duplication_ends_in_the_same_row([before, after, first, then] in around_a_request()) {
        let tidy = submitted().hear_all(&before).hear(Said::Request).hear_all(&after);
        let shuffled = submitted().hear_all(&first).hear_all(&[Said::Request; 2]).hear_all(&then);
        prop_assert_eq!(&shuffled.order, &tidy.order);
        prop_assert_eq!(shuffled.questions, tidy.questions);
    }

    #[test]
    fn the_status_is_what_decisions_and_facts_say(said in prop::collection::vec(anything(), 0..24)) {
        let mut story = submitted();
        for one in said {
            story = story.hear(one);
            prop_assert_eq!(story.order.standing.row().word, story.expected());
            prop_assert_eq!(story.order.version, 1 + story.changes);
        }
    }
}
