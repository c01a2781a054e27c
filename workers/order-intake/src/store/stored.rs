//! Rows of orders that are there, as they come back. Only shapes: which are asked for is decided in
//! [`super::book`].

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{
    AmendmentKind, Currency, CustomerRef, DistrictCode, Merchant, OrderRef, OrderReturnStatus,
    OrderStatus, Sku, SkuType, Source, TimeslotCode, UnitPrice, WaybillNo, WaybillStatus,
};
use sea_orm::FromQueryResult;
use sea_orm::prelude::Decimal;
use store::{StoreError, parse_hex, timestamp};
use uuid::Uuid;

use super::rows::{DONE, kind_word};
use crate::decide::Known;
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
                .map(CustomerRef::new)
                .transpose()
                .map_err(|e| wrong("orders.customer_ref", e))?,
            version: self.version,
            status: OrderStatus::parse(status).ok_or_else(|| absurd("orders.status", status))?,
            return_status: OrderReturnStatus::parse(return_status)
                .ok_or_else(|| absurd("orders.return_status", return_status))?,
            destination: Destination {
                district: DistrictCode::new(self.district)
                    .map_err(|e| wrong("orders.district", e))?,
                delivery_date: self.delivery_date,
                timeslot: TimeslotCode::new(self.timeslot)
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
