//! Slot days as adra-assigner keeps them, as far as one zone and its neighbours need them.

use std::collections::{BTreeMap, HashMap};

use ::store::{Database, StoreError, parse_hex};
use chrono::NaiveDate;
use routing::{
    Load, OrderKey, Placement, RouteId, RouteRecord, RouteStatus, SlotDayKey, StopKey,
    TruckTypeCode, ZoneCode,
};
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::unreadable;

/// A zone's part of a stored slot day.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredDay {
    /// All routes that are not closed: their trucks are one pool.
    pub(crate) routes: Vec<RouteRecord>,
    /// What is on the routes of the zones that were asked for.
    pub(crate) placements: Vec<Placement>,
    /// Trucks of the pool that are out of order.
    pub(crate) outages: BTreeMap<TruckTypeCode, u32>,
}

macro_rules! ascii {
    ($name:literal) => {
        concat!(
            $name,
            " VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $name,
            "' ERROR ON ERROR"
        )
    };
}

macro_rules! days {
    ($($more:expr),*) => {
        concat!(
            "JSON_TABLE(?, '$[*]' COLUMNS(k INT UNSIGNED PATH '$.k' ERROR ON ERROR, ",
            ascii!("depot"),
            ", delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, ",
            ascii!("timeslot"),
            $(", ", $more,)*
            ")) r"
        )
    };
}

macro_rules! of_day {
    ($table:literal) => {
        concat!(
            $table,
            ".depot = r.depot AND ",
            $table,
            ".delivery_date = r.delivery_date AND ",
            $table,
            ".timeslot = r.timeslot"
        )
    };
}

#[derive(Serialize)]
struct Day<'a> {
    k: usize,
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
}

impl<'a> Day<'a> {
    fn of((k, key): (usize, &'a SlotDayKey)) -> Self {
        Self {
            k,
            depot: key.depot.as_str(),
            delivery_date: key.date,
            timeslot: key.timeslot.as_str(),
        }
    }
}

const VERSIONS: &str = concat!(
    "SELECT r.k, s.version FROM ",
    days!(),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON ",
    of_day!("s")
);

#[derive(FromQueryResult)]
struct VersionRow {
    k: u32,
    version: u64,
}

/// The version of each slot day; 0 for one that nobody has touched yet.
pub(crate) async fn versions(
    database: &Database,
    keys: &[SlotDayKey],
) -> Result<Vec<u64>, StoreError> {
    let days: Vec<Day<'_>> = keys.iter().enumerate().map(Day::of).collect();
    let rows: Vec<VersionRow> = database.select(VERSIONS, &days).await?;
    let found: HashMap<u32, u64> = rows.into_iter().map(|row| (row.k, row.version)).collect();
    Ok((0..).zip(keys).map(|(k, _)| found.get(&k).copied().unwrap_or(0)).collect())
}

/// What is stored of the slot days, each for its zones. The rows may be newer than a version that was
/// read before, never older.
pub(crate) async fn stored_days(
    database: &Database,
    wanted: &[(SlotDayKey, Vec<ZoneCode>)],
) -> Result<Vec<StoredDay>, StoreError> {
    let mut stored = vec![StoredDay::default(); wanted.len()];
    if wanted.is_empty() {
        return Ok(stored);
    }
    let keys = || wanted.iter().map(|(key, _)| key).enumerate();
    let days: Vec<Day<'_>> = keys().map(Day::of).collect();
    for row in database.select::<RouteRow, _>(ROUTES, &days).await? {
        let (k, route) = row.read()?;
        of(&mut stored, k, |day| day.routes.push(route));
    }
    let zones: Vec<ZoneOfDay<'_>> = wanted.iter().enumerate().flat_map(ZoneOfDay::all).collect();
    for row in database.select::<PlaceRow, _>(PLACES, &zones).await? {
        let (k, placement) = row.read()?;
        of(&mut stored, k, |day| day.placements.push(placement));
    }
    for row in database.select::<OutageRow, _>(OUTAGES, &days).await? {
        of(&mut stored, row.k, |day| day.outages.insert(row.truck_type.into(), row.trucks));
    }
    Ok(stored)
}

const ROUTES: &str = concat!(
    "SELECT r.k, HEX(t.id) id, t.route_ref, t.template, t.truck_type, t.status, t.version FROM ",
    days!(),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON ",
    of_day!("t"),
    " WHERE t.status <> 'CLOSED' ORDER BY t.id"
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
            other => return Err(unreadable("route.status", other)),
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

#[derive(Serialize)]
struct ZoneOfDay<'a> {
    #[serde(flatten)]
    day: Day<'a>,
    zone: &'a str,
}

impl<'a> ZoneOfDay<'a> {
    fn all((k, (key, zones)): (usize, &'a (SlotDayKey, Vec<ZoneCode>))) -> Vec<Self> {
        zones.iter().map(|zone| Self { day: Day::of((k, key)), zone: zone.as_str() }).collect()
    }
}

const PLACES: &str = concat!(
    "SELECT r.k, HEX(a.route_id) route_id, a.order_key, HEX(a.stop_key) stop_key, a.dry_ml, a.frozen_ml, \
       a.weight_g FROM ",
    days!(ascii!("zone")),
    " STRAIGHT_JOIN route t FORCE INDEX (route_slot) ON ",
    of_day!("t"),
    " AND t.zone = r.zone STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = t.id \
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
            // whose order it is matters to nobody here: a basket is no order yet
            order: OrderKey::derive("", &self.order_key),
            stop: StopKey(parse_hex(&self.stop_key)?),
            load: Load::of_waybill(self.dry_ml, self.frozen_ml, self.weight_g),
        };
        Ok((self.k, placement))
    }
}

const OUTAGES: &str = concat!(
    "SELECT r.k, o.truck_type, o.trucks FROM ",
    days!(),
    " STRAIGHT_JOIN truck_outage o FORCE INDEX (PRIMARY) ON ",
    of_day!("o")
);

#[derive(FromQueryResult)]
struct OutageRow {
    k: u32,
    truck_type: String,
    trucks: u32,
}

/// Does something to the k-th day.
fn of<R>(stored: &mut [StoredDay], k: u32, change: impl FnOnce(&mut StoredDay) -> R) {
    if let Some(day) = usize::try_from(k).ok().and_then(|k| stored.get_mut(k)) {
        change(day);
    }
}
