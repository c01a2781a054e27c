//! Rows of orders that are there, as they come back and as they travel in the JSON parameter of a statement.
//! Only shapes: which row is written when is decided in [`super::book`].

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{
    AmendmentKind, Currency, Envelope, Merchant, OrderRef, OrderReturnStatus, OrderStatus, Sku,
    SkuType, Source, Timestamp, UnitPrice, WaybillNo, WaybillStatus,
};
use sea_orm::FromQueryResult;
use sea_orm::prelude::Decimal;
use serde::Serialize;
use store::{StoreError, hex, parse_hex, timestamp};
use uuid::Uuid;

use crate::decide::{Change, Known};
use crate::order::{Asked, Counters, Destination, Line, Order, OrderKey, Parcel, Taken, Verdict};

fn wrong(what: &str, error: impl Display) -> StoreError {
    StoreError::decode(format!("{what}: {error}"))
}

fn absurd(what: &str, text: &str) -> StoreError {
    wrong(what, format!("{text:?} is none that this worker writes"))
}

/// A locked order.
#[derive(Debug, FromQueryResult)]
pub(super) struct Locked {
    id: String,
    source: String,
    order_ref: String,
    content_hash: Vec<u8>,
    version: u64,
    status: String,
    return_status: String,
    ordered_at: NaiveDateTime,
    customer_ref: Option<String>,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    currency: String,
    total_minor: i64,
    personal: Option<String>,
    open_amendment: Option<String>,
    amended_at: Option<NaiveDateTime>,
}

impl Locked {
    pub(super) fn key(&self) -> Result<OrderKey, StoreError> {
        Ok(OrderKey {
            source: Source::new(&self.source).map_err(|e| wrong("orders.source", e))?,
            order_ref: OrderRef::new(&self.order_ref).map_err(|e| wrong("orders.order_ref", e))?,
        })
    }

    pub(super) fn known(&self) -> Result<Known, StoreError> {
        let bytes = self.content_hash.as_slice();
        let content_hash = bytes.try_into().map_err(|error| wrong("orders.content_hash", error))?;
        Ok(Known { content_hash, version: self.version })
    }

    /// The order without its lines and all else that other tables keep.
    pub(super) fn order(self) -> Result<Order, StoreError> {
        let (status, return_status) = (self.status.as_str(), self.return_status.as_str());
        Ok(Order {
            id: parse_hex(&self.id)?,
            key: self.key()?,
            ordered_at: timestamp(self.ordered_at),
            customer_ref: self
                .customer_ref
                .map(contracts::CustomerRef::new)
                .transpose()
                .map_err(|e| wrong("orders.customer_ref", e))?,
            version: self.version,
            status: OrderStatus::parse(status).ok_or_else(|| absurd("orders.status", status))?,
            return_status: OrderReturnStatus::parse(return_status)
                .ok_or_else(|| absurd("orders.return_status", return_status))?,
            destination: Destination {
                district: contracts::DistrictCode::new(self.district)
                    .map_err(|e| wrong("orders.district", e))?,
                delivery_date: self.delivery_date,
                timeslot: contracts::TimeslotCode::new(self.timeslot)
                    .map_err(|e| wrong("orders.timeslot", e))?,
            },
            currency: Currency::new(&self.currency).map_err(|e| wrong("orders.currency", e))?,
            total_minor: self.total_minor,
            personal: self.personal,
            open_amendment: self.open_amendment.as_deref().map(parse_hex).transpose()?,
            amended_at: self.amended_at.map(timestamp),
            lines: BTreeMap::new(),
            parcels: BTreeMap::new(),
            asked: BTreeMap::new(),
            returns: BTreeMap::new(),
        })
    }
}

/// The id that the parts of an order are read by.
#[derive(Debug, Serialize)]
pub(super) struct Id {
    pub(super) id: String,
}

/// A line.
#[derive(Debug, FromQueryResult)]
pub(super) struct StoredLine {
    pub(super) order_id: String,
    line_no: u32,
    merchant: String,
    sku: String,
    quantity: u32,
    unit_price: Decimal,
    sku_type: String,
    volume_ml: u32,
    weight_g: u32,
    waybill_no: Option<String>,
    removed: u8,
    cancelled: u32,
    shipped: u32,
    delivered: u32,
    returned_to_origin: u32,
    lost: u32,
    returned: u32,
}

impl StoredLine {
    pub(super) fn line(self) -> Result<Line, StoreError> {
        let types = [SkuType::Dry, SkuType::Frozen, SkuType::Mixed];
        let sku_type = types.into_iter().find(|sku_type| sku_type.as_str() == self.sku_type);
        Ok(Line {
            line_no: self.line_no,
            merchant: Merchant::new(self.merchant).map_err(|e| wrong("order_line.merchant", e))?,
            sku: Sku::new(self.sku).map_err(|e| wrong("order_line.sku", e))?,
            quantity: self.quantity,
            unit_price: UnitPrice::new(self.unit_price)
                .map_err(|e| wrong("order_line.unit_price", e))?,
            sku_type: sku_type.ok_or_else(|| absurd("order_line.sku_type", &self.sku_type))?,
            volume_ml: self.volume_ml,
            weight_g: self.weight_g,
            waybill_no: self.waybill_no.map(|no| read_no(&no)).transpose()?,
            removed: self.removed > 0,
            counters: Counters {
                cancelled: self.cancelled,
                shipped: self.shipped,
                delivered: self.delivered,
                returned_to_origin: self.returned_to_origin,
                lost: self.lost,
                returned: self.returned,
            },
        })
    }
}

fn read_no(text: &str) -> Result<WaybillNo, StoreError> {
    WaybillNo::new(text).map_err(|error| wrong("waybill_no", error))
}

/// The newest of a waybill.
#[derive(Debug, FromQueryResult)]
pub(super) struct StoredParcel {
    pub(super) order_id: String,
    waybill_no: String,
    status: String,
    attempt: u16,
    seq: u64,
}

impl StoredParcel {
    pub(super) fn parcel(&self) -> Result<(WaybillNo, Parcel), StoreError> {
        let status = WaybillStatus::parse(&self.status)
            .ok_or_else(|| absurd("order_waybill.status", &self.status))?;
        let parcel = Parcel { status, attempt: self.attempt, seq: self.seq };
        Ok((read_no(&self.waybill_no)?, parcel))
    }
}

/// What an amendment asks of a waybill.
#[derive(Debug, FromQueryResult)]
pub(super) struct StoredAsked {
    pub(super) order_id: String,
    amendment_id: String,
    waybill_no: String,
    kind: String,
    personal: Option<String>,
    decided: Option<String>,
    asked_at: NaiveDateTime,
}

/// In the column of a decision: it is done.
const DONE: &str = "DONE";

impl StoredAsked {
    pub(super) fn asked(self) -> Result<((Uuid, WaybillNo), Asked), StoreError> {
        let kinds = [AmendmentKind::Quantities, AmendmentKind::Destination];
        let kind = kinds.into_iter().find(|kind| kind_word(*kind) == self.kind);
        let asked = Asked {
            kind: kind.ok_or_else(|| absurd("order_amendment.kind", &self.kind))?,
            personal: self.personal,
            verdict: match self.decided {
                None => Verdict::Open,
                Some(word) if word == DONE => Verdict::Done,
                Some(code) => Verdict::Refused(code),
            },
            asked_at: timestamp(self.asked_at),
        };
        Ok(((parse_hex(&self.amendment_id)?, read_no(&self.waybill_no)?), asked))
    }
}

const fn kind_word(kind: AmendmentKind) -> &'static str {
    match kind {
        AmendmentKind::Quantities => "QUANTITIES",
        AmendmentKind::Destination => "DESTINATION",
    }
}

/// What a return took.
#[derive(Debug, FromQueryResult)]
pub(super) struct StoredReturn {
    pub(super) order_id: String,
    return_id: String,
    seq: u64,
    taken: String,
}

impl StoredReturn {
    pub(super) fn taken(&self) -> Result<(Uuid, Taken), StoreError> {
        let units =
            serde_json::from_str(&self.taken).map_err(|e| wrong("order_return.taken", e))?;
        Ok((parse_hex(&self.return_id)?, Taken { seq: self.seq, units }))
    }
}

/// What changes of an order.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct OrderState<'a> {
    id: String,
    version: u64,
    status: &'static str,
    return_status: &'static str,
    district: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    total_minor: i64,
    personal: Option<&'a str>,
    open_amendment: Option<String>,
    amended_at: Option<String>,
    updated_at: String,
}

impl<'a> OrderState<'a> {
    pub(super) fn of(order: &'a Order, now: Timestamp) -> Self {
        Self {
            id: hex(order.id),
            version: order.version,
            status: order.status.as_str(),
            return_status: order.return_status.as_str(),
            district: order.destination.district.as_str(),
            delivery_date: order.destination.delivery_date,
            timeslot: order.destination.timeslot.as_str(),
            total_minor: order.total_minor,
            personal: order.personal.as_deref(),
            open_amendment: order.open_amendment.map(hex),
            amended_at: order.amended_at.map(Timestamp::to_sql),
            updated_at: now.to_sql(),
        }
    }
}

/// What changes of a line.
#[derive(Debug, Serialize)]
pub(super) struct LineState<'a> {
    order_id: String,
    line_no: u32,
    quantity: u32,
    waybill_no: Option<&'a str>,
    removed: u8,
    cancelled: u32,
    shipped: u32,
    delivered: u32,
    returned_to_origin: u32,
    lost: u32,
    returned: u32,
}

impl<'a> LineState<'a> {
    pub(super) fn of(order: &Order, line: &'a Line) -> Self {
        let Counters { cancelled, shipped, delivered, returned_to_origin, lost, returned } =
            line.counters;
        Self {
            order_id: hex(order.id),
            line_no: line.line_no,
            quantity: line.quantity,
            waybill_no: line.waybill_no.as_ref().map(WaybillNo::as_str),
            removed: line.removed.into(),
            cancelled,
            shipped,
            delivered,
            returned_to_origin,
            lost,
            returned,
        }
    }
}

/// The newest of a waybill.
#[derive(Debug, Serialize)]
pub(super) struct ParcelState<'a> {
    order_id: String,
    waybill_no: &'a str,
    status: &'static str,
    attempt: u16,
    seq: u64,
    updated_at: String,
}

impl<'a> ParcelState<'a> {
    pub(super) fn of(
        order: &Order,
        waybill_no: &'a WaybillNo,
        parcel: &Parcel,
        now: Timestamp,
    ) -> Self {
        Self {
            order_id: hex(order.id),
            waybill_no: waybill_no.as_str(),
            status: parcel.status.as_str(),
            attempt: parcel.attempt,
            seq: parcel.seq,
            updated_at: now.to_sql(),
        }
    }
}

/// What an amendment asks of a waybill, or what was decided.
#[derive(Debug, Serialize)]
pub(super) struct AskedState<'a> {
    order_id: String,
    amendment_id: String,
    waybill_no: &'a str,
    kind: &'static str,
    personal: Option<&'a str>,
    decided: Option<String>,
    asked_at: String,
}

impl<'a> AskedState<'a> {
    pub(super) fn of(
        order: &Order,
        (amendment_id, waybill_no): &'a (Uuid, WaybillNo),
        asked: &'a Asked,
    ) -> Self {
        Self {
            order_id: hex(order.id),
            amendment_id: hex(*amendment_id),
            waybill_no: waybill_no.as_str(),
            kind: kind_word(asked.kind),
            personal: asked.personal.as_deref(),
            decided: match &asked.verdict {
                Verdict::Open => None,
                Verdict::Done => Some(DONE.to_owned()),
                Verdict::Refused(code) => {
                    Some(code.chars().filter(char::is_ascii_graphic).take(64).collect())
                }
            },
            asked_at: asked.asked_at.to_sql(),
        }
    }
}

/// What a return took.
#[derive(Debug, Serialize)]
pub(super) struct ReturnState {
    order_id: String,
    return_id: String,
    seq: u64,
    taken: String,
}

impl ReturnState {
    pub(super) fn of(order: &Order, return_id: Uuid, taken: &Taken) -> Result<Self, StoreError> {
        let units = serde_json::to_string(&taken.units);
        Ok(Self {
            order_id: hex(order.id),
            return_id: hex(return_id),
            seq: taken.seq,
            taken: units.map_err(|error| StoreError::Encode(error.to_string()))?,
        })
    }
}

/// One entry of an order's history.
#[derive(Debug, Serialize)]
pub(super) struct LogRow {
    order_id: String,
    version: u64,
    at: String,
    what: &'static str,
    waybill_no: Option<String>,
    from_value: Option<String>,
    to_value: Option<String>,
    reason: Option<String>,
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    message_id: String,
    correlation_id: Option<String>,
}

/// Characters of a `TEXT` column, whatever they are.
const TEXT_CHARS: usize = 16_000;

impl LogRow {
    pub(super) fn of(
        order_id: Uuid,
        change: Change,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let actor = &envelope.actor;
        let role = serde_json::to_value(actor.role);
        let role = role.map_err(|error| StoreError::Encode(error.to_string()))?;
        Ok(Self {
            order_id: hex(order_id),
            version: change.version,
            at: now.to_sql(),
            what: change.what.as_str(),
            waybill_no: change.waybill_no.map(String::from),
            from_value: change.from.map(|text| clip(&text, TEXT_CHARS)),
            to_value: change.to.map(|text| clip(&text, TEXT_CHARS)),
            reason: change.reason,
            who: clip(&actor.subject, 128),
            role: role.as_str().unwrap_or_default().to_owned(),
            origin: actor.origin.as_deref().map(|origin| clip(origin, 255)),
            sender: envelope.user_id.to_string(),
            message_id: hex(envelope.message_id.0),
            correlation_id: envelope.correlation_id.as_deref().map(|id| clip(id, 128)),
        })
    }
}

/// What is shown to people may be cut; nothing is decided by it.
pub(super) fn clip(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
