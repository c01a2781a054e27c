//! Cases: opened by what happens and by people, one open case a subject and kind, and everything that
//! happens to the subject meanwhile written into it.

use contracts::{CaseKind, CaseStep, OpenCase, Refusal, UpdateCase};
use runtime::Outcome;

use super::{Cause, Decision, Notice};
use crate::book::Book;
use crate::permit;
use crate::state::Case;

/// The steps as the story of a case names them.
mod step {
    pub(super) const OPENED: &str = "OPENED";
    pub(super) const EVENT: &str = "EVENT";
    pub(super) const NOTED: &str = "NOTED";
    pub(super) const ASSIGNED: &str = "ASSIGNED";
    pub(super) const CLOSED: &str = "CLOSED";
    pub(super) const REOPENED: &str = "REOPENED";
}

/// The version of a case that was just opened.
const FIRST_VERSION: u64 = 1;

/// Something happened to a subject. `kind`: it is worth a case of that kind. Every open case of the subject
/// hears of it.
pub(super) fn tell(
    book: &mut Book,
    subject: &str,
    kind: Option<CaseKind>,
    text: &str,
    cause: &Cause,
) -> Vec<Notice> {
    let open: Vec<Case> = book.open_cases(subject).cloned().collect();
    let missing = kind.filter(|kind| open.iter().all(|case| case.kind != *kind));
    let mut notices = Vec::new();
    for case in open {
        let after = Case { version: case.version + 1, ..case };
        notices.push(filed(book, after, step::EVENT, text, cause));
    }
    if let Some(kind) = missing {
        let new = Case {
            id: cause.fresh,
            subject: subject.to_owned(),
            kind,
            open: true,
            assigned_to: None,
            version: FIRST_VERSION,
        };
        notices.push(filed(book, new, step::OPENED, text, cause));
    }
    notices
}

fn filed(book: &mut Book, after: Case, step: &'static str, text: &str, cause: &Cause) -> Notice {
    let notice = Notice::Case(after.changed(), after.version);
    book.file_case(after, step, text.to_owned(), cause.index);
    notice
}

/// A person opens a case. A second question about the same thing goes into the first.
pub(super) fn open(book: &mut Book, asked: &OpenCase, cause: &Cause) -> Decision {
    if let Err(refusal) = permit::service(cause.actor.role, "open cases") {
        return Decision::refused(refusal);
    }
    let (id, subject) = (cause.message_id.0, asked.subject.name());
    if let Some(known) = book.case(id) {
        return about(Outcome::Duplicate, known);
    }
    let kind = CaseKind::Question;
    let (after, step) = match book.open_case(&subject, kind).cloned() {
        Some(case) => (Case { version: case.version + 1, ..case }, step::NOTED),
        None => {
            let (open, assigned_to, version) = (true, None, FIRST_VERSION);
            (Case { id, subject, kind, open, assigned_to, version }, step::OPENED)
        }
    };
    concluded(book, after, step, &asked.text, cause)
}

/// A person goes on with a case.
pub(super) fn update(book: &mut Book, told: &UpdateCase, cause: &Cause) -> Decision {
    if let Err(refusal) = permit::service(cause.actor.role, "work on cases") {
        return Decision::refused(refusal);
    }
    let Some(case) = book.case(told.case_id).cloned() else {
        let detail = format!("there is no case {}: check its id", told.case_id);
        return Decision::refused(Refusal::new("UNKNOWN_CASE", detail));
    };
    if let Err(refusal) = Refusal::check_version("case", case.version, told.expected_version) {
        return Decision::refused(refusal);
    }
    let next = Case { version: case.version + 1, ..case.clone() };
    match &told.step {
        CaseStep::Note { .. } | CaseStep::Assign { .. } if !case.open => {
            let detail = "the case is closed: reopen it first";
            Decision::refused(Refusal::new("CASE_CLOSED", detail))
        }
        CaseStep::Note { text } => concluded(book, next, step::NOTED, text, cause),
        CaseStep::Assign { to } if case.assigned_to.as_ref() == Some(to) => {
            about(Outcome::Duplicate, &case)
        }
        CaseStep::Assign { to } => {
            let after = Case { assigned_to: Some(to.clone()), ..next };
            concluded(book, after, step::ASSIGNED, to, cause)
        }
        CaseStep::Close { .. } if !case.open => about(Outcome::Duplicate, &case),
        CaseStep::Close { text } => {
            concluded(book, Case { open: false, ..next }, step::CLOSED, text, cause)
        }
        CaseStep::Reopen { .. } if case.open => about(Outcome::Duplicate, &case),
        CaseStep::Reopen { text } => match book.open_case(&case.subject, case.kind) {
            Some(other) => {
                let detail = format!("case {} of the same kind is open: go on with that", other.id);
                Decision::refused(Refusal::new("ANOTHER_OPEN", detail))
            }
            None => concluded(book, Case { open: true, ..next }, step::REOPENED, text, cause),
        },
    }
}

fn about(outcome: Outcome, case: &Case) -> Decision {
    Decision { aggregate: Some((case.id.to_string(), case.version)), ..Decision::of(outcome) }
}

fn concluded(
    book: &mut Book,
    after: Case,
    step: &'static str,
    text: &str,
    cause: &Cause,
) -> Decision {
    let decision = about(Outcome::Applied, &after);
    Decision { notices: vec![filed(book, after, step, text, cause)], ..decision }
}
