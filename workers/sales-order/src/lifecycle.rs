//! The sales-order lifecycle as one table: what a warehouse may tell us and how far each fact carries,
//! what a request for cancellation or a change meets in each status, and who may say what.
//!
//! What lives here: the table. What never does: the state of one sales order (`standing.rs`), events.
//!
//! ```text
//! our decision    WAITING -> CREATED      SUBMITTED -> SUBMITTED      REFUSED -> REJECTED
//!                 MERCHANT -> SUBMITTED (the merchant picks; the row is made when a cancellation is asked)
//!
//! facts, weakest first (only an order submitted to a warehouse has any; warehouse, operator, admin)
//!   ACCEPTED < REJECTED < PICKING < PICKED < PACKED < HANDED_OVER
//!
//! requests for cancellation (customer service, operator, admin, the merchant whose goods they are)
//!
//!   no row, CREATED, REJECTED ---- request ----------------------------------------> CANCELLED
//!   SUBMITTED, ACCEPTED, \
//!   PICKING, PICKED, PACKED  ----- request n --> CANCELLATION_REQUESTED -- yes to n -> CANCELLED
//!                          ^                          |
//!                          '---- no to n, on the road-'     (answers: whoever picks, operator, admin)
//!   HANDED_OVER, on the road ----- request --> refused, nothing changes
//!   CANCELLATION_REQUESTED, CANCELLED ---- request --> known, nothing changes
//!
//! transfers to another warehouse, and resubmissions (customer service, operator, admin)
//!
//!   CREATED, REJECTED ------------ transfer ----> CANCELLED, and a successor there: CREATED or SUBMITTED
//!   SUBMITTED, ACCEPTED, \
//!   PICKING, PICKED, PACKED  ----- transfer n --> CANCELLATION_REQUESTED -- yes to n -> CANCELLED, and a
//!                          ^                          |        |            successor there: SUBMITTED
//!                          '---- no to n, on the road-'        '-- request: the yes will cancel it
//!   HANDED_OVER, on the road, CANCELLED ---- transfer --> refused, nothing changes
//!   CANCELLATION_REQUESTED ----------------- transfer --> known (the same), refused (another)
//!   REJECTED by a warehouse ---------------- resubmit --> REJECTED, and a successor there: SUBMITTED
//!   anything else -------------------------- resubmit --> refused, nothing changes
//! ```
//!
//! A successor has the next number; one sales order of a waybill is in force, the last. What is told of
//! another is kept with it and decides nothing, but goods that were picked there travel on: they get a
//! waybill of kind TRANSFER, whether we hear of the picking before the yes or after it.
//!
//! The status is CANCELLED after a yes, CANCELLATION_REQUESTED while a question is open, and otherwise the
//! strongest fact, or our decision while there is none. So a no leads back to what the facts say, also to
//! those that came while the question was open, and a fact never undoes a yes.
//! A fact needs no proof: picked goods prove the answer that got lost. A no of the warehouse to the order
//! outranks a yes, because a warehouse that takes its yes back must be heard; goods in hand outrank both.
//! A maximum over a set is the same for every order of arrival; our decision, the requests and the answers
//! count in the order of their commits.

use contracts::{Role, SalesOrderStatus, WarehouseAnswer, WarehouseProgress};

/// What a warehouse tells us of a sales order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Accepted,
    Rejected,
    Picking,
    Picked,
    Packed,
    HandedOver,
}

/// One row of the table: a fact.
#[derive(Debug)]
pub(crate) struct FactRow {
    /// Its bit in a fact set; the higher one decides the status.
    pub rank: u8,
    /// The status while nothing stronger is known.
    pub status: SalesOrderStatus,
    /// Who may tell it. Never asks for the current state: the answer is the same whenever it arrives.
    pub reporters: &'static [Role],
}

/// One row of the table: a status.
#[derive(Debug)]
pub(crate) struct StatusRow {
    /// As columns keep it.
    pub word: &'static str,
    /// What a request for cancellation leads to.
    pub on_request: OnRequest,
    /// What a transfer to another warehouse leads to.
    pub on_transfer: OnTransfer,
    /// True where the same warehouse may be asked again.
    pub is_resubmittable: bool,
    /// True while the lines may still change.
    pub is_amendable: bool,
    /// True while somebody has the order, with nothing in hand: whoever picks hears of every change.
    pub is_expected: bool,
}

/// What a request for cancellation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnRequest {
    /// Nobody prepares it: it is cancelled at once.
    Cancel,
    /// Whoever picks is asked.
    Ask,
    /// It is too late.
    Refuse,
    /// It was asked for before.
    Known,
}

/// What a transfer to another warehouse leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTransfer {
    /// Nobody prepares it: it goes there at once.
    Move,
    /// The warehouse that has it is asked.
    Ask,
    /// Another question is open.
    Wait,
    /// It is too late.
    Refuse,
}

const WAREHOUSE: &[Role] = &[Role::Warehouse, Role::Operator, Role::Admin];
const MERCHANT: &[Role] = &[Role::Merchant, Role::Operator, Role::Admin];
const REQUESTERS: &[Role] =
    &[Role::CsAgent, Role::CsSupervisor, Role::Merchant, Role::Operator, Role::Admin];

const STAFF: &[Role] = &[Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];

/// Who may transfer a sales order or submit it again.
pub(crate) fn may_replace(role: Role) -> bool {
    STAFF.contains(&role)
}

/// Who may ask for the cancellation of a waybill; a merchant only for its own goods.
pub(crate) fn may_request(role: Role) -> bool {
    REQUESTERS.contains(&role)
}

/// Who may answer a question for cancellation; a merchant only for its own goods.
pub(crate) fn may_answer(role: Role, merchant_picks: bool) -> bool {
    (if merchant_picks { MERCHANT } else { WAREHOUSE }).contains(&role)
}

impl Fact {
    /// Every fact, weakest first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Rejected,
        Self::Picking,
        Self::Picked,
        Self::Packed,
        Self::HandedOver,
    ];

    /// The table of facts.
    #[rustfmt::skip]
    pub(crate) const fn row(self) -> &'static FactRow {
        use SalesOrderStatus as S;
        match self {
            Self::Accepted => &FactRow { rank: 0, status: S::Accepted, reporters: WAREHOUSE },
            Self::Rejected => &FactRow { rank: 1, status: S::Rejected, reporters: WAREHOUSE },
            Self::Picking => &FactRow { rank: 2, status: S::Picking, reporters: WAREHOUSE },
            Self::Picked => &FactRow { rank: 3, status: S::Picked, reporters: WAREHOUSE },
            Self::Packed => &FactRow { rank: 4, status: S::Packed, reporters: WAREHOUSE },
            Self::HandedOver => &FactRow { rank: 5, status: S::HandedOver, reporters: WAREHOUSE },
        }
    }

    /// The role check.
    pub(crate) fn may_be_told_by(self, role: Role) -> bool {
        self.row().reporters.contains(&role)
    }
}

/// The table of statuses.
#[rustfmt::skip]
pub(crate) const fn row(status: SalesOrderStatus) -> &'static StatusRow {
    use OnRequest::{Ask, Cancel, Known, Refuse};
    use OnTransfer as T;
    use SalesOrderStatus as S;
    match status {
        S::Created => &StatusRow {
            word: "CREATED", on_request: Cancel, on_transfer: T::Move,
            is_resubmittable: false, is_amendable: true, is_expected: false,
        },
        S::Submitted => &StatusRow {
            word: "SUBMITTED", on_request: Ask, on_transfer: T::Ask,
            is_resubmittable: false, is_amendable: true, is_expected: true,
        },
        S::Accepted => &StatusRow {
            word: "ACCEPTED", on_request: Ask, on_transfer: T::Ask,
            is_resubmittable: false, is_amendable: true, is_expected: true,
        },
        S::Rejected => &StatusRow {
            word: "REJECTED", on_request: Cancel, on_transfer: T::Move,
            is_resubmittable: true, is_amendable: true, is_expected: false,
        },
        S::Picking => &StatusRow {
            word: "PICKING", on_request: Ask, on_transfer: T::Ask,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
        S::Picked => &StatusRow {
            word: "PICKED", on_request: Ask, on_transfer: T::Ask,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
        S::Packed => &StatusRow {
            word: "PACKED", on_request: Ask, on_transfer: T::Ask,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
        S::HandedOver => &StatusRow {
            word: "HANDED_OVER", on_request: Refuse, on_transfer: T::Refuse,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
        S::CancellationRequested => &StatusRow {
            word: "CANCELLATION_REQUESTED", on_request: Known, on_transfer: T::Wait,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
        S::Cancelled => &StatusRow {
            word: "CANCELLED", on_request: Known, on_transfer: T::Refuse,
            is_resubmittable: false, is_amendable: false, is_expected: false,
        },
    }
}

impl From<WarehouseAnswer> for Fact {
    fn from(answer: WarehouseAnswer) -> Self {
        match answer {
            WarehouseAnswer::Accepted => Self::Accepted,
            WarehouseAnswer::Rejected => Self::Rejected,
        }
    }
}

impl From<WarehouseProgress> for Fact {
    fn from(progress: WarehouseProgress) -> Self {
        match progress {
            WarehouseProgress::Picking => Self::Picking,
            WarehouseProgress::Picked => Self::Picked,
            WarehouseProgress::Packed => Self::Packed,
            WarehouseProgress::HandedOver => Self::HandedOver,
        }
    }
}
