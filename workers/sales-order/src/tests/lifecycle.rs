//! Every cell of the table, and the promise that the order of arrival does not matter.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{CancellationVerdict, Role, SalesOrderStatus};
use proptest::prelude::*;

use crate::drawing;
use crate::lifecycle::{Fact, OnRequest, OnTransfer, may_answer, may_replace, may_request, row};
use crate::standing::{Standing, Submission};

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

/// May tell facts and answer for the warehouse; may ask for a cancellation; may answer for a merchant.
const ROLES: [(Role, bool, bool, bool); 12] = [
    (Role::Customer, false, false, false),
    (Role::Merchant, false, true, true),
    (Role::CsAgent, false, true, false),
    (Role::CsSupervisor, false, true, false),
    (Role::Dispatcher, false, false, false),
    (Role::Warehouse, true, false, false),
    (Role::Sorting, false, false, false),
    (Role::Road, false, false, false),
    (Role::Shop, false, false, false),
    (Role::Worker, false, false, false),
    (Role::Operator, true, true, true),
    (Role::Admin, true, true, true),
];

/// Every status: what a request and a transfer lead to, whether lines may change, whether whoever picks
/// hears of changes.
const STATUSES: [(SalesOrderStatus, OnRequest, OnTransfer, bool, bool); 10] = [
    (SalesOrderStatus::Created, OnRequest::Cancel, OnTransfer::Move, true, false),
    (SalesOrderStatus::Submitted, OnRequest::Ask, OnTransfer::Ask, true, true),
    (SalesOrderStatus::Accepted, OnRequest::Ask, OnTransfer::Ask, true, true),
    (SalesOrderStatus::Rejected, OnRequest::Cancel, OnTransfer::Move, true, false),
    (SalesOrderStatus::Picking, OnRequest::Ask, OnTransfer::Ask, false, false),
    (SalesOrderStatus::Picked, OnRequest::Ask, OnTransfer::Ask, false, false),
    (SalesOrderStatus::Packed, OnRequest::Ask, OnTransfer::Ask, false, false),
    (SalesOrderStatus::HandedOver, OnRequest::Refuse, OnTransfer::Refuse, false, false),
    (SalesOrderStatus::CancellationRequested, OnRequest::Known, OnTransfer::Wait, false, false),
    (SalesOrderStatus::Cancelled, OnRequest::Known, OnTransfer::Refuse, false, false),
];

fn submitted() -> Standing {
    Standing::of(Submission::Submitted)
}

fn status(standing: Standing) -> &'static str {
    standing.row().word
}

#[test]
fn every_cell() {
    for (known, afterwards) in CELLS {
        for (fact, expected) in Fact::ALL.into_iter().zip(afterwards) {
            let mut standing = submitted();
            if let Some(first) =
                Fact::ALL.into_iter().find(|fact| row(fact.row().status).word == known)
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
    for (role, warehouse, requests, merchant) in ROLES {
        for fact in Fact::ALL {
            assert_eq!(fact.may_be_told_by(role), warehouse, "{role:?} tells {fact:?}");
        }
        assert_eq!(may_answer(role, false), warehouse, "{role:?} answers for the warehouse");
        assert_eq!(may_answer(role, true), merchant, "{role:?} answers for a merchant");
        assert_eq!(may_request(role), requests, "{role:?} asks for a cancellation");
        let replaces = requests && role != Role::Merchant;
        assert_eq!(may_replace(role), replaces, "{role:?} asks for a transfer");
    }
}

#[test]
fn every_status() {
    for (status, on_request, on_transfer, is_amendable, is_expected) in STATUSES {
        let row = row(status);
        assert_eq!((row.on_request, row.on_transfer), (on_request, on_transfer), "{status:?}");
        assert_eq!(row.is_resubmittable, status == SalesOrderStatus::Rejected, "{status:?}");
        assert_eq!((row.is_amendable, row.is_expected), (is_amendable, is_expected), "{status:?}");
        let wire = serde_json::to_value(status).unwrap();
        assert_eq!(wire, row.word, "columns and messages use the same words");
    }
}

/// A question over every set of facts: open, it hides them; a no shows them again; a yes is the end.
#[test]
fn a_question_over_every_set_of_facts() {
    for set in 0_u8..64 {
        let goods = with_facts(submitted(), set);
        let mut asked = goods;
        assert_eq!(asked.ask(None), 1);
        assert_eq!((status(asked), asked.open_question()), ("CANCELLATION_REQUESTED", Some(1)));
        let (mut kept, mut cancelled) = (asked, asked);
        kept.answer(Rejected);
        assert_eq!((status(kept), kept.open_question()), (status(goods), None));
        cancelled.answer(Accepted);
        assert_eq!((status(cancelled), cancelled.open_question()), ("CANCELLED", None));
        for fact in Fact::ALL {
            for standing in [&mut asked, &mut cancelled] {
                let before = status(*standing);
                standing.tell(fact);
                assert_eq!(status(*standing), before, "{fact:?} does not decide a question");
            }
        }
        cancelled.answer(Rejected);
        assert_eq!(status(cancelled), "CANCELLED", "a decided question stays decided");
        assert_eq!(kept.ask(None), 2);
    }
}

/// A question for a transfer over every set of facts: a no shows them again, a yes is the end, and a request
/// for cancellation takes it over.
#[test]
fn a_transfer_over_every_set_of_facts() {
    for set in 0_u8..64 {
        let goods = with_facts(submitted(), set);
        let mut moving = goods;
        assert_eq!(moving.ask_to_move(), 1);
        assert_eq!((status(moving), moving.is_moving()), ("CANCELLATION_REQUESTED", true));
        let (mut kept, mut gone, mut taken_over) = (moving, moving, moving);
        kept.answer(Rejected);
        assert_eq!((status(kept), kept.is_moving()), (status(goods), false));
        gone.answer(Accepted);
        assert_eq!(status(gone), "CANCELLED");
        taken_over.cancel_instead();
        assert_eq!((taken_over.open_question(), taken_over.is_moving()), (Some(1), false));

        let mut next = gone.succeeded(Submission::Submitted);
        assert_eq!((status(next), next.open_question()), ("SUBMITTED", None));
        next.answer(Rejected);
        assert_eq!(status(next), "SUBMITTED", "the question was about the predecessor");
        assert_eq!(next.ask(None), 2, "questions are counted on");
    }
}

#[test]
fn without_facts_our_decision_is_the_status() {
    assert_eq!(status(Standing::of(Submission::Waiting)), "CREATED");
    assert_eq!(status(Standing::of(Submission::Submitted)), "SUBMITTED");
    assert_eq!(status(Standing::of(Submission::Refused)), "REJECTED");
    assert_eq!(status(Standing::of(Submission::Merchant)), "SUBMITTED");
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../../README.md");
    for part in [drawing::statuses(), drawing::facts()] {
        assert!(readme.contains(&part), "README.md should contain:\n{part}");
    }
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

fn with_facts(mut standing: Standing, set: u8) -> Standing {
    for fact in Fact::ALL.into_iter().filter(|fact| set & (1 << fact.row().rank) != 0) {
        standing.tell(fact);
    }
    standing
}

const DECISIONS: [Submission; 4] =
    [Submission::Waiting, Submission::Submitted, Submission::Refused, Submission::Merchant];

#[test]
fn every_standing_survives_its_column() {
    let questions: [&[Option<CancellationVerdict>]; 5] = [
        &[],
        &[None],
        &[Some(Accepted)],
        &[Some(Rejected)],
        &[Some(Rejected), Some(Rejected), Some(Accepted)],
    ];
    for submission in DECISIONS {
        for (set, asked) in (0_u8..64).flat_map(|set| questions.map(|asked| (set, asked))) {
            let mut standing = with_facts(Standing::of(submission), set);
            for verdict in asked {
                standing.ask(*verdict);
            }
            let mut moving = standing;
            moving.ask_to_move();
            for standing in [standing, moving, standing.succeeded(submission)] {
                let text = standing.to_text();
                assert!(text.len() <= 96, "{text} is too long for the column");
                assert_eq!(Standing::parse(&text), Some(standing));
            }
        }
    }
    let longest =
        "SUBMITTED,ACCEPTED,REJECTED,PICKING,PICKED,PACKED,HANDED_OVER,CANCELLED:4294967295";
    assert!(longest.len() <= 96 && Standing::parse(longest).is_some());
    let broken = [
        "",
        "ACCEPTED",
        "SUBMITTED,",
        "SUBMITTED,LOST",
        "SUBMITTED,ASKED",
        "SUBMITTED,ASKED:0",
        "SUBMITTED,ASKED:x",
        "SUBMITTED,ASKED:1,ACCEPTED",
        "SUBMITTED,LOST:1",
    ];
    for text in broken {
        assert_eq!(Standing::parse(text), None, "{text:?}");
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
