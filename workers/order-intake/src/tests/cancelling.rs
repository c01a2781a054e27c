//! What is asked when an order or a line is cancelled.

use contracts::{Actor, CancelOrder, OrderStatus, Role, WaybillStatus as S};
use runtime::Outcome;

use super::fixture::{actor, asker, at, line, no, parcel, taken, two_waybills};
use crate::decide::{Effect, News, cancel, moved};
use crate::order::Order;

fn cancelled(order: &mut Order, line_no: Option<u32>) -> Effect {
    cancelled_for(order, line_no, None)
}

fn cancelled_for(order: &mut Order, line_no: Option<u32>, expected_version: Option<u64>) -> Effect {
    let command = CancelOrder {
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        line_no,
        reason: Some("ordered twice".to_owned()),
        expected_version,
        occurred_at: at(5),
    };
    let agent: Actor = actor("anna", Role::CsAgent);
    cancel(order, &command, &asker(&agent, 9))
}

/// What sales-order and ADRA are asked: waybill numbers.
fn asked(effect: &Effect) -> (Vec<&str>, Vec<&str>) {
    let (mut cancellations, mut amendments) = (Vec::new(), Vec::new());
    for news in &effect.news {
        match news {
            News::CancellationRequested(asked) => cancellations.push(asked.waybill_no.as_str()),
            News::AmendmentRequested(asked) => amendments.push(asked.amendment.waybill_no.as_str()),
            News::Changed(_) => {}
        }
    }
    (cancellations, amendments)
}

fn code(effect: &Effect) -> &str {
    effect.outcome.code()
}

#[test]
fn every_waybill_that_has_not_ended_is_asked_for() {
    let mut order = two_waybills();
    let effect = cancelled(&mut order, None);
    assert_eq!(asked(&effect), (vec!["uci-536365-1", "uci-536365-2"], vec![]));
    assert_eq!(effect.items.len(), 2);
    let change = effect.change.unwrap();
    assert_eq!(change.to.as_deref(), Some("uci-536365-1, uci-536365-2"));
    assert_eq!(change.reason.as_deref(), Some("ordered twice"));
    assert_eq!((order.status, order.version), (OrderStatus::Paid, 2), "nothing is decided yet");

    let mut order = two_waybills();
    moved(&mut order, &no(1), parcel(S::Delivered, 4));
    assert_eq!(asked(&cancelled(&mut order, None)), (vec!["uci-536365-2"], vec![]));
    moved(&mut order, &no(2), parcel(S::Cancelled, 4));
    assert_eq!(code(&cancelled(&mut order, None)), "WRONG_STATUS", "it is completed");
}

#[test]
fn an_order_whose_waybills_are_cancelled_is_cancelled_with_its_fees() {
    let mut order = two_waybills();
    for k in [1, 2] {
        moved(&mut order, &no(k), parcel(S::Cancelled, 3));
    }
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert_eq!(order.lines[&4].counters.cancelled, 1);
    assert_eq!(cancelled(&mut order, None).outcome, Outcome::Duplicate);
}

#[test]
fn a_line_alone_on_its_waybill_is_its_waybill_and_another_an_amendment() {
    let mut order = two_waybills();
    assert_eq!(asked(&cancelled(&mut order, Some(3))), (vec!["uci-536365-2"], vec![]));
    let effect = cancelled(&mut order, Some(1));
    assert_eq!(asked(&effect), (vec![], vec!["uci-536365-1"]));
    let News::AmendmentRequested(asked) = &effect.news[1] else { panic!("{:?}", effect.news) };
    let left: Vec<(u32, u32)> =
        asked.amendment.lines.iter().map(|line| (line.line_no, line.quantity)).collect();
    assert_eq!(left, [(2, 2)]);
    assert_eq!(code(&cancelled(&mut order, Some(2))), "AMENDMENT_PENDING");
    assert_eq!(code(&cancelled(&mut order, Some(7))), "UNKNOWN_LINE");
}

#[test]
fn a_cancellation_for_an_older_version_changes_nothing() {
    let mut order = two_waybills();
    assert_eq!(code(&cancelled_for(&mut order, Some(3), Some(1))), "APPLIED");
    let before = order.clone();
    let late = cancelled_for(&mut order, None, Some(1));
    assert_eq!(code(&late), "VERSION_CONFLICT");
    assert_eq!((late.change, late.news, &order), (None, vec![], &before));
    assert_eq!(code(&cancelled_for(&mut order, None, Some(2))), "APPLIED");

    let mut foreign = two_waybills();
    foreign.version = 5;
    let command = CancelOrder {
        source: foreign.key.source.clone(),
        order_ref: foreign.key.order_ref.clone(),
        line_no: None,
        reason: None,
        expected_version: Some(1),
        occurred_at: at(5),
    };
    let stranger = actor("C-9", Role::Customer);
    let told = cancel(&mut foreign, &command, &asker(&stranger, 9));
    assert_eq!(code(&told), "UNKNOWN_ORDER", "a stranger learns of no version");
}

#[test]
fn what_was_delivered_is_not_cancelled() {
    let mut order = two_waybills();
    moved(&mut order, &no(2), parcel(S::Delivered, 3));
    assert_eq!(code(&cancelled(&mut order, Some(3))), "CANCEL_TOO_LATE");
    moved(&mut order, &no(1), parcel(S::Lost, 3));
    order.status = OrderStatus::PartiallyDelivered;
    assert_eq!(code(&cancelled(&mut order, None)), "CANCEL_TOO_LATE");
}

#[test]
fn what_makes_no_parcel_is_cancelled_at_once() {
    let mut order = two_waybills();
    let effect = cancelled(&mut order, Some(4));
    assert_eq!((code(&effect), asked(&effect)), ("APPLIED", (vec![], vec![])));
    assert_eq!(order.lines[&4].counters.cancelled, 1);
    assert_eq!(order.status, OrderStatus::Paid);
    assert_eq!(code(&cancelled(&mut order, Some(4))), "DUPLICATE");

    let mut fees = taken(&super::fixture::order(vec![line(1, "m1", "FEE"), line(2, "m1", "FEE")]));
    cancelled(&mut fees, Some(1));
    assert_eq!(fees.status, OrderStatus::Paid);
    cancelled(&mut fees, None);
    assert_eq!(fees.status, OrderStatus::Cancelled);
}
