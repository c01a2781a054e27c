//! Replacements and their lines.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Timestamp, WaybillNo};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};

use super::{Items, invalid};
use crate::book::Book;
use crate::state::{Replacement, ReplacementState, Return};

const WAITING: &str = "SELECT p.waybill_no FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
   STRAIGHT_JOIN replacement p FORCE INDEX (replacement_return) ON p.return_id = UNHEX(r.id) \
   WHERE p.state = 'WAITING'";

macro_rules! number_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r"
    };
}

const LOCK: &str = concat!(
    "SELECT p.waybill_no, HEX(p.order_id) order_id, HEX(p.return_id) return_id, p.state, p.reason \
     FROM (SELECT r.* FROM ",
    number_rows!(),
    ") r STRAIGHT_JOIN replacement p FORCE INDEX (PRIMARY) ON p.waybill_no = r.waybill_no FOR UPDATE"
);

const LINES: &str = concat!(
    "SELECT l.waybill_no, l.line_no, l.quantity FROM ",
    number_rows!(),
    " STRAIGHT_JOIN replacement_line l FORCE INDEX (PRIMARY) ON l.waybill_no = r.waybill_no \
     ORDER BY l.waybill_no, l.line_no"
);

macro_rules! replacement_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
           order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
           return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
           state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR, \
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR, \
           message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
           at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO replacement (waybill_no, order_id, return_id, state, reason, message_id, created_at, \
       updated_at) \
     SELECT r.waybill_no, UNHEX(r.order_id), UNHEX(r.return_id), r.state, r.reason, UNHEX(r.message_id), \
       r.at, r.at FROM ",
    replacement_rows!()
);

const INSERT_LINES: &str = "INSERT INTO replacement_line (waybill_no, line_no, quantity) \
   SELECT r.waybill_no, r.line_no, r.quantity FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
     line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
     quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR)) r";

const UPDATE: &str = concat!(
    "UPDATE ",
    replacement_rows!(),
    " STRAIGHT_JOIN replacement p FORCE INDEX (PRIMARY) ON p.waybill_no = r.waybill_no \
     SET p.state = r.state, p.updated_at = r.at"
);

#[derive(Serialize)]
struct Key<'a> {
    waybill_no: &'a WaybillNo,
}

#[derive(FromQueryResult)]
struct NumberRow {
    waybill_no: String,
}

/// The waybills that wait for these returns.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(super) async fn waiting_for(tx: &Tx, returns: &[Return]) -> Result<Vec<WaybillNo>, StoreError> {
    #[derive(Serialize)]
    struct Id {
        id: String,
    }
    let ids: Vec<Id> = returns.iter().map(|it| Id { id: hex(it.id) }).collect();
    let rows: Vec<NumberRow> = tx.select(WAITING, &ids).await?;
    rows.into_iter().map(|row| WaybillNo::new(row.waybill_no).map_err(invalid)).collect()
}

#[derive(FromQueryResult)]
struct Row {
    waybill_no: String,
    order_id: String,
    return_id: Option<String>,
    state: String,
    reason: Option<String>,
}

#[derive(FromQueryResult)]
struct LineRow {
    waybill_no: String,
    line_no: u32,
    quantity: u32,
}

/// Locks and loads the replacements of these waybills.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(super) async fn lock(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<Vec<Replacement>, StoreError> {
    let keys: Vec<Key<'_>> = numbers.iter().map(|waybill_no| Key { waybill_no }).collect();
    let rows: Vec<Row> = tx.select(LOCK, &keys).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
    let read: Vec<LineRow> = tx.select(LINES, &keys).await?;
    for line in read {
        lines.entry(line.waybill_no).or_default().push((line.line_no, line.quantity));
    }
    let read = rows.into_iter().map(|row| {
        let state = ReplacementState::parse(&row.state);
        Ok(Replacement {
            lines: lines.remove(&row.waybill_no).unwrap_or_default(),
            waybill_no: WaybillNo::new(row.waybill_no).map_err(invalid)?,
            order_id: parse_hex(&row.order_id)?,
            return_id: row.return_id.as_deref().map(parse_hex).transpose()?,
            state: state
                .ok_or_else(|| StoreError::decode(format!("replacement.state {:?}", row.state)))?,
            reason: row.reason,
        })
    });
    read.collect()
}

#[derive(Serialize)]
struct ReplacementWrite<'a> {
    waybill_no: &'a WaybillNo,
    order_id: String,
    return_id: Option<String>,
    state: &'static str,
    reason: Option<&'a str>,
    message_id: String,
    at: String,
}

#[derive(Serialize)]
struct LineWrite<'a> {
    waybill_no: &'a WaybillNo,
    line_no: u32,
    quantity: u32,
}

/// Writes the replacements that are new or changed.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(super) async fn write(
    tx: &Tx,
    book: &Book,
    items: &Items,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changes = &book.changes;
    let is_old = |no: &&WaybillNo| !changes.new_replacements.contains_key(*no);
    let changed: Vec<_> = changes
        .replacements
        .iter()
        .filter(is_old)
        .filter_map(|no| book.replacement(no))
        .map(|it| replacement_row(it, String::new(), now))
        .collect();
    if !changed.is_empty() {
        tx.execute(UPDATE, &changed).await?;
    }
    let new: Vec<(&Replacement, usize)> = changes
        .new_replacements
        .iter()
        .filter_map(|(no, cause)| Some((book.replacement(no)?, *cause)))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let rows = new.iter().map(|(it, cause)| {
        let id = items.get(*cause).map(|item| hex(item.envelope.message_id.0));
        replacement_row(it, id.unwrap_or_default(), now)
    });
    let rows: Vec<_> = rows.collect();
    tx.execute(INSERT, &rows).await?;
    let lines = new.iter().flat_map(|(it, _)| {
        it.lines.iter().map(|(line_no, quantity)| LineWrite {
            waybill_no: &it.waybill_no,
            line_no: *line_no,
            quantity: *quantity,
        })
    });
    let lines: Vec<LineWrite<'_>> = lines.collect();
    tx.execute(INSERT_LINES, &lines).await?;
    Ok(())
}

fn replacement_row(it: &Replacement, message_id: String, now: Timestamp) -> ReplacementWrite<'_> {
    ReplacementWrite {
        waybill_no: &it.waybill_no,
        order_id: hex(it.order_id),
        return_id: it.return_id.map(hex),
        state: it.state.as_str(),
        reason: it.reason.as_deref(),
        message_id,
        at: now.to_sql(),
    }
}
