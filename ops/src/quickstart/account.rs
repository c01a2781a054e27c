//! What became of every order: read from the database, compared with the orders that the files name.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use contracts::Timestamp;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError, timestamp};

use super::feed::{Feed, OrderKey};
use crate::error::Result;

/// Most orders that are named when they are unaccounted for.
const NAMED_MAX: usize = 20;

/// Everything that was counted.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Account {
    /// Files by what became of them; `waiting` are of kinds without a worker yet, and returns of what
    /// nobody delivered.
    pub(crate) files: BTreeMap<String, u64>,
    /// The waiting files' names.
    pub(crate) waiting: Vec<String>,
    /// Orders that the files name.
    pub(crate) orders: u64,
    /// Of these, accepted.
    pub(crate) accepted: u64,
    /// Of these, rejected, by the first reason.
    pub(crate) rejected: BTreeMap<String, u64>,
    /// Of these, in files that were refused as a whole.
    pub(crate) in_refused_files: u64,
    /// Of these, nothing is known or not everything is decided.
    pub(crate) unaccounted: u64,
    /// The first of them and why.
    pub(crate) unaccounted_named: Vec<String>,
    /// Rows of cancellation and return files by verdict.
    pub(crate) verdicts: BTreeMap<String, u64>,
    /// Waybills by status.
    pub(crate) waybills: BTreeMap<String, u64>,
    /// Waybills with a place.
    pub(crate) assigned: u64,
    /// Waybills without one, by reason.
    pub(crate) unassignable: BTreeMap<String, u64>,
    /// Sales orders in force, by status.
    pub(crate) sales_orders: BTreeMap<String, u64>,
    /// Assigned waybills whose sales order the warehouse has not settled.
    pub(crate) unsettled: u64,
    /// Routes and what they carry, by truck type.
    pub(crate) routes: BTreeMap<String, RouteCount>,
}

/// Routes of one truck type.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct RouteCount {
    /// How many.
    pub(crate) routes: u64,
    /// Their waybills.
    pub(crate) waybills: u64,
}

impl Account {
    /// Reads the database and compares.
    pub(crate) async fn read(database: &Database, feed: &Feed) -> Result<Self> {
        let mut account = Self::default();
        account.count_orders(database, feed).await?;
        account.verdicts = counted(database, VERDICTS).await?;
        account.waybills = counted(database, WAYBILLS).await?;
        account.unassignable = counted(database, UNASSIGNABLE).await?;
        account.assigned = counted(database, ASSIGNED).await?.values().sum();
        account.sales_orders = counted(database, SALES_ORDERS).await?;
        account.unsettled = counted(database, UNSETTLED).await?.values().sum();
        for row in database.select::<RouteRow, _>(ROUTES, &NONE).await? {
            let count =
                RouteCount { routes: unsigned(row.routes), waybills: unsigned(row.waybills) };
            account.routes.insert(row.truck_type, count);
        }
        Ok(account)
    }

    /// True when nothing is missing any more.
    pub(crate) fn is_complete(&self) -> bool {
        self.unaccounted == 0 && self.unsettled == 0
    }

    async fn count_orders(&mut self, database: &Database, feed: &Feed) -> Result<()> {
        let files = self.count_files(database, feed).await?;
        let accepted: BTreeMap<OrderKey, bool> = accepted(database).await?;
        let rejected = rejected(database).await?;
        self.orders = length(feed.orders.len());
        for (key, file) in &feed.orders {
            let state = files.get(file).map(String::as_str);
            let missing = match (accepted.get(key), rejected.get(key), state) {
                (Some(true), _, _) => {
                    self.accepted += 1;
                    None
                }
                (Some(false), _, _) => Some("not every waybill is decided"),
                (None, Some(code), _) => {
                    *self.rejected.entry(code.clone()).or_default() += 1;
                    None
                }
                (None, None, Some("CONFLICT" | "FAILED" | "DUPLICATE_FILE")) => {
                    self.in_refused_files += 1;
                    None
                }
                (None, None, _) => Some("neither accepted nor rejected"),
            };
            if let Some(why) = missing {
                self.unaccounted += 1;
                if self.unaccounted_named.len() < NAMED_MAX {
                    self.unaccounted_named.push(format!("{} {} ({file}): {why}", key.0, key.1));
                }
            }
        }
        Ok(())
    }

    /// The state of every file that the fleet knows, by name.
    async fn count_files(
        &mut self,
        database: &Database,
        feed: &Feed,
    ) -> Result<BTreeMap<String, String>> {
        let known = database.select::<FileRow, _>(FILES, &NONE).await?;
        let known: BTreeMap<String, String> =
            known.into_iter().map(|row| (row.file_name, row.state)).collect();
        for file in &feed.files {
            let state = match known.get(&file.name) {
                Some(state) => state.to_lowercase(),
                None if file.is_order_file() => "not seen".to_owned(),
                None => {
                    self.waiting.push(file.name.clone());
                    "waiting".to_owned()
                }
            };
            *self.files.entry(state).or_default() += 1;
        }
        Ok(known)
    }
}

#[derive(Debug, FromQueryResult)]
struct FileRow {
    file_name: String,
    state: String,
}

const FILES: &str = "SELECT file_name, state FROM import_file WHERE repair = 0";

#[derive(Debug, FromQueryResult)]
struct AcceptedRow {
    source: String,
    order_ref: String,
    undecided: i64,
}

/// An order is done when each of its own waybills has a place, a reason or an end.
const ACCEPTED: &str = "SELECT o.source, o.order_ref, \
     CAST(o.waybill_count AS SIGNED) - CAST(COALESCE(d.decided, 0) AS SIGNED) undecided \
     FROM orders o LEFT JOIN (SELECT w.order_id, COUNT(*) decided FROM waybill w \
       JOIN assignment a ON a.waybill_no = w.waybill_no \
       WHERE w.exists_since IS NOT NULL AND w.kind = 'FORWARD' \
         AND (a.state <> 'UNASSIGNED' OR w.open_holds > 0 OR w.failed_attempts > 0 OR w.status IN \
           ('DELIVERED', 'RETURNED_TO_ORIGIN', 'LOST', 'DAMAGED', 'CANCELLED')) \
       GROUP BY w.order_id) d ON d.order_id = o.id";

/// Accepted orders; true when every waybill is decided.
async fn accepted(database: &Database) -> Result<BTreeMap<OrderKey, bool>> {
    let rows: Vec<AcceptedRow> = database.select(ACCEPTED, &NONE).await?;
    Ok(rows.into_iter().map(|row| ((row.source, row.order_ref), row.undecided == 0)).collect())
}

#[derive(Debug, FromQueryResult)]
struct RejectedRow {
    source: String,
    order_ref: String,
    code: String,
}

const REJECTED: &str = "SELECT f.source, l.order_ref, l.code FROM import_line l \
     JOIN import_file f ON f.id = l.file_id WHERE l.order_ref IS NOT NULL \
     ORDER BY f.sequence, l.line, l.entry";

/// Rejected orders with the first reason of each.
async fn rejected(database: &Database) -> Result<BTreeMap<OrderKey, String>> {
    let mut first = BTreeMap::new();
    for row in database.select::<RejectedRow, _>(REJECTED, &NONE).await? {
        let key = (row.source, row.order_ref.trim().to_owned());
        first.entry(key).or_insert(row.code);
    }
    Ok(first)
}

#[derive(Debug, FromQueryResult)]
struct CountRow {
    label: String,
    number: i64,
}

const VERDICTS: &str = "SELECT verdict label, COUNT(*) number FROM import_verdict GROUP BY verdict";
const WAYBILLS: &str = "SELECT status label, COUNT(*) number FROM waybill \
     WHERE exists_since IS NOT NULL GROUP BY status";
const ASSIGNED: &str = "SELECT state label, COUNT(*) number FROM assignment \
     WHERE state IN ('ASSIGNED', 'LOCKED') GROUP BY state";
const UNASSIGNABLE: &str = "SELECT COALESCE(reason, '?') label, COUNT(*) number FROM assignment \
     WHERE state = 'UNASSIGNABLE' GROUP BY reason";
const SALES_ORDERS: &str =
    "SELECT status label, COUNT(*) number FROM sales_order WHERE live = 1 GROUP BY status";
/// Waybills from a warehouse of ours that have a place, without a settled sales order.
const UNSETTLED: &str = "SELECT 'unsettled' label, COUNT(*) number FROM assignment a \
     LEFT JOIN sales_order s ON s.waybill_no = a.waybill_no AND s.live = 1 \
       AND s.status IN ('REJECTED', 'PACKED', 'HANDED_OVER', 'CANCELLED') \
     WHERE a.state IN ('ASSIGNED', 'LOCKED') AND a.fulfilled_by = 'warehouse' AND a.kind <> 'RETURN' \
       AND s.id IS NULL";

async fn counted(database: &Database, sql: &'static str) -> Result<BTreeMap<String, u64>> {
    let rows: Vec<CountRow> = database.select(sql, &NONE).await?;
    Ok(rows.into_iter().map(|row| (row.label, unsigned(row.number))).collect())
}

#[derive(Debug, FromQueryResult)]
struct RouteRow {
    truck_type: String,
    routes: i64,
    waybills: i64,
}

const ROUTES: &str = "SELECT truck_type, COUNT(*) routes, CAST(SUM(waybills) AS SIGNED) waybills \
     FROM route WHERE waybills > 0 GROUP BY truck_type";

/// From the publication of an order's command to the decision about each of its waybills.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Latency {
    /// Waybills whose order was seen being published.
    pub(crate) samples: usize,
    /// Half of them took at most this many seconds.
    pub(crate) p50_seconds: Option<f64>,
    /// 99 of 100 took at most this many seconds.
    pub(crate) p99_seconds: Option<f64>,
}

#[derive(Debug, FromQueryResult)]
struct DecidedRow {
    source: String,
    order_ref: String,
    decided_at: NaiveDateTime,
}

const DECIDED: &str = "SELECT w.source, w.order_ref, MIN(d.decided_at) decided_at FROM waybill w \
     JOIN adra_decision d ON d.waybill_no = w.waybill_no \
     WHERE w.exists_since IS NOT NULL GROUP BY w.id, w.source, w.order_ref";

/// Joins what was seen on the broker with the first decision about each waybill.
pub(crate) async fn latency(
    database: &Database,
    published: &BTreeMap<OrderKey, Timestamp>,
) -> std::result::Result<Latency, StoreError> {
    let rows: Vec<DecidedRow> = database.select(DECIDED, &NONE).await?;
    let took = |row: DecidedRow| {
        let published = published.get(&(row.source, row.order_ref))?;
        Some(timestamp(row.decided_at).since(*published).as_secs_f64())
    };
    let mut seconds: Vec<f64> = rows.into_iter().filter_map(took).collect();
    seconds.sort_by(f64::total_cmp);
    Ok(Latency {
        samples: seconds.len(),
        p50_seconds: percentile(&seconds, 50),
        p99_seconds: percentile(&seconds, 99),
    })
}

#[derive(Debug, FromQueryResult)]
struct LastRow {
    at: Option<NaiveDateTime>,
}

const LAST_EFFECT: &str = "SELECT MAX(t.at) at FROM ( \
     SELECT MAX(finished_at) at FROM import_file \
     UNION ALL SELECT MAX(created_at) FROM orders \
     UNION ALL SELECT MAX(updated_at) FROM waybill \
     UNION ALL SELECT MAX(updated_at) FROM assignment \
     UNION ALL SELECT MAX(updated_at) FROM sales_order) t";

/// When the fleet changed something for the last time.
pub(crate) async fn last_effect(
    database: &Database,
) -> std::result::Result<Option<Timestamp>, StoreError> {
    let rows: Vec<LastRow> = database.select(LAST_EFFECT, &NONE).await?;
    Ok(rows.into_iter().find_map(|row| row.at).map(timestamp))
}

/// Nearest rank over sorted values.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn length(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
