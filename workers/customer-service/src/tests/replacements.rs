//! Goods that are sent again.

use contracts::{
    OrderRef, ReleaseHold, ReplacementLine, ReplacementTiming, RequestReplacement, ReturnRef,
    WaybillKind, WaybillStatus,
};

use super::world::{World, anna, cancel, line, moved, receipt, request, shop, source, time};
use crate::decide::{Decision, Notice};
use crate::message::Incoming;
use crate::state::ReplacementState;

fn replace(lines: &[(u32, u32)], after: Option<&str>) -> Incoming {
    let line = |&(line_no, quantity): &(u32, u32)| ReplacementLine { line_no, quantity };
    Incoming::Replace(RequestReplacement {
        source: source(),
        order_ref: OrderRef::new("O1").unwrap(),
        lines: lines.iter().map(line).collect(),
        timing: match after {
            None => ReplacementTiming::InAdvance {},
            Some(number) => {
                ReplacementTiming::AfterReturn { return_ref: ReturnRef::new(number).unwrap() }
            }
        },
        delivery_date: "2026-03-12".parse().unwrap(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        reason: None,
        occurred_at: time("2026-03-10T00:00:00Z"),
    })
}

fn wanted(decision: &Decision) -> (&str, bool) {
    let Notice::Waybills(wanted) = &decision.notices[0] else { panic!("no waybill is wanted") };
    let draft = &wanted.order.waybills[0];
    assert_eq!(draft.kind, WaybillKind::Replacement);
    (draft.waybill_no.as_str(), draft.hold.is_some())
}

fn released(decision: &Decision) -> Option<&ReleaseHold> {
    decision.notices.iter().find_map(|notice| match notice {
        Notice::Release(release) => Some(release),
        _ => None,
    })
}

#[test]
fn never_more_than_was_delivered_or_is_lost() {
    let mut world = World::of(&[(
        1,
        "2026-03-01T08:00:00Z",
        &[
            ("A", 5, WaybillStatus::Delivered),
            ("B", 2, WaybillStatus::Lost),
            ("C", 2, WaybillStatus::Damaged),
            ("D", 2, WaybillStatus::Dispatched),
        ],
    )]);
    assert_eq!(world.code(&shop(), &replace(&[(1, 1)], None)), "NOT_ALLOWED");
    assert_eq!(world.code(&anna(), &replace(&[(1, 6)], None)), "QUANTITY_EXCEEDS");
    assert_eq!(world.code(&anna(), &replace(&[(4, 1)], None)), "QUANTITY_EXCEEDS");
    assert_eq!(world.code(&anna(), &replace(&[(9, 1)], None)), "UNKNOWN_LINE");
    let decision = world.done(&anna(), &replace(&[(1, 4), (2, 2), (3, 2)], None));
    assert_eq!(wanted(&decision), ("shop-O1-x1", false));
    assert_eq!(world.code(&anna(), &replace(&[(1, 2)], None)), "QUANTITY_EXCEEDS");
    let decision = world.done(&anna(), &replace(&[(1, 1)], None));
    assert_eq!(wanted(&decision), ("shop-O1-x2", false));
    assert_eq!(world.book.claim(line(1, 1)).replaced, 5);
}

#[test]
fn it_is_held_until_its_return_has_arrived() {
    let mut world = World::with_five();
    assert_eq!(world.code(&anna(), &replace(&[(1, 2)], Some("R1"))), "UNKNOWN_RETURN");
    world.done(&shop(), &request("R1", &[("A", 2)]));
    let decision = world.done(&anna(), &replace(&[(1, 2)], Some("R1")));
    assert_eq!(wanted(&decision), ("shop-O1-x1", true));
    let decision = world.done(&anna(), &receipt("R1", &[(1, 1, 0)], false));
    let release = released(&decision).expect("the hold is released");
    assert_eq!(release.waybill_no.as_str(), "shop-O1-x1");
    let decision = world.done(&anna(), &receipt("R1", &[(1, 1, 0)], false));
    assert!(released(&decision).is_none());
    // what has arrived need not be waited for
    let decision = world.done(&anna(), &replace(&[(1, 1)], Some("R1")));
    assert_eq!(wanted(&decision), ("shop-O1-x2", false));
}

#[test]
fn without_its_return_it_is_not_sent_and_may_be_sent_another_time() {
    let mut world = World::with_five();
    world.done(&shop(), &request("R1", &[("A", 5)]));
    world.done(&anna(), &replace(&[(1, 5)], Some("R1")));
    let decision = world.done(&anna(), &cancel("R1"));
    let cancelled: Vec<&str> = decision
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Cancel(cancel) => Some(cancel.waybill_no.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, ["shop-O1-r1", "shop-O1-x1"]);
    assert_eq!(world.book.claim(line(1, 1)).replaced, 0);
    assert_eq!(world.code(&anna(), &replace(&[(1, 1)], Some("R1"))), "RETURN_ENDED");
    world.done(&anna(), &replace(&[(1, 5)], None));
}

#[test]
fn a_cancelled_replacement_frees_its_units_once() {
    let mut world = World::with_five();
    world.done(&anna(), &replace(&[(1, 5)], None));
    let gone = moved("shop-O1-x1", WaybillKind::Replacement, WaybillStatus::Cancelled);
    world.done(&anna(), &gone);
    assert_eq!(world.code(&anna(), &gone), "STALE");
    assert_eq!(world.book.claim(line(1, 1)).replaced, 0);
    let waybill_no = contracts::WaybillNo::new("shop-O1-x1").unwrap();
    let state = world.book.replacement(&waybill_no).unwrap().state;
    assert_eq!(state, ReplacementState::Cancelled);
}
