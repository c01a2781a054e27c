//! Returns and cases as customer-service keeps them, one statement a part.

use std::collections::BTreeMap;

use ::store::{Database, StoreError, hex, parse_hex, timestamp};
use chrono::NaiveDateTime;
use contracts::{
    CaseChanged, CaseEntry, CaseView, Merchant, OrderRef, ReturnLineStanding, ReturnRef,
    ReturnStanding, ReturnedPart, Sku, Source, WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::{customer, unreadable, word};

/// A return, and whose goods each of its lines is.
pub(crate) struct FoundReturn {
    pub(crate) standing: ReturnStanding,
    /// By line, the merchant of each of its parts, in their order.
    pub(crate) owners: BTreeMap<u32, Vec<Merchant>>,
}

const RETURN: &str = "SELECT HEX(t.id) id, t.customer_ref, t.status, t.reason, t.requested_at, t.updated_at, \
       t.version FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       return_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_ref' ERROR ON ERROR)) r \
     STRAIGHT_JOIN customer_return t FORCE INDEX (customer_return_reference) \
       ON t.source = r.source AND t.return_ref = r.return_ref";

macro_rules! by_id {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r STRAIGHT_JOIN ",
            $join
        )
    };
}

const LINES: &str = by_id!(
    "SELECT l.line_no, l.sku, l.quantity, l.verdict, l.received, l.damaged, l.restocked, l.written_off, l.refused",
    "customer_return_line l FORCE INDEX (PRIMARY) ON l.return_id = UNHEX(r.id) ORDER BY l.line_no"
);

// in the order in which customer-service tells them
const PARTS: &str = by_id!(
    "SELECT p.line_no, p.order_ref, p.order_line_no, p.quantity, l.merchant",
    "customer_return_part p FORCE INDEX (PRIMARY) ON p.return_id = UNHEX(r.id) \
     STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) \
       ON l.order_id = p.order_id AND l.line_no = p.order_line_no \
     STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = p.order_id \
     ORDER BY p.line_no, o.ordered_at DESC, o.order_ref DESC, p.order_line_no DESC"
);

const WAYBILLS: &str = by_id!(
    "SELECT w.waybill_no",
    "customer_return_waybill w FORCE INDEX (customer_return_waybill_return) ON w.return_id = UNHEX(r.id) \
     ORDER BY w.waybill_no"
);

const CASE: &str = by_id!(
    "SELECT c.subject, c.kind, c.live, c.assigned_to, c.version, c.created_at, c.updated_at",
    "service_case c FORCE INDEX (PRIMARY) ON c.id = UNHEX(r.id)"
);

const ENTRIES: &str = by_id!(
    "SELECT e.step, e.text, e.by_whom, e.at",
    "service_case_entry e FORCE INDEX (PRIMARY) ON e.case_id = UNHEX(r.id) ORDER BY e.version"
);

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(FromQueryResult)]
struct ReturnRow {
    id: String,
    customer_ref: Option<String>,
    status: String,
    reason: Option<String>,
    requested_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: u64,
}

#[derive(FromQueryResult)]
struct LineRow {
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

#[derive(FromQueryResult)]
struct PartRow {
    line_no: u32,
    order_ref: String,
    order_line_no: u32,
    quantity: u32,
    merchant: String,
}

#[derive(FromQueryResult)]
struct NumberRow {
    waybill_no: String,
}

/// A return as it stands.
pub(crate) async fn customer_return(
    database: &Database,
    source: &Source,
    return_ref: &ReturnRef,
) -> Result<Option<FoundReturn>, StoreError> {
    #[derive(Serialize)]
    struct Key<'a> {
        source: &'a Source,
        return_ref: &'a ReturnRef,
    }
    let rows: Vec<ReturnRow> = database.select(RETURN, &[Key { source, return_ref }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let id = [Id { id: row.id.clone() }];
    let lines: Vec<LineRow> = database.select(LINES, &id).await?;
    let mut lines = lines.into_iter().map(read_line).collect::<Result<Vec<_>, _>>()?;
    let mut owners: BTreeMap<u32, Vec<Merchant>> = BTreeMap::new();
    let parts: Vec<PartRow> = database.select(PARTS, &id).await?;
    for part in parts {
        let merchant = Merchant::new(part.merchant).map_err(|e| unreadable("merchant", e))?;
        owners.entry(part.line_no).or_default().push(merchant);
        if let Some(line) = lines.iter_mut().find(|line| line.line_no == part.line_no) {
            line.parts.push(ReturnedPart {
                order_ref: OrderRef::new(part.order_ref).map_err(|e| unreadable("order_ref", e))?,
                line_no: part.order_line_no,
                quantity: part.quantity,
            });
        }
    }
    let waybills: Vec<NumberRow> = database.select(WAYBILLS, &id).await?;
    let waybills = waybills.into_iter().map(|row| WaybillNo::new(row.waybill_no));
    let standing = ReturnStanding {
        return_id: parse_hex(&row.id)?,
        source: source.clone(),
        return_ref: return_ref.clone(),
        customer_ref: customer(row.customer_ref)?,
        status: word("customer_return.status", row.status)?,
        reason: row.reason,
        lines,
        waybills: waybills.collect::<Result<_, _>>().map_err(|e| unreadable("waybill_no", e))?,
        requested_at: timestamp(row.requested_at),
        updated_at: timestamp(row.updated_at),
        version: row.version,
    };
    Ok(Some(FoundReturn { standing, owners }))
}

fn read_line(row: LineRow) -> Result<ReturnLineStanding, StoreError> {
    Ok(ReturnLineStanding {
        line_no: row.line_no,
        sku: Sku::new(row.sku).map_err(|e| unreadable("customer_return_line.sku", e))?,
        requested: row.quantity,
        verdict: word("customer_return_line.verdict", row.verdict)?,
        parts: Vec::new(),
        received: row.received,
        damaged: row.damaged,
        restocked: row.restocked,
        written_off: row.written_off,
        refused: row.refused,
    })
}

#[derive(FromQueryResult)]
struct CaseRow {
    subject: String,
    kind: String,
    live: Option<u8>,
    assigned_to: Option<String>,
    version: u64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

#[derive(FromQueryResult)]
struct EntryRow {
    step: String,
    text: String,
    by_whom: String,
    at: NaiveDateTime,
}

/// A case with its story.
pub(crate) async fn service_case(
    database: &Database,
    case_id: Uuid,
) -> Result<Option<CaseView>, StoreError> {
    let id = [Id { id: hex(case_id) }];
    let rows: Vec<CaseRow> = database.select(CASE, &id).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let entries: Vec<EntryRow> = database.select(ENTRIES, &id).await?;
    let entries = entries.into_iter().map(|row| CaseEntry {
        at: timestamp(row.at),
        by: row.by_whom,
        step: row.step,
        text: row.text,
    });
    Ok(Some(CaseView {
        case: CaseChanged {
            case_id,
            kind: word("service_case.kind", row.kind)?,
            subject: row.subject,
            open: row.live.is_some(),
            assigned_to: row.assigned_to,
        },
        created_at: timestamp(row.created_at),
        updated_at: timestamp(row.updated_at),
        version: row.version,
        entries: entries.collect(),
    }))
}
