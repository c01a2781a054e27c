//! What is read of waybills (written by waybill-status) that somebody wants cancelled or changed.

use std::collections::BTreeMap;

use contracts::{FulfilledBy, Merchant, WaybillKind, WaybillStatus};
use sea_orm::FromQueryResult;
use store::{StoreError, Tx};

use super::{invalid, keys};
use crate::waybill::Waybill;

const READ: &str = "SELECT w.waybill_no, w.kind, w.fulfilled_by, w.merchant, w.status
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no
  WHERE w.exists_since IS NOT NULL";

#[derive(FromQueryResult)]
struct Row {
    waybill_no: String,
    kind: String,
    fulfilled_by: Option<String>,
    merchant: Option<String>,
    status: String,
}

/// These waybills. One that does not exist (yet) has no entry.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(crate) async fn waybills<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Waybill>, StoreError> {
    let keys = keys(waybill_numbers);
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<Row> = tx.select(READ, &keys).await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<(String, Waybill), StoreError> {
    let unreadable = |what: &str| StoreError::decode(format!("waybill {}: {what}", row.waybill_no));
    let fulfilled_by = [FulfilledBy::Warehouse, FulfilledBy::Merchant]
        .into_iter()
        .find(|it| row.fulfilled_by.as_deref() == Some(it.as_str()));
    let waybill = Waybill {
        kind: WaybillKind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?,
        fulfilled_by: fulfilled_by.ok_or_else(|| unreadable("fulfilled_by"))?,
        merchant: Merchant::new(row.merchant.unwrap_or_default()).map_err(invalid)?,
        status: WaybillStatus::parse(&row.status).ok_or_else(|| unreadable("status"))?,
    };
    Ok((row.waybill_no, waybill))
}
