//! Cancellations: requests for them, and what was decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::waybill::check_reason;
use crate::{Contract, Exchange, OrderRef, RoutingKey, Source, Timestamp, WaybillNo};

/// Ask that a waybill be cancelled. Decided by sales-order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelWaybill {
    /// Which waybill; it need not exist yet.
    pub waybill_no: WaybillNo,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for CancelWaybill {
    const TYPE: &'static str = "waybill.cancel.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// The answer to a request for cancellation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancellationVerdict {
    /// It is cancelled.
    Accepted,
    /// It goes on: too late, or the warehouse said no.
    Rejected,
}

/// sales-order decided a request for cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationDecided {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Yes or no.
    pub verdict: CancellationVerdict,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for CancellationDecided {
    const TYPE: &'static str = "sales-order.cancellation-decided.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(match self.verdict {
            CancellationVerdict::Accepted => "accepted",
            CancellationVerdict::Rejected => "rejected",
        })
    }
}

/// Cancel an order or one line of it. Every waybill concerned is decided by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Who sent the order.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// The line; absent: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for CancelOrder {
    const TYPE: &'static str = "order.cancel.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}
