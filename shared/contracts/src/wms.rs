//! The warehouse management system's own words. Only wms-sync and the simulator use them; the domain
//! never does. Unknown fields are ignored: a partner may add its own.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, Exchange, Timestamp};

/// One position to pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsPosition {
    /// Position number.
    pub position: u32,
    /// Article.
    pub article: String,
    /// Pieces.
    pub pieces: u32,
    /// True for the cold store.
    pub cold: bool,
}

/// We ask the warehouse to prepare a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsOutboundOrder {
    /// Our sales order number.
    pub order_number: String,
    /// Parcel label (our waybill number).
    pub label: String,
    /// Site that picks.
    pub site: String,
    /// Process to use.
    pub process: String,
    /// Ship on.
    pub ship_date: NaiveDate,
    /// Wave it belongs to (route).
    pub wave: String,
    /// What to pick.
    pub positions: Vec<WmsPosition>,
}

impl Contract for WmsOutboundOrder {
    const TYPE: &'static str = "wms.outbound-order.v1";
    const EXCHANGE: Exchange = Exchange::WmsOut;
}

/// Whether the warehouse takes an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum WmsConfirmation {
    /// It does.
    Ok,
    /// It does not.
    Nok,
}

/// The warehouse's answer to an outbound order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsOrderConfirmation {
    /// Our sales order number.
    pub order_number: String,
    /// Parcel label (our waybill number).
    pub label: String,
    /// Yes or no.
    pub result: WmsConfirmation,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Contract for WmsOrderConfirmation {
    const TYPE: &'static str = "wms.order-confirmation.v1";
    const EXCHANGE: Exchange = Exchange::WmsIn;
}

/// A step of the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum WmsStep {
    PickStart,
    PickEnd,
    PackEnd,
    HandOver,
}

/// How far the warehouse is with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsOrderProgress {
    /// Our sales order number.
    pub order_number: String,
    /// Parcel label (our waybill number).
    pub label: String,
    /// What was done.
    pub step: WmsStep,
    /// When.
    pub at: Timestamp,
}

impl Contract for WmsOrderProgress {
    const TYPE: &'static str = "wms.order-progress.v1";
    const EXCHANGE: Exchange = Exchange::WmsIn;
}

/// We ask the warehouse not to ship a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsCancellationRequest {
    /// Our sales order number.
    pub order_number: String,
    /// Parcel label (our waybill number).
    pub label: String,
    /// Site that picks.
    pub site: String,
    /// How often we asked that of this parcel, from 1.
    pub request: u32,
}

impl Contract for WmsCancellationRequest {
    const TYPE: &'static str = "wms.cancellation-request.v1";
    const EXCHANGE: Exchange = Exchange::WmsOut;
}

/// The warehouse's answer to a request not to ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WmsCancellationConfirmation {
    /// Our sales order number.
    pub order_number: String,
    /// Parcel label (our waybill number).
    pub label: String,
    /// The request that is answered.
    pub request: u32,
    /// OK: it is not shipped.
    pub result: WmsConfirmation,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Contract for WmsCancellationConfirmation {
    const TYPE: &'static str = "wms.cancellation-confirmation.v1";
    const EXCHANGE: Exchange = Exchange::WmsIn;
}
