//! What this worker consumes, and what of sales orders each message touches. Never here: what follows.

use contracts::{
    AmendmentReserved, Assigned, CancelWaybill, OrderCancellationRequested,
    RecordCancellationAnswer, RecordWarehouseAnswer, RecordWarehouseProgress, ResubmitSalesOrder,
    RouteChange, RouteChanged, RouteId, SalesOrderNo, SubmissionDue, TransferSalesOrder,
};

use crate::decide::waybill_of;

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// A waybill got a place on a route.
        Assigned(Assigned),
        /// The warehouse says yes or no.
        Answer(RecordWarehouseAnswer),
        /// The warehouse says how far it is.
        Progress(RecordWarehouseProgress),
        /// Somebody wants a waybill cancelled.
        Cancel(CancelWaybill),
        /// A waybill of an order that is to be cancelled.
        CancelOfOrder(OrderCancellationRequested),
        /// Whoever picks says whether it can still be cancelled.
        CancellationAnswer(RecordCancellationAnswer),
        /// Other quantities, for which there is room.
        Amend(AmendmentReserved),
        /// The warehouse that rejected it shall be asked again.
        Resubmit(ResubmitSalesOrder),
        /// Another warehouse shall prepare it.
        Transfer(TransferSalesOrder),
        /// A route was locked (nothing else is bound).
        Route(RouteChanged),
        /// The rest of a locked route.
        Due(SubmissionDue),
    }
}

/// The part of a locked route that one message submits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch<'a> {
    pub route_id: RouteId,
    pub route_ref: &'a str,
    /// Everything up to this waybill is done; empty: nothing is.
    pub done: &'a str,
}

impl Incoming {
    /// The waybill that it is about: its place in the order of things. A route has many.
    pub(crate) fn waybill_no(&self) -> Option<&str> {
        Some(match self {
            Self::Assigned(assigned) => assigned.waybill_no.as_str(),
            Self::Answer(answer) => waybill_of(&answer.sales_order_no),
            Self::Progress(progress) => waybill_of(&progress.sales_order_no),
            Self::Cancel(command) => command.waybill_no.as_str(),
            Self::CancelOfOrder(event) => event.waybill_no.as_str(),
            Self::CancellationAnswer(told) => told.waybill_no.as_str(),
            Self::Amend(reserved) => reserved.amendment.waybill_no.as_str(),
            Self::Resubmit(wanted) => waybill_of(&wanted.sales_order_no),
            Self::Transfer(wanted) => waybill_of(&wanted.sales_order_no),
            Self::Route(_) | Self::Due(_) => return None,
        })
    }

    /// Whether the waybill's own row has a say in it.
    pub(crate) const fn needs_waybill(&self) -> bool {
        match self {
            Self::Assigned(_)
            | Self::Answer(_)
            | Self::Progress(_)
            | Self::Route(_)
            | Self::Due(_) => false,
            Self::Cancel(_)
            | Self::CancelOfOrder(_)
            | Self::CancellationAnswer(_)
            | Self::Amend(_)
            | Self::Resubmit(_)
            | Self::Transfer(_) => true,
        }
    }

    /// Whether a warehouse may hear the lines of the sales order because of it.
    pub(crate) const fn needs_lines(&self) -> bool {
        match self {
            Self::CancellationAnswer(_) | Self::Resubmit(_) | Self::Transfer(_) => true,
            Self::Assigned(_)
            | Self::Answer(_)
            | Self::Progress(_)
            | Self::Cancel(_)
            | Self::CancelOfOrder(_)
            | Self::Amend(_)
            | Self::Route(_)
            | Self::Due(_) => false,
        }
    }

    /// The sales order that a warehouse tells something of.
    pub(crate) const fn told_of(&self) -> Option<&SalesOrderNo> {
        match self {
            Self::Answer(told) => Some(&told.sales_order_no),
            Self::Progress(told) => Some(&told.sales_order_no),
            Self::Assigned(_)
            | Self::Cancel(_)
            | Self::CancelOfOrder(_)
            | Self::CancellationAnswer(_)
            | Self::Amend(_)
            | Self::Resubmit(_)
            | Self::Transfer(_)
            | Self::Route(_)
            | Self::Due(_) => None,
        }
    }

    /// The part of a locked route that it submits.
    pub(crate) fn stretch(&self) -> Option<Stretch<'_>> {
        match self {
            Self::Route(RouteChanged { route_id, route_ref, change, .. }) => {
                let is_locked = *change == RouteChange::Locked;
                is_locked.then_some(Stretch { route_id: *route_id, route_ref, done: "" })
            }
            Self::Due(SubmissionDue { route_id, route_ref, after }) => {
                Some(Stretch { route_id: *route_id, route_ref, done: after.as_str() })
            }
            Self::Assigned(_)
            | Self::Answer(_)
            | Self::Progress(_)
            | Self::Cancel(_)
            | Self::CancelOfOrder(_)
            | Self::CancellationAnswer(_)
            | Self::Amend(_)
            | Self::Resubmit(_)
            | Self::Transfer(_) => None,
        }
    }
}
