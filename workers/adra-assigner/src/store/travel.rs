//! Driving times between the places of a round. Never here: what is driven when none was loaded.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError};

use super::columns::{ascii, rows};
use crate::sequence::Round;
use crate::travel::{Place, Spot, Travel};

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

/// The driving times that a round may need: between its places, and between what they count as where nothing
/// is known of them.
pub(super) async fn travel_of(database: &Database, round: &Round) -> Result<Travel, StoreError> {
    let pairs = pairs(round);
    let rows: Vec<DriveRow> = database.select(BETWEEN, &pairs).await?;
    let drives = rows.into_iter().map(|row| {
        let ends = (place(&row.from_kind, row.from_code)?, place(&row.to_kind, row.to_code)?);
        Ok((ends, row.minutes))
    });
    Ok(Travel(drives.collect::<Result<BTreeMap<_, _>, StoreError>>()?))
}

fn pairs(round: &Round) -> Vec<Pair<'_>> {
    let mut all = ways(round, |spot| &spot.place);
    all.extend(ways(round, Spot::coarse));
    let pairs = all.into_iter().map(|(from, to)| {
        let ((from_kind, from_code), (to_kind, to_code)) = (words(from), words(to));
        Pair { from_kind, from_code, to_kind, to_code }
    });
    pairs.collect()
}

/// From each to each of what the spots of a round count as.
fn ways(round: &Round, counts_as: fn(&Spot) -> &Place) -> BTreeSet<(&Place, &Place)> {
    let spots = std::iter::once(&round.depot).chain(round.doors.iter().map(|door| &door.spot));
    let places: BTreeSet<&Place> = spots.map(counts_as).collect();
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
