//! The reads of query-desk, one statement a part. It writes nothing.

pub(crate) mod network;
pub(crate) mod planned;
pub(crate) mod sales_orders;
pub(crate) mod service;
pub(crate) mod slots;
pub(crate) mod uploads;

use std::collections::BTreeSet;

use ::store::{Database, StoreError, hex, inbox, parse_hex, timestamp};
use contracts::{
    AssignmentStanding, CustomerRef, Merchant, MessageId, OrderLineStanding, OrderRef,
    OrderStanding, Reply, RouteId, SalesOrderStanding, Source, WaybillNo, WaybillStanding,
    WaybillStatus,
};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use crate::scope::{OrderOwner, Part, WaybillOwner};

#[derive(Serialize)]
struct OrderKey<'a> {
    source: &'a Source,
    order_ref: &'a OrderRef,
}

#[derive(Serialize)]
struct WaybillKey<'a> {
    waybill_no: &'a WaybillNo,
}

fn unreadable(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::decode(format!("{what}: {error}"))
}

/// A stored word as a value of the contracts.
fn word<T: for<'de> Deserialize<'de>>(what: &str, text: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|e| unreadable(what, e))
}

/// An order with one of its lines.
#[derive(FromQueryResult)]
struct OrderRow {
    status: String,
    return_status: String,
    ordered_at: chrono::NaiveDateTime,
    district: String,
    delivery_date: chrono::NaiveDate,
    timeslot: String,
    line_count: u32,
    version: u64,
    /// Absent when the order has no line.
    line_no: Option<u32>,
    merchant: Option<String>,
    waybill_no: Option<String>,
    quantity: Option<u32>,
    cancelled: Option<u32>,
    shipped: Option<u32>,
    delivered: Option<u32>,
    returned_to_origin: Option<u32>,
    lost: Option<u32>,
    returned: Option<u32>,
}

const ORDER: &str = "SELECT o.status, o.return_status, o.ordered_at, o.district, o.delivery_date, o.timeslot, \
       o.line_count, o.version, l.line_no, l.merchant, l.waybill_no, l.quantity, l.cancelled, l.shipped, l.delivered, \
       l.returned_to_origin, l.lost, l.returned \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) r \
     STRAIGHT_JOIN orders o FORCE INDEX (orders_reference) ON o.source = r.source AND o.order_ref = r.order_ref \
     LEFT JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = o.id ORDER BY l.line_no";

/// An order with how far its lines are, and the numbers of its waybills.
pub(crate) async fn order(
    database: &Database,
    source: &Source,
    order_ref: &OrderRef,
) -> Result<Option<OrderStanding>, StoreError> {
    let rows: Vec<OrderRow> = database.select(ORDER, &[OrderKey { source, order_ref }]).await?;
    let (lines, numbers) = (line_standings(&rows)?, waybill_numbers(&rows)?);
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(OrderStanding {
        source: source.clone(),
        order_ref: order_ref.clone(),
        status: word("orders.status", row.status)?,
        return_status: word("orders.return_status", row.return_status)?,
        ordered_at: timestamp(row.ordered_at),
        district: word("orders.district", row.district)?,
        delivery_date: row.delivery_date,
        timeslot: word("orders.timeslot", row.timeslot)?,
        lines: row.line_count,
        line_standings: lines,
        waybill_numbers: numbers,
        version: row.version,
    }))
}

fn line_standings(rows: &[OrderRow]) -> Result<Vec<OrderLineStanding>, StoreError> {
    let with_line = rows.iter().filter_map(|row| Some((row, row.line_no?, row.merchant.clone()?)));
    let standing = |(row, line_no, merchant): (&OrderRow, u32, String)| {
        Ok(OrderLineStanding {
            line_no,
            merchant: Merchant::new(merchant).map_err(|e| unreadable("order_line.merchant", e))?,
            ordered: row.quantity.unwrap_or_default(),
            cancelled: row.cancelled.unwrap_or_default(),
            shipped: row.shipped.unwrap_or_default(),
            delivered: row.delivered.unwrap_or_default(),
            returned_to_origin: row.returned_to_origin.unwrap_or_default(),
            lost: row.lost.unwrap_or_default(),
            returned: row.returned.unwrap_or_default(),
        })
    };
    with_line.map(standing).collect()
}

/// Each once, in the order of numbers.
fn waybill_numbers(rows: &[OrderRow]) -> Result<Vec<WaybillNo>, StoreError> {
    let numbers: BTreeSet<&String> =
        rows.iter().filter_map(|row| row.waybill_no.as_ref()).collect();
    let read = numbers.into_iter().map(WaybillNo::new);
    read.collect::<Result<_, _>>().map_err(|e| unreadable("order_line.waybill_no", e))
}

#[derive(FromQueryResult)]
struct PartRow {
    customer_ref: Option<String>,
    version: u64,
    merchant: String,
    waybill_no: Option<String>,
    lines: u32,
}

const ORDER_OWNER: &str = "SELECT o.customer_ref, o.version, l.merchant, l.waybill_no, \
       CAST(COUNT(*) AS UNSIGNED INTEGER) `lines` \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) r \
     STRAIGHT_JOIN orders o FORCE INDEX (orders_reference) ON o.source = r.source AND o.order_ref = r.order_ref \
     STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = o.id \
     GROUP BY o.customer_ref, o.version, l.merchant, l.waybill_no";

/// Whose an order is; its lines by merchant and waybill.
pub(crate) async fn order_owner(
    database: &Database,
    source: &Source,
    order_ref: &OrderRef,
) -> Result<Option<OrderOwner>, StoreError> {
    let rows: Vec<PartRow> =
        database.select(ORDER_OWNER, &[OrderKey { source, order_ref }]).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let (customer, version) = (customer(first.customer_ref.clone())?, first.version);
    let parts = rows.into_iter().map(read_part).collect::<Result<_, _>>()?;
    Ok(Some(OrderOwner { customer, parts, version }))
}

fn read_part(row: PartRow) -> Result<Part, StoreError> {
    let waybill_no = row.waybill_no.map(WaybillNo::new).transpose();
    Ok(Part {
        merchant: Merchant::new(row.merchant).map_err(|e| unreadable("order_line.merchant", e))?,
        waybill_no: waybill_no.map_err(|e| unreadable("order_line.waybill_no", e))?,
        lines: row.lines,
    })
}

fn customer(text: Option<String>) -> Result<Option<CustomerRef>, StoreError> {
    text.map(CustomerRef::new).transpose().map_err(|e| unreadable("customer_ref", e))
}

macro_rules! by_waybill_no {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii \
               COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r STRAIGHT_JOIN ",
            $join
        )
    };
}

#[derive(FromQueryResult)]
struct WaybillRow {
    kind: String,
    status: String,
    open_holds: u16,
    failed_attempts: u16,
    lifecycle: String,
    delivery_date: chrono::NaiveDate,
    timeslot: String,
    updated_at: chrono::NaiveDateTime,
    version: u64,
}

/// The part of `waybill.lifecycle` that is shown: see waybill-status.
#[derive(Deserialize)]
struct Lifecycle {
    #[serde(default)]
    gaps: Vec<WaybillStatus>,
}

const WAYBILL: &str = by_waybill_no!(
    "SELECT w.kind, w.status, w.open_holds, w.failed_attempts, w.lifecycle, w.delivery_date, w.timeslot, \
       w.updated_at, w.version",
    "waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no WHERE w.exists_since IS NOT NULL"
);

/// Status, holds and gaps of a waybill; a stub is no waybill yet.
pub(crate) async fn waybill(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<WaybillStanding>, StoreError> {
    let rows: Vec<WaybillRow> = database.select(WAYBILL, &[WaybillKey { waybill_no }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let lifecycle: Lifecycle =
        serde_json::from_str(&row.lifecycle).map_err(|e| unreadable("waybill.lifecycle", e))?;
    Ok(Some(WaybillStanding {
        waybill_no: waybill_no.clone(),
        kind: word("waybill.kind", row.kind)?,
        status: word("waybill.status", row.status)?,
        held: row.open_holds > 0,
        failed_attempts: row.failed_attempts,
        gaps: lifecycle.gaps,
        delivery_date: row.delivery_date,
        timeslot: word("waybill.timeslot", row.timeslot)?,
        updated_at: timestamp(row.updated_at),
        version: row.version,
    }))
}

#[derive(FromQueryResult)]
struct OwnerRow {
    source: Option<String>,
    merchant: Option<String>,
    customer_ref: Option<String>,
    version: u64,
}

const WAYBILL_OWNER: &str = by_waybill_no!(
    "SELECT w.source, w.merchant, w.customer_ref, w.version",
    "waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no WHERE w.exists_since IS NOT NULL"
);

/// Whose a waybill is.
pub(crate) async fn waybill_owner(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<WaybillOwner>, StoreError> {
    let rows: Vec<OwnerRow> = database.select(WAYBILL_OWNER, &[WaybillKey { waybill_no }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let source = row.source.map(Source::new).transpose();
    let merchant = row.merchant.map(Merchant::new).transpose();
    Ok(Some(WaybillOwner {
        source: source.map_err(|e| unreadable("waybill.source", e))?,
        merchant: merchant.map_err(|e| unreadable("waybill.merchant", e))?,
        customer: customer(row.customer_ref)?,
        version: row.version,
    }))
}

#[derive(FromQueryResult)]
struct AssignmentRow {
    state: String,
    reason: Option<String>,
    route_id: Option<String>,
    route_ref: Option<String>,
    version: u64,
}

const ASSIGNMENT: &str = by_waybill_no!(
    "SELECT a.state, a.reason, HEX(a.route_id) route_id, t.route_ref, a.version",
    "assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no \
       LEFT JOIN route t FORCE INDEX (PRIMARY) ON t.id = a.route_id"
);

/// The place of a waybill.
pub(crate) async fn assignment(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<AssignmentStanding>, StoreError> {
    let rows: Vec<AssignmentRow> =
        database.select(ASSIGNMENT, &[WaybillKey { waybill_no }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let route_id = row.route_id.as_deref().map(parse_hex).transpose()?.map(RouteId);
    Ok(Some(AssignmentStanding {
        state: row.state,
        reason: row.reason,
        route_id,
        route_ref: row.route_ref,
        version: row.version,
    }))
}

#[derive(FromQueryResult)]
struct SalesOrderRow {
    sales_order_no: String,
    status: String,
    version: u64,
}

const SALES_ORDER: &str = by_waybill_no!(
    "SELECT s.sales_order_no, s.status, s.version",
    "sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no AND s.live = 1"
);

/// The sales order in force of a waybill.
pub(crate) async fn sales_order(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<SalesOrderStanding>, StoreError> {
    let rows: Vec<SalesOrderRow> =
        database.select(SALES_ORDER, &[WaybillKey { waybill_no }]).await?;
    Ok(rows.into_iter().next().map(|row| SalesOrderStanding {
        sales_order_no: row.sales_order_no,
        status: row.status,
        version: row.version,
    }))
}

#[derive(Serialize)]
struct OperationKey<'a> {
    sender: &'a str,
    message_id: String,
}

const OPERATION: &str = "SELECT i.consumer FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN inbox i FORCE INDEX (PRIMARY) ON i.consumer IN ('order-intake', 'waybill-status', 'sales-order', \
       'delivery-network', 'customer-service', 'hotfolder-ingest', 'adra-assigner') AND i.sender = r.sender AND i.message_id = UNHEX(r.message_id)";

#[derive(FromQueryResult)]
struct Consumer {
    consumer: String,
}

/// How a command ended, as its consumer stored it.
pub(crate) async fn operation(
    database: &Database,
    sender: &str,
    message_id: MessageId,
) -> Result<Option<Reply>, StoreError> {
    let key = OperationKey { sender, message_id: hex(message_id.0) };
    let rows: Vec<Consumer> = database.select(OPERATION, &[key]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    inbox::outcome(database, &row.consumer, sender, message_id).await
}
