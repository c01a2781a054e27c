//! What becomes of a sales order when its waybill gets a place, and when the warehouse tells something.
//! Cancellations, amendments and successions are decided in modules of their own.
//!
//! What lives here: pure decisions, state and message in, state, events and outcome out. What never does:
//! IO, the clock, generated ids.

mod amendment;
mod cancellation;
mod events;
mod ride;
mod succession;

use chrono::NaiveDate;
use contracts::{
    Assigned, FulfilledBy, InvalidId, Refusal, Role, SalesOrderLine, SalesOrderNo,
    SalesOrderStatus, TimeslotCode, WaybillNo,
};
use runtime::Outcome;

pub(crate) use self::amendment::{Amended, amend};
pub(crate) use self::cancellation::{
    Asked, Decided, Look, OpenQuestion, Purpose, Request, TakenOver, answer, look_again,
    permit_request, request,
};
pub(crate) use self::events::Event;
use self::events::{submitted, told};
pub(crate) use self::succession::{Case, Wish, permit_wish, record_late, resubmit, transfer};
use crate::lifecycle::Fact;
use crate::network::{Fulfilment, Network, NoFulfilment};
use crate::settings::SubmitAt;
use crate::standing::{Standing, Submission};

/// Characters of a reason that are kept: an answer must not be lost over its wording.
const REASON_CHARS: usize = 500;

/// The place on a route that the parcel shall be ready for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub route_ref: String,
    pub delivery_date: NaiveDate,
    pub timeslot: TimeslotCode,
}

/// A sales order, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SalesOrder {
    pub number: SalesOrderNo,
    pub waybill_no: WaybillNo,
    /// The number of the place (`place_no`) it was last made or revised for. A lower one is old news.
    pub revision: u32,
    /// None: it never had one.
    pub place: Option<Place>,
    /// None: nobody to ask.
    pub fulfilment: Option<Fulfilment>,
    pub standing: Standing,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Who gets it when a transfer that waits for an answer is granted.
    pub next: Option<Fulfilment>,
    /// The one whose place it took.
    pub predecessor: Option<SalesOrderNo>,
    /// The one that took its place; None: it is in force.
    pub successor: Option<SalesOrderNo>,
    /// Raised by every change; counted on by a successor.
    pub version: u64,
}

impl SalesOrder {
    /// One that has no row yet, for a waybill without a place.
    fn without_place(waybill_no: &WaybillNo, submission: Submission) -> Result<Self, InvalidId> {
        Ok(Self {
            number: SalesOrderNo::new(format!("{waybill_no}/1"))?,
            waybill_no: waybill_no.clone(),
            revision: 0,
            place: None,
            fulfilment: None,
            standing: Standing::of(submission),
            reason: None,
            next: None,
            predecessor: None,
            successor: None,
            version: 0,
        })
    }
}

/// What becomes of the lines of a sales order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lines {
    /// They stay.
    Stay,
    /// It takes those of its waybill.
    OfTheWaybill,
    /// It takes those of its predecessor.
    OfThePredecessor,
    /// These replace them.
    Are(Vec<SalesOrderLine>),
}

/// What is written beside the sales order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// A question for cancellation was asked.
    Asked(Asked),
    /// One was decided.
    Decided(Decided),
    /// One that waits will decide something else.
    TakenOver(TakenOver),
    /// An amendment was decided.
    Amended(Amended),
}

/// How a message ends.
#[derive(Debug)]
pub(crate) struct Decision {
    pub outcome: Outcome,
    /// The sales order in force after the change; None: nothing changed.
    pub changed: Option<SalesOrder>,
    /// One that is not in force, or not any more, as it is left; None: there is none, or it did not change.
    pub past: Option<SalesOrder>,
    pub lines: Lines,
    pub note: Option<Note>,
    /// In the order in which they are told.
    pub events: Vec<Event>,
}

impl Decision {
    pub(crate) const fn unchanged(outcome: Outcome) -> Self {
        Self {
            outcome,
            changed: None,
            past: None,
            lines: Lines::Stay,
            note: None,
            events: Vec::new(),
        }
    }

    pub(crate) const fn refused(refusal: Refusal) -> Self {
        Self::unchanged(Outcome::Rejected(refusal))
    }

    fn changed(outcome: Outcome, order: SalesOrder) -> Self {
        Self { changed: Some(order), ..Self::unchanged(outcome) }
    }

    /// The answer to a message about a sales order that is not there. Nobody can know its number before
    /// the transaction that made it: this never means "not yet".
    pub(crate) fn unknown(number: &SalesOrderNo) -> Self {
        Self::refused(Refusal::new(
            "UNKNOWN_SALES_ORDER",
            format!("there is no sales order {number}: check the number"),
        ))
    }

    /// The answer to the place of a waybill that nobody picks.
    pub(crate) fn not_picked() -> Self {
        Self::refused(Refusal::new(
            "NOT_PICKED",
            "what comes back from a customer or goes to another warehouse is picked by nobody: it \
             gets no sales order",
        ))
    }
}

/// The waybill in a sales order number: what all messages are ordered by.
pub(crate) fn waybill_of(number: &SalesOrderNo) -> &str {
    before_count(number.as_str())
}

/// The same, of a number's text.
pub(crate) fn before_count(number: &str) -> &str {
    number.rsplit_once('/').map_or(number, |(waybill_no, _)| waybill_no)
}

/// Which sales order of its waybill a number means, from 1; 0 for a number that was made otherwise.
fn count_of(number: &SalesOrderNo) -> u32 {
    let count = number.as_str().rsplit_once('/').map(|(_, count)| count.parse());
    count.and_then(Result::ok).unwrap_or(0)
}

/// The waybill has a place. The first one makes its sales order; a later one (re-assigned, rescheduled)
/// moves the same sales order to the new place, as long as nothing is in hand. `lines` are its own where
/// there is a sales order, and the waybill's where there is none.
///
/// # Errors
/// The waybill's number leaves no room for the suffix.
pub(crate) fn assign(
    current: Option<&SalesOrder>,
    assigned: &Assigned,
    lines: &[SalesOrderLine],
    network: &Network,
    submit_at: SubmitAt,
) -> Result<Decision, InvalidId> {
    if assigned.fulfilled_by != FulfilledBy::Warehouse {
        return Ok(Decision::refused(Refusal::new(
            "NOT_FOR_A_WAREHOUSE",
            "the merchant picks this waybill itself: it gets no sales order",
        )));
    }
    if let Some(outcome) = current.and_then(|current| passed_over(current, assigned)) {
        return Ok(Decision::unchanged(outcome));
    }
    let mut order = match current {
        Some(current) => current.clone(),
        None => SalesOrder::without_place(&assigned.waybill_no, Submission::Waiting)?,
    };
    order.revision = assigned.place_no.into();
    order.place = Some(place_of(assigned));
    order.version += 1;
    if order.standing.submission() != Submission::Submitted {
        submit(&mut order, assigned, lines.len(), network, submit_at);
    }
    let decision = placed(order, lines);
    let lines = if current.is_none() { Lines::OfTheWaybill } else { Lines::Stay };
    Ok(Decision { lines, ..decision })
}

/// Why a place changes nothing, if so.
fn passed_over(current: &SalesOrder, assigned: &Assigned) -> Option<Outcome> {
    let place_no = u32::from(assigned.place_no);
    if place_no == current.revision {
        return Some(Outcome::Duplicate);
    }
    let is_over = current.standing.is_cancelled() || current.standing.is_being_picked();
    (place_no < current.revision || is_over).then_some(Outcome::Stale)
}

/// The route that it has a place on is locked, so that its warehouse is asked now. `place_no` is the place
/// that was locked: one that is not known here yet submits it when it comes. Nothing where there is nothing
/// to submit.
pub(crate) fn submit_locked(
    current: &SalesOrder,
    place_no: u32,
    lines: &[SalesOrderLine],
) -> Option<Decision> {
    let waits = current.standing.status() == SalesOrderStatus::Created;
    if !waits || current.revision != place_no || current.fulfilment.is_none() {
        return None;
    }
    let mut order = current.clone();
    order.standing.decide(Submission::Submitted);
    order.version += 1;
    Some(placed(order, lines))
}

/// The warehouse told something.
pub(crate) fn record(
    current: &SalesOrder,
    fact: Fact,
    reason: Option<&str>,
    role: Role,
) -> Decision {
    if let Err(refusal) = permit(current, fact, role) {
        return Decision::refused(refusal);
    }
    let mut order = current.clone();
    if !order.standing.tell(fact) {
        return Decision::unchanged(Outcome::Duplicate);
    }
    order.version += 1;
    if fact == Fact::Rejected {
        order.reason = reason.map(shortened);
    }
    if order.standing.status() == current.standing.status() {
        return Decision::changed(Outcome::Stale, order);
    }
    let events = vec![told(&order, fact)];
    Decision { events, ..Decision::changed(Outcome::Applied, order) }
}

fn permit(order: &SalesOrder, fact: Fact, role: Role) -> Result<(), Refusal> {
    if !fact.may_be_told_by(role) {
        return Err(Refusal::new(
            "NOT_ALLOWED",
            "only the warehouse, an operator or an administrator may tell how a sales order goes",
        ));
    }
    if order.standing.submission() != Submission::Submitted {
        return Err(Refusal::new(
            "NOT_SUBMITTED",
            format!("no warehouse was asked to prepare {}", order.number),
        ));
    }
    Ok(())
}

/// As much of a text as its column keeps.
fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS).collect()
}

fn place_of(assigned: &Assigned) -> Place {
    Place {
        route_ref: assigned.route_ref.clone(),
        delivery_date: assigned.delivery_date,
        timeslot: assigned.timeslot.clone(),
    }
}

/// Looks for somebody to ask, and asks if it is time.
fn submit(
    order: &mut SalesOrder,
    assigned: &Assigned,
    lines: usize,
    network: &Network,
    submit_at: SubmitAt,
) {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    let choice = match (&order.predecessor, &order.fulfilment) {
        // somebody chose the warehouse
        (Some(_), Some(chosen)) => Ok(chosen.clone()),
        (None, _) | (_, None) => network.choose(&assigned.depot, assigned.sku_type, lines),
    };
    let submission = match (&choice, submit_at) {
        (Err(_), _) => Submission::Refused,
        (Ok(_), SubmitAt::Assigned) => Submission::Submitted,
        (Ok(_), SubmitAt::Lock) => Submission::Waiting,
    };
    order.standing.decide(submission);
    order.reason = choice.as_ref().err().map(|missing| NoFulfilment::code(*missing).to_owned());
    order.fulfilment = choice.ok();
}

/// The warehouse hears of every place it has to be ready for; everybody hears that nobody can be asked.
fn placed(order: SalesOrder, lines: &[SalesOrderLine]) -> Decision {
    let events = match &order.fulfilment {
        None => vec![told(&order, Fact::Rejected)],
        Some(_) => submitted(&order, lines).into_iter().collect(),
    };
    Decision { events, ..Decision::changed(Outcome::Applied, order) }
}
