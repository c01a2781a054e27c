//! Writing a transaction back. Every row that others rely on is replaced on condition of the version it was
//! read at, and quotas and trucks are taken on condition of the limits in force: a row that does not meet its
//! condition fails the whole transaction.

use chrono::NaiveDate;
use contracts::Timestamp;
use routing::{Load, RouteClass, RouteStatus, SlotDayKey};
use runtime::Failure;
use serde::Serialize;
use store::{StoreError, Tx, hex};
use thiserror::Error;

use super::columns::{ascii, id, number, plain, rows, slot_day};
use crate::assignment::{Assignment, named};
use crate::decide::{
    BucketRow, DecisionRow, LedgerRow, Replaced, RouteRow, SlotDayRow, StopRow, TruckRow, Writes,
};

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
    plain(tx, NEW_ROUTES, &all(&writes.new_routes, |row| Route::of(row, 0, &at))).await?;
    let routes = all(&writes.routes, |changed| Route::of(&changed.row, changed.expected, &at));
    guarded(tx, "route", ROUTES, &routes).await?;
    plain(tx, STOPS, &all(&kept, |stop| Stop::of(stop))).await?;
    plain(tx, STOPS_LEFT, &all(&left, |stop| Stop::of(stop))).await?;
    guarded(tx, "quota_bucket", BUCKETS, &all(&writes.buckets, Bucket::of)).await?;
    plain(tx, LEDGER, &all(&writes.ledger, |entry| Entry::of(entry, &at))).await?;
    guarded(tx, "truck_use", TRUCKS, &all(&writes.trucks, Trucks::of)).await?;
    plain(tx, NEW_ASSIGNMENTS, &all(&writes.new_assignments, |row| Place::of(row, &at))).await?;
    plain(tx, ASSIGNMENTS, &all(&writes.assignments, |row| Place::of(row, &at))).await?;
    for decisions in writes.decisions.chunks(DECISIONS_A_STATEMENT) {
        plain(tx, DECISIONS, &all(decisions, |row| Decided::of(row, &at))).await?;
    }
    Ok(())
}

fn all<'a, T, R>(rows: &'a [T], row: impl Fn(&'a T) -> R) -> Vec<R> {
    rows.iter().map(row).collect()
}

async fn plain<R: Serialize + Sync>(
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
    let (matched, wanted) = (plain(tx, sql, rows).await?, rows.len());
    if u64::try_from(wanted).is_ok_and(|wanted| wanted == matched) {
        Ok(())
    } else {
        Err(SaveError::Moved { table, wanted, matched })
    }
}

const SLOT_DAYS: &str = concat!(
    "UPDATE ",
    rows!(slot_day!(), number!("expected"), number!("version"), plain!("routes_opened", "INT UNSIGNED")),
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

macro_rules! load {
    () => {
        concat!(
            plain!("waybills", "INT UNSIGNED"), ", ", number!("dry_ml"), ", ", number!("frozen_ml"), ", ",
            number!("weight_g")
        )
    };
}

macro_rules! route_state {
    () => {
        concat!(
            id!("id"), ", ", ascii!("truck_type", 32), ", ", ascii!("status", 12), ", ",
            number!("expected"), ", ", number!("version"), ", ", load!(), ", ",
            plain!("stops", "INT UNSIGNED"), ", ", plain!("at", "DATETIME(6)")
        )
    };
}

const NEW_ROUTES: &str = concat!(
    "INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, truck_type, \
       status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, updated_at) \
     SELECT UNHEX(r.id), r.route_ref, r.depot, r.delivery_date, r.timeslot, r.zone, r.template, r.sku_class, \
       r.truck_type, r.status, r.version, r.waybills, r.dry_ml, r.frozen_ml, r.weight_g, r.stops, r.at, r.at \
     FROM ",
    rows!(
        route_state!(), slot_day!(), ascii!("route_ref", 128), ascii!("zone", 32),
        ascii!("template", 64), ascii!("sku_class", 8)
    )
);

const ROUTES: &str = concat!(
    "UPDATE ",
    rows!(route_state!()),
    " STRAIGHT_JOIN route t FORCE INDEX (PRIMARY) ON t.id = UNHEX(r.id) \
     SET t.truck_type = r.truck_type, t.status = r.status, t.version = r.version, t.waybills = r.waybills, \
       t.dry_ml = r.dry_ml, t.frozen_ml = r.frozen_ml, t.weight_g = r.weight_g, t.stops = r.stops, \
       t.updated_at = r.at \
     WHERE t.version = r.expected"
);

#[derive(Serialize)]
struct Route<'a> {
    id: String,
    route_ref: &'a str,
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    zone: &'a str,
    template: &'a str,
    sku_class: &'static str,
    truck_type: &'a str,
    status: &'static str,
    expected: u64,
    version: u64,
    #[serde(flatten)]
    load: Load,
    stops: u32,
    at: &'a str,
}

impl<'a> Route<'a> {
    fn of(row: &'a RouteRow, expected: u64, at: &'a str) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            id: hex(row.id.0),
            route_ref: row.reference.as_str(),
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            zone: row.zone.as_str(),
            template: row.template.as_str(),
            sku_class: match row.class {
                RouteClass::Dry => "dry",
                RouteClass::Mixed => "mixed",
            },
            truck_type: row.truck_type.as_str(),
            status: match row.status {
                RouteStatus::Open => "OPEN",
                RouteStatus::Locked => "LOCKED",
                RouteStatus::Dispatched => "DISPATCHED",
                RouteStatus::Closed => "CLOSED",
            },
            expected,
            version: row.version,
            load: row.load,
            stops: row.stops,
            at,
        }
    }
}

const STOPS: &str = concat!(
    "INSERT INTO route_stop (route_id, stop_key, waybills) \
     SELECT UNHEX(r.route_id), UNHEX(r.stop_key), r.waybills FROM ",
    rows!(id!("route_id"), id!("stop_key"), plain!("waybills", "INT UNSIGNED")),
    " ON DUPLICATE KEY UPDATE waybills = VALUES(waybills)"
);

const STOPS_LEFT: &str = concat!(
    "DELETE s FROM ",
    rows!(id!("route_id"), id!("stop_key")),
    " STRAIGHT_JOIN route_stop s FORCE INDEX (PRIMARY) ON s.route_id = UNHEX(r.route_id) \
       AND s.stop_key = UNHEX(r.stop_key)"
);

#[derive(Serialize)]
struct Stop {
    route_id: String,
    stop_key: String,
    waybills: u32,
}

impl Stop {
    fn of(row: &StopRow) -> Self {
        let StopRow { route, stop, waybills } = row;
        Self { route_id: hex(route.0), stop_key: hex(stop.0), waybills: *waybills }
    }
}

// A limit that was cut since the decision is noticed here; one that was cut below its use before it does not
// keep anything from being given back.
const BUCKETS: &str = concat!(
    "UPDATE ",
    rows!(
        ascii!("zone", 32), plain!("delivery_date", "DATE"), ascii!("timeslot", 32),
        number!("expected"), number!("version"), plain!("taken", "TINYINT UNSIGNED"), load!()
    ),
    " STRAIGHT_JOIN quota_bucket b FORCE INDEX (PRIMARY) ON b.zone = r.zone \
       AND b.delivery_date = r.delivery_date AND b.timeslot = r.timeslot \
     LEFT JOIN zone_quota q ON q.zone = b.zone AND q.timeslot = b.timeslot \
     SET b.version = r.version, b.waybills = r.waybills, b.dry_ml = r.dry_ml, b.frozen_ml = r.frozen_ml, \
       b.weight_g = r.weight_g \
     WHERE b.version = r.expected AND (r.taken = 0 OR (r.waybills <= q.waybills \
       AND r.dry_ml <= q.dry_l * 1000 AND r.frozen_ml <= q.frozen_l * 1000 \
       AND r.weight_g <= q.weight_kg * 1000))"
);

#[derive(Serialize)]
struct Bucket<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    expected: u64,
    version: u64,
    taken: u8,
    #[serde(flatten)]
    used: Load,
}

impl<'a> Bucket<'a> {
    fn of(Replaced { expected, row }: &'a Replaced<BucketRow>) -> Self {
        Self {
            zone: row.zone.as_str(),
            delivery_date: row.key.date,
            timeslot: row.key.timeslot.as_str(),
            expected: *expected,
            version: row.version,
            taken: row.taken.into(),
            used: row.used,
        }
    }
}

const LEDGER: &str = concat!(
    "INSERT INTO quota_ledger (zone, delivery_date, timeslot, version, waybill_no, route_id, waybills, dry_ml, \
       frozen_ml, weight_g, at) \
     SELECT r.zone, r.delivery_date, r.timeslot, r.version, r.waybill_no, UNHEX(r.route_id), r.waybills, \
       r.dry_ml, r.frozen_ml, r.weight_g, r.at FROM ",
    rows!(
        ascii!("zone", 32), plain!("delivery_date", "DATE"), ascii!("timeslot", 32),
        number!("version"), ascii!("waybill_no", 112), id!("route_id"), plain!("waybills", "BIGINT"),
        plain!("dry_ml", "BIGINT"), plain!("frozen_ml", "BIGINT"), plain!("weight_g", "BIGINT"),
        plain!("at", "DATETIME(6)")
    )
);

#[derive(Serialize)]
struct Entry<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    version: u64,
    waybill_no: &'a str,
    route_id: String,
    waybills: i128,
    dry_ml: i128,
    frozen_ml: i128,
    weight_g: i128,
    at: &'a str,
}

impl<'a> Entry<'a> {
    fn of(row: &'a LedgerRow, at: &'a str) -> Self {
        let sign = if row.reserved { 1 } else { -1 };
        Self {
            zone: row.zone.as_str(),
            delivery_date: row.key.date,
            timeslot: row.key.timeslot.as_str(),
            version: row.version,
            waybill_no: row.waybill_no.as_str(),
            route_id: hex(row.route.0),
            waybills: sign * i128::from(row.load.waybills),
            dry_ml: sign * i128::from(row.load.dry_ml),
            frozen_ml: sign * i128::from(row.load.frozen_ml),
            weight_g: sign * i128::from(row.load.weight_g),
            at,
        }
    }
}

const TRUCKS: &str = concat!(
    "UPDATE ",
    rows!(
        slot_day!(), ascii!("truck_type", 32), number!("expected"), plain!("used", "INT UNSIGNED"),
        plain!("taken", "TINYINT UNSIGNED")
    ),
    " STRAIGHT_JOIN truck_use u FORCE INDEX (PRIMARY) ON u.depot = r.depot \
       AND u.delivery_date = r.delivery_date AND u.timeslot = r.timeslot AND u.truck_type = r.truck_type \
     LEFT JOIN truck_pool p ON p.depot = u.depot AND p.timeslot = u.timeslot \
       AND p.truck_type = u.truck_type \
     SET u.used = r.used WHERE u.used = r.expected AND (r.taken = 0 OR r.used <= p.trucks)"
);

#[derive(Serialize)]
struct Trucks<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    truck_type: &'a str,
    expected: u64,
    used: u32,
    taken: u8,
}

impl<'a> Trucks<'a> {
    fn of(Replaced { expected, row }: &'a Replaced<TruckRow>) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            truck_type: row.truck_type.as_str(),
            expected: *expected,
            used: row.used,
            taken: row.taken.into(),
        }
    }
}

macro_rules! place_state {
    () => {
        concat!(
            ascii!("waybill_no", 112), ", ", ascii!("state", 12), ", ", ascii!("reason", 24), ", ",
            id!("route_id"), ", ", plain!("place_no", "SMALLINT UNSIGNED"), ", ", number!("version"), ", ",
            number!("waybill_version"), ", ", plain!("held", "TINYINT UNSIGNED"), ", ",
            ascii!("zone", 32), ", ", ascii!("depot", 32), ", ", plain!("at", "DATETIME(6)")
        )
    };
}

// A plain INSERT: of two processes that announce the same waybill one gets a duplicate key, runs again and
// finds the other's row.
const NEW_ASSIGNMENTS: &str = concat!(
    "INSERT INTO assignment (waybill_no, state, reason, route_id, place_no, version, waybill_version, held, \
       pinned, order_key, stop_key, district, zone, depot, delivery_date, timeslot, sku_type, fulfilled_by, \
       dry_ml, frozen_ml, weight_g, ordered_at, updated_at) \
     SELECT r.waybill_no, r.state, r.reason, UNHEX(r.route_id), r.place_no, r.version, r.waybill_version, \
       r.held, 0, r.order_key, UNHEX(r.stop_key), r.district, r.zone, r.depot, r.delivery_date, r.timeslot, \
       r.sku_type, r.fulfilled_by, r.dry_ml, r.frozen_ml, r.weight_g, r.ordered_at, r.at FROM ",
    rows!(
        place_state!(), ascii!("order_key", 100), id!("stop_key"), ascii!("district", 32),
        plain!("delivery_date", "DATE"), ascii!("timeslot", 32), ascii!("sku_type", 8),
        ascii!("fulfilled_by", 12), number!("dry_ml"), number!("frozen_ml"), number!("weight_g"),
        plain!("ordered_at", "DATETIME(6)")
    )
);

const ASSIGNMENTS: &str = concat!(
    "UPDATE ",
    rows!(place_state!()),
    " STRAIGHT_JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no \
     SET a.state = r.state, a.reason = r.reason, a.route_id = UNHEX(r.route_id), a.place_no = r.place_no, \
       a.version = r.version, a.waybill_version = r.waybill_version, a.held = r.held, a.zone = r.zone, \
       a.depot = r.depot, a.updated_at = r.at"
);

#[derive(Serialize)]
struct Place<'a> {
    waybill_no: &'a str,
    state: &'static str,
    reason: Option<&'static str>,
    route_id: Option<String>,
    place_no: u16,
    version: u64,
    waybill_version: u64,
    held: u8,
    order_key: &'a str,
    stop_key: String,
    district: &'a str,
    zone: Option<&'a str>,
    depot: Option<&'a str>,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    sku_type: &'static str,
    fulfilled_by: &'static str,
    #[serde(flatten)]
    load: Load,
    ordered_at: String,
    at: &'a str,
}

impl<'a> Place<'a> {
    fn of(row: &'a Assignment, at: &'a str) -> Self {
        Self {
            waybill_no: row.waybill_no.as_str(),
            state: row.state.word(),
            reason: row.state.reason().map(|reason| named(reason).1),
            route_id: row.state.route().map(|route| hex(route.0)),
            place_no: row.place_no,
            version: row.version,
            waybill_version: row.waybill_version,
            held: row.held.into(),
            order_key: &row.order,
            stop_key: hex(row.stop.0),
            district: row.district.as_str(),
            zone: row.zone.as_ref().map(|zone| zone.as_str()),
            depot: row.depot.as_ref().map(|depot| depot.as_str()),
            delivery_date: row.delivery_date,
            timeslot: row.timeslot.as_str(),
            sku_type: row.sku_type.as_str(),
            fulfilled_by: row.fulfilled_by.as_str(),
            load: row.load,
            ordered_at: row.ordered_at.to_sql(),
            at,
        }
    }
}

const DECISIONS: &str = concat!(
    "INSERT INTO adra_decision (waybill_no, version, outcome, reason, route_id, explanation, judged_at, \
       decided_at) \
     SELECT r.waybill_no, r.version, r.outcome, r.reason, UNHEX(r.route_id), r.explanation, r.judged_at, r.at \
     FROM ",
    rows!(
        ascii!("waybill_no", 112), number!("version"), ascii!("outcome", 12), ascii!("reason", 24),
        id!("route_id"),
        plain!("explanation", "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        plain!("judged_at", "DATETIME(6)"), plain!("at", "DATETIME(6)")
    )
);

#[derive(Serialize)]
struct Decided<'a> {
    waybill_no: &'a str,
    version: u64,
    outcome: &'static str,
    reason: Option<&'static str>,
    route_id: Option<String>,
    explanation: &'a str,
    judged_at: String,
    at: &'a str,
}

impl<'a> Decided<'a> {
    fn of(row: &'a DecisionRow, at: &'a str) -> Self {
        Self {
            waybill_no: row.waybill_no.as_str(),
            version: row.version,
            outcome: if row.route.is_some() { "ASSIGNED" } else { "UNASSIGNABLE" },
            reason: row.reason.map(|reason| named(reason).1),
            route_id: row.route.map(|route| hex(route.0)),
            explanation: &row.explanation,
            judged_at: row.judged_at.to_sql(),
            at,
        }
    }
}
