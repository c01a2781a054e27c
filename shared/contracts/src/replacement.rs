//! Replacements: what is sent again.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::returns::check_lines;
use crate::waybill::check_reason;
use crate::{Contract, Exchange, OrderRef, ReturnRef, Source, TimeslotCode, Timestamp};

/// When a replacement goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "when", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReplacementTiming {
    /// At once.
    InAdvance {},
    /// When this return has arrived: until then it is held with AWAITING_RETURN_ITEMS.
    AfterReturn {
        /// The return of the same source.
        return_ref: ReturnRef,
    },
}

/// One order line that is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacementLine {
    /// The order line.
    pub line_no: u32,
    /// Units.
    pub quantity: u32,
}

/// Send goods of an order again, as one REPLACEMENT waybill for each merchant store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReplacement {
    /// Who sent the order.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// What is sent again, each line once.
    pub lines: Vec<ReplacementLine>,
    /// When it goes out.
    pub timing: ReplacementTiming,
    /// On which day it is wanted.
    #[serde(deserialize_with = "crate::time::date")]
    pub delivery_date: NaiveDate,
    /// In which window.
    pub timeslot: TimeslotCode,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for RequestReplacement {
    const TYPE: &'static str = "replacement.request.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())?;
        check_lines(self.lines.iter().map(|line| (line.line_no, line.quantity)))
    }
}
