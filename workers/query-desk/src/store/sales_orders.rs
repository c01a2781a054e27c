//! All sales orders of a waybill, and who changed them.

use ::store::{Database, StoreError, timestamp};
use chrono::NaiveDateTime;
use contracts::{SalesOrderShown, SalesOrderStep, WaybillNo};
use sea_orm::FromQueryResult;

use super::WaybillKey;

#[derive(FromQueryResult)]
struct OrderRow {
    sales_order_no: String,
    status: String,
    live: Option<i8>,
    warehouse: String,
    reason: Option<String>,
    next_warehouse: Option<String>,
    predecessor: Option<String>,
    successor: Option<String>,
    version: u64,
}

const ORDERS: &str = "SELECT s.sales_order_no, s.status, s.live, s.warehouse, s.reason, s.next_warehouse, \
       s.predecessor, s.successor, s.version \
     FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin \
       PATH '$.waybill_no' ERROR ON ERROR)) r \
     STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no \
     ORDER BY s.created_at, s.version";

/// Those of a waybill, in the order of their making.
pub(crate) async fn orders(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<SalesOrderShown>, StoreError> {
    let rows: Vec<OrderRow> = database.select(ORDERS, &[WaybillKey { waybill_no }]).await?;
    let shown = rows.into_iter().map(|row| SalesOrderShown {
        sales_order_no: row.sales_order_no,
        status: row.status,
        in_force: row.live == Some(1),
        warehouse: Some(row.warehouse).filter(|code| !code.is_empty()),
        reason: row.reason,
        transfer_to: row.next_warehouse,
        predecessor: row.predecessor,
        successor: row.successor,
        version: row.version,
    });
    Ok(shown.collect())
}

#[derive(FromQueryResult)]
struct StepRow {
    at: NaiveDateTime,
    sales_order_no: String,
    version: u64,
    message_type: String,
    from_status: Option<String>,
    to_status: String,
    who: String,
    role: String,
    origin: Option<String>,
    correlation_id: Option<String>,
}

const HISTORY: &str = "SELECT c.at, c.sales_order_no, c.version, c.message_type, c.from_status, c.to_status, \
       c.who, c.role, c.origin, c.correlation_id \
     FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin \
       PATH '$.waybill_no' ERROR ON ERROR)) r \
     STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no \
     STRAIGHT_JOIN sales_order_change c FORCE INDEX (PRIMARY) ON c.sales_order_no = s.sales_order_no \
     ORDER BY c.at, c.version";

/// Who changed them, in the order of time.
pub(crate) async fn history(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<SalesOrderStep>, StoreError> {
    let rows: Vec<StepRow> = database.select(HISTORY, &[WaybillKey { waybill_no }]).await?;
    let steps = rows.into_iter().map(|row| SalesOrderStep {
        at: timestamp(row.at),
        sales_order_no: row.sales_order_no,
        version: row.version,
        message_type: row.message_type,
        from: row.from_status,
        to: row.to_status,
        who: row.who,
        role: row.role,
        origin: row.origin,
        correlation_id: row.correlation_id,
    });
    Ok(steps.collect())
}
