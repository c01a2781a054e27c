//! Rows of orders as they travel in the JSON parameter of a statement. Only shapes: which row is written when
//! is decided in [`super::book`].

use chrono::NaiveDate;
use contracts::{AmendmentKind, Envelope, Timestamp, WaybillNo};
use serde::Serialize;
use store::{StoreError, hex};
use uuid::Uuid;

use crate::decide::{Change, address_key_of};
use crate::order::{Asked, Counters, Line, Order, Parcel, Taken, Verdict};

/// The id that the parts of an order are read by.
#[derive(Debug, Serialize)]
pub(super) struct Id {
    pub(super) id: String,
}

/// In the column of a decision: it is done.
pub(super) const DONE: &str = "DONE";

/// The word in the column.
pub(super) const fn kind_word(kind: AmendmentKind) -> &'static str {
    match kind {
        AmendmentKind::Quantities => "QUANTITIES",
        AmendmentKind::Destination => "DESTINATION",
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
    address_key: String,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    total_minor: i64,
    open_amendment: Option<String>,
    amended_at: Option<String>,
    updated_at: String,
    personal: Option<&'a str>,
}

impl<'a> OrderState<'a> {
    pub(super) fn of(order: &'a Order, now: Timestamp) -> Self {
        Self {
            id: hex(order.id),
            version: order.version,
            status: order.status.as_str(),
            return_status: order.return_status.as_str(),
            district: order.destination.district.as_str(),
            address_key: address_key_of(order.personal.as_deref()),
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
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    message_id: String,
    correlation_id: Option<String>,
    reason: Option<String>,
    from_value: Option<String>,
    to_value: Option<String>,
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
