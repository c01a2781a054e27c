//! The record of who changed which sales order.

use contracts::Timestamp;
use serde::Serialize;
use store::{StoreError, Tx, hex};

use super::{clip, write};
use crate::history::Change;

const INSERT: &str = "INSERT INTO sales_order_change (sales_order_no, version, at, message_type, from_status,
    to_status, who, role, origin, sender, message_id, correlation_id)
  SELECT r.sales_order_no, r.version, r.at, r.message_type, r.from_status, r.to_status, r.who, r.role,
    r.origin, r.sender, UNHEX(r.message_id), r.correlation_id
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    sales_order_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sales_order_no' ERROR ON ERROR,
    version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR,
    message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_type' ERROR ON ERROR,
    from_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.from_status' ERROR ON ERROR,
    to_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.to_status' ERROR ON ERROR,
    who VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.who' ERROR ON ERROR,
    role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.role' ERROR ON ERROR,
    origin VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.origin' ERROR ON ERROR,
    sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR,
    message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR,
    correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id'
      ERROR ON ERROR)) r";

#[derive(Serialize)]
struct Row<'a> {
    sales_order_no: &'a str,
    version: u64,
    at: String,
    message_type: &'a str,
    from_status: Option<&'static str>,
    to_status: &'static str,
    who: String,
    role: contracts::Role,
    origin: Option<String>,
    sender: &'a str,
    message_id: String,
    correlation_id: String,
}

/// Notes who changed what.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn insert_changes(
    tx: &Tx,
    changes: &[Change],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<Row<'_>> = changes.iter().map(|change| row(change, now)).collect();
    write(tx, INSERT, &rows).await
}

fn row(change: &Change, now: Timestamp) -> Row<'_> {
    let cause = &change.cause;
    Row {
        sales_order_no: change.sales_order_no.as_str(),
        version: change.version,
        at: now.to_sql(),
        message_type: &cause.message_type,
        from_status: change.from,
        to_status: change.to,
        who: clip(&cause.who, 128),
        role: cause.role,
        origin: cause.origin.as_deref().map(|origin| clip(origin, 255)),
        sender: &cause.sender,
        message_id: hex(cause.message_id.0),
        correlation_id: clip(&cause.correlation_id, 128),
    }
}
