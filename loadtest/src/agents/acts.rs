//! What an agent does next with what it sees. Pure: the same dice over the same world act alike.

use broker::Outgoing;
use chrono::{Days, NaiveDate};
use contracts::{
    Actor, AmendOrder, AmendedDestination, AmendedLine, CancelOrder, CancelWaybill, CaseSubject,
    CorrectWaybill, HoldHandle, HoldInstance, HoldReason, LockRoute, MessageId, OpenCase, OrderRef,
    PlaceHold, ReleaseHold, ReplacementLine, ReplacementTiming, RequestReplacement, RequestReturn,
    RescheduleWaybill, ResubmitSalesOrder, ReturnLine, ReturnRef, Role, SalesOrderNo, Sku, Source,
    TimeslotCode, Timestamp, TransferSalesOrder, WarehouseCode, WaybillNo, WaybillStatus,
};
use queue_topology::WorkerKind;

use super::world::{SeenOrder, SeenSalesOrder, SeenWaybill, World};
use crate::dice::Dice;
use crate::sending::{SendError, Sender};

/// Somebody at work.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    name: String,
    /// Holds it placed: waybill, handle, instance.
    holds: Vec<(WaybillNo, HoldHandle, HoldInstance)>,
}

impl Agent {
    /// The agent of that number.
    pub(crate) fn new(number: u32) -> Self {
        Self { name: format!("agent-{number}"), holds: Vec::new() }
    }

    fn acting_as(&self, role: Role) -> Actor {
        Actor {
            subject: self.name.clone(),
            role,
            merchant: None,
            origin: Some("agents".to_owned()),
        }
    }
}

/// What is done, and who decides about it.
#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) consumer: WorkerKind,
    pub(crate) actor: Option<Actor>,
    pub(crate) say: Say,
}

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Say {
    Hold(PlaceHold),
    Release(ReleaseHold),
    CancelWaybill(CancelWaybill),
    CancelOrder(CancelOrder),
    Amend(AmendOrder),
    Reschedule(RescheduleWaybill),
    Correct(CorrectWaybill),
    Lock(LockRoute),
    Return(RequestReturn),
    Replace(RequestReplacement),
    Case(OpenCase),
    Transfer(TransferSalesOrder),
    Resubmit(ResubmitSalesOrder),
}

impl Say {
    /// As a message.
    pub(crate) fn outgoing(
        &self,
        sender: &Sender,
        id: MessageId,
        actor: Option<Actor>,
    ) -> Result<Outgoing, SendError> {
        match self {
            Self::Hold(command) => sender.outgoing(id, actor, command),
            Self::Release(command) => sender.outgoing(id, actor, command),
            Self::CancelWaybill(command) => sender.outgoing(id, actor, command),
            Self::CancelOrder(command) => sender.outgoing(id, actor, command),
            Self::Amend(command) => sender.outgoing(id, actor, command),
            Self::Reschedule(command) => sender.outgoing(id, actor, command),
            Self::Correct(command) => sender.outgoing(id, actor, command),
            Self::Lock(command) => sender.outgoing(id, actor, command),
            Self::Return(command) => sender.outgoing(id, actor, command),
            Self::Replace(command) => sender.outgoing(id, actor, command),
            Self::Case(command) => sender.outgoing(id, actor, command),
            Self::Transfer(command) => sender.outgoing(id, actor, command),
            Self::Resubmit(command) => sender.outgoing(id, actor, command),
        }
    }

    const fn consumer(&self) -> WorkerKind {
        match self {
            Self::Hold(_) | Self::Release(_) | Self::Correct(_) => WorkerKind::WaybillStatus,
            Self::CancelWaybill(_) | Self::Transfer(_) | Self::Resubmit(_) => {
                WorkerKind::SalesOrder
            }
            Self::CancelOrder(_) | Self::Amend(_) => WorkerKind::OrderIntake,
            Self::Reschedule(_) | Self::Lock(_) => WorkerKind::AdraAssigner,
            Self::Return(_) | Self::Replace(_) | Self::Case(_) => WorkerKind::CustomerService,
        }
    }

    const fn role(&self) -> Role {
        match self {
            Self::Correct(_) => Role::CsSupervisor,
            Self::Lock(_) => Role::Dispatcher,
            Self::Hold(_)
            | Self::Release(_)
            | Self::CancelWaybill(_)
            | Self::CancelOrder(_)
            | Self::Amend(_)
            | Self::Reschedule(_)
            | Self::Return(_)
            | Self::Replace(_)
            | Self::Case(_)
            | Self::Transfer(_)
            | Self::Resubmit(_) => Role::CsAgent,
        }
    }
}

/// The next act; `None` when there is nothing to do it with.
pub(crate) fn act(agent: &mut Agent, world: &World, id: MessageId, dice: &mut Dice) -> Option<Act> {
    let say = choose(agent, world, id, dice)?;
    Some(Act { consumer: say.consumer(), actor: Some(agent.acting_as(say.role())), say })
}

/// How often what is done, in a hundred: the commonest first.
fn choose(agent: &mut Agent, world: &World, id: MessageId, dice: &mut Dice) -> Option<Say> {
    match dice.below(100) {
        0..20 => hold(agent, world, dice).map(Say::Hold),
        20..36 => release(agent, dice).map(Say::Release),
        36..46 => reschedule(world, dice).map(Say::Reschedule),
        46..50 => transfer(world, dice).map(Say::Transfer),
        50..52 => resubmit(world, dice).map(Say::Resubmit),
        52..62 => amend(world, dice).map(Say::Amend),
        62..70 => cancel_waybill(world, dice).map(Say::CancelWaybill),
        70..76 => cancel_order(world, dice).map(Say::CancelOrder),
        76..88 => give_back(world, id, dice).map(Say::Return),
        88..92 => replace(world, dice).map(Say::Replace),
        92..95 => ask(world, dice).map(Say::Case),
        95..98 => correct(world, dice).map(Say::Correct),
        _ => lock(world, dice).map(Say::Lock),
    }
}

fn one<'a, T>(all: &'a [T], dice: &mut Dice) -> Option<&'a T> {
    let index = dice.below(u64::try_from(all.len()).unwrap_or(0));
    all.get(usize::try_from(index).ok()?)
}

fn waybill(world: &World, dice: &mut Dice) -> Option<(SeenWaybill, WaybillNo)> {
    let seen = one(&world.waybills, dice)?;
    Some((seen.clone(), WaybillNo::new(seen.waybill_no.clone()).ok()?))
}

fn order<'a>(world: &'a World, dice: &mut Dice) -> Option<(&'a SeenOrder, Source, OrderRef)> {
    let seen = one(&world.orders, dice)?;
    let source = Source::new(seen.source.clone()).ok()?;
    Some((seen, source, OrderRef::new(seen.order_ref.clone()).ok()?))
}

/// People act on the day before the delivery, as the recorded days have it.
fn at(day: NaiveDate, dice: &mut Dice) -> Timestamp {
    let minutes = i64::try_from(dice.below(600)).unwrap_or(0);
    let morning = day.pred_opt().unwrap_or(day).and_time(chrono::NaiveTime::MIN).and_utc();
    Timestamp::from(morning + chrono::TimeDelta::minutes(480 + minutes))
}

/// The same day or one of the next.
fn another_slot(
    world: &World,
    day: NaiveDate,
    dice: &mut Dice,
) -> Option<(NaiveDate, TimeslotCode)> {
    let later = day.checked_add_days(Days::new(dice.below(3)))?;
    Some((later, TimeslotCode::new(one(&world.timeslots, dice)?.clone()).ok()?))
}

const HOLD_REASONS: [HoldReason; 4] = [
    HoldReason::CustomerRequest,
    HoldReason::IncorrectAddress,
    HoldReason::HighRiskOfFraud,
    HoldReason::Other,
];

fn hold(agent: &mut Agent, world: &World, dice: &mut Dice) -> Option<PlaceHold> {
    let (seen, waybill_no) = waybill(world, dice)?;
    let handle = HoldHandle::new("desk").ok()?;
    let held = agent.holds.iter().filter(|(no, ..)| *no == waybill_no).count();
    let instance = HoldInstance(u32::try_from(held).ok()?.saturating_add(1));
    agent.holds.push((waybill_no.clone(), handle.clone(), instance));
    let reason = *one(&HOLD_REASONS, dice)?;
    Some(PlaceHold {
        waybill_no,
        handle,
        instance,
        reason,
        expected_version: None,
        occurred_at: at(seen.delivery_date, dice),
    })
}

fn release(agent: &Agent, dice: &mut Dice) -> Option<ReleaseHold> {
    let (waybill_no, handle, instance) = one(&agent.holds, dice)?.clone();
    let occurred_at = Timestamp::now();
    Some(ReleaseHold {
        waybill_no,
        handle,
        instance,
        owner: None,
        expected_version: None,
        occurred_at,
    })
}

fn reschedule(world: &World, dice: &mut Dice) -> Option<RescheduleWaybill> {
    let (seen, waybill_no) = waybill(world, dice)?;
    let (delivery_date, timeslot) = another_slot(world, seen.delivery_date, dice)?;
    Some(RescheduleWaybill {
        waybill_no,
        delivery_date,
        timeslot,
        reason: Some("the customer is away".to_owned()),
        occurred_at: at(seen.delivery_date, dice),
    })
}

/// Mostly quantities, now and then the destination.
fn amend(world: &World, dice: &mut Dice) -> Option<AmendOrder> {
    let (seen, source, order_ref) = order(world, dice)?;
    let occurred_at = at(seen.delivery_date, dice);
    let (lines, destination) = if dice.chance(0.7) {
        let line = one(&seen.lines, dice)?;
        let quantity = match dice.below(3) {
            0 => line.quantity.saturating_add(1).min(9_999),
            1 => line.quantity.saturating_sub(1).max(1),
            _ => 0,
        };
        (vec![AmendedLine { line_no: line.line_no, quantity }], None)
    } else {
        let (delivery_date, timeslot) = another_slot(world, seen.delivery_date, dice)?;
        let destination = AmendedDestination {
            delivery_date: Some(delivery_date),
            timeslot: Some(timeslot),
            ..AmendedDestination::default()
        };
        (Vec::new(), Some(destination))
    };
    let (expected_version, reason) = (seen.version, None);
    Some(AmendOrder {
        source,
        order_ref,
        expected_version,
        lines,
        destination,
        reason,
        occurred_at,
    })
}

fn cancel_waybill(world: &World, dice: &mut Dice) -> Option<CancelWaybill> {
    let (seen, waybill_no) = waybill(world, dice)?;
    let occurred_at = at(seen.delivery_date, dice);
    Some(CancelWaybill { waybill_no, reason: Some("not wanted any more".to_owned()), occurred_at })
}

/// To any warehouse: many a one does not keep the goods, or has it already.
fn transfer(world: &World, dice: &mut Dice) -> Option<TransferSalesOrder> {
    let seen = one(&world.sales_orders, dice)?;
    Some(TransferSalesOrder {
        sales_order_no: SalesOrderNo::new(seen.sales_order_no.clone()).ok()?,
        warehouse: WarehouseCode::new(one(&world.warehouses, dice)?.clone()).ok()?,
        reason: Some("no stock".to_owned()),
        occurred_at: at(seen.delivery_date, dice),
    })
}

fn resubmit(world: &World, dice: &mut Dice) -> Option<ResubmitSalesOrder> {
    let rejected: Vec<&SeenSalesOrder> =
        world.sales_orders.iter().filter(|seen| seen.status == "REJECTED").collect();
    let seen = one(&rejected, dice)?;
    Some(ResubmitSalesOrder {
        sales_order_no: SalesOrderNo::new(seen.sales_order_no.clone()).ok()?,
        reason: None,
        occurred_at: at(seen.delivery_date, dice),
    })
}

fn cancel_order(world: &World, dice: &mut Dice) -> Option<CancelOrder> {
    let (seen, source, order_ref) = order(world, dice)?;
    let line = if dice.chance(0.5) { one(&seen.lines, dice) } else { None };
    Some(CancelOrder {
        source,
        order_ref,
        line_no: line.map(|line| line.line_no),
        reason: Some("ordered twice".to_owned()),
        expected_version: None,
        occurred_at: at(seen.delivery_date, dice),
    })
}

/// With the order's number or without, now and then more than was sent.
fn give_back(world: &World, id: MessageId, dice: &mut Dice) -> Option<RequestReturn> {
    let (seen, source, order_ref) = order(world, dice)?;
    let line = one(&seen.lines, dice)?;
    let requested_at = seen.delivery_date.checked_add_days(Days::new(3))?;
    let more = u32::from(dice.chance(0.1));
    Some(RequestReturn {
        source,
        return_ref: ReturnRef::new(format!("A{}", id.0.simple())).ok()?,
        requested_at: Timestamp::from(requested_at.and_time(chrono::NaiveTime::MIN).and_utc()),
        order_ref: dice.chance(0.5).then_some(order_ref),
        customer_ref: seen.customer_ref.clone().and_then(|text| text.try_into().ok()),
        currency: None,
        lines: vec![ReturnLine {
            line_no: 1,
            sku: Sku::new(line.sku.clone()).ok()?,
            description: None,
            quantity: line.quantity.max(1) + more,
            unit_price: None,
            reason: Some("broken".to_owned()),
        }],
    })
}

fn replace(world: &World, dice: &mut Dice) -> Option<RequestReplacement> {
    let (seen, source, order_ref) = order(world, dice)?;
    let line = one(&seen.lines, dice)?;
    let (delivery_date, timeslot) = another_slot(world, seen.delivery_date, dice)?;
    Some(RequestReplacement {
        source,
        order_ref,
        lines: vec![ReplacementLine { line_no: line.line_no, quantity: 1 }],
        timing: ReplacementTiming::InAdvance {},
        delivery_date,
        timeslot,
        reason: Some("broken".to_owned()),
        occurred_at: at(delivery_date, dice),
    })
}

fn ask(world: &World, dice: &mut Dice) -> Option<OpenCase> {
    let (seen, waybill_no) = waybill(world, dice)?;
    Some(OpenCase {
        subject: CaseSubject::Waybill { waybill_no },
        text: format!("the customer asks why it is {}", seen.status),
        occurred_at: at(seen.delivery_date, dice),
    })
}

/// Only what is packed at most: a correction from the road would bring a parcel back to the shelf.
fn correct(world: &World, dice: &mut Dice) -> Option<CorrectWaybill> {
    let (seen, waybill_no) = waybill(world, dice)?;
    let status = match seen.status.as_str() {
        "PACKED" => WaybillStatus::Picked,
        "PICKED" => WaybillStatus::Packed,
        _ => return None,
    };
    Some(CorrectWaybill {
        waybill_no,
        status,
        attempt: None,
        reason: "scanned at the wrong table".to_owned(),
        occurred_at: at(seen.delivery_date, dice),
    })
}

fn lock(world: &World, dice: &mut Dice) -> Option<LockRoute> {
    let route_ref = one(&world.routes, dice)?.clone();
    Some(LockRoute { route_ref, occurred_at: Timestamp::now() })
}
