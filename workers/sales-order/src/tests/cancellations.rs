//! Cancellations: every status, every message, every role; questions and their numbers.

use chrono::TimeDelta;
use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{
    Actor, CancellationDecided, CancellationVerdict, FulfilledBy, Role, SalesOrderNo, WaybillKind,
    WaybillNo, WaybillStatus,
};
use runtime::Outcome;

use super::samples::{
    WAYBILL, actor, amendment, assigned, at, cancellation_answer, lines, network, wanted, waybill,
    waybill_no,
};
use crate::decide::{
    Decision, Event, Lines, Look, Note, OpenQuestion, SalesOrder, amend, answer, assign,
    look_again, permit_request, record, request,
};
use crate::lifecycle::Fact;
use crate::network::Network;
use crate::settings::SubmitAt;
use crate::waybill::{Waybill, is_on_the_road};

pub(super) fn ours() -> Waybill {
    waybill(FulfilledBy::Warehouse, WaybillStatus::Created)
}

fn theirs() -> Waybill {
    waybill(FulfilledBy::Merchant, WaybillStatus::Created)
}

pub(super) fn on(status: WaybillStatus) -> Waybill {
    waybill(FulfilledBy::Warehouse, status)
}

pub(super) fn placed(submit_at: SubmitAt) -> SalesOrder {
    assign(None, &assigned(1), &lines(2), &network(), submit_at).unwrap().changed.unwrap()
}

pub(super) fn after(facts: &[Fact]) -> SalesOrder {
    let submitted = placed(SubmitAt::Assigned);
    let tell = |order, fact: &Fact| tell(&order, *fact).changed.unwrap_or(order);
    facts.iter().fold(submitted, tell)
}

pub(super) fn tell(order: &SalesOrder, fact: Fact) -> Decision {
    record(order, fact, None, Role::Warehouse)
}

pub(super) fn ask(order: Option<&SalesOrder>, waybill: Option<&Waybill>) -> Decision {
    request(order, waybill, wanted(&waybill_no()), at(2)).unwrap()
}

pub(super) fn say(order: &SalesOrder, question: u32, verdict: CancellationVerdict) -> Decision {
    let told = cancellation_answer(question, verdict);
    let warehouse = actor(Role::Warehouse, None);
    answer(Some(order), Some(&ours()), &told, &warehouse, (&lines(2), at(3))).unwrap()
}

pub(super) fn asked(facts: &[Fact]) -> SalesOrder {
    ask(Some(&after(facts)), Some(&ours())).changed.unwrap()
}

pub(super) fn cancelled() -> SalesOrder {
    say(&asked(&[]), 1, Accepted).changed.unwrap()
}

pub(super) fn status(order: &SalesOrder) -> &'static str {
    order.standing.row().word
}

/// The outcome's word, or the refusal's code.
pub(super) fn outcome(decision: &Decision) -> String {
    if let Outcome::Rejected(refusal) = &decision.outcome {
        return refusal.code.clone();
    }
    format!("{:?}", decision.outcome)
}

fn verdict_of(decision: &Decision) -> Option<(CancellationVerdict, Option<&str>)> {
    decision.events.iter().find_map(|event| {
        let Event::CancellationDecided(CancellationDecided { verdict, reason, .. }) = event else {
            return None;
        };
        Some((*verdict, reason.as_deref()))
    })
}

/// One sales order in every status.
pub(super) fn every_status() -> Vec<SalesOrder> {
    use Fact::{HandedOver, Packed, Picked, Picking};
    let refused = assign(None, &assigned(1), &lines(2), &Network::default(), SubmitAt::Assigned);
    vec![
        placed(SubmitAt::Lock),
        after(&[]),
        after(&[Fact::Accepted]),
        refused.unwrap().changed.unwrap(),
        after(&[Fact::Accepted, Fact::Rejected]),
        after(&[Picking]),
        after(&[Picked]),
        after(&[Packed]),
        after(&[HandedOver]),
        asked(&[Fact::Accepted]),
        cancelled(),
    ]
}

#[rustfmt::skip]
/// Every status: after a request, after the next place, after an amendment.
const STATUSES: [(&str, [&str; 3], [&str; 3]); 11] = [
    ("CREATED",   ["Applied", "Applied", "Applied"], ["CANCELLED", "SUBMITTED", "CREATED"]),
    ("SUBMITTED", ["Parked", "Applied", "Applied"], ["CANCELLATION_REQUESTED", "SUBMITTED", "SUBMITTED"]),
    ("ACCEPTED",  ["Parked", "Applied", "Applied"], ["CANCELLATION_REQUESTED", "ACCEPTED", "ACCEPTED"]),
    ("REJECTED",  ["Applied", "Applied", "Applied"], ["CANCELLED", "SUBMITTED", "REJECTED"]),
    ("REJECTED",  ["Applied", "Applied", "Applied"], ["CANCELLED", "REJECTED", "REJECTED"]),
    ("PICKING",   ["Parked", "Stale", "AMEND_TOO_LATE"], ["CANCELLATION_REQUESTED", "PICKING", "PICKING"]),
    ("PICKED",    ["Parked", "Stale", "AMEND_TOO_LATE"], ["CANCELLATION_REQUESTED", "PICKED", "PICKED"]),
    ("PACKED",    ["Parked", "Stale", "AMEND_TOO_LATE"], ["CANCELLATION_REQUESTED", "PACKED", "PACKED"]),
    ("HANDED_OVER", ["CANCEL_TOO_LATE", "Stale", "AMEND_TOO_LATE"], ["HANDED_OVER", "HANDED_OVER", "HANDED_OVER"]),
    ("CANCELLATION_REQUESTED", ["Duplicate", "Applied", "AMEND_TOO_LATE"],
        ["CANCELLATION_REQUESTED", "CANCELLATION_REQUESTED", "CANCELLATION_REQUESTED"]),
    ("CANCELLED", ["Duplicate", "Stale", "AMEND_TOO_LATE"], ["CANCELLED", "CANCELLED", "CANCELLED"]),
];

#[test]
fn every_status_meets_every_message() {
    for (order, (word, outcomes, afterwards)) in every_status().iter().zip(STATUSES) {
        assert_eq!(status(order), word);
        let place = assign(Some(order), &assigned(2), &lines(2), &network(), SubmitAt::Assigned);
        let decisions = [
            ask(Some(order), Some(&ours())),
            place.unwrap(),
            amend(Some(order), Some(&ours()), &amendment(1, 3), false).unwrap(),
        ];
        for ((decision, expected), then) in decisions.iter().zip(outcomes).zip(afterwards) {
            assert_eq!(outcome(decision), expected, "{word}");
            let changed = decision.changed.as_ref();
            assert_eq!(status(changed.unwrap_or(order)), then, "{word} after {expected}");
            assert!(changed.is_none_or(|changed| changed.version == order.version + 1));
        }
        // nobody waits for an answer, except where there is a question
        let is_open = word == "CANCELLATION_REQUESTED";
        for (verdict, then) in [(Accepted, "CANCELLED"), (Rejected, "ACCEPTED")] {
            let decision = say(order, 1, verdict);
            let changed = decision.changed.as_ref().map(status);
            assert_eq!(changed, is_open.then_some(then), "{word} after {verdict:?}");
        }
    }
}

#[test]
fn before_anybody_is_asked_it_is_cancelled_at_once_and_stays_cancelled() {
    for waybill in [None, Some(ours()), Some(on(WaybillStatus::Packed))] {
        let decision = ask(None, waybill.as_ref());
        assert_eq!(verdict_of(&decision), Some((Accepted, Some("ordered twice"))));
        let Some(Note::Asked(note)) = &decision.note else { panic!("{:?}", decision.note) };
        assert_eq!((note.question, note.said.by.as_str()), (1, "cs-anna"));
        assert!(matches!(&note.decided, Some((Accepted, _))));
        let stone = decision.changed.unwrap();
        assert_eq!((status(&stone), stone.version, stone.place.is_none()), ("CANCELLED", 1, true));
        assert_eq!(decision.lines, Lines::Stay);
        let late = assign(Some(&stone), &assigned(1), &[], &network(), SubmitAt::Assigned).unwrap();
        assert_eq!((outcome(&late).as_str(), late.events.len()), ("Stale", 0));
        assert_eq!(outcome(&ask(Some(&stone), waybill.as_ref())), "Duplicate");
        assert_eq!(outcome(&tell(&stone, Fact::Picked)), "NOT_SUBMITTED");
    }
}

#[test]
fn whoever_picks_is_asked_by_number_and_decides() {
    let decision = ask(Some(&after(&[Fact::Accepted])), Some(&ours()));
    let [Event::CancellationAsked(event)] = &*decision.events else { panic!("{decision:?}") };
    assert_eq!(event.sales_order_no.as_ref().map(SalesOrderNo::as_str), Some("uci-536365-1/1"));
    assert_eq!((event.question, event.fulfilled_by), (1, FulfilledBy::Warehouse));
    assert_eq!(event.warehouse.as_ref().map(|it| it.as_str()), Some("DRY"));
    assert!(event.merchant.is_none() && event.occurred_at == at(0));

    let order = decision.changed.unwrap();
    let kept = say(&order, 1, Rejected);
    assert_eq!(verdict_of(&kept), Some((Rejected, None)));
    let Some(Note::Decided(note)) = &kept.note else { panic!("{:?}", kept.note) };
    assert_eq!((note.question, note.said.by.as_str()), (1, "somebody"));
    // the warehouse hears again what it is to prepare
    let [_, Event::Submitted(again)] = &*kept.events else { panic!("{:?}", kept.events) };
    assert_eq!(again.lines, lines(2));

    let order = kept.changed.unwrap();
    assert_eq!((status(&order), order.version), ("ACCEPTED", 4));
    let second = ask(Some(&order), Some(&ours())).changed.unwrap();
    assert_eq!(second.standing.open_question(), Some(2));
    assert_eq!(outcome(&say(&second, 1, Accepted)), "Stale");
    assert_eq!(outcome(&say(&second, 3, Accepted)), "Stale");
    let decision = say(&second, 2, Accepted);
    assert_eq!((outcome(&decision).as_str(), decision.events.len()), ("Applied", 1));
    let order = decision.changed.unwrap();
    assert_eq!(status(&order), "CANCELLED");
    assert_eq!(outcome(&say(&order, 2, Accepted)), "Duplicate");
    assert_eq!(outcome(&say(&order, 2, Rejected)), "Stale");
}

#[test]
fn a_no_leads_back_to_what_the_facts_say() {
    for fact in Fact::ALL {
        let order = tell(&asked(&[]), fact);
        assert_eq!((outcome(&order).as_str(), order.events.len()), ("Stale", 0), "{fact:?}");
        let order = order.changed.unwrap();
        assert_eq!(status(&order), "CANCELLATION_REQUESTED");
        let back = say(&order, 1, Rejected);
        let word = crate::lifecycle::row(fact.row().status).word;
        assert_eq!(status(&back.changed.unwrap()), word);
        let hears_again = back.events.iter().any(|event| matches!(event, Event::Submitted(_)));
        assert_eq!(hears_again, fact == Fact::Accepted, "{fact:?}: nothing may be in hand");
        let gone = say(&order, 1, Accepted).changed.unwrap();
        assert_eq!(status(&gone), "CANCELLED", "{fact:?} does not undo a yes");
    }
}

#[test]
fn a_place_while_the_question_is_open_is_told_after_a_no() {
    let order = asked(&[]);
    let moved = assign(Some(&order), &assigned(2), &lines(2), &network(), SubmitAt::Assigned);
    let moved = moved.unwrap();
    assert!(moved.events.is_empty(), "a revision could be taken for a new order");
    let kept = say(&moved.changed.unwrap(), 1, Rejected);
    let [_, Event::Submitted(again)] = &*kept.events else { panic!("{:?}", kept.events) };
    assert_eq!(again.route_ref, "NORTH-Z01-002");
}

#[test]
fn on_the_road_it_is_too_late_for_everything() {
    for road in WaybillStatus::ALL.into_iter().filter(|status| is_on_the_road(*status)) {
        for order in every_status().iter().map(Some).chain([None]) {
            let decision = ask(order, Some(&on(road)));
            if order.is_some_and(|order| outcome(&ask(Some(order), None)) == "Duplicate") {
                assert_eq!(outcome(&decision), "Duplicate");
                continue;
            }
            assert_eq!(outcome(&decision), "CANCEL_TOO_LATE", "{road:?}");
            assert!(decision.changed.is_none() && decision.note.is_none());
            let (verdict, reason) = verdict_of(&decision).unwrap();
            assert!(verdict == Rejected && reason.unwrap().ends_with("offer a return"));
        }
        let told = cancellation_answer(1, Accepted);
        let warehouse = actor(Role::Warehouse, None);
        let order = asked(&[]);
        let late = answer(Some(&order), Some(&on(road)), &told, &warehouse, (&lines(2), at(3)));
        let late = late.unwrap();
        assert_eq!((late.events.len(), verdict_of(&late).unwrap().0), (1, Rejected), "{road:?}");
        assert_eq!(status(&late.changed.unwrap()), "SUBMITTED");
    }
}

#[test]
fn what_the_merchant_picks_is_asked_of_the_merchant() {
    let decision = ask(None, Some(&theirs()));
    let [Event::CancellationAsked(event)] = &*decision.events else { panic!("{decision:?}") };
    assert!(event.sales_order_no.is_none() && event.warehouse.is_none());
    assert_eq!(event.fulfilled_by, FulfilledBy::Merchant);
    assert_eq!(event.merchant.as_ref().map(|it| it.as_str()), Some("M01"));
    let order = decision.changed.unwrap();
    assert_eq!(status(&order), "CANCELLATION_REQUESTED");

    let told = cancellation_answer(1, Rejected);
    let merchant = actor(Role::Merchant, Some("M01"));
    let kept = answer(Some(&order), Some(&theirs()), &told, &merchant, (&[], at(3))).unwrap();
    assert_eq!((outcome(&kept).as_str(), kept.events.len()), ("Applied", 1));
    let order = kept.changed.unwrap();
    assert_eq!(status(&order), "SUBMITTED");
    assert_eq!(outcome(&tell(&order, Fact::Picked)), "NOT_SUBMITTED");
    let again = ask(Some(&order), Some(&theirs())).changed.unwrap();
    assert_eq!(again.standing.open_question(), Some(2));
}

#[test]
fn what_comes_back_from_a_customer_is_picked_by_nobody() {
    for fulfilled_by in [FulfilledBy::Warehouse, FulfilledBy::Merchant] {
        let waybill =
            Waybill { kind: WaybillKind::Return, ..waybill(fulfilled_by, WaybillStatus::Created) };
        assert_eq!(verdict_of(&ask(None, Some(&waybill))).unwrap().0, Accepted);
        let fetched = Waybill { status: WaybillStatus::Collected, ..waybill };
        assert_eq!(outcome(&ask(None, Some(&fetched))), "CANCEL_TOO_LATE");
    }
}

fn may_ask(actor: &Actor, waybill: Option<&Waybill>) -> String {
    permit_request(actor, waybill).err().map_or("yes".to_owned(), |refusal| refusal.code)
}

#[test]
fn every_role_asks_for_what_it_may() {
    use Role::{Admin, CsAgent, CsSupervisor, Merchant, Operator};
    for role in Role::ALL {
        let asks = [CsAgent, CsSupervisor, Merchant, Operator, Admin].contains(&role);
        let expected = |seen: bool| match (asks, seen) {
            (false, _) => "NOT_ALLOWED",
            (true, false) => "UNKNOWN_WAYBILL",
            (true, true) => "yes",
        };
        let cases = [
            (None, Some(ours()), role != Merchant),
            (None, None, role != Merchant),
            (Some("M01"), Some(ours()), true),
            (Some("M02"), Some(ours()), false),
            (Some("M01"), None, false),
        ];
        for (merchant, waybill, seen) in cases {
            let code = may_ask(&actor(role, merchant), waybill.as_ref());
            assert_eq!(code, expected(seen), "{role:?} of {merchant:?} on {waybill:?}");
        }
    }
}

#[test]
fn every_role_answers_what_it_may_in_every_status() {
    use Role::{Admin, Merchant, Operator, Warehouse};
    let of_merchant = ask(None, Some(&theirs())).changed.unwrap();
    let orders =
        every_status().into_iter().map(|order| (order, ours(), [Warehouse, Operator, Admin]));
    let theirs = [(of_merchant, theirs(), [Merchant, Operator, Admin])];
    for (order, waybill, answerers) in orders.chain(theirs) {
        for (role, merchant) in Role::ALL
            .into_iter()
            .flat_map(|role| [(role, None), (role, Some("M01")), (role, Some("M02"))])
        {
            let by = actor(role, merchant);
            let told = cancellation_answer(1, Accepted);
            let decision = answer(Some(&order), Some(&waybill), &told, &by, (&lines(2), at(3)));
            let decision = decision.unwrap();
            let code = outcome(&decision);
            let sees = merchant.map_or(role != Merchant, |own| own == "M01");
            match (answerers.contains(&role), sees) {
                (false, _) => assert_eq!(code, "NOT_ALLOWED", "{by:?}"),
                (true, false) => assert_eq!(code, "UNKNOWN_WAYBILL", "{by:?}"),
                (true, true) if order.standing.open_question().is_some() => {
                    assert_eq!(code, "Applied", "{by:?}");
                }
                (true, true) if order.standing.question().is_some() => {
                    assert_eq!(code, "Duplicate", "{by:?}");
                }
                (true, true) => assert_eq!(code, "NOT_ASKED", "{by:?}"),
            }
            assert_eq!(decision.changed.is_some(), code == "Applied");
        }
    }
    let by = actor(Warehouse, None);
    let nowhere = answer(None, None, &cancellation_answer(1, Accepted), &by, (&[], at(3)));
    assert_eq!(outcome(&nowhere.unwrap()), "NOT_ASKED");
}

fn look(order: &SalesOrder, waybill: &Waybill, is_told: bool, minute: u32) -> Look {
    let question = OpenQuestion { number: 1, asked_at: at(2), is_told, correlation_id: None };
    look_again(order, Some(waybill), &question, TimeDelta::minutes(15), at(minute))
}

#[test]
fn the_road_answers_and_an_open_question_is_overdue_once() {
    let order = asked(&[]);
    assert!(matches!(look(&order, &ours(), false, 16), Look::Waits));
    let Look::Overdue(event) = look(&order, &ours(), false, 17) else { panic!("not overdue") };
    assert_eq!((event.waybill_no.as_str(), event.question), (WAYBILL, 1));
    assert_eq!(event.asked_at, at(2));
    assert!(matches!(look(&order, &ours(), true, 59), Look::Waits));
    assert!(matches!(look(&order, &on(WaybillStatus::Loaded), true, 59), Look::Waits));

    let road = on(WaybillStatus::Dispatched);
    let Look::Decided(decision) = look(&order, &road, true, 3) else { panic!("not decided") };
    assert_eq!(verdict_of(&decision).unwrap().0, Rejected);
    let order = decision.changed.unwrap();
    assert_eq!(status(&order), "SUBMITTED");
    assert!(matches!(look(&order, &road, false, 59), Look::Waits), "it was decided meanwhile");
    assert_eq!(outcome(&say(&order, 1, Accepted)), "Stale");
}

#[test]
fn long_words_are_cut_between_characters() {
    let (name, long) = ("ü".repeat(300), "ä".repeat(2_000));
    let no = waybill_no();
    let wanted = crate::decide::Request {
        waybill_no: &no,
        by: &name,
        reason: Some(&long),
        occurred_at: at(0),
    };
    let decision = request(Some(&after(&[])), Some(&ours()), wanted, at(2)).unwrap();
    let Some(Note::Asked(note)) = decision.note else { panic!("{:?}", decision.note) };
    assert_eq!((note.said.by, note.said.reason), ("ü".repeat(128), Some("ä".repeat(500))));
}

#[test]
fn the_longest_waybill_number_has_room_for_the_suffix() {
    let longest = WaybillNo::new("w".repeat(WaybillNo::MAX_CHARACTERS)).unwrap();
    request(None, None, wanted(&longest), at(2)).unwrap();
}
