//! What becomes of an order after it was taken: how far each line is, and the event of every change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::message::check_whole;
use crate::{
    Contract, CreateOrder, CustomerRef, Exchange, MAX_ORDER_LINES, Merchant, OrderRef, OrderStatus,
    Source,
};

/// Create several orders at once. Each is decided by itself; the reply has one item an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrders {
    /// The orders, at least one, with at most [`MAX_ORDER_LINES`] lines in all.
    pub orders: Vec<CreateOrder>,
    /// Where one request became several messages: SHA-256 of all of it, the same in each of them (64
    /// lower-case hexadecimal digits). So none of them is equal to a message of another request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

impl Contract for CreateOrders {
    const TYPE: &'static str = "order.create-batch.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if self.orders.is_empty() {
            return Err("a batch needs at least one order".to_owned());
        }
        check_whole(self.whole.as_deref())?;
        let lines: usize = self.orders.iter().map(|order| order.lines.len()).sum();
        if lines > MAX_ORDER_LINES {
            return Err(format!("{lines} lines in all, at most {MAX_ORDER_LINES} are allowed"));
        }
        for (index, order) in self.orders.iter().enumerate() {
            order.validate().map_err(|error| format!("order {index}: {error}"))?;
        }
        Ok(())
    }
}

/// How much of what was delivered came back.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderReturnStatus {
    /// Nothing.
    #[default]
    None,
    /// A part of it.
    PartiallyReturned,
    /// All of it.
    Returned,
}

impl OrderReturnStatus {
    /// Every return status.
    pub const ALL: [Self; 3] = [Self::None, Self::PartiallyReturned, Self::Returned];

    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::PartiallyReturned => "PARTIALLY_RETURNED",
            Self::Returned => "RETURNED",
        }
    }

    /// The return status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// How far one line of an order is, in units. It is settled when `ordered` is the sum of `cancelled`,
/// `delivered`, `returned_to_origin` and `lost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLineStanding {
    /// Number within the order.
    pub line_no: u32,
    /// Who sells it.
    pub merchant: Merchant,
    /// Units, as last amended.
    pub ordered: u32,
    /// Units that nobody will get.
    #[serde(default)]
    pub cancelled: u32,
    /// Units that left the depot, whatever became of them then.
    #[serde(default)]
    pub shipped: u32,
    /// Units that the customer has got.
    #[serde(default)]
    pub delivered: u32,
    /// Units that came back without having been delivered.
    #[serde(default)]
    pub returned_to_origin: u32,
    /// Units lost or damaged on the way.
    #[serde(default)]
    pub lost: u32,
    /// Units that the customer gave back and that were taken.
    #[serde(default)]
    pub returned: u32,
}

/// An order changed. Carries the order after the change; `dray-seq` is its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderChanged {
    /// Row id.
    pub order_id: Uuid,
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// The customer; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Its status.
    pub status: OrderStatus,
    /// How much of it came back.
    pub return_status: OrderReturnStatus,
    /// The amendment that is not decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_amendment: Option<Uuid>,
    /// Its lines.
    pub lines: Vec<OrderLineStanding>,
}

impl Contract for OrderChanged {
    const TYPE: &'static str = "order.changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
