//! The rows of sales-order: its own tables, and what it reads of waybills and of the network.
//!
//! What lives here and below: statements and the conversion between rows and domain types; the only files
//! of this worker that name sea-orm. What never does: a decision.

mod amendments;
mod history;
mod lines;
mod locked;
mod network;
mod questions;
mod waybills;

use chrono::NaiveDate;
use contracts::{
    InvalidId, SalesOrderLine, SalesOrderNo, SkuType, TimeslotCode, Timestamp, WarehouseCode,
    WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

pub(crate) use self::amendments::{decided_amendments, insert_amendments};
pub(crate) use self::history::insert_changes;
pub(crate) use self::lines::{own_lines, replace_lines, waybill_lines};
pub(crate) use self::locked::{PAGE, locked_places, page_of_route};
pub(crate) use self::network::{load_network, network_revision};
pub(crate) use self::questions::{
    count_open, decide_questions, insert_questions, mark_overdue, on_the_road, open_question,
    take_over_questions, waiting_since_before,
};
pub(crate) use self::waybills::waybills;
use crate::decide::{Place, SalesOrder};
use crate::network::Fulfilment;
use crate::standing::Standing;

/// A key of a SELECT.
#[derive(Serialize)]
struct Key<'a> {
    waybill_no: &'a str,
}

fn keys<'a>(waybill_numbers: impl IntoIterator<Item = &'a str>) -> Vec<Key<'a>> {
    waybill_numbers.into_iter().map(|waybill_no| Key { waybill_no }).collect()
}

fn invalid(error: InvalidId) -> StoreError {
    StoreError::decode(error.to_string())
}

// Every join names its index: on a table that is still small the optimiser prefers to scan, and a scan
// FOR UPDATE locks rows of other lanes.

// -- sales orders ------------------------------------------------------------------------------------

/// What is read of a sales order, of rows `s` that are joined to the parameter.
macro_rules! sales_orders {
    ($key:literal, $join:literal) => {
        concat!(
            "SELECT HEX(s.id) id, s.sales_order_no, s.waybill_no, s.revision, s.warehouse, s.pick_flow,
    s.reached, s.reason, s.route_ref, s.delivery_date, s.timeslot, s.next_warehouse, s.next_pick_flow,
    s.predecessor, s.successor, s.version
  FROM (SELECT r.key_no FROM JSON_TABLE(?, '$[*]' COLUMNS(
    key_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $key,
            "' ERROR ON ERROR)) r) r
  STRAIGHT_JOIN sales_order s FORCE INDEX ",
            $join,
            " FOR UPDATE"
        )
    };
}

const LOCK: &str = sales_orders!(
    "waybill_no",
    "(sales_order_live) ON s.waybill_no = r.key_no AND s.live = 1 ORDER BY s.waybill_no"
);

const LOCK_PAST: &str = sales_orders!(
    "sales_order_no",
    "(sales_order_number) ON s.sales_order_no = r.key_no ORDER BY s.sales_order_no"
);

#[derive(FromQueryResult)]
struct SalesOrderRow {
    id: String,
    sales_order_no: String,
    waybill_no: String,
    revision: u32,
    warehouse: String,
    pick_flow: String,
    reached: String,
    reason: Option<String>,
    route_ref: String,
    delivery_date: Option<NaiveDate>,
    timeslot: String,
    next_warehouse: Option<String>,
    next_pick_flow: Option<String>,
    predecessor: Option<String>,
    successor: Option<String>,
    version: u64,
}

fn number(text: Option<String>) -> Result<Option<SalesOrderNo>, StoreError> {
    text.map(SalesOrderNo::new).transpose().map_err(invalid)
}

impl SalesOrderRow {
    fn read(self) -> Result<(Uuid, SalesOrder), StoreError> {
        let standing = Standing::parse(&self.reached)
            .ok_or_else(|| StoreError::decode(format!("sales_order.reached {:?}", self.reached)))?;
        let fulfilment = match self.warehouse.as_str() {
            "" => None,
            code => Some(Fulfilment {
                warehouse: WarehouseCode::new(code).map_err(invalid)?,
                pick_flow: self.pick_flow,
            }),
        };
        let next = match (self.next_warehouse, self.next_pick_flow) {
            (Some(code), Some(pick_flow)) => Some(Fulfilment {
                warehouse: WarehouseCode::new(code).map_err(invalid)?,
                pick_flow,
            }),
            (None, _) | (_, None) => None,
        };
        let place = match self.delivery_date {
            None => None,
            Some(delivery_date) => Some(Place {
                route_ref: self.route_ref,
                delivery_date,
                timeslot: TimeslotCode::new(self.timeslot).map_err(invalid)?,
            }),
        };
        let order = SalesOrder {
            number: SalesOrderNo::new(self.sales_order_no).map_err(invalid)?,
            waybill_no: WaybillNo::new(self.waybill_no).map_err(invalid)?,
            revision: self.revision,
            place,
            fulfilment,
            standing,
            reason: self.reason,
            next,
            predecessor: number(self.predecessor)?,
            successor: number(self.successor)?,
            version: self.version,
        };
        Ok((parse_hex(&self.id)?, order))
    }
}

/// Locks and loads the sales orders in force of these waybills. Give the numbers sorted.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn lock_sales_orders<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<(Uuid, SalesOrder)>, StoreError> {
    let rows: Vec<SalesOrderRow> = tx.select(LOCK, &keys(waybill_numbers)).await?;
    rows.into_iter().map(SalesOrderRow::read).collect()
}

/// Locks and loads sales orders by their own numbers: those that are not in force, after the one that is.
/// Give the numbers sorted.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn lock_past<'a>(
    tx: &Tx,
    numbers: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<(Uuid, SalesOrder)>, StoreError> {
    #[derive(Serialize)]
    struct Number<'a> {
        sales_order_no: &'a str,
    }
    let keys: Vec<Number<'_>> =
        numbers.into_iter().map(|sales_order_no| Number { sales_order_no }).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<SalesOrderRow> = tx.select(LOCK_PAST, &keys).await?;
    rows.into_iter().map(SalesOrderRow::read).collect()
}

/// A sales order as both writing statements take it.
#[derive(Serialize)]
struct SalesOrderWrite<'a> {
    id: String,
    sales_order_no: &'a str,
    waybill_no: &'a str,
    live: Option<u8>,
    revision: u32,
    warehouse: &'a str,
    pick_flow: &'a str,
    status: &'static str,
    reached: String,
    reason: Option<&'a str>,
    route_ref: &'a str,
    delivery_date: Option<NaiveDate>,
    timeslot: &'a str,
    next_warehouse: Option<&'a str>,
    next_pick_flow: Option<&'a str>,
    predecessor: Option<&'a str>,
    successor: Option<&'a str>,
    version: u64,
    changed_at: String,
}

fn write_rows<'a>(
    orders: impl IntoIterator<Item = (Uuid, &'a SalesOrder)>,
    now: Timestamp,
) -> Vec<SalesOrderWrite<'a>> {
    let row = |(id, order): (Uuid, &'a SalesOrder)| SalesOrderWrite {
        id: hex(id),
        sales_order_no: order.number.as_str(),
        waybill_no: order.waybill_no.as_str(),
        live: order.successor.is_none().then_some(1),
        revision: order.revision,
        warehouse: order.fulfilment.as_ref().map_or("", |f| f.warehouse.as_str()),
        pick_flow: order.fulfilment.as_ref().map_or("", |f| f.pick_flow.as_str()),
        status: order.standing.row().word,
        reached: order.standing.to_text(),
        reason: order.reason.as_deref(),
        route_ref: order.place.as_ref().map_or("", |place| &place.route_ref),
        delivery_date: order.place.as_ref().map(|place| place.delivery_date),
        timeslot: order.place.as_ref().map_or("", |place| place.timeslot.as_str()),
        next_warehouse: order.next.as_ref().map(|next| next.warehouse.as_str()),
        next_pick_flow: order.next.as_ref().map(|next| next.pick_flow.as_str()),
        predecessor: order.predecessor.as_ref().map(SalesOrderNo::as_str),
        successor: order.successor.as_ref().map(SalesOrderNo::as_str),
        version: order.version,
        changed_at: now.to_sql(),
    };
    orders.into_iter().map(row).collect()
}

/// The columns that an insertion and an update have in common, to the end of the table.
macro_rules! changing {
    () => {
        "
    live TINYINT PATH '$.live' ERROR ON ERROR,
    revision INT UNSIGNED PATH '$.revision' ERROR ON ERROR,
    warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.warehouse' ERROR ON ERROR,
    pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pick_flow' ERROR ON ERROR,
    status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR,
    reached VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.reached' ERROR ON ERROR,
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR,
    route_ref VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.route_ref' ERROR ON ERROR,
    delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR,
    timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR,
    next_warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.next_warehouse' ERROR ON ERROR,
    next_pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.next_pick_flow' ERROR ON ERROR,
    successor VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.successor' ERROR ON ERROR,
    version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR,
    changed_at DATETIME(6) PATH '$.changed_at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse,
    pick_flow, status, reached, reason, route_ref, delivery_date, timeslot, next_warehouse, next_pick_flow,
    predecessor, successor, version, created_at, updated_at)
  SELECT UNHEX(r.id), r.sales_order_no, r.waybill_no, r.live, r.revision, r.warehouse, r.pick_flow, r.status,
    r.reached, r.reason, r.route_ref, r.delivery_date, r.timeslot, r.next_warehouse, r.next_pick_flow,
    r.predecessor, r.successor, r.version, r.changed_at, r.changed_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR,
    sales_order_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sales_order_no' ERROR ON ERROR,
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    predecessor VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.predecessor' ERROR ON ERROR,",
    changing!()
);

/// Inserts new sales orders with their lines. Two processes that race for one waybill: the second one's
/// batch fails on the unique key and is run again by the runtime, which then finds the row.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(crate) async fn insert(
    tx: &Tx,
    orders: &[(&SalesOrder, &[SalesOrderLine])],
    now: Timestamp,
) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = orders.iter().map(|_| Uuid::now_v7()).collect();
    let rows = write_rows(ids.iter().copied().zip(orders.iter().map(|(order, _)| *order)), now);
    tx.execute(INSERT, &rows).await?;
    let lines: Vec<_> = ids.iter().zip(orders).map(|(id, (_, lines))| (*id, *lines)).collect();
    lines::insert_lines(tx, &lines).await
}

const UPDATE: &str = concat!(
    "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR,",
    changing!(),
    "
  STRAIGHT_JOIN sales_order s FORCE INDEX (PRIMARY) ON s.id = UNHEX(r.id)
  SET s.live = r.live, s.revision = r.revision, s.warehouse = r.warehouse, s.pick_flow = r.pick_flow, s.status = r.status,
    s.reached = r.reached, s.reason = r.reason, s.route_ref = r.route_ref,
    s.delivery_date = r.delivery_date, s.timeslot = r.timeslot, s.next_warehouse = r.next_warehouse,
    s.next_pick_flow = r.next_pick_flow, s.successor = r.successor, s.version = r.version,
    s.updated_at = r.changed_at"
);

/// Updates sales orders that this transaction has locked.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn update(
    tx: &Tx,
    orders: &[(Uuid, &SalesOrder)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    tx.execute(UPDATE, &write_rows(orders.iter().copied(), now)).await?;
    Ok(())
}

/// As much of a text as its column keeps: what is shown to people may be cut.
fn clip(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// Runs a statement over rows, where there are any.
async fn write<R: Serialize + Sync>(
    tx: &Tx,
    sql: &'static str,
    rows: &[R],
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        tx.execute(sql, rows).await?;
    }
    Ok(())
}

fn sku_type(word: &str) -> Result<SkuType, StoreError> {
    [SkuType::Dry, SkuType::Frozen, SkuType::Mixed]
        .into_iter()
        .find(|sku_type| sku_type.as_str() == word)
        .ok_or_else(|| StoreError::decode(format!("sku type {word:?}")))
}
