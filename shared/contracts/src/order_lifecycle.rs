//! The lifecycle of an order as one table: every status, how it is reached and what may still be asked of
//! an order that has it. The drawing and the documents are made from it.
//!
//! What never lives here: the state of any one order; order-intake counts its units and decides with it.

use crate::OrderStatus;

use OrderStatus as S;

/// The status of an order from a shop: it is sent when it is paid.
pub const ORDER_ENTRY: OrderStatus = S::Paid;

/// What brings an order into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderReached {
    /// It is taken in.
    Taken,
    /// What became of its units.
    Counted,
    /// This event of the payment saga, and nothing else.
    Saga(&'static str),
}

/// One way into a status: from where (`None`: it begins there), and by what.
pub type OrderWay = (Option<OrderStatus>, OrderReached);

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStateRow {
    /// Which status.
    pub status: OrderStatus,
    /// What it says.
    pub means: &'static str,
    /// Every way into it.
    pub reached: &'static [OrderWay],
    /// True when what became of the units decides whether it stays.
    pub counted: bool,
    /// True when the order, or a line of it, may be asked to be cancelled.
    pub may_cancel: bool,
    /// True when it may be asked to be amended.
    pub may_amend: bool,
}

impl OrderStatus {
    /// Its row of the table.
    #[must_use]
    pub fn row(self) -> &'static OrderStateRow {
        let found = ORDER_STATES.iter().find(|row| row.status == self);
        // a test holds that every status has its own
        found.unwrap_or(&EXCEPTION)
    }
}

impl OrderStateRow {
    const fn saga(status: OrderStatus, means: &'static str, reached: &'static [OrderWay]) -> Self {
        Self { status, means, reached, counted: false, may_cancel: false, may_amend: false }
    }

    /// An order on its way to the customer: `may` says whether it may be cancelled, and amended.
    const fn on_its_way(
        status: OrderStatus,
        means: &'static str,
        reached: &'static [OrderWay],
        may: (bool, bool),
    ) -> Self {
        let (may_cancel, may_amend) = may;
        Self { status, means, reached, counted: true, may_cancel, may_amend }
    }
}

const EXCEPTION: OrderStateRow = OrderStateRow::saga(
    S::Exception,
    "paid after it had expired, or cancelled in vain: somebody has to see to it",
    &[
        (Some(S::Expired), OrderReached::Saga("payment came after all")),
        (Some(S::Cancelled), OrderReached::Saga("payment came after all")),
    ],
);

use OrderReached::{Counted, Saga, Taken};

/// The table, in the order of an order's life.
pub const ORDER_STATES: &[OrderStateRow] = &[
    OrderStateRow::saga(
        S::Received,
        "checked, nothing promised yet",
        &[(None, Saga("order placed"))],
    ),
    OrderStateRow::saga(
        S::Reserved,
        "stock and places are kept for it",
        &[(Some(S::Received), Saga("stock reserved"))],
    ),
    OrderStateRow::saga(
        S::PendingPayment,
        "the customer is asked to pay",
        &[(Some(S::Reserved), Saga("payment asked for"))],
    ),
    OrderStateRow::on_its_way(
        S::Paid,
        "paid: its waybills are made; orders from a shop begin here",
        &[(None, Taken), (Some(S::PendingPayment), Saga("payment received"))],
        (true, true),
    ),
    OrderStateRow::on_its_way(
        S::Released,
        "released to be picked",
        &[(Some(S::Paid), Saga("order released"))],
        (true, true),
    ),
    OrderStateRow::on_its_way(
        S::PartiallyShipped,
        "a part of it is on the road",
        &[(Some(S::Paid), Counted), (Some(S::Released), Counted)],
        (true, true),
    ),
    OrderStateRow::on_its_way(
        S::Shipped,
        "all that is not cancelled is on the road",
        &[
            (Some(S::Paid), Counted),
            (Some(S::Released), Counted),
            (Some(S::PartiallyShipped), Counted),
        ],
        (true, false),
    ),
    OrderStateRow::on_its_way(
        S::PartiallyDelivered,
        "a part of it is delivered",
        &[
            (Some(S::Paid), Counted),
            (Some(S::Released), Counted),
            (Some(S::PartiallyShipped), Counted),
            (Some(S::Shipped), Counted),
        ],
        (true, true),
    ),
    OrderStateRow::on_its_way(
        S::Delivered,
        "every unit has ended its way, and an amendment is not decided yet",
        &[
            (Some(S::Paid), Counted),
            (Some(S::Released), Counted),
            (Some(S::PartiallyShipped), Counted),
            (Some(S::Shipped), Counted),
            (Some(S::PartiallyDelivered), Counted),
        ],
        (false, false),
    ),
    OrderStateRow::on_its_way(
        S::Completed,
        "every line: ordered = cancelled + delivered + returned to origin + lost",
        &[
            (Some(S::Paid), Counted),
            (Some(S::Released), Counted),
            (Some(S::PartiallyShipped), Counted),
            (Some(S::Shipped), Counted),
            (Some(S::PartiallyDelivered), Counted),
            (Some(S::Delivered), Counted),
        ],
        (false, false),
    ),
    OrderStateRow::saga(
        S::Archived,
        "kept for the books only",
        &[(Some(S::Completed), Saga("time of keeping over"))],
    ),
    OrderStateRow::saga(S::Rejected, "never taken", &[(Some(S::Received), Saga("order rejected"))]),
    OrderStateRow::saga(
        S::PriceMismatch,
        "the prices are others by now",
        &[(Some(S::Received), Saga("prices differ"))],
    ),
    OrderStateRow::saga(
        S::PaymentFailed,
        "the payment was refused",
        &[(Some(S::PendingPayment), Saga("payment refused"))],
    ),
    OrderStateRow::saga(
        S::Expired,
        "nobody paid in time",
        &[(Some(S::PendingPayment), Saga("time to pay over"))],
    ),
    OrderStateRow::on_its_way(
        S::Cancelled,
        "every unit is cancelled",
        &[(Some(S::Paid), Counted), (Some(S::Released), Counted)],
        (false, false),
    ),
    EXCEPTION,
];
