//! Returns as they are written: new ones whole, changed ones with what may change, and each step into the
//! history.

use contracts::{
    CustomerRef, OrderRef, ReturnRef, ReturnStatus, Sku, Source, Timestamp, WaybillNo,
};
use serde::Serialize;
use store::{StoreError, Tx, hex, hex_bytes};

use crate::book::Book;
use crate::state::{Return, ReturnKey};
use crate::store::{Items, ROWS_A_STATEMENT};

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
pub(in crate::store) async fn write(
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
