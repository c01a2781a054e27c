//! Rows as they travel in the JSON parameter of a statement, and as they come back. Only shapes: which
//! row is written when is decided in [`super`].

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{
    CustomerRef, DistrictCode, FulfilledBy, Merchant, OrderAccepted, Source, TimeslotCode,
    Timestamp, TrackingCode, WaybillDraft, WaybillDraftLine, WaybillKind, WaybillNo, WaybillOwner,
};
use runtime::Outcome;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, hex, parse_hex, timestamp};
use uuid::Uuid;

use crate::change::Promise;
use crate::facts::Standing;
use crate::history::{Detail, LogEntry};
use crate::holds::Hold;
use crate::permit::Traits;
use crate::state::{Body, Waybill, status_word};

/// The key that waybills are locked by.
#[derive(Debug, Serialize)]
pub(super) struct Key<'a> {
    pub waybill_no: &'a str,
}

/// A time that something has been waiting since before.
#[derive(Debug, Serialize)]
pub(super) struct Before {
    before: String,
}

impl Before {
    pub(super) fn of(time: Timestamp) -> Self {
        Self { before: time.to_sql() }
    }
}

/// The number of a waybill.
#[derive(Debug, FromQueryResult)]
pub(super) struct Number {
    pub waybill_no: String,
}

/// How many waybills wait.
#[derive(Debug, FromQueryResult)]
pub(super) struct Count {
    pub waiting: i64,
}

/// A locked row.
#[derive(Debug, FromQueryResult)]
pub(super) struct Stored {
    id: String,
    waybill_no: String,
    version: u64,
    parked_since: Option<NaiveDateTime>,
    lifecycle: String,
    kind: String,
    source: Option<String>,
    merchant: Option<String>,
    fulfilled_by: Option<String>,
    customer_ref: Option<String>,
    exists_since: Option<NaiveDateTime>,
    district: Option<String>,
    delivery_date: Option<NaiveDate>,
    timeslot: Option<String>,
    tracking_code: Option<String>,
}

impl Stored {
    /// The waybill of that row.
    ///
    /// # Errors
    /// [`StoreError::Decode`] when a column holds what this worker did not write.
    pub(super) fn waybill(self) -> Result<Waybill, StoreError> {
        let wrong = |what: &str| StoreError::decode(format!("waybill {}: {what}", self.waybill_no));
        let traits = match self.exists_since {
            None => None,
            Some(_) => Some(self.traits().ok_or_else(|| wrong("kind, merchant or fulfilled_by"))?),
        };
        let body = Body::parse(&self.lifecycle, traits)
            .map_err(|error| wrong(&format!("lifecycle: {error}")))?;
        let no =
            WaybillNo::new(self.waybill_no.clone()).map_err(|error| wrong(&error.to_string()))?;
        Ok(Waybill {
            id: parse_hex(&self.id)?,
            no,
            version: self.version,
            parked_since: self.parked_since.map(timestamp),
            body,
        })
    }

    /// What is shown of it besides its state; a stub has none of it.
    pub(super) fn shown(&self) -> Option<Shown> {
        let merchant = Merchant::new(self.merchant.clone()?).ok()?;
        let source = self.source.clone().map(Source::new).transpose().ok()?;
        let customer = self.customer_ref.clone().map(CustomerRef::new).transpose().ok()?;
        let code = self.tracking_code.as_deref().map(TrackingCode::parse).transpose().ok()?;
        Some(Shown {
            promise: Promise {
                delivery_date: self.delivery_date?,
                timeslot: TimeslotCode::new(self.timeslot.clone()?).ok()?,
            },
            district: DistrictCode::new(self.district.clone()?).ok()?,
            owner: WaybillOwner { source, merchant: Some(merchant), customer, tracking_code: code },
        })
    }

    fn traits(&self) -> Option<Traits> {
        let packer = self.fulfilled_by.as_deref()?;
        let packers = [FulfilledBy::Warehouse, FulfilledBy::Merchant];
        Some(Traits {
            kind: WaybillKind::parse(&self.kind)?,
            fulfilled_by: packers.into_iter().find(|by| by.as_str() == packer)?,
            merchant: Merchant::new(self.merchant.clone()?).ok()?,
        })
    }
}

/// What is shown of a waybill besides its state, and to whom.
#[derive(Debug)]
pub(super) struct Shown {
    pub promise: Promise,
    pub district: DistrictCode,
    pub owner: WaybillOwner,
}

impl Shown {
    /// That of a new waybill.
    pub(super) fn of(order: &OrderAccepted, draft: &WaybillDraft, code: TrackingCode) -> Self {
        let OrderAccepted { delivery_date, timeslot, .. } = order;
        Self {
            promise: Promise { delivery_date: *delivery_date, timeslot: timeslot.clone() },
            district: order.district.clone(),
            owner: WaybillOwner {
                source: Some(order.source.clone()),
                merchant: Some(draft.merchant.clone()),
                customer: order.customer_ref.clone(),
                tracking_code: Some(code),
            },
        }
    }
}

/// What changes of a waybill.
#[derive(Debug, Serialize)]
pub(super) struct StateRow {
    id: String,
    version: u64,
    status: &'static str,
    attempt: u16,
    failed_attempts: u16,
    failed_places: u32,
    open_holds: usize,
    parked: usize,
    parked_since: Option<String>,
    updated_at: String,
    lifecycle: String,
}

impl StateRow {
    /// The row of a waybill as it is now.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when its state has no text form.
    pub(super) fn of(waybill: &Waybill, now: Timestamp) -> Result<Self, StoreError> {
        let standing = waybill.standing();
        let encode = |error: serde_json::Error| StoreError::Encode(error.to_string());
        Ok(Self {
            id: hex(waybill.id),
            version: waybill.version,
            status: status_word(standing.as_ref().map(|standing| standing.status)),
            attempt: standing.as_ref().map_or(0, |standing| standing.attempt),
            failed_attempts: standing.as_ref().map_or(0, Standing::failed_attempts),
            failed_places: standing.as_ref().map_or(0, Standing::failed_bits),
            open_holds: waybill.open_holds(),
            parked: waybill.parked(),
            parked_since: waybill.parked_since.map(Timestamp::to_sql),
            lifecycle: waybill.body.to_text().map_err(encode)?,
            updated_at: now.to_sql(),
        })
    }
}

/// What a waybill is besides its state.
#[derive(Debug, Serialize)]
pub(super) struct DetailRow {
    kind: &'static str,
    order_id: String,
    source: String,
    order_ref: String,
    merchant: String,
    store: Option<String>,
    sku_type: &'static str,
    fulfilled_by: &'static str,
    customer_ref: Option<String>,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    line_count: usize,
    tracking_code: String,
    exists_since: String,
}

impl DetailRow {
    pub(super) fn of(
        order: &OrderAccepted,
        draft: &WaybillDraft,
        code: &TrackingCode,
        now: Timestamp,
    ) -> Self {
        Self {
            kind: draft.kind.as_str(),
            order_id: hex(order.order_id),
            source: order.source.to_string(),
            order_ref: order.order_ref.to_string(),
            merchant: draft.merchant.to_string(),
            store: draft.store.as_ref().map(ToString::to_string),
            sku_type: draft.sku_type.as_str(),
            fulfilled_by: draft.fulfilled_by.as_str(),
            customer_ref: order.customer_ref.as_ref().map(ToString::to_string),
            district: order.district.to_string(),
            delivery_date: order.delivery_date,
            timeslot: order.timeslot.to_string(),
            dry_ml: draft.dry_ml,
            frozen_ml: draft.frozen_ml,
            weight_g: draft.weight_g,
            line_count: draft.lines.len(),
            tracking_code: code.as_str().to_owned(),
            exists_since: now.to_sql(),
        }
    }
}

impl DetailRow {
    /// The same with one detail changed.
    pub(super) fn set(&mut self, detail: &Detail) {
        match detail {
            Detail::Promise(Promise { delivery_date, timeslot }) => {
                (self.delivery_date, self.timeslot) = (*delivery_date, timeslot.to_string());
            }
            Detail::District(district) => self.district = district.to_string(),
            Detail::Goods(goods) => {
                self.sku_type = goods.sku_type.as_str();
                (self.dry_ml, self.frozen_ml) = (goods.dry_ml, goods.frozen_ml);
                (self.weight_g, self.line_count) = (goods.weight_g, goods.lines.len());
            }
        }
    }
}

/// What changes of the details of a waybill; what is absent stays.
#[derive(Debug, Serialize)]
pub(super) struct SetRow {
    id: String,
    district: Option<String>,
    delivery_date: Option<NaiveDate>,
    timeslot: Option<String>,
    sku_type: Option<&'static str>,
    dry_ml: Option<u64>,
    frozen_ml: Option<u64>,
    weight_g: Option<u64>,
    line_count: Option<usize>,
}

impl SetRow {
    /// Nothing changes yet.
    pub(super) fn of(id: Uuid) -> Self {
        Self {
            id: hex(id),
            district: None,
            delivery_date: None,
            timeslot: None,
            sku_type: None,
            dry_ml: None,
            frozen_ml: None,
            weight_g: None,
            line_count: None,
        }
    }

    /// The same with one detail more.
    pub(super) fn set(&mut self, detail: &Detail) {
        match detail {
            Detail::Promise(Promise { delivery_date, timeslot }) => {
                self.delivery_date = Some(*delivery_date);
                self.timeslot = Some(timeslot.to_string());
            }
            Detail::District(district) => self.district = Some(district.to_string()),
            Detail::Goods(goods) => {
                self.sku_type = Some(goods.sku_type.as_str());
                (self.dry_ml, self.frozen_ml) = (Some(goods.dry_ml), Some(goods.frozen_ml));
                self.weight_g = Some(goods.weight_g);
                self.line_count = Some(goods.lines.len());
            }
        }
    }

    /// True when other lines take the place of those that are there.
    pub(super) const fn has_goods(&self) -> bool {
        self.line_count.is_some()
    }
}

/// A row that is not there yet: a waybill, or a stub without details.
#[derive(Debug, Serialize)]
pub(super) struct NewRow<'a> {
    pub waybill_no: &'a str,
    #[serde(flatten)]
    pub state: StateRow,
    #[serde(flatten)]
    pub details: Option<&'a DetailRow>,
}

/// The details of a stub that became a waybill.
#[derive(Debug, Serialize)]
pub(super) struct FilledRow<'a> {
    pub id: String,
    #[serde(flatten)]
    pub details: &'a DetailRow,
}

/// One line of a waybill.
#[derive(Debug, Serialize)]
pub(super) struct LineRow {
    waybill_id: String,
    line_no: u32,
    sku: String,
    quantity: u32,
    sku_type: &'static str,
}

impl LineRow {
    pub(super) fn is_of(&self, id: Uuid) -> bool {
        self.waybill_id == hex(id)
    }

    pub(super) fn of(id: Uuid, line: &WaybillDraftLine) -> Self {
        Self {
            waybill_id: hex(id),
            line_no: line.line_no,
            sku: line.sku.to_string(),
            quantity: line.quantity,
            sku_type: line.sku_type.as_str(),
        }
    }
}

/// One log entry.
#[derive(Debug, Serialize)]
pub(super) struct LogRow {
    waybill_id: String,
    version: u64,
    message_id: String,
    batch_id: Option<String>,
    message_type: &'static str,
    fact: Option<&'static str>,
    attempt: Option<u16>,
    outcome: &'static str,
    code: Option<String>,
    status: &'static str,
    sender: String,
    correlation_id: Option<String>,
    occurred_at: String,
    received_at: String,
    actor: String,
    detail: Option<String>,
}

impl LogRow {
    /// The row of an entry.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when the actor has no JSON form.
    pub(super) fn of(id: Uuid, entry: &LogEntry, now: Timestamp) -> Result<Self, StoreError> {
        let actor = serde_json::to_string(&entry.cause.actor)
            .map_err(|error| StoreError::Encode(error.to_string()))?;
        Ok(Self {
            waybill_id: hex(id),
            version: entry.version,
            message_id: hex(entry.cause.message_id.0),
            batch_id: entry.cause.batch_id.map(|batch| hex(batch.0)),
            message_type: entry.message_type,
            fact: entry.fact.map(contracts::WaybillStatus::as_str),
            attempt: entry.attempt,
            outcome: outcome_word(&entry.outcome),
            code: entry.code.clone(),
            status: status_word(entry.status),
            sender: entry.cause.sender.to_string(),
            actor,
            correlation_id: entry.cause.correlation_id.clone(),
            detail: entry.detail.clone(),
            occurred_at: entry.occurred_at.to_sql(),
            received_at: now.to_sql(),
        })
    }
}

const fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "APPLIED",
        Outcome::Duplicate => "DUPLICATE",
        Outcome::Stale => "STALE",
        Outcome::Parked => "PARKED",
        Outcome::Rejected(_) => "REJECTED",
    }
}

/// One hold or tombstone.
#[derive(Debug, Serialize)]
pub(super) struct HoldRow {
    waybill_id: String,
    owner: String,
    handle: String,
    instance: u32,
    reason: Option<&'static str>,
    placed_at: Option<String>,
    released_at: Option<String>,
}

impl HoldRow {
    pub(super) fn of(id: Uuid, hold: &Hold) -> Self {
        Self {
            waybill_id: hex(id),
            owner: hold.name.owner.clone(),
            handle: hold.name.handle.to_string(),
            instance: hold.name.instance.0,
            reason: hold.placed.map(|(reason, _)| reason.as_str()),
            placed_at: hold.placed.map(|(_, at)| at.to_sql()),
            released_at: hold.released_at.map(Timestamp::to_sql),
        }
    }
}
