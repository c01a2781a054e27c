//! The goods of a return: what arrives, what is found when somebody looks at it, and the end.

use std::collections::BTreeMap;

use contracts::{
    CaseKind, CaseSubject, CloseReturn, FieldError, InspectionLine, ReceiptLine,
    RecordReturnInspection, RecordReturnReceipt, Refusal, ReturnStatus,
};
use runtime::Outcome;

use super::{Cause, Decision, Notice, before, cases, replacement, stepped};
use crate::book::Book;
use crate::lifecycle::Step;
use crate::state::{Return, ReturnItem, ReturnKey};

/// Something of the return arrived.
pub(super) fn receive(book: &mut Book, told: &RecordReturnReceipt, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    let it = match before(book, (&key, told.expected_version), Step::Receive, cause) {
        Ok(it) => it,
        Err(decision) => return *decision,
    };
    if it.complete {
        let detail = "nothing more of this return is awaited: a receipt said that it was complete";
        return Decision::refused(Refusal::new("RECEIPT_COMPLETE", detail));
    }
    let mut after = stepped(&it, Step::Receive, cause);
    if let Err(refusal) = each(&mut after, &told.lines, |line| line.line_no, arrive) {
        return Decision::refused(refusal);
    }
    let is_all = after.matched().all(|item| item.received == item.asked.quantity);
    after.complete = told.complete || is_all;
    let mut notices = Vec::new();
    if it.status != ReturnStatus::Received {
        notices.extend(replacement::release(book, it.id, cause));
    }
    if after.complete {
        notices.extend(difference(book, &after, cause));
    }
    after.status = where_it_stands(&after);
    book.file_return(after.clone(), cause.index);
    Decision::changed(&after, notices)
}

fn arrive(item: &mut ReturnItem, told: &ReceiptLine, _complete: bool) -> Result<bool, FieldError> {
    let received = item.received.saturating_add(told.received);
    if received > item.asked.quantity {
        let message = format!(
            "{received} units would have arrived of {} announced: count again",
            item.asked.quantity
        );
        return Err(error(told.line_no, "received", "MORE_THAN_REQUESTED", message));
    }
    item.received = received;
    item.damaged += told.damaged;
    Ok(true)
}

/// Less than announced, or damaged: a person looks at it.
fn difference(book: &mut Book, after: &Return, cause: &Cause) -> Vec<Notice> {
    let differs = |item: &&ReturnItem| item.received < item.asked.quantity || item.damaged > 0;
    let lines: Vec<String> = after
        .matched()
        .filter(differs)
        .map(|item| {
            format!(
                "line {}: {} announced, {} received, {} damaged",
                item.asked.line_no, item.asked.quantity, item.received, item.damaged
            )
        })
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let subject = CaseSubject::Return {
        source: after.key.source.clone(),
        return_ref: after.key.return_ref.clone(),
    };
    cases::tell(book, &subject.name(), Some(CaseKind::ReturnDiffers), &lines.join("; "), cause)
}

/// What arrived was looked at.
pub(super) fn inspect(book: &mut Book, told: &RecordReturnInspection, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    let it = match before(book, (&key, told.expected_version), Step::Inspect, cause) {
        Ok(it) => it,
        Err(decision) => return *decision,
    };
    let mut after = stepped(&it, Step::Inspect, cause);
    match each(&mut after, &told.lines, |line| line.line_no, judge) {
        Err(refusal) => return Decision::refused(refusal),
        Ok(false) => return Decision::about(Outcome::Duplicate, &it),
        Ok(true) => {}
    }
    after.status = where_it_stands(&after);
    book.file_return(after.clone(), cause.index);
    Decision::changed(&after, Vec::new())
}

fn judge(item: &mut ReturnItem, told: &InspectionLine, complete: bool) -> Result<bool, FieldError> {
    let found = [told.restocked, told.written_off, told.refused];
    if item.inspected() > 0 {
        let is_same = found == [item.restocked, item.written_off, item.refused];
        let message = "this line was inspected before with another result".to_owned();
        return if is_same {
            Ok(false)
        } else {
            Err(error(told.line_no, "line_no", "ALREADY_INSPECTED", message))
        };
    }
    if !complete && item.received < item.asked.quantity {
        let message = "more of this line is awaited: record the rest, or that nothing more comes";
        return Err(error(told.line_no, "line_no", "NOT_COMPLETE", message.to_owned()));
    }
    let units = found.iter().fold(0_u32, |sum, units| sum.saturating_add(*units));
    if units != item.received {
        let message = format!("{units} units were inspected of {} received", item.received);
        return Err(error(told.line_no, "restocked", "DIFFERS_FROM_RECEIPT", message));
    }
    [item.restocked, item.written_off, item.refused] = found;
    Ok(true)
}

/// INSPECTED once everything that will ever arrive was looked at.
fn where_it_stands(it: &Return) -> ReturnStatus {
    let is_judged = it.matched().all(|item| item.inspected() == item.received);
    if it.complete && is_judged { ReturnStatus::Inspected } else { ReturnStatus::Received }
}

/// Nothing more is to be done. What the customer has, or has again, may be given back another time: it
/// leaves the return, so that its parts are what it keeps.
pub(super) fn close(book: &mut Book, told: &CloseReturn, cause: &Cause) -> Decision {
    let key = ReturnKey { source: told.source.clone(), return_ref: told.return_ref.clone() };
    let it = match before(book, (&key, told.expected_version), Step::Close, cause) {
        Ok(it) => it,
        Err(decision) => return *decision,
    };
    let mut after = stepped(&it, Step::Close, cause);
    for item in &mut after.items {
        let kept = item.restocked + item.written_off;
        let mut spare = item.asked.quantity.saturating_sub(kept);
        for part in item.parts.iter_mut().rev() {
            let units = spare.min(part.quantity);
            book.set_claim(part.line, |claim| claim.claimed -= units.min(claim.claimed));
            part.quantity -= units;
            spare -= units;
        }
    }
    book.file_return(after.clone(), cause.index);
    Decision::changed(&after, Vec::new())
}

/// Applies each line of a message to its line of the return; all errors are found in one pass. True when
/// anything changed.
fn each<L>(
    it: &mut Return,
    lines: &[L],
    line_no: impl Fn(&L) -> u32,
    apply: impl Fn(&mut ReturnItem, &L, bool) -> Result<bool, FieldError>,
) -> Result<bool, Refusal> {
    let complete = it.complete;
    let matched = it.items.iter_mut().filter(|item| item.verdict.is_match());
    let mut items: BTreeMap<u32, &mut ReturnItem> =
        matched.map(|item| (item.asked.line_no, item)).collect();
    let (mut changed, mut errors) = (lines.is_empty(), Vec::new());
    for line in lines {
        let number = line_no(line);
        let applied = match items.get_mut(&number) {
            Some(item) => apply(item, line, complete),
            None => {
                let message = format!("the return has no line {number}");
                Err(error(number, "line_no", "UNKNOWN_LINE", message))
            }
        };
        match applied {
            Ok(is_new) => changed |= is_new,
            Err(error) => errors.push(error),
        }
    }
    match errors.first() {
        None => Ok(changed),
        Some(first) => {
            let (code, detail) = (first.code.clone(), first.message.clone());
            Err(Refusal { code, detail, errors })
        }
    }
}

fn error(line_no: u32, field: &str, code: &str, message: String) -> FieldError {
    let (field, code) = (Some(field.to_owned()), code.to_owned());
    FieldError { line_no: Some(line_no), field, code, message }
}
