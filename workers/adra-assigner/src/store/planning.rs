//! Slot days to be improved: which, by whom, and everybody who is in one. Never here: an improvement.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use contracts::WaybillNo;
use routing::SlotDayKey;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, StoreError, Tx};

use super::assignments::{assignment_columns, keys};
use super::columns::{ascii, number, plain, rows, slot_day};
use super::rows::{AssignmentRow, StandingRow};
use crate::assignment::{Assignment, Standing};

#[derive(Serialize)]
struct Since {
    from_date: NaiveDate,
    revision: u64,
    pause_seconds: u16,
}

// What changed since it was improved; what never was, or has broken, first, then what waits longest.
const NEXT: &str = concat!(
    "SELECT s.depot, s.delivery_date, s.timeslot FROM ",
    rows!(
        plain!("from_date", "DATE"),
        number!("revision"),
        plain!("pause_seconds", "INT UNSIGNED")
    ),
    " STRAIGHT_JOIN slot_day s \
     WHERE s.delivery_date >= r.from_date AND s.version > 0 \
       AND (s.version <> s.improved_version OR s.improved_revision <> r.revision) \
       AND (s.planner_until IS NULL OR s.planner_until < UTC_TIMESTAMP(6)) \
       AND (s.improved_at IS NULL OR s.improved_revision <> r.revision \
         OR s.improved_at <= UTC_TIMESTAMP(6) - INTERVAL r.pause_seconds SECOND) \
     ORDER BY s.improved_at, s.depot, s.delivery_date, s.timeslot LIMIT 1"
);

#[derive(FromQueryResult)]
struct KeyRow {
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
}

impl KeyRow {
    fn read(self) -> SlotDayKey {
        let Self { depot, delivery_date, timeslot } = self;
        SlotDayKey { depot: depot.into(), date: delivery_date, timeslot: timeslot.into() }
    }
}

/// The slot day whose turn it is, if any: from this date on, under this revision of the network.
pub(crate) async fn next_to_improve(
    database: &Database,
    from_date: NaiveDate,
    revision: u64,
    pause_seconds: u16,
) -> Result<Option<SlotDayKey>, StoreError> {
    let since = Since { from_date, revision, pause_seconds };
    let rows: Vec<KeyRow> = database.select(NEXT, &[since]).await?;
    Ok(rows.into_iter().next().map(KeyRow::read))
}

#[derive(Serialize)]
struct Wanted<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
}

const OF_DAY: &str = concat!(
    "SELECT s.depot, s.delivery_date, s.timeslot FROM ",
    rows!(ascii!("depot", 32), plain!("delivery_date", "DATE")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date ORDER BY s.timeslot"
);

/// The slot days of a depot's day that have anything in them.
pub(crate) async fn slot_days_of(
    database: &Database,
    depot: &str,
    delivery_date: NaiveDate,
) -> Result<Vec<SlotDayKey>, StoreError> {
    let rows: Vec<KeyRow> = database.select(OF_DAY, &[Wanted { depot, delivery_date }]).await?;
    Ok(rows.into_iter().map(KeyRow::read).collect())
}

#[derive(Serialize)]
struct Claim<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    planner: &'a str,
    seconds: u64,
    version: u64,
    revision: u64,
}

impl<'a> Claim<'a> {
    fn of(key: &'a SlotDayKey, planner: &'a str) -> Self {
        Self {
            depot: key.depot.as_str(),
            delivery_date: key.date,
            timeslot: key.timeslot.as_str(),
            planner,
            seconds: 0,
            version: 0,
            revision: 0,
        }
    }
}

const CLAIM: &str = concat!(
    "UPDATE ",
    rows!(slot_day!(), ascii!("planner", 96), number!("seconds")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot \
     SET s.planner = r.planner, s.planner_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND \
     WHERE s.planner_until IS NULL OR s.planner_until < UTC_TIMESTAMP(6)"
);

/// Makes a process the one that improves a slot day, for so long at most; false when another one does.
pub(crate) async fn claim(
    database: &Database,
    key: &SlotDayKey,
    planner: &str,
    seconds: u64,
) -> Result<bool, StoreError> {
    let claim = Claim { seconds, ..Claim::of(key, planner) };
    Ok(database.execute(CLAIM, &[claim]).await? > 0)
}

const IMPROVED: &str = concat!(
    "UPDATE ",
    rows!(slot_day!(), ascii!("planner", 96), number!("version"), number!("revision")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot \
     SET s.improved_version = r.version, s.improved_revision = r.revision, \
       s.improved_at = UTC_TIMESTAMP(6), s.planner = NULL, s.planner_until = NULL \
     WHERE s.planner = r.planner"
);

/// Gives a slot day back. `version`: as it was when nothing was left to improve; 0 when something may be.
pub(crate) async fn note_improved(
    tx: &Tx,
    key: &SlotDayKey,
    planner: &str,
    version: u64,
    revision: u64,
) -> Result<(), StoreError> {
    let claim = Claim { version, revision, ..Claim::of(key, planner) };
    tx.execute(IMPROVED, &[claim]).await?;
    Ok(())
}

const PLACED: &str = concat!(
    assignment_columns!(),
    rows!(slot_day!()),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON t.depot = r.depot \
       AND t.delivery_date = r.delivery_date AND t.timeslot = r.timeslot \
     STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = t.id \
     WHERE t.status <> 'CLOSED' ORDER BY a.waybill_no"
);

const WAITING: &str = concat!(
    assignment_columns!(),
    rows!(slot_day!()),
    " STRAIGHT_JOIN assignment a FORCE INDEX (assignment_retry) \
       ON a.state = 'UNASSIGNABLE' AND a.delivery_date = r.delivery_date \
     WHERE a.depot = r.depot AND a.timeslot = r.timeslot \
       AND a.reason IN ('ZONE_QUOTA', 'ROUTE_QUOTA', 'POOL_EXHAUSTED') \
     ORDER BY a.ordered_at, a.waybill_no LIMIT 500"
);

#[derive(Serialize)]
struct Day<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
}

/// Everybody on the routes of a slot day, and the first of those that found no room there. Nothing is locked
/// but the slot day, by the caller: nobody comes or goes.
pub(crate) async fn waybills_of(tx: &Tx, key: &SlotDayKey) -> Result<Vec<Assignment>, StoreError> {
    let SlotDayKey { depot, date, timeslot } = key;
    let day = [Day { depot: depot.as_str(), delivery_date: *date, timeslot: timeslot.as_str() }];
    let placed: Vec<AssignmentRow> = tx.select(PLACED, &day).await?;
    let waiting: Vec<AssignmentRow> = tx.select(WAITING, &day).await?;
    placed.into_iter().chain(waiting).map(AssignmentRow::read).collect()
}

const STANDINGS_NOW: &str = concat!(
    "SELECT w.waybill_no, w.version, w.status, w.attempt, w.failed_places, w.open_holds FROM ",
    rows!(ascii!("waybill_no", 112)),
    " STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no \
     WHERE w.exists_since IS NOT NULL"
);

/// How waybills stand at this moment, without a lock.
pub(crate) async fn standings_now(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<BTreeMap<WaybillNo, Standing>, StoreError> {
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<StandingRow> = tx.select(STANDINGS_NOW, &keys(numbers)).await?;
    rows.into_iter().map(StandingRow::read).collect()
}

#[derive(Serialize)]
struct FromDate {
    from_date: NaiveDate,
}

const DEFICITS: &str = concat!(
    "SELECT CAST(COALESCE((SELECT SUM(GREATEST(CAST(u.used AS SIGNED) \
         + CAST(COALESCE(o.trucks, 0) AS SIGNED) - CAST(COALESCE(p.trucks, 0) AS SIGNED), 0)) FROM truck_use u \
       LEFT JOIN truck_pool p ON p.depot = u.depot AND p.timeslot = u.timeslot AND p.truck_type = u.truck_type \
       LEFT JOIN truck_outage o ON o.depot = u.depot AND o.delivery_date = u.delivery_date \
         AND o.timeslot = u.timeslot AND o.truck_type = u.truck_type \
       WHERE u.delivery_date >= r.from_date AND u.used > 0), 0) AS SIGNED) trucks, \
     CAST((SELECT COUNT(*) FROM quota_bucket b \
       LEFT JOIN zone_quota q ON q.zone = b.zone AND q.timeslot = b.timeslot \
       WHERE b.delivery_date >= r.from_date AND (b.waybills > COALESCE(q.waybills, 0) \
         OR b.dry_ml > COALESCE(q.dry_l, 0) * 1000 OR b.frozen_ml > COALESCE(q.frozen_l, 0) * 1000 \
         OR b.weight_g > COALESCE(q.weight_kg, 0) * 1000)) AS SIGNED) buckets FROM ",
    rows!(plain!("from_date", "DATE"))
);

/// Trucks in use beyond the pools, and quota buckets beyond their limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Deficits {
    pub(crate) trucks: i64,
    pub(crate) buckets: i64,
}

/// What is in use beyond what there is, from a date on.
pub(crate) async fn deficits(
    database: &Database,
    from_date: NaiveDate,
) -> Result<Deficits, StoreError> {
    let rows: Vec<Deficits> = database.select(DEFICITS, &[FromDate { from_date }]).await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}
