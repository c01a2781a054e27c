//! What others are told of sales orders.
//!
//! What lives here: events made from the state after a change. What never does: when they are made.

use contracts::{
    AmendmentDecided, CancellationAsked, CancellationDecided, SalesOrderAnswered, SalesOrderLine,
    SalesOrderProgressed, SalesOrderSubmitted, SalesOrderTransferDecided, WarehouseAnswer,
    WaybillsRequested,
};

use super::SalesOrder;
use crate::lifecycle::Fact;

/// What others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Submitted(SalesOrderSubmitted),
    Answered(SalesOrderAnswered),
    Progressed(SalesOrderProgressed),
    CancellationAsked(CancellationAsked),
    CancellationDecided(CancellationDecided),
    AmendmentDecided(Box<AmendmentDecided>),
    TransferDecided(SalesOrderTransferDecided),
    /// Picked goods go to another warehouse.
    WaybillsWanted(Box<WaybillsRequested>),
}

/// What the warehouse shall prepare; nothing unless it has the order and nothing is in hand.
pub(super) fn submitted(order: &SalesOrder, lines: &[SalesOrderLine]) -> Option<Event> {
    if !order.standing.row().is_expected {
        return None;
    }
    let (fulfilment, place) = (order.fulfilment.as_ref()?, order.place.as_ref()?);
    Some(Event::Submitted(SalesOrderSubmitted {
        sales_order_no: order.number.clone(),
        waybill_no: order.waybill_no.clone(),
        warehouse: fulfilment.warehouse.clone(),
        pick_flow: fulfilment.pick_flow.clone(),
        delivery_date: place.delivery_date,
        timeslot: place.timeslot.clone(),
        route_ref: place.route_ref.clone(),
        lines: lines.to_vec(),
    }))
}

/// The event about the fact that gave the order its status.
pub(super) fn told(order: &SalesOrder, fact: Fact) -> Event {
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
