//! Decisions on places, answers and progress.

use contracts::{FulfilledBy, Role, SalesOrderNo, WarehouseAnswer, WaybillNo};
use runtime::Outcome;

use super::samples::{WAYBILL, assigned, lines, network};
use crate::decide::{Decision, Event, Lines, SalesOrder, assign, record, waybill_of};
use crate::lifecycle::{Fact, row};
use crate::network::Network;
use crate::settings::SubmitAt;

fn place(current: Option<&SalesOrder>, place_no: u16) -> Decision {
    assign(current, &assigned(place_no), &lines(2), &network(), SubmitAt::Assigned).unwrap()
}

fn submitted() -> SalesOrder {
    place(None, 1).changed.unwrap()
}

fn tell(order: &SalesOrder, fact: Fact) -> Decision {
    record(order, fact, None, Role::Warehouse)
}

fn told(facts: &[Fact]) -> SalesOrder {
    facts.iter().fold(submitted(), |order, fact| tell(&order, *fact).changed.unwrap_or(order))
}

fn status(order: &SalesOrder) -> &'static str {
    order.standing.row().word
}

fn route(order: &SalesOrder) -> &str {
    &order.place.as_ref().unwrap().route_ref
}

fn refusal(decision: &Decision) -> &str {
    assert!(decision.changed.is_none() && decision.events.is_empty());
    let Outcome::Rejected(refusal) = &decision.outcome else {
        panic!("{:?} is no refusal", decision.outcome)
    };
    &refusal.code
}

#[test]
fn the_first_place_makes_a_submitted_sales_order() {
    let Decision { outcome, changed, lines: taken, events, .. } = place(None, 1);
    let order = changed.unwrap();
    assert!(matches!(outcome, Outcome::Applied) && taken == Lines::OfTheWaybill);
    assert_eq!((order.number.as_str(), status(&order)), ("uci-536365-1/1", "SUBMITTED"));
    assert_eq!((order.revision, order.version), (1, 1));
    let [Event::Submitted(event)] = &*events else { panic!("{events:?}") };
    assert_eq!((event.warehouse.as_str(), event.pick_flow.as_str()), ("DRY", "BY_BATCH"));
    assert_eq!(event.route_ref, "NORTH-Z01-001");
    assert_eq!(event.lines, lines(2));
}

#[test]
fn submission_at_lock_waits_without_a_word() {
    let decision = assign(None, &assigned(1), &lines(2), &network(), SubmitAt::Lock).unwrap();
    let order = decision.changed.unwrap();
    assert_eq!(status(&order), "CREATED");
    assert!(decision.events.is_empty() && order.fulfilment.is_some());
    assert_eq!(refusal(&tell(&order, Fact::Accepted)), "NOT_SUBMITTED");
}

#[test]
fn nobody_to_ask_is_a_rejection_that_everybody_hears() {
    let empty = Network::default();
    let decision = assign(None, &assigned(1), &lines(2), &empty, SubmitAt::Assigned).unwrap();
    let order = decision.changed.unwrap();
    assert_eq!((status(&order), order.reason.as_deref()), ("REJECTED", Some("NO_WAREHOUSE")));
    let [Event::Answered(event)] = &*decision.events else { panic!("{:?}", decision.events) };
    assert_eq!(event.answer, WarehouseAnswer::Rejected);
    assert_eq!(event.reason.as_deref(), Some("NO_WAREHOUSE"));
    assert_eq!(refusal(&tell(&order, Fact::Picking)), "NOT_SUBMITTED");

    let again = place(Some(&order), 2);
    let order = again.changed.unwrap();
    assert_eq!((status(&order), order.reason.as_deref()), ("SUBMITTED", None));
    assert_eq!((order.revision, order.version), (2, 2));
    assert!(matches!(&*again.events, [Event::Submitted(_)]));
}

#[test]
fn a_later_place_moves_the_same_sales_order_and_tells_the_warehouse() {
    for known in [&[][..], &[Fact::Accepted]] {
        let before = told(known);
        let decision = place(Some(&before), 2);
        let order = decision.changed.unwrap();
        assert_eq!(order.number, before.number);
        assert_eq!(route(&order), "NORTH-Z01-002");
        assert_eq!((order.revision, order.version), (2, before.version + 1));
        assert_eq!(order.standing, before.standing);
        assert!(
            matches!(&*decision.events, [Event::Submitted(e)] if e.route_ref == "NORTH-Z01-002")
        );
        assert_eq!(decision.lines, Lines::Stay);
    }
}

#[test]
fn a_later_place_of_a_rejected_one_is_kept_in_silence() {
    let decision = place(Some(&told(&[Fact::Rejected])), 2);
    assert_eq!(route(&decision.changed.unwrap()), "NORTH-Z01-002");
    assert!(decision.events.is_empty());
}

#[test]
fn places_that_change_nothing() {
    let second = place(Some(&submitted()), 2).changed.unwrap();
    let picking = told(&[Fact::Picking]);
    let cases = [(&second, 1, "Stale"), (&second, 2, "Duplicate"), (&picking, 2, "Stale")];
    for (order, place_no, expected) in cases {
        let decision = place(Some(order), place_no);
        assert_eq!(format!("{:?}", decision.outcome), expected);
        assert!(decision.changed.is_none() && decision.events.is_empty());
    }
}

#[test]
fn places_are_taken_in_the_order_of_their_numbers() {
    let late = place(Some(&place(None, 2).changed.unwrap()), 1);
    assert!(matches!(late.outcome, Outcome::Stale));
}

#[test]
fn what_the_merchant_picks_gets_no_sales_order() {
    let by_merchant = contracts::Assigned { fulfilled_by: FulfilledBy::Merchant, ..assigned(1) };
    let decision = assign(None, &by_merchant, &lines(1), &network(), SubmitAt::Assigned).unwrap();
    assert_eq!(refusal(&decision), "NOT_FOR_A_WAREHOUSE");
}

#[test]
fn answers_and_progress_become_events() {
    let accepted = tell(&submitted(), Fact::Accepted);
    assert!(
        matches!(&*accepted.events, [Event::Answered(e)] if e.answer == WarehouseAnswer::Accepted)
    );
    let rejected = record(&submitted(), Fact::Rejected, Some("no stock"), Role::Operator);
    assert!(
        matches!(&*rejected.events, [Event::Answered(e)] if e.reason.as_deref() == Some("no stock"))
    );
    let picked = tell(&submitted(), Fact::Picked);
    let [Event::Progressed(event)] = &*picked.events else { panic!("{:?}", picked.events) };
    assert_eq!(row(event.status).word, "PICKED");
    assert_eq!(picked.changed.unwrap().version, 2);
}

#[test]
fn a_late_answer_is_kept_and_moves_nothing() {
    let decision = record(&told(&[Fact::Picked]), Fact::Rejected, Some("short"), Role::Warehouse);
    let order = decision.changed.unwrap();
    assert!(matches!(decision.outcome, Outcome::Stale) && decision.events.is_empty());
    assert_eq!((status(&order), order.reason.as_deref()), ("PICKED", Some("short")));
    assert!(order.standing.knows(Fact::Rejected));
}

#[test]
fn what_is_known_is_a_duplicate() {
    let decision = tell(&told(&[Fact::Accepted]), Fact::Accepted);
    assert!(matches!(decision.outcome, Outcome::Duplicate));
    assert!(decision.changed.is_none() && decision.events.is_empty());
}

#[test]
fn only_some_roles_may_tell() {
    let decision = record(&submitted(), Fact::Accepted, None, Role::Merchant);
    assert_eq!(refusal(&decision), "NOT_ALLOWED");
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let long = "ä".repeat(2_000);
    let decision = record(&submitted(), Fact::Rejected, Some(&long), Role::Warehouse);
    assert_eq!(decision.changed.unwrap().reason.unwrap(), "ä".repeat(500));
}

#[test]
fn the_waybill_stands_in_the_number() {
    let number = |text: &str| SalesOrderNo::new(text).unwrap();
    assert_eq!(waybill_of(&number("uci-536365-1/1")), WAYBILL);
    assert_eq!(waybill_of(&number("a/b-1/2")), "a/b-1");
    assert_eq!(waybill_of(&number("nothing")), "nothing");
    assert_eq!(refusal(&Decision::unknown(&number("x-1-1/9"))), "UNKNOWN_SALES_ORDER");
}

#[test]
fn the_longest_waybill_number_has_room_for_the_suffix() {
    let waybill_no = WaybillNo::new("w".repeat(WaybillNo::MAX_CHARACTERS)).unwrap();
    let longest = contracts::Assigned { waybill_no, ..assigned(1) };
    assign(None, &longest, &lines(1), &network(), SubmitAt::Assigned).unwrap();
}
