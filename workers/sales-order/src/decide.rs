//! What becomes of a sales order when its waybill gets a place, and when the warehouse tells something.
//!
//! What lives here: pure decisions, state and message in, state, event and outcome out. What never does:
//! IO, the clock, generated ids.

use chrono::NaiveDate;
use contracts::{
    Assigned, FulfilledBy, InvalidId, Refusal, Role, SalesOrderAnswered, SalesOrderLine,
    SalesOrderNo, SalesOrderProgressed, SalesOrderStatus, SalesOrderSubmitted, TimeslotCode,
    WarehouseAnswer, WaybillNo,
};
use runtime::Outcome;

use crate::lifecycle::{Fact, Standing, Submission};
use crate::network::{Fulfilment, Network, NoFulfilment};
use crate::settings::SubmitAt;

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
    pub place: Place,
    /// None: nobody to ask.
    pub fulfilment: Option<Fulfilment>,
    pub standing: Standing,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Raised by every change.
    pub version: u64,
}

/// What others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Submitted(SalesOrderSubmitted),
    Answered(SalesOrderAnswered),
    Progressed(SalesOrderProgressed),
}

/// How a message ends.
#[derive(Debug)]
pub(crate) struct Decision {
    pub outcome: Outcome,
    /// The sales order after the change; None: nothing changed.
    pub changed: Option<SalesOrder>,
    pub event: Option<Event>,
}

impl Decision {
    const fn unchanged(outcome: Outcome) -> Self {
        Self { outcome, changed: None, event: None }
    }

    /// The answer to a message about a sales order that is not there. Nobody can know its number before
    /// the transaction that made it: this never means "not yet".
    pub(crate) fn unknown(number: &SalesOrderNo) -> Self {
        Self::unchanged(Outcome::Rejected(Refusal::new(
            "UNKNOWN_SALES_ORDER",
            format!("there is no sales order {number} in force: check the number"),
        )))
    }
}

/// The waybill in a sales order number: what both kinds of message are ordered by.
pub(crate) fn waybill_of(number: &SalesOrderNo) -> &str {
    let text = number.as_str();
    text.rsplit_once('/').map_or(text, |(waybill_no, _)| waybill_no)
}

/// The waybill has a place. The first one makes its sales order; a later one (re-assigned, rescheduled)
/// moves the same sales order to the new place, as long as nothing is in hand.
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
        return Ok(Decision::unchanged(Outcome::Rejected(Refusal::new(
            "NOT_FOR_A_WAREHOUSE",
            "the merchant picks this waybill itself: it gets no sales order",
        ))));
    }
    let Some(current) = current else {
        let mut order = unsubmitted(assigned)?;
        submit(&mut order, assigned, lines.len(), network, submit_at);
        return Ok(placed(order, lines));
    };
    let place_no = u32::from(assigned.place_no);
    if place_no == current.revision {
        return Ok(Decision::unchanged(Outcome::Duplicate));
    }
    if place_no < current.revision || current.standing.is_being_picked() {
        return Ok(Decision::unchanged(Outcome::Stale));
    }
    let mut order = SalesOrder {
        revision: place_no,
        place: place_of(assigned),
        version: current.version + 1,
        ..current.clone()
    };
    if order.standing.submission() != Submission::Submitted {
        submit(&mut order, assigned, lines.len(), network, submit_at);
    }
    Ok(placed(order, lines))
}

/// The warehouse told something.
pub(crate) fn record(
    current: &SalesOrder,
    fact: Fact,
    reason: Option<&str>,
    role: Role,
) -> Decision {
    if let Err(refusal) = permit(current, fact, role) {
        return Decision::unchanged(Outcome::Rejected(refusal));
    }
    let mut order = current.clone();
    if !order.standing.tell(fact) {
        return Decision::unchanged(Outcome::Duplicate);
    }
    order.version += 1;
    if fact == Fact::Rejected {
        order.reason = reason.map(|text| text.chars().take(REASON_CHARS).collect());
    }
    if order.standing.status() == current.standing.status() {
        return Decision { outcome: Outcome::Stale, changed: Some(order), event: None };
    }
    Decision { outcome: Outcome::Applied, event: Some(told(&order, fact)), changed: Some(order) }
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

fn unsubmitted(assigned: &Assigned) -> Result<SalesOrder, InvalidId> {
    Ok(SalesOrder {
        number: SalesOrderNo::new(format!("{}/1", assigned.waybill_no))?,
        waybill_no: assigned.waybill_no.clone(),
        revision: assigned.place_no.into(),
        place: place_of(assigned),
        fulfilment: None,
        standing: Standing::of(Submission::Waiting),
        reason: None,
        version: 1,
    })
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
    let choice = network.choose(&assigned.depot, assigned.sku_type, lines);
    let submission = match (&choice, submit_at) {
        (Err(_), _) => Submission::Refused,
        (Ok(_), SubmitAt::Assigned) => Submission::Submitted,
        (Ok(_), SubmitAt::Lock) => Submission::Waiting,
    };
    order.standing = Standing::of(submission);
    order.reason = choice.as_ref().err().map(|missing| NoFulfilment::code(*missing).to_owned());
    order.fulfilment = choice.ok();
}

/// The warehouse hears of every place it has to be ready for; everybody hears that nobody can be asked.
fn placed(order: SalesOrder, lines: &[SalesOrderLine]) -> Decision {
    let status = order.standing.status();
    let waits_for_goods =
        [SalesOrderStatus::Submitted, SalesOrderStatus::Accepted].contains(&status);
    let event = match &order.fulfilment {
        None => Some(told(&order, Fact::Rejected)),
        Some(fulfilment) if waits_for_goods => {
            Some(Event::Submitted(submitted(&order, fulfilment, lines)))
        }
        Some(_) => None,
    };
    Decision { outcome: Outcome::Applied, changed: Some(order), event }
}

fn submitted(
    order: &SalesOrder,
    fulfilment: &Fulfilment,
    lines: &[SalesOrderLine],
) -> SalesOrderSubmitted {
    SalesOrderSubmitted {
        sales_order_no: order.number.clone(),
        waybill_no: order.waybill_no.clone(),
        warehouse: fulfilment.warehouse.clone(),
        pick_flow: fulfilment.pick_flow.clone(),
        delivery_date: order.place.delivery_date,
        timeslot: order.place.timeslot.clone(),
        route_ref: order.place.route_ref.clone(),
        lines: lines.to_vec(),
    }
}

/// The event about the fact that gave the order its status.
fn told(order: &SalesOrder, fact: Fact) -> Event {
    let answered = |answer, reason| {
        Event::Answered(SalesOrderAnswered {
            sales_order_no: order.number.clone(),
            waybill_no: order.waybill_no.clone(),
            answer,
            reason,
        })
    };
    match fact {
        Fact::Accepted => answered(WarehouseAnswer::Accepted, None),
        Fact::Rejected => answered(WarehouseAnswer::Rejected, order.reason.clone()),
        Fact::Picking | Fact::Picked | Fact::Packed | Fact::HandedOver => {
            Event::Progressed(SalesOrderProgressed {
                sales_order_no: order.number.clone(),
                waybill_no: order.waybill_no.clone(),
                status: fact.row().status,
            })
        }
    }
}
