//! Assignments: locked with their batch, or looked for to be tried again; and what the rows of waybills say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use contracts::{Timestamp, WaybillNo};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx};

use super::columns::{ascii, plain, rows, rows_to_lock};
use super::rows::{AssignmentRow, Number, StandingRow, number};
use crate::assignment::{Assignment, Standing};
use crate::decide::Freed;

// Shared: until this transaction ends nobody can cancel or hold a waybill that it has seen, so that the
// event of such a change is published after this transaction's assignment is there to be found.
const STANDINGS: &str = concat!(
    "SELECT w.waybill_no, w.version, w.status, w.attempt, w.failed_places, w.open_holds FROM ",
    rows_to_lock!(ascii!("waybill_no", 112)),
    " STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no \
     WHERE w.exists_since IS NOT NULL LOCK IN SHARE MODE"
);

/// How waybills stand by their own rows, locked against change.
pub(crate) async fn standings(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<BTreeMap<WaybillNo, Standing>, StoreError> {
    let rows: Vec<StandingRow> = tx.select(STANDINGS, &keys(numbers)).await?;
    rows.into_iter().map(StandingRow::read).collect()
}

macro_rules! assignment_columns {
    () => {
        "SELECT a.waybill_no, a.state, a.reason, HEX(a.route_id) route_id, a.place_no, a.version, \
           a.waybill_version, a.held, a.pinned, a.kind, a.order_key, HEX(a.stop_key) stop_key, a.district, \
           a.zone, a.depot, a.delivery_date, a.timeslot, a.sku_type, a.fulfilled_by, a.dry_ml, \
           a.frozen_ml, a.weight_g, a.ordered_at FROM "
    };
}

pub(super) use assignment_columns;

const LOCK: &str = concat!(
    assignment_columns!(),
    rows_to_lock!(ascii!("waybill_no", 112)),
    " STRAIGHT_JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no FOR UPDATE"
);

/// Locks the assignments that are there, in the order of their numbers.
pub(crate) async fn lock_assignments(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<BTreeMap<WaybillNo, Assignment>, StoreError> {
    let rows: Vec<AssignmentRow> = tx.select(LOCK, &keys(numbers)).await?;
    let read = rows.into_iter().map(AssignmentRow::read);
    read.map(|row| row.map(|row| (row.waybill_no.clone(), row))).collect()
}

// What somebody else holds is being decided there. Waiting for it could lock up two transactions.
const LOCK_UNASSIGNABLE: &str = concat!(
    assignment_columns!(),
    rows_to_lock!(ascii!("waybill_no", 112)),
    " STRAIGHT_JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no \
     WHERE a.state = 'UNASSIGNABLE' FOR UPDATE SKIP LOCKED"
);

/// Locks those of the waybills that are still without a place and that nobody else has locked; the order is
/// kept.
pub(crate) async fn lock_unassignable(
    tx: &Tx,
    numbers: &[WaybillNo],
) -> Result<Vec<Assignment>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = numbers.iter().map(|no| Number { waybill_no: no.as_str() }).collect();
    let rows: Vec<AssignmentRow> = tx.select(LOCK_UNASSIGNABLE, &keys).await?;
    rows.into_iter().map(AssignmentRow::read).collect()
}

#[derive(Serialize)]
struct Since {
    from_date: NaiveDate,
    tried_before: String,
}

const UNASSIGNABLE_BEFORE: &str = concat!(
    "SELECT a.waybill_no FROM ",
    rows!(plain!("from_date", "DATE"), plain!("tried_before", "DATETIME(6)")),
    " STRAIGHT_JOIN assignment a FORCE INDEX (assignment_retry) \
       ON a.state = 'UNASSIGNABLE' AND a.delivery_date >= r.from_date \
     WHERE a.updated_at < r.tried_before AND a.reason IN ('ZONE_QUOTA', 'ROUTE_QUOTA', 'POOL_EXHAUSTED', \
       'NO_TEMPLATE', 'EXCEEDS_LARGEST_TRUCK') \
     ORDER BY a.delivery_date, a.timeslot, a.ordered_at, a.waybill_no LIMIT 200"
);

/// Up to 200 waybills that more capacity could help and that were last tried before an instant, with a
/// delivery date not before `from_date`. Slot by slot, the oldest order first.
pub(crate) async fn unassignable_before(
    tx: &Tx,
    from_date: NaiveDate,
    tried_before: Timestamp,
) -> Result<Vec<WaybillNo>, StoreError> {
    let since = Since { from_date, tried_before: tried_before.to_sql() };
    let rows: Vec<NumberRow> = tx.select(UNASSIGNABLE_BEFORE, &[since]).await?;
    rows.into_iter().map(|row| number(row.waybill_no)).collect()
}

#[derive(Serialize)]
struct FreedZone<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
}

const UNASSIGNABLE_IN: &str = concat!(
    "SELECT a.waybill_no FROM ",
    rows!(ascii!("zone", 32), plain!("delivery_date", "DATE"), ascii!("timeslot", 32)),
    " STRAIGHT_JOIN assignment a FORCE INDEX (assignment_retry) \
       ON a.state = 'UNASSIGNABLE' AND a.delivery_date = r.delivery_date AND a.zone = r.zone \
     WHERE a.timeslot = r.timeslot AND a.reason IN ('ZONE_QUOTA', 'ROUTE_QUOTA', 'POOL_EXHAUSTED') \
     ORDER BY a.updated_at, a.waybill_no LIMIT 20"
);

/// Up to 20 waybills that what was given back could help, the longest untried first.
pub(crate) async fn unassignable_in(tx: &Tx, freed: &Freed) -> Result<Vec<WaybillNo>, StoreError> {
    let zones = freed.zones.iter().map(|zone| FreedZone {
        zone: zone.as_str(),
        delivery_date: freed.key.date,
        timeslot: freed.key.timeslot.as_str(),
    });
    let rows: Vec<NumberRow> = tx.select(UNASSIGNABLE_IN, &zones.collect::<Vec<_>>()).await?;
    rows.into_iter().map(|row| number(row.waybill_no)).collect()
}

#[derive(FromQueryResult)]
pub(super) struct NumberRow {
    pub(super) waybill_no: String,
}

pub(super) fn keys(numbers: &BTreeSet<WaybillNo>) -> Vec<Number<'_>> {
    numbers.iter().map(|no| Number { waybill_no: no.as_str() }).collect()
}
