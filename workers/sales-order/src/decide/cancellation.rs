//! Requests for cancellation, the answers of whoever picks, and questions that wait.
//!
//! What lives here: what a request leads to, whose answer counts, when a question is closed without one.
//! What never does: which status allows what (the table in `lifecycle.rs`).

use chrono::TimeDelta;
use contracts::{
    Actor, CancellationAsked, CancellationDecided, CancellationOverdue, CancellationVerdict,
    FulfilledBy, InvalidId, RecordCancellationAnswer, Refusal, SalesOrderLine, Timestamp,
    WaybillKind, WaybillNo,
};
use runtime::Outcome;

use super::events::submitted;
use super::succession::{given_up, granted, refused_event};
use super::{Decision, Event, Note, SalesOrder, shortened};
use crate::lifecycle::{OnRequest, may_answer, may_request};
use crate::standing::Submission;
use crate::waybill::{Waybill, sees};

/// Characters of a name that are kept.
const NAME_CHARS: usize = 128;
/// Who decides where nobody has to be asked.
pub(super) const SELF: &str = "sales-order";

pub(super) const NOBODY_PREPARES_IT: &str = "nobody prepares it yet";
const HANDED_OVER: &str = "the parcel was handed over: offer a return";
const ON_THE_ROAD: &str = "the parcel is on the road or further: offer a return";

/// Somebody wants a waybill cancelled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub waybill_no: &'a WaybillNo,
    /// Who asks, for people.
    pub by: &'a str,
    pub reason: Option<&'a str>,
    pub occurred_at: Timestamp,
}

/// Who said something, and why; as columns keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub by: String,
    pub reason: Option<String>,
}

impl Said {
    pub(super) fn new(by: &str, reason: Option<&str>) -> Self {
        Self { by: by.chars().take(NAME_CHARS).collect(), reason: reason.map(shortened) }
    }
}

/// What a yes leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The waybill is cancelled.
    Cancel,
    /// Another warehouse prepares it.
    Transfer,
}

/// A question for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub waybill_no: WaybillNo,
    pub question: u32,
    pub purpose: Purpose,
    pub said: Said,
    /// None: it waits for an answer.
    pub decided: Option<(CancellationVerdict, Said)>,
}

/// How a question that waited was decided, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub waybill_no: WaybillNo,
    pub question: u32,
    pub verdict: CancellationVerdict,
    pub said: Said,
}

/// A question that was asked for a transfer and decides a cancellation now, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenOver {
    pub waybill_no: WaybillNo,
    pub question: u32,
    pub said: Said,
}

/// A question that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenQuestion {
    pub number: u32,
    pub asked_at: Timestamp,
    /// True once others were told that nobody answers.
    pub is_told: bool,
    /// The conversation of who asked.
    pub correlation_id: Option<String>,
}

/// What a second look at a question says.
#[derive(Debug)]
pub(crate) enum Look {
    /// It waits.
    Waits,
    /// It is decided without an answer.
    Decided(Box<Decision>),
    /// Others are to be told that nobody answers.
    Overdue(CancellationOverdue),
}

/// Whether this actor may ask for the cancellation of this waybill.
///
/// # Errors
/// NOT_ALLOWED, UNKNOWN_WAYBILL.
pub(crate) fn permit_request(actor: &Actor, waybill: Option<&Waybill>) -> Result<(), Refusal> {
    if !may_request(actor.role) {
        return Err(Refusal::new(
            "NOT_ALLOWED",
            "customer service, an operator, an administrator or the merchant of the goods may \
             ask for the cancellation of a waybill",
        ));
    }
    see(actor, waybill)
}

pub(super) fn see(actor: &Actor, waybill: Option<&Waybill>) -> Result<(), Refusal> {
    if sees(actor, waybill) {
        return Ok(());
    }
    Err(Refusal::new("UNKNOWN_WAYBILL", "there is no such waybill of yours"))
}

/// Somebody who may wants the waybill cancelled. Where nobody prepares it, it is; also one that does not
/// exist yet. Whoever picks is asked otherwise. What is handed over or on the road is refused, and leaves
/// no trace: there is nothing to come back to.
///
/// # Errors
/// The waybill's number leaves no room for the suffix.
pub(crate) fn request(
    current: Option<&SalesOrder>,
    waybill: Option<&Waybill>,
    request: Request<'_>,
    now: Timestamp,
) -> Result<Decision, InvalidId> {
    let order = match current {
        Some(current) => current.clone(),
        None => SalesOrder::without_place(request.waybill_no, picked_by(waybill))?,
    };
    let on_request = order.standing.row().on_request;
    let is_gone = waybill.is_some_and(Waybill::is_on_the_road);
    Ok(match on_request {
        OnRequest::Known if order.standing.is_moving() && is_gone => {
            too_late(&order, ON_THE_ROAD, now)
        }
        OnRequest::Known if order.standing.is_moving() => take_over(order, request, now),
        OnRequest::Known => Decision::unchanged(Outcome::Duplicate),
        OnRequest::Cancel | OnRequest::Ask if is_gone => too_late(&order, ON_THE_ROAD, now),
        OnRequest::Refuse => too_late(&order, HANDED_OVER, now),
        OnRequest::Cancel => cancel(order, request, now),
        OnRequest::Ask => ask(order, waybill, request),
    })
}

/// Who would have to be asked about a waybill without a sales order. Nobody picks what comes back.
fn picked_by(waybill: Option<&Waybill>) -> Submission {
    match waybill.map(|waybill| (waybill.kind, waybill.fulfilled_by)) {
        Some((WaybillKind::Forward | WaybillKind::Replacement, FulfilledBy::Merchant)) => {
            Submission::Merchant
        }
        Some((WaybillKind::Forward | WaybillKind::Replacement, FulfilledBy::Warehouse))
        | Some((WaybillKind::Return | WaybillKind::Transfer, _))
        | None => Submission::Waiting,
    }
}

fn too_late(order: &SalesOrder, why: &str, now: Timestamp) -> Decision {
    let verdict = CancellationVerdict::Rejected;
    Decision {
        events: vec![decided(order, verdict, Some(why), now)],
        ..Decision::refused(Refusal::new("CANCEL_TOO_LATE", why))
    }
}

fn cancel(mut order: SalesOrder, request: Request<'_>, now: Timestamp) -> Decision {
    let verdict = CancellationVerdict::Accepted;
    let question = order.standing.ask(Some(verdict));
    order.version += 1;
    let note = Note::Asked(Asked {
        waybill_no: order.waybill_no.clone(),
        question,
        purpose: Purpose::Cancel,
        said: Said::new(request.by, request.reason),
        decided: Some((verdict, Said::new(SELF, Some(NOBODY_PREPARES_IT)))),
    });
    Decision {
        events: vec![decided(&order, verdict, request.reason, now)],
        note: Some(note),
        ..Decision::changed(Outcome::Applied, order)
    }
}

fn ask(mut order: SalesOrder, waybill: Option<&Waybill>, request: Request<'_>) -> Decision {
    let question = order.standing.ask(None);
    order.version += 1;
    let said = Said::new(request.by, request.reason);
    let merchant_picks = order.standing.submission() == Submission::Merchant;
    let merchant = waybill.map(|waybill| waybill.merchant.clone());
    let event = Event::CancellationAsked(CancellationAsked {
        waybill_no: order.waybill_no.clone(),
        sales_order_no: (!merchant_picks).then(|| order.number.clone()),
        question,
        fulfilled_by: if merchant_picks { FulfilledBy::Merchant } else { FulfilledBy::Warehouse },
        warehouse: order.fulfilment.as_ref().map(|fulfilment| fulfilment.warehouse.clone()),
        merchant: merchant.filter(|_| merchant_picks),
        reason: said.reason.clone(),
        occurred_at: request.occurred_at,
    });
    let (waybill_no, purpose) = (order.waybill_no.clone(), Purpose::Cancel);
    Decision {
        events: vec![event],
        note: Some(Note::Asked(Asked { waybill_no, question, purpose, said, decided: None })),
        ..Decision::changed(Outcome::Parked, order)
    }
}

/// The warehouse was asked to give it up already, for a transfer: a yes will cancel it instead.
fn take_over(mut order: SalesOrder, request: Request<'_>, now: Timestamp) -> Decision {
    let question = order.standing.open_question().unwrap_or_default();
    let events = given_up(&order, now).into_iter().collect();
    order.standing.cancel_instead();
    order.next = None;
    order.version += 1;
    let (waybill_no, said) = (order.waybill_no.clone(), Said::new(request.by, request.reason));
    Decision {
        events,
        note: Some(Note::TakenOver(TakenOver { waybill_no, question, said })),
        ..Decision::changed(Outcome::Parked, order)
    }
}

/// Whoever picks answered. The first answer to the open question decides it; a yes comes too late once the
/// parcel is on the road, and gives the goods to another warehouse where the question was asked for that.
/// After a no the warehouse hears again what it is to prepare, because it heard
/// nothing of a new place while the question was open; `lines` are those of the sales order.
///
/// # Errors
/// The number of a successor, or of a waybill for its goods, has no room.
pub(crate) fn answer(
    current: Option<&SalesOrder>,
    waybill: Option<&Waybill>,
    told: &RecordCancellationAnswer,
    actor: &Actor,
    (lines, now): (&[SalesOrderLine], Timestamp),
) -> Result<Decision, InvalidId> {
    let merchant_picks =
        current.is_some_and(|order| order.standing.submission() == Submission::Merchant);
    if let Err(refusal) = permit_answer(actor, waybill, merchant_picks) {
        return Ok(Decision::refused(refusal));
    }
    let asked = current.and_then(|order| Some((order, order.standing.question()?)));
    let Some((order, last)) = asked else {
        return Ok(Decision::refused(Refusal::new(
            "NOT_ASKED",
            format!("nobody was asked to cancel {}", told.waybill_no),
        )));
    };
    if order.standing.open_question() != Some(told.question) {
        let is_known = last.number == told.question && last.verdict() == Some(told.answer);
        let outcome = if is_known { Outcome::Duplicate } else { Outcome::Stale };
        return Ok(Decision::unchanged(outcome));
    }
    if waybill.is_some_and(Waybill::is_on_the_road) {
        let said = Said::new(SELF, Some(ON_THE_ROAD));
        return Ok(close(order, CancellationVerdict::Rejected, said, now));
    }
    let said = Said::new(&actor.subject, told.reason.as_deref());
    if let (Some(to), CancellationVerdict::Accepted) = (&order.next, told.answer) {
        return granted(order, to, waybill, said, (lines, now));
    }
    let mut decision = close(order, told.answer, said, now);
    let again = decision.changed.as_ref().and_then(|order| submitted(order, lines));
    decision.events.extend(again);
    Ok(decision)
}

fn permit_answer(
    actor: &Actor,
    waybill: Option<&Waybill>,
    merchant_picks: bool,
) -> Result<(), Refusal> {
    if !may_answer(actor.role, merchant_picks) {
        let who = if merchant_picks { "merchant" } else { "warehouse" };
        return Err(Refusal::new(
            "NOT_ALLOWED",
            format!("only the {who} that picks, an operator or an administrator may answer"),
        ));
    }
    see(actor, waybill)
}

/// A look at an open question: the road answers it, and somebody has to see to one that waits too long.
pub(crate) fn look_again(
    order: &SalesOrder,
    waybill: Option<&Waybill>,
    question: &OpenQuestion,
    patience: TimeDelta,
    now: Timestamp,
) -> Look {
    if order.standing.open_question() != Some(question.number) {
        return Look::Waits;
    }
    if waybill.is_some_and(Waybill::is_on_the_road) {
        let said = Said::new(SELF, Some(ON_THE_ROAD));
        return Look::Decided(Box::new(close(order, CancellationVerdict::Rejected, said, now)));
    }
    let is_overdue = now.as_datetime() - question.asked_at.as_datetime() >= patience;
    if question.is_told || !is_overdue {
        return Look::Waits;
    }
    Look::Overdue(CancellationOverdue {
        waybill_no: order.waybill_no.clone(),
        question: question.number,
        asked_at: question.asked_at,
    })
}

/// Decides the open question, where the goods go to no other warehouse.
fn close(
    current: &SalesOrder,
    verdict: CancellationVerdict,
    said: Said,
    now: Timestamp,
) -> Decision {
    let mut order = current.clone();
    let question = order.standing.open_question().unwrap_or_default();
    order.standing.answer(verdict);
    order.next = None;
    order.version += 1;
    let reason = said.reason.as_deref();
    let events = vec![match &current.next {
        Some(to) => refused_event(current, to, reason, now),
        None => decided(&order, verdict, reason, now),
    }];
    let waybill_no = order.waybill_no.clone();
    let note = Note::Decided(Decided { waybill_no, question, verdict, said });
    Decision { events, note: Some(note), ..Decision::changed(Outcome::Applied, order) }
}

fn decided(
    order: &SalesOrder,
    verdict: CancellationVerdict,
    reason: Option<&str>,
    now: Timestamp,
) -> Event {
    Event::CancellationDecided(CancellationDecided {
        waybill_no: order.waybill_no.clone(),
        verdict,
        reason: reason.map(shortened),
        occurred_at: now,
    })
}
