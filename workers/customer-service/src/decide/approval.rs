//! A return is approved, rejected or cancelled: its RETURN waybills are made, or its claims given back.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use contracts::{
    ApproveReturn, CancelReturn, CancelWaybill, FulfilledBy, OrderAccepted, RejectReturn,
    Requester, SkuType, TimeslotCode, Timestamp, WaybillDraft, WaybillDraftLine, WaybillKind,
    WaybillNo, WaybillsRequested,
};
use uuid::Uuid;

use super::{Cause, Decision, Notice, before, replacement, stepped};
use crate::book::Book;
use crate::lifecycle::Step;
use crate::state::{LineKey, Order, OrderLine, Return, ReturnKey};

/// When the goods are fetched.
pub(super) struct Pickup {
    /// When that was asked for.
    pub ordered_at: Timestamp,
    /// None: the day after.
    pub date: Option<NaiveDate>,
    /// None: the window in which the order was delivered.
    pub timeslot: Option<TimeslotCode>,
}

/// Customer service says yes.
pub(super) fn approve(book: &mut Book, told: &ApproveReturn, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    let it = match before(book, (&key, told.expected_version), Step::Approve, cause) {
        Ok(it) => it,
        Err(decision) => return *decision,
    };
    let pickup = Pickup {
        ordered_at: told.occurred_at.max(it.requested_at),
        date: told.pickup_date,
        timeslot: told.timeslot.clone(),
    };
    let after = stepped(&it, Step::Approve, cause);
    let waybills = approved(book, &after, &pickup);
    book.file_return(after.clone(), cause.index);
    Decision::changed(&after, waybills)
}

/// Customer service says no.
pub(super) fn reject(book: &mut Book, told: &RejectReturn, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    match before(book, (&key, told.expected_version), Step::Reject, cause) {
        Ok(it) => end(book, &it, Step::Reject, Some(&told.reason), cause),
        Err(decision) => *decision,
    }
}

/// Whoever asked does not want it any more.
pub(super) fn cancel(book: &mut Book, told: &CancelReturn, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    match before(book, (&key, told.expected_version), Step::Cancel, cause) {
        Ok(it) => end(book, &it, Step::Cancel, told.reason.as_deref(), cause),
        Err(decision) => *decision,
    }
}

/// The return ends without any goods: its claims are free again, its waybills are cancelled, and so is
/// what waited for it.
fn end(book: &mut Book, it: &Return, step: Step, reason: Option<&str>, cause: &Cause) -> Decision {
    for part in it.items.iter().flat_map(|item| &item.parts) {
        book.set_claim(part.line, |claim| claim.claimed -= part.quantity.min(claim.claimed));
    }
    let was_approved = it.status == contracts::ReturnStatus::Approved;
    let waybills = it.waybills.iter().filter(|_| was_approved);
    let mut notices: Vec<Notice> =
        waybills.map(|(_, waybill_no)| cancelled(waybill_no, reason, cause)).collect();
    notices.extend(replacement::without_return(book, it.id, cause));
    let reason = reason.map(str::to_owned);
    let after = Return { reason, ..stepped(it, step, cause) };
    book.file_return(after.clone(), cause.index);
    Decision::changed(&after, notices)
}

/// The command that takes a waybill of ours back.
pub(super) fn cancelled(waybill_no: &WaybillNo, reason: Option<&str>, cause: &Cause) -> Notice {
    Notice::Cancel(CancelWaybill {
        waybill_no: waybill_no.clone(),
        reason: reason.map(str::to_owned),
        occurred_at: cause.now,
    })
}

/// The RETURN waybills of an approved return, one for each order.
pub(super) fn approved(book: &Book, it: &Return, pickup: &Pickup) -> Vec<Notice> {
    let waybills = it.waybills.iter().filter_map(|(order_id, waybill_no)| {
        let order = book.order(*order_id)?;
        let draft = fetching(book, it, *order_id, waybill_no)?;
        Some(wanted(*order_id, order, pickup, draft))
    });
    waybills.collect()
}

fn wanted(order_id: Uuid, order: &Order, pickup: &Pickup, draft: WaybillDraft) -> Notice {
    let day_after = pickup.ordered_at.date().checked_add_days(Days::new(1));
    let delivery_date = pickup.date.or(day_after).unwrap_or_else(|| pickup.ordered_at.date());
    let timeslot = pickup.timeslot.clone().unwrap_or_else(|| order.timeslot.clone());
    Notice::Waybills(Box::new(WaybillsRequested {
        by: Requester::CustomerService,
        order: accepted(order_id, order, pickup.ordered_at, (delivery_date, timeslot), vec![draft]),
    }))
}

/// An order with further waybills alone, to or from the door of the order.
pub(super) fn accepted(
    order_id: Uuid,
    order: &Order,
    ordered_at: Timestamp,
    (delivery_date, timeslot): (NaiveDate, TimeslotCode),
    waybills: Vec<WaybillDraft>,
) -> OrderAccepted {
    OrderAccepted {
        order_id,
        source: order.source.clone(),
        order_ref: order.order_ref.clone(),
        ordered_at,
        customer_ref: order.customer_ref.clone(),
        district: order.district.clone(),
        delivery_date,
        timeslot,
        address_key: order.address_key.clone(),
        waybills,
    }
}

/// What one RETURN waybill carries: the units of its order, line by line. Nobody picks it: it says that a
/// warehouse does, because it comes to one.
fn fetching(
    book: &Book,
    it: &Return,
    order_id: Uuid,
    waybill_no: &WaybillNo,
) -> Option<WaybillDraft> {
    let mut units: BTreeMap<LineKey, u32> = BTreeMap::new();
    let parts = it.matched().flat_map(|item| &item.parts);
    for part in parts.filter(|part| part.line.order_id == order_id) {
        *units.entry(part.line).or_default() += part.quantity;
    }
    let lines: Vec<(u32, OrderLine, u32)> = units
        .into_iter()
        .filter_map(|(key, units)| Some((key.line_no, book.line(key)?.clone(), units)))
        .collect();
    draft(waybill_no.clone(), WaybillKind::Return, FulfilledBy::Warehouse, &lines)
}

/// A waybill of these order lines: number, line, units.
pub(super) fn draft(
    waybill_no: WaybillNo,
    kind: WaybillKind,
    fulfilled_by: FulfilledBy,
    lines: &[(u32, OrderLine, u32)],
) -> Option<WaybillDraft> {
    let (_, first, _) = lines.first()?;
    let is_one_type = lines.iter().all(|(_, line, _)| line.sku_type == first.sku_type);
    let volume = |sku_type: SkuType| {
        let of_type = lines.iter().filter(|(_, line, _)| line.sku_type == sku_type);
        of_type.map(|(_, line, units)| u64::from(*units) * u64::from(line.volume_ml)).sum()
    };
    Some(WaybillDraft {
        waybill_no,
        kind,
        hold: None,
        merchant: first.merchant.clone(),
        store: first.store.clone(),
        sku_type: if is_one_type { first.sku_type } else { SkuType::Mixed },
        fulfilled_by,
        dry_ml: volume(SkuType::Dry),
        frozen_ml: volume(SkuType::Frozen),
        weight_g: lines
            .iter()
            .map(|(_, line, units)| u64::from(*units) * u64::from(line.weight_g))
            .sum(),
        lines: lines
            .iter()
            .map(|(line_no, line, units)| WaybillDraftLine {
                line_no: *line_no,
                sku: line.sku.clone(),
                quantity: *units,
                sku_type: line.sku_type,
            })
            .collect(),
    })
}
