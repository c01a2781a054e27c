//! Amendments that were decided: so that the same one again changes nothing.

use contracts::Timestamp;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

use super::{keys, write};
use crate::decide::Amended;

const AMENDED: &str = "SELECT a.waybill_no, HEX(a.amendment_id) amendment_id
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_amendment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no";

#[derive(FromQueryResult)]
struct AmendedRow {
    waybill_no: String,
    amendment_id: String,
}

/// The amendments of these waybills that were decided before.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn decided_amendments<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<(String, Uuid)>, StoreError> {
    let keys = keys(waybill_numbers);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<AmendedRow> = tx.select(AMENDED, &keys).await?;
    rows.into_iter().map(|row| Ok((row.waybill_no, parse_hex(&row.amendment_id)?))).collect()
}

const INSERT_AMENDED: &str =
    "INSERT INTO sales_order_amendment (waybill_no, amendment_id, refused, decided_at)
  SELECT r.waybill_no, UNHEX(r.amendment_id), r.refused, r.at
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    amendment_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.amendment_id' ERROR ON ERROR,
    refused VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.refused' ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r";

#[derive(Serialize)]
struct AmendedWrite<'a> {
    waybill_no: &'a str,
    amendment_id: String,
    refused: Option<&'static str>,
    at: String,
}

/// Inserts amendments that were decided now.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn insert_amendments(
    tx: &Tx,
    amended: &[&Amended],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = amended.iter().map(|it| AmendedWrite {
        waybill_no: it.waybill_no.as_str(),
        amendment_id: hex(it.amendment_id),
        refused: it.refused,
        at: now.to_sql(),
    });
    write(tx, INSERT_AMENDED, &rows.collect::<Vec<_>>()).await
}
