//! Cancellations: which waybills of an order sales-order is asked to cancel, and which lines need nobody
//! to be asked.

use contracts::{
    CancelOrder, OrderCancellationRequested, Refusal, Timestamp, WaybillNo, WaybillStatus,
};
use runtime::Outcome;

use super::effect::{Effect, News, What};
use super::standing::recount;
use super::{Asker, amend};
use crate::order::Order;

/// Decides about a cancellation of all that is left of an order, or of one line.
pub(crate) fn cancel(order: &mut Order, command: &CancelOrder, asker: &Asker<'_>) -> Effect {
    let is_as_seen = || Refusal::check_version("order", order.version, command.expected_version);
    if let Err(refusal) = asker.may_change(order).and_then(|()| is_as_seen()) {
        return refusal.into();
    }
    match command.line_no {
        None => cancel_all(order, command, asker),
        Some(line_no) => cancel_line(order, line_no, command, asker),
    }
}

fn cancel_all(order: &mut Order, command: &CancelOrder, asker: &Asker<'_>) -> Effect {
    if order.status == contracts::OrderStatus::Cancelled {
        return Effect::none(Outcome::Duplicate);
    }
    if !order.status.row().may_cancel {
        return wrong_status(order);
    }
    let waybills = order.waybills();
    if waybills.is_empty() {
        let lines: Vec<u32> = order.lines.keys().copied().collect();
        return remove(order, &lines, command);
    }
    let open: Vec<WaybillNo> = waybills.into_iter().filter(|no| !has_ended(order, no)).collect();
    if open.is_empty() {
        return too_late();
    }
    request(order, &open, command, asker)
}

fn cancel_line(
    order: &mut Order,
    line_no: u32,
    command: &CancelOrder,
    asker: &Asker<'_>,
) -> Effect {
    let Some(line) = order.lines.get(&line_no) else {
        return Effect::refused("UNKNOWN_LINE", format!("the order has no line {line_no}"));
    };
    if line.counters.cancelled == line.quantity {
        return Effect::none(Outcome::Duplicate);
    }
    if !order.status.row().may_cancel {
        return wrong_status(order);
    }
    let Some(waybill_no) = line.waybill_no.clone() else {
        return remove(order, &[line_no], command);
    };
    if has_ended(order, &waybill_no) {
        return too_late();
    }
    if order.lines_on(&waybill_no).count() == 1 {
        return request(order, &[waybill_no], command, asker);
    }
    let CancelOrder { reason, occurred_at, .. } = command;
    amend::without_line(order, line_no, (reason.as_ref(), *occurred_at), asker)
}

/// Lines that make no parcel concern nobody else.
fn remove(order: &mut Order, lines: &[u32], command: &CancelOrder) -> Effect {
    let was = super::standing::in_words(order);
    for line_no in lines {
        if let Some(line) = order.lines.get_mut(line_no) {
            line.removed = true;
        }
    }
    recount(order);
    let is = super::standing::in_words(order);
    let changed = Effect::changed(order, What::Cancelled);
    changed.between(Some(was), Some(is)).because(command.reason.as_ref())
}

/// Asks sales-order for each of these waybills.
fn request(
    order: &mut Order,
    waybills: &[WaybillNo],
    command: &CancelOrder,
    asker: &Asker<'_>,
) -> Effect {
    let numbers: Vec<&str> = waybills.iter().map(WaybillNo::as_str).collect();
    let mut effect = Effect::changed(order, What::CancellationRequested)
        .between(None, Some(numbers.join(", ")))
        .because(command.reason.as_ref());
    for waybill_no in waybills {
        let reason = command.reason.as_ref();
        let news = requested(waybill_no, reason, command.occurred_at, asker);
        effect.asks(waybill_no, news);
    }
    effect
}

pub(super) fn requested(
    waybill_no: &WaybillNo,
    reason: Option<&String>,
    occurred_at: Timestamp,
    asker: &Asker<'_>,
) -> News {
    News::CancellationRequested(OrderCancellationRequested {
        waybill_no: waybill_no.clone(),
        requested_by: asker.actor.subject.clone(),
        reason: reason.cloned(),
        occurred_at,
    })
}

/// True when nothing more can become of a waybill.
fn has_ended(order: &Order, waybill_no: &WaybillNo) -> bool {
    order.parcels.get(waybill_no).is_some_and(|parcel| {
        matches!(
            parcel.status,
            WaybillStatus::Delivered
                | WaybillStatus::ReturnedToOrigin
                | WaybillStatus::Lost
                | WaybillStatus::Damaged
                | WaybillStatus::Cancelled
        )
    })
}

pub(super) fn wrong_status(order: &Order) -> Effect {
    let status = order.status.as_str();
    Effect::refused(
        "WRONG_STATUS",
        format!("the order is {status}: this cannot be asked of it any more, or not yet"),
    )
}

fn too_late() -> Effect {
    Effect::refused(
        "CANCEL_TOO_LATE",
        "nothing of it is left to cancel: what was delivered can be returned",
    )
}
