//! Returns as they stand, which queries show and every change tells. What is asked of a return is in
//! `returns`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Contract, CustomerRef, Exchange, OrderRef, ReturnRef, ReturnStatus, ReturnVerdict, Sku, Source,
    Timestamp, WaybillNo,
};

/// A part of a delivered order line that a return takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedPart {
    /// The order's number at the return's source.
    pub order_ref: OrderRef,
    /// The order line.
    pub line_no: u32,
    /// Units.
    pub quantity: u32,
}

/// One line of a return as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnLineStanding {
    /// Number within the return.
    pub line_no: u32,
    /// What.
    pub sku: Sku,
    /// Units asked for.
    pub requested: u32,
    /// What the matching said.
    pub verdict: ReturnVerdict,
    /// Where they come from; empty when nothing matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReturnedPart>,
    /// Units that arrived, damaged ones included.
    pub received: u32,
    /// Units of them that are damaged.
    pub damaged: u32,
    /// Units sold again.
    pub restocked: u32,
    /// Units thrown away.
    pub written_off: u32,
    /// Units that went back.
    pub refused: u32,
}

/// A return as it stands: what queries show and what every change tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnStanding {
    /// Row id.
    pub return_id: Uuid,
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Its status.
    pub status: ReturnStatus,
    /// Why it was rejected or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its lines.
    pub lines: Vec<ReturnLineStanding>,
    /// Its RETURN waybills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waybills: Vec<WaybillNo>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// A return changed. Carries the return after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnChanged {
    /// The return.
    #[serde(rename = "return")]
    pub standing: ReturnStanding,
}

impl Contract for ReturnChanged {
    const TYPE: &'static str = "return.changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
