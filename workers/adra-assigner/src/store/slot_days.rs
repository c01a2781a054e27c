//! Slot days: the row that serialises every decision in one, and everything else that is stored about it.

use std::collections::BTreeMap;

use routing::{
    Load, Network, Placement, RouteId, RouteRecord, RouteStatus, SlotDayKey, StopKey,
    TruckTypeCode, ZoneCode,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, parse_hex};

use super::columns::{ascii, plain, rows, rows_to_lock, slot_day};
use super::rows::Day;
use crate::assignment::order_key;
use crate::state::{Bucket, StoredDay};

const LOCK: &str = concat!(
    "SELECT r.k, s.version, s.routes_opened FROM ",
    rows_to_lock!(plain!("k", "INT UNSIGNED"), slot_day!()),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot FOR UPDATE"
);

const MAKE: &str = concat!(
    "INSERT INTO slot_day (depot, delivery_date, timeslot, version, routes_opened) \
     SELECT r.depot, r.delivery_date, r.timeslot, 0, 0 FROM ",
    rows!(slot_day!()),
    " ON DUPLICATE KEY UPDATE version = slot_day.version"
);

#[derive(FromQueryResult)]
struct SlotDayRow {
    k: u32,
    version: u64,
    routes_opened: u32,
}

/// Locks slot days in the order given (that of their keys), making those that nobody has touched yet. Gives
/// version and number of routes opened.
pub(crate) async fn lock_slot_days(
    tx: &Tx,
    keys: &[SlotDayKey],
) -> Result<BTreeMap<SlotDayKey, (u64, u32)>, StoreError> {
    let days = days(keys);
    let mut rows: Vec<SlotDayRow> = tx.select(LOCK, &days).await?;
    if rows.len() < keys.len() {
        tx.execute(MAKE, &days).await?;
        rows = tx.select(LOCK, &days).await?;
    }
    let read = rows
        .into_iter()
        .filter_map(|row| Some((at(keys, row.k)?.clone(), (row.version, row.routes_opened))));
    Ok(read.collect())
}

/// Reads locked slot days from the tables: routes that are not closed with their places, quota buckets and
/// truck uses. Buckets and truck uses that the network has and the tables do not are made, empty.
pub(crate) async fn stored_days(
    tx: &Tx,
    network: &Network,
    keys: &[SlotDayKey],
) -> Result<Vec<StoredDay>, StoreError> {
    let mut stored = vec![StoredDay::default(); keys.len()];
    if keys.is_empty() {
        return Ok(stored);
    }
    let days = days(keys);
    for row in tx.select::<RouteRow, _>(ROUTES, &days).await? {
        let (k, route) = row.read()?;
        of(&mut stored, k, |day| day.routes.push(route));
    }
    for row in tx.select::<PlaceRow, _>(PLACES, &days).await? {
        let (k, placement) = row.read()?;
        of(&mut stored, k, |day| day.placements.push(placement));
    }
    read_buckets(tx, network, keys, &mut stored).await?;
    read_trucks(tx, network, keys, &mut stored).await?;
    for row in tx.select::<OutageRow, _>(OUTAGES, &days).await? {
        of(&mut stored, row.k, |day| day.outages.insert(row.truck_type.into(), row.trucks));
    }
    Ok(stored)
}

const ROUTES: &str = concat!(
    "SELECT r.k, HEX(t.id) id, t.route_ref, t.template, t.truck_type, t.status, t.version FROM ",
    rows!(plain!("k", "INT UNSIGNED"), slot_day!()),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON t.depot = r.depot \
       AND t.delivery_date = r.delivery_date AND t.timeslot = r.timeslot \
     WHERE t.status <> 'CLOSED' ORDER BY t.id"
);

#[derive(FromQueryResult)]
struct RouteRow {
    k: u32,
    id: String,
    route_ref: String,
    template: String,
    truck_type: String,
    status: String,
    version: u64,
}

impl RouteRow {
    fn read(self) -> Result<(u32, RouteRecord), StoreError> {
        let status = match self.status.as_str() {
            "PLANNED" | "OPEN" => RouteStatus::Open,
            "LOCKED" => RouteStatus::Locked,
            "DISPATCHED" => RouteStatus::Dispatched,
            other => {
                return Err(StoreError::decode(format!(
                    "route {}: status {other:?}",
                    self.route_ref
                )));
            }
        };
        let record = RouteRecord {
            id: RouteId(parse_hex(&self.id)?),
            reference: self.route_ref.into(),
            template: self.template.into(),
            truck_type: self.truck_type.into(),
            status,
            version: self.version,
        };
        Ok((self.k, record))
    }
}

const PLACES: &str = concat!(
    "SELECT r.k, HEX(a.route_id) route_id, a.order_key, HEX(a.stop_key) stop_key, a.dry_ml, a.frozen_ml, \
       a.weight_g FROM ",
    rows!(plain!("k", "INT UNSIGNED"), slot_day!()),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON t.depot = r.depot \
       AND t.delivery_date = r.delivery_date AND t.timeslot = r.timeslot \
     STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = t.id \
     WHERE t.status <> 'CLOSED'"
);

#[derive(FromQueryResult)]
struct PlaceRow {
    k: u32,
    route_id: String,
    order_key: String,
    stop_key: String,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
}

impl PlaceRow {
    fn read(self) -> Result<(u32, Placement), StoreError> {
        let placement = Placement {
            route: RouteId(parse_hex(&self.route_id)?),
            order: order_key(&self.order_key),
            stop: StopKey(parse_hex(&self.stop_key)?),
            load: Load::of_waybill(self.dry_ml, self.frozen_ml, self.weight_g),
        };
        Ok((self.k, placement))
    }
}

#[derive(Serialize)]
struct ZoneOfDay<'a> {
    k: usize,
    zone: &'a str,
    delivery_date: chrono::NaiveDate,
    timeslot: &'a str,
}

const BUCKETS: &str = concat!(
    "SELECT r.k, b.zone, b.version, b.waybills, b.dry_ml, b.frozen_ml, b.weight_g FROM ",
    rows!(
        plain!("k", "INT UNSIGNED"),
        ascii!("zone", 32),
        plain!("delivery_date", "DATE"),
        ascii!("timeslot", 32)
    ),
    " STRAIGHT_JOIN quota_bucket b FORCE INDEX (PRIMARY) ON b.zone = r.zone \
       AND b.delivery_date = r.delivery_date AND b.timeslot = r.timeslot"
);

const MAKE_BUCKETS: &str = concat!(
    "INSERT INTO quota_bucket (zone, delivery_date, timeslot, version, waybills, dry_ml, frozen_ml, weight_g) \
     SELECT r.zone, r.delivery_date, r.timeslot, 0, 0, 0, 0, 0 FROM ",
    rows!(ascii!("zone", 32), plain!("delivery_date", "DATE"), ascii!("timeslot", 32))
);

#[derive(FromQueryResult)]
struct BucketRow {
    k: u32,
    zone: String,
    version: u64,
    waybills: u32,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
}

impl BucketRow {
    fn read(self) -> (u32, Bucket) {
        let Self { k, zone, version, waybills, dry_ml, frozen_ml, weight_g } = self;
        let used = Load { waybills, dry_ml, frozen_ml, weight_g };
        (k, Bucket { zone: zone.into(), version, used })
    }
}

async fn read_buckets(
    tx: &Tx,
    network: &Network,
    keys: &[SlotDayKey],
    stored: &mut [StoredDay],
) -> Result<(), StoreError> {
    let mut zones: BTreeMap<(usize, &ZoneCode), ZoneOfDay<'_>> = BTreeMap::new();
    for (k, key) in keys.iter().enumerate() {
        for zone in network.zones_of(&key.depot) {
            let (delivery_date, timeslot) = (key.date, key.timeslot.as_str());
            let row = ZoneOfDay { k, zone: zone.code.as_str(), delivery_date, timeslot };
            zones.insert((k, &zone.code), row);
        }
    }
    let wanted: Vec<_> = zones.values().collect();
    let found: Vec<BucketRow> = tx.select(BUCKETS, &wanted).await?;
    for (k, bucket) in found.into_iter().map(BucketRow::read) {
        zones.retain(|(of, zone), _| k_of(*of) != Some(k) || **zone != bucket.zone);
        of(stored, k, |day| day.buckets.push(bucket));
    }
    for (k, zone) in zones.keys() {
        let bucket = Bucket { zone: (*zone).clone(), version: 0, used: Load::ZERO };
        if let Some(day) = stored.get_mut(*k) {
            day.buckets.push(bucket);
        }
    }
    let missing: Vec<_> = zones.into_values().collect();
    if !missing.is_empty() {
        tx.execute(MAKE_BUCKETS, &missing).await?;
    }
    Ok(())
}

#[derive(Serialize)]
struct TypeOfDay<'a> {
    #[serde(flatten)]
    day: Day<'a>,
    truck_type: &'a str,
}

const TRUCKS: &str = concat!(
    "SELECT r.k, u.truck_type, u.used FROM ",
    rows!(plain!("k", "INT UNSIGNED"), slot_day!()),
    " STRAIGHT_JOIN truck_use u FORCE INDEX (PRIMARY) ON u.depot = r.depot \
       AND u.delivery_date = r.delivery_date AND u.timeslot = r.timeslot"
);

const OUTAGES: &str = concat!(
    "SELECT r.k, o.truck_type, o.trucks FROM ",
    rows!(plain!("k", "INT UNSIGNED"), slot_day!()),
    " STRAIGHT_JOIN truck_outage o FORCE INDEX (PRIMARY) ON o.depot = r.depot \
       AND o.delivery_date = r.delivery_date AND o.timeslot = r.timeslot"
);

#[derive(FromQueryResult)]
struct OutageRow {
    k: u32,
    truck_type: String,
    trucks: u32,
}

const MAKE_TRUCKS: &str = concat!(
    "INSERT INTO truck_use (depot, delivery_date, timeslot, truck_type, used) \
     SELECT r.depot, r.delivery_date, r.timeslot, r.truck_type, 0 FROM ",
    rows!(slot_day!(), ascii!("truck_type", 32))
);

#[derive(FromQueryResult)]
struct TruckRow {
    k: u32,
    truck_type: String,
    used: u32,
}

async fn read_trucks(
    tx: &Tx,
    network: &Network,
    keys: &[SlotDayKey],
    stored: &mut [StoredDay],
) -> Result<(), StoreError> {
    for row in tx.select::<TruckRow, _>(TRUCKS, &days(keys)).await? {
        of(stored, row.k, |day| day.trucks.insert(row.truck_type.into(), row.used));
    }
    let mut missing = Vec::new();
    for ((k, key), day) in keys.iter().enumerate().zip(stored.iter_mut()) {
        let pool = network.pool(&key.depot, &key.timeslot).map(|(truck_type, _)| truck_type);
        let unused: Vec<&TruckTypeCode> =
            pool.filter(|truck_type| !day.trucks.contains_key(*truck_type)).collect();
        day.trucks.extend(unused.iter().map(|truck_type| ((*truck_type).clone(), 0)));
        let rows = unused.into_iter();
        missing.extend(
            rows.map(|truck_type| TypeOfDay {
                day: Day::of(k, key),
                truck_type: truck_type.as_str(),
            }),
        );
    }
    if !missing.is_empty() {
        tx.execute(MAKE_TRUCKS, &missing).await?;
    }
    Ok(())
}

fn days(keys: &[SlotDayKey]) -> Vec<Day<'_>> {
    keys.iter().enumerate().map(|(k, key)| Day::of(k, key)).collect()
}

fn at<T>(list: &[T], k: u32) -> Option<&T> {
    list.get(usize::try_from(k).ok()?)
}

fn k_of(index: usize) -> Option<u32> {
    u32::try_from(index).ok()
}

/// Does something to the k-th day.
fn of<R>(stored: &mut [StoredDay], k: u32, change: impl FnOnce(&mut StoredDay) -> R) {
    if let Some(day) = usize::try_from(k).ok().and_then(|k| stored.get_mut(k)) {
        change(day);
    }
}
