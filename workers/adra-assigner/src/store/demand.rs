//! How the waybills of past slot days came in: summed up once a slot day, kept for some weeks. Never here: a
//! forecast.

use chrono::NaiveDate;
use contracts::Timestamp;
use routing::{SkuClass, SlotDayKey};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError};

use super::columns::{ascii, plain, rows, slot_day};
use crate::demand::{Came, Demand};

#[derive(Serialize)]
struct Between {
    from_date: NaiveDate,
    to_date: NaiveDate,
}

const TO_NOTE: &str = concat!(
    "SELECT s.depot, s.delivery_date, s.timeslot FROM ",
    rows!(plain!("from_date", "DATE"), plain!("to_date", "DATE")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (slot_day_to_note) ON s.demand_noted = 0 \
       AND s.delivery_date >= r.from_date AND s.delivery_date < r.to_date \
     ORDER BY s.delivery_date, s.depot, s.timeslot LIMIT 20"
);

#[derive(FromQueryResult)]
struct KeyRow {
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
}

/// Up to 20 slot days from a date on, and before another, that were not summed up yet.
pub(crate) async fn slot_days_to_note(
    database: &Database,
    from_date: NaiveDate,
    to_date: NaiveDate,
) -> Result<Vec<SlotDayKey>, StoreError> {
    let rows: Vec<KeyRow> = database.select(TO_NOTE, &[Between { from_date, to_date }]).await?;
    let key = |KeyRow { depot, delivery_date, timeslot }| SlotDayKey {
        depot: depot.into(),
        date: delivery_date,
        timeslot: timeslot.into(),
    };
    Ok(rows.into_iter().map(key).collect())
}

// Whoever sums the same slot day up again finds the same. Entries without a waybill are other loads in the same
// place. Hours are told apart up to 48 (see `crate::demand`).
const NOTE: &str = concat!(
    "INSERT INTO demand_history (depot, timeslot, delivery_date, zone, goods, hours_left, waybills, dry_ml, \
       frozen_ml, weight_g) \
     SELECT d.depot, d.timeslot, d.delivery_date, d.zone, d.goods, d.hours_left, d.waybills, d.dry_ml, \
       d.frozen_ml, d.weight_g FROM \
     (SELECT r.depot depot, r.timeslot timeslot, r.delivery_date delivery_date, l.zone zone, \
        CASE WHEN l.frozen_ml = 0 THEN 'dry' WHEN l.dry_ml = 0 THEN 'frozen' ELSE 'mixed' END goods, \
        LEAST(TIMESTAMPDIFF(HOUR, l.at, r.cut_off), 48) hours_left, SUM(l.waybills) waybills, \
        SUM(l.dry_ml) dry_ml, SUM(l.frozen_ml) frozen_ml, SUM(l.weight_g) weight_g FROM ",
    rows!(slot_day!(), plain!("cut_off", "DATETIME(6)")),
    " STRAIGHT_JOIN zone z ON z.depot = r.depot \
      STRAIGHT_JOIN quota_ledger l FORCE INDEX (PRIMARY) ON l.zone = z.zone \
        AND l.delivery_date = r.delivery_date AND l.timeslot = r.timeslot \
      WHERE l.waybills <> 0 AND l.at <= r.cut_off GROUP BY 1, 2, 3, 4, 5, 6) d \
     ON DUPLICATE KEY UPDATE waybills = VALUES(waybills), dry_ml = VALUES(dry_ml), \
       frozen_ml = VALUES(frozen_ml), weight_g = VALUES(weight_g)"
);

const NOTED: &str = concat!(
    "UPDATE ",
    rows!(slot_day!(), plain!("cut_off", "DATETIME(6)")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot SET s.demand_noted = 1"
);

#[derive(Serialize)]
struct Noted<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    cut_off: String,
}

/// Sums up what came to the zones of a slot day until its cut-off, and notes that it was.
pub(crate) async fn note_demand(
    database: &Database,
    key: &SlotDayKey,
    cut_off: Timestamp,
) -> Result<(), StoreError> {
    let SlotDayKey { depot, date, timeslot } = key;
    let noted = [Noted {
        depot: depot.as_str(),
        delivery_date: *date,
        timeslot: timeslot.as_str(),
        cut_off: cut_off.to_sql(),
    }];
    let tx = database.begin().await?;
    tx.execute(NOTE, &noted).await?;
    tx.execute(NOTED, &noted).await?;
    tx.commit().await
}

const WINDOWS: &str = "SELECT DISTINCT depot, timeslot FROM demand_history";

#[derive(FromQueryResult)]
struct WindowRow {
    depot: String,
    timeslot: String,
}

/// Depots and windows with any history.
pub(crate) async fn windows_with_history(
    database: &Database,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows: Vec<WindowRow> = database.select(WINDOWS, &NONE).await?;
    Ok(rows.into_iter().map(|row| (row.depot, row.timeslot)).collect())
}

#[derive(Serialize)]
struct Former<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
}

const DAYS: &str = concat!(
    "SELECT COUNT(*) days FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot WHERE s.demand_noted = 1"
);

#[derive(FromQueryResult)]
struct DaysRow {
    days: i64,
}

const CAME: &str = concat!(
    "SELECT h.zone, h.goods, h.hours_left, CAST(SUM(h.waybills) AS SIGNED) waybills, \
       CAST(SUM(h.dry_ml) AS SIGNED) dry_ml, CAST(SUM(h.frozen_ml) AS SIGNED) frozen_ml, \
       CAST(SUM(h.weight_g) AS SIGNED) weight_g FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN demand_history h FORCE INDEX (PRIMARY) ON h.depot = r.depot \
       AND h.timeslot = r.timeslot AND h.delivery_date = r.delivery_date \
     GROUP BY h.zone, h.goods, h.hours_left"
);

#[derive(FromQueryResult)]
struct CameRow {
    zone: String,
    goods: String,
    hours_left: u8,
    waybills: i64,
    dry_ml: i64,
    frozen_ml: i64,
    weight_g: i64,
}

/// What these former days brought to the zones of a depot for a window.
pub(crate) async fn demand_of(
    database: &Database,
    (depot, timeslot): (&str, &str),
    former: &[NaiveDate],
) -> Result<Demand, StoreError> {
    let former: Vec<_> =
        former.iter().map(|date| Former { depot, delivery_date: *date, timeslot }).collect();
    let days: Vec<DaysRow> = database.select(DAYS, &former).await?;
    let days = days.first().map_or(0, |row| row.days);
    let mut demand = Demand::of_days(u32::try_from(days).unwrap_or(0));
    for row in database.select::<CameRow, _>(CAME, &former).await? {
        let came = Came {
            waybills: i32::try_from(row.waybills).unwrap_or(0),
            dry_ml: row.dry_ml,
            frozen_ml: row.frozen_ml,
            weight_g: row.weight_g,
        };
        demand.add(row.zone.into(), goods(&row.goods)?, row.hours_left, came);
    }
    Ok(demand)
}

fn goods(word: &str) -> Result<SkuClass, StoreError> {
    match word {
        "dry" => Ok(SkuClass::Dry),
        "frozen" => Ok(SkuClass::Frozen),
        "mixed" => Ok(SkuClass::Mixed),
        other => Err(StoreError::decode(format!("demand_history: there are no goods {other}"))),
    }
}

const FORGET: &str = concat!(
    "DELETE FROM demand_history WHERE delivery_date < (SELECT r.before_date FROM ",
    rows!(plain!("before_date", "DATE")),
    ") ORDER BY delivery_date LIMIT 1000"
);

#[derive(Serialize)]
struct Before {
    before_date: NaiveDate,
}

/// Deletes up to 1,000 rows of days before this one; gives how many. Call again until it gives none.
pub(crate) async fn forget_demand(
    database: &Database,
    before_date: NaiveDate,
) -> Result<u64, StoreError> {
    database.execute(FORGET, &[Before { before_date }]).await
}
