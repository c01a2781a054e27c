//! The rows of the delivery network, table by table.
//!
//! The only file here that knows the database. A row that is there is replaced, none is deleted.
//! Never here: a decision; rows are written as they were sent and checked.

use contracts::{
    Coordinates, NetworkRows, SkuType, Timestamp, TravelEnd, TravelRow, WarehouseRow, ZoneRow,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{NONE, StoreError, Tx};

#[derive(Serialize)]
struct RevisionRow {
    updated_at: String,
}

#[derive(FromQueryResult)]
struct Revision {
    revision: u64,
}

const NEXT_REVISION: &str = "INSERT INTO network_revision (id, revision, updated_at) \
     SELECT 1, 1, r.updated_at FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       updated_at DATETIME(6) PATH '$.updated_at' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE \
       revision = network_revision.revision + 1, updated_at = VALUES(updated_at)";

/// Counts the revision up and gives the new one. Its row stays locked until the transaction ends,
/// so that changes of the network happen one after another, whoever makes them.
pub(crate) async fn next_revision(tx: &Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(NEXT_REVISION, &[RevisionRow { updated_at: now.to_sql() }]).await?;
    let sql = "SELECT revision FROM network_revision WHERE id = 1";
    let rows: Vec<Revision> = tx.select(sql, &NONE).await?;
    let row = rows.first().ok_or_else(|| StoreError::decode("network_revision has no row 1"))?;
    Ok(row.revision)
}

/// Inserts the rows of one table, or replaces those that are there.
pub(crate) async fn upsert(tx: &Tx, rows: &NetworkRows) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let located = located(rows);
    if !located.is_empty() {
        tx.execute(COORDINATES, &located).await?;
    }
    match rows {
        NetworkRows::Depots(rows) => tx.execute(DEPOTS, rows).await,
        NetworkRows::Zones(rows) => tx.execute(ZONES, &zones(rows)).await,
        NetworkRows::Districts(rows) => tx.execute(DISTRICTS, rows).await,
        NetworkRows::Timeslots(rows) => tx.execute(TIMESLOTS, rows).await,
        NetworkRows::TruckTypes(rows) => tx.execute(TRUCK_TYPES, rows).await,
        NetworkRows::UpgradeLadder(rows) => tx.execute(UPGRADE_LADDER, rows).await,
        NetworkRows::TruckPool(rows) => tx.execute(TRUCK_POOL, rows).await,
        NetworkRows::RouteTemplates(rows) => tx.execute(ROUTE_TEMPLATES, rows).await,
        NetworkRows::ZoneQuota(rows) => tx.execute(ZONE_QUOTA, rows).await,
        NetworkRows::Warehouses(rows) => tx.execute(WAREHOUSES, &warehouses(rows)).await,
        NetworkRows::PickFlow(rows) => tx.execute(PICK_FLOW, rows).await,
        NetworkRows::Travel(rows) => tx.execute(TRAVEL, &drives(rows)).await,
    }
    .map(|_matched| ())
}

const COORDINATES: &str = "INSERT INTO coordinates (kind, code, lat_e6, lon_e6) \
     SELECT r.kind, r.code, r.lat_e6, r.lon_e6 FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       lat_e6 INT PATH '$.lat_e6' ERROR ON ERROR, \
       lon_e6 INT PATH '$.lon_e6' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE lat_e6 = VALUES(lat_e6), lon_e6 = VALUES(lon_e6)";

#[derive(Serialize)]
struct Located<'a> {
    kind: &'static str,
    code: &'a str,
    #[serde(flatten)]
    at: Coordinates,
}

/// The rows that say where a place lies. A district has one place whatever zone it belongs to: of several
/// rows the last one counts.
fn located(rows: &NetworkRows) -> Vec<Located<'_>> {
    let of = |kind, code, at: Option<Coordinates>| at.map(|at| Located { kind, code, at });
    match rows {
        NetworkRows::Depots(rows) => {
            rows.iter().filter_map(|row| of("DEPOT", row.depot.as_str(), row.coordinates)).collect()
        }
        NetworkRows::Districts(rows) => rows
            .iter()
            .filter_map(|row| of("DISTRICT", row.district.as_str(), row.coordinates))
            .collect(),
        NetworkRows::Zones(_)
        | NetworkRows::Timeslots(_)
        | NetworkRows::TruckTypes(_)
        | NetworkRows::UpgradeLadder(_)
        | NetworkRows::TruckPool(_)
        | NetworkRows::RouteTemplates(_)
        | NetworkRows::ZoneQuota(_)
        | NetworkRows::Warehouses(_)
        | NetworkRows::PickFlow(_)
        | NetworkRows::Travel(_) => Vec::new(),
    }
}

const DEPOTS: &str = "INSERT INTO depot (depot, name, timezone) \
     SELECT r.depot, r.name, r.timezone FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
       timezone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timezone' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE name = VALUES(name), timezone = VALUES(timezone)";

const ZONES: &str = "INSERT INTO zone (zone, depot, name, neighbours) \
     SELECT r.zone, r.depot, r.name, r.neighbours FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.zone' ERROR ON ERROR, \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
       neighbours TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.neighbours' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE \
       depot = VALUES(depot), name = VALUES(name), neighbours = VALUES(neighbours)";

#[derive(Serialize)]
struct Zone<'a> {
    zone: &'a str,
    depot: &'a str,
    name: &'a str,
    neighbours: String,
}

/// Neighbours are separated by commas, in order of preference.
fn zones(rows: &[ZoneRow]) -> Vec<Zone<'_>> {
    let stored = rows.iter().map(|row| Zone {
        zone: row.zone.as_str(),
        depot: row.depot.as_str(),
        name: &row.name,
        neighbours: row.neighbours.iter().map(|zone| zone.as_str()).collect::<Vec<_>>().join(","),
    });
    stored.collect()
}

// A key column cannot be NULL: the first day there is stands for "since ever".
const DISTRICTS: &str = "INSERT INTO district (district, valid_from, zone) \
     SELECT r.district, COALESCE(r.valid_from, DATE '0001-01-01'), r.zone FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.district' ERROR ON ERROR, \
       valid_from DATE PATH '$.valid_from' ERROR ON ERROR, \
       zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.zone' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE zone = VALUES(zone)";

const TIMESLOTS: &str = "INSERT INTO timeslot (timeslot, start_time, end_time, cutoff) \
     SELECT r.timeslot, r.start_time, r.end_time, r.cutoff FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       start_time VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.start' ERROR ON ERROR, \
       end_time VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.end' ERROR ON ERROR, \
       cutoff VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cutoff' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE start_time = VALUES(start_time), end_time = VALUES(end_time), \
       cutoff = VALUES(cutoff)";

const TRUCK_TYPES: &str = "INSERT INTO truck_type (truck_type, max_weight_kg, max_stops, cost, profiles) \
     SELECT r.truck_type, r.max_weight_kg, r.max_stops, r.cost, r.profiles FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.truck_type' ERROR ON ERROR, \
       max_weight_kg INT UNSIGNED PATH '$.max_weight_kg' ERROR ON ERROR, \
       max_stops INT UNSIGNED PATH '$.max_stops' ERROR ON ERROR, \
       cost INT UNSIGNED PATH '$.cost' ERROR ON ERROR, \
       profiles VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin PATH '$.profiles' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE max_weight_kg = VALUES(max_weight_kg), max_stops = VALUES(max_stops), \
       cost = VALUES(cost), profiles = VALUES(profiles)";

// The key is the whole row: there is nothing to replace.
const UPGRADE_LADDER: &str = "INSERT INTO truck_upgrade (from_type, to_type) \
     SELECT r.from_type, r.to_type FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       from_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.from_type' ERROR ON ERROR, \
       to_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.to_type' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE to_type = VALUES(to_type)";

const TRUCK_POOL: &str = "INSERT INTO truck_pool (depot, timeslot, truck_type, trucks) \
     SELECT r.depot, r.timeslot, r.truck_type, r.trucks FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.truck_type' ERROR ON ERROR, \
       trucks INT UNSIGNED PATH '$.count' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE trucks = VALUES(trucks)";

const ROUTE_TEMPLATES: &str = "INSERT INTO route_template (template, depot, zone, timeslot, sku_class, \
       default_truck_type, waybill_quota) \
     SELECT r.template, r.depot, r.zone, r.timeslot, r.sku_class, r.default_truck_type, r.waybill_quota \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       template VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.template' ERROR ON ERROR, \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.zone' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       sku_class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_class' ERROR ON ERROR, \
       default_truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.default_truck_type' ERROR ON ERROR, \
       waybill_quota INT UNSIGNED PATH '$.waybill_quota' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE depot = VALUES(depot), zone = VALUES(zone), timeslot = VALUES(timeslot), \
       sku_class = VALUES(sku_class), default_truck_type = VALUES(default_truck_type), \
       waybill_quota = VALUES(waybill_quota)";

const ZONE_QUOTA: &str = "INSERT INTO zone_quota (zone, timeslot, waybills, dry_l, frozen_l, weight_kg) \
     SELECT r.zone, r.timeslot, r.waybills, r.dry_l, r.frozen_l, r.weight_kg FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.zone' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       waybills INT UNSIGNED PATH '$.waybills' ERROR ON ERROR, \
       dry_l BIGINT UNSIGNED PATH '$.dry_l' ERROR ON ERROR, \
       frozen_l BIGINT UNSIGNED PATH '$.frozen_l' ERROR ON ERROR, \
       weight_kg BIGINT UNSIGNED PATH '$.weight_kg' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE waybills = VALUES(waybills), dry_l = VALUES(dry_l), \
       frozen_l = VALUES(frozen_l), weight_kg = VALUES(weight_kg)";

const WAREHOUSES: &str = "INSERT INTO warehouse (warehouse, depot, name, keeps) \
     SELECT r.warehouse, r.depot, r.name, r.keeps FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.warehouse' ERROR ON ERROR, \
       depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.depot' ERROR ON ERROR, \
       name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
       keeps VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.keeps' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE depot = VALUES(depot), name = VALUES(name), keeps = VALUES(keeps)";

#[derive(Serialize)]
struct Warehouse<'a> {
    warehouse: &'a str,
    depot: &'a str,
    name: &'a str,
    keeps: String,
}

/// What a warehouse keeps is separated by commas.
fn warehouses(rows: &[WarehouseRow]) -> Vec<Warehouse<'_>> {
    let stored = rows.iter().map(|row| Warehouse {
        warehouse: row.warehouse.as_str(),
        depot: row.depot.as_str(),
        name: &row.name,
        keeps: row.keeps.iter().map(|kept: &SkuType| kept.as_str()).collect::<Vec<_>>().join(","),
    });
    stored.collect()
}

const PICK_FLOW: &str = "INSERT INTO pick_flow (priority, sku_class, min_lines, max_lines, pick_flow) \
     SELECT r.priority, r.sku_class, r.min_lines, r.max_lines, r.pick_flow FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       priority INT UNSIGNED PATH '$.priority' ERROR ON ERROR, \
       sku_class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_class' ERROR ON ERROR, \
       min_lines INT UNSIGNED PATH '$.min_lines' ERROR ON ERROR, \
       max_lines INT UNSIGNED PATH '$.max_lines' ERROR ON ERROR, \
       pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pick_flow' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE sku_class = VALUES(sku_class), min_lines = VALUES(min_lines), \
       max_lines = VALUES(max_lines), pick_flow = VALUES(pick_flow)";

const TRAVEL: &str = "INSERT INTO travel_time (from_kind, from_code, to_kind, to_code, minutes) \
     SELECT r.from_kind, r.from_code, r.to_kind, r.to_code, r.minutes FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       from_kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.from_kind' ERROR ON ERROR, \
       from_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.from_code' ERROR ON ERROR, \
       to_kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.to_kind' ERROR ON ERROR, \
       to_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.to_code' ERROR ON ERROR, \
       minutes INT UNSIGNED PATH '$.minutes' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE minutes = VALUES(minutes)";

#[derive(Serialize)]
struct Drive<'a> {
    from_kind: &'static str,
    from_code: &'a str,
    to_kind: &'static str,
    to_code: &'a str,
    minutes: u32,
}

fn drives(rows: &[TravelRow]) -> Vec<Drive<'_>> {
    let kind = |end: &TravelEnd| match end {
        TravelEnd::Depot(_) => "DEPOT",
        TravelEnd::District(_) => "DISTRICT",
        TravelEnd::Zone(_) => "ZONE",
    };
    let stored = rows.iter().map(|row| Drive {
        from_kind: kind(&row.from),
        from_code: row.from.code(),
        to_kind: kind(&row.to),
        to_code: row.to.code(),
        minutes: row.minutes,
    });
    stored.collect()
}
