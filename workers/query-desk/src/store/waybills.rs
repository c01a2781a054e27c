//! The parts of waybills, as their three owners keep them: one statement for all parts of any number of
//! waybills.

use std::collections::BTreeSet;

use ::store::{Database, StoreError, parse_hex, timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use contracts::{
    AssignmentStanding, CustomerRef, RouteId, SalesOrderStanding, WaybillEntry, WaybillNo,
    WaybillOwner, WaybillStanding, WaybillStatus,
};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use super::{unreadable, word};

/// What there is of a waybill.
pub(crate) struct Parts {
    pub(crate) waybill_no: String,
    pub(crate) entry: Option<WaybillEntry>,
    pub(crate) assignment: Option<AssignmentStanding>,
    pub(crate) sales_order: Option<SalesOrderStanding>,
}

#[derive(Serialize)]
struct Key<'a> {
    waybill_no: &'a str,
}

// a stub is no waybill yet
const PARTS: &str = "SELECT r.waybill_no, w.kind, w.status, w.open_holds, w.failed_attempts, w.lifecycle, \
       w.source, w.merchant, w.customer_ref, w.tracking_code, w.district, w.delivery_date, w.timeslot, \
       w.updated_at, w.version, a.state, a.reason, HEX(a.route_id) route_id, t.route_ref, \
       a.version assignment_version, s.sales_order_no, s.status sales_order_status, \
       s.version sales_order_version \
     FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin \
       PATH '$.waybill_no' ERROR ON ERROR)) r \
     LEFT JOIN waybill w FORCE INDEX (waybill_number) \
       ON w.waybill_no = r.waybill_no AND w.exists_since IS NOT NULL \
     LEFT JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no \
     LEFT JOIN route t FORCE INDEX (PRIMARY) ON t.id = a.route_id \
     LEFT JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no AND s.live = 1";

/// One row; each part is there as a whole or not at all.
#[derive(FromQueryResult)]
struct Row {
    waybill_no: String,
    kind: Option<String>,
    status: Option<String>,
    open_holds: Option<u16>,
    failed_attempts: Option<u16>,
    lifecycle: Option<String>,
    source: Option<String>,
    merchant: Option<String>,
    customer_ref: Option<String>,
    tracking_code: Option<String>,
    district: Option<String>,
    delivery_date: Option<NaiveDate>,
    timeslot: Option<String>,
    updated_at: Option<NaiveDateTime>,
    version: Option<u64>,
    state: Option<String>,
    reason: Option<String>,
    route_id: Option<String>,
    route_ref: Option<String>,
    assignment_version: Option<u64>,
    sales_order_no: Option<String>,
    sales_order_status: Option<String>,
    sales_order_version: Option<u64>,
}

/// The part of `waybill.lifecycle` that is shown: see waybill-status.
#[derive(Deserialize)]
struct Lifecycle {
    #[serde(default)]
    gaps: Vec<WaybillStatus>,
}

/// What there is of these waybills.
pub(crate) async fn parts(
    database: &Database,
    numbers: &BTreeSet<&str>,
) -> Result<Vec<Parts>, StoreError> {
    let keys: Vec<Key<'_>> = numbers.iter().map(|waybill_no| Key { waybill_no }).collect();
    let rows: Vec<Row> = database.select(PARTS, &keys).await?;
    rows.into_iter().map(Row::read).collect()
}

impl Row {
    fn read(self) -> Result<Parts, StoreError> {
        Ok(Parts {
            waybill_no: self.waybill_no.clone(),
            assignment: self.assignment()?,
            sales_order: self.sales_order(),
            entry: self.entry()?,
        })
    }

    fn assignment(&self) -> Result<Option<AssignmentStanding>, StoreError> {
        let (Some(state), Some(version)) = (self.state.clone(), self.assignment_version) else {
            return Ok(None);
        };
        let route_id = self.route_id.as_deref().map(parse_hex).transpose()?.map(RouteId);
        let (reason, route_ref) = (self.reason.clone(), self.route_ref.clone());
        Ok(Some(AssignmentStanding { state, reason, route_id, route_ref, version }))
    }

    fn sales_order(&self) -> Option<SalesOrderStanding> {
        Some(SalesOrderStanding {
            sales_order_no: self.sales_order_no.clone()?,
            status: self.sales_order_status.clone()?,
            version: self.sales_order_version?,
        })
    }

    fn entry(self) -> Result<Option<WaybillEntry>, StoreError> {
        let Some(version) = self.version else { return Ok(None) };
        let missing = |column: &str| unreadable(column, "it is NULL");
        let read = |column: &str, text: Option<String>| text.ok_or_else(|| missing(column));
        let lifecycle: Lifecycle =
            serde_json::from_str(&read("waybill.lifecycle", self.lifecycle)?)
                .map_err(|error| unreadable("waybill.lifecycle", error))?;
        let optional = |what, text: Option<String>| text.map(|text| word(what, text)).transpose();
        let customer = self.customer_ref.map(CustomerRef::new).transpose();
        let waybill_no = WaybillNo::new(self.waybill_no);
        let owner = WaybillOwner {
            source: self.source.map(|text| word("waybill.source", text)).transpose()?,
            merchant: self.merchant.map(|text| word("waybill.merchant", text)).transpose()?,
            customer: customer.map_err(|error| unreadable("waybill.customer_ref", error))?,
            tracking_code: self
                .tracking_code
                .map(|text| word("waybill.tracking_code", text))
                .transpose()?,
        };
        let standing = WaybillStanding {
            waybill_no: waybill_no.map_err(|error| unreadable("waybill.waybill_no", error))?,
            kind: word("waybill.kind", read("waybill.kind", self.kind)?)?,
            status: word("waybill.status", read("waybill.status", self.status)?)?,
            held: self.open_holds.unwrap_or_default() > 0,
            failed_attempts: self.failed_attempts.unwrap_or_default(),
            gaps: lifecycle.gaps,
            district: optional("waybill.district", self.district)?,
            delivery_date: self.delivery_date.ok_or_else(|| missing("waybill.delivery_date"))?,
            timeslot: word("waybill.timeslot", read("waybill.timeslot", self.timeslot)?)?,
            updated_at: self
                .updated_at
                .map(timestamp)
                .ok_or_else(|| missing("waybill.updated_at"))?,
            version,
        };
        Ok(Some(WaybillEntry { standing, owner }))
    }
}
