//! Returns with their lines, the parts of order lines in them, and their waybills: how they are found and
//! locked. Writing them is in `returns/write.rs`.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use contracts::{
    CustomerRef, OrderRef, ReturnLine, ReturnRef, ReturnStatus, ReturnVerdict, Sku, Source,
    WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex, timestamp};
use uuid::Uuid;

pub(super) use self::write::write;
use super::invalid;
use crate::state::{LineKey, Part, Return, ReturnItem, ReturnKey};

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
