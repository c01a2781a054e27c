//! `loadtest generate-network`: a made-up network, sized so that a generated day of a given number of
//! orders fits with some room. The same arguments give the same files.

use std::path::PathBuf;

use clap::Args;

use super::{NetworkError, Table, Tables, district_weight};

/// Districts of every zone.
const DISTRICTS_PER_ZONE: u32 = 4;
/// Waybills of an order, a little above what the generator makes.
const WAYBILLS_PER_ORDER: f64 = 2.6;
/// The largest share of a day's orders that wants one window of one date.
const PEAK_SLOT_SHARE: f64 = 0.3;
/// Orders that a van takes in practice: its waybill quota over the waybills of an order.
const ORDERS_PER_VAN: f64 = 12.0;
/// Share of orders with goods that travel cold.
const COLD_SHARE: f64 = 0.5;

const TIMESLOTS: [(&str, &str, &str, &str); 3] = [
    ("0900-1300", "09:00", "13:00", "D-1 20:00"),
    ("1300-1800", "13:00", "18:00", "D 07:00"),
    ("1800-2200", "18:00", "22:00", "D 12:00"),
];

/// Type, payload in kilograms, stops, cost of a route, compartment profiles in litres.
const TRUCK_TYPES: [(&str, u32, u32, u32, &str); 6] = [
    ("VAN", 950, 22, 100, "dry=4800"),
    ("VAN-COLD", 900, 22, 132, "frozen=4200|dry=2800,frozen=1500"),
    ("TRUCK", 3_300, 44, 172, "dry=14500"),
    ("TRUCK-MIX", 3_100, 44, 218, "dry=14500|dry=9500,frozen=4500|frozen=13500"),
    ("LORRY", 7_600, 60, 295, "dry=35000"),
    ("LORRY-MIX", 7_300, 60, 356, "dry=35000|dry=23000,frozen=11000|frozen=27000"),
];

const LADDER: [(&str, &str); 6] = [
    ("VAN", "TRUCK"),
    ("VAN", "TRUCK-MIX"),
    ("TRUCK", "LORRY"),
    ("TRUCK", "LORRY-MIX"),
    ("VAN-COLD", "TRUCK-MIX"),
    ("TRUCK-MIX", "LORRY-MIX"),
];

/// Route templates of every zone and window: class, first truck, most waybills while it is that truck.
const TEMPLATES: [(&str, &str, &str, u32); 2] =
    [("DRY", "dry", "VAN", 32), ("COLD", "mixed", "VAN-COLD", 24)];

const WAREHOUSES: [(&str, &str, &str, &str); 3] = [
    ("WH-N1", "NORTH", "North ambient hall", "dry"),
    ("WH-N2", "NORTH", "North cold store", "dry,frozen"),
    ("WH-S1", "SOUTH", "South fulfilment hall", "dry,frozen"),
];

/// Priority, class, fewest and most lines, pick flow.
const PICK_FLOW: [(&str, &str, &str, &str, &str); 5] = [
    ("10", "frozen", "1", "", "PICK_BY_ORDER"),
    ("20", "mixed", "1", "", "PICK_BY_ZONE"),
    ("30", "dry", "1", "3", "PICK_BY_BATCH"),
    ("40", "dry", "4", "40", "PICK_BY_ZONE"),
    ("50", "dry", "41", "", "PICK_BY_ORDER"),
];

/// Arguments of `loadtest generate-network`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SampleArgs {
    /// Where the TSV tables go
    #[arg(long)]
    out: PathBuf,
    /// Number of delivery zones; two thirds belong to the depot NORTH, the rest to SOUTH
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..=999))]
    zones: u32,
    /// The day that shall fit: number of orders
    #[arg(long, default_value_t = 2_000)]
    orders: u32,
    /// IANA time zone of both depots
    #[arg(long, default_value = "UTC")]
    timezone: chrono_tz::Tz,
}

/// Writes the network.
///
/// # Errors
/// [`NetworkError::Io`] when the directory cannot be written.
pub(crate) fn run(args: &SampleArgs) -> Result<(), NetworkError> {
    sample(args.zones, args.orders, args.timezone.name()).save(&args.out)
}

/// The network that `generate` and `convert` use when they are given none.
pub(crate) fn default_tables() -> Tables {
    sample(24, 2_000, "UTC")
}

/// One zone and what one window of its busiest day asks for.
struct Zone {
    code: String,
    depot: &'static str,
    number: u32,
    /// Orders that want the same window of the same day.
    orders: f64,
}

fn zones_of(count: u32, orders: u32) -> Vec<Zone> {
    let weight_of = |zone: u32| -> f64 {
        (0..DISTRICTS_PER_ZONE).map(|round| district_weight(round * count + zone)).sum()
    };
    let total: f64 = (0..count).map(weight_of).sum();
    let north = count.div_ceil(3) * 2;
    (0..count)
        .map(|index| Zone {
            code: format!("Z{:02}", index + 1),
            depot: if index < north { "NORTH" } else { "SOUTH" },
            number: index + 1,
            orders: f64::from(orders) * PEAK_SLOT_SHARE * weight_of(index) / total,
        })
        .collect()
}

/// Builds all tables for this many zones and orders.
pub(crate) fn sample(zone_count: u32, orders: u32, timezone: &str) -> Tables {
    let zones = zones_of(zone_count, orders);
    let mut tables = Tables::default();
    for table in [
        depots(timezone),
        zone_table(&zones),
        districts(&zones),
        timeslots(),
        truck_types(),
        ladder(),
        truck_pool(&zones),
        route_templates(&zones),
        zone_quota(&zones),
        warehouses(),
        pick_flow(),
    ] {
        tables.insert(table);
    }
    tables
}

fn depots(timezone: &str) -> Table {
    let mut table = Table::new("depots", &["depot", "name", "timezone"]);
    for (depot, name) in [("NORTH", "North hub"), ("SOUTH", "South hub")] {
        table.push([depot.to_owned(), name.to_owned(), timezone.to_owned()]);
    }
    table
}

/// Zones lie in a row; the neighbours are the ones before and after that the same depot serves.
fn zone_table(zones: &[Zone]) -> Table {
    let mut table = Table::new("zones", &["zone", "depot", "name", "neighbours"]);
    for zone in zones {
        let neighbours: Vec<&str> = zones
            .iter()
            .filter(|other| other.depot == zone.depot && other.number.abs_diff(zone.number) == 1)
            .map(|other| other.code.as_str())
            .collect();
        table.push([
            zone.code.clone(),
            zone.depot.to_owned(),
            format!("Zone {}", zone.number),
            neighbours.join(","),
        ]);
    }
    table
}

/// Districts are dealt out in turn, so that the large ones (the first) spread over all zones.
fn districts(zones: &[Zone]) -> Table {
    let mut table = Table::new("districts", &["district", "zone"]);
    let dealt = (0..DISTRICTS_PER_ZONE).flat_map(|_round| zones);
    for (number, zone) in (1_u32..).zip(dealt) {
        table.push([format!("D{number:03}"), zone.code.clone()]);
    }
    table
}

fn timeslots() -> Table {
    let mut table = Table::new("timeslots", &["timeslot", "start", "end", "cutoff"]);
    for (slot, start, end, cutoff) in TIMESLOTS {
        table.push([slot, start, end, cutoff].map(str::to_owned));
    }
    table
}

fn truck_types() -> Table {
    let header = ["truck_type", "max_weight_kg", "max_stops", "cost", "profiles"];
    let mut table = Table::new("truck_types", &header);
    for (name, kilograms, stops, cost, profiles) in TRUCK_TYPES {
        table.push([
            name.to_owned(),
            kilograms.to_string(),
            stops.to_string(),
            cost.to_string(),
            profiles.to_owned(),
        ]);
    }
    table
}

fn ladder() -> Table {
    let mut table = Table::new("upgrade_ladder", &["from_type", "to_type"]);
    for (from, to) in LADDER {
        table.push([from.to_owned(), to.to_owned()]);
    }
    table
}

/// Trucks of one depot in one window: twice the routes that the zones open, and a few larger ones.
fn truck_pool(zones: &[Zone]) -> Table {
    let mut table = Table::new("truck_pool", &["depot", "timeslot", "truck_type", "count"]);
    for depot in ["NORTH", "SOUTH"] {
        let routes = |share: f64| -> f64 {
            zones
                .iter()
                .filter(|zone| zone.depot == depot)
                .map(|zone| (zone.orders * share / ORDERS_PER_VAN).ceil())
                .sum()
        };
        let (dry, cold) = (2.0 * routes(1.0), 2.0 * routes(COLD_SHARE));
        let counts = [
            ("VAN", dry),
            ("VAN-COLD", cold),
            ("TRUCK", dry * 0.35 + 2.0),
            ("TRUCK-MIX", cold * 0.4 + 2.0),
            ("LORRY", dry * 0.1 + 1.0),
            ("LORRY-MIX", cold * 0.1 + 1.0),
        ];
        for (slot, ..) in TIMESLOTS {
            for (truck, count) in counts {
                let count = format!("{:.0}", count.ceil());
                table.push([depot.to_owned(), slot.to_owned(), truck.to_owned(), count]);
            }
        }
    }
    table
}

fn route_templates(zones: &[Zone]) -> Table {
    let header = [
        "template",
        "depot",
        "zone",
        "timeslot",
        "sku_class",
        "default_truck_type",
        "waybill_quota",
    ];
    let mut table = Table::new("route_templates", &header);
    for zone in zones {
        for (slot, ..) in TIMESLOTS {
            let hour: String = slot.chars().take(2).collect();
            for (suffix, class, truck, quota) in TEMPLATES {
                table.push([
                    format!("{}-{hour}-{suffix}", zone.code),
                    zone.depot.to_owned(),
                    zone.code.clone(),
                    slot.to_owned(),
                    class.to_owned(),
                    truck.to_owned(),
                    quota.to_string(),
                ]);
            }
        }
    }
    table
}

/// Half as much again as the busiest window asks for, and a base for small days.
fn zone_quota(zones: &[Zone]) -> Table {
    let header = ["zone", "timeslot", "waybills", "dry_l", "frozen_l", "weight_kg"];
    let mut table = Table::new("zone_quota", &header);
    for zone in zones {
        let waybills = (zone.orders * WAYBILLS_PER_ORDER * 1.5).ceil() + 60.0;
        for (slot, ..) in TIMESLOTS {
            table.push([
                zone.code.clone(),
                slot.to_owned(),
                format!("{waybills:.0}"),
                format!("{:.0}", waybills * 120.0),
                format!("{:.0}", waybills * 60.0),
                format!("{:.0}", waybills * 60.0),
            ]);
        }
    }
    table
}

fn warehouses() -> Table {
    let mut table = Table::new("warehouses", &["warehouse", "depot", "name", "keeps"]);
    for (warehouse, depot, name, keeps) in WAREHOUSES {
        table.push([warehouse, depot, name, keeps].map(str::to_owned));
    }
    table
}

fn pick_flow() -> Table {
    let header = ["priority", "sku_class", "min_lines", "max_lines", "pick_flow"];
    let mut table = Table::new("pick_flow", &header);
    for (priority, class, fewest, most, flow) in PICK_FLOW {
        table.push([priority, class, fewest, most, flow].map(str::to_owned));
    }
    table
}
