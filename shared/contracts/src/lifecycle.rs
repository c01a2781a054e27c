//! The lifecycle of a waybill as one table: every status with its position, its proofs, who may report
//! it, and what partners call it. The drawing, the documents and the checks are made from it.
//!
//! What lives here: the table and the questions that one of its rows answers. What never does: the state
//! of any one waybill; waybill-status decides with it.

mod rows;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FulfilledBy, Role, WaybillKind, WaybillStatus};

/// Which way a parcel goes. Each has statuses and ranks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// To somebody: forward, replacement, transfer.
    Outbound,
    /// Back from a customer.
    Return,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Outbound, Self::Return];

    /// The way of a kind of waybill.
    #[must_use]
    pub const fn of(kind: WaybillKind) -> Self {
        match kind {
            WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer => {
                Self::Outbound
            }
            WaybillKind::Return => Self::Return,
        }
    }

    /// Its part of the table, lowest position first.
    #[must_use]
    pub const fn rows(self) -> &'static [StatusRow] {
        match self {
            Self::Outbound => rows::OUTBOUND,
            Self::Return => rows::RETURN,
        }
    }

    /// The row of a status; `None` when a parcel on this way never has it.
    #[must_use]
    pub fn row(self, status: WaybillStatus) -> Option<&'static StatusRow> {
        self.rows().iter().find(|row| row.status == status)
    }

    /// What follows what, as people draw it: from each proof to what it proves, along the expected way,
    /// and from the beginning to what may happen at any time.
    #[must_use]
    pub fn edges(self) -> Vec<(WaybillStatus, WaybillStatus)> {
        let mut edges = Vec::new();
        let mut before = WaybillStatus::Created;
        for row in self.rows().iter().skip(1) {
            if row.proofs.is_empty() {
                let from = if row.anywhere { WaybillStatus::Created } else { before };
                edges.push((from, row.status));
            }
            edges.extend(row.proofs.iter().map(|proof| (*proof, row.status)));
            if row.expected {
                before = row.status;
            }
        }
        edges
    }
}

/// Where in the life of a waybill a status belongs. The order is the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Before the road: there is one.
    Base,
    /// On the road: once for each place on a route.
    Attempt,
    /// How it ended, whatever the attempt.
    Above,
}

/// Who may report a status. An administrator may report everything but a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reporters {
    /// These roles.
    Roles(&'static [Role]),
    /// Whoever packs the parcel: its merchant, or the warehouse.
    Packer,
    /// Nobody: it is the verdict of the worker that decides it.
    Verdict,
}

/// What partners call a status; empty: they have no word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartnerNames {
    /// AfterShip's delivery tag.
    pub aftership: &'static str,
    /// EasyPost's tracker status.
    pub easypost: &'static str,
    /// The business step of EPCIS (core business vocabulary).
    pub epcis: &'static str,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow {
    /// Which status.
    pub status: WaybillStatus,
    /// Where it belongs.
    pub level: Level,
    /// Order within the level, from 0.
    pub rank: u8,
    /// True when every parcel that gets further passes through it. It may be skipped; then it is a gap.
    pub expected: bool,
    /// True when it may happen at any moment, so that it says nothing about earlier statuses.
    pub anywhere: bool,
    /// True when nothing is done with the waybill afterwards.
    pub terminal: bool,
    /// Who may report it.
    pub reporters: Reporters,
    /// One of these must count before it counts; none: it counts by itself. For a [`Level::Attempt`]
    /// the proof is of the same attempt, for [`Level::Above`] of any.
    pub proofs: &'static [WaybillStatus],
    /// What partners call it.
    pub names: PartnerNames,
}

impl StatusRow {
    /// The role check. It knows nothing of the current state, so that its answer is the same whenever a
    /// report arrives.
    #[must_use]
    pub fn may_report(&self, role: Role, fulfilled_by: FulfilledBy) -> bool {
        match (self.reporters, fulfilled_by) {
            (Reporters::Verdict, _) => false,
            (_, _) if role == Role::Admin => true,
            (Reporters::Roles(roles), _) => roles.contains(&role),
            (Reporters::Packer, FulfilledBy::Merchant) => role == Role::Merchant,
            (Reporters::Packer, FulfilledBy::Warehouse) => role == Role::Warehouse,
        }
    }
}

/// A status in the words that others use, as queries and exports give it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusNames {
    /// AfterShip's delivery tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aftership: Option<String>,
    /// EasyPost's tracker status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub easypost: Option<String>,
    /// The business step of EPCIS (core business vocabulary).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epcis: Option<String>,
}

impl StatusNames {
    /// What partners call the status of a waybill of this kind.
    #[must_use]
    pub fn of(kind: WaybillKind, status: WaybillStatus) -> Self {
        let Some(row) = Way::of(kind).row(status) else {
            return Self::default();
        };
        let word = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let PartnerNames { aftership, easypost, epcis } = row.names;
        Self { aftership: word(aftership), easypost: word(easypost), epcis: word(epcis) }
    }
}
