//! Sales orders that take the place of others: at the same warehouse after a no, or at another one.
//!
//! What lives here: when that may be, who is asked before, what both are afterwards, and what becomes of
//! goods that were picked already. What never does: which status allows what (the table in `lifecycle.rs`).

use contracts::{
    Actor, CancellationAsked, CancellationVerdict, FulfilledBy, InvalidId, Refusal, Role,
    SalesOrderLine, SalesOrderNo, SalesOrderTransferDecided, Timestamp, WarehouseCode,
};
use runtime::Outcome;

use super::cancellation::{Asked, Decided, NOBODY_PREPARES_IT, Purpose, SELF, Said, see};
use super::events::submitted;
use super::ride::ride;
use super::{Decision, Event, Lines, Note, SalesOrder, count_of, permit, shortened};
use crate::lifecycle::{Fact, OnTransfer, may_replace};
use crate::network::{Fulfilment, Network, NoFulfilment};
use crate::settings::SubmitAt;
use crate::standing::Submission;
use crate::waybill::Waybill;

/// Why a transfer ends when the waybill is to be cancelled altogether.
const CANCELLATION_ASKED: &str = "the cancellation of the waybill was asked for";

/// Somebody wants another warehouse to prepare it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub number: &'a SalesOrderNo,
    /// Who asks, for people.
    pub by: &'a str,
    pub reason: Option<&'a str>,
    pub occurred_at: Timestamp,
}

/// What such a wish is decided on: the sales order in force with its lines, and the waybill's own row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub current: Option<&'a SalesOrder>,
    pub lines: &'a [SalesOrderLine],
    pub waybill: Option<&'a Waybill>,
}

/// Whether this actor may have sales orders of this waybill replaced.
///
/// # Errors
/// NOT_ALLOWED, UNKNOWN_WAYBILL.
pub(crate) fn permit_wish(actor: &Actor, waybill: Option<&Waybill>) -> Result<(), Refusal> {
    if !may_replace(actor.role) {
        return Err(Refusal::new(
            "NOT_ALLOWED",
            "customer service, an operator or an administrator may transfer a sales order or submit \
             it again",
        ));
    }
    see(actor, waybill)
}

/// The same warehouse is asked again for what it rejected.
///
/// # Errors
/// The waybill's number leaves no room for the next suffix.
pub(crate) fn resubmit(case: Case<'_>, number: &SalesOrderNo) -> Result<Decision, InvalidId> {
    let order = match in_force(case.current, number) {
        Ok(order) => order,
        Err(decision) => return Ok(*decision),
    };
    if !order.standing.row().is_resubmittable {
        let status = order.standing.row().word;
        let detail =
            format!("{} is {status}: only a rejected one is submitted again", order.number);
        return Ok(refuse("NOT_REJECTED", detail));
    }
    if let Some(refusal) = stopped(case.waybill) {
        return Ok(Decision::refused(refusal));
    }
    let Some(fulfilment) = order.fulfilment.clone() else {
        let detail = "no warehouse was found for it: transfer it to one that keeps the goods";
        return Ok(refuse("NO_WAREHOUSE", detail));
    };
    let (past, next) = succeed(order, fulfilment, Submission::Submitted)?;
    let events = submitted(&next, case.lines).into_iter().collect();
    Ok(replaced(past, next, events))
}

/// Another warehouse shall prepare it. Where nobody prepares it, it goes there at once; whoever has it is
/// asked otherwise. `submit_at` says whether one that nobody was asked for yet is submitted there.
///
/// # Errors
/// The waybill's number leaves no room for the next suffix.
pub(crate) fn transfer(
    case: Case<'_>,
    wish: Wish<'_>,
    to: &WarehouseCode,
    network: &Network,
    (submit_at, now): (SubmitAt, Timestamp),
) -> Result<Decision, InvalidId> {
    let order = match in_force(case.current, wish.number) {
        Ok(order) => order,
        Err(decision) => return Ok(*decision),
    };
    let on_transfer = order.standing.row().on_transfer;
    if on_transfer == OnTransfer::Wait && is_on_the_way(order, to) {
        return Ok(Decision::unchanged(Outcome::Duplicate));
    }
    if let Some(refusal) = hindrance(order, case.waybill, to) {
        return Ok(Decision::refused(refusal));
    }
    let fulfilment = match network.at(to, case.lines) {
        Ok(fulfilment) => fulfilment,
        Err(missing) => return Ok(cannot(to, missing)),
    };
    match on_transfer {
        OnTransfer::Move => hand_on(order, fulfilment, case.lines, wish, (submit_at, now)),
        OnTransfer::Ask => ask(order, fulfilment, wish),
        OnTransfer::Wait => {
            Ok(refuse("CHANGE_OPEN", "an answer of the warehouse is awaited: one change at a time"))
        }
        OnTransfer::Refuse => {
            let status = order.standing.row().word;
            Ok(refuse("TRANSFER_TOO_LATE", format!("{} is {status}", order.number)))
        }
    }
}

/// The sales order of that number, or how a message about another one ends. One that was replaced before is
/// old news: the same wish may come twice.
fn in_force<'a>(
    current: Option<&'a SalesOrder>,
    number: &SalesOrderNo,
) -> Result<&'a SalesOrder, Box<Decision>> {
    match current {
        Some(order) if order.number == *number => Ok(order),
        Some(order) if (1..count_of(&order.number)).contains(&count_of(number)) => {
            Err(Box::new(Decision::unchanged(Outcome::Stale)))
        }
        Some(_) | None => Err(Box::new(Decision::unknown(number))),
    }
}

fn is_on_the_way(order: &SalesOrder, to: &WarehouseCode) -> bool {
    order.next.as_ref().is_some_and(|next| next.warehouse == *to)
}

fn refuse(code: &'static str, detail: impl Into<String>) -> Decision {
    Decision::refused(Refusal::new(code, detail))
}

/// What keeps any warehouse from being told to prepare a waybill.
fn stopped(waybill: Option<&Waybill>) -> Option<Refusal> {
    match waybill {
        Some(waybill) if waybill.is_on_the_road() => {
            Some(Refusal::new("TOO_LATE", "the parcel is on the road or further"))
        }
        Some(waybill) if waybill.is_held => {
            Some(Refusal::new("HELD", "the waybill is held: release the hold first"))
        }
        Some(_) | None => None,
    }
}

fn hindrance(order: &SalesOrder, waybill: Option<&Waybill>, to: &WarehouseCode) -> Option<Refusal> {
    if order.standing.submission() == Submission::Merchant {
        let why = "the merchant picks this waybill itself: no warehouse has it";
        return Some(Refusal::new("NOT_FOR_A_WAREHOUSE", why));
    }
    if order.fulfilment.as_ref().is_some_and(|it| it.warehouse == *to) {
        let why = "that warehouse has it: submit it again instead";
        return Some(Refusal::new("SAME_WAREHOUSE", why));
    }
    stopped(waybill)
}

fn cannot(to: &WarehouseCode, missing: NoFulfilment) -> Decision {
    let detail = match missing {
        NoFulfilment::UnknownWarehouse | NoFulfilment::NoWarehouse => {
            format!("the network has no warehouse {to}")
        }
        NoFulfilment::NotKept => format!("{to} does not keep all of the goods"),
        NoFulfilment::NoPickFlow => "the network has no pick flow for these goods".to_owned(),
    };
    refuse(missing.code(), detail)
}

/// `old` as it is left, and the sales order that takes its place: the next number, the same place.
fn succeed(
    old: &SalesOrder,
    fulfilment: Fulfilment,
    submission: Submission,
) -> Result<(SalesOrder, SalesOrder), InvalidId> {
    let n = count_of(&old.number).saturating_add(1);
    let number = SalesOrderNo::new(format!("{}/{n}", old.waybill_no))?;
    let past = SalesOrder {
        successor: Some(number.clone()),
        next: None,
        version: old.version + 1,
        ..old.clone()
    };
    let next = SalesOrder {
        number,
        predecessor: Some(old.number.clone()),
        fulfilment: Some(fulfilment),
        standing: old.standing.succeeded(submission),
        reason: None,
        // versions are counted on: readers of the waybill see one line of them
        version: past.version + 1,
        successor: None,
        next: None,
        ..old.clone()
    };
    Ok((past, next))
}

fn replaced(past: SalesOrder, next: SalesOrder, events: Vec<Event>) -> Decision {
    Decision {
        past: Some(past),
        lines: Lines::OfThePredecessor,
        events,
        ..Decision::changed(Outcome::Applied, next)
    }
}

/// Nobody prepares it: it goes to the other warehouse at once.
fn hand_on(
    order: &SalesOrder,
    fulfilment: Fulfilment,
    lines: &[SalesOrderLine],
    wish: Wish<'_>,
    (submit_at, now): (SubmitAt, Timestamp),
) -> Result<Decision, InvalidId> {
    let mut closed = order.clone();
    let question = closed.standing.ask(Some(CancellationVerdict::Accepted));
    let was_submitted = order.standing.submission() == Submission::Submitted;
    let is_time = order.place.is_some() && submit_at == SubmitAt::Assigned;
    let submission =
        if was_submitted || is_time { Submission::Submitted } else { Submission::Waiting };
    let to = fulfilment.warehouse.clone();
    let (past, next) = succeed(&closed, fulfilment, submission)?;
    let mut events = vec![granted_event(order, (&to, &next), wish.reason, now)];
    events.extend(submitted(&next, lines));
    let note = Note::Asked(Asked {
        waybill_no: order.waybill_no.clone(),
        question,
        purpose: Purpose::Transfer,
        said: Said::new(wish.by, wish.reason),
        decided: Some((CancellationVerdict::Accepted, Said::new(SELF, Some(NOBODY_PREPARES_IT)))),
    });
    Ok(Decision { note: Some(note), ..replaced(past, next, events) })
}

/// The warehouse that has it is asked to give it up. That the successor's number has room is known before.
fn ask(order: &SalesOrder, fulfilment: Fulfilment, wish: Wish<'_>) -> Result<Decision, InvalidId> {
    succeed(order, fulfilment.clone(), Submission::Submitted)?;
    let mut order = order.clone();
    let question = order.standing.ask_to_move();
    order.next = Some(fulfilment);
    order.version += 1;
    let said = Said::new(wish.by, wish.reason);
    let event = Event::CancellationAsked(CancellationAsked {
        waybill_no: order.waybill_no.clone(),
        sales_order_no: Some(order.number.clone()),
        question,
        fulfilled_by: FulfilledBy::Warehouse,
        warehouse: order.fulfilment.as_ref().map(|fulfilment| fulfilment.warehouse.clone()),
        merchant: None,
        reason: said.reason.clone(),
        occurred_at: wish.occurred_at,
    });
    let (waybill_no, purpose) = (order.waybill_no.clone(), Purpose::Transfer);
    let note = Note::Asked(Asked { waybill_no, question, purpose, said, decided: None });
    Ok(Decision {
        events: vec![event],
        note: Some(note),
        ..Decision::changed(Outcome::Parked, order)
    })
}

/// The warehouse gives it up: it is cancelled there and submitted to the other one. Parcels that stand
/// there travel on.
///
/// # Errors
/// A number has no room.
pub(super) fn granted(
    order: &SalesOrder,
    to: &Fulfilment,
    waybill: Option<&Waybill>,
    said: Said,
    (lines, now): (&[SalesOrderLine], Timestamp),
) -> Result<Decision, InvalidId> {
    let question = order.standing.open_question().unwrap_or_default();
    let verdict = CancellationVerdict::Accepted;
    let mut closed = order.clone();
    closed.standing.answer(verdict);
    let (past, next) = succeed(&closed, to.clone(), Submission::Submitted)?;
    let reason = said.reason.as_deref();
    let mut events = vec![granted_event(order, (&to.warehouse, &next), reason, now)];
    events.extend(submitted(&next, lines));
    if past.standing.has_picked_goods() {
        events.extend(ride(&past, &next, waybill, (lines, now))?);
    }
    let waybill_no = order.waybill_no.clone();
    let note = Note::Decided(Decided { waybill_no, question, verdict, said });
    Ok(Decision { note: Some(note), ..replaced(past, next, events) })
}

/// It goes to the warehouse of `next`.
fn granted_event(
    old: &SalesOrder,
    (to, next): (&WarehouseCode, &SalesOrder),
    reason: Option<&str>,
    now: Timestamp,
) -> Event {
    let verdict = CancellationVerdict::Accepted;
    Event::TransferDecided(SalesOrderTransferDecided {
        successor: Some(next.number.clone()),
        ..decided(old, to.clone(), verdict, reason, now)
    })
}

/// It stays where it is.
pub(super) fn refused_event(
    order: &SalesOrder,
    to: &Fulfilment,
    reason: Option<&str>,
    now: Timestamp,
) -> Event {
    let verdict = CancellationVerdict::Rejected;
    Event::TransferDecided(decided(order, to.warehouse.clone(), verdict, reason, now))
}

/// The cancellation of the waybill was asked for while a transfer waits: its question will decide that.
pub(super) fn given_up(order: &SalesOrder, now: Timestamp) -> Option<Event> {
    Some(refused_event(order, order.next.as_ref()?, Some(CANCELLATION_ASKED), now))
}

fn decided(
    order: &SalesOrder,
    to: WarehouseCode,
    verdict: CancellationVerdict,
    reason: Option<&str>,
    now: Timestamp,
) -> SalesOrderTransferDecided {
    SalesOrderTransferDecided {
        waybill_no: order.waybill_no.clone(),
        sales_order_no: order.number.clone(),
        from: order.fulfilment.as_ref().map(|fulfilment| fulfilment.warehouse.clone()),
        to,
        verdict,
        successor: None,
        reason: reason.map(shortened),
        occurred_at: now,
    }
}

/// The warehouse of a sales order that is not in force any more told something. It is kept with it and
/// decides nothing about the one in force (`case.current`); but goods that were picked there, and that it
/// has given up, travel on.
///
/// # Errors
/// A number has no room.
pub(crate) fn record_late(
    past: &SalesOrder,
    (fact, reason): (Fact, Option<&str>),
    role: Role,
    case: Case<'_>,
    now: Timestamp,
) -> Result<Decision, InvalidId> {
    if let Err(refusal) = permit(past, fact, role) {
        return Ok(Decision::refused(refusal));
    }
    let mut order = past.clone();
    if !order.standing.tell(fact) {
        return Ok(Decision::unchanged(Outcome::Duplicate));
    }
    order.version += 1;
    if fact == Fact::Rejected {
        order.reason = reason.map(shortened);
    }
    let is_news = order.standing.has_picked_goods() && !past.standing.has_picked_goods();
    let events = match case.current {
        Some(next) if is_news && past.standing.is_cancelled() => {
            ride(&order, next, case.waybill, (case.lines, now))?.into_iter().collect()
        }
        Some(_) | None => Vec::new(),
    };
    Ok(Decision { past: Some(order), events, ..Decision::unchanged(Outcome::Stale) })
}
