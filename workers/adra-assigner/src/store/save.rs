//! Writing a transaction back. Every row that others rely on is replaced on condition of the version it was
//! read at, and quotas and trucks are taken on condition of the limits in force: a row that does not meet its
//! condition fails the whole transaction.

mod amendments;
mod outages;
mod places;
mod proposals;
mod quota;
mod routes;

use chrono::NaiveDate;
use contracts::Timestamp;
use routing::SlotDayKey;
use runtime::Failure;
use serde::Serialize;
use store::{StoreError, Tx};
use thiserror::Error;

use self::amendments::Amended;
use self::outages::Outage;
use self::places::{Decided, Place};
use self::proposals::Proposed;
pub(super) use self::quota::LEDGER;
use self::quota::{Bucket, Entry, Trucks};
use self::routes::{Route, Stop};
use super::columns::{ascii, number, plain, rows, slot_day};
use crate::decide::{Proposal, Replaced, SlotDayRow, Writes};

/// Most explanations in one statement: at 5 KB each they stay below the smallest packet limit in use (16 MB).
const DECISIONS_A_STATEMENT: usize = 1_000;

/// A transaction could not be written.
#[derive(Debug, Error)]
pub(crate) enum SaveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "{matched} of {wanted} rows of {table} were still as they were read, or within their limits: \
         nothing was changed, it will be decided again"
    )]
    Moved { table: &'static str, wanted: usize, matched: u64 },
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Store(error) => Self::Store(error),
            moved @ SaveError::Moved { .. } => {
                Self::Transient { cause: moved.to_string(), retry_after: None }
            }
        }
    }
}

/// Writes everything.
pub(crate) async fn save(tx: &Tx, writes: &Writes, now: Timestamp) -> Result<(), SaveError> {
    let at = now.to_sql();
    let (kept, left): (Vec<_>, Vec<_>) = writes.stops.iter().partition(|stop| stop.waybills > 0);
    guarded(tx, "slot_day", SLOT_DAYS, &all(&writes.slot_days, Day::of)).await?;
    execute(tx, routes::NEW_ROUTES, &all(&writes.new_routes, |row| Route::of(row, 0, &at))).await?;
    let routes = all(&writes.routes, |changed| Route::of(&changed.row, changed.expected, &at));
    guarded(tx, "route", routes::ROUTES, &routes).await?;
    execute(tx, routes::STOPS, &all(&kept, |stop| Stop::of(stop))).await?;
    execute(tx, routes::STOPS_LEFT, &all(&left, |stop| Stop::of(stop))).await?;
    guarded(tx, "quota_bucket", quota::BUCKETS, &all(&writes.buckets, Bucket::of)).await?;
    execute(tx, quota::LEDGER, &all(&writes.ledger, |entry| Entry::of(entry, &at))).await?;
    guarded(tx, "truck_use", quota::TRUCKS, &all(&writes.trucks, Trucks::of)).await?;
    execute(tx, places::NEW_ASSIGNMENTS, &all(&writes.new_assignments, |row| Place::of(row, &at)))
        .await?;
    execute(tx, places::ASSIGNMENTS, &all(&writes.assignments, |row| Place::of(row, &at))).await?;
    let amended = all(&writes.amendments, |row| Amended::of(row, &at));
    execute(tx, amendments::AMENDMENTS, &amended).await?;
    let broken = all(&writes.outages, |row| Outage::of(row, &at));
    execute(tx, outages::OUTAGES, &broken).await?;
    execute(tx, outages::TO_BE_MENDED, &broken).await?;
    save_proposals(tx, &writes.proposals, &at).await?;
    for decisions in writes.decisions.chunks(DECISIONS_A_STATEMENT) {
        execute(tx, places::DECISIONS, &all(decisions, |row| Decided::of(row, &at))).await?;
    }
    Ok(())
}

async fn save_proposals(tx: &Tx, rows: &[Proposal], at: &str) -> Result<(), StoreError> {
    let of = |is_stored: bool| {
        let wanted = rows.iter().filter(move |row| row.is_stored == is_stored);
        wanted.map(|row| Proposed::of(row, at)).collect::<Result<Vec<_>, _>>()
    };
    execute(tx, proposals::NEW_PROPOSALS, &of(false)?).await?;
    execute(tx, proposals::PROPOSALS, &of(true)?).await?;
    Ok(())
}

fn all<'a, T, R>(rows: &'a [T], row: impl Fn(&'a T) -> R) -> Vec<R> {
    rows.iter().map(row).collect()
}

async fn execute<R: Serialize + Sync>(
    tx: &Tx,
    sql: &'static str,
    rows: &[R],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    tx.execute(sql, rows).await
}

/// A statement that has to meet every one of its rows.
async fn guarded<R: Serialize + Sync>(
    tx: &Tx,
    table: &'static str,
    sql: &'static str,
    rows: &[R],
) -> Result<(), SaveError> {
    let (matched, wanted) = (execute(tx, sql, rows).await?, rows.len());
    if u64::try_from(wanted).is_ok_and(|wanted| wanted == matched) {
        Ok(())
    } else {
        Err(SaveError::Moved { table, wanted, matched })
    }
}

const SLOT_DAYS: &str = concat!(
    "UPDATE ",
    rows!(
        slot_day!(),
        number!("expected"),
        number!("version"),
        plain!("routes_opened", "INT UNSIGNED")
    ),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot \
     SET s.version = r.version, s.routes_opened = r.routes_opened WHERE s.version = r.expected"
);

#[derive(Serialize)]
struct Day<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    expected: u64,
    version: u64,
    routes_opened: u32,
}

impl<'a> Day<'a> {
    fn of(Replaced { expected, row }: &'a Replaced<SlotDayRow>) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            expected: *expected,
            version: row.version,
            routes_opened: row.routes_opened,
        }
    }
}
