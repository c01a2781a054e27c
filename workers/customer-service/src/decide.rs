//! What becomes of each message: pure decisions on the book of a batch.
//!
//! What lives here: who decides which message, and what every decision is made of. What never does: IO,
//! the clock, generated ids (a fresh one is handed in).

mod approval;
mod cases;
mod content;
mod goods;
pub(crate) mod matching;
mod replacement;
mod request;
mod waybills;

use contracts::{
    Actor, CancelWaybill, CaseChanged, InvalidId, ItemReply, MessageId, Refusal, ReleaseHold,
    ReportStatus, ReturnChanged, Timestamp, WaybillsRequested,
};
use runtime::Outcome;
use uuid::Uuid;

use crate::book::Book;
use crate::lifecycle::{Next, Step};
use crate::message::Incoming;
use crate::permit;
use crate::settings::Policy;
use crate::state::{Return, ReturnKey};

/// The message that is decided on.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// Its place in the batch.
    pub index: usize,
    /// Its id.
    pub message_id: MessageId,
    /// On whose behalf.
    pub actor: Actor,
    /// An id for whatever it makes.
    pub fresh: Uuid,
    /// Now.
    pub now: Timestamp,
}

/// What others are told, with the version of the row it is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notice {
    Return(Box<ReturnChanged>),
    Case(CaseChanged, u64),
    Waybills(Box<WaybillsRequested>),
    Release(ReleaseHold),
    Cancel(CancelWaybill),
    Report(ReportStatus),
}

/// How a message ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub outcome: Outcome,
    pub items: Vec<ItemReply>,
    /// What was changed, and its version then.
    pub aggregate: Option<(String, u64)>,
    pub notices: Vec<Notice>,
}

impl Decision {
    const fn of(outcome: Outcome) -> Self {
        Self { outcome, items: Vec::new(), aggregate: None, notices: Vec::new() }
    }

    const fn refused(refusal: Refusal) -> Self {
        Self::of(Outcome::Rejected(refusal))
    }

    /// An outcome for a return as it stands.
    fn about(outcome: Outcome, it: &Return) -> Self {
        Self { aggregate: Some((it.key.name(), it.version)), ..Self::of(outcome) }
    }

    /// A return changed: everybody is told.
    fn changed(after: &Return, mut more: Vec<Notice>) -> Self {
        let event = ReturnChanged { standing: after.standing() };
        more.insert(0, Notice::Return(Box::new(event)));
        Self { notices: more, ..Self::about(Outcome::Applied, after) }
    }
}

/// Decides about one message. The book is as it was when nothing comes of it.
///
/// # Errors
/// A waybill's number leaves no room for the suffix.
pub(crate) fn decide(
    book: &mut Book,
    message: &Incoming,
    cause: &Cause,
    policy: &Policy,
) -> Result<Decision, InvalidId> {
    match message {
        Incoming::Request(asked) => request::request(book, asked, cause, policy),
        Incoming::Approve(told) => Ok(approval::approve(book, told, cause)),
        Incoming::Reject(told) => Ok(approval::reject(book, told, cause)),
        Incoming::Cancel(told) => Ok(approval::cancel(book, told, cause)),
        Incoming::Receipt(told) => Ok(goods::receive(book, told, cause)),
        Incoming::Inspection(told) => Ok(goods::inspect(book, told, cause)),
        Incoming::Close(told) => Ok(goods::close(book, told, cause)),
        Incoming::Replace(asked) => replacement::replace(book, asked, cause),
        Incoming::OpenCase(asked) => Ok(cases::open(book, asked, cause)),
        Incoming::UpdateCase(told) => Ok(cases::update(book, told, cause)),
        Incoming::Moved(moved) => Ok(waybills::moved(book, moved, cause)),
        Incoming::AttemptFailed(failed) => {
            Ok(waybills::attempt_failed(book, failed, cause, policy))
        }
        Incoming::MovedCancelled(moved) => Ok(waybills::moved_cancelled(book, moved, cause)),
        Incoming::Overdue(overdue) => Ok(waybills::overdue(book, overdue, cause)),
        Incoming::Decided(decided) => Ok(waybills::cancellation_decided(book, decided, cause)),
    }
}

/// The return of a command, before this step; or how the command ends without it. Its sender may have `seen` a
/// version.
fn before(
    book: &Book,
    (key, seen): (&ReturnKey, Option<u64>),
    step: Step,
    cause: &Cause,
) -> Result<Return, Box<Decision>> {
    let end = |decision| Err(Box::new(decision));
    if let Err(refusal) = step.permit(cause.actor.role) {
        return end(Decision::refused(refusal));
    }
    let is_own =
        |it: &&Return| permit::sees(&cause.actor, &it.key.source, it.customer_ref.as_ref());
    let Some(it) = book.get_return(key).filter(is_own) else {
        let detail = format!("there is no return {} of yours: check the number", key.name());
        return end(Decision::refused(Refusal::new("UNKNOWN_RETURN", detail)));
    };
    if let Err(refusal) = Refusal::check_version("return", it.version, seen) {
        return end(Decision::refused(refusal));
    }
    match step.from(it.status) {
        Next::To(_) => Ok(it.clone()),
        Next::Already => end(Decision::about(Outcome::Duplicate, it)),
        Next::Never => end(Decision::refused(step.never(it.status))),
    }
}

/// The return after a step: raised by one version.
fn stepped(before: &Return, step: Step, cause: &Cause) -> Return {
    Return {
        status: step.row().to,
        version: before.version + 1,
        updated_at: cause.now,
        ..before.clone()
    }
}
