//! One order with its lines and waybills, or why it was rejected.

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{OrderRef, Source};
use sea_orm::FromQueryResult;
use sea_orm::prelude::Decimal;
use serde::Serialize;
use store::Database;

use super::timeline::{self, Event};
use super::waybill::{self, Waybill};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, cell};
use crate::site::Site;

#[derive(Debug, Serialize)]
struct Key<'a> {
    source: &'a str,
    order_ref: &'a str,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Order {
    #[serde(skip)]
    id: String,
    source: String,
    order_ref: String,
    status: String,
    version: u64,
    ordered_at: NaiveDateTime,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    currency: String,
    total_minor: i64,
    line_count: u32,
    waybill_count: u32,
    origin: Option<String>,
    created_at: NaiveDateTime,
}

const ORDER: &str = "SELECT HEX(o.id) id, o.source, o.order_ref, o.status, o.version, o.ordered_at, o.district, \
       o.delivery_date, o.timeslot, o.currency, o.total_minor, o.line_count, o.waybill_count, \
       JSON_UNQUOTE(JSON_EXTRACT(o.actor, '$.origin')) origin, o.created_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) k \
     STRAIGHT_JOIN orders o ON o.source = k.source AND o.order_ref = k.order_ref";

#[derive(Debug, Serialize, FromQueryResult)]
struct Line {
    line_no: u32,
    merchant: String,
    sku: String,
    quantity: u32,
    unit_price: Decimal,
    sku_type: String,
    volume_ml: u32,
    weight_g: u32,
    waybill_no: Option<String>,
}

const LINES: &str = "SELECT l.line_no, l.merchant, l.sku, l.quantity, l.unit_price, l.sku_type, l.volume_ml, \
       l.weight_g, l.waybill_no \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) k \
     STRAIGHT_JOIN order_line l ON l.order_id = UNHEX(k.id) ORDER BY l.line_no";

#[derive(Debug, Serialize)]
struct OrderId<'a> {
    order_id: &'a str,
}

/// What a file's report says about the order: an error of a rejected one, or of a second version.
#[derive(Debug, Serialize, FromQueryResult)]
struct FileError {
    file_name: String,
    line: u64,
    column_name: Option<String>,
    code: String,
    message: String,
    started_at: NaiveDateTime,
}

const FILE_ERRORS: &str = "SELECT f.file_name, l.line, l.column_name, l.code, l.message, f.started_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.order_ref' ERROR ON ERROR)) k \
     JOIN import_file f ON f.source = k.source \
     JOIN import_line l ON l.file_id = f.id AND l.order_ref = k.order_ref ORDER BY f.started_at, l.line, l.entry";

#[derive(Debug, Serialize)]
struct Shown {
    source: String,
    order_ref: String,
    /// Absent when the order was rejected.
    order: Option<Order>,
    lines: Vec<Line>,
    waybills: Vec<Waybill>,
    file_errors: Vec<FileError>,
    timeline: Vec<Event>,
}

/// Shows one order.
pub(super) async fn show(
    source: &Source,
    order_ref: &OrderRef,
    site: &Site,
    output: Output,
) -> Result<()> {
    let shown = read(&site.database().await?, source, order_ref).await?;
    if shown.order.is_none() && shown.file_errors.is_empty() {
        let message =
            format!("there is no order {order_ref} of {source}: neither accepted nor rejected");
        return Err(CommandError::new(Exit::NoInput, message));
    }
    output.result(&shown, || text(&shown, output))
}

async fn read(database: &Database, source: &Source, order_ref: &OrderRef) -> Result<Shown> {
    let key = [Key { source: source.as_str(), order_ref: order_ref.as_str() }];
    let order: Option<Order> = database.select(ORDER, &key).await?.pop();
    let file_errors: Vec<FileError> = database.select(FILE_ERRORS, &key).await?;
    let (mut lines, mut waybills, mut events) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(order) = &order {
        lines = database.select(LINES, &[OrderId { order_id: &order.id }]).await?;
        waybills = waybill::of_order(database, &order.id).await?;
        let accepted =
            format!("accepted: {} lines, {} waybills", order.line_count, order.waybill_count);
        events.push(Event::of_order(order.created_at, "order-intake", accepted));
        events.extend(timeline::of_waybills(database, &waybills).await?);
    }
    events.extend(file_errors.iter().map(|error| {
        let what = format!("{}:{} {}: {}", error.file_name, error.line, error.code, error.message);
        Event::of_order(error.started_at, "hotfolder-ingest", what)
    }));
    timeline::sort(&mut events);
    Ok(Shown {
        source: source.to_string(),
        order_ref: order_ref.to_string(),
        order,
        lines,
        waybills,
        file_errors,
        timeline: events,
    })
}

fn text(shown: &Shown, output: Output) -> String {
    let mut text = format!("order       {} {}\n", shown.source, shown.order_ref);
    match &shown.order {
        None => text.push_str("status      rejected\n"),
        Some(order) => {
            text.push_str(&format!("status      {} (version {})\n", order.status, order.version));
            text.push_str(&format!("ordered     {}\n", store::timestamp(order.ordered_at)));
            let promised = (order.delivery_date, &order.timeslot, &order.district);
            text.push_str(&format!(
                "promised    {} {} in {}\n",
                promised.0, promised.1, promised.2
            ));
            text.push_str(&format!(
                "total       {} {} (minor units)\n",
                order.total_minor, order.currency
            ));
            text.push_str(&format!("from        {}\n", cell(order.origin.as_ref())));
        }
    }
    for table in [lines(shown), waybills(shown)].iter().filter(|table| !table.is_empty()) {
        text.push('\n');
        text.push_str(&table.render(output));
    }
    format!("{text}\n{}", timeline::text(&shown.timeline, output))
}

fn lines(shown: &Shown) -> Table {
    let mut table =
        Table::new(&["line", "sku", "quantity", "price", "type", "ml", "g", "seller", "waybill"]);
    for line in &shown.lines {
        table.row([
            line.line_no.to_string(),
            line.sku.clone(),
            line.quantity.to_string(),
            line.unit_price.normalize().to_string(),
            line.sku_type.clone(),
            line.volume_ml.to_string(),
            line.weight_g.to_string(),
            line.merchant.clone(),
            cell(line.waybill_no.as_ref()),
        ]);
    }
    table
}

fn waybills(shown: &Shown) -> Table {
    let mut table = Table::new(&["waybill", "status", "place", "sales order"]);
    for waybill in &shown.waybills {
        table.row([
            waybill.waybill_no.clone(),
            waybill.status.clone(),
            waybill.place(),
            cell(waybill.sales_order_status.as_ref()),
        ]);
    }
    table
}
