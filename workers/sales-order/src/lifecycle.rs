//! The sales-order lifecycle as one table: what a warehouse may tell us, how far each fact carries,
//! who may tell it; and the state as a function of our decision and the set of facts.
//!
//! What lives here: the table and that function. What never does: the sales order around it, events.
//!
//! ```text
//! our decision    WAITING -> CREATED      SUBMITTED -> SUBMITTED      REFUSED -> REJECTED
//!
//! facts, weakest first (only a submitted order has any; all may come from warehouse, operator, admin)
//!   ACCEPTED < REJECTED < PICKING < PICKED < PACKED < HANDED_OVER
//! ```
//!
//! The status is the strongest fact, or our decision while there is none. A fact needs no proof: picked
//! goods prove the answer that got lost. A no outranks a yes, because a warehouse that takes its yes back
//! must be heard; goods in hand outrank both. A maximum over a set is the same for every order of arrival.

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

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its bit in a fact set; the higher one decides the status.
    pub rank: u8,
    /// The status while nothing stronger is known.
    pub status: SalesOrderStatus,
    /// Who may tell it. Never asks for the current state: the answer is the same whenever it arrives.
    pub reporters: &'static [Role],
}

const WAREHOUSE: &[Role] = &[Role::Warehouse, Role::Operator, Role::Admin];

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

    /// The table.
    #[rustfmt::skip]
    pub(crate) const fn row(self) -> &'static Row {
        use SalesOrderStatus as S;
        match self {
            Self::Accepted => &Row { rank: 0, status: S::Accepted, reporters: WAREHOUSE },
            Self::Rejected => &Row { rank: 1, status: S::Rejected, reporters: WAREHOUSE },
            Self::Picking => &Row { rank: 2, status: S::Picking, reporters: WAREHOUSE },
            Self::Picked => &Row { rank: 3, status: S::Picked, reporters: WAREHOUSE },
            Self::Packed => &Row { rank: 4, status: S::Packed, reporters: WAREHOUSE },
            Self::HandedOver => &Row { rank: 5, status: S::HandedOver, reporters: WAREHOUSE },
        }
    }

    /// The role check.
    pub(crate) fn may_be_told_by(self, role: Role) -> bool {
        self.row().reporters.contains(&role)
    }

    const fn bit(self) -> u8 {
        1 << self.row().rank
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

/// What we decided about asking the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Submission {
    /// Not asked yet.
    Waiting,
    /// Asked.
    Submitted,
    /// Nobody to ask.
    Refused,
}

impl Submission {
    const ALL: [Self; 3] = [Self::Waiting, Self::Submitted, Self::Refused];

    const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Submitted => "SUBMITTED",
            Self::Refused => "REFUSED",
        }
    }
}

/// Our decision and all that the warehouse told: everything the status depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    submission: Submission,
    facts: u8,
}

impl Standing {
    /// Decided, and nothing told yet.
    pub(crate) const fn of(submission: Submission) -> Self {
        Self { submission, facts: 0 }
    }

    /// Our decision.
    pub(crate) const fn submission(self) -> Submission {
        self.submission
    }

    /// Adds a fact; false when it was known.
    pub(crate) const fn tell(&mut self, fact: Fact) -> bool {
        let known = self.knows(fact);
        self.facts |= fact.bit();
        !known
    }

    /// Whether the fact was told.
    pub(crate) const fn knows(self, fact: Fact) -> bool {
        self.facts & fact.bit() != 0
    }

    /// The state.
    pub(crate) fn status(self) -> SalesOrderStatus {
        let strongest = Fact::ALL.into_iter().rev().find(|fact| self.knows(*fact));
        match (strongest, self.submission) {
            (Some(fact), _) => fact.row().status,
            (None, Submission::Waiting) => SalesOrderStatus::Created,
            (None, Submission::Submitted) => SalesOrderStatus::Submitted,
            (None, Submission::Refused) => SalesOrderStatus::Rejected,
        }
    }

    /// True once goods are in hand: nothing about the order can be changed any more.
    pub(crate) fn is_being_picked(self) -> bool {
        use Fact::{HandedOver, Packed, Picked, Picking};
        [Picking, Picked, Packed, HandedOver].into_iter().any(|fact| self.knows(fact))
    }

    /// As the column `reached` keeps it: `SUBMITTED,ACCEPTED,PICKING` (the decision comes first).
    pub(crate) fn to_text(self) -> String {
        let facts = Fact::ALL.into_iter().filter(|fact| self.knows(*fact));
        facts.fold(self.submission.word().to_owned(), |text, fact| {
            text + "," + status_word(fact.row().status)
        })
    }

    /// Reads what [`Self::to_text`] wrote; nothing when it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(',');
        let decision = words.next()?;
        let submission = Submission::ALL.into_iter().find(|s| s.word() == decision)?;
        let mut standing = Self::of(submission);
        for word in words {
            standing.tell(Fact::ALL.into_iter().find(|f| status_word(f.row().status) == word)?);
        }
        Some(standing)
    }
}

/// A status as columns keep it.
pub(crate) const fn status_word(status: SalesOrderStatus) -> &'static str {
    match status {
        SalesOrderStatus::Created => "CREATED",
        SalesOrderStatus::Submitted => "SUBMITTED",
        SalesOrderStatus::Accepted => "ACCEPTED",
        SalesOrderStatus::Rejected => "REJECTED",
        SalesOrderStatus::Picking => "PICKING",
        SalesOrderStatus::Picked => "PICKED",
        SalesOrderStatus::Packed => "PACKED",
        SalesOrderStatus::HandedOver => "HANDED_OVER",
        SalesOrderStatus::CancellationRequested => "CANCELLATION_REQUESTED",
        SalesOrderStatus::Cancelled => "CANCELLED",
    }
}
