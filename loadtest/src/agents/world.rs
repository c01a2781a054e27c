//! What agents see when they look: some of the orders, waybills and routes that are there.
//!
//! What lives here: reading. What never does: what is done with it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::sqlx::{self, MySqlPool};

/// Waybills, orders and routes that one look shows.
const SHOWN: u32 = 300;

/// A waybill.
#[derive(Debug, Clone)]
pub(crate) struct SeenWaybill {
    pub(crate) waybill_no: String,
    pub(crate) status: String,
    pub(crate) delivery_date: NaiveDate,
}

/// A sales order that is in force.
#[derive(Debug, Clone)]
pub(crate) struct SeenSalesOrder {
    pub(crate) sales_order_no: String,
    pub(crate) status: String,
    pub(crate) delivery_date: NaiveDate,
}

/// An order with its lines.
#[derive(Debug, Clone)]
pub(crate) struct SeenOrder {
    pub(crate) source: String,
    pub(crate) order_ref: String,
    pub(crate) version: u64,
    pub(crate) customer_ref: Option<String>,
    pub(crate) delivery_date: NaiveDate,
    pub(crate) lines: Vec<SeenLine>,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub(crate) struct SeenLine {
    pub(crate) line_no: u32,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) waybills: Vec<SeenWaybill>,
    pub(crate) orders: Vec<SeenOrder>,
    pub(crate) sales_orders: Vec<SeenSalesOrder>,
    pub(crate) warehouses: Vec<String>,
    pub(crate) routes: Vec<String>,
    pub(crate) timeslots: Vec<String>,
}

type OrderRow = (String, String, u64, Option<String>, NaiveDate, u32, String, u32);

const WAYBILLS: &str = "SELECT waybill_no, status, delivery_date FROM waybill \
    WHERE exists_since IS NOT NULL AND delivery_date IS NOT NULL \
    ORDER BY CRC32(CONCAT(waybill_no, ?)) LIMIT ?";
const ORDERS: &str = "SELECT o.source, o.order_ref, o.version, o.customer_ref, o.delivery_date, \
      l.line_no, l.sku, l.quantity \
    FROM (SELECT * FROM orders ORDER BY CRC32(CONCAT(order_ref, ?)) LIMIT ?) o \
    JOIN order_line l ON l.order_id = o.id ORDER BY o.source, o.order_ref, l.line_no";
const SALES_ORDERS: &str = "SELECT sales_order_no, status, delivery_date FROM sales_order \
    WHERE live = 1 AND delivery_date IS NOT NULL \
    ORDER BY status = 'REJECTED' DESC, CRC32(CONCAT(sales_order_no, ?)) LIMIT ?";
const WAREHOUSES: &str = "SELECT warehouse FROM warehouse ORDER BY warehouse";
const ROUTES: &str = "SELECT route_ref FROM route WHERE status <> 'CLOSED' \
    ORDER BY CRC32(CONCAT(route_ref, ?)) LIMIT ?";
const TIMESLOTS: &str = "SELECT timeslot FROM timeslot ORDER BY timeslot";

impl World {
    /// Looks; another seed looks elsewhere.
    pub(crate) async fn look(pool: &MySqlPool, seed: u64) -> Result<Self, sqlx::Error> {
        let waybills: Vec<(String, String, NaiveDate)> =
            sqlx::query_as(WAYBILLS).bind(seed).bind(SHOWN).fetch_all(pool).await?;
        let rows: Vec<OrderRow> =
            sqlx::query_as(ORDERS).bind(seed).bind(SHOWN).fetch_all(pool).await?;
        let routes: Vec<(String,)> =
            sqlx::query_as(ROUTES).bind(seed).bind(SHOWN).fetch_all(pool).await?;
        let sales_orders: Vec<(String, String, NaiveDate)> =
            sqlx::query_as(SALES_ORDERS).bind(seed).bind(SHOWN).fetch_all(pool).await?;
        let warehouses: Vec<(String,)> = sqlx::query_as(WAREHOUSES).fetch_all(pool).await?;
        let timeslots: Vec<(String,)> = sqlx::query_as(TIMESLOTS).fetch_all(pool).await?;
        let waybill =
            |(waybill_no, status, delivery_date)| SeenWaybill { waybill_no, status, delivery_date };
        let sales_order = |(sales_order_no, status, delivery_date)| SeenSalesOrder {
            sales_order_no,
            status,
            delivery_date,
        };
        Ok(Self {
            sales_orders: sales_orders.into_iter().map(sales_order).collect(),
            warehouses: warehouses.into_iter().map(|(warehouse,)| warehouse).collect(),
            waybills: waybills.into_iter().map(waybill).collect(),
            orders: orders(rows),
            routes: routes.into_iter().map(|(route,)| route).collect(),
            timeslots: timeslots.into_iter().map(|(timeslot,)| timeslot).collect(),
        })
    }

    /// True when there is nobody to serve.
    pub(crate) fn is_empty(&self) -> bool {
        self.waybills.is_empty()
    }
}

fn orders(rows: Vec<OrderRow>) -> Vec<SeenOrder> {
    let mut orders: BTreeMap<(String, String), SeenOrder> = BTreeMap::new();
    for (source, order_ref, version, customer_ref, delivery_date, line_no, sku, quantity) in rows {
        let key = (source.clone(), order_ref.clone());
        let lines = Vec::new();
        let seen = SeenOrder { source, order_ref, version, customer_ref, delivery_date, lines };
        orders.entry(key).or_insert(seen).lines.push(SeenLine { line_no, sku, quantity });
    }
    orders.into_values().collect()
}
