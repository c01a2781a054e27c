//! Amendments: what a customer or shop changes of an order before it is picked.
//!
//! An amendment changes quantities or the destination, never both. order-intake cuts it by waybill; ADRA
//! reserves what is needed more (and decides about destinations); sales-order decides whether quantities
//! may still change; then everybody applies it.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::waybill::check_reason;
use crate::{
    Contract, DistrictCode, Exchange, MAX_ORDER_LINES, OrderRef, Personal, RoutingKey, SkuType,
    Source, TimeslotCode, Timestamp, WaybillDraftLine, WaybillNo,
};

/// One line with its new quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendedLine {
    /// The order line.
    pub line_no: u32,
    /// Units from now on; 0 cancels the line.
    #[schemars(range(max = 9_999))]
    pub quantity: u32,
}

/// Where the order goes from now on. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendedDestination {
    /// The district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictCode>,
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::time::optional_date")]
    pub delivery_date: Option<NaiveDate>,
    /// The window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeslot: Option<TimeslotCode>,
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
}

/// Change an order. Refused when its version is another than expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendOrder {
    /// Who sent the order.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// The version that the sender saw.
    pub expected_version: u64,
    /// New quantities, each line once; empty for a new destination.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<AmendedLine>,
    /// A new destination; absent for new quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<AmendedDestination>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for AmendOrder {
    const TYPE: &'static str = "order.amend.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())?;
        if self.lines.len() > MAX_ORDER_LINES {
            return Err(format!(
                "{} lines, at most {MAX_ORDER_LINES} are allowed",
                self.lines.len()
            ));
        }
        let mut numbers = std::collections::BTreeSet::new();
        for line in &self.lines {
            if !numbers.insert(line.line_no) {
                return Err(format!("line {} is there twice", line.line_no));
            }
            if line.quantity > 9_999 {
                return Err(format!("line {}: quantity must be 0 to 9999", line.line_no));
            }
        }
        match (self.lines.is_empty(), &self.destination) {
            (true, None) => {
                Err("an amendment without lines or destination changes nothing".to_owned())
            }
            (false, Some(_)) => {
                Err("an amendment changes quantities or the destination, not both: send two"
                    .to_owned())
            }
            (true, Some(destination)) if *destination == AmendedDestination::default() => {
                Err("the destination names nothing that changes".to_owned())
            }
            (true, Some(_)) | (false, None) => Ok(()),
        }
    }
}

/// What an amendment changes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AmendmentKind {
    /// Lines and with them volume and weight. sales-order decides.
    Quantities,
    /// District, address, day or window. ADRA decides.
    Destination,
}

/// One waybill as it is to be after an amendment. Volumes and weight are the whole waybill's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillAmendment {
    /// The amendment: the id of the command.
    pub amendment_id: Uuid,
    /// What changes.
    pub kind: AmendmentKind,
    /// Row id of the order.
    pub order_id: Uuid,
    /// Who sent the order.
    pub source: Source,
    /// Its number there.
    pub order_ref: OrderRef,
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Its lines; those that are cancelled are not among them.
    pub lines: Vec<WaybillDraftLine>,
    /// Dry, frozen or both.
    pub sku_type: SkuType,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of goods that travel cold.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
    /// Where it goes.
    pub district: DistrictCode,
    /// Hash of the address, hexadecimal.
    pub address_key: String,
    /// On which day.
    pub delivery_date: NaiveDate,
    /// In which window.
    pub timeslot: TimeslotCode,
    /// When it was asked for. order-intake sees to it that a later amendment of an order has a later time,
    /// so that readers can tell which of two is the newer.
    pub occurred_at: Timestamp,
}

/// order-intake asks ADRA to make room for an amended waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentRequested {
    /// The waybill as it is to be.
    pub amendment: WaybillAmendment,
}

impl Contract for AmendmentRequested {
    const TYPE: &'static str = "order.amendment-requested.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// ADRA has room for the new quantities; whether they may still change is for sales-order to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentReserved {
    /// The waybill as it is to be.
    pub amendment: WaybillAmendment,
}

impl Contract for AmendmentReserved {
    const TYPE: &'static str = "assignment.amendment-reserved.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// Who decided about an amendment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AmendmentDecider {
    /// There is no room, or the destination was changed.
    AdraAssigner,
    /// The quantities may change, or it is too late.
    SalesOrder,
}

/// An amendment of a waybill was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentDecided {
    /// By whom: each has the right to its own word only.
    pub by: AmendmentDecider,
    /// Absent: it is done. Else why not: `AMEND_NO_CAPACITY`, `AMEND_TOO_LATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The waybill as it was to be.
    pub amendment: WaybillAmendment,
}

impl Contract for AmendmentDecided {
    const TYPE: &'static str = "amendment.decided.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{decider}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(match self.by {
            AmendmentDecider::AdraAssigner => "adra-assigner",
            AmendmentDecider::SalesOrder => "sales-order",
        })
    }
}
