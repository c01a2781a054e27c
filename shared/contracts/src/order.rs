//! Orders: the command that creates one, the event that carries its split into waybills.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Contract, Currency, CustomerRef, DistrictCode, Exchange, HoldHandle, HoldReason, Merchant,
    OrderRef, Personal, RoutingKey, Sku, Source, Store, TimeslotCode, Timestamp, UnitPrice,
    WaybillKind, WaybillNo,
};

/// The most lines one order may have (the item limit of a batch command).
pub const MAX_ORDER_LINES: usize = 2_000;

/// Dry goods or goods that travel cold; a waybill may hold both.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SkuType {
    /// No cooling.
    Dry,
    /// Travels cold (chilled or frozen).
    Frozen,
    /// A waybill with both.
    Mixed,
}

impl SkuType {
    /// The word in columns and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dry => "dry",
            Self::Frozen => "frozen",
            Self::Mixed => "mixed",
        }
    }
}

/// Who picks and packs.
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
#[serde(rename_all = "snake_case")]
pub enum FulfilledBy {
    /// One of our warehouses: the waybill gets a sales order.
    #[default]
    Warehouse,
    /// The merchant itself.
    Merchant,
}

impl FulfilledBy {
    /// The word in columns and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warehouse => "warehouse",
            Self::Merchant => "merchant",
        }
    }
}

/// The states of an order. Orders from the shop enter at PAID; the others belong to the order saga
/// and are reached by its events only.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(
    missing_docs,
    reason = "the names are the documentation; the lifecycle table says the rest"
)]
pub enum OrderStatus {
    Received,
    Reserved,
    PendingPayment,
    Paid,
    Released,
    PartiallyShipped,
    Shipped,
    PartiallyDelivered,
    Delivered,
    Completed,
    Archived,
    Rejected,
    PriceMismatch,
    PaymentFailed,
    Expired,
    Cancelled,
    Exception,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 17] = [
        Self::Received,
        Self::Reserved,
        Self::PendingPayment,
        Self::Paid,
        Self::Released,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::PartiallyDelivered,
        Self::Delivered,
        Self::Completed,
        Self::Archived,
        Self::Rejected,
        Self::PriceMismatch,
        Self::PaymentFailed,
        Self::Expired,
        Self::Cancelled,
        Self::Exception,
    ];

    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Reserved => "RESERVED",
            Self::PendingPayment => "PENDING_PAYMENT",
            Self::Paid => "PAID",
            Self::Released => "RELEASED",
            Self::PartiallyShipped => "PARTIALLY_SHIPPED",
            Self::Shipped => "SHIPPED",
            Self::PartiallyDelivered => "PARTIALLY_DELIVERED",
            Self::Delivered => "DELIVERED",
            Self::Completed => "COMPLETED",
            Self::Archived => "ARCHIVED",
            Self::Rejected => "REJECTED",
            Self::PriceMismatch => "PRICE_MISMATCH",
            Self::PaymentFailed => "PAYMENT_FAILED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Exception => "EXCEPTION",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// One line of an order. Volume and weight are those of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// Number within the order.
    pub line_no: u32,
    /// Who sells it.
    pub merchant: Merchant,
    /// From which of the merchant's stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    /// What.
    pub sku: Sku,
    /// As the sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Units, 1 to 9,999.
    #[schemars(range(min = 1, max = 9_999))]
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: UnitPrice,
    /// `dry` or `frozen`.
    pub sku_type: SkuType,
    /// Millilitres of one unit.
    pub volume_ml: u32,
    /// Grams of one unit.
    pub weight_g: u32,
    /// Who picks it.
    #[serde(default)]
    pub fulfilled_by: FulfilledBy,
}

/// Create an order. Atomic: all lines or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrder {
    /// Who sends it.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// When the customer ordered.
    pub ordered_at: Timestamp,
    /// The customer; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Where it goes.
    pub district: DistrictCode,
    /// On which day.
    #[serde(deserialize_with = "crate::time::date")]
    pub delivery_date: NaiveDate,
    /// In which window.
    pub timeslot: TimeslotCode,
    /// Currency of every price.
    pub currency: Currency,
    /// Name on the parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Personal>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<Personal>,
    /// Street address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Promotion codes as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion_codes: Option<String>,
    /// Free text of the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Personal>,
    /// Free text for the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_instructions: Option<Personal>,
    /// The lines, at least one, each number once.
    pub lines: Vec<OrderLine>,
}

impl Contract for CreateOrder {
    const TYPE: &'static str = "order.create.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if self.lines.is_empty() {
            return Err("an order needs at least one line".to_owned());
        }
        if self.lines.len() > MAX_ORDER_LINES {
            return Err(format!(
                "ORDER_TOO_LARGE: {} lines, at most {MAX_ORDER_LINES} are allowed",
                self.lines.len()
            ));
        }
        let mut numbers = std::collections::BTreeSet::new();
        for line in &self.lines {
            if !numbers.insert(line.line_no) {
                return Err(format!("line {} is there twice", line.line_no));
            }
            if !(1..=9_999).contains(&line.quantity) {
                return Err(format!("line {}: quantity must be 1 to 9999", line.line_no));
            }
            if line.sku_type == SkuType::Mixed {
                return Err(format!("line {}: sku_type is dry or frozen", line.line_no));
            }
        }
        Ok(())
    }
}

/// One line as it travels on a waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillDraftLine {
    /// The order line.
    pub line_no: u32,
    /// What.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// Dry or frozen.
    pub sku_type: SkuType,
}

/// A hold that a waybill is born with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstHold {
    /// Whose.
    pub owner: String,
    /// The owner's name for it.
    pub handle: HoldHandle,
    /// Why.
    pub reason: HoldReason,
}

/// One waybill of the split. Volumes and weight are those of the whole waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillDraft {
    /// `source-order_ref-k`.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    #[serde(default)]
    pub kind: WaybillKind,
    /// Held from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<FirstHold>,
    /// Who sells what is on it.
    pub merchant: Merchant,
    /// From which store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Store>,
    /// Dry, frozen or both.
    pub sku_type: SkuType,
    /// Who picks it.
    pub fulfilled_by: FulfilledBy,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of goods that travel cold.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
    /// Its lines.
    pub lines: Vec<WaybillDraftLine>,
}

/// An order was accepted and cut into waybills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderAccepted {
    /// Row id of the order.
    pub order_id: Uuid,
    /// Who sent it.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// When the customer ordered.
    pub ordered_at: Timestamp,
    /// The customer; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
    /// Where it goes.
    pub district: DistrictCode,
    /// On which day.
    pub delivery_date: NaiveDate,
    /// In which window.
    pub timeslot: TimeslotCode,
    /// Hash of what makes a stop besides customer and district (the address), hexadecimal.
    pub address_key: String,
    /// The split.
    pub waybills: Vec<WaybillDraft>,
}

impl Contract for OrderAccepted {
    const TYPE: &'static str = "order.accepted.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// Who wants further waybills of an order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Requester {
    /// For what is fetched back, or sent again.
    CustomerService,
    /// For picked goods that go to another warehouse.
    SalesOrder,
}

/// Further waybills of an order are wanted: what is fetched back or sent again (customer service), or
/// goes to another warehouse (sales-order).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillsRequested {
    /// By whom: each has the right to its own word only.
    pub by: Requester,
    /// The order they belong to, with these waybills alone.
    pub order: OrderAccepted,
}

impl Contract for WaybillsRequested {
    const TYPE: &'static str = "waybill-request.made.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{requester}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(match self.by {
            Requester::CustomerService => "customer-service",
            Requester::SalesOrder => "sales-order",
        })
    }
}
