//! A small network, as the engine has it and as its tables have it, and waybills for it.
//!
//! Depot NORTH (UTC) has the zones Z01 (D001) and Z02 (D003), neighbours of each other, and the slot
//! 0900-1300, which closes at 20:00 the day before. A van takes 22 stops and 4,500 litres of dry goods.

use chrono::{NaiveDate, NaiveTime};
use contracts::{
    CustomerRef, DistrictCode, FulfilledBy, Merchant, OrderRef, SkuType, Source, TimeslotCode,
    Timestamp, WaybillCreated, WaybillKind, WaybillNo,
};
use routing::network::{
    Depot, DistrictZone, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone,
    ZoneQuota,
};
use routing::{Load, NetworkParts, RouteClass, SlotDayKey};
use testkit::Stage;
use uuid::Uuid;

pub(super) const SLOT: &str = "0900-1300";
const LITRE_ML: u64 = 1_000;

/// Far away, so that no cut-off has passed on the wall clock.
pub(super) fn delivery_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2035, 6, 13).unwrap()
}

pub(super) fn time(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

pub(super) fn key() -> SlotDayKey {
    SlotDayKey { depot: "NORTH".into(), date: delivery_date(), timeslot: SLOT.into() }
}

pub(super) fn no(number: u32) -> WaybillNo {
    WaybillNo::new(format!("shop-{number}-1")).unwrap()
}

/// A waybill of one litre of dry goods for zone Z01; its number makes its order and its customer.
pub(super) fn waybill(number: u32) -> WaybillCreated {
    WaybillCreated {
        waybill_id: Uuid::from_u128(number.into()),
        waybill_no: no(number),
        kind: WaybillKind::Forward,
        source: Source::new("shop").unwrap(),
        order_ref: OrderRef::new(number.to_string()).unwrap(),
        ordered_at: time("2035-06-10T09:30:00Z"),
        customer_ref: Some(CustomerRef::new(format!("C-{number}")).unwrap()),
        district: DistrictCode::new("D001").unwrap(),
        address_key: "a1".to_owned(),
        delivery_date: delivery_date(),
        timeslot: TimeslotCode::new(SLOT).unwrap(),
        merchant: Merchant::new("M01").unwrap(),
        store: None,
        sku_type: SkuType::Dry,
        fulfilled_by: FulfilledBy::Warehouse,
        dry_ml: LITRE_ML,
        frozen_ml: 0,
        weight_g: 500,
        line_count: 1,
        held: false,
    }
}

fn zone(code: &str, neighbour: &str) -> Zone {
    let neighbours = vec![neighbour.into()];
    Zone { code: code.into(), depot: "NORTH".into(), name: code.to_owned(), neighbours }
}

fn truck(code: &str, max_kg: u64, max_stops: u32, cost: u64, profiles: &str) -> TruckType {
    let profiles = profiles.parse().unwrap();
    TruckType { code: code.into(), max_weight_g: max_kg * 1_000, max_stops, cost, profiles }
}

fn template(code: &str, zone: &str, class: RouteClass, truck: &str) -> RouteTemplate {
    RouteTemplate {
        code: code.into(),
        depot: "NORTH".into(),
        zone: zone.into(),
        timeslot: SLOT.into(),
        class,
        default_truck_type: truck.into(),
        waybill_quota: 30,
    }
}

/// Ample: 10 trucks of each type, 500 waybills a zone.
pub(super) fn parts() -> NetworkParts {
    let trucks = ["VAN", "VAN-COLD", "TRUCK-MIX"];
    NetworkParts {
        depots: vec![Depot {
            code: "NORTH".into(),
            name: "North".to_owned(),
            tz: "UTC".parse().unwrap(),
        }],
        zones: vec![zone("Z01", "Z02"), zone("Z02", "Z01")],
        districts: [("D001", "Z01"), ("D003", "Z02")]
            .map(|(district, zone)| DistrictZone {
                district: district.into(),
                zone: zone.into(),
                valid_from: None,
            })
            .to_vec(),
        timeslots: vec![Timeslot {
            code: SLOT.into(),
            start: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            end: NaiveTime::from_hms_opt(13, 0, 0).unwrap(),
            cutoff: "D-1 20:00".parse().unwrap(),
        }],
        truck_types: vec![
            truck("VAN", 900, 22, 100, "dry=4500"),
            truck("VAN-COLD", 850, 22, 130, "frozen=4000|dry=2600,frozen=1400"),
            truck("TRUCK-MIX", 3_000, 45, 215, "dry=14000|dry=9000,frozen=4500|frozen=13000"),
        ],
        ladder: ["VAN", "VAN-COLD"]
            .map(|from| LadderStep { from: from.into(), to: "TRUCK-MIX".into() })
            .to_vec(),
        pool: trucks
            .map(|code| PoolCapacity {
                depot: "NORTH".into(),
                timeslot: SLOT.into(),
                truck_type: code.into(),
                count: 10,
            })
            .to_vec(),
        templates: vec![
            template("Z01-DRY", "Z01", RouteClass::Dry, "VAN"),
            template("Z01-COLD", "Z01", RouteClass::Mixed, "VAN-COLD"),
            template("Z02-DRY", "Z02", RouteClass::Dry, "VAN"),
            template("Z02-COLD", "Z02", RouteClass::Mixed, "VAN-COLD"),
        ],
        zone_quotas: ["Z01", "Z02"].map(|zone| quota(zone, 500)).to_vec(),
    }
}

/// A quota that only counts waybills.
pub(super) fn quota(zone: &str, waybills: u32) -> ZoneQuota {
    let ample = 1_000_000 * LITRE_ML;
    let limit = Load { waybills, dry_ml: ample, frozen_ml: ample, weight_g: ample };
    ZoneQuota { zone: zone.into(), timeslot: SLOT.into(), limit }
}

/// The network with these quotas for Z01 and Z02, and this many trucks of each type.
pub(super) fn tight(z01: u32, z02: u32, trucks: u32) -> NetworkParts {
    let mut parts = parts();
    parts.zone_quotas = vec![quota("Z01", z01), quota("Z02", z02)];
    for pool in &mut parts.pool {
        pool.count = trucks;
    }
    parts
}

/// The tables of a network.
const TABLES: [&str; 9] = [
    "depot",
    "zone",
    "district",
    "timeslot",
    "truck_type",
    "truck_upgrade",
    "truck_pool",
    "route_template",
    "zone_quota",
];

/// Writes a network into the tables, instead of what is there, as `revision`.
pub(super) async fn load(stage: &Stage, revision: u64, parts: &NetworkParts) {
    for table in TABLES {
        stage.run_sql(&format!("DELETE FROM {table}")).await;
    }
    for (table, values) in places(parts).into_iter().chain(capacity(parts)) {
        stage.run_sql(&format!("INSERT INTO {table} VALUES ({values})")).await;
    }
    stage
        .run_sql(&format!(
            "INSERT INTO network_revision VALUES (1, {revision}, NOW(6)) \
             ON DUPLICATE KEY UPDATE revision = {revision}"
        ))
        .await;
}

/// Rows that say where and when: table and values.
fn places(parts: &NetworkParts) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for Depot { code, name, tz } in &parts.depots {
        rows.push(("depot", format!("'{code}', '{name}', '{}'", tz.name())));
    }
    for Zone { code, depot, name, neighbours } in &parts.zones {
        let neighbours: Vec<&str> = neighbours.iter().map(|zone| zone.as_str()).collect();
        rows.push(("zone", format!("'{code}', '{depot}', '{name}', '{}'", neighbours.join(","))));
    }
    for DistrictZone { district, zone, .. } in &parts.districts {
        rows.push(("district", format!("'{district}', '0001-01-01', '{zone}'")));
    }
    for Timeslot { code, start, end, cutoff } in &parts.timeslots {
        let (start, end) = (start.format("%H:%M"), end.format("%H:%M"));
        rows.push(("timeslot", format!("'{code}', '{start}', '{end}', '{cutoff}'")));
    }
    rows
}

/// Rows that say with what and how much.
fn capacity(parts: &NetworkParts) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for TruckType { code, max_weight_g, max_stops, cost, profiles } in &parts.truck_types {
        let max_kg = max_weight_g / 1_000;
        rows.push(("truck_type", format!("'{code}', {max_kg}, {max_stops}, {cost}, '{profiles}'")));
    }
    for LadderStep { from, to } in &parts.ladder {
        rows.push(("truck_upgrade", format!("'{from}', '{to}'")));
    }
    for PoolCapacity { depot, timeslot, truck_type, count } in &parts.pool {
        rows.push(("truck_pool", format!("'{depot}', '{timeslot}', '{truck_type}', {count}")));
    }
    for of in &parts.templates {
        let class = match of.class {
            RouteClass::Dry => "dry",
            RouteClass::Mixed => "mixed",
        };
        let (truck, quota) = (&of.default_truck_type, of.waybill_quota);
        let place = format!("'{}', '{}', '{}'", of.depot, of.zone, of.timeslot);
        let values = format!("'{}', {place}, '{class}', '{truck}', {quota}", of.code);
        rows.push(("route_template", values));
    }
    for ZoneQuota { zone, timeslot, limit } in &parts.zone_quotas {
        let Load { waybills, dry_ml, frozen_ml, weight_g } = limit;
        let rest = [dry_ml, frozen_ml, weight_g].map(|amount| (amount / 1_000).to_string());
        rows.push((
            "zone_quota",
            format!("'{zone}', '{timeslot}', {waybills}, {}", rest.join(", ")),
        ));
    }
    rows
}
