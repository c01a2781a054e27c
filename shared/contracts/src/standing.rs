//! The parts of orders and waybills that queries put together, as each owner writes them through to the
//! cache.
//!
//! Never here: what is put together of them, and for whom.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CustomerRef, DistrictCode, Merchant, OrderLineStanding, OrderRef, OrderReturnStatus,
    OrderStatus, RouteId, Source, TimeslotCode, Timestamp, TrackingCode, WaybillKind, WaybillNo,
    WaybillStatus,
};

/// The part of a waybill that waybill-status owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillStanding {
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    #[serde(default)]
    pub kind: WaybillKind,
    /// Its status.
    pub status: WaybillStatus,
    /// True while any hold is open.
    pub held: bool,
    /// Failed delivery attempts.
    pub failed_attempts: u16,
    /// Statuses below the present one that nobody reported.
    pub gaps: Vec<WaybillStatus>,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictCode>,
    /// The promised day.
    pub delivery_date: NaiveDate,
    /// The promised window.
    pub timeslot: TimeslotCode,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// Whose a waybill is, and the code on its label. It never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaybillOwner {
    /// Where its order came from.
    pub source: Option<Source>,
    /// Whose goods.
    pub merchant: Option<Merchant>,
    /// Who ordered.
    pub customer: Option<CustomerRef>,
    /// What the public asks with; absent for one that was made before there were codes.
    pub tracking_code: Option<TrackingCode>,
}

/// What waybill-status writes through to the cache: how a waybill stands and to whom that may be told, in
/// one entry, so that one look answers both. Never sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaybillEntry {
    /// Its part of an answer.
    pub standing: WaybillStanding,
    /// Whose it is.
    pub owner: WaybillOwner,
}

/// The part of a waybill that adra-assigner owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentStanding {
    /// `UNASSIGNED`, `ASSIGNED`, `LOCKED` or `UNASSIGNABLE`.
    pub state: String,
    /// Why it has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The route, when it has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_id: Option<RouteId>,
    /// Its readable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
    /// Version of the row.
    pub version: u64,
}

/// The part of a waybill that sales-order owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderStanding {
    /// Its number.
    pub sales_order_no: String,
    /// Its status.
    pub status: String,
    /// Version of the row.
    pub version: u64,
}

/// The part of an order that order-intake owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderStanding {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// Its status.
    pub status: OrderStatus,
    /// How much of it came back.
    #[serde(default)]
    pub return_status: OrderReturnStatus,
    /// When the customer ordered.
    pub ordered_at: Timestamp,
    /// Where it goes.
    pub district: DistrictCode,
    /// The promised day.
    pub delivery_date: NaiveDate,
    /// The promised window.
    pub timeslot: TimeslotCode,
    /// Number of lines.
    pub lines: u32,
    /// How far each line is.
    #[serde(default)]
    pub line_standings: Vec<OrderLineStanding>,
    /// The numbers of its waybills.
    pub waybill_numbers: Vec<WaybillNo>,
    /// Version of the row.
    pub version: u64,
}
