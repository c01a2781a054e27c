//! The reads of query-desk, one statement a part. It writes nothing.

pub(crate) mod lists;
pub(crate) mod network;
pub(crate) mod planned;
pub(crate) mod sales_orders;
pub(crate) mod service;
pub(crate) mod slots;
pub(crate) mod timeline;
pub(crate) mod tracking;
pub(crate) mod uploads;
pub(crate) mod waybills;

use std::collections::BTreeSet;

use ::store::{Database, StoreError, hex, inbox, timestamp};
use contracts::{
    CustomerRef, Merchant, MessageId, OrderLineStanding, OrderRef, OrderStanding, Reply, Source,
    WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use crate::scope::{OrderOwner, Part};

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

#[derive(Serialize)]
struct OperationKey<'a> {
    sender: &'a str,
    message_id: String,
}

const OPERATION: &str = "SELECT i.consumer, i.actor FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN inbox i FORCE INDEX (PRIMARY) ON i.consumer IN ('order-intake', 'waybill-status', 'sales-order', \
       'delivery-network', 'customer-service', 'hotfolder-ingest', 'adra-assigner') AND i.sender = r.sender AND i.message_id = UNHEX(r.message_id)";

#[derive(FromQueryResult)]
struct OperationRow {
    consumer: String,
    actor: Option<String>,
}

/// A command that is settled.
pub(crate) struct Operation {
    /// How it ended.
    pub(crate) reply: Reply,
    /// The subject it was sent for, where it is known.
    pub(crate) actor: Option<String>,
}

/// How a command ended, as its consumer stored it.
pub(crate) async fn operation(
    database: &Database,
    sender: &str,
    message_id: MessageId,
) -> Result<Option<Operation>, StoreError> {
    let key = OperationKey { sender, message_id: hex(message_id.0) };
    let rows: Vec<OperationRow> = database.select(OPERATION, &[key]).await?;
    let Some(OperationRow { consumer, actor }) = rows.into_iter().next() else {
        return Ok(None);
    };
    let reply = inbox::outcome(database, &consumer, sender, message_id).await?;
    Ok(reply.map(|reply| Operation { reply, actor }))
}
