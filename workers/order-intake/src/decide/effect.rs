//! What a message comes to for one order: the outcome, the entry in its history, what others are told.

use contracts::{
    AmendmentRequested, ItemReply, OrderCancellationRequested, OrderChanged, Refusal, WaybillNo,
};
use runtime::Outcome;

use super::standing::line_standings;
use crate::order::Order;

/// What a message comes to.
#[derive(Debug, PartialEq)]
pub(crate) struct Effect {
    /// What its sender is told.
    pub(crate) outcome: Outcome,
    /// What became of each waybill it concerns.
    pub(crate) items: Vec<ItemReply>,
    /// The new version of the order, if it made one.
    pub(crate) change: Option<Change>,
    /// What others are told.
    pub(crate) news: Vec<News>,
}

/// One entry of an order's history. It never holds personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The order's version after it.
    pub(crate) version: u64,
    pub(crate) what: What,
    /// The waybill that it came from.
    pub(crate) waybill_no: Option<WaybillNo>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Why, as the sender said.
    pub(crate) reason: Option<String>,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Somebody asked to cancel waybills; each is decided by itself.
    CancellationRequested,
    /// Lines that make no parcel were cancelled.
    Cancelled,
    /// Somebody asked for other quantities or another destination.
    AmendmentRequested,
    /// It has them.
    Amended,
    /// It does not get them.
    AmendmentRefused,
    /// A waybill got further.
    WaybillMoved,
    /// Something came back from the customer.
    Returned,
}

impl What {
    /// The word in the column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CancellationRequested => "CANCELLATION_REQUESTED",
            Self::Cancelled => "CANCELLED",
            Self::AmendmentRequested => "AMENDMENT_REQUESTED",
            Self::Amended => "AMENDED",
            Self::AmendmentRefused => "AMENDMENT_REFUSED",
            Self::WaybillMoved => "WAYBILL_MOVED",
            Self::Returned => "RETURNED",
        }
    }
}

/// What others are told.
#[derive(Debug, PartialEq)]
pub(crate) enum News {
    /// sales-order is asked to cancel a waybill.
    CancellationRequested(OrderCancellationRequested),
    /// ADRA is asked to make room for an amended waybill.
    AmendmentRequested(Box<AmendmentRequested>),
    /// The order is another one now.
    Changed(Box<OrderChanged>),
}

impl Effect {
    /// Nothing changes.
    pub(crate) const fn none(outcome: Outcome) -> Self {
        Self { outcome, items: Vec::new(), change: None, news: Vec::new() }
    }

    /// It is not done.
    pub(crate) fn refused(code: &str, detail: impl Into<String>) -> Self {
        Refusal::new(code, detail).into()
    }

    /// The order is another one now: it gets its next version.
    pub(crate) fn changed(order: &mut Order, what: What) -> Self {
        order.version += 1;
        let (from, to, reason, waybill_no) = (None, None, None, None);
        let change = Change { version: order.version, what, waybill_no, from, to, reason };
        let changed = OrderChanged {
            order_id: order.id,
            source: order.key.source.clone(),
            order_ref: order.key.order_ref.clone(),
            customer_ref: order.customer_ref.clone(),
            status: order.status,
            return_status: order.return_status,
            open_amendment: order.open_amendment,
            lines: line_standings(order),
        };
        Self {
            outcome: Outcome::Applied,
            items: Vec::new(),
            change: Some(change),
            news: vec![News::Changed(Box::new(changed))],
        }
    }

    /// The same, with what was before and what is now.
    pub(crate) fn between(mut self, was: Option<String>, is: Option<String>) -> Self {
        if let Some(change) = &mut self.change {
            (change.from, change.to) = (was, is);
        }
        self
    }

    /// The same, with the sender's reason.
    pub(crate) fn because(mut self, reason: Option<&String>) -> Self {
        if let Some(change) = &mut self.change {
            change.reason = reason.cloned();
        }
        self
    }

    /// The same, from this waybill.
    pub(crate) fn of(mut self, waybill_no: &WaybillNo) -> Self {
        if let Some(change) = &mut self.change {
            change.waybill_no = Some(waybill_no.clone());
        }
        self
    }

    /// The same, and this is asked of a waybill.
    pub(crate) fn asks(&mut self, waybill_no: &WaybillNo, news: News) {
        let code = match &news {
            News::CancellationRequested(_) => "CANCELLATION_REQUESTED",
            News::AmendmentRequested(_) => "AMENDMENT_REQUESTED",
            News::Changed(_) => "CHANGED",
        };
        let item = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let detail = Some(waybill_no.to_string());
        self.items.push(ItemReply { item, code: code.to_owned(), detail });
        self.news.push(news);
    }
}

impl From<Refusal> for Effect {
    fn from(refusal: Refusal) -> Self {
        Self::none(Outcome::Rejected(refusal))
    }
}
