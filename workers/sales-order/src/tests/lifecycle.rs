//! Every cell of the table, and the promise that the order of arrival does not matter.

use contracts::Role;
use proptest::prelude::*;

use crate::lifecycle::{Fact, Standing, Submission, status_word};

#[rustfmt::skip]
/// Down: what is known. Across: what is told then. In the cell: the status afterwards.
const CELLS: [(&str, [&str; 6]); 7] = [
    //             ACCEPTED    REJECTED    PICKING    PICKED    PACKED    HANDED_OVER
    ("SUBMITTED", ["ACCEPTED", "REJECTED", "PICKING", "PICKED", "PACKED", "HANDED_OVER"]),
    ("ACCEPTED", ["ACCEPTED", "REJECTED", "PICKING", "PICKED", "PACKED", "HANDED_OVER"]),
    ("REJECTED", ["REJECTED", "REJECTED", "PICKING", "PICKED", "PACKED", "HANDED_OVER"]),
    ("PICKING", ["PICKING", "PICKING", "PICKING", "PICKED", "PACKED", "HANDED_OVER"]),
    ("PICKED", ["PICKED", "PICKED", "PICKED", "PICKED", "PACKED", "HANDED_OVER"]),
    ("PACKED", ["PACKED", "PACKED", "PACKED", "PACKED", "PACKED", "HANDED_OVER"]),
    ("HANDED_OVER", [
        "HANDED_OVER",
        "HANDED_OVER",
        "HANDED_OVER",
        "HANDED_OVER",
        "HANDED_OVER",
        "HANDED_OVER",
    ]),
];

const ROLES: [(Role, bool); 12] = [
    (Role::Customer, false),
    (Role::Merchant, false),
    (Role::CsAgent, false),
    (Role::CsSupervisor, false),
    (Role::Dispatcher, false),
    (Role::Warehouse, true),
    (Role::Sorting, false),
    (Role::Road, false),
    (Role::Shop, false),
    (Role::Worker, false),
    (Role::Operator, true),
    (Role::Admin, true),
];

fn submitted() -> Standing {
    Standing::of(Submission::Submitted)
}

fn status(standing: Standing) -> &'static str {
    status_word(standing.status())
}

#[test]
fn every_cell() {
    for (known, afterwards) in CELLS {
        for (fact, expected) in Fact::ALL.into_iter().zip(afterwards) {
            let mut standing = submitted();
            if let Some(first) =
                Fact::ALL.into_iter().find(|f| status_word(f.row().status) == known)
            {
                standing.tell(first);
            }
            assert_eq!(status(standing), known);
            standing.tell(fact);
            assert_eq!(status(standing), expected, "{known}, then {fact:?}");
        }
    }
}

#[test]
fn every_role() {
    for fact in Fact::ALL {
        for (role, allowed) in ROLES {
            assert_eq!(fact.may_be_told_by(role), allowed, "{role:?} tells {fact:?}");
        }
    }
}

#[test]
fn without_facts_our_decision_is_the_status() {
    assert_eq!(status(Standing::of(Submission::Waiting)), "CREATED");
    assert_eq!(status(Standing::of(Submission::Submitted)), "SUBMITTED");
    assert_eq!(status(Standing::of(Submission::Refused)), "REJECTED");
}

#[test]
fn ranks_are_bits_of_their_own() {
    let mut ranks: Vec<u8> = Fact::ALL.into_iter().map(|fact| fact.row().rank).collect();
    assert!(ranks.is_sorted(), "the list is in the order of ranks");
    ranks.dedup();
    assert_eq!(ranks.len(), Fact::ALL.len());
}

#[test]
fn goods_are_in_hand_from_picking_on() {
    let in_hand = Fact::ALL.map(|fact| {
        let mut standing = submitted();
        standing.tell(fact);
        standing.is_being_picked()
    });
    assert_eq!(in_hand, [false, false, true, true, true, true]);
}

#[test]
fn every_standing_survives_its_column() {
    for submission in [Submission::Waiting, Submission::Submitted, Submission::Refused] {
        for set in 0_u8..64 {
            let mut standing = Standing::of(submission);
            for fact in Fact::ALL.into_iter().filter(|fact| set & (1 << fact.row().rank) != 0) {
                standing.tell(fact);
            }
            let text = standing.to_text();
            assert!(text.len() <= 64, "{text} is too long for the column");
            assert_eq!(Standing::parse(&text), Some(standing));
        }
    }
    for broken in ["", "ACCEPTED", "SUBMITTED,", "SUBMITTED,LOST"] {
        assert_eq!(Standing::parse(broken), None, "{broken:?}");
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop::sample::select(Fact::ALL.to_vec())
}

fn after(facts: &[Fact]) -> Standing {
    let mut standing = submitted();
    for fact in facts {
        standing.tell(*fact);
    }
    standing
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_state(
        (facts, arrivals) in prop::collection::vec(any_fact(), 0..8).prop_flat_map(|facts| {
            let twice = [facts.clone(), facts.clone()].concat();
            (Just(facts), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(after(&facts), after(&arrivals));
    }
}
