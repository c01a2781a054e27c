//! Stops of routes that are being picked, and their order. Never here: the order itself.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use routing::{RouteId, StopKey};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError, hex, parse_hex};

use super::columns::{id, number, plain, rows};
use super::travel::{has_travel, point, travel_of};
use crate::sequence::Round;
use crate::travel::{Door, Map, Place, Spot, Travel};

/// A route whose stops want an order.
#[derive(Debug, Clone)]
pub(crate) struct UnorderedRoute {
    pub(crate) id: RouteId,
    pub(crate) version: u64,
    pub(crate) round: Round,
    /// It is on the road in an order that it had before: that stays.
    pub(crate) keeps_order: bool,
}

const ROUTES: &str = "SELECT HEX(t.id) id, t.version, t.status, t.depot, c.lat_e6, c.lon_e6, s.start_time, s.end_time \
     FROM route t FORCE INDEX (route_to_sequence) \
     LEFT JOIN coordinates c ON c.kind = 'DEPOT' AND c.code = t.depot \
     LEFT JOIN timeslot s ON s.timeslot = t.timeslot \
     WHERE t.to_sequence = 1 ORDER BY t.id LIMIT 50";

#[derive(FromQueryResult)]
struct RouteRow {
    id: String,
    version: u64,
    status: String,
    depot: String,
    lat_e6: Option<i32>,
    lon_e6: Option<i32>,
    start_time: Option<String>,
    end_time: Option<String>,
}

const DOORS: &str = concat!(
    "SELECT HEX(s.route_id) route_id, HEX(s.stop_key) stop_key, s.seq, MIN(a.district) district, MIN(a.zone) zone, \
       MIN(c.lat_e6) lat_e6, MIN(c.lon_e6) lon_e6 FROM ",
    rows!(id!("id")),
    " STRAIGHT_JOIN route_stop s FORCE INDEX (PRIMARY) ON s.route_id = UNHEX(r.id) \
     LEFT JOIN assignment a ON a.route_id = s.route_id AND a.stop_key = s.stop_key \
     LEFT JOIN coordinates c ON c.kind = 'DISTRICT' AND c.code = a.district \
     GROUP BY s.route_id, s.stop_key, s.seq"
);

#[derive(FromQueryResult)]
struct DoorRow {
    route_id: String,
    stop_key: String,
    seq: Option<u32>,
    district: Option<String>,
    zone: Option<String>,
    lat_e6: Option<i32>,
    lon_e6: Option<i32>,
}

#[derive(Serialize)]
struct Id {
    id: String,
}

/// Up to 50 routes that are being picked, or have left, and whose stops want an order.
pub(crate) async fn unordered_routes(
    database: &Database,
) -> Result<Vec<UnorderedRoute>, StoreError> {
    let routes: Vec<RouteRow> = database.select(ROUTES, &NONE).await?;
    if routes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = routes.iter().map(|route| Id { id: route.id.clone() }).collect();
    let mut doors: BTreeMap<String, Vec<DoorRow>> = BTreeMap::new();
    for door in database.select::<DoorRow, _>(DOORS, &ids).await? {
        doors.entry(door.route_id.clone()).or_default().push(door);
    }
    let read = routes.into_iter().map(|route| {
        let doors = doors.remove(&route.id).unwrap_or_default();
        route.read(doors)
    });
    let mut routes = read.collect::<Result<Vec<_>, StoreError>>()?;
    if has_travel(database).await? {
        for route in routes.iter_mut().filter(|route| !route.keeps_order) {
            let map = &mut route.round.map;
            map.travel = travel_of(database, map).await?;
        }
    }
    Ok(routes)
}

impl RouteRow {
    fn read(self, doors: Vec<DoorRow>) -> Result<UnorderedRoute, StoreError> {
        let has_order = doors.iter().all(|door| door.seq.is_some());
        let keeps_order = has_order && self.status == "DISPATCHED";
        let window_minutes = self.window_minutes();
        let doors = doors.into_iter().map(DoorRow::read).collect::<Result<Vec<_>, StoreError>>()?;
        let at = point(self.lat_e6, self.lon_e6);
        let depot = Spot { place: Place::Depot(self.depot), zone: None, at };
        let map = Map { depot, doors, travel: Travel::default() };
        let round = Round { window_minutes, map };
        let id = RouteId(parse_hex(&self.id)?);
        Ok(UnorderedRoute { id, version: self.version, round, keeps_order })
    }

    /// A window that cannot be read holds nobody back.
    fn window_minutes(&self) -> u32 {
        let time =
            |text: &Option<String>| NaiveTime::parse_from_str(text.as_deref()?, "%H:%M").ok();
        let window = time(&self.start_time).zip(time(&self.end_time));
        let minutes = window.map(|(start, end)| (end - start).num_minutes());
        minutes.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(24 * 60)
    }
}

impl DoorRow {
    fn read(self) -> Result<Door, StoreError> {
        let spot = Spot {
            place: Place::District(self.district.unwrap_or_default()),
            zone: self.zone.map(Place::Zone),
            at: point(self.lat_e6, self.lon_e6),
        };
        Ok(Door { stop: StopKey(parse_hex(&self.stop_key)?), spot })
    }
}

#[derive(Serialize)]
struct Expected {
    id: String,
    version: u64,
}

// First, so that nobody changes the route until its stops are written.
const ORDERED: &str = concat!(
    "UPDATE ",
    rows!(id!("id"), number!("version")),
    " STRAIGHT_JOIN route t FORCE INDEX (PRIMARY) ON t.id = UNHEX(r.id) \
     SET t.to_sequence = 0 WHERE t.version = r.version"
);

const STOPS: &str = concat!(
    "UPDATE ",
    rows!(id!("id"), id!("stop_key"), plain!("seq", "INT UNSIGNED")),
    " STRAIGHT_JOIN route_stop s FORCE INDEX (PRIMARY) ON s.route_id = UNHEX(r.id) \
       AND s.stop_key = UNHEX(r.stop_key) SET s.seq = r.seq"
);

#[derive(Serialize)]
struct Ordered {
    id: String,
    stop_key: String,
    seq: u32,
}

/// Stores the order of a route's stops if the route is still at this version; false when it is not. Without
/// stops the order that they have stays.
pub(crate) async fn save_order(
    database: &Database,
    route: RouteId,
    version: u64,
    stops: &[StopKey],
) -> Result<bool, StoreError> {
    let tx = database.begin().await?;
    let expected = Expected { id: hex(route.0), version };
    if tx.execute(ORDERED, &[expected]).await? == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    let rows: Vec<Ordered> = stops
        .iter()
        .zip(1..)
        .map(|(stop, seq)| Ordered { id: hex(route.0), stop_key: hex(stop.0), seq })
        .collect();
    if !rows.is_empty() {
        tx.execute(STOPS, &rows).await?;
    }
    tx.commit().await?;
    Ok(true)
}
