//! One order as this worker knows it: its lines, the newest that was heard of each waybill, what is asked
//! and not decided, what came back.
//!
//! Never here: a decision (see `decide.rs`), IO, a clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use contracts::{
    AmendmentKind, CreateOrder, Currency, CustomerRef, DistrictCode, Merchant, OrderAccepted,
    OrderRef, OrderReturnStatus, OrderStatus, Sku, SkuType, Source, TimeslotCode, Timestamp,
    UnitPrice, WaybillNo, WaybillStatus,
};
use serde::Serialize;
use uuid::Uuid;

/// What makes an order unique. Ordered as the index is, so that all lock in the same order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct OrderKey {
    /// Who sent it.
    pub(crate) source: Source,
    /// Its number there.
    pub(crate) order_ref: OrderRef,
}

impl OrderKey {
    /// The key of the order of this number at this source.
    pub(crate) fn new(source: &Source, order_ref: &OrderRef) -> Self {
        Self { source: source.clone(), order_ref: order_ref.clone() }
    }

    /// The key of a command.
    pub(crate) fn of(order: &CreateOrder) -> Self {
        Self::new(&order.source, &order.order_ref)
    }

    /// The key of the order that a waybill belongs to.
    pub(crate) fn of_waybill(waybill_no: &WaybillNo) -> Option<Self> {
        waybill_no.order().map(|(source, order_ref)| Self { source, order_ref })
    }

    /// How people name an order: `source/order_ref`.
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}", self.source, self.order_ref)
    }
}

/// An order that was taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) key: OrderKey,
    /// When the customer ordered.
    pub(crate) ordered_at: Timestamp,
    pub(crate) customer_ref: Option<CustomerRef>,
    /// Number of its changes, the first one included.
    pub(crate) version: u64,
    pub(crate) status: OrderStatus,
    pub(crate) return_status: OrderReturnStatus,
    pub(crate) destination: Destination,
    pub(crate) currency: Currency,
    /// Sum of what is agreed, in minor units.
    pub(crate) total_minor: i64,
    /// The personal fields as a JSON object.
    pub(crate) personal: Option<String>,
    /// The amendment that is not decided yet.
    pub(crate) open_amendment: Option<Uuid>,
    /// When the last amendment was asked for.
    pub(crate) amended_at: Option<Timestamp>,
    /// By number.
    pub(crate) lines: BTreeMap<u32, Line>,
    /// The newest that was heard of each waybill; nothing yet of those that are missing.
    pub(crate) parcels: BTreeMap<WaybillNo, Parcel>,
    /// What its amendments ask of each waybill, as far as it was loaded.
    pub(crate) asked: BTreeMap<(Uuid, WaybillNo), Asked>,
    /// What each return took, as far as it was loaded.
    pub(crate) returns: BTreeMap<Uuid, Taken>,
}

/// Where and when it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) district: DistrictCode,
    pub(crate) delivery_date: NaiveDate,
    pub(crate) timeslot: TimeslotCode,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) line_no: u32,
    pub(crate) merchant: Merchant,
    pub(crate) sku: Sku,
    pub(crate) quantity: u32,
    pub(crate) unit_price: UnitPrice,
    pub(crate) sku_type: SkuType,
    /// Millilitres of one unit.
    pub(crate) volume_ml: u32,
    /// Grams of one unit.
    pub(crate) weight_g: u32,
    /// What it travels on; `None` for a line that makes no parcel and for a removed one.
    pub(crate) waybill_no: Option<WaybillNo>,
    /// True when it was cancelled by itself, for good.
    pub(crate) removed: bool,
    pub(crate) counters: Counters,
}

/// Units of one line by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) cancelled: u32,
    pub(crate) shipped: u32,
    pub(crate) delivered: u32,
    pub(crate) returned_to_origin: u32,
    pub(crate) lost: u32,
    pub(crate) returned: u32,
}

/// The newest that was heard of a waybill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) status: WaybillStatus,
    /// The route place that the status belongs to; 0 before the first.
    pub(crate) attempt: u16,
    /// The waybill's version then.
    pub(crate) seq: u64,
}

/// What an amendment asks of one waybill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) kind: AmendmentKind,
    /// New personal fields as a JSON object, until it is decided.
    pub(crate) personal: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) asked_at: Timestamp,
}

/// How far an amendment of one waybill is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody decided yet.
    Open,
    /// It is done.
    Done,
    /// It was refused, with this code.
    Refused(String),
}

/// What a return took of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The return's version.
    pub(crate) seq: u64,
    /// Units by line.
    pub(crate) units: BTreeMap<u32, u32>,
}

impl Order {
    /// An order that was taken just now.
    pub(crate) fn accepted(
        order: &CreateOrder,
        event: &OrderAccepted,
        (total_minor, personal): (i64, Option<&str>),
    ) -> Self {
        let waybills = event.waybills.iter();
        let on: BTreeMap<u32, &WaybillNo> = waybills
            .flat_map(|draft| draft.lines.iter().map(|line| (line.line_no, &draft.waybill_no)))
            .collect();
        let lines = order.lines.iter().map(|line| {
            let line = Line {
                line_no: line.line_no,
                merchant: line.merchant.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                sku_type: line.sku_type,
                volume_ml: line.volume_ml,
                weight_g: line.weight_g,
                waybill_no: on.get(&line.line_no).map(|no| (*no).clone()),
                removed: false,
                counters: Counters::default(),
            };
            (line.line_no, line)
        });
        Self {
            id: event.order_id,
            key: OrderKey::of(order),
            ordered_at: order.ordered_at,
            customer_ref: order.customer_ref.clone(),
            version: crate::decide::FIRST_VERSION,
            status: contracts::ORDER_ENTRY,
            return_status: OrderReturnStatus::None,
            destination: Destination {
                district: order.district.clone(),
                delivery_date: order.delivery_date,
                timeslot: order.timeslot.clone(),
            },
            currency: order.currency,
            total_minor,
            personal: personal.map(str::to_owned),
            open_amendment: None,
            amended_at: None,
            lines: lines.collect(),
            parcels: BTreeMap::new(),
            asked: BTreeMap::new(),
            returns: BTreeMap::new(),
        }
    }

    /// The lines on a waybill.
    pub(crate) fn lines_on<'a>(
        &'a self,
        waybill_no: &'a WaybillNo,
    ) -> impl Iterator<Item = &'a Line> {
        self.lines.values().filter(move |line| line.waybill_no.as_ref() == Some(waybill_no))
    }

    /// The numbers of its waybills, each once.
    pub(crate) fn waybills(&self) -> Vec<WaybillNo> {
        let numbers = self.lines.values().filter_map(|line| line.waybill_no.as_ref());
        let numbers: std::collections::BTreeSet<&WaybillNo> = numbers.collect();
        numbers.into_iter().cloned().collect()
    }

    /// True when a waybill is one of the order's own.
    pub(crate) fn has(&self, waybill_no: &WaybillNo) -> bool {
        self.lines_on(waybill_no).next().is_some()
    }
}
