//! The files of a network directory as rows of the contract, cut into pieces that fit a message.

use std::path::Path;

use contracts::{
    Coordinates, DepotRow, DistrictRow, NetworkRows, PickFlowRow, PoolRow, QuotaRow,
    RouteTemplateRow, SkuType, TimeslotRow, TravelRow, TruckTypeRow, UpgradeRow, WarehouseRow,
    ZoneCode, ZoneRow,
};
use serde::Serialize;

use super::degrees::Degrees;
use super::tsv::{Record, Tsv};
use crate::error::{CommandError, Exit, Result};

/// Most rows of a piece (a command takes 2,000 in all).
const PIECE_ROWS: usize = 2_000;
/// Most bytes of a piece as JSON, so that one always fits a message.
const PIECE_BYTES: usize = 400_000;

/// Rows of one table with the line of each in its file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) rows: NetworkRows,
    pub(super) lines: Vec<u32>,
    /// As JSON, about.
    pub(super) bytes: usize,
}

/// One file of a network directory.
struct Table {
    /// Its name without `.tsv`.
    name: &'static str,
    /// The columns that it must have.
    columns: &'static [&'static str],
    /// Its rows, in pieces.
    read: fn(&Tsv) -> Result<Vec<Piece>>,
}

/// Every table, what others refer to first.
const TABLES: [Table; 12] = [
    Table {
        name: "depots",
        columns: &["depot", "name", "timezone"],
        read: |table| cut(table.rows(depot)?, NetworkRows::Depots),
    },
    Table {
        name: "zones",
        columns: &["zone", "depot", "name", "neighbours"],
        read: |table| cut(table.rows(zone)?, NetworkRows::Zones),
    },
    Table {
        name: "districts",
        columns: &["district", "zone"],
        read: |table| cut(table.rows(district)?, NetworkRows::Districts),
    },
    Table {
        name: "timeslots",
        columns: &["timeslot", "start", "end", "cutoff"],
        read: |table| cut(table.rows(timeslot)?, NetworkRows::Timeslots),
    },
    Table {
        name: "truck_types",
        columns: &["truck_type", "max_weight_kg", "max_stops", "cost", "profiles"],
        read: |table| cut(table.rows(truck_type)?, NetworkRows::TruckTypes),
    },
    Table {
        name: "upgrade_ladder",
        columns: &["from_type", "to_type"],
        read: |table| cut(table.rows(upgrade)?, NetworkRows::UpgradeLadder),
    },
    Table {
        name: "truck_pool",
        columns: &["depot", "timeslot", "truck_type", "count"],
        read: |table| cut(table.rows(pool)?, NetworkRows::TruckPool),
    },
    Table {
        name: "route_templates",
        columns: &[
            "template",
            "depot",
            "zone",
            "timeslot",
            "sku_class",
            "default_truck_type",
            "waybill_quota",
        ],
        read: |table| cut(table.rows(route_template)?, NetworkRows::RouteTemplates),
    },
    Table {
        name: "zone_quota",
        columns: &["zone", "timeslot", "waybills", "dry_l", "frozen_l", "weight_kg"],
        read: |table| cut(table.rows(quota)?, NetworkRows::ZoneQuota),
    },
    Table {
        name: "warehouses",
        columns: &["warehouse", "depot", "name", "keeps"],
        read: |table| cut(table.rows(warehouse)?, NetworkRows::Warehouses),
    },
    Table {
        name: "pick_flow",
        columns: &["priority", "sku_class", "min_lines", "max_lines", "pick_flow"],
        read: |table| cut(table.rows(pick_flow)?, NetworkRows::PickFlow),
    },
    Table {
        name: "travel",
        columns: &["from", "to", "minutes"],
        read: |table| cut(table.rows(travel)?, NetworkRows::Travel),
    },
];

/// Reads every table that the directory has.
pub(super) fn read_directory(directory: &Path) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for Table { name, columns, read } in TABLES {
        if let Some(tsv) = Tsv::read(&directory.join(format!("{name}.tsv")))? {
            tsv.require(columns)?;
            pieces.extend(read(&tsv)?);
        }
    }
    if pieces.is_empty() {
        let message = format!(
            "{} holds no table of a network: expected depots.tsv, zones.tsv, districts.tsv and so on",
            directory.display()
        );
        return Err(CommandError::new(Exit::NoInput, message));
    }
    Ok(pieces)
}

fn cut<R: Serialize>(rows: Vec<(u32, R)>, wrap: fn(Vec<R>) -> NetworkRows) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let (mut current, mut lines, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (line, row) in rows {
        let size = serde_json::to_string(&row)?.len() + 1;
        if current.len() == PIECE_ROWS || bytes + size > PIECE_BYTES {
            let (rows, lines) = (std::mem::take(&mut current), std::mem::take(&mut lines));
            pieces.push(Piece { rows: wrap(rows), lines, bytes });
            bytes = 0;
        }
        current.push(row);
        lines.push(line);
        bytes += size;
    }
    if !current.is_empty() {
        pieces.push(Piece { rows: wrap(current), lines, bytes });
    }
    Ok(pieces)
}

fn depot(r: &mut Record<'_>) -> Option<DepotRow> {
    let (depot, name, timezone) = (r.code("depot"), r.get("name"), r.get("timezone"));
    let coordinates = coordinates(r);
    Some(DepotRow { depot: depot?, name: name?, timezone: timezone?, coordinates: coordinates? })
}

fn zone(r: &mut Record<'_>) -> Option<ZoneRow> {
    let (zone, depot, name) = (r.code("zone"), r.code("depot"), r.get("name"));
    let neighbours =
        r.list("neighbours", |code| ZoneCode::new(code).map_err(|error| error.to_string()));
    Some(ZoneRow { zone: zone?, depot: depot?, name: name?, neighbours: neighbours? })
}

fn district(r: &mut Record<'_>) -> Option<DistrictRow> {
    let (district, zone, valid_from) =
        (r.code("district"), r.code("zone"), r.optional("valid_from"));
    let coordinates = coordinates(r);
    Some(DistrictRow {
        district: district?,
        zone: zone?,
        valid_from: valid_from?,
        coordinates: coordinates?,
    })
}

/// The optional columns `lat` and `lon`: both, or neither.
fn coordinates(r: &mut Record<'_>) -> Option<Option<Coordinates>> {
    match (r.text("lat").is_empty(), r.text("lon").is_empty()) {
        (true, true) => Some(None),
        (false, false) => {
            let (lat, lon) = (r.get::<Degrees>("lat"), r.get::<Degrees>("lon"));
            Some(Some(Coordinates { lat_e6: lat?.millionths, lon_e6: lon?.millionths }))
        }
        (is_lat_missing, _) => {
            let column = if is_lat_missing { "lat" } else { "lon" };
            r.wrong(column, "lat and lon come together: give both or neither");
            None
        }
    }
}

fn timeslot(r: &mut Record<'_>) -> Option<TimeslotRow> {
    let (timeslot, start, end, cutoff) =
        (r.code("timeslot"), r.get("start"), r.get("end"), r.get("cutoff"));
    Some(TimeslotRow { timeslot: timeslot?, start: start?, end: end?, cutoff: cutoff? })
}

fn truck_type(r: &mut Record<'_>) -> Option<TruckTypeRow> {
    let (truck_type, profiles) = (r.code("truck_type"), r.get("profiles"));
    let (max_weight_kg, max_stops, cost) =
        (r.get("max_weight_kg"), r.get("max_stops"), r.get("cost"));
    Some(TruckTypeRow {
        truck_type: truck_type?,
        max_weight_kg: max_weight_kg?,
        max_stops: max_stops?,
        cost: cost?,
        profiles: profiles?,
    })
}

fn upgrade(r: &mut Record<'_>) -> Option<UpgradeRow> {
    let (from_type, to_type) = (r.code("from_type"), r.code("to_type"));
    Some(UpgradeRow { from_type: from_type?, to_type: to_type? })
}

fn pool(r: &mut Record<'_>) -> Option<PoolRow> {
    let (depot, timeslot) = (r.code("depot"), r.code("timeslot"));
    let (truck_type, count) = (r.code("truck_type"), r.get("count"));
    Some(PoolRow { depot: depot?, timeslot: timeslot?, truck_type: truck_type?, count: count? })
}

fn route_template(r: &mut Record<'_>) -> Option<RouteTemplateRow> {
    let (template, depot, zone) = (r.get("template"), r.code("depot"), r.code("zone"));
    let (timeslot, sku_class) = (r.code("timeslot"), sku_class(r, "sku_class"));
    let (truck, waybill_quota) = (r.code("default_truck_type"), r.get("waybill_quota"));
    Some(RouteTemplateRow {
        template: template?,
        depot: depot?,
        zone: zone?,
        timeslot: timeslot?,
        sku_class: sku_class?,
        default_truck_type: truck?,
        waybill_quota: waybill_quota?,
    })
}

fn quota(r: &mut Record<'_>) -> Option<QuotaRow> {
    let (zone, timeslot, waybills) = (r.code("zone"), r.code("timeslot"), r.get("waybills"));
    let (dry_l, frozen_l, weight_kg) = (r.get("dry_l"), r.get("frozen_l"), r.get("weight_kg"));
    Some(QuotaRow {
        zone: zone?,
        timeslot: timeslot?,
        waybills: waybills?,
        dry_l: dry_l?,
        frozen_l: frozen_l?,
        weight_kg: weight_kg?,
    })
}

fn warehouse(r: &mut Record<'_>) -> Option<WarehouseRow> {
    let (warehouse, depot, name) = (r.code("warehouse"), r.code("depot"), r.get("name"));
    let keeps = r.list("keeps", read_sku_class);
    Some(WarehouseRow { warehouse: warehouse?, depot: depot?, name: name?, keeps: keeps? })
}

fn pick_flow(r: &mut Record<'_>) -> Option<PickFlowRow> {
    let (priority, sku_class) = (r.get("priority"), sku_class(r, "sku_class"));
    let (min_lines, max_lines, pick_flow) =
        (r.get("min_lines"), r.optional("max_lines"), r.get("pick_flow"));
    Some(PickFlowRow {
        priority: priority?,
        sku_class: sku_class?,
        min_lines: min_lines?,
        max_lines: max_lines?,
        pick_flow: pick_flow?,
    })
}

fn travel(r: &mut Record<'_>) -> Option<TravelRow> {
    let (from, to, minutes) = (r.get("from"), r.get("to"), r.get("minutes"));
    Some(TravelRow { from: from?, to: to?, minutes: minutes? })
}

fn sku_class(r: &mut Record<'_>, column: &str) -> Option<SkuType> {
    let read = read_sku_class(r.text(column));
    read.map_err(|error| r.wrong(column, &error)).ok()
}

/// The words are the contract's own.
fn read_sku_class(text: &str) -> std::result::Result<SkuType, String> {
    serde_json::from_value(serde_json::Value::from(text))
        .map_err(|_unknown| "use dry, frozen or mixed".to_owned())
}
