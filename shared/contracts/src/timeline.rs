//! What happened to a waybill, from every owner's history, in one order of time.
//!
//! Never here: who is shown how much of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HoldReason, Role, Timestamp, WaybillNo};

/// Whose history a step is from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimelinePart {
    /// What was reported, decided and held: waybill-status.
    Waybill,
    /// Its place on a route: adra-assigner.
    Assignment,
    /// What the warehouse was asked: sales-order.
    SalesOrder,
}

/// Who said something, whence, and in which conversation. An asker who is not staff is told the role alone
/// of everybody else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineCause {
    /// On whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The broker user that published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Where it came in: a file and its line, an address, a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// In which conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineStep {
    /// When the exchange heard of it or decided it.
    pub at: Timestamp,
    /// When it happened, by the clock of who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Whose history it is from.
    pub part: TimelinePart,
    /// Version of that owner's row after it.
    pub version: u64,
    /// The message that said it; for a place what was decided: `ASSIGNED`, `UNASSIGNABLE`.
    pub what: String,
    /// The status that was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// The route place it belongs to, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u16>,
    /// What came of it: `APPLIED`, `DUPLICATE`, `STALE`, `PARKED`, `REJECTED`.
    pub outcome: String,
    /// Why it was refused, or a mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The status of that part after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The route or the sales order it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The reason that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Who said it.
    #[serde(flatten)]
    pub cause: TimelineCause,
}

/// A hold as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineHold {
    /// Why; absent for one that was released before it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<HoldReason>,
    /// Who holds it; staff is told of everybody, others of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The owner's name for it, under the same rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Which of several of that name.
    pub instance: u32,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// Until when; absent: it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

/// The story of a waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// Which.
    pub waybill_no: WaybillNo,
    /// What happened, the first thing first.
    pub steps: Vec<TimelineStep>,
    /// Its holds.
    pub holds: Vec<TimelineHold>,
    /// True when so much happened that the newest steps are missing here.
    pub truncated: bool,
}
