//! The rows of sales-order: its own two tables, and what it reads of waybills and of the network.
//!
//! What lives here: statements and the conversion between rows and domain types; the only file of this
//! worker that names sea-orm. What never does: a decision.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use contracts::{
    DepotCode, InvalidId, SalesOrderLine, SalesOrderNo, Sku, SkuType, TimeslotCode, Timestamp,
    WarehouseCode, WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{NONE, StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

use crate::decide::{Place, SalesOrder};
use crate::lifecycle::{Standing, status_word};
use crate::network::{Fulfilment, Goods, Network, PickRule, Warehouse};

/// Lines in one INSERT: a batch of giant orders stays far below the server's packet limit.
const LINES_PER_INSERT: usize = 5_000;

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

const LOCK: &str = "SELECT HEX(s.id) id, s.sales_order_no, s.waybill_no, s.revision, s.warehouse,
    s.pick_flow, s.reached, s.reason, s.route_ref, s.delivery_date, s.timeslot, s.version
  FROM (SELECT r.waybill_no FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r) r
  STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no AND s.live = 1
  ORDER BY s.waybill_no FOR UPDATE";

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
    delivery_date: NaiveDate,
    timeslot: String,
    version: u64,
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
        let order = SalesOrder {
            number: SalesOrderNo::new(self.sales_order_no).map_err(invalid)?,
            waybill_no: WaybillNo::new(self.waybill_no).map_err(invalid)?,
            revision: self.revision,
            place: Place {
                route_ref: self.route_ref,
                delivery_date: self.delivery_date,
                timeslot: TimeslotCode::new(self.timeslot).map_err(invalid)?,
            },
            fulfilment,
            standing,
            reason: self.reason,
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

/// A sales order as both writing statements take it.
#[derive(Serialize)]
struct SalesOrderWrite<'a> {
    id: String,
    sales_order_no: &'a str,
    waybill_no: &'a str,
    revision: u32,
    warehouse: &'a str,
    pick_flow: &'a str,
    status: &'static str,
    reached: String,
    reason: Option<&'a str>,
    route_ref: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
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
        revision: order.revision,
        warehouse: order.fulfilment.as_ref().map_or("", |f| f.warehouse.as_str()),
        pick_flow: order.fulfilment.as_ref().map_or("", |f| f.pick_flow.as_str()),
        status: status_word(order.standing.status()),
        reached: order.standing.to_text(),
        reason: order.reason.as_deref(),
        route_ref: &order.place.route_ref,
        delivery_date: order.place.delivery_date,
        timeslot: order.place.timeslot.as_str(),
        version: order.version,
        changed_at: now.to_sql(),
    };
    orders.into_iter().map(row).collect()
}

const INSERT: &str = "INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse,
    pick_flow, status, reached, reason, route_ref, delivery_date, timeslot, version, created_at, updated_at)
  SELECT UNHEX(r.id), r.sales_order_no, r.waybill_no, 1, r.revision, r.warehouse, r.pick_flow, r.status,
    r.reached, r.reason, r.route_ref, r.delivery_date, r.timeslot, r.version, r.changed_at, r.changed_at
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR,
    sales_order_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sales_order_no' ERROR ON ERROR,
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    revision INT UNSIGNED PATH '$.revision' ERROR ON ERROR,
    warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.warehouse' ERROR ON ERROR,
    pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pick_flow' ERROR ON ERROR,
    status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR,
    reached VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.reached' ERROR ON ERROR,
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR,
    route_ref VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.route_ref' ERROR ON ERROR,
    delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR,
    timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR,
    version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR,
    changed_at DATETIME(6) PATH '$.changed_at' ERROR ON ERROR)) r";

const INSERT_LINES: &str =
    "INSERT INTO sales_order_line (sales_order_id, line_no, sku, quantity, sku_type)
  SELECT UNHEX(r.id), r.line_no, r.sku, r.quantity, r.sku_type
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR,
    line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR,
    sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.sku' ERROR ON ERROR,
    quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR,
    sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_type' ERROR ON ERROR)) r";

#[derive(Serialize)]
struct LineWrite<'a> {
    id: String,
    line_no: u32,
    sku: &'a str,
    quantity: u32,
    sku_type: &'static str,
}

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
    let lines: Vec<LineWrite<'_>> = ids
        .iter()
        .zip(orders)
        .flat_map(|(id, (_, lines))| lines.iter().map(|line| line_row(*id, line)))
        .collect();
    for chunk in lines.chunks(LINES_PER_INSERT) {
        tx.execute(INSERT_LINES, chunk).await?;
    }
    Ok(())
}

fn line_row(id: Uuid, line: &SalesOrderLine) -> LineWrite<'_> {
    LineWrite {
        id: hex(id),
        line_no: line.line_no,
        sku: line.sku.as_str(),
        quantity: line.quantity,
        sku_type: line.sku_type.as_str(),
    }
}

const UPDATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR,
    revision INT UNSIGNED PATH '$.revision' ERROR ON ERROR,
    warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.warehouse' ERROR ON ERROR,
    pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pick_flow' ERROR ON ERROR,
    status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR,
    reached VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.reached' ERROR ON ERROR,
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR,
    route_ref VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.route_ref' ERROR ON ERROR,
    delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR,
    timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR,
    version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR,
    changed_at DATETIME(6) PATH '$.changed_at' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order s FORCE INDEX (PRIMARY) ON s.id = UNHEX(r.id)
  SET s.revision = r.revision, s.warehouse = r.warehouse, s.pick_flow = r.pick_flow, s.status = r.status,
    s.reached = r.reached, s.reason = r.reason, s.route_ref = r.route_ref,
    s.delivery_date = r.delivery_date, s.timeslot = r.timeslot, s.version = r.version, s.updated_at = r.changed_at";

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

// -- waybill lines (written by waybill-status) -------------------------------------------------------

const LINES: &str = "SELECT w.waybill_no, l.line_no, l.sku, l.quantity, l.sku_type
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no
  STRAIGHT_JOIN waybill_line l FORCE INDEX (PRIMARY) ON l.waybill_id = w.id
  ORDER BY w.waybill_no, l.line_no";

#[derive(FromQueryResult)]
struct WaybillLineRow {
    waybill_no: String,
    line_no: u32,
    sku: String,
    quantity: u32,
    sku_type: String,
}

/// The lines of these waybills, in line order. A waybill that is not there has no entry.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn waybill_lines<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<SalesOrderLine>>, StoreError> {
    let rows: Vec<WaybillLineRow> = tx.select(LINES, &keys(waybill_numbers)).await?;
    let mut lines: BTreeMap<String, Vec<SalesOrderLine>> = BTreeMap::new();
    for row in rows {
        let line = SalesOrderLine {
            line_no: row.line_no,
            sku: Sku::new(row.sku).map_err(invalid)?,
            quantity: row.quantity,
            sku_type: sku_type(&row.sku_type)?,
        };
        lines.entry(row.waybill_no).or_default().push(line);
    }
    Ok(lines)
}

fn sku_type(word: &str) -> Result<SkuType, StoreError> {
    [SkuType::Dry, SkuType::Frozen, SkuType::Mixed]
        .into_iter()
        .find(|sku_type| sku_type.as_str() == word)
        .ok_or_else(|| StoreError::decode(format!("sku type {word:?}")))
}

// -- the network (written by delivery-network) -------------------------------------------------------

const REVISION: &str = "SELECT revision FROM network_revision WHERE id = 1";
const WAREHOUSES: &str = "SELECT warehouse, depot, keeps FROM warehouse";
const PICK_RULES: &str =
    "SELECT priority, sku_class, min_lines, max_lines, pick_flow FROM pick_flow";

#[derive(FromQueryResult)]
struct RevisionRow {
    revision: u64,
}

#[derive(FromQueryResult)]
struct WarehouseRow {
    warehouse: String,
    depot: String,
    keeps: String,
}

#[derive(FromQueryResult)]
struct PickRuleRow {
    priority: u32,
    sku_class: String,
    min_lines: u32,
    max_lines: Option<u32>,
    pick_flow: String,
}

/// The revision of the network; 0 before anybody stored one.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn network_revision(tx: &Tx) -> Result<u64, StoreError> {
    let rows: Vec<RevisionRow> = tx.select(REVISION, &NONE).await?;
    Ok(rows.first().map_or(0, |row| row.revision))
}

/// Loads the network under the revision that was read before it: if it changes in between, the next
/// batch finds a higher revision and loads again.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(crate) async fn load_network(tx: &Tx, revision: u64) -> Result<Network, StoreError> {
    let warehouses: Vec<WarehouseRow> = tx.select(WAREHOUSES, &NONE).await?;
    let pick_rules: Vec<PickRuleRow> = tx.select(PICK_RULES, &NONE).await?;
    Ok(Network {
        revision,
        warehouses: warehouses.into_iter().map(warehouse).collect::<Result<_, _>>()?,
        pick_rules: pick_rules.into_iter().map(pick_rule).collect::<Result<_, _>>()?,
    })
}

fn warehouse(row: WarehouseRow) -> Result<Warehouse, StoreError> {
    let mut keeps = Goods::default();
    for word in row.keeps.split(',').filter(|word| !word.is_empty()) {
        let goods = Goods::from(sku_type(word)?);
        keeps.dry |= goods.dry;
        keeps.frozen |= goods.frozen;
    }
    Ok(Warehouse {
        code: WarehouseCode::new(row.warehouse).map_err(invalid)?,
        depot: DepotCode::new(row.depot).map_err(invalid)?,
        keeps,
    })
}

fn pick_rule(row: PickRuleRow) -> Result<PickRule, StoreError> {
    Ok(PickRule {
        priority: row.priority,
        sku_class: sku_type(&row.sku_class)?,
        min_lines: row.min_lines,
        max_lines: row.max_lines,
        pick_flow: row.pick_flow,
    })
}
