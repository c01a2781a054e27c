//! Order lines and how their waybills stand (written by order-intake and waybill-status): read, never
//! locked. What was delivered stays delivered, and what is taken of it is locked in our own rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use contracts::{
    CustomerRef, DistrictCode, Merchant, OrderRef, RequestReturn, Sku, Source, Store, TimeslotCode,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex, timestamp};
use uuid::Uuid;

use super::{invalid, word};
use crate::state::{LineKey, Order, OrderLine};

/// What to look for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    by_customer: BTreeSet<CustomerSku>,
    by_order: BTreeSet<OrderKey>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct CustomerSku {
    source: Source,
    customer_ref: CustomerRef,
    sku: Sku,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct OrderKey {
    source: Source,
    order_ref: OrderRef,
}

impl Wanted {
    /// What a return may take from.
    pub(super) fn request(&mut self, asked: &RequestReturn) {
        if let Some(order_ref) = &asked.order_ref {
            self.order(&asked.source, order_ref);
        } else if let Some(customer_ref) = &asked.customer_ref {
            let keys = asked.lines.iter().map(|line| CustomerSku {
                source: asked.source.clone(),
                customer_ref: customer_ref.clone(),
                sku: line.sku.clone(),
            });
            self.by_customer.extend(keys);
        }
    }

    /// All lines of an order.
    pub(super) fn order(&mut self, source: &Source, order_ref: &OrderRef) {
        let (source, order_ref) = (source.clone(), order_ref.clone());
        self.by_order.insert(OrderKey { source, order_ref });
    }
}

macro_rules! columns {
    ($from:literal) => {
        concat!(
            "SELECT HEX(o.id) order_id, o.source, o.order_ref, o.customer_ref, o.ordered_at, o.district, \
               o.address_key, o.timeslot, l.line_no, l.merchant, l.store, l.sku, l.quantity, l.sku_type, l.volume_ml, \
               l.weight_g, l.fulfilled_by, w.status FROM JSON_TABLE(?, '$[*]' COLUMNS( ",
            $from
        )
    };
}

const BY_CUSTOMER: &str = columns!(
    "source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
     customer_ref VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.customer_ref' ERROR ON ERROR, \
     sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.sku' ERROR ON ERROR)) r \
   STRAIGHT_JOIN orders o FORCE INDEX (orders_customer) \
     ON o.source = r.source AND o.customer_ref = r.customer_ref \
   STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = o.id AND l.sku = r.sku \
   STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) \
     ON w.waybill_no = l.waybill_no AND w.status = 'DELIVERED'"
);

const BY_ORDER: &str = columns!(
    "source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
     order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) r \
   STRAIGHT_JOIN orders o FORCE INDEX (orders_reference) \
     ON o.source = r.source AND o.order_ref = r.order_ref \
   STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = o.id \
   LEFT JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = l.waybill_no"
);

const BY_LINE: &str = columns!(
    "order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
     line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR)) r \
   STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = UNHEX(r.order_id) \
   STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = o.id AND l.line_no = r.line_no \
   LEFT JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = l.waybill_no"
);

#[derive(FromQueryResult)]
struct Row {
    order_id: String,
    source: String,
    order_ref: String,
    customer_ref: Option<String>,
    ordered_at: NaiveDateTime,
    district: String,
    address_key: String,
    timeslot: String,
    line_no: u32,
    merchant: String,
    store: Option<String>,
    sku: String,
    quantity: u32,
    sku_type: String,
    volume_ml: u32,
    weight_g: u32,
    fulfilled_by: String,
    status: Option<String>,
}

/// Order lines that were found, and their orders.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) orders: BTreeMap<Uuid, Order>,
    pub(super) lines: BTreeMap<LineKey, OrderLine>,
}

impl Found {
    /// Adds what is there of `wanted`: of customers what was delivered, of orders everything.
    pub(super) async fn read(&mut self, tx: &Tx, wanted: &Wanted) -> Result<(), StoreError> {
        if !wanted.by_customer.is_empty() {
            let rows: Vec<Row> = tx.select(BY_CUSTOMER, &wanted.by_customer).await?;
            self.add(rows)?;
        }
        if !wanted.by_order.is_empty() {
            let rows: Vec<Row> = tx.select(BY_ORDER, &wanted.by_order).await?;
            self.add(rows)?;
        }
        Ok(())
    }

    /// Adds these lines.
    pub(super) async fn read_lines(
        &mut self,
        tx: &Tx,
        keys: &BTreeSet<LineKey>,
    ) -> Result<(), StoreError> {
        #[derive(Serialize)]
        struct Key {
            order_id: String,
            line_no: u32,
        }
        let keys: Vec<Key> = keys
            .iter()
            .map(|key| Key { order_id: hex(key.order_id), line_no: key.line_no })
            .collect();
        let rows: Vec<Row> = tx.select(BY_LINE, &keys).await?;
        self.add(rows)
    }

    fn add(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
        for row in rows {
            let order_id = parse_hex(&row.order_id)?;
            let key = LineKey { order_id, line_no: row.line_no };
            self.orders.insert(order_id, row.order()?);
            self.lines.insert(key, row.line()?);
        }
        Ok(())
    }
}

impl Row {
    fn order(&self) -> Result<Order, StoreError> {
        let customer_ref = self.customer_ref.clone().map(CustomerRef::new).transpose();
        Ok(Order {
            source: Source::new(self.source.as_str()).map_err(invalid)?,
            order_ref: OrderRef::new(self.order_ref.as_str()).map_err(invalid)?,
            customer_ref: customer_ref.map_err(invalid)?,
            ordered_at: timestamp(self.ordered_at),
            district: DistrictCode::new(self.district.as_str()).map_err(invalid)?,
            address_key: self.address_key.clone(),
            timeslot: TimeslotCode::new(self.timeslot.as_str()).map_err(invalid)?,
        })
    }

    fn line(self) -> Result<OrderLine, StoreError> {
        let status = self.status.map(|status| word("waybill.status", status)).transpose()?;
        Ok(OrderLine {
            merchant: Merchant::new(self.merchant).map_err(invalid)?,
            store: self.store.map(Store::new).transpose().map_err(invalid)?,
            sku: Sku::new(self.sku).map_err(invalid)?,
            quantity: self.quantity,
            sku_type: word("order_line.sku_type", self.sku_type)?,
            volume_ml: self.volume_ml,
            weight_g: self.weight_g,
            fulfilled_by: word("order_line.fulfilled_by", self.fulfilled_by)?,
            status,
        })
    }
}
