//! Cancellations: who asks, what the picker is asked, what it answers, what was decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::waybill::check_reason;
use crate::{
    Contract, Exchange, FulfilledBy, Merchant, OrderRef, RoutingKey, SalesOrderNo, Source,
    Timestamp, WarehouseCode, WaybillNo,
};

/// Cancel an order, or one line of it. Every waybill concerned is decided by itself.
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
    /// The version that the sender saw: refused when the order has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
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

/// order-intake asks sales-order to cancel one waybill of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancellationRequested {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Who asked order-intake.
    pub requested_by: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for OrderCancellationRequested {
    const TYPE: &'static str = "order.cancellation-requested.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// Ask that a waybill be cancelled. sales-order decides.
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

/// sales-order asks whoever picks a waybill whether it can still be cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationAsked {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Its sales order, where a warehouse picks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_order_no: Option<SalesOrderNo>,
    /// How often that was asked of this waybill, from 1: an answer names the question.
    pub question: u32,
    /// Who picks.
    pub fulfilled_by: FulfilledBy,
    /// The warehouse that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
    /// The merchant whose goods they are, where it picks itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for CancellationAsked {
    const TYPE: &'static str = "sales-order.cancellation-asked.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{fulfilled_by}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(self.fulfilled_by.as_str())
    }
}

/// Record what the warehouse, or the merchant that picks itself, answered to a question for cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCancellationAnswer {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The question that is answered.
    pub question: u32,
    /// Yes or no.
    pub answer: CancellationVerdict,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub occurred_at: Timestamp,
}

impl Contract for RecordCancellationAnswer {
    const TYPE: &'static str = "sales-order.record-cancellation-answer.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// Nobody answers a question for cancellation; it stays open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationOverdue {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Which question.
    pub question: u32,
    /// When it was asked.
    pub asked_at: Timestamp,
}

impl Contract for CancellationOverdue {
    const TYPE: &'static str = "sales-order.cancellation-overdue.v1";
    const EXCHANGE: Exchange = Exchange::Events;
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

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{verdict}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(match self.verdict {
            CancellationVerdict::Accepted => "accepted",
            CancellationVerdict::Rejected => "rejected",
        })
    }
}
