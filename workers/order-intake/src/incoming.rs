//! What this worker hears, and which orders it is about.
//!
//! Never here: what comes of it.

use std::collections::BTreeSet;

use contracts::{
    AmendOrder, AmendmentDecided, CancelOrder, CreateOrder, CreateOrders, ReturnChanged,
    WaybillCancelledButMoved, WaybillCorrected, WaybillNo, WaybillStatus, WaybillStatusChanged,
};

use crate::order::OrderKey;

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// Create an order.
        Create(CreateOrder),
        /// Create several, each by itself.
        CreateBatch(CreateOrders),
        /// Cancel an order or a line of it.
        Cancel(CancelOrder),
        /// Change its quantities or its destination.
        Amend(AmendOrder),
        /// A waybill has another status.
        Moved(WaybillStatusChanged),
        /// A cancelled waybill got further.
        MovedAnyway(WaybillCancelledButMoved),
        /// A waybill was set right.
        Corrected(WaybillCorrected),
        /// An amendment of a waybill was decided.
        Decided(AmendmentDecided),
        /// A return is another one now.
        Returned(ReturnChanged),
    }
}

/// Where a waybill stands.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) waybill_no: &'a WaybillNo,
    pub(crate) status: WaybillStatus,
    pub(crate) attempt: u16,
}

impl Incoming {
    /// The orders it is about, each once.
    pub(crate) fn keys(&self) -> Vec<OrderKey> {
        match self {
            Self::Create(order) => vec![OrderKey::of(order)],
            Self::CreateBatch(orders) => {
                let keys: BTreeSet<OrderKey> = orders.orders.iter().map(OrderKey::of).collect();
                keys.into_iter().collect()
            }
            Self::Cancel(CancelOrder { source, order_ref, .. })
            | Self::Amend(AmendOrder { source, order_ref, .. }) => {
                vec![OrderKey::new(source, order_ref)]
            }
            Self::Decided(AmendmentDecided { amendment, .. }) => {
                vec![OrderKey::new(&amendment.source, &amendment.order_ref)]
            }
            Self::Returned(ReturnChanged { standing }) => {
                let parts = standing.lines.iter().flat_map(|line| &line.parts);
                let key = |order_ref| OrderKey::new(&standing.source, order_ref);
                let keys: BTreeSet<OrderKey> = parts.map(|part| key(&part.order_ref)).collect();
                keys.into_iter().collect()
            }
            Self::Moved(_) | Self::MovedAnyway(_) | Self::Corrected(_) => {
                let of = |report: Report<'_>| OrderKey::of_waybill(report.waybill_no);
                self.report().and_then(of).into_iter().collect()
            }
        }
    }

    /// How many orders it creates; 1 for everything else.
    pub(crate) fn orders(&self) -> usize {
        match self {
            Self::CreateBatch(orders) => orders.orders.len(),
            Self::Create(_)
            | Self::Cancel(_)
            | Self::Amend(_)
            | Self::Moved(_)
            | Self::MovedAnyway(_)
            | Self::Corrected(_)
            | Self::Decided(_)
            | Self::Returned(_) => 1,
        }
    }

    /// True when it is judged by the delivery network.
    pub(crate) const fn needs_network(&self) -> bool {
        match self {
            Self::Create(_) | Self::CreateBatch(_) => true,
            Self::Amend(command) => command.destination.is_some(),
            Self::Cancel(_)
            | Self::Moved(_)
            | Self::MovedAnyway(_)
            | Self::Corrected(_)
            | Self::Decided(_)
            | Self::Returned(_) => false,
        }
    }

    /// True when it is about orders that are there.
    pub(crate) const fn changes_orders(&self) -> bool {
        !matches!(self, Self::Create(_) | Self::CreateBatch(_))
    }

    /// Where it says that a waybill stands, if it is about one.
    pub(crate) const fn report(&self) -> Option<Report<'_>> {
        match self {
            Self::Moved(WaybillStatusChanged { waybill_no, to: status, attempt, .. })
            | Self::MovedAnyway(WaybillCancelledButMoved { waybill_no, status, attempt, .. })
            | Self::Corrected(WaybillCorrected { waybill_no, status, attempt, .. }) => {
                Some(Report { waybill_no, status: *status, attempt: *attempt })
            }
            Self::Create(_)
            | Self::CreateBatch(_)
            | Self::Cancel(_)
            | Self::Amend(_)
            | Self::Decided(_)
            | Self::Returned(_) => None,
        }
    }
}
