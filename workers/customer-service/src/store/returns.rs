//! Returns with their lines, the parts of order lines in them, their waybills and their history.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use contracts::{
    CustomerRef, OrderRef, ReturnLine, ReturnRef, ReturnStatus, ReturnVerdict, Sku, Source,
    Timestamp, WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, hex_bytes, parse_hex, timestamp};
use uuid::Uuid;

use super::{Items, ROWS_A_STATEMENT, invalid};
use crate::book::Book;
use crate::state::{LineKey, Part, Return, ReturnItem, ReturnKey};

// -- reading -----------------------------------------------------------------------------------------

const FETCHED_BY: &str = "SELECT t.source, t.return_ref FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r \
   STRAIGHT_JOIN customer_return_waybill w FORCE INDEX (PRIMARY) ON w.waybill_no = r.waybill_no \
   STRAIGHT_JOIN customer_return t FORCE INDEX (PRIMARY) ON t.id = w.return_id";

const LOCK: &str = "SELECT HEX(t.id) id, t.source, t.return_ref, t.content_hash, t.status, t.customer_ref, \
     t.reason, t.complete, t.requested_at, t.version, t.updated_at \
   FROM (SELECT r.* FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
     return_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_ref' ERROR ON ERROR)) r) r \
   STRAIGHT_JOIN customer_return t FORCE INDEX (customer_return_reference) \
     ON t.source = r.source AND t.return_ref = r.return_ref FOR UPDATE";

macro_rules! of_returns {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
             STRAIGHT_JOIN ",
            $join
        )
    };
}

const LINES: &str = of_returns!(
    "SELECT HEX(l.return_id) return_id, l.line_no, l.sku, l.quantity, l.verdict, l.received, l.damaged, \
       l.restocked, l.written_off, l.refused",
    "customer_return_line l FORCE INDEX (PRIMARY) ON l.return_id = UNHEX(r.id) ORDER BY l.return_id, l.line_no"
);

// The newest order comes first, as the units were taken.
const PARTS: &str = of_returns!(
    "SELECT HEX(p.return_id) return_id, p.line_no, HEX(p.order_id) order_id, p.order_line_no, p.order_ref, \
       p.quantity",
    "customer_return_part p FORCE INDEX (PRIMARY) ON p.return_id = UNHEX(r.id) \
     STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = p.order_id \
     ORDER BY p.return_id, p.line_no, o.ordered_at DESC, o.order_ref DESC, p.order_line_no DESC"
);

const WAYBILLS: &str = of_returns!(
    "SELECT HEX(w.return_id) return_id, HEX(w.order_id) order_id, w.waybill_no",
    "customer_return_waybill w FORCE INDEX (customer_return_waybill_return) ON w.return_id = UNHEX(r.id) \
     ORDER BY w.return_id, w.order_id"
);

#[derive(FromQueryResult)]
struct KeyRow {
    source: String,
    return_ref: String,
}

impl KeyRow {
    fn read(self) -> Result<ReturnKey, StoreError> {
        let source = Source::new(self.source).map_err(invalid)?;
        let return_ref = ReturnRef::new(self.return_ref).map_err(invalid)?;
        Ok(ReturnKey { source, return_ref })
    }
}

/// The returns that these waybills fetch.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(super) async fn fetched_by(
    tx: &Tx,
    numbers: &BTreeSet<&WaybillNo>,
) -> Result<Vec<ReturnKey>, StoreError> {
    #[derive(Serialize)]
    struct Key<'a> {
        waybill_no: &'a WaybillNo,
    }
    let keys: Vec<Key<'_>> = numbers.iter().map(|waybill_no| Key { waybill_no }).collect();
    let rows: Vec<KeyRow> = tx.select(FETCHED_BY, &keys).await?;
    rows.into_iter().map(KeyRow::read).collect()
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    source: String,
    return_ref: String,
    content_hash: Vec<u8>,
    status: String,
    customer_ref: Option<String>,
    reason: Option<String>,
    complete: u8,
    requested_at: NaiveDateTime,
    version: u64,
    updated_at: NaiveDateTime,
}

impl Row {
    fn read(self) -> Result<Return, StoreError> {
        let status = ReturnStatus::parse(&self.status);
        let hash = self.content_hash.try_into();
        Ok(Return {
            id: parse_hex(&self.id)?,
            key: KeyRow { source: self.source, return_ref: self.return_ref }.read()?,
            customer_ref: self.customer_ref.map(CustomerRef::new).transpose().map_err(invalid)?,
            content_hash: hash.map_err(|bytes: Vec<u8>| {
                StoreError::decode(format!("content_hash has {} bytes, not 32", bytes.len()))
            })?,
            status: status.ok_or_else(|| {
                StoreError::decode(format!("customer_return.status {:?}", self.status))
            })?,
            reason: self.reason,
            complete: self.complete != 0,
            items: Vec::new(),
            waybills: Vec::new(),
            requested_at: timestamp(self.requested_at),
            updated_at: timestamp(self.updated_at),
            version: self.version,
        })
    }
}

#[derive(FromQueryResult)]
struct LineRow {
    return_id: String,
    line_no: u32,
    sku: String,
    quantity: u32,
    verdict: String,
    received: u32,
    damaged: u32,
    restocked: u32,
    written_off: u32,
    refused: u32,
}

impl LineRow {
    fn read(self) -> Result<ReturnItem, StoreError> {
        let verdict = ReturnVerdict::parse(&self.verdict);
        Ok(ReturnItem {
            asked: ReturnLine {
                line_no: self.line_no,
                sku: Sku::new(self.sku).map_err(invalid)?,
                description: None,
                quantity: self.quantity,
                unit_price: None,
                reason: None,
            },
            verdict: verdict
                .ok_or_else(|| StoreError::decode(format!("verdict {:?}", self.verdict)))?,
            parts: Vec::new(),
            received: self.received,
            damaged: self.damaged,
            restocked: self.restocked,
            written_off: self.written_off,
            refused: self.refused,
        })
    }
}

#[derive(FromQueryResult)]
struct PartRow {
    return_id: String,
    line_no: u32,
    order_id: String,
    order_line_no: u32,
    order_ref: String,
    quantity: u32,
}

#[derive(FromQueryResult)]
struct WaybillRow {
    return_id: String,
    order_id: String,
    waybill_no: String,
}

#[derive(Serialize)]
struct Id {
    id: String,
}

/// Locks and loads these returns, in the order of their keys.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(super) async fn lock(tx: &Tx, keys: &BTreeSet<ReturnKey>) -> Result<Vec<Return>, StoreError> {
    #[derive(Serialize)]
    struct Key<'a> {
        source: &'a Source,
        return_ref: &'a ReturnRef,
    }
    let keys: Vec<Key<'_>> =
        keys.iter().map(|k| Key { source: &k.source, return_ref: &k.return_ref }).collect();
    let rows: Vec<Row> = tx.select(LOCK, &keys).await?;
    let mut returns: BTreeMap<Uuid, Return> = BTreeMap::new();
    for row in rows {
        let it = row.read()?;
        returns.insert(it.id, it);
    }
    if !returns.is_empty() {
        complete(tx, &mut returns).await?;
    }
    Ok(returns.into_values().collect())
}

/// Adds lines, parts and waybills.
async fn complete(tx: &Tx, returns: &mut BTreeMap<Uuid, Return>) -> Result<(), StoreError> {
    let ids: Vec<Id> = returns.keys().map(|id| Id { id: hex(*id) }).collect();
    let lines: Vec<LineRow> = tx.select(LINES, &ids).await?;
    for line in lines {
        if let Some(it) = returns.get_mut(&parse_hex(&line.return_id)?) {
            it.items.push(line.read()?);
        }
    }
    let parts: Vec<PartRow> = tx.select(PARTS, &ids).await?;
    for part in parts {
        let it = returns.get_mut(&parse_hex(&part.return_id)?);
        let items = it.into_iter().flat_map(|it| &mut it.items);
        if let Some(item) = items.into_iter().find(|item| item.asked.line_no == part.line_no) {
            item.parts.push(Part {
                line: LineKey { order_id: parse_hex(&part.order_id)?, line_no: part.order_line_no },
                order_ref: OrderRef::new(part.order_ref).map_err(invalid)?,
                quantity: part.quantity,
            });
        }
    }
    let waybills: Vec<WaybillRow> = tx.select(WAYBILLS, &ids).await?;
    for row in waybills {
        if let Some(it) = returns.get_mut(&parse_hex(&row.return_id)?) {
            let waybill_no = WaybillNo::new(row.waybill_no).map_err(invalid)?;
            it.waybills.push((parse_hex(&row.order_id)?, waybill_no));
        }
    }
    Ok(())
}

// -- writing -----------------------------------------------------------------------------------------

macro_rules! return_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           return_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_ref' ERROR ON ERROR, \
           content_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.content_hash' ERROR ON ERROR, \
           status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
           customer_ref VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.customer_ref' ERROR ON ERROR, \
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR, \
           complete TINYINT UNSIGNED PATH '$.complete' ERROR ON ERROR, \
           requested_at DATETIME(6) PATH '$.requested_at' ERROR ON ERROR, \
           version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
           at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO customer_return (id, source, return_ref, content_hash, status, customer_ref, reason, \
       complete, requested_at, version, created_at, updated_at) \
     SELECT UNHEX(r.id), r.source, r.return_ref, UNHEX(r.content_hash), r.status, r.customer_ref, r.reason, \
       r.complete, r.requested_at, r.version, r.at, r.at FROM ",
    return_rows!()
);

const UPDATE: &str = concat!(
    "UPDATE ",
    return_rows!(),
    " STRAIGHT_JOIN customer_return t FORCE INDEX (PRIMARY) ON t.id = UNHEX(r.id) \
     SET t.status = r.status, t.reason = r.reason, t.complete = r.complete, t.version = r.version, \
       t.updated_at = r.at"
);

macro_rules! line_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
           line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
           sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.sku' ERROR ON ERROR, \
           description TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.description' ERROR ON ERROR, \
           quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR, \
           unit_price DECIMAL(28,6) PATH '$.unit_price' ERROR ON ERROR, \
           reason TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR, \
           verdict VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.verdict' ERROR ON ERROR, \
           received INT UNSIGNED PATH '$.received' ERROR ON ERROR, \
           damaged INT UNSIGNED PATH '$.damaged' ERROR ON ERROR, \
           restocked INT UNSIGNED PATH '$.restocked' ERROR ON ERROR, \
           written_off INT UNSIGNED PATH '$.written_off' ERROR ON ERROR, \
           refused INT UNSIGNED PATH '$.refused' ERROR ON ERROR)) r"
    };
}

const INSERT_LINES: &str = concat!(
    "INSERT INTO customer_return_line (return_id, line_no, sku, description, quantity, unit_price, reason, \
       verdict, received, damaged, restocked, written_off, refused) \
     SELECT UNHEX(r.return_id), r.line_no, r.sku, r.description, r.quantity, r.unit_price, r.reason, \
       r.verdict, r.received, r.damaged, r.restocked, r.written_off, r.refused FROM ",
    line_rows!()
);

const UPDATE_LINES: &str = concat!(
    "UPDATE ",
    line_rows!(),
    " STRAIGHT_JOIN customer_return_line l FORCE INDEX (PRIMARY) \
       ON l.return_id = UNHEX(r.return_id) AND l.line_no = r.line_no \
     SET l.received = r.received, l.damaged = r.damaged, l.restocked = r.restocked, \
       l.written_off = r.written_off, l.refused = r.refused"
);

macro_rules! part_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
           line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
           order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
           order_line_no INT UNSIGNED PATH '$.order_line_no' ERROR ON ERROR, \
           order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR, \
           quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR)) r"
    };
}

const INSERT_PARTS: &str = concat!(
    "INSERT INTO customer_return_part (return_id, line_no, order_id, order_line_no, order_ref, quantity) \
     SELECT UNHEX(r.return_id), r.line_no, UNHEX(r.order_id), r.order_line_no, r.order_ref, r.quantity FROM ",
    part_rows!()
);

const UPDATE_PARTS: &str = concat!(
    "UPDATE ",
    part_rows!(),
    " STRAIGHT_JOIN customer_return_part p FORCE INDEX (PRIMARY) ON p.return_id = UNHEX(r.return_id) \
       AND p.line_no = r.line_no AND p.order_id = UNHEX(r.order_id) AND p.order_line_no = r.order_line_no \
     SET p.quantity = r.quantity"
);

const INSERT_WAYBILLS: &str = "INSERT INTO customer_return_waybill (waybill_no, return_id, order_id) \
   SELECT r.waybill_no, UNHEX(r.return_id), UNHEX(r.order_id) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
     return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
     order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) r";

const INSERT_STEPS: &str = "INSERT INTO customer_return_event (return_id, version, from_status, to_status, \
     message_type, message_id, actor, at) \
   SELECT UNHEX(r.return_id), r.version, r.from_status, r.to_status, r.message_type, UNHEX(r.message_id), \
     r.actor, r.at FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
     version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
     from_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.from_status' ERROR ON ERROR, \
     to_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.to_status' ERROR ON ERROR, \
     message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_type' ERROR ON ERROR, \
     message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
     actor TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r";

#[derive(Serialize)]
struct ReturnWrite<'a> {
    id: String,
    source: &'a Source,
    return_ref: &'a ReturnRef,
    content_hash: String,
    status: &'static str,
    customer_ref: Option<&'a CustomerRef>,
    reason: Option<&'a str>,
    complete: u8,
    requested_at: String,
    version: u64,
    at: String,
}

#[derive(Serialize)]
struct LineWrite<'a> {
    return_id: String,
    line_no: u32,
    sku: &'a Sku,
    description: Option<&'a str>,
    quantity: u32,
    unit_price: Option<String>,
    reason: Option<&'a str>,
    verdict: &'static str,
    received: u32,
    damaged: u32,
    restocked: u32,
    written_off: u32,
    refused: u32,
}

#[derive(Serialize)]
struct PartWrite<'a> {
    return_id: String,
    line_no: u32,
    order_id: String,
    order_line_no: u32,
    order_ref: &'a OrderRef,
    quantity: u32,
}

#[derive(Serialize)]
struct WaybillWrite<'a> {
    waybill_no: &'a WaybillNo,
    return_id: String,
    order_id: String,
}

#[derive(Serialize)]
struct StepWrite<'a> {
    return_id: String,
    version: u64,
    from_status: Option<&'static str>,
    to_status: &'static str,
    message_type: &'a str,
    message_id: String,
    actor: String,
    at: String,
}

/// Writes the returns that are new or changed, and what was done to them.
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
    let of = |key: &ReturnKey| book.get_return(key);
    let new: Vec<&Return> = changes.new_returns.iter().filter_map(of).collect();
    if !new.is_empty() {
        insert(tx, &new, now).await?;
    }
    let changed: Vec<&Return> =
        changes.returns.difference(&changes.new_returns).filter_map(of).collect();
    if !changed.is_empty() {
        update(tx, &changed, now).await?;
    }
    let steps = changes.steps.iter().filter_map(|step| {
        let envelope = &items.get(step.cause)?.envelope;
        let actor = serde_json::to_string(&envelope.actor);
        Some(actor.map(|actor| StepWrite {
            return_id: hex(step.return_id),
            version: step.version,
            from_status: step.from.map(ReturnStatus::as_str),
            to_status: step.to.as_str(),
            message_type: &envelope.message_type,
            message_id: hex(envelope.message_id.0),
            actor,
            at: now.to_sql(),
        }))
    });
    let steps: Result<Vec<StepWrite<'_>>, _> = steps.collect();
    let steps = steps.map_err(|error| StoreError::Encode(error.to_string()))?;
    if !steps.is_empty() {
        tx.execute(INSERT_STEPS, &steps).await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, new: &[&Return], now: Timestamp) -> Result<(), StoreError> {
    let rows: Vec<ReturnWrite<'_>> = new.iter().map(|it| return_row(it, now)).collect();
    tx.execute(INSERT, &rows).await?;
    let lines: Vec<LineWrite<'_>> = new.iter().flat_map(|it| line_rows(it)).collect();
    for lines in lines.chunks(ROWS_A_STATEMENT) {
        tx.execute(INSERT_LINES, lines).await?;
    }
    let parts: Vec<PartWrite<'_>> = new.iter().flat_map(|it| part_rows(it)).collect();
    for parts in parts.chunks(ROWS_A_STATEMENT) {
        tx.execute(INSERT_PARTS, parts).await?;
    }
    let waybills = new.iter().flat_map(|it| {
        it.waybills.iter().map(|(order_id, waybill_no)| WaybillWrite {
            waybill_no,
            return_id: hex(it.id),
            order_id: hex(*order_id),
        })
    });
    let waybills: Vec<WaybillWrite<'_>> = waybills.collect();
    tx.execute(INSERT_WAYBILLS, &waybills).await?;
    Ok(())
}

async fn update(tx: &Tx, changed: &[&Return], now: Timestamp) -> Result<(), StoreError> {
    let rows: Vec<ReturnWrite<'_>> = changed.iter().map(|it| return_row(it, now)).collect();
    tx.execute(UPDATE, &rows).await?;
    let lines: Vec<LineWrite<'_>> = changed.iter().flat_map(|it| line_rows(it)).collect();
    for lines in lines.chunks(ROWS_A_STATEMENT) {
        tx.execute(UPDATE_LINES, lines).await?;
    }
    // closing alone changes them
    let closed = changed.iter().filter(|it| it.status == ReturnStatus::Closed);
    let parts: Vec<PartWrite<'_>> = closed.flat_map(|it| part_rows(it)).collect();
    for parts in parts.chunks(ROWS_A_STATEMENT) {
        tx.execute(UPDATE_PARTS, parts).await?;
    }
    Ok(())
}

fn return_row(it: &Return, now: Timestamp) -> ReturnWrite<'_> {
    ReturnWrite {
        id: hex(it.id),
        source: &it.key.source,
        return_ref: &it.key.return_ref,
        content_hash: hex_bytes(&it.content_hash),
        status: it.status.as_str(),
        customer_ref: it.customer_ref.as_ref(),
        reason: it.reason.as_deref(),
        complete: it.complete.into(),
        requested_at: it.requested_at.to_sql(),
        version: it.version,
        at: now.to_sql(),
    }
}

fn line_rows(it: &Return) -> impl Iterator<Item = LineWrite<'_>> {
    it.items.iter().map(|item| LineWrite {
        return_id: hex(it.id),
        line_no: item.asked.line_no,
        sku: &item.asked.sku,
        description: item.asked.description.as_deref(),
        quantity: item.asked.quantity,
        unit_price: item.asked.unit_price.map(|price| price.as_decimal().to_string()),
        reason: item.asked.reason.as_deref(),
        verdict: item.verdict.as_str(),
        received: item.received,
        damaged: item.damaged,
        restocked: item.restocked,
        written_off: item.written_off,
        refused: item.refused,
    })
}

fn part_rows(it: &Return) -> impl Iterator<Item = PartWrite<'_>> {
    it.items.iter().flat_map(|item| {
        item.parts.iter().map(|part| PartWrite {
            return_id: hex(it.id),
            line_no: item.asked.line_no,
            order_id: hex(part.line.order_id),
            order_line_no: part.line.line_no,
            order_ref: &part.order_ref,
            quantity: part.quantity,
        })
    })
}
