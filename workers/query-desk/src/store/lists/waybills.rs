//! Waybills in lists.

use ::store::{Database, StoreError, parse_hex, timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use contracts::{Cursor, WaybillFilter, WaybillHead, WaybillStatus};
use sea_orm::{FromQueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

use super::super::word;
use super::{ScopeRow, Walk, ascii, keys, page, rows, walk};
use crate::scope::Limits;

/// What a merchant may have to see to stands here.
const WORK: [WaybillStatus; 2] = [WaybillStatus::Created, WaybillStatus::Acknowledged];

const OF_MERCHANT_AT_STATUS: Walk =
    walk!("waybill", "waybill_work", concat!(ascii!("k.merchant"), ascii!("k.status")));
const OF_MERCHANT: Walk = walk!("waybill", "waybill_merchant", ascii!("k.merchant"));
const OF_CUSTOMER: Walk = walk!("waybill", "waybill_customer", "k.customer_ref = ? AND ");
const OF_DAY: Walk = walk!("waybill", "waybill_day", "k.delivery_date = ? AND ");
const ALL: Walk = walk!("waybill", "PRIMARY", "");

/// Every way that keys are read.
#[cfg(test)]
pub(crate) const WALKS: [Walk; 5] = [OF_MERCHANT_AT_STATUS, OF_MERCHANT, OF_CUSTOMER, OF_DAY, ALL];

/// Keys of waybills that may be wanted, the newest first: at most `most`, and fewer only at the end of the
/// list.
pub(crate) async fn waybill_keys(
    database: &Database,
    limits: &Limits<'_>,
    filter: &WaybillFilter,
    after: Option<Cursor>,
    most: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let merchant = limits.merchant.or(filter.merchant.as_ref()).map(|it| it.as_str());
    let statuses = statuses(filter);
    let (walk, of) = match (merchant, statuses) {
        (Some(merchant), Some(statuses)) => {
            let mut found = Vec::new();
            for status in statuses {
                let of = vec![Value::from(merchant), Value::from(status.as_str())];
                found.extend(keys(database, OF_MERCHANT_AT_STATUS, of, after, most).await?);
            }
            found.sort_unstable_by(|one, other| other.cmp(one));
            found.truncate(most);
            return Ok(found);
        }
        (Some(merchant), None) => (OF_MERCHANT, vec![Value::from(merchant)]),
        (None, _) => match (limits.customer, filter.delivery_date) {
            (Some(customer), _) => (OF_CUSTOMER, vec![Value::from(customer.as_str())]),
            (None, Some(day)) => (OF_DAY, vec![Value::from(day)]),
            (None, None) => (ALL, Vec::new()),
        },
    };
    keys(database, walk, of, after, most).await
}

/// The statuses that are wanted; `None`: all.
fn statuses(filter: &WaybillFilter) -> Option<Vec<WaybillStatus>> {
    match (filter.status, filter.work) {
        (Some(status), false) => Some(vec![status]),
        (status, true) => {
            let wanted = |work: &WaybillStatus| status.is_none_or(|status| status == *work);
            Some(WORK.into_iter().filter(wanted).collect())
        }
        (None, false) => None,
    }
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
    kind: Option<&'static str>,
    depot: Option<&'a str>,
    /// 1 and 0 for true and false: the servers disagree about JSON's own words.
    held: Option<u8>,
    work: u8,
}

const PAGE: &str = page!(
    "SELECT HEX(w.id) id, w.waybill_no, w.kind, w.status, w.open_holds, w.failed_attempts, w.source, \
       w.order_ref, w.merchant, w.fulfilled_by, w.sku_type, w.district, w.delivery_date, w.timeslot, \
       w.line_count, a.state, a.depot, t.route_ref, w.updated_at, w.version",
    ", kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       held TINYINT PATH '$.held' ERROR ON ERROR, work TINYINT PATH '$.work' ERROR ON ERROR",
    "STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.id) \
     LEFT JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = w.waybill_no \
     LEFT JOIN route t FORCE INDEX (PRIMARY) ON t.id = a.route_id \
     WHERE w.exists_since IS NOT NULL \
       AND (f.own_merchant IS NULL OR w.merchant = f.own_merchant) \
       AND (f.own_customer IS NULL OR w.customer_ref = f.own_customer) \
       AND (f.own_source IS NULL OR w.source = f.own_source) \
       AND (f.merchant IS NULL OR w.merchant = f.merchant) \
       AND (f.source IS NULL OR w.source = f.source) \
       AND (f.status IS NULL OR w.status = f.status) \
       AND (f.kind IS NULL OR w.kind = f.kind) \
       AND (f.delivery_date IS NULL OR w.delivery_date = f.delivery_date) \
       AND (f.depot IS NULL OR a.depot = f.depot) \
       AND (f.held IS NULL OR (w.open_holds > 0) = f.held) \
       AND (f.updated_since IS NULL OR w.updated_at >= f.updated_since) \
       AND (f.work = 0 OR (w.fulfilled_by = 'merchant' AND w.status IN ('CREATED', 'ACKNOWLEDGED') \
         AND a.state IN ('ASSIGNED', 'LOCKED'))) \
     ORDER BY w.id DESC LIMIT 201"
);

#[derive(FromQueryResult)]
struct Row {
    id: String,
    waybill_no: String,
    kind: String,
    status: String,
    open_holds: u16,
    failed_attempts: u16,
    source: String,
    order_ref: String,
    merchant: String,
    fulfilled_by: String,
    sku_type: String,
    district: String,
    delivery_date: NaiveDate,
    timeslot: String,
    line_count: u32,
    state: Option<String>,
    depot: Option<String>,
    route_ref: Option<String>,
    updated_at: NaiveDateTime,
    version: u64,
}

/// Those of the keys that pass, the newest first, at most 201.
pub(crate) async fn waybills(
    database: &Database,
    limits: &Limits<'_>,
    filter: &WaybillFilter,
    keys: &[Uuid],
) -> Result<Vec<(Uuid, WaybillHead)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let row = FilterRow {
        scope: ScopeRow::of(limits),
        merchant: filter.merchant.as_ref().map(|merchant| merchant.as_str()),
        source: filter.source.as_ref().map(|source| source.as_str()),
        status: filter.status.map(WaybillStatus::as_str),
        delivery_date: filter.delivery_date,
        updated_since: filter.updated_since.map(|time| time.to_sql()),
        kind: filter.kind.map(|kind| kind.as_str()),
        depot: filter.depot.as_ref().map(|depot| depot.as_str()),
        held: filter.held.map(u8::from),
        work: u8::from(filter.work),
    };
    let found: Vec<Row> = rows(database, PAGE, &row, keys).await?;
    found.into_iter().map(Row::read).collect()
}

impl Row {
    fn read(self) -> Result<(Uuid, WaybillHead), StoreError> {
        let head = WaybillHead {
            waybill_no: word("waybill.waybill_no", self.waybill_no)?,
            kind: word("waybill.kind", self.kind)?,
            status: word("waybill.status", self.status)?,
            held: self.open_holds > 0,
            failed_attempts: self.failed_attempts,
            source: word("waybill.source", self.source)?,
            order_ref: word("waybill.order_ref", self.order_ref)?,
            merchant: word("waybill.merchant", self.merchant)?,
            fulfilled_by: word("waybill.fulfilled_by", self.fulfilled_by)?,
            sku_type: word("waybill.sku_type", self.sku_type)?,
            district: word("waybill.district", self.district)?,
            delivery_date: self.delivery_date,
            timeslot: word("waybill.timeslot", self.timeslot)?,
            lines: self.line_count,
            assignment: self.state,
            depot: self.depot.map(|depot| word("assignment.depot", depot)).transpose()?,
            route_ref: self.route_ref,
            updated_at: timestamp(self.updated_at),
            version: self.version,
        };
        Ok((parse_hex(&self.id)?, head))
    }
}
