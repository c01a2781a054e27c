//! Orders in lists.

use ::store::{Database, StoreError, parse_hex, timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use contracts::{Cursor, OrderFilter, OrderHead, OrderStatus};
use sea_orm::{FromQueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

use super::super::word;
use super::{ScopeRow, Walk, keys, page, rows, walk};
use crate::scope::Limits;

// an order has many lines of one merchant, and its key once
const OF_MERCHANT: Walk = Walk {
    index: "order_line_merchant",
    sql: "SELECT HEX(k.order_id) id FROM order_line k FORCE INDEX (order_line_merchant) \
       WHERE k.merchant = CONVERT(? USING ascii) COLLATE ascii_bin AND k.order_id < UNHEX(?) \
       GROUP BY k.order_id ORDER BY k.order_id DESC LIMIT ?",
};
const OF_CUSTOMER: Walk = walk!("orders", "orders_of_customer", "k.customer_ref = ? AND ");
const OF_DAY: Walk = walk!("orders", "orders_day", "k.delivery_date = ? AND ");
const ALL: Walk = walk!("orders", "PRIMARY", "");

/// Every way that keys are read.
#[cfg(test)]
pub(crate) const WALKS: [Walk; 4] = [OF_MERCHANT, OF_CUSTOMER, OF_DAY, ALL];

/// Keys of orders that may be wanted, the newest first: at most `most`, and fewer only at the end of the list.
pub(crate) async fn order_keys(
    database: &Database,
    limits: &Limits<'_>,
    filter: &OrderFilter,
    after: Option<Cursor>,
    most: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let merchant = limits.merchant.or(filter.merchant.as_ref());
    let (walk, of) = match (merchant, limits.customer, filter.delivery_date) {
        (Some(merchant), _, _) => (OF_MERCHANT, vec![Value::from(merchant.as_str())]),
        (None, Some(customer), _) => (OF_CUSTOMER, vec![Value::from(customer.as_str())]),
        (None, None, Some(day)) => (OF_DAY, vec![Value::from(day)]),
        (None, None, None) => (ALL, Vec::new()),
    };
    keys(database, walk, of, after, most).await
}

#[derive(Serialize)]
struct FilterRow<'a> {
    #[serde(flatten)]
    scope: ScopeRow<'a>,
    merchant: Option<&'a str>,
    source: Option<&'a str>,
    status: Option<&'static str>,
    delivery_date: Option<NaiveDate>,
    updated_since: Option<String>,
}

// a merchant is told of its own lines alone
const PAGE: &str = page!(
    "SELECT HEX(o.id) id, o.source, o.order_ref, o.status, o.return_status, o.ordered_at, o.district, \
       o.delivery_date, o.timeslot, o.updated_at, o.version, \
       CAST(IF(f.own_merchant IS NULL, o.line_count, (SELECT COUNT(*) FROM order_line l FORCE INDEX (PRIMARY) \
         WHERE l.order_id = o.id AND l.merchant = f.own_merchant)) AS UNSIGNED) line_count",
    "",
    "STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = UNHEX(r.id) \
     WHERE (f.own_merchant IS NULL OR EXISTS (SELECT 1 FROM order_line l FORCE INDEX (PRIMARY) \
         WHERE l.order_id = o.id AND l.merchant = f.own_merchant)) \
       AND (f.own_customer IS NULL OR o.customer_ref = f.own_customer) \
       AND (f.own_source IS NULL OR o.source = f.own_source) \
       AND (f.merchant IS NULL OR EXISTS (SELECT 1 FROM order_line l FORCE INDEX (PRIMARY) \
         WHERE l.order_id = o.id AND l.merchant = f.merchant)) \
       AND (f.source IS NULL OR o.source = f.source) \
       AND (f.status IS NULL OR o.status = f.status) \
       AND (f.delivery_date IS NULL OR o.delivery_date = f.delivery_date) \
       AND (f.updated_since IS NULL OR o.updated_at >= f.updated_since) \
     ORDER BY o.id DESC LIMIT 201"
);

#[derive(FromQueryResult)]
struct Row {
    id: String,
    source: String,
    order_ref: String,
    status: String,
    return_status: String,
    ordered_at: NaiveDateTime,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    updated_at: NaiveDateTime,
    version: u64,
    line_count: u64,
}

/// Those of the keys that pass, the newest first, at most 201.
pub(crate) async fn orders(
    database: &Database,
    limits: &Limits<'_>,
    filter: &OrderFilter,
    keys: &[Uuid],
) -> Result<Vec<(Uuid, OrderHead)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let row = FilterRow {
        scope: ScopeRow::of(limits),
        merchant: filter.merchant.as_ref().map(|merchant| merchant.as_str()),
        source: filter.source.as_ref().map(|source| source.as_str()),
        status: filter.status.map(OrderStatus::as_str),
        delivery_date: filter.delivery_date,
        updated_since: filter.updated_since.map(|time| time.to_sql()),
    };
    let found: Vec<Row> = rows(database, PAGE, &row, keys).await?;
    found.into_iter().map(Row::read).collect()
}

impl Row {
    fn read(self) -> Result<(Uuid, OrderHead), StoreError> {
        let head = OrderHead {
            source: word("orders.source", self.source)?,
            order_ref: word("orders.order_ref", self.order_ref)?,
            status: word("orders.status", self.status)?,
            return_status: word("orders.return_status", self.return_status)?,
            ordered_at: timestamp(self.ordered_at),
            district: word("orders.district", self.district)?,
            delivery_date: self.delivery_date,
            timeslot: word("orders.timeslot", self.timeslot)?,
            lines: u32::try_from(self.line_count).unwrap_or(u32::MAX),
            updated_at: timestamp(self.updated_at),
            version: self.version,
        };
        Ok((parse_hex(&self.id)?, head))
    }
}
