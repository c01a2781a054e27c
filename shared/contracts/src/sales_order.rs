//! Sales orders: what a warehouse is asked to pick and pack for one waybill.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::waybill::check_reason;
use crate::{
    CancellationVerdict, Contract, Exchange, RouteId, SalesOrderNo, Sku, SkuType, TimeslotCode,
    Timestamp, WarehouseCode, WaybillNo,
};

/// The states of a sales order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(
    missing_docs,
    reason = "the names are the documentation; the lifecycle table says the rest"
)]
pub enum SalesOrderStatus {
    Created,
    Submitted,
    Accepted,
    Rejected,
    Picking,
    Picked,
    Packed,
    HandedOver,
    CancellationRequested,
    Cancelled,
}

/// What the warehouse said to a submission.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WarehouseAnswer {
    /// It will pick.
    Accepted,
    /// It will not.
    Rejected,
}

/// How far the warehouse is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WarehouseProgress {
    /// Picking began.
    Picking,
    /// All is picked.
    Picked,
    /// All is packed.
    Packed,
    /// Given to the sorting station.
    HandedOver,
}

/// One line of a sales order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderLine {
    /// The order line.
    pub line_no: u32,
    /// What.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// Dry or frozen.
    pub sku_type: SkuType,
}

/// A sales order goes to its warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderSubmitted {
    /// Its number.
    pub sales_order_no: SalesOrderNo,
    /// The waybill it fulfils.
    pub waybill_no: WaybillNo,
    /// Who shall pick.
    pub warehouse: WarehouseCode,
    /// How to pick, for example `PICK_BY_BATCH`.
    pub pick_flow: String,
    /// The day of delivery.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// The route's readable name.
    pub route_ref: String,
    /// What to pick.
    pub lines: Vec<SalesOrderLine>,
}

impl Contract for SalesOrderSubmitted {
    const TYPE: &'static str = "sales-order.submitted.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// Record what the warehouse answered to a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordWarehouseAnswer {
    /// Which sales order.
    pub sales_order_no: SalesOrderNo,
    /// Yes or no.
    pub answer: WarehouseAnswer,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, by the warehouse's clock.
    pub occurred_at: Timestamp,
}

impl Contract for RecordWarehouseAnswer {
    const TYPE: &'static str = "sales-order.record-answer.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// Record how far the warehouse is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordWarehouseProgress {
    /// Which sales order.
    pub sales_order_no: SalesOrderNo,
    /// How far.
    pub progress: WarehouseProgress,
    /// When, by the warehouse's clock.
    pub occurred_at: Timestamp,
}

impl Contract for RecordWarehouseProgress {
    const TYPE: &'static str = "sales-order.record-progress.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// The warehouse accepted or rejected a sales order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderAnswered {
    /// Its number.
    pub sales_order_no: SalesOrderNo,
    /// The waybill it fulfils.
    pub waybill_no: WaybillNo,
    /// Yes or no.
    pub answer: WarehouseAnswer,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Contract for SalesOrderAnswered {
    const TYPE: &'static str = "sales-order.answered.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// The warehouse went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderProgressed {
    /// Its number.
    pub sales_order_no: SalesOrderNo,
    /// The waybill it fulfils.
    pub waybill_no: WaybillNo,
    /// Its state now.
    pub status: SalesOrderStatus,
}

impl Contract for SalesOrderProgressed {
    const TYPE: &'static str = "sales-order.progressed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// Ask the same warehouse again for what it rejected. The new sales order has the next number: an answer
/// to the old one decides nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResubmitSalesOrder {
    /// The rejected one.
    pub sales_order_no: SalesOrderNo,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for ResubmitSalesOrder {
    const TYPE: &'static str = "sales-order.resubmit.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// Let another warehouse prepare a waybill: the sales order is cancelled where it is, and made anew there
/// with the next number. A warehouse that has it is asked first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferSalesOrder {
    /// The one in force.
    pub sales_order_no: SalesOrderNo,
    /// Who shall prepare it instead.
    pub warehouse: WarehouseCode,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for TransferSalesOrder {
    const TYPE: &'static str = "sales-order.transfer.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// A transfer to another warehouse was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderTransferDecided {
    /// The waybill it fulfils.
    pub waybill_no: WaybillNo,
    /// The sales order that was to be transferred.
    pub sales_order_no: SalesOrderNo,
    /// Who had it; absent when nobody had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WarehouseCode>,
    /// Who was to get it.
    pub to: WarehouseCode,
    /// Yes or no.
    pub verdict: CancellationVerdict,
    /// The sales order that took its place, after a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<SalesOrderNo>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for SalesOrderTransferDecided {
    const TYPE: &'static str = "sales-order.transfer-decided.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// The rest of a locked route: sales-order to itself, where a route has more waybills than one transaction
/// submits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubmissionDue {
    /// The locked route.
    pub route_id: RouteId,
    /// Its readable name.
    pub route_ref: String,
    /// Everything up to this waybill is done.
    pub after: WaybillNo,
}

impl Contract for SubmissionDue {
    const TYPE: &'static str = "sales-order.submission-due.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
