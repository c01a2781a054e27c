//! Returns: what a customer wants to give back, with or without the order it came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Contract, Currency, CustomerRef, Exchange, MAX_ORDER_LINES, OrderRef, ReturnRef, Sku, Source,
    Timestamp, UnitPrice,
};

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
    /// Units, 1 to 9,999,999.
    #[schemars(range(min = 1, max = 9_999_999))]
    pub quantity: u32,
    /// Price of one unit as the sender has it; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<UnitPrice>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Request a return. Every line gets its verdict (`MATCHED`, `SPREAD`, `NO_MATCH`, `NO_CUSTOMER`,
/// `QUANTITY_EXCEEDS`) as an item of the reply; the lines that match make the return.
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
        if self.lines.is_empty() || self.lines.len() > MAX_ORDER_LINES {
            return Err(format!("{} lines: a return has 1 to {MAX_ORDER_LINES}", self.lines.len()));
        }
        let mut numbers = std::collections::BTreeSet::new();
        for line in &self.lines {
            if !numbers.insert(line.line_no) {
                return Err(format!("line {} is there twice", line.line_no));
            }
            if !(1..=9_999_999).contains(&line.quantity) {
                return Err(format!("line {}: quantity must be 1 to 9999999", line.line_no));
            }
        }
        Ok(())
    }
}
