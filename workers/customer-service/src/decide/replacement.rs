//! Replacements: goods of an order are sent again, at once or when the return has arrived.

use std::collections::BTreeMap;

use contracts::{
    FieldError, FirstHold, FulfilledBy, HoldHandle, HoldInstance, HoldReason, InvalidId, Merchant,
    Refusal, ReleaseHold, ReplacementTiming, RequestReplacement, Requester, ReturnStatus, Store,
    WaybillKind, WaybillNo, WaybillsRequested,
};
use queue_topology::WorkerKind;
use runtime::Outcome;
use uuid::Uuid;

use super::approval::{accepted, cancelled, draft};
use super::{Cause, Decision, Notice};
use crate::book::Book;
use crate::permit;
use crate::state::{LineKey, OrderLine, Replacement, ReplacementState, ReturnKey};

/// Our name for the hold of a replacement that waits for a return.
const HANDLE: &str = "return";

/// One waybill for each of these.
type Seller = (Merchant, Option<Store>, FulfilledBy);

/// Goods shall be sent again.
///
/// # Errors
/// A waybill's number leaves no room for the suffix.
pub(super) fn replace(
    book: &mut Book,
    asked: &RequestReplacement,
    cause: &Cause,
) -> Result<Decision, InvalidId> {
    if let Err(refusal) = permit::service(cause.actor.role, "send goods again") {
        return Ok(Decision::refused(refusal));
    }
    let Some((order_id, order)) = book.order_of(&asked.source, &asked.order_ref) else {
        let detail = format!("there is no order {}/{}", asked.source, asked.order_ref);
        return Ok(Decision::refused(Refusal::new("UNKNOWN_ORDER", detail)));
    };
    let (order, name) = (order.clone(), format!("{}/{}", asked.source, asked.order_ref));
    let awaited = match awaited_return(book, asked) {
        Ok(awaited) => awaited,
        Err(refusal) => return Ok(Decision::refused(refusal)),
    };
    if let Err(refusal) = check(book, order_id, asked) {
        return Ok(Decision::refused(refusal));
    }
    let mut drafts = Vec::new();
    for (seller, lines) in by_seller(book, order_id, asked) {
        let n = book.next_replacement(order_id);
        let waybill_no = WaybillNo::of_replacement(&asked.source, &asked.order_ref, n)?;
        let units: Vec<(u32, u32)> = lines.iter().map(|(no, _, units)| (*no, *units)).collect();
        if let Some(mut draft) =
            draft(waybill_no.clone(), WaybillKind::Replacement, seller.2, &lines)
        {
            draft.hold = awaited.map(|_| first_hold()).transpose()?;
            drafts.push(draft);
        }
        for (line_no, units) in &units {
            let line = LineKey { order_id, line_no: *line_no };
            book.set_claim(line, |claim| claim.replaced += units);
        }
        let state =
            if awaited.is_some() { ReplacementState::Waiting } else { ReplacementState::Sent };
        let (return_id, reason) = (awaited, asked.reason.clone());
        let new = Replacement { waybill_no, order_id, return_id, state, reason, lines: units };
        book.file_replacement(new, cause.index);
    }
    let when = (asked.delivery_date, asked.timeslot.clone());
    let order = accepted(order_id, &order, asked.occurred_at, when, drafts);
    let wanted = WaybillsRequested { by: Requester::CustomerService, order };
    let version = u64::from(book.numbers(order_id).replacements);
    Ok(Decision {
        aggregate: Some((name, version)),
        notices: vec![Notice::Waybills(Box::new(wanted))],
        ..Decision::of(Outcome::Applied)
    })
}

/// The return that has to arrive first; none when it has, or nothing has to.
fn awaited_return(book: &Book, asked: &RequestReplacement) -> Result<Option<Uuid>, Refusal> {
    let ReplacementTiming::AfterReturn { return_ref } = &asked.timing else {
        return Ok(None);
    };
    let key = ReturnKey { source: asked.source.clone(), return_ref: return_ref.clone() };
    let Some(it) = book.get_return(&key) else {
        let detail = format!("there is no return {}: check the number", key.name());
        return Err(Refusal::new("UNKNOWN_RETURN", detail));
    };
    match it.status {
        ReturnStatus::Requested | ReturnStatus::Approved | ReturnStatus::Collected => {
            Ok(Some(it.id))
        }
        ReturnStatus::Received | ReturnStatus::Inspected | ReturnStatus::Closed => Ok(None),
        ReturnStatus::Rejected | ReturnStatus::Cancelled => {
            let detail = format!(
                "return {} is {}: nothing of it will arrive",
                key.name(),
                it.status.as_str()
            );
            Err(Refusal::new("RETURN_ENDED", detail))
        }
    }
}

/// Never more than was delivered or will never come, all replacements together.
fn check(book: &Book, order_id: Uuid, asked: &RequestReplacement) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    for line in &asked.lines {
        let key = LineKey { order_id, line_no: line.line_no };
        let left = book.replaceable(key);
        let (code, message) = match book.line(key) {
            None => ("UNKNOWN_LINE", format!("the order has no line {}", line.line_no)),
            Some(_) if line.quantity > left => (
                "QUANTITY_EXCEEDS",
                format!("{left} units of line {} can be sent again", line.line_no),
            ),
            Some(_) => continue,
        };
        errors.push(FieldError {
            line_no: Some(line.line_no),
            field: Some("quantity".to_owned()),
            code: code.to_owned(),
            message,
        });
    }
    match errors.first() {
        None => Ok(()),
        Some(first) => {
            let (code, detail) = (first.code.clone(), first.message.clone());
            Err(Refusal { code, detail, errors })
        }
    }
}

fn by_seller(
    book: &Book,
    order_id: Uuid,
    asked: &RequestReplacement,
) -> BTreeMap<Seller, Vec<(u32, OrderLine, u32)>> {
    let mut sellers: BTreeMap<Seller, Vec<(u32, OrderLine, u32)>> = BTreeMap::new();
    for asked in &asked.lines {
        if let Some(line) = book.line(LineKey { order_id, line_no: asked.line_no }) {
            let seller = (line.merchant.clone(), line.store.clone(), line.fulfilled_by);
            let entry = (asked.line_no, line.clone(), asked.quantity);
            sellers.entry(seller).or_default().push(entry);
        }
    }
    sellers
}

/// The hold is ours: its owner is the user that this worker logs in as, so that we may release it.
fn first_hold() -> Result<FirstHold, InvalidId> {
    Ok(FirstHold {
        owner: WorkerKind::CustomerService.user(),
        handle: HoldHandle::new(HANDLE)?,
        reason: HoldReason::AwaitingReturnItems,
    })
}

/// The return has arrived: what waited for it goes out.
pub(super) fn release(book: &mut Book, return_id: Uuid, cause: &Cause) -> Vec<Notice> {
    let mut notices = Vec::new();
    for waiting in waiting_for(book, return_id) {
        if let Ok(handle) = HoldHandle::new(HANDLE) {
            notices.push(Notice::Release(ReleaseHold {
                waybill_no: waiting.waybill_no.clone(),
                handle,
                instance: HoldInstance::default(),
                owner: None,
                expected_version: None,
                occurred_at: cause.now,
            }));
        }
        let sent = Replacement { state: ReplacementState::Sent, ..waiting };
        book.file_replacement(sent, cause.index);
    }
    notices
}

/// The return will never arrive: nothing is sent for it.
pub(super) fn without_return(book: &mut Book, return_id: Uuid, cause: &Cause) -> Vec<Notice> {
    let mut notices = Vec::new();
    for waiting in waiting_for(book, return_id) {
        let reason = "the return it waited for has ended";
        notices.push(cancelled(&waiting.waybill_no, Some(reason), cause));
        forget(book, waiting, cause);
    }
    notices
}

/// Its waybill was cancelled: its units may be sent another time. True when that is news.
pub(super) fn gone(book: &mut Book, waybill_no: &WaybillNo, cause: &Cause) -> bool {
    let known = book.replacement(waybill_no).cloned();
    match known.filter(|it| it.state != ReplacementState::Cancelled) {
        Some(replacement) => {
            forget(book, replacement, cause);
            true
        }
        None => false,
    }
}

fn forget(book: &mut Book, replacement: Replacement, cause: &Cause) {
    for (line_no, units) in &replacement.lines {
        let line = LineKey { order_id: replacement.order_id, line_no: *line_no };
        book.set_claim(line, |claim| claim.replaced -= (*units).min(claim.replaced));
    }
    let cancelled = Replacement { state: ReplacementState::Cancelled, ..replacement };
    book.file_replacement(cancelled, cause.index);
}

fn waiting_for(book: &Book, return_id: Uuid) -> Vec<Replacement> {
    let mut waiting = book.replacements_of(return_id);
    waiting.retain(|it| it.state == ReplacementState::Waiting);
    waiting
}
