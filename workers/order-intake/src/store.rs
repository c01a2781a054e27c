//! The rows of new orders, and the few columns of the network that intake reads. What becomes of orders
//! afterwards is in the files of this folder.
//!
//! Only this file and its folder know the database. Never here: a decision.

mod book;
mod rows;
mod statements;
mod stored;

use std::collections::BTreeMap;

use contracts::{CreateOrder, Envelope, ORDER_ENTRY, OrderLine, Timestamp, WaybillNo};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{NONE, StoreError, Tx, hex, hex_bytes};

use crate::decide::{Accepted, FIRST_VERSION};
use crate::network::Network;
use crate::order::OrderKey;

pub(crate) use self::book::{Book, Wanted};

/// Most lines of one INSERT: keeps a batch of large orders below the server's packet limit.
const LINES_A_STATEMENT: usize = 4_000;

/// An accepted order that is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOrder<'a> {
    /// What was sent.
    pub(crate) order: &'a CreateOrder,
    /// What was made of it.
    pub(crate) accepted: &'a Accepted,
    /// Who sent it, on whose behalf.
    pub(crate) envelope: &'a Envelope,
}

/// Writes new orders with their lines. Two processes may race for one order: the loser gets a
/// duplicate key, which the store classes as a retry, and then finds the winner's row.
pub(crate) async fn insert_orders(
    tx: &Tx,
    mut new: Vec<NewOrder<'_>>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    new.sort_by_cached_key(|new| OrderKey::of(new.order));
    let orders = new.iter().map(|new| order_row(new, now)).collect::<Result<Vec<_>, _>>()?;
    tx.execute(INSERT_ORDERS, &orders).await?;
    let lines: Vec<LineRow<'_>> = new.iter().flat_map(line_rows).collect();
    for lines in lines.chunks(LINES_A_STATEMENT) {
        tx.execute(INSERT_LINES, lines).await?;
    }
    Ok(())
}

const INSERT_ORDERS: &str = "INSERT INTO orders (id, source, order_ref, content_hash, status, version, \
       ordered_at, customer_ref, district, address_key, delivery_date, timeslot, currency, total_minor, \
       line_count, waybill_count, personal, country, promotion_codes, actor, sender, correlation_id, created_at, updated_at) \
     SELECT UNHEX(r.id), r.source, r.order_ref, UNHEX(r.content_hash), r.status, r.version, \
       r.ordered_at, r.customer_ref, r.district, r.address_key, r.delivery_date, r.timeslot, r.currency, r.total_minor, \
       r.line_count, r.waybill_count, r.personal, r.country, r.promotion_codes, r.actor, r.sender, \
       r.correlation_id, r.created_at, r.created_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR, \
       content_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.content_hash' ERROR ON ERROR, \
       status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       ordered_at DATETIME(6) PATH '$.ordered_at' ERROR ON ERROR, \
       customer_ref VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.customer_ref' ERROR ON ERROR, \
       district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.district' ERROR ON ERROR, \
       address_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.address_key' ERROR ON ERROR, \
       delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin PATH '$.currency' ERROR ON ERROR, \
       total_minor BIGINT PATH '$.total_minor' ERROR ON ERROR, \
       line_count INT UNSIGNED PATH '$.line_count' ERROR ON ERROR, \
       waybill_count INT UNSIGNED PATH '$.waybill_count' ERROR ON ERROR, \
       personal TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.personal' ERROR ON ERROR, \
       country VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.country' ERROR ON ERROR, \
       promotion_codes VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.promotion_codes' ERROR ON ERROR, \
       actor TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor' ERROR ON ERROR, \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id' ERROR ON ERROR, \
       created_at DATETIME(6) PATH '$.created_at' ERROR ON ERROR)) r";

#[derive(Serialize)]
struct OrderRow<'a> {
    id: String,
    source: &'a str,
    order_ref: &'a str,
    content_hash: String,
    status: &'static str,
    version: u64,
    ordered_at: String,
    customer_ref: Option<&'a str>,
    district: &'a str,
    address_key: &'a str,
    delivery_date: String,
    timeslot: &'a str,
    currency: String,
    total_minor: i64,
    line_count: usize,
    waybill_count: usize,
    country: Option<&'a str>,
    promotion_codes: Option<&'a str>,
    sender: &'a str,
    correlation_id: Option<String>,
    created_at: String,
    actor: String,
    personal: Option<&'a str>,
}

fn order_row<'a>(new: &NewOrder<'a>, now: Timestamp) -> Result<OrderRow<'a>, StoreError> {
    let (order, accepted) = (new.order, new.accepted);
    let actor = serde_json::to_string(&new.envelope.actor);
    let correlation_id = new.envelope.correlation_id.as_deref();
    Ok(OrderRow {
        id: hex(accepted.event.order_id),
        source: order.source.as_str(),
        order_ref: order.order_ref.as_str(),
        content_hash: hex_bytes(&accepted.content_hash),
        status: ORDER_ENTRY.as_str(),
        version: FIRST_VERSION,
        ordered_at: order.ordered_at.to_sql(),
        customer_ref: order.customer_ref.as_ref().map(|customer| customer.as_str()),
        district: order.district.as_str(),
        address_key: &accepted.event.address_key,
        delivery_date: order.delivery_date.format("%Y-%m-%d").to_string(),
        timeslot: order.timeslot.as_str(),
        currency: order.currency.to_string(),
        total_minor: accepted.total.minor_units,
        line_count: order.lines.len(),
        waybill_count: accepted.event.waybills.len(),
        personal: accepted.personal.as_deref(),
        country: order.country.as_deref(),
        promotion_codes: order.promotion_codes.as_deref(),
        actor: actor.map_err(|error| StoreError::Encode(error.to_string()))?,
        sender: new.envelope.user_id.as_str(),
        correlation_id: correlation_id.map(|id| rows::clip(id, 128)),
        created_at: now.to_sql(),
    })
}

const INSERT_LINES: &str = "INSERT INTO order_line (order_id, line_no, merchant, store, sku, description, \
       quantity, unit_price, sku_type, volume_ml, weight_g, fulfilled_by, waybill_no) \
     SELECT UNHEX(r.order_id), r.line_no, r.merchant, r.store, r.sku, r.description, \
       r.quantity, r.unit_price, r.sku_type, r.volume_ml, r.weight_g, r.fulfilled_by, r.waybill_no \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
       merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
       store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.store' ERROR ON ERROR, \
       sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.sku' ERROR ON ERROR, \
       description TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.description' ERROR ON ERROR, \
       quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR, \
       unit_price DECIMAL(28,6) PATH '$.unit_price' ERROR ON ERROR, \
       sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_type' ERROR ON ERROR, \
       volume_ml INT UNSIGNED PATH '$.volume_ml' ERROR ON ERROR, \
       weight_g INT UNSIGNED PATH '$.weight_g' ERROR ON ERROR, \
       fulfilled_by VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.fulfilled_by' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r";

#[derive(Serialize)]
struct LineRow<'a> {
    order_id: String,
    line_no: u32,
    merchant: &'a str,
    store: Option<&'a str>,
    sku: &'a str,
    description: Option<&'a str>,
    quantity: u32,
    unit_price: String,
    sku_type: &'static str,
    volume_ml: u32,
    weight_g: u32,
    fulfilled_by: &'static str,
    waybill_no: Option<&'a str>,
}

/// All lines of one order; those that make no parcel have no waybill.
fn line_rows<'a>(new: &NewOrder<'a>) -> impl Iterator<Item = LineRow<'a>> + use<'a> {
    let order_id = hex(new.accepted.event.order_id);
    let waybills = new.accepted.event.waybills.iter();
    let waybill_of: BTreeMap<u32, &WaybillNo> = waybills
        .flat_map(|waybill| waybill.lines.iter().map(|line| (line.line_no, &waybill.waybill_no)))
        .collect();
    new.order.lines.iter().map(move |line| {
        let waybill_no = waybill_of.get(&line.line_no).map(|number| number.as_str());
        line_row(order_id.clone(), line, waybill_no)
    })
}

fn line_row<'a>(order_id: String, line: &'a OrderLine, waybill_no: Option<&'a str>) -> LineRow<'a> {
    LineRow {
        order_id,
        line_no: line.line_no,
        merchant: line.merchant.as_str(),
        store: line.store.as_ref().map(|store| store.as_str()),
        sku: line.sku.as_str(),
        description: line.description.as_deref(),
        quantity: line.quantity,
        unit_price: line.unit_price.as_decimal().to_string(),
        sku_type: line.sku_type.as_str(),
        volume_ml: line.volume_ml,
        weight_g: line.weight_g,
        fulfilled_by: line.fulfilled_by.as_str(),
        waybill_no,
    }
}

#[derive(FromQueryResult)]
struct RevisionRow {
    revision: u64,
}

/// The network's revision; `None` when none was ever loaded.
pub(crate) async fn network_revision(tx: &Tx) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT revision FROM network_revision WHERE id = 1";
    let rows: Vec<RevisionRow> = tx.select(sql, &NONE).await?;
    Ok(rows.first().map(|row| row.revision))
}

#[derive(FromQueryResult)]
struct CodeRow {
    code: String,
}

/// All districts and timeslots. Which revision they are of is the caller's word.
pub(crate) async fn network_places(tx: &Tx, revision: u64) -> Result<Network, StoreError> {
    let districts = "SELECT DISTINCT district AS code FROM district";
    let districts: Vec<CodeRow> = tx.select(districts, &NONE).await?;
    let timeslots = "SELECT timeslot AS code FROM timeslot";
    let timeslots: Vec<CodeRow> = tx.select(timeslots, &NONE).await?;
    Ok(Network {
        revision,
        districts: districts.into_iter().map(|row| row.code).collect(),
        timeslots: timeslots.into_iter().map(|row| row.code).collect(),
    })
}
