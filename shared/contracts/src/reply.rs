//! What a command's sender is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::MessageId;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyOutcome {
    /// It had its effect.
    Applied,
    /// It had its effect before; this changed nothing.
    Duplicate,
    /// A business answer: not allowed, with a code.
    Rejected,
    /// Taken on, the effect comes later.
    Accepted,
}

/// One thing that is wrong with a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// The order line it belongs to, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The field (column) at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Stable code.
    pub code: String,
    /// A sentence for a person: what is wrong and what to do.
    pub message: String,
}

/// A business "no": stable code, sentence, and every single error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Stable code, for example `UNKNOWN_DISTRICT`.
    pub code: String,
    /// A sentence for a person.
    pub detail: String,
    /// Each error, all found in one pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Refusal {
    /// A refusal without single errors.
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into(), errors: Vec::new() }
    }

    /// Whether a change that was made for a version may still be made; without one it may. `what` is
    /// "waybill", "order". The owner of the row looks under its lock: of two changes that were made for the
    /// same version one has its effect.
    ///
    /// # Errors
    /// `VERSION_CONFLICT` with both versions, when there is a newer one than the sender saw.
    pub fn check_version(what: &str, version: u64, expected: Option<u64>) -> Result<(), Self> {
        match expected {
            Some(seen) if version > seen => Err(Self::new(
                "VERSION_CONFLICT",
                format!(
                    "the {what} has version {version} by now, and you saw {seen}: look at it again"
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// What became of one item of a command with several (a report, a line, an order).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemReply {
    /// Which: its place in the command, from 0, or its line number where lines have one.
    pub item: u32,
    /// `APPLIED`, `STALE`, `PARKED`, `DUPLICATE`, a verdict such as `MATCHED`, or a refusal's code.
    pub code: String,
    /// A sentence for a person, when there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The answer to a command that carried `reply_to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// The command it answers.
    pub message_id: MessageId,
    /// How it ended.
    pub outcome: ReplyOutcome,
    /// Outcome in detail: `APPLIED`, `STALE`, `PARKED`, or the refusal's code.
    pub code: String,
    /// The refusal, when rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What became of each item, for commands with several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemReply>,
    /// The reference of what was changed (a waybill number, `source/order_ref`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<String>,
    /// Its version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}
