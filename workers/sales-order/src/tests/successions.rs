//! Sales orders that take the place of others: every status, every role, races, and what is told too late.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{
    CancellationAsked, CancellationVerdict, Role, SalesOrderNo, SalesOrderTransferDecided, SkuType,
    WarehouseCode, WaybillKind, WaybillStatus, WaybillsRequested,
};
use proptest::prelude::*;

use super::cancellations::{
    after, ask, asked, cancelled, every_status, on, ours, outcome, placed, say, status, tell,
};
use super::samples::{actor, amendment, assigned, at, lines, network, waybill_no};
use crate::decide::{
    Case, Decision, Event, Lines, Look, Note, OpenQuestion, Purpose, SalesOrder, Wish, amend,
    assign, look_again, permit_wish, record_late, resubmit, submit_locked, transfer,
};
use crate::lifecycle::Fact;
use crate::network::{Goods, Network, Warehouse};
use crate::settings::SubmitAt;
use crate::waybill::Waybill;

fn code(text: &str) -> WarehouseCode {
    WarehouseCode::new(text).unwrap()
}

fn case<'a>(order: &'a SalesOrder, lines: &'a [contracts::SalesOrderLine]) -> Case<'a> {
    Case { current: Some(order), lines, waybill: None }
}

fn wish(number: &SalesOrderNo) -> Wish<'_> {
    Wish { number, by: "cs-anna", reason: Some("no stock"), occurred_at: at(0) }
}

fn move_to(order: &SalesOrder, to: &str) -> Decision {
    move_at(order, to, SubmitAt::Assigned)
}

fn move_at(order: &SalesOrder, to: &str, submit_at: SubmitAt) -> Decision {
    let lines = lines(2);
    let when = (submit_at, at(2));
    transfer(case(order, &lines), wish(&order.number), &code(to), &network(), when).unwrap()
}

fn again(order: &SalesOrder) -> Decision {
    resubmit(case(order, &lines(2)), &order.number).unwrap()
}

fn moving(facts: &[Fact]) -> SalesOrder {
    move_to(&after(facts), "COLD").changed.unwrap()
}

fn verdicts(decision: &Decision) -> Vec<(CancellationVerdict, Option<&str>)> {
    let verdicts = decision.events.iter().filter_map(|event| {
        let Event::TransferDecided(event) = event else { return None };
        let SalesOrderTransferDecided { verdict, successor, .. } = event;
        Some((*verdict, successor.as_ref().map(SalesOrderNo::as_str)))
    });
    verdicts.collect()
}

fn ride(decision: &Decision) -> Option<&WaybillsRequested> {
    decision.events.iter().find_map(|event| {
        let Event::WaybillsWanted(wanted) = event else { return None };
        Some(&**wanted)
    })
}

fn hears(decision: &Decision) -> Vec<(&str, &str)> {
    let submitted = decision.events.iter().filter_map(|event| {
        let Event::Submitted(event) = event else { return None };
        Some((event.sales_order_no.as_str(), event.warehouse.as_str()))
    });
    submitted.collect()
}

/// A status; how a transfer and a resubmission end; the status and the number in force after each.
type StatusRow = (&'static str, [&'static str; 2], [(&'static str, &'static str); 2]);

#[rustfmt::skip]
/// Every status: after a transfer to another warehouse, and after a resubmission; with the number in force.
const STATUSES: [StatusRow; 11] = [
    ("CREATED",   ["Applied", "NOT_REJECTED"], [("SUBMITTED", "/2"), ("CREATED", "/1")]),
    ("SUBMITTED", ["Parked", "NOT_REJECTED"], [("CANCELLATION_REQUESTED", "/1"), ("SUBMITTED", "/1")]),
    ("ACCEPTED",  ["Parked", "NOT_REJECTED"], [("CANCELLATION_REQUESTED", "/1"), ("ACCEPTED", "/1")]),
    ("REJECTED",  ["Applied", "NO_WAREHOUSE"], [("SUBMITTED", "/2"), ("REJECTED", "/1")]),
    ("REJECTED",  ["Applied", "Applied"], [("SUBMITTED", "/2"), ("SUBMITTED", "/2")]),
    ("PICKING",   ["Parked", "NOT_REJECTED"], [("CANCELLATION_REQUESTED", "/1"), ("PICKING", "/1")]),
    ("PICKED",    ["Parked", "NOT_REJECTED"], [("CANCELLATION_REQUESTED", "/1"), ("PICKED", "/1")]),
    ("PACKED",    ["Parked", "NOT_REJECTED"], [("CANCELLATION_REQUESTED", "/1"), ("PACKED", "/1")]),
    ("HANDED_OVER", ["TRANSFER_TOO_LATE", "NOT_REJECTED"], [("HANDED_OVER", "/1"), ("HANDED_OVER", "/1")]),
    ("CANCELLATION_REQUESTED", ["CHANGE_OPEN", "NOT_REJECTED"],
        [("CANCELLATION_REQUESTED", "/1"), ("CANCELLATION_REQUESTED", "/1")]),
    ("CANCELLED", ["TRANSFER_TOO_LATE", "NOT_REJECTED"], [("CANCELLED", "/1"), ("CANCELLED", "/1")]),
];

#[test]
fn every_status_meets_a_transfer_and_a_resubmission() {
    for (order, (word, outcomes, afterwards)) in every_status().iter().zip(STATUSES) {
        assert_eq!(status(order), word);
        let decisions = [move_to(order, "COLD"), again(order)];
        for ((decision, expected), (then, number)) in decisions.iter().zip(outcomes).zip(afterwards)
        {
            assert_eq!(outcome(decision), expected, "{word}");
            let current = decision.changed.as_ref().unwrap_or(order);
            assert_eq!(status(current), then, "{word} after {expected}");
            assert!(current.number.as_str().ends_with(number), "{word}: {}", current.number);
            // a successor goes with the one it replaced, and versions are counted on
            assert_eq!(decision.past.is_some(), number == "/2", "{word}");
            if let Some(past) = &decision.past {
                assert_eq!(past.successor.as_ref(), Some(&current.number));
                assert_eq!(current.predecessor.as_ref(), Some(&past.number));
                assert_eq!((past.version, current.version), (order.version + 1, order.version + 2));
                assert_eq!(decision.lines, Lines::OfThePredecessor);
                assert_eq!(past.number, order.number);
            }
        }
    }
}

#[test]
fn every_role_replaces_what_it_may() {
    use Role::{Admin, CsAgent, CsSupervisor, Operator};
    for role in Role::ALL {
        let may = [CsAgent, CsSupervisor, Operator, Admin].contains(&role);
        for (merchant, sees) in [(None, true), (Some("M01"), true), (Some("M02"), false)] {
            let refusal = permit_wish(&actor(role, merchant), Some(&ours())).err();
            let expected = match (may, sees) {
                (false, _) => Some("NOT_ALLOWED"),
                (true, false) => Some("UNKNOWN_WAYBILL"),
                (true, true) => None,
            };
            assert_eq!(refusal.as_ref().map(|it| it.code.as_str()), expected, "{role:?}");
        }
    }
}

#[test]
fn a_transfer_asks_the_warehouse_that_has_it_and_waits() {
    let decision = move_to(&after(&[Fact::Accepted]), "COLD");
    let [Event::CancellationAsked(event)] = &*decision.events else { panic!("{decision:?}") };
    let CancellationAsked { question, warehouse, sales_order_no, .. } = event;
    assert_eq!((*question, warehouse.as_ref().unwrap().as_str()), (1, "DRY"));
    assert_eq!(sales_order_no.as_ref().unwrap().as_str(), "uci-536365-1/1");
    let Some(Note::Asked(note)) = &decision.note else { panic!("{:?}", decision.note) };
    assert_eq!((note.purpose, note.decided.is_none()), (Purpose::Transfer, true));

    let order = decision.changed.unwrap();
    assert_eq!(outcome(&move_to(&order, "COLD")), "Duplicate");
    assert_eq!(outcome(&move_to(&order, "SOUTH")), "CHANGE_OPEN");
    let amended = amend(Some(&order), Some(&ours()), &amendment(1, 3), false).unwrap();
    assert_eq!(outcome(&amended), "AMEND_TOO_LATE");
}

#[test]
fn a_yes_cancels_it_there_and_submits_it_here() {
    let decision = say(&moving(&[Fact::Accepted]), 1, Accepted);
    let (past, next) = (decision.past.clone().unwrap(), decision.changed.clone().unwrap());
    assert_eq!((status(&past), status(&next)), ("CANCELLED", "SUBMITTED"));
    assert_eq!((past.number.as_str(), next.number.as_str()), ("uci-536365-1/1", "uci-536365-1/2"));
    assert_eq!(verdicts(&decision), [(Accepted, Some("uci-536365-1/2"))]);
    assert_eq!(hears(&decision), [("uci-536365-1/2", "COLD")]);
    assert!(ride(&decision).is_none(), "nothing was picked");
    assert_eq!(past.place, next.place);
    assert!(past.next.is_none() && next.next.is_none());

    // the answer again, a late one, and the next question
    assert_eq!(outcome(&say(&next, 1, Accepted)), "Duplicate");
    assert_eq!(outcome(&say(&next, 1, Rejected)), "Stale");
    let asked = ask(Some(&next), Some(&ours())).changed.unwrap();
    assert_eq!(asked.standing.open_question(), Some(2));
    assert_eq!(status(&say(&asked, 2, Accepted).changed.unwrap()), "CANCELLED");
}

#[test]
fn a_no_leaves_it_where_it_is() {
    let decision = say(&moving(&[Fact::Accepted]), 1, Rejected);
    let order = decision.changed.clone().unwrap();
    assert_eq!((status(&order), order.number.as_str()), ("ACCEPTED", "uci-536365-1/1"));
    assert_eq!(verdicts(&decision), [(Rejected, None)]);
    assert_eq!(hears(&decision), [("uci-536365-1/1", "DRY")], "it hears what is to be prepared");
    assert!(decision.past.is_none() && order.next.is_none());
    let second = move_to(&order, "SOUTH").changed.unwrap();
    assert_eq!(second.standing.open_question(), Some(2));
}

#[test]
fn picked_goods_travel_from_warehouse_to_warehouse() {
    for facts in [&[Fact::Picked][..], &[Fact::Picked, Fact::Packed], &[Fact::Packed]] {
        let decision = say(&moving(facts), 1, Accepted);
        let wanted = ride(&decision).unwrap();
        let [draft] = &*wanted.order.waybills else { panic!("{wanted:?}") };
        assert_eq!(draft.waybill_no.as_str(), "uci-536365-1t2");
        assert_eq!((draft.kind, draft.sku_type), (WaybillKind::Transfer, SkuType::Dry));
        assert_eq!((wanted.order.district.as_str(), draft.lines.len()), ("COLD", 2));
    }
    for facts in [&[][..], &[Fact::Accepted], &[Fact::Picking]] {
        assert!(ride(&say(&moving(facts), 1, Accepted)).is_none(), "{facts:?}");
    }
}

#[test]
fn the_road_ends_a_transfer_with_a_no() {
    let order = moving(&[Fact::Packed]);
    let road = on(WaybillStatus::Dispatched);
    let question = OpenQuestion { number: 1, asked_at: at(2), is_told: true, correlation_id: None };
    let look = look_again(&order, Some(&road), &question, chrono::TimeDelta::minutes(15), at(3));
    let Look::Decided(decision) = look else { panic!("{look:?}") };
    assert_eq!(verdicts(&decision), [(Rejected, None)]);
    let order = decision.changed.unwrap();
    assert_eq!(status(&order), "PACKED");
    let lines = lines(2);
    let there = Case { waybill: Some(&road), ..case(&order, &lines) };
    let when = (SubmitAt::Assigned, at(4));
    let late = transfer(there, wish(&order.number), &code("COLD"), &network(), when).unwrap();
    assert_eq!(outcome(&late), "TOO_LATE");
}

#[test]
fn a_cancellation_takes_over_the_question_of_a_transfer() {
    let order = moving(&[Fact::Accepted]);
    let decision = ask(Some(&order), Some(&ours()));
    assert_eq!(outcome(&decision), "Parked");
    assert_eq!(verdicts(&decision), [(Rejected, None)], "the transfer has ended");
    let Some(Note::TakenOver(note)) = &decision.note else { panic!("{:?}", decision.note) };
    assert_eq!((note.question, note.said.by.as_str()), (1, "cs-anna"));
    let order = decision.changed.unwrap();
    assert_eq!(outcome(&ask(Some(&order), Some(&ours()))), "Duplicate");
    assert_eq!(outcome(&move_to(&order, "COLD")), "CHANGE_OPEN");
    let yes = say(&order, 1, Accepted);
    assert_eq!(status(yes.changed.as_ref().unwrap()), "CANCELLED");
    assert!(yes.past.is_none() && hears(&yes).is_empty());
    assert_eq!(status(&say(&order, 1, Rejected).changed.unwrap()), "ACCEPTED");

    let road = on(WaybillStatus::Dispatched);
    assert_eq!(outcome(&ask(Some(&moving(&[])), Some(&road))), "CANCEL_TOO_LATE");
}

#[test]
fn what_nobody_prepares_goes_there_at_once() {
    let waiting = placed(SubmitAt::Lock);
    for (submit_at, then) in [(SubmitAt::Lock, "CREATED"), (SubmitAt::Assigned, "SUBMITTED")] {
        let decision = move_at(&waiting, "COLD", submit_at);
        let (past, next) = (decision.past.clone().unwrap(), decision.changed.clone().unwrap());
        assert_eq!((status(&past), status(&next)), ("CANCELLED", then));
        assert_eq!(verdicts(&decision), [(Accepted, Some("uci-536365-1/2"))]);
        assert_eq!(hears(&decision).len(), usize::from(then == "SUBMITTED"));
        let Some(Note::Asked(note)) = decision.note else { panic!("no note") };
        assert!(matches!(note.decided, Some((Accepted, _))));
    }
    // a later place keeps the warehouse that somebody chose
    let next = move_at(&waiting, "COLD", SubmitAt::Lock).changed.unwrap();
    let moved = assign(Some(&next), &assigned(2), &lines(2), &network(), SubmitAt::Assigned);
    let moved = moved.unwrap();
    assert_eq!(hears(&moved), [("uci-536365-1/2", "COLD")]);
    // one that was rejected is submitted there whatever the setting: its time has come before
    let rejected = after(&[Fact::Rejected]);
    assert_eq!(status(&move_at(&rejected, "COLD", SubmitAt::Lock).changed.unwrap()), "SUBMITTED");
}

#[test]
fn the_lock_submits_what_waits_for_it() {
    let waiting = placed(SubmitAt::Lock);
    assert!(submit_locked(&waiting, 2, &lines(2)).is_none(), "another place was locked");
    let decision = submit_locked(&waiting, 1, &lines(2)).unwrap();
    assert_eq!(hears(&decision), [("uci-536365-1/1", "DRY")]);
    let order = decision.changed.unwrap();
    assert_eq!((status(&order), order.version), ("SUBMITTED", 2));
    for order in every_status().iter().filter(|order| status(order) != "CREATED") {
        assert!(submit_locked(order, 1, &lines(2)).is_none(), "{}", status(order));
    }
    assert!(submit_locked(&cancelled(), 1, &lines(2)).is_none());
}

#[test]
fn a_target_must_be_known_keep_the_goods_and_be_another_one() {
    let order = after(&[Fact::Accepted]);
    assert_eq!(outcome(&move_to(&order, "MOON")), "UNKNOWN_WAREHOUSE");
    assert_eq!(outcome(&move_to(&order, "DRY")), "SAME_WAREHOUSE");
    let mut icy = network();
    let (code_of, depot) = (code("ICE"), icy.warehouses[0].depot.clone());
    icy.warehouses.push(Warehouse {
        code: code_of,
        depot,
        keeps: Goods { dry: false, frozen: true },
    });
    let at_ice = |network: &Network| {
        let when = (SubmitAt::Assigned, at(2));
        let lines = lines(2);
        transfer(case(&order, &lines), wish(&order.number), &code("ICE"), network, when).unwrap()
    };
    assert_eq!(outcome(&at_ice(&icy)), "NOT_KEPT");
    icy.warehouses.iter_mut().for_each(|it| it.keeps.dry = true);
    assert_eq!(outcome(&at_ice(&icy)), "Parked");
    icy.pick_rules.clear();
    assert_eq!(outcome(&at_ice(&icy)), "NO_PICK_FLOW");

    let held = Waybill { is_held: true, ..ours() };
    let lines = lines(2);
    let rejected = after(&[Fact::Rejected]);
    let there = Case { waybill: Some(&held), ..case(&rejected, &lines) };
    assert_eq!(outcome(&resubmit(there, &rejected.number).unwrap()), "HELD");
}

#[test]
fn a_number_that_is_not_in_force() {
    let next = again(&after(&[Fact::Rejected])).changed.unwrap();
    let lines = lines(2);
    let ask = |number: &str| {
        let number = SalesOrderNo::new(number).unwrap();
        outcome(&resubmit(case(&next, &lines), &number).unwrap())
    };
    assert_eq!(ask("uci-536365-1/1"), "Stale", "it was replaced before");
    assert_eq!(ask("uci-536365-1/2"), "NOT_REJECTED");
    for unknown in ["uci-536365-1/3", "uci-536365-1/0", "uci-536365-1"] {
        assert_eq!(ask(unknown), "UNKNOWN_SALES_ORDER");
    }
    let nothing = Case { current: None, lines: &lines, waybill: None };
    let number = SalesOrderNo::new("uci-536365-1/1").unwrap();
    assert_eq!(outcome(&resubmit(nothing, &number).unwrap()), "UNKNOWN_SALES_ORDER");
}

fn late(past: &SalesOrder, next: &SalesOrder, fact: Fact) -> Decision {
    let (lines, waybill) = (lines(2), ours());
    let case = Case { waybill: Some(&waybill), ..case(next, &lines) };
    record_late(past, (fact, Some("late")), Role::Warehouse, case, at(5)).unwrap()
}

#[test]
fn a_late_answer_to_an_old_submission_decides_nothing() {
    let resubmitted = again(&after(&[Fact::Rejected]));
    assert_eq!(hears(&resubmitted), [("uci-536365-1/2", "DRY")]);
    let (past, next) = (resubmitted.past.unwrap(), resubmitted.changed.unwrap());
    for fact in Fact::ALL {
        let decision = late(&past, &next, fact);
        let expected = if fact == Fact::Rejected { "Duplicate" } else { "Stale" };
        assert_eq!((outcome(&decision).as_str(), decision.events.len()), (expected, 0), "{fact:?}");
        assert!(decision.changed.is_none(), "{fact:?} leaves the one in force alone");
        if let Some(told) = decision.past {
            assert!(told.standing.knows(fact) && told.version == past.version + 1);
            assert_eq!(outcome(&late(&told, &next, fact)), "Duplicate");
        }
    }
    let merchant = Case { current: Some(&next), lines: &[], waybill: None };
    let refused = record_late(&past, (Fact::Picked, None), Role::Merchant, merchant, at(5));
    assert_eq!(outcome(&refused.unwrap()), "NOT_ALLOWED");
}

#[test]
fn an_answered_question_of_another_kind_stays_what_it_was() {
    // asked to be cancelled, not transferred
    let yes = say(&asked(&[Fact::Picked]), 1, Accepted);
    assert!(yes.past.is_none() && ride(&yes).is_none());
    assert_eq!(tell(&yes.changed.unwrap(), Fact::Packed).events.len(), 0);
}

/// What arrives while a transfer waits.
#[derive(Debug, Clone, Copy)]
enum Said {
    Fact(Fact),
    Answer(CancellationVerdict),
}

/// The two sales orders and the waybills that were asked for.
#[derive(Debug, Clone, PartialEq)]
struct End {
    in_force: (String, &'static str, Option<String>),
    past: Option<(String, String)>,
    rides: Vec<String>,
}

fn play(said: &[Said]) -> End {
    let (mut current, mut past, mut rides) = (moving(&[]), None::<SalesOrder>, Vec::new());
    for one in said {
        let decision = match (one, &past) {
            (Said::Fact(fact), None) => tell(&current, *fact),
            (Said::Fact(fact), Some(past)) => late(past, &current, *fact),
            (Said::Answer(verdict), _) => say(&current, 1, *verdict),
        };
        rides.extend(ride(&decision).map(|it| it.order.waybills[0].waybill_no.to_string()));
        current = decision.changed.unwrap_or(current);
        past = decision.past.or(past);
    }
    let warehouse = current.fulfilment.as_ref().map(|it| it.warehouse.to_string());
    End {
        in_force: (current.number.to_string(), status(&current), warehouse),
        past: past.map(|it| (it.number.to_string(), it.standing.to_text())),
        rides,
    }
}

fn conversation() -> impl Strategy<Value = (Vec<Said>, Vec<Said>)> {
    let fact = prop::sample::select(Fact::ALL.to_vec()).prop_map(Said::Fact);
    let verdict = prop::option::of(prop::sample::select(vec![Accepted, Rejected]));
    (prop::collection::vec(fact, 0..6), verdict).prop_flat_map(|(mut said, verdict)| {
        said.extend(verdict.map(Said::Answer));
        let twice = [said.clone(), said.clone()].concat();
        (Just(said), Just(twice).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn any_order_and_duplication_ends_alike((tidy, shuffled) in conversation()) {
        prop_assert_eq!(play(&shuffled), play(&tidy));
    }
}

#[test]
fn a_transfer_names_its_waybill() {
    let decision = say(&moving(&[]), 1, Accepted);
    let Event::TransferDecided(event) = &decision.events[0] else { panic!("{decision:?}") };
    assert_eq!(event.waybill_no, waybill_no());
    assert_eq!(event.from.as_ref().map(WarehouseCode::as_str), Some("DRY"));
    assert_eq!(event.to.as_str(), "COLD");
}
