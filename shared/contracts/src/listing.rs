//! Lists of orders and waybills: what is wanted of them, and a page of each.
//!
//! Never here: who may see what of them.

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    DepotCode, DistrictCode, FulfilledBy, Merchant, OrderRef, OrderReturnStatus, OrderStatus,
    SkuType, Source, TimeslotCode, Timestamp, WaybillKind, WaybillNo, WaybillStatus,
};

/// Most rows of a page.
pub const MAX_LISTED: u16 = 200;

/// Where a list goes on: the key of the last row that was looked at. Opaque to who gets it; what is made
/// later never moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(pub Uuid);

impl Cursor {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_simple(), f)
    }
}

/// Which orders. What is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderFilter {
    /// Only those with a line of this merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// Only those that came from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Only those that are here in their life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// Only those promised for this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::time::optional_date")]
    pub delivery_date: Option<NaiveDate>,
    /// Only those that changed then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_since: Option<Timestamp>,
}

/// Which waybills. What is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaybillFilter {
    /// Only those with goods of this merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// Only those whose order came from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Only those that stand here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<WaybillStatus>,
    /// Only those that exist for this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<WaybillKind>,
    /// Only those promised for this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::time::optional_date")]
    pub delivery_date: Option<NaiveDate>,
    /// Only those that this depot delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depot: Option<DepotCode>,
    /// Only those that are held, or only those that are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    /// Only those that changed then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_since: Option<Timestamp>,
    /// Only what a merchant has to see to: packed by the merchant itself, with a place on a route, and not
    /// picked yet ([`WaybillStatus::Created`] wants an acknowledgement, [`WaybillStatus::Acknowledged`] wants
    /// to be picked).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub work: bool,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderHead {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// Its status.
    pub status: OrderStatus,
    /// How much of it came back.
    pub return_status: OrderReturnStatus,
    /// When the customer ordered.
    pub ordered_at: Timestamp,
    /// Where it goes.
    pub district: DistrictCode,
    /// The promised day.
    pub delivery_date: NaiveDate,
    /// The promised window.
    pub timeslot: TimeslotCode,
    /// Number of lines that the asker may see.
    pub lines: u32,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// Orders, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderList {
    /// Those of this page; with filters it may be a short one, or empty, although there are more.
    pub orders: Vec<OrderHead>,
    /// Ask on with this; absent: there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// A waybill in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillHead {
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    pub kind: WaybillKind,
    /// Where it stands.
    pub status: WaybillStatus,
    /// True while any hold is open.
    pub held: bool,
    /// Failed delivery attempts.
    pub failed_attempts: u16,
    /// Where its order came from.
    pub source: Source,
    /// Its order's number there.
    pub order_ref: OrderRef,
    /// Whose goods.
    pub merchant: Merchant,
    /// Who packs it.
    pub fulfilled_by: FulfilledBy,
    /// How it travels.
    pub sku_type: SkuType,
    /// Where it goes.
    pub district: DistrictCode,
    /// The promised day.
    pub delivery_date: NaiveDate,
    /// The promised window.
    pub timeslot: TimeslotCode,
    /// Number of its lines.
    pub lines: u32,
    /// Its place: `UNASSIGNED`, `ASSIGNED`, `LOCKED` or `UNASSIGNABLE`; absent before ADRA saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<String>,
    /// The depot that delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depot: Option<DepotCode>,
    /// The route, when it has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// Waybills, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillList {
    /// Those of this page; with filters it may be a short one, or empty, although there are more.
    pub waybills: Vec<WaybillHead>,
    /// Ask on with this; absent: there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Refuses a page of an impossible size.
pub(crate) fn check_limit(limit: u16) -> Result<(), String> {
    if (1..=MAX_LISTED).contains(&limit) {
        return Ok(());
    }
    Err(format!("limit is 1 to {MAX_LISTED}"))
}
