//! Rows as they travel to and from the database. Never here: a statement.

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{FulfilledBy, SkuType, WaybillKind, WaybillNo, WaybillStatus};
use routing::{Load, RouteId, SlotDayKey, StopKey};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, parse_hex, timestamp};

use crate::assignment::{Assignment, FailedPlaces, Standing, State, reason_of};

/// A waybill's number.
#[derive(Serialize)]
pub(super) struct Number<'a> {
    pub(super) waybill_no: &'a str,
}

/// A slot day; `k` is its place in the list, by which the rows that belong to it come back.
#[derive(Serialize)]
pub(super) struct Day<'a> {
    pub(super) k: usize,
    pub(super) depot: &'a str,
    pub(super) delivery_date: NaiveDate,
    pub(super) timeslot: &'a str,
}

impl<'a> Day<'a> {
    pub(super) fn of(k: usize, key: &'a SlotDayKey) -> Self {
        Self {
            k,
            depot: key.depot.as_str(),
            delivery_date: key.date,
            timeslot: key.timeslot.as_str(),
        }
    }
}

#[derive(FromQueryResult)]
pub(super) struct StandingRow {
    waybill_no: String,
    version: u64,
    status: String,
    attempt: u16,
    failed_places: u32,
    open_holds: u16,
}

impl StandingRow {
    pub(super) fn read(self) -> Result<(WaybillNo, Standing), StoreError> {
        let Some(status) = WaybillStatus::parse(&self.status) else {
            let (no, status) = (self.waybill_no, self.status);
            return Err(StoreError::decode(format!("waybill {no}: status {status:?}")));
        };
        let (version, held, attempt) = (self.version, self.open_holds > 0, self.attempt);
        let failed = FailedPlaces(self.failed_places);
        Ok((number(self.waybill_no)?, Standing { version, held, status, attempt, failed }))
    }
}

#[derive(FromQueryResult)]
pub(super) struct AssignmentRow {
    waybill_no: String,
    state: String,
    reason: Option<String>,
    route_id: Option<String>,
    place_no: u16,
    version: u64,
    waybill_version: u64,
    held: bool,
    pinned: bool,
    kind: String,
    order_key: String,
    stop_key: String,
    district: String,
    zone: Option<String>,
    depot: Option<String>,
    delivery_date: NaiveDate,
    timeslot: String,
    sku_type: String,
    fulfilled_by: String,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    ordered_at: NaiveDateTime,
}

impl AssignmentRow {
    pub(super) fn read(self) -> Result<Assignment, StoreError> {
        Ok(Assignment {
            state: self.state()?,
            place_no: self.place_no,
            version: self.version,
            waybill_version: self.waybill_version,
            held: self.held,
            pinned: self.pinned,
            kind: WaybillKind::parse(&self.kind)
                .ok_or_else(|| unknown(&self.waybill_no, "kind", &self.kind))?,
            stop: StopKey(parse_hex(&self.stop_key)?),
            sku_type: self.sku_type()?,
            fulfilled_by: self.fulfilled_by()?,
            load: Load::of_waybill(self.dry_ml, self.frozen_ml, self.weight_g),
            ordered_at: timestamp(self.ordered_at),
            delivery_date: self.delivery_date,
            order: self.order_key,
            district: self.district.into(),
            zone: self.zone.map(Into::into),
            depot: self.depot.map(Into::into),
            timeslot: self.timeslot.into(),
            waybill_no: number(self.waybill_no)?,
        })
    }

    fn state(&self) -> Result<State, StoreError> {
        let route = self.route_id.as_deref().map(parse_hex).transpose()?.map(RouteId);
        let reason = self.reason.as_deref().and_then(reason_of);
        match (self.state.as_str(), route, reason) {
            ("UNASSIGNED", None, None) => Ok(State::Unassigned),
            ("ASSIGNED", Some(route), None) => Ok(State::Assigned(route)),
            ("LOCKED", Some(route), None) => Ok(State::Locked(route)),
            ("UNASSIGNABLE", None, Some(reason)) => Ok(State::Unassignable(reason)),
            _ => Err(StoreError::decode(format!(
                "assignment {}: state {:?} with route {:?} and reason {:?}",
                self.waybill_no, self.state, self.route_id, self.reason
            ))),
        }
    }

    fn sku_type(&self) -> Result<SkuType, StoreError> {
        sku_type_of(&self.sku_type)
            .ok_or_else(|| unknown(&self.waybill_no, "sku_type", &self.sku_type))
    }

    fn fulfilled_by(&self) -> Result<FulfilledBy, StoreError> {
        let all = [FulfilledBy::Warehouse, FulfilledBy::Merchant];
        let found = all.into_iter().find(|who| who.as_str() == self.fulfilled_by);
        found.ok_or_else(|| unknown(&self.waybill_no, "fulfilled_by", &self.fulfilled_by))
    }
}

/// The class of goods of a word.
pub(super) fn sku_type_of(word: &str) -> Option<SkuType> {
    let all = [SkuType::Dry, SkuType::Frozen, SkuType::Mixed];
    all.into_iter().find(|sku_type| sku_type.as_str() == word)
}

pub(super) fn unknown(waybill_no: &str, column: &str, value: &str) -> StoreError {
    StoreError::decode(format!("assignment {waybill_no}: {column} {value:?}"))
}

/// A stored number as one.
pub(super) fn number(text: String) -> Result<WaybillNo, StoreError> {
    WaybillNo::new(text).map_err(|error| StoreError::decode(error.to_string()))
}
