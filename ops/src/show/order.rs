//! One order with its lines and waybills, or why it was rejected.

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{OrderRef, Source};
use sea_orm::FromQueryResult;
use sea_orm::prelude::Decimal;
use serde::Serialize;
use store::Database;

use super::timeline::{self, Cause, Event};
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
    return_status: String,
    version: u64,
    /// The amendment that is not decided yet.
    open_amendment: Option<String>,
    ordered_at: NaiveDateTime,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    currency: String,
    total_minor: i64,
    line_count: u32,
    waybill_count: u32,
    origin: Option<String>,
    #[serde(skip)]
    actor: String,
    #[serde(skip)]
    sender: Option<String>,
    #[serde(skip)]
    correlation_id: Option<String>,
    created_at: NaiveDateTime,
}

const ORDER: &str = "SELECT HEX(o.id) id, o.source, o.order_ref, o.status, o.return_status, o.version, \
       LOWER(HEX(o.open_amendment)) open_amendment, o.ordered_at, o.district, \
       o.delivery_date, o.timeslot, o.currency, o.total_minor, o.line_count, o.waybill_count, \
       JSON_UNQUOTE(JSON_EXTRACT(o.actor, '$.origin')) origin, o.actor, o.sender, o.correlation_id, o.created_at \
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
    cancelled: u32,
    shipped: u32,
    delivered: u32,
    returned_to_origin: u32,
    lost: u32,
    returned: u32,
    unit_price: Decimal,
    sku_type: String,
    volume_ml: u32,
    weight_g: u32,
    waybill_no: Option<String>,
}

const LINES: &str = "SELECT l.line_no, l.merchant, l.sku, l.quantity, l.cancelled, l.shipped, l.delivered, \
       l.returned_to_origin, l.lost, l.returned, l.unit_price, l.sku_type, l.volume_ml, l.weight_g, l.waybill_no \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) k \
     STRAIGHT_JOIN order_line l ON l.order_id = UNHEX(k.id) ORDER BY l.line_no";

#[derive(Debug, Serialize)]
struct OrderId<'a> {
    order_id: &'a str,
}

/// A change of the order.
#[derive(Debug, FromQueryResult)]
struct Change {
    version: u64,
    at: NaiveDateTime,
    what: String,
    waybill_no: Option<String>,
    from_value: Option<String>,
    to_value: Option<String>,
    reason: Option<String>,
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    correlation_id: Option<String>,
}

const CHANGES: &str = "SELECT c.version, c.at, c.what, c.waybill_no, c.from_value, c.to_value, c.reason, c.who, \
       c.role, c.origin, c.sender, c.correlation_id \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) k \
     STRAIGHT_JOIN order_change c ON c.order_id = UNHEX(k.id) ORDER BY c.version";

impl Change {
    /// `AMENDED 1: 3 -> 1: 5 (changed their mind) v3`.
    fn event(self) -> Event {
        let arrow = match (self.from_value, self.to_value) {
            (Some(from), Some(to)) => Some(format!("{from} -> {to}")),
            (from, to) => from.or(to),
        };
        let reason = self.reason.map(|reason| format!("({reason})"));
        let parts = [Some(self.what), arrow, reason, Some(format!("v{}", self.version))];
        let what = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let cause = Cause {
            actor: Some(self.who),
            role: Some(self.role),
            sender: Some(self.sender),
            origin: self.origin,
            correlation_id: self.correlation_id,
        };
        let event = Event::of_order(self.at, "order-intake", what).with("APPLIED", cause);
        Event { waybill_no: self.waybill_no, ..event }
    }
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
        let id = [OrderId { order_id: &order.id }];
        lines = database.select(LINES, &id).await?;
        let changes: Vec<Change> = database.select(CHANGES, &id).await?;
        waybills = waybill::of_order(database, &order.id).await?;
        let accepted =
            format!("accepted: {} lines, {} waybills v1", order.line_count, order.waybill_count);
        let (sender, correlation_id) = (order.sender.clone(), order.correlation_id.clone());
        let cause = Cause::of(Some(&order.actor), sender, correlation_id);
        let accepted = Event::of_order(order.created_at, "order-intake", accepted);
        events.push(accepted.with("APPLIED", cause));
        events.extend(changes.into_iter().map(Change::event));
        events.extend(timeline::of_waybills(database, &waybills).await?);
    }
    events.extend(file_errors.iter().map(|error| {
        let what = format!("{}:{} {}: {}", error.file_name, error.line, error.code, error.message);
        Event::of_order(error.started_at, "hotfolder-ingest", what)
            .with("REJECTED", Cause::default())
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
            if order.return_status != "NONE" {
                text.push_str(&format!("returns     {}\n", order.return_status));
            }
            if let Some(amendment) = &order.open_amendment {
                text.push_str(&format!("amendment   {amendment} is not decided yet\n"));
            }
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
    let mut table = Table::new(&[
        "line",
        "sku",
        "ordered",
        "cancelled",
        "shipped",
        "delivered",
        "to origin",
        "lost",
        "returned",
        "price",
        "type",
        "ml",
        "g",
        "seller",
        "waybill",
    ]);
    for line in &shown.lines {
        table.row([
            line.line_no.to_string(),
            line.sku.clone(),
            line.quantity.to_string(),
            line.cancelled.to_string(),
            line.shipped.to_string(),
            line.delivered.to_string(),
            line.returned_to_origin.to_string(),
            line.lost.to_string(),
            line.returned.to_string(),
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
