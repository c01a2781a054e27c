//! A network that is too small for its demand: quotas run out in some zones, trucks in others. Its limits never
//! change, so that every prefix of the ledger is held to one number.

use chrono::{Days, NaiveDate};

/// Each has trucks and zones of its own.
pub(super) const DEPOTS: [&str; 3] = ["EAST", "NORTH", "WEST"];
/// Zones of a depot; each is a neighbour of the others.
pub(super) const ZONES: [u32; 3] = [1, 2, 3];
/// Windows: code, begin, end.
pub(super) const SLOTS: [(&str, &str, &str); 2] =
    [("0900-1300", "09:00", "13:00"), ("1400-1800", "14:00", "18:00")];
/// Waybills that a zone takes in one window.
const QUOTA: u32 = 40;
const VAN: &str = "VAN";
const COLD: &str = "VAN-COLD";
const LARGE: &str = "TRUCK-MIX";

/// The day that is so many days after the first.
pub(super) fn day(number: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2035, 1, 1).unwrap_or_default();
    first + Days::new(number.into())
}

/// A zone's code.
pub(super) fn zone(depot: &str, number: u32) -> String {
    format!("{depot}-Z{number}")
}

/// The code of the one district of a zone.
pub(super) fn district(depot: &str, number: u32) -> String {
    format!("{depot}-D{number}")
}

/// The statements that load it into empty tables.
pub(super) fn statements() -> Vec<String> {
    let mut rows = vehicles();
    for depot in DEPOTS {
        rows.push(("depot", format!("'{depot}', '{depot}', 'UTC'")));
        rows.extend(ZONES.into_iter().flat_map(|number| zone_rows(depot, number)));
        for (slot, ..) in SLOTS {
            for (truck, count) in [(VAN, 3), (COLD, 1), (LARGE, 1)] {
                rows.push(("truck_pool", format!("'{depot}', '{slot}', '{truck}', {count}")));
            }
        }
    }
    for (slot, begin, end) in SLOTS {
        rows.push(("timeslot", format!("'{slot}', '{begin}', '{end}', 'D-1 20:00'")));
    }
    rows.push(("network_revision", "1, 1, NOW(6)".to_owned()));
    rows.into_iter().map(|(table, row)| format!("INSERT INTO {table} VALUES ({row})")).collect()
}

fn vehicles() -> Vec<(&'static str, String)> {
    vec![
        ("truck_type", format!("'{VAN}', 900, 22, 100, 'dry=4500'")),
        ("truck_type", format!("'{COLD}', 850, 22, 130, 'frozen=4000|dry=2600,frozen=1400'")),
        ("truck_type", format!("'{LARGE}', 3000, 45, 215, 'dry=14000|dry=9000,frozen=4500'")),
        ("truck_upgrade", format!("'{VAN}', '{LARGE}'")),
        ("truck_upgrade", format!("'{COLD}', '{LARGE}'")),
    ]
}

fn zone_rows(depot: &str, number: u32) -> Vec<(&'static str, String)> {
    let code = zone(depot, number);
    let others = ZONES.into_iter().filter(|other| *other != number);
    let neighbours: Vec<String> = others.map(|other| zone(depot, other)).collect();
    let district = district(depot, number);
    let mut rows = vec![
        ("zone", format!("'{code}', '{depot}', '{code}', '{}'", neighbours.join(","))),
        ("district", format!("'{district}', '0001-01-01', '{code}'")),
    ];
    for (slot, ..) in SLOTS {
        for (class, truck) in [("dry", VAN), ("mixed", COLD)] {
            let place = format!("'{depot}', '{code}', '{slot}'");
            let template = format!("'{code}-{slot}-{class}', {place}, '{class}', '{truck}', 30");
            rows.push(("route_template", template));
        }
        rows.push(("zone_quota", format!("'{code}', '{slot}', {QUOTA}, 1200, 300, 700")));
    }
    rows
}
