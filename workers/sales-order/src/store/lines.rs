//! The lines of sales orders, and those of waybills (written by waybill-status) that they begin with.

use std::collections::BTreeMap;

use contracts::{SalesOrderLine, Sku, WaybillKind};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex};
use uuid::Uuid;

use super::{invalid, keys, sku_type};

/// Lines in one INSERT: a batch of giant orders stays far below the server's packet limit.
const LINES_PER_INSERT: usize = 5_000;

const INSERT: &str =
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

fn write_row(id: Uuid, line: &SalesOrderLine) -> LineWrite<'_> {
    LineWrite {
        id: hex(id),
        line_no: line.line_no,
        sku: line.sku.as_str(),
        quantity: line.quantity,
        sku_type: line.sku_type.as_str(),
    }
}

/// Inserts the lines of new sales orders, by the id of each.
pub(super) async fn insert_lines(
    tx: &Tx,
    orders: &[(Uuid, &[SalesOrderLine])],
) -> Result<(), StoreError> {
    let rows = orders.iter().flat_map(|(id, lines)| lines.iter().map(|line| write_row(*id, line)));
    for chunk in rows.collect::<Vec<_>>().chunks(LINES_PER_INSERT) {
        tx.execute(INSERT, chunk).await?;
    }
    Ok(())
}

const DELETE: &str = "DELETE l FROM JSON_TABLE(?, '$[*]' COLUMNS(
    id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_line l FORCE INDEX (PRIMARY) ON l.sales_order_id = UNHEX(r.id)";

#[derive(Serialize)]
struct Id {
    id: String,
}

/// Replaces the lines of sales orders that this transaction has locked.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(crate) async fn replace_lines(
    tx: &Tx,
    orders: &[(Uuid, &[SalesOrderLine])],
) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = orders.iter().map(|(id, _)| Id { id: hex(*id) }).collect();
    tx.execute(DELETE, &ids).await?;
    insert_lines(tx, orders).await
}

const OF_ORDERS: &str = "SELECT s.waybill_no, l.line_no, l.sku, l.quantity, l.sku_type
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no AND s.live = 1
  STRAIGHT_JOIN sales_order_line l FORCE INDEX (PRIMARY) ON l.sales_order_id = s.id
  ORDER BY s.waybill_no, l.line_no";

#[derive(FromQueryResult)]
struct OrderLineRow {
    waybill_no: String,
    line_no: u32,
    sku: String,
    quantity: u32,
    sku_type: String,
}

/// The lines of the sales orders in force of these waybills, in line order. One without lines has no entry.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn own_lines<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<SalesOrderLine>>, StoreError> {
    let keys = keys(waybill_numbers);
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<OrderLineRow> = tx.select(OF_ORDERS, &keys).await?;
    let mut lines: BTreeMap<String, Vec<SalesOrderLine>> = BTreeMap::new();
    for row in rows {
        let line = line(row.line_no, row.sku, row.quantity, &row.sku_type)?;
        lines.entry(row.waybill_no).or_default().push(line);
    }
    Ok(lines)
}

const OF_WAYBILLS: &str = "SELECT w.waybill_no, w.kind, l.line_no, l.sku, l.quantity, l.sku_type
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no
  STRAIGHT_JOIN waybill_line l FORCE INDEX (PRIMARY) ON l.waybill_id = w.id
  ORDER BY w.waybill_no, l.line_no";

#[derive(FromQueryResult)]
struct WaybillLineRow {
    waybill_no: String,
    kind: String,
    line_no: u32,
    sku: String,
    quantity: u32,
    sku_type: String,
}

/// The lines of these waybills, in line order. A waybill that is not there has no entry, and one that comes
/// back from a customer or goes to another warehouse has none of its lines: nobody picks them.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn waybill_lines<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<SalesOrderLine>>, StoreError> {
    let keys = keys(waybill_numbers);
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<WaybillLineRow> = tx.select(OF_WAYBILLS, &keys).await?;
    let mut lines: BTreeMap<String, Vec<SalesOrderLine>> = BTreeMap::new();
    for row in rows {
        let picked = ![WaybillKind::Return, WaybillKind::Transfer]
            .into_iter()
            .any(|kind| row.kind == kind.as_str());
        let line = line(row.line_no, row.sku, row.quantity, &row.sku_type)?;
        lines.entry(row.waybill_no).or_default().extend(picked.then_some(line));
    }
    Ok(lines)
}

fn line(
    line_no: u32,
    sku: String,
    quantity: u32,
    word: &str,
) -> Result<SalesOrderLine, StoreError> {
    let (sku, sku_type) = (Sku::new(sku).map_err(invalid)?, sku_type(word)?);
    Ok(SalesOrderLine { line_no, sku, quantity, sku_type })
}
