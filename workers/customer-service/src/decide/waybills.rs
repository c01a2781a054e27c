//! What others tell of waybills: it moves returns, frees the units of replacements, and opens cases or goes
//! into those that are open.

use contracts::{
    CancellationDecided, CancellationOverdue, CancellationVerdict, CaseKind, CaseSubject,
    ReportStatus, ReturnStatus, WaybillCancelledButMoved, WaybillKind, WaybillNo, WaybillStatus,
    WaybillStatusChanged,
};
use runtime::Outcome;

use super::{Cause, Decision, Notice, cases, replacement, stepped};
use crate::book::Book;
use crate::lifecycle::{Next, Step};
use crate::settings::Policy;

/// A waybill moved.
pub(super) fn moved(
    book: &mut Book,
    moved: &WaybillStatusChanged,
    cause: &Cause,
    policy: &Policy,
) -> Decision {
    use WaybillStatus as S;
    let is_last_try = moved.failed_attempts >= policy.max_attempts;
    let kind = match moved.to {
        S::Lost => Some(CaseKind::Lost),
        S::Damaged => Some(CaseKind::Damaged),
        S::DeliveryFailed | S::PickupFailed if is_last_try => Some(CaseKind::DeliveryFailed),
        S::Created
        | S::Acknowledged
        | S::Picked
        | S::Packed
        | S::Loaded
        | S::Dispatched
        | S::OutForDelivery
        | S::ReadyForCollection
        | S::DeliveryFailed
        | S::Delivered
        | S::Returning
        | S::ReturnedToOrigin
        | S::Cancelled
        | S::OutForPickup
        | S::PickupFailed
        | S::Collected => None,
    };
    let mut decision = told(book, &moved.waybill_no, kind, &story(moved), cause);
    match (moved.kind, moved.to) {
        (WaybillKind::Return, S::Collected | S::Delivered) => {
            collect(book, moved, cause, &mut decision);
        }
        (WaybillKind::Replacement, S::Cancelled) => {
            if replacement::gone(book, &moved.waybill_no, cause) {
                decision.outcome = Outcome::Applied;
            }
        }
        (WaybillKind::Return, _) => {}
        (_, S::DeliveryFailed) if is_last_try => {
            decision.notices.push(send_back(moved));
        }
        (WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer, _) => {}
    }
    decision
}

fn story(moved: &WaybillStatusChanged) -> String {
    let WaybillStatusChanged { waybill_no, to, attempt, failed_attempts, occurred_at, .. } = moved;
    format!(
        "waybill {waybill_no} is {} since {occurred_at} (attempt {attempt}, {failed_attempts} failed)",
        to.as_str()
    )
}

/// It was tried as often as it is: the parcel goes back to where it came from.
fn send_back(moved: &WaybillStatusChanged) -> Notice {
    Notice::Report(ReportStatus {
        waybill_no: moved.waybill_no.clone(),
        status: WaybillStatus::Returning,
        attempt: (moved.attempt > 0).then_some(moved.attempt),
        route_ref: None,
        occurred_at: moved.occurred_at,
        reason: Some(format!("{} failed attempts", moved.failed_attempts)),
    })
}

/// The goods of a return are with us, or on their way. A receipt says what they are.
fn collect(book: &mut Book, moved: &WaybillStatusChanged, cause: &Cause, decision: &mut Decision) {
    let Some(it) = book.fetched_by(&moved.waybill_no).cloned() else {
        return;
    };
    match Step::Collect.from(it.status) {
        Next::To(_) => {
            let after = stepped(&it, Step::Collect, cause);
            book.file_return(after.clone(), cause.index);
            let notices = std::mem::take(&mut decision.notices);
            *decision = Decision::changed(&after, notices);
        }
        Next::Never if it.status == ReturnStatus::Cancelled => {
            let text = format!(
                "it was cancelled, and waybill {} was fetched all the same: ask for the return again, \
                 or send the goods back",
                moved.waybill_no
            );
            let (source, return_ref) = (it.key.source.clone(), it.key.return_ref.clone());
            let subject = CaseSubject::Return { source, return_ref }.name();
            let kind = Some(CaseKind::ReturnDiffers);
            decision.notices.extend(cases::tell(book, &subject, kind, &text, cause));
            decision.outcome = Outcome::Applied;
        }
        Next::Already | Next::Never => {}
    }
}

/// A cancelled waybill moved all the same.
pub(super) fn moved_cancelled(
    book: &mut Book,
    moved: &WaybillCancelledButMoved,
    cause: &Cause,
) -> Decision {
    let text = format!(
        "waybill {} was cancelled and is {} since {} (attempt {})",
        moved.waybill_no,
        moved.status.as_str(),
        moved.occurred_at,
        moved.attempt
    );
    told(book, &moved.waybill_no, Some(CaseKind::CancelledButMoved), &text, cause)
}

/// Nobody answers a question for cancellation.
pub(super) fn overdue(book: &mut Book, overdue: &CancellationOverdue, cause: &Cause) -> Decision {
    let text = format!(
        "nobody has answered question {} for the cancellation of waybill {}, asked at {}",
        overdue.question, overdue.waybill_no, overdue.asked_at
    );
    told(book, &overdue.waybill_no, Some(CaseKind::CancellationOverdue), &text, cause)
}

/// A cancellation was refused: the customer is offered a return.
pub(super) fn cancellation_decided(
    book: &mut Book,
    decided: &CancellationDecided,
    cause: &Cause,
) -> Decision {
    let CancellationDecided { waybill_no, verdict, reason, occurred_at } = decided;
    let reason = reason.as_deref().unwrap_or("no reason given");
    let (kind, text) = match verdict {
        CancellationVerdict::Accepted => (
            None,
            format!("the cancellation of waybill {waybill_no} was accepted at {occurred_at}"),
        ),
        CancellationVerdict::Rejected => (
            Some(CaseKind::CancellationRejected),
            format!(
                "the cancellation of waybill {waybill_no} was refused at {occurred_at} ({reason}): offer \
                 the customer a return"
            ),
        ),
    };
    told(book, waybill_no, kind, &text, cause)
}

fn told(
    book: &mut Book,
    waybill_no: &WaybillNo,
    kind: Option<CaseKind>,
    text: &str,
    cause: &Cause,
) -> Decision {
    let subject = CaseSubject::Waybill { waybill_no: waybill_no.clone() }.name();
    let notices = cases::tell(book, &subject, kind, text, cause);
    let outcome = if notices.is_empty() { Outcome::Stale } else { Outcome::Applied };
    Decision { notices, ..Decision::of(outcome) }
}
