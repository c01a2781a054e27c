//! Waybills: statuses, kinds, and the commands that report and correct.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::message::check_whole;
use crate::{Contract, Exchange, MAX_MESSAGE_BYTES, Timestamp, WaybillNo};

/// What was reported of a waybill. The order of the names is not the order of the ranks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(
    missing_docs,
    reason = "the names are the documentation; the lifecycle table says the rest"
)]
pub enum WaybillStatus {
    Created,
    Acknowledged,
    Picked,
    Packed,
    Loaded,
    Dispatched,
    OutForDelivery,
    ReadyForCollection,
    DeliveryFailed,
    Delivered,
    Returning,
    ReturnedToOrigin,
    Lost,
    Damaged,
    Cancelled,
    OutForPickup,
    PickupFailed,
    Collected,
}

impl WaybillStatus {
    /// Every status.
    pub const ALL: [Self; 18] = [
        Self::Created,
        Self::Acknowledged,
        Self::Picked,
        Self::Packed,
        Self::Loaded,
        Self::Dispatched,
        Self::OutForDelivery,
        Self::ReadyForCollection,
        Self::DeliveryFailed,
        Self::Delivered,
        Self::Returning,
        Self::ReturnedToOrigin,
        Self::Lost,
        Self::Damaged,
        Self::Cancelled,
        Self::OutForPickup,
        Self::PickupFailed,
        Self::Collected,
    ];

    /// The name in messages, columns and files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Picked => "PICKED",
            Self::Packed => "PACKED",
            Self::Loaded => "LOADED",
            Self::Dispatched => "DISPATCHED",
            Self::OutForDelivery => "OUT_FOR_DELIVERY",
            Self::ReadyForCollection => "READY_FOR_COLLECTION",
            Self::DeliveryFailed => "DELIVERY_FAILED",
            Self::Delivered => "DELIVERED",
            Self::Returning => "RETURNING",
            Self::ReturnedToOrigin => "RETURNED_TO_ORIGIN",
            Self::Lost => "LOST",
            Self::Damaged => "DAMAGED",
            Self::Cancelled => "CANCELLED",
            Self::OutForPickup => "OUT_FOR_PICKUP",
            Self::PickupFailed => "PICKUP_FAILED",
            Self::Collected => "COLLECTED",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The word a topic binding filters on, for example `delivery-failed`.
    #[must_use]
    pub fn routing_word(self) -> String {
        self.as_str().to_ascii_lowercase().replace('_', "-")
    }
}

/// Why a waybill exists.
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
pub enum WaybillKind {
    /// To the customer.
    #[default]
    Forward,
    /// A replacement to the customer.
    Replacement,
    /// Between warehouses.
    Transfer,
    /// From the customer.
    Return,
}

impl WaybillKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Forward, Self::Replacement, Self::Transfer, Self::Return];

    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "FORWARD",
            Self::Replacement => "REPLACEMENT",
            Self::Transfer => "TRANSFER",
            Self::Return => "RETURN",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Report what happened to a waybill outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportStatus {
    /// Which waybill; it need not exist yet.
    pub waybill_no: WaybillNo,
    /// What happened.
    pub status: WaybillStatus,
    /// The route place it belongs to (1 = the first); absent: the one on `route_ref`, or the one that
    /// was live at `occurred_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u16>,
    /// The number of the route it was on, for those who know no attempts, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
    /// The version that the sender saw: refused when the waybill has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When it happened, by the reporter's clock; shown to people, never ordered by.
    pub occurred_at: Timestamp,
    /// Why, for failures and losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Contract for ReportStatus {
    const TYPE: &'static str = "waybill.report-status.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())?;
        if self.route_ref.as_ref().is_some_and(|route| !(1..=64).contains(&route.len())) {
            return Err("route_ref has 1 to 64 bytes".to_owned());
        }
        check_attempt(self.attempt)
    }
}

/// The log keeps so much of a reason.
const MAX_REASON_BYTES: usize = 500;

pub(crate) fn check_reason(reason: Option<&str>) -> Result<(), String> {
    match reason {
        Some(reason) if reason.len() > MAX_REASON_BYTES => {
            Err(format!("reason is longer than {MAX_REASON_BYTES} bytes"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_attempt(attempt: Option<u16>) -> Result<(), String> {
    match attempt {
        Some(0 | 33..) => Err("attempt is 1 to 32".to_owned()),
        Some(_) | None => Ok(()),
    }
}

/// The most reports of one batch.
pub const MAX_REPORTS: usize = 2_000;

/// Many reports at once, of any waybills. Each is decided alone; the reply has one item a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportStatuses {
    /// The reports, 1 to [`MAX_REPORTS`].
    pub reports: Vec<ReportStatus>,
    /// Where one request became several messages: SHA-256 of all of it, the same in each of them (64
    /// lower-case hexadecimal digits). So none of them is equal to a message of another request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

impl Contract for ReportStatuses {
    const TYPE: &'static str = "waybill.report-statuses.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if !(1..=MAX_REPORTS).contains(&self.reports.len()) {
            return Err(format!("{} reports: a batch has 1 to {MAX_REPORTS}", self.reports.len()));
        }
        check_whole(self.whole.as_deref())?;
        for (index, report) in self.reports.iter().enumerate() {
            report.validate().map_err(|error| format!("report {index}: {error}"))?;
        }
        Ok(())
    }
}

impl ReportStatuses {
    /// Any number of reports as batches that are each within the limits of a message, in their order.
    #[must_use]
    pub fn split(reports: impl IntoIterator<Item = ReportStatus>) -> Vec<Self> {
        let mut batches: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for report in reports {
            // every part of it has a JSON form
            let size = serde_json::to_vec(&report).map_or(0, |json| json.len() + 1);
            match batches.last_mut() {
                Some(batch)
                    if batch.reports.len() < MAX_REPORTS && bytes + size <= MAX_BATCH_BYTES =>
                {
                    batch.reports.push(report);
                    bytes += size;
                }
                Some(_) | None => {
                    batches.push(Self { reports: vec![report], whole: None });
                    bytes = size;
                }
            }
        }
        batches
    }
}

/// Bytes of the reports of one batch; its frame takes a few more, with the digest of the whole in it.
const MAX_BATCH_BYTES: usize = MAX_MESSAGE_BYTES - 192;

/// Set a waybill right, whatever was reported: the fact set begins anew with this status, and reports
/// of what happened before `occurred_at` are history only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectWaybill {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Where it really stands.
    pub status: WaybillStatus,
    /// The route place it belongs to, for statuses on the road.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u16>,
    /// Why, 1 to 500 bytes.
    pub reason: String,
    /// Since when.
    pub occurred_at: Timestamp,
}

impl Contract for CorrectWaybill {
    const TYPE: &'static str = "waybill.correct.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if !(1..=500).contains(&self.reason.len()) {
            return Err("a correction needs a reason of 1 to 500 bytes".to_owned());
        }
        check_attempt(self.attempt)
    }
}
