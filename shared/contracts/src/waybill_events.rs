//! What waybill-status tells of waybills. Each event carries what the waybill is after the change.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Contract, CustomerRef, DistrictCode, Exchange, FulfilledBy, HoldReason, Merchant, OrderRef,
    RoutingKey, SkuType, Source, Store, TimeslotCode, Timestamp, WaybillKind, WaybillNo,
    WaybillStatus,
};

/// A waybill exists now. Carries all that routing needs. Volumes and weight are the whole waybill's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillCreated {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    pub kind: WaybillKind,
    /// Who sent the order.
    pub source: Source,
    /// The order's number there.
    pub order_ref: OrderRef,
    /// When the customer ordered.
    pub ordered_at: Timestamp,
    /// The customer; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Where it goes.
    pub district: DistrictCode,
    /// Hash of the address, hexadecimal.
    pub address_key: String,
    /// On which day.
    pub delivery_date: NaiveDate,
    /// In which window.
    pub timeslot: TimeslotCode,
    /// Who sells.
    pub merchant: Merchant,
    /// From which store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    /// Dry, frozen or both.
    pub sku_type: SkuType,
    /// Who picks.
    pub fulfilled_by: FulfilledBy,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of cold goods.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
    /// Number of lines.
    pub line_count: u32,
    /// True when it was held before it existed.
    pub held: bool,
}

impl Contract for WaybillCreated {
    const TYPE: &'static str = "waybill.created.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// The status of a waybill moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillStatusChanged {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Before.
    pub from: WaybillStatus,
    /// Now.
    pub to: WaybillStatus,
    /// The route place the status belongs to; 0 before the first.
    pub attempt: u16,
    /// When the deciding report happened.
    pub occurred_at: Timestamp,
    /// Attempts that failed so far.
    pub failed_attempts: u16,
    /// Who picks.
    pub fulfilled_by: FulfilledBy,
    /// Why the waybill exists.
    #[serde(default)]
    pub kind: WaybillKind,
    /// True while any hold is open.
    #[serde(default)]
    pub held: bool,
}

impl Contract for WaybillStatusChanged {
    const TYPE: &'static str = "waybill.status-changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{status}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(&self.to.routing_word())
    }
}

/// An attempt came to nothing: its DELIVERY_FAILED or PICKUP_FAILED counts from now on, whatever the status
/// is. Told once for each attempt; once more only if a correction had taken that failure away and it was
/// reported again. A failure whose proof arrives later is told when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillAttemptFailed {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why the waybill exists.
    pub kind: WaybillKind,
    /// The attempt: the number of the route place that came to nothing.
    pub attempt: u16,
    /// When it failed, by the clock of who reported it.
    pub occurred_at: Timestamp,
    /// What the report gave as its reason. Absent also when the report had waited for its proof: the history
    /// of the waybill has it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Attempts that have failed, this one included.
    pub failed_attempts: u16,
    /// The status of the waybill now; it may be further already.
    pub status: WaybillStatus,
    /// The route place that the status belongs to.
    pub status_attempt: u16,
}

impl Contract for WaybillAttemptFailed {
    const TYPE: &'static str = "waybill.attempt-failed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// A waybill is held now (the first hold was placed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillHeld {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why.
    pub reason: HoldReason,
}

impl Contract for WaybillHeld {
    const TYPE: &'static str = "waybill.held.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// A waybill is free again (its last hold was released).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillReleased {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
}

impl Contract for WaybillReleased {
    const TYPE: &'static str = "waybill.released.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// A waybill that was cancelled moved all the same: it was loaded or got further. Somebody has to see to
/// it; the status stays what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillCancelledButMoved {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// How far it got.
    pub status: WaybillStatus,
    /// The route place the status belongs to; 0 before the first.
    pub attempt: u16,
    /// When the report happened, or the verdict was given, that made it so.
    pub occurred_at: Timestamp,
}

impl Contract for WaybillCancelledButMoved {
    const TYPE: &'static str = "waybill.cancelled-but-moved.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// A supervisor set a waybill right: whatever was reported of it before is history only. Carries what the
/// waybill is from now on; told besides the change of status, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillCorrected {
    /// Row id.
    pub waybill_id: Uuid,
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    pub kind: WaybillKind,
    /// Its status now.
    pub status: WaybillStatus,
    /// The route place the status belongs to; 0 before the first.
    pub attempt: u16,
    /// Attempts that failed.
    pub failed_attempts: u16,
    /// Since when.
    pub occurred_at: Timestamp,
}

impl Contract for WaybillCorrected {
    const TYPE: &'static str = "waybill.corrected.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
