//! The books of a slot day, read under its lock and mended. Never here: what is wrong with them.

use chrono::NaiveDate;
use contracts::{Recalculate, Timestamp};
use routing::{RouteId, SlotDayKey, ZoneCode};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, StoreError, Tx, hex, parse_hex};

use super::columns::{ascii, load, number, plain, rows, slot_day};
use super::save::LEDGER;
use super::slot_days::lock_slot_days;
use crate::recalculate::{Amounts, BookedBucket, Books, Correction, Held, Mending};

#[derive(Serialize)]
struct Asked<'a> {
    zone: Option<&'a str>,
    delivery_date: Option<NaiveDate>,
    timeslot: Option<&'a str>,
}

const TO_COMPARE: &str = concat!(
    "SELECT s.depot, s.delivery_date, s.timeslot FROM ",
    rows!(ascii!("zone", 32), plain!("delivery_date", "DATE"), ascii!("timeslot", 32)),
    " STRAIGHT_JOIN slot_day s ON (r.delivery_date IS NULL OR s.delivery_date = r.delivery_date) \
       AND (r.timeslot IS NULL OR s.timeslot = r.timeslot) \
     WHERE r.zone IS NULL OR s.depot IN (SELECT z.depot FROM zone z WHERE z.zone = r.zone) \
     ORDER BY s.depot, s.delivery_date, s.timeslot"
);

#[derive(FromQueryResult)]
struct KeyRow {
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
}

/// The slot days whose books are to be compared.
pub(crate) async fn slot_days_to_compare(
    database: &Database,
    asked: &Recalculate,
) -> Result<Vec<SlotDayKey>, StoreError> {
    let asked = Asked {
        zone: asked.zone.as_ref().map(|zone| zone.as_str()),
        delivery_date: asked.delivery_date,
        timeslot: asked.timeslot.as_ref().map(|timeslot| timeslot.as_str()),
    };
    let rows: Vec<KeyRow> = database.select(TO_COMPARE, &[asked]).await?;
    let key = |KeyRow { depot, delivery_date, timeslot }: KeyRow| SlotDayKey {
        depot: depot.into(),
        date: delivery_date,
        timeslot: timeslot.into(),
    };
    Ok(rows.into_iter().map(key).collect())
}

#[derive(Serialize)]
struct Day<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
}

impl<'a> Day<'a> {
    fn of(key: &'a SlotDayKey) -> Self {
        let SlotDayKey { depot, date, timeslot } = key;
        Self { depot: depot.as_str(), delivery_date: *date, timeslot: timeslot.as_str() }
    }
}

const ENTERED: &str = concat!(
    "SELECT l.zone, l.waybill_no, HEX(l.route_id) route_id, MAX(l.version) last, \
       CAST(SUM(l.waybills) AS SIGNED) waybills, CAST(SUM(l.dry_ml) AS SIGNED) dry_ml, \
       CAST(SUM(l.frozen_ml) AS SIGNED) frozen_ml, CAST(SUM(l.weight_g) AS SIGNED) weight_g FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN zone z ON z.depot = r.depot \
     STRAIGHT_JOIN quota_ledger l FORCE INDEX (PRIMARY) ON l.zone = z.zone \
       AND l.delivery_date = r.delivery_date AND l.timeslot = r.timeslot \
     GROUP BY l.zone, l.waybill_no, l.route_id"
);

const PLACED: &str = concat!(
    "SELECT t.zone, a.waybill_no, HEX(t.id) route_id, CAST(0 AS UNSIGNED) last, \
       CAST(1 AS SIGNED) waybills, CAST(a.dry_ml AS SIGNED) dry_ml, \
       CAST(a.frozen_ml AS SIGNED) frozen_ml, CAST(a.weight_g AS SIGNED) weight_g FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON t.depot = r.depot \
       AND t.delivery_date = r.delivery_date AND t.timeslot = r.timeslot \
     STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = t.id"
);

#[derive(FromQueryResult)]
struct HeldRow {
    zone: String,
    waybill_no: String,
    route_id: String,
    last: u64,
    waybills: i64,
    dry_ml: i64,
    frozen_ml: i64,
    weight_g: i64,
}

impl HeldRow {
    fn read(self) -> Result<(Held, u64, Amounts), StoreError> {
        let route = RouteId(parse_hex(&self.route_id)?);
        let held = Held { zone: self.zone.into(), waybill_no: self.waybill_no, route };
        Ok((held, self.last, [self.waybills, self.dry_ml, self.frozen_ml, self.weight_g]))
    }
}

const BUCKETS: &str = concat!(
    "SELECT b.zone, b.version, CAST(b.waybills AS SIGNED) waybills, CAST(b.dry_ml AS SIGNED) dry_ml, \
       CAST(b.frozen_ml AS SIGNED) frozen_ml, CAST(b.weight_g AS SIGNED) weight_g FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN zone z ON z.depot = r.depot \
     STRAIGHT_JOIN quota_bucket b FORCE INDEX (PRIMARY) ON b.zone = z.zone \
       AND b.delivery_date = r.delivery_date AND b.timeslot = r.timeslot"
);

#[derive(FromQueryResult)]
struct BucketRow {
    zone: String,
    version: u64,
    waybills: i64,
    dry_ml: i64,
    frozen_ml: i64,
    weight_g: i64,
}

const TRUCKS: &str = concat!(
    "SELECT u.truck_type, u.used trucks FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN truck_use u FORCE INDEX (PRIMARY) ON u.depot = r.depot \
       AND u.delivery_date = r.delivery_date AND u.timeslot = r.timeslot"
);

const ROUTES: &str = concat!(
    "SELECT t.truck_type, CAST(COUNT(*) AS UNSIGNED) trucks FROM ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON t.depot = r.depot \
       AND t.delivery_date = r.delivery_date AND t.timeslot = r.timeslot \
     WHERE t.status <> 'CLOSED' GROUP BY t.truck_type"
);

#[derive(FromQueryResult)]
struct TruckRow {
    truck_type: String,
    trucks: u32,
}

#[derive(FromQueryResult)]
struct CountRow {
    truck_type: String,
    trucks: u64,
}

/// Locks a slot day and reads its books; also its version.
pub(crate) async fn read_books(tx: &Tx, key: &SlotDayKey) -> Result<(u64, Books), StoreError> {
    let locked = lock_slot_days(tx, std::slice::from_ref(key)).await?;
    let version = locked.get(key).map_or(0, |(version, _)| *version);
    let day = [Day::of(key)];
    let mut books = Books::default();
    for row in tx.select::<HeldRow, _>(ENTERED, &day).await? {
        let (held, last, amounts) = row.read()?;
        let known = books.last_entries.entry(held.zone.clone()).or_default();
        *known = last.max(*known);
        books.ledger.insert(held, amounts);
    }
    for row in tx.select::<HeldRow, _>(PLACED, &day).await? {
        let (held, _, amounts) = row.read()?;
        books.places.insert(held, amounts);
    }
    for row in tx.select::<BucketRow, _>(BUCKETS, &day).await? {
        let BucketRow { zone, version, waybills, dry_ml, frozen_ml, weight_g } = row;
        let used = [waybills, dry_ml, frozen_ml, weight_g];
        books.buckets.insert(zone.into(), BookedBucket { version, used });
    }
    let trucks: Vec<TruckRow> = tx.select(TRUCKS, &day).await?;
    books.trucks = trucks.into_iter().map(|row| (row.truck_type.into(), row.trucks)).collect();
    for CountRow { truck_type, trucks } in tx.select(ROUTES, &day).await? {
        books.routes.insert(truck_type.into(), u32::try_from(trucks).unwrap_or(u32::MAX));
    }
    Ok((version, books))
}

#[derive(Serialize)]
struct Entry<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    version: u64,
    waybill_no: &'a str,
    route_id: String,
    waybills: i64,
    dry_ml: i64,
    frozen_ml: i64,
    weight_g: i64,
    at: &'a str,
}

impl<'a> Entry<'a> {
    fn of(key: &'a SlotDayKey, correction: &'a Correction, at: &'a str) -> Self {
        let Correction { held, version, amounts } = correction;
        let [waybills, dry_ml, frozen_ml, weight_g] = *amounts;
        Self {
            zone: held.zone.as_str(),
            delivery_date: key.date,
            timeslot: key.timeslot.as_str(),
            version: *version,
            waybill_no: &held.waybill_no,
            route_id: hex(held.route.0),
            waybills,
            dry_ml,
            frozen_ml,
            weight_g,
            at,
        }
    }
}

const MEND_BUCKETS: &str = concat!(
    "INSERT INTO quota_bucket (zone, delivery_date, timeslot, version, waybills, dry_ml, frozen_ml, weight_g) \
     SELECT r.zone, r.delivery_date, r.timeslot, r.version, r.waybills, r.dry_ml, r.frozen_ml, r.weight_g FROM ",
    rows!(
        ascii!("zone", 32),
        plain!("delivery_date", "DATE"),
        ascii!("timeslot", 32),
        number!("version"),
        load!()
    ),
    " ON DUPLICATE KEY UPDATE version = VALUES(version), waybills = VALUES(waybills), \
       dry_ml = VALUES(dry_ml), frozen_ml = VALUES(frozen_ml), weight_g = VALUES(weight_g)"
);

#[derive(Serialize)]
struct Bucket<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    version: u64,
    waybills: i64,
    dry_ml: i64,
    frozen_ml: i64,
    weight_g: i64,
}

impl<'a> Bucket<'a> {
    fn of(key: &'a SlotDayKey, zone: &'a ZoneCode, bucket: &BookedBucket) -> Self {
        let [waybills, dry_ml, frozen_ml, weight_g] = bucket.used;
        let (delivery_date, timeslot) = (key.date, key.timeslot.as_str());
        let (zone, version) = (zone.as_str(), bucket.version);
        Self { zone, delivery_date, timeslot, version, waybills, dry_ml, frozen_ml, weight_g }
    }
}

const MEND_TRUCKS: &str = concat!(
    "INSERT INTO truck_use (depot, delivery_date, timeslot, truck_type, used) \
     SELECT r.depot, r.delivery_date, r.timeslot, r.truck_type, r.used FROM ",
    rows!(slot_day!(), ascii!("truck_type", 32), plain!("used", "INT UNSIGNED")),
    " ON DUPLICATE KEY UPDATE used = VALUES(used)"
);

#[derive(Serialize)]
struct Trucks<'a> {
    #[serde(flatten)]
    day: Day<'a>,
    truck_type: &'a str,
    used: u32,
}

const NEXT_VERSION: &str = concat!(
    "UPDATE ",
    rows!(slot_day!(), number!("version")),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot SET s.version = r.version"
);

#[derive(Serialize)]
struct Version<'a> {
    #[serde(flatten)]
    day: Day<'a>,
    version: u64,
}

/// Writes what makes the books of a locked slot day agree. Its next version makes every copy in memory
/// useless, in whatever process.
pub(crate) async fn save_mending(
    tx: &Tx,
    key: &SlotDayKey,
    version: u64,
    mending: &Mending,
    now: Timestamp,
) -> Result<(), StoreError> {
    let at = now.to_sql();
    let entries: Vec<_> = mending.corrections.iter().map(|row| Entry::of(key, row, &at)).collect();
    let buckets: Vec<_> =
        mending.buckets.iter().map(|(zone, row)| Bucket::of(key, zone, row)).collect();
    let trucks: Vec<_> = mending
        .trucks
        .iter()
        .map(|(code, used)| Trucks { day: Day::of(key), truck_type: code.as_str(), used: *used })
        .collect();
    if !entries.is_empty() {
        tx.execute(LEDGER, &entries).await?;
    }
    if !buckets.is_empty() {
        tx.execute(MEND_BUCKETS, &buckets).await?;
    }
    if !trucks.is_empty() {
        tx.execute(MEND_TRUCKS, &trucks).await?;
    }
    let next = [Version { day: Day::of(key), version: version.saturating_add(1) }];
    tx.execute(NEXT_VERSION, &next).await?;
    Ok(())
}
