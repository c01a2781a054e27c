//! Returns: what a customer gives back, with or without the order it came from. How a return stands
//! is in `return_standing`.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::waybill::check_reason;
use crate::{
    Contract, Currency, CustomerRef, Exchange, MAX_ORDER_LINES, OrderRef, ReturnRef, Sku, Source,
    TimeslotCode, Timestamp, UnitPrice,
};

/// The longest description of a line of a return.
const MAX_DESCRIPTION_BYTES: usize = 16_000;

/// Units that one line of a return or of a replacement may have at most.
pub const MAX_RETURN_UNITS: u32 = 9_999_999;

/// The states of a return.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(
    missing_docs,
    reason = "the names are the documentation; the lifecycle table says the rest"
)]
pub enum ReturnStatus {
    Requested,
    Approved,
    Rejected,
    Collected,
    Received,
    Inspected,
    Closed,
    Cancelled,
}

impl ReturnStatus {
    /// Every status, in the order of a return's life.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Approved,
        Self::Rejected,
        Self::Collected,
        Self::Received,
        Self::Inspected,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Collected => "COLLECTED",
            Self::Received => "RECEIVED",
            Self::Inspected => "INSPECTED",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What the matching said about one line of a return.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnVerdict {
    /// One delivered line takes all of it.
    Matched,
    /// Several delivered lines take it together.
    Spread,
    /// Nothing that was delivered to the customer and not given back yet is of this SKU.
    NoMatch,
    /// No customer is named, so that nothing can be looked for.
    NoCustomer,
    /// More is given back than was delivered and not given back yet.
    QuantityExceeds,
}

impl ReturnVerdict {
    /// Every verdict.
    pub const ALL: [Self; 5] =
        [Self::Matched, Self::Spread, Self::NoMatch, Self::NoCustomer, Self::QuantityExceeds];

    /// The verdict of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == name)
    }

    /// The name in messages, columns and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "MATCHED",
            Self::Spread => "SPREAD",
            Self::NoMatch => "NO_MATCH",
            Self::NoCustomer => "NO_CUSTOMER",
            Self::QuantityExceeds => "QUANTITY_EXCEEDS",
        }
    }

    /// True when the line belongs to the return.
    #[must_use]
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Matched | Self::Spread)
    }
}

/// One line of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// Number within the return.
    pub line_no: u32,
    /// What comes back, exactly as it was sold (case matters).
    pub sku: Sku,
    /// As the sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Units.
    #[schemars(range(min = 1, max = 9_999_999))]
    pub quantity: u32,
    /// Price of one unit as the sender has it; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<UnitPrice>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

pub(crate) fn check_lines(lines: impl ExactSizeIterator<Item = (u32, u32)>) -> Result<(), String> {
    if lines.len() == 0 || lines.len() > MAX_ORDER_LINES {
        return Err(format!("{} lines: there must be 1 to {MAX_ORDER_LINES}", lines.len()));
    }
    let mut numbers = std::collections::BTreeSet::new();
    for (line_no, quantity) in lines {
        if !numbers.insert(line_no) {
            return Err(format!("line {line_no} is there twice"));
        }
        if !(1..=MAX_RETURN_UNITS).contains(&quantity) {
            return Err(format!("line {line_no}: quantity must be 1 to {MAX_RETURN_UNITS}"));
        }
    }
    Ok(())
}

/// Request a return. Every line gets its verdict ([`ReturnVerdict`]) as an item of the reply; the lines
/// that match make the return. Without one that does, there is no return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturn {
    /// Who sends it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// The order it belongs to; absent: found by customer and SKU, newest delivery first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<OrderRef>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Currency of the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What comes back, each number once.
    pub lines: Vec<ReturnLine>,
}

impl Contract for RequestReturn {
    const TYPE: &'static str = "return.request.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        for line in &self.lines {
            check_reason(line.reason.as_deref())?;
            if line.description.as_ref().is_some_and(|text| text.len() > MAX_DESCRIPTION_BYTES) {
                return Err(format!(
                    "line {}: description is longer than {MAX_DESCRIPTION_BYTES} bytes",
                    line.line_no
                ));
            }
        }
        check_lines(self.lines.iter().map(|line| (line.line_no, line.quantity)))
    }
}

/// Approve a return: its RETURN waybills are made, one for each order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveReturn {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// The day on which the goods are fetched; absent: the customer drops them off, or the day after the
    /// request where the source's returns are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::time::optional_date")]
    pub pickup_date: Option<NaiveDate>,
    /// The window; absent: that of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeslot: Option<TimeslotCode>,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for ApproveReturn {
    const TYPE: &'static str = "return.approve.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// Reject a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectReturn {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// Why, 1 to 500 bytes.
    pub reason: String,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for RejectReturn {
    const TYPE: &'static str = "return.reject.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if self.reason.is_empty() {
            return Err("a rejection needs a reason".to_owned());
        }
        check_reason(Some(&self.reason))
    }
}

/// Take a return back, before anything was collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelReturn {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for CancelReturn {
    const TYPE: &'static str = "return.cancel.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// What arrived of one line of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptLine {
    /// The line of the return.
    pub line_no: u32,
    /// Units that arrived with this receipt, the damaged ones included; may be 0.
    pub received: u32,
    /// Units of them that are damaged.
    #[serde(default)]
    pub damaged: u32,
}

/// Record what arrived of a return. There may be several receipts, each with a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReturnReceipt {
    /// Who sent the return.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// What arrived, each line once; may be empty when nothing more is awaited.
    #[serde(default)]
    pub lines: Vec<ReceiptLine>,
    /// True when nothing more is awaited.
    #[serde(default)]
    pub complete: bool,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When.
    pub occurred_at: Timestamp,
}

impl Contract for RecordReturnReceipt {
    const TYPE: &'static str = "return.record-receipt.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        let arrived = self.lines.iter().filter(|line| line.received > 0);
        let arrived: Vec<(u32, u32)> = arrived.map(|line| (line.line_no, line.received)).collect();
        if !(arrived.is_empty() && self.complete) {
            check_lines(arrived.into_iter())?;
        }
        match self.lines.iter().find(|line| line.damaged > line.received) {
            Some(line) => Err(format!("line {}: more damaged than received", line.line_no)),
            None => Ok(()),
        }
    }
}

/// What becomes of the received units of one line; the three together are what was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionLine {
    /// The line of the return.
    pub line_no: u32,
    /// Units that are sold again.
    #[serde(default)]
    pub restocked: u32,
    /// Units that are thrown away.
    #[serde(default)]
    pub written_off: u32,
    /// Units that go back to the customer.
    #[serde(default)]
    pub refused: u32,
}

/// Record what the inspection found. Lines may be inspected one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReturnInspection {
    /// Who sent the return.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// What was found, each line once.
    pub lines: Vec<InspectionLine>,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When.
    pub occurred_at: Timestamp,
}

impl Contract for RecordReturnInspection {
    const TYPE: &'static str = "return.record-inspection.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        let units = |line: &InspectionLine| {
            line.restocked.saturating_add(line.written_off).saturating_add(line.refused)
        };
        check_lines(self.lines.iter().map(|line| (line.line_no, units(line))))
    }
}

/// Close a return that was inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseReturn {
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub return_ref: ReturnRef,
    /// The version that the sender saw: refused when the return has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for CloseReturn {
    const TYPE: &'static str = "return.close.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}
