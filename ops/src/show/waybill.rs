//! Waybills with their place and sales order.

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{StatusNames, WaybillKind, WaybillNo, WaybillStatus};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::Database;

use super::timeline::{self, Event};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, Tone, age, cell};
use crate::site::Site;

/// One parameter row of the statements here.
#[derive(Debug, Serialize)]
pub(super) struct Key<'a> {
    pub(super) waybill_no: &'a str,
}

/// A waybill as it stands.
#[derive(Debug, Serialize, FromQueryResult)]
pub(super) struct Waybill {
    pub(super) waybill_no: String,
    pub(super) status: String,
    pub(super) version: u64,
    attempt: u16,
    failed_attempts: u16,
    open_holds: u16,
    parked: u16,
    kind: String,
    pub(super) source: Option<String>,
    pub(super) order_ref: Option<String>,
    merchant: Option<String>,
    sku_type: Option<String>,
    fulfilled_by: Option<String>,
    district: Option<String>,
    delivery_date: Option<NaiveDate>,
    timeslot: Option<String>,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    line_count: u32,
    /// What the public tracks it with; a stub has none.
    tracking_code: Option<String>,
    exists_since: Option<NaiveDateTime>,
    pub(super) assignment: Option<String>,
    pub(super) reason: Option<String>,
    zone: Option<String>,
    pub(super) route_ref: Option<String>,
    pub(super) truck_type: Option<String>,
    route_status: Option<String>,
    pub(super) sales_order_no: Option<String>,
    pub(super) sales_order_status: Option<String>,
    warehouse: Option<String>,
    pick_flow: Option<String>,
    sales_order_reason: Option<String>,
}

impl Waybill {
    /// `ASSIGNED to R on VAN`, `UNASSIGNABLE (DATE_PAST)`, `not decided`.
    pub(super) fn place(&self) -> String {
        match (&self.assignment, &self.route_ref, &self.reason) {
            (Some(state), Some(route), _) => {
                format!("{state} {route} ({})", self.truck_type.as_deref().unwrap_or("?"))
            }
            (Some(state), None, Some(reason)) => format!("{state} ({reason})"),
            (Some(state), None, None) => state.clone(),
            (None, _, _) => "not decided".to_owned(),
        }
    }

    fn promise(&self) -> String {
        let (day, window) = (cell(self.delivery_date), cell(self.timeslot.as_ref()));
        format!("{day} {window} in {}", cell(self.district.as_ref()))
    }

    /// Rounded up to whole litres and kilograms.
    fn goods(&self) -> String {
        let (dry, cold) = (self.dry_ml.div_ceil(1_000), self.frozen_ml.div_ceil(1_000));
        let (lines, kilograms) = (self.line_count, self.weight_g.div_ceil(1_000));
        format!("{lines} lines, {dry} l dry, {cold} l cold, {kilograms} kg")
    }
}

macro_rules! waybills {
    ($from:literal) => {
        concat!(
            "SELECT w.waybill_no, w.status, w.version, w.attempt, w.failed_attempts, w.open_holds, w.parked, \
               w.kind, w.source, w.order_ref, w.merchant, w.sku_type, w.fulfilled_by, w.district, \
               w.delivery_date, w.timeslot, w.dry_ml, w.frozen_ml, w.weight_g, w.line_count, w.tracking_code, \
               w.exists_since, \
               a.state assignment, a.reason, a.zone, r.route_ref, r.truck_type, r.status route_status, \
               s.sales_order_no, s.status sales_order_status, s.warehouse, s.pick_flow, \
               s.reason sales_order_reason FROM ",
            $from,
            " LEFT JOIN assignment a ON a.waybill_no = w.waybill_no \
              LEFT JOIN route r ON r.id = a.route_id \
              LEFT JOIN sales_order s ON s.waybill_no = w.waybill_no AND s.live = 1 ORDER BY w.waybill_no"
        )
    };
}

const OF_NUMBER: &str = waybills!(
    "JSON_TABLE(?, '$[*]' COLUMNS( \
       no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k \
     STRAIGHT_JOIN waybill w ON w.waybill_no = k.no"
);
const OF_ORDER: &str = waybills!(
    "JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) k \
     STRAIGHT_JOIN waybill w ON w.order_id = UNHEX(k.id)"
);

#[derive(Debug, Serialize)]
struct OrderKey<'a> {
    order_id: &'a str,
}

/// The waybills of an order; `order_id` is 32 hexadecimal digits.
pub(super) async fn of_order(database: &Database, order_id: &str) -> Result<Vec<Waybill>> {
    Ok(database.select(OF_ORDER, &[OrderKey { order_id }]).await?)
}

#[derive(Debug, Serialize)]
struct Shown {
    waybill: Waybill,
    /// The status in the words that others use.
    names: StatusNames,
    timeline: Vec<Event>,
}

/// Shows one waybill.
pub(super) async fn show(waybill_no: &WaybillNo, site: &Site, output: Output) -> Result<()> {
    let database = site.database().await?;
    let key = [Key { waybill_no: waybill_no.as_str() }];
    let found: Vec<Waybill> = database.select(OF_NUMBER, &key).await?;
    let Some(waybill) = found.into_iter().next() else {
        let message =
            format!("there is no waybill {waybill_no}: `dray order show` lists those of an order");
        return Err(CommandError::new(Exit::NoInput, message));
    };
    let timeline = timeline::of_waybills(&database, std::slice::from_ref(&waybill)).await?;
    let names = names(&waybill);
    let shown = Shown { waybill, names, timeline };
    output.result(&shown, || text(&shown, output))
}

fn names(waybill: &Waybill) -> StatusNames {
    let known = WaybillKind::parse(&waybill.kind).zip(WaybillStatus::parse(&waybill.status));
    known.map(|(kind, status)| StatusNames::of(kind, status)).unwrap_or_default()
}

fn text(shown: &Shown, output: Output) -> String {
    let w = &shown.waybill;
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<12}{value}\n"));
    line("waybill", w.waybill_no.clone());
    line("status", format!("{} (version {})", w.status, w.version));
    if w.exists_since.is_none() {
        line("", "only reports so far: the order it belongs to has not come yet".to_owned());
    }
    let StatusNames { aftership, easypost, epcis } = &shown.names;
    line(
        "elsewhere",
        format!(
            "AfterShip {}, EasyPost {}, EPCIS {}",
            cell(aftership.as_ref()),
            cell(easypost.as_ref()),
            cell(epcis.as_ref())
        ),
    );
    line("order", format!("{} {}", cell(w.source.as_ref()), cell(w.order_ref.as_ref())));
    line("promised", w.promise());
    line("goods", w.goods());
    line(
        "seller",
        format!("{}, picked by {}", cell(w.merchant.as_ref()), cell(w.fulfilled_by.as_ref())),
    );
    if let Some(code) = &w.tracking_code {
        line("tracking", format!("code {code}"));
    }
    line("place", format!("{} zone {}", w.place(), cell(w.zone.as_ref())));
    if let Some(number) = &w.sales_order_no {
        let (status, warehouse) = (cell(w.sales_order_status.as_ref()), cell(w.warehouse.as_ref()));
        let flow = cell(w.pick_flow.as_ref());
        line("sales order", format!("{number} {status} at {warehouse} ({flow})"));
    }
    if w.open_holds > 0 || w.parked > 0 || w.failed_attempts > 0 {
        let (holds, parked, failed) = (w.open_holds, w.parked, w.failed_attempts);
        line("", format!("{holds} open holds, {parked} parked reports, {failed} failed attempts"));
    }
    format!("{text}\n{}", timeline::text(&shown.timeline, output))
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Parked {
    waybill_no: String,
    status: String,
    parked: u16,
    parked_seconds: i64,
    exists: i64,
}

#[derive(Debug, Serialize)]
struct Limit {
    limit: u32,
}

/// Oldest first; the limit cannot be a column of a derived table, so it is applied by row number.
const PARKED: &str = "SELECT p.waybill_no, p.status, p.parked, \
       CAST(TIMESTAMPDIFF(SECOND, p.parked_since, UTC_TIMESTAMP(6)) AS SIGNED) parked_seconds, \
       CAST(p.exists_since IS NOT NULL AS SIGNED) `exists` \
     FROM (SELECT w.*, ROW_NUMBER() OVER (ORDER BY w.parked_since, w.waybill_no) place FROM waybill w \
       WHERE w.parked_since IS NOT NULL AND w.parked > 0) p \
     JOIN JSON_TABLE(?, '$[*]' COLUMNS(most INT UNSIGNED PATH '$.limit' ERROR ON ERROR)) k ON p.place <= k.most \
     ORDER BY p.place";

/// Shows the waybills with parked reports.
pub(super) async fn parked(limit: u32, site: &Site, output: Output) -> Result<()> {
    let database = site.database().await?;
    let parked: Vec<Parked> = database.select(PARKED, &[Limit { limit }]).await?;
    output.result(&parked, || {
        if parked.is_empty() {
            return output.paint(Tone::Good, "no waybill has parked reports");
        }
        let mut table = Table::new(&["waybill", "status", "parked reports", "for", "order"]);
        for row in &parked {
            table.row([
                row.waybill_no.clone(),
                row.status.clone(),
                row.parked.to_string(),
                age(row.parked_seconds),
                if row.exists == 0 { "has not come yet" } else { "" }.to_owned(),
            ]);
        }
        table.render(output)
    })
}
