//! Holds of waybills: why, which, and the commands that place and release them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, Exchange, HoldHandle, Timestamp, WaybillNo};

/// Why a waybill is held.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum HoldReason {
    AwaitingPayment,
    AwaitingReturnItems,
    HighRiskOfFraud,
    IncorrectAddress,
    InventoryOutOfStock,
    UnknownDeliveryDate,
    CustomerRequest,
    Other,
}

impl HoldReason {
    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "AWAITING_PAYMENT",
            Self::AwaitingReturnItems => "AWAITING_RETURN_ITEMS",
            Self::HighRiskOfFraud => "HIGH_RISK_OF_FRAUD",
            Self::IncorrectAddress => "INCORRECT_ADDRESS",
            Self::InventoryOutOfStock => "INVENTORY_OUT_OF_STOCK",
            Self::UnknownDeliveryDate => "UNKNOWN_DELIVERY_DATE",
            Self::CustomerRequest => "CUSTOMER_REQUEST",
            Self::Other => "OTHER",
        }
    }
}

/// Which of several holds of one handle, from 1: a hold that was released stays released, so that a new
/// one of the same handle needs the next number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct HoldInstance(pub u32);

impl Default for HoldInstance {
    fn default() -> Self {
        Self(1)
    }
}

impl HoldInstance {
    /// True for the one that is meant when none is named.
    #[must_use]
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }
}

/// Place a hold. The owner is the actor; the handle is its own name for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceHold {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The owner's name for this hold.
    pub handle: HoldHandle,
    /// Which of that name; absent: the first.
    #[serde(default, skip_serializing_if = "HoldInstance::is_first")]
    pub instance: HoldInstance,
    /// Why.
    pub reason: HoldReason,
    /// The version that the sender saw: refused when the waybill has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When the owner decided.
    pub occurred_at: Timestamp,
}

impl Contract for PlaceHold {
    const TYPE: &'static str = "waybill.place-hold.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// Release a hold by its handle. A release that arrives before its hold cancels it in advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseHold {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The owner's name for the hold.
    pub handle: HoldHandle,
    /// Which of that name; absent: the first.
    #[serde(default, skip_serializing_if = "HoldInstance::is_first")]
    pub instance: HoldInstance,
    /// Whose hold, when a supervisor releases another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The version that the sender saw: refused when the waybill has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When the owner decided.
    pub occurred_at: Timestamp,
}

impl Contract for ReleaseHold {
    const TYPE: &'static str = "waybill.release-hold.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}
