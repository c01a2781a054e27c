//! Where doors lie, and the driving times between them. Never here: what is driven when none was loaded.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError};

use super::columns::{ascii, rows};
use crate::assignment::Assignment;
use crate::travel::{Door, Map, Place, Point, Spot, Travel};

const ANY: &str = "SELECT COUNT(*) n FROM (SELECT t.minutes FROM travel_time t LIMIT 1) one";

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

/// Whether driving times were ever loaded.
pub(super) async fn has_travel(database: &Database) -> Result<bool, StoreError> {
    let rows: Vec<Count> = database.select(ANY, &NONE).await?;
    Ok(rows.iter().any(|row| row.n > 0))
}

const BETWEEN: &str = concat!(
    "SELECT t.from_kind, t.from_code, t.to_kind, t.to_code, t.minutes FROM ",
    rows!(
        ascii!("from_kind", 8),
        ascii!("from_code", 32),
        ascii!("to_kind", 8),
        ascii!("to_code", 32)
    ),
    " STRAIGHT_JOIN travel_time t FORCE INDEX (PRIMARY) ON t.from_kind = r.from_kind AND t.from_code = r.from_code \
       AND t.to_kind = r.to_kind AND t.to_code = r.to_code"
);

#[derive(Serialize)]
struct Pair<'a> {
    from_kind: &'static str,
    from_code: &'a str,
    to_kind: &'static str,
    to_code: &'a str,
}

#[derive(FromQueryResult)]
struct DriveRow {
    from_kind: String,
    from_code: String,
    to_kind: String,
    to_code: String,
    minutes: u32,
}

/// The driving times that a round may need: between all places, and between what they count as where nothing is
/// known of them.
pub(super) async fn travel_of(database: &Database, map: &Map) -> Result<Travel, StoreError> {
    let doors = map.doors.iter().map(|door| &door.spot);
    read(database, &[std::iter::once(&map.depot).chain(doors).collect()]).await
}

/// The doors of a slot day's waybills, and the driving times that its routes may need: between the depot and the
/// places of one zone, and beyond it between what they count as.
pub(crate) async fn map_of(
    database: &Database,
    depot: &str,
    waybills: &[Assignment],
) -> Result<Map, StoreError> {
    let places = waybills.iter().map(district);
    let places: BTreeSet<Place> = places.chain([Place::Depot(depot.to_owned())]).collect();
    let points = points(database, &places).await?;
    let spot = |place: Place, zone| Spot { at: points.get(&place).copied(), place, zone };
    let doors = waybills.iter().map(|waybill| {
        let zone = waybill.zone.as_ref().map(|zone| Place::Zone(zone.as_str().to_owned()));
        Door { stop: waybill.stop, spot: spot(district(waybill), zone) }
    });
    let (depot, doors) = (spot(Place::Depot(depot.to_owned()), None), doors.collect());
    let mut map = Map { depot, doors, travel: Travel::default() };
    if has_travel(database).await? {
        let mut zones: BTreeMap<Option<&Place>, Vec<&Spot>> = BTreeMap::new();
        for Door { spot, .. } in &map.doors {
            zones.entry(spot.zone.as_ref()).or_insert_with(|| vec![&map.depot]).push(spot);
        }
        let zones: Vec<Vec<&Spot>> = zones.into_values().collect();
        map.travel = read(database, &zones).await?;
    }
    Ok(map)
}

fn district(waybill: &Assignment) -> Place {
    Place::District(waybill.district.as_str().to_owned())
}

const POINTS: &str = concat!(
    "SELECT c.kind, c.code, c.lat_e6, c.lon_e6 FROM ",
    rows!(ascii!("kind", 8), ascii!("code", 32)),
    " STRAIGHT_JOIN coordinates c FORCE INDEX (PRIMARY) ON c.kind = r.kind AND c.code = r.code"
);

#[derive(Serialize)]
struct Named<'a> {
    kind: &'static str,
    code: &'a str,
}

#[derive(FromQueryResult)]
struct PointRow {
    kind: String,
    code: String,
    lat_e6: i32,
    lon_e6: i32,
}

async fn points(
    database: &Database,
    places: &BTreeSet<Place>,
) -> Result<BTreeMap<Place, Point>, StoreError> {
    let named = places.iter().map(|place| {
        let (kind, code) = words(place);
        Named { kind, code }
    });
    let rows: Vec<PointRow> = database.select(POINTS, &named.collect::<Vec<_>>()).await?;
    let points = rows.into_iter().map(|row| {
        Ok((place(&row.kind, row.code)?, Point { lat_e6: row.lat_e6, lon_e6: row.lon_e6 }))
    });
    points.collect()
}

/// Where something lies, if somebody said so.
pub(super) fn point(lat_e6: Option<i32>, lon_e6: Option<i32>) -> Option<Point> {
    let (lat_e6, lon_e6) = lat_e6.zip(lon_e6)?;
    Some(Point { lat_e6, lon_e6 })
}

/// Between the spots of each group, and between what all of them count as.
async fn read(database: &Database, groups: &[Vec<&Spot>]) -> Result<Travel, StoreError> {
    let pairs = pairs(groups);
    let rows: Vec<DriveRow> = database.select(BETWEEN, &pairs).await?;
    let drives = rows.into_iter().map(|row| {
        let ends = (place(&row.from_kind, row.from_code)?, place(&row.to_kind, row.to_code)?);
        Ok((ends, row.minutes))
    });
    Ok(Travel(drives.collect::<Result<BTreeMap<_, _>, StoreError>>()?))
}

fn pairs<'a>(groups: &[Vec<&'a Spot>]) -> Vec<Pair<'a>> {
    let mut all: BTreeSet<(&Place, &Place)> = BTreeSet::new();
    for spots in groups {
        all.extend(ways(spots, |spot| &spot.place));
    }
    all.extend(ways(&groups.concat(), Spot::coarse));
    let pairs = all.into_iter().map(|(from, to)| {
        let ((from_kind, from_code), (to_kind, to_code)) = (words(from), words(to));
        Pair { from_kind, from_code, to_kind, to_code }
    });
    pairs.collect()
}

/// From each to each of what the spots count as.
fn ways<'a>(
    spots: &[&'a Spot],
    counts_as: fn(&Spot) -> &Place,
) -> BTreeSet<(&'a Place, &'a Place)> {
    let places: BTreeSet<&Place> = spots.iter().map(|spot| counts_as(spot)).collect();
    places.iter().flat_map(|from| places.iter().map(move |to| (*from, *to))).collect()
}

fn words(place: &Place) -> (&'static str, &str) {
    match place {
        Place::Depot(code) => ("DEPOT", code.as_str()),
        Place::District(code) => ("DISTRICT", code.as_str()),
        Place::Zone(code) => ("ZONE", code.as_str()),
    }
}

fn place(kind: &str, code: String) -> Result<Place, StoreError> {
    match kind {
        "DEPOT" => Ok(Place::Depot(code)),
        "DISTRICT" => Ok(Place::District(code)),
        "ZONE" => Ok(Place::Zone(code)),
        other => Err(StoreError::decode(format!("travel_time: there is no kind of place {other}"))),
    }
}
