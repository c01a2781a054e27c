//! What is read of waybills (written by waybill-status) that somebody wants cancelled or changed.

use std::collections::BTreeMap;

use contracts::{
    CustomerRef, FulfilledBy, Merchant, OrderRef, Source, Store, WaybillKind, WaybillStatus,
};
use sea_orm::FromQueryResult;
use store::{StoreError, Tx, parse_hex};

use super::{invalid, keys, sku_type};
use crate::waybill::{Parcel, Waybill};

const READ: &str = "SELECT w.waybill_no, w.kind, w.fulfilled_by, w.merchant, w.status, w.open_holds,
    HEX(w.order_id) order_id, w.source, w.order_ref, w.customer_ref, w.store, w.sku_type, w.dry_ml,
    w.frozen_ml, w.weight_g
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
    open_holds: u16,
    order_id: Option<String>,
    source: Option<String>,
    order_ref: Option<String>,
    customer_ref: Option<String>,
    store: Option<String>,
    sku_type: Option<String>,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
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
    let parcel = parcel(&row)?;
    let waybill = Waybill {
        kind: WaybillKind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?,
        fulfilled_by: fulfilled_by.ok_or_else(|| unreadable("fulfilled_by"))?,
        merchant: Merchant::new(row.merchant.unwrap_or_default()).map_err(invalid)?,
        status: WaybillStatus::parse(&row.status).ok_or_else(|| unreadable("status"))?,
        is_held: row.open_holds > 0,
        parcel,
    };
    Ok((row.waybill_no, waybill))
}

fn parcel(row: &Row) -> Result<Option<Parcel>, StoreError> {
    let order = (row.order_id.as_deref(), row.source.clone(), row.order_ref.clone());
    let ((Some(order_id), Some(source), Some(order_ref)), Some(class)) = (order, &row.sku_type)
    else {
        return Ok(None);
    };
    let customer_ref = row.customer_ref.clone().map(CustomerRef::new);
    let store = row.store.clone().map(Store::new);
    Ok(Some(Parcel {
        order_id: parse_hex(order_id)?,
        source: Source::new(source).map_err(invalid)?,
        order_ref: OrderRef::new(order_ref).map_err(invalid)?,
        customer_ref: customer_ref.transpose().map_err(invalid)?,
        store: store.transpose().map_err(invalid)?,
        sku_type: sku_type(class)?,
        dry_ml: row.dry_ml,
        frozen_ml: row.frozen_ml,
        weight_g: row.weight_g,
    }))
}
