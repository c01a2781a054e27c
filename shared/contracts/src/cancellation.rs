//! Cancellations: what was decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, Exchange, RoutingKey, Timestamp, WaybillNo};

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
