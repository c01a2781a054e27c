//! Amendments: what happens to the lines, and who hears of it. Every status meets one in `cancellations.rs`.

use contracts::{AmendmentDecided, AmendmentDecider, AmendmentKind, FulfilledBy, WaybillStatus};
use runtime::Outcome;

use super::samples::{amendment, assigned, at, lines, network, wanted, waybill, waybill_no};
use crate::decide::{Decision, Event, Lines, Note, SalesOrder, amend, assign, request};
use crate::settings::SubmitAt;
use crate::waybill::Waybill;

fn ours() -> Waybill {
    waybill(FulfilledBy::Warehouse, WaybillStatus::Created)
}

fn theirs() -> Waybill {
    waybill(FulfilledBy::Merchant, WaybillStatus::Created)
}

fn change(order: Option<&SalesOrder>, waybill: &Waybill) -> Decision {
    amend(order, Some(waybill), &amendment(7, 3), false).unwrap()
}

fn word(decision: &Decision) -> (Option<&str>, bool) {
    let Some(Event::AmendmentDecided(event)) = decision.events.first() else {
        panic!("{:?}", decision.events)
    };
    let AmendmentDecided { by, refused, amendment: told } = (**event).clone();
    assert_eq!((by, &told), (AmendmentDecider::SalesOrder, &amendment(7, 3)));
    let Some(Note::Amended(note)) = &decision.note else { panic!("{:?}", decision.note) };
    assert_eq!((note.amendment_id, note.refused), (told.amendment_id, refused.as_deref()));
    let hears = decision.events.iter().any(|event| matches!(event, Event::Submitted(_)));
    (note.refused, hears)
}

#[test]
fn the_warehouse_hears_the_new_lines() {
    let placed = assign(None, &assigned(1), &lines(2), &network(), SubmitAt::Assigned).unwrap();
    let decision = change(placed.changed.as_ref(), &ours());
    assert_eq!(word(&decision), (None, true));
    let [_, Event::Submitted(event)] = &*decision.events else { panic!("{:?}", decision.events) };
    let left: Vec<_> = event.lines.iter().map(|line| (line.line_no, line.quantity)).collect();
    assert_eq!(left, [(1, 3)], "a line with nothing left is no line");
    assert_eq!(decision.lines, Lines::Are(event.lines.clone()));
    assert_eq!(decision.changed.unwrap().version, 2);
}

#[test]
fn one_that_nobody_has_yet_changes_in_silence() {
    let placed = assign(None, &assigned(1), &lines(2), &network(), SubmitAt::Lock).unwrap();
    let decision = change(placed.changed.as_ref(), &ours());
    assert_eq!(word(&decision), (None, false));
    assert!(matches!(decision.lines, Lines::Are(_)));
}

#[test]
fn before_the_first_place_the_lines_wait_for_it() {
    let decision = change(None, &ours());
    assert_eq!(word(&decision), (None, false));
    let waiting = decision.changed.unwrap();
    assert_eq!((waiting.standing.row().word, waiting.version), ("CREATED", 1));
    let Lines::Are(own) = decision.lines else { panic!("{:?}", decision.lines) };
    let placed =
        assign(Some(&waiting), &assigned(1), &own, &network(), SubmitAt::Assigned).unwrap();
    assert_eq!(placed.lines, Lines::Stay);
    let [Event::Submitted(event)] = &*placed.events else { panic!("{:?}", placed.events) };
    assert_eq!(event.lines, own);
}

#[test]
fn what_the_merchant_picks_needs_no_sales_order() {
    let decision = change(None, &theirs());
    assert_eq!(word(&decision), (None, false));
    assert!(decision.changed.is_none() && decision.lines == Lines::Stay);

    let asked = request(None, Some(&theirs()), wanted(&waybill_no()), at(2)).unwrap().changed;
    assert_eq!(word(&change(asked.as_ref(), &theirs())), (Some("AMEND_TOO_LATE"), false));
}

#[test]
fn the_waybill_tells_when_something_is_in_hand() {
    for status in WaybillStatus::ALL {
        for fulfilled_by in [FulfilledBy::Warehouse, FulfilledBy::Merchant] {
            let decision = change(None, &waybill(fulfilled_by, status));
            let untouched = [WaybillStatus::Created, WaybillStatus::Acknowledged];
            let refused = (!untouched.contains(&status)).then_some("AMEND_TOO_LATE");
            assert_eq!(word(&decision), (refused, false), "{status:?}");
        }
    }
}

#[test]
fn a_decided_one_changes_nothing_and_an_empty_one_is_refused() {
    let again = amend(None, Some(&ours()), &amendment(7, 3), true).unwrap();
    assert!(matches!(again.outcome, Outcome::Duplicate) && again.events.is_empty());
    let empty = amend(None, Some(&ours()), &amendment(7, 0), false).unwrap();
    assert!(
        matches!(&empty.outcome, Outcome::Rejected(refusal) if refusal.code == "AMEND_TOO_LATE")
    );
    let mut elsewhere = amendment(7, 3);
    elsewhere.kind = AmendmentKind::Destination;
    let decision = amend(None, Some(&ours()), &elsewhere, false).unwrap();
    assert!(matches!(&decision.outcome, Outcome::Rejected(it) if it.code == "NOT_QUANTITIES"));
    assert!(decision.events.is_empty() && decision.note.is_none());
}
