//! What others tell of waybills: it moves returns, frees the units of replacements, and opens cases or goes
//! into those that are open.

use contracts::{
    CancellationDecided, CancellationOverdue, CancellationVerdict, CaseKind, CaseSubject,
    ReportStatus, ReturnStatus, Way, WaybillAttemptFailed, WaybillCancelledButMoved, WaybillKind,
    WaybillNo, WaybillStatus, WaybillStatusChanged,
};
use runtime::Outcome;

use super::{Cause, Decision, Notice, cases, replacement, stepped};
use crate::book::Book;
use crate::lifecycle::{Next, Step};
use crate::settings::Policy;

/// A waybill moved.
pub(super) fn moved(book: &mut Book, moved: &WaybillStatusChanged, cause: &Cause) -> Decision {
    use WaybillStatus as S;
    let kind = match moved.to {
        S::Lost => Some(CaseKind::Lost),
        S::Damaged => Some(CaseKind::Damaged),
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
        (
            WaybillKind::Forward
            | WaybillKind::Replacement
            | WaybillKind::Transfer
            | WaybillKind::Return,
            _,
        ) => {}
    }
    decision
}

/// An attempt came to nothing. After the last one a person looks at it, and the parcel goes back: unless it
/// is out on a further attempt already, which may end well, or is somewhere for good.
pub(super) fn attempt_failed(
    book: &mut Book,
    failed: &WaybillAttemptFailed,
    cause: &Cause,
    policy: &Policy,
) -> Decision {
    let row = Way::of(failed.kind).row(failed.status);
    let is_over = row.is_some_and(|row| row.terminal);
    let is_last_try = failed.failed_attempts >= policy.max_attempts && !is_over;
    let kind = is_last_try.then_some(CaseKind::DeliveryFailed);
    let mut decision = told(book, &failed.waybill_no, kind, &failure(failed), cause);
    if is_last_try && failed.status == WaybillStatus::DeliveryFailed {
        decision.notices.push(send_back(failed));
    }
    decision
}

fn failure(failed: &WaybillAttemptFailed) -> String {
    let WaybillAttemptFailed { waybill_no, attempt, occurred_at, failed_attempts, .. } = failed;
    let reason = failed.reason.as_deref().unwrap_or("no reason given");
    format!(
        "attempt {attempt} of waybill {waybill_no} failed at {occurred_at} ({reason}); {failed_attempts} \
         failed so far"
    )
}

fn story(moved: &WaybillStatusChanged) -> String {
    let WaybillStatusChanged { waybill_no, to, attempt, failed_attempts, occurred_at, .. } = moved;
    format!(
        "waybill {waybill_no} is {} since {occurred_at} (attempt {attempt}, {failed_attempts} failed)",
        to.as_str()
    )
}

/// It was tried as often as it is: the parcel goes back to where it came from.
fn send_back(failed: &WaybillAttemptFailed) -> Notice {
    Notice::Report(ReportStatus {
        waybill_no: failed.waybill_no.clone(),
        status: WaybillStatus::Returning,
        attempt: Some(failed.status_attempt),
        route_ref: None,
        expected_version: None,
        occurred_at: failed.occurred_at,
        reason: Some(format!("{} failed attempts", failed.failed_attempts)),
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
