//! Decisions a second of the online engine, explanations included, on one core.
//!
//! A generated slot of a busy depot: 2 zones, some 100 open routes in each when it is full. Run
//! with `cargo bench -p routing`, or `-- --quick` for a first impression.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::as_conversions,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

use std::hint::black_box;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use routing::network::{
    Depot, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone, ZoneQuota,
};
use routing::{
    Forecast, Load, Network, NetworkParts, OrderKey, Origin, Outlook, Request, RouteClass, RouteId,
    SkuClass, SlotDay, SlotDayKey, StopKey, Typical, assign,
};
use uuid::Uuid;

const ZONES: [&str; 2] = ["Z1", "Z2"];
/// Enough for some 100 routes a zone at 22 to 45 stops each.
const WAYBILLS: u64 = 6_000;
/// Trucks of each type: enough for all, or short, so that the tail is refused.
const AMPLE_TRUCKS: u32 = 400;
const SHORT_TRUCKS: u32 = 20;

fn network(trucks_of_a_type: u32) -> Network {
    let trucks = [
        ("VAN", 900, 22, 100, "dry=4500"),
        ("VAN-COLD", 850, 22, 130, "frozen=4000|dry=2600,frozen=1400"),
        ("TRUCK", 3_200, 45, 170, "dry=14000"),
        ("TRUCK-MIX", 3_000, 45, 215, "dry=14000|dry=9000,frozen=4500|frozen=13000"),
    ];
    let mut parts = NetworkParts {
        depots: vec![Depot { code: "DEP".into(), name: "Depot".into(), tz: Tz::UTC }],
        timeslots: vec![Timeslot {
            code: "S".into(),
            start: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            end: NaiveTime::from_hms_opt(13, 0, 0).unwrap(),
            cutoff: "D-1 20:00".parse().unwrap(),
        }],
        ladder: [("VAN", "TRUCK"), ("VAN", "TRUCK-MIX"), ("VAN-COLD", "TRUCK-MIX")]
            .map(|(from, to)| LadderStep { from: from.into(), to: to.into() })
            .to_vec(),
        ..NetworkParts::default()
    };
    for (code, max_kg, max_stops, cost, profiles) in trucks {
        let (max_weight_g, profiles) = (max_kg * 1_000, profiles.parse().unwrap());
        parts.truck_types.push(TruckType {
            code: code.into(),
            max_weight_g,
            max_stops,
            cost,
            profiles,
        });
        let (depot, timeslot, truck_type) = ("DEP".into(), "S".into(), code.into());
        parts.pool.push(PoolCapacity { depot, timeslot, truck_type, count: trucks_of_a_type });
    }
    for zone in ZONES {
        add_zone(&mut parts, zone);
    }
    Network::build(parts).unwrap()
}

fn add_zone(parts: &mut NetworkParts, code: &str) {
    let neighbours = ZONES.iter().filter(|other| **other != code).map(|other| (*other).into());
    let name = format!("Zone {code}");
    parts.zones.push(Zone {
        code: code.into(),
        depot: "DEP".into(),
        name,
        neighbours: neighbours.collect(),
    });
    let limit = Load { waybills: 100_000, dry_ml: 1 << 40, frozen_ml: 1 << 40, weight_g: 1 << 40 };
    parts.zone_quotas.push(ZoneQuota { zone: code.into(), timeslot: "S".into(), limit });
    for (class, name, truck) in
        [(RouteClass::Dry, "DRY", "VAN"), (RouteClass::Mixed, "COLD", "VAN-COLD")]
    {
        parts.templates.push(RouteTemplate {
            code: format!("{code}-{name}").into(),
            depot: "DEP".into(),
            zone: code.into(),
            timeslot: "S".into(),
            class,
            default_truck_type: truck.into(),
            waybill_quota: 30,
        });
    }
}

/// A fixed spread of sizes and classes; every fourth waybill shares a door with an earlier one.
fn requests() -> Vec<Request> {
    let request = |number: u64| {
        let scatter = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let volume_ml = 20_000 + scatter % 160_000;
        let (sku_class, dry_ml, frozen_ml) = match scatter % 10 {
            0 | 1 => (SkuClass::Frozen, 0, volume_ml),
            2 => (SkuClass::Mixed, volume_ml / 2, volume_ml / 2),
            _ => (SkuClass::Dry, volume_ml, 0),
        };
        let door = if number % 4 == 3 { number / 2 } else { number };
        Request {
            waybill_no: format!("W{number}").into(),
            order: OrderKey(Uuid::from_u128(u128::from(door))),
            stop: StopKey(Uuid::from_u128(u128::from(door))),
            zone: if scatter & 1 == 0 { "Z1".into() } else { "Z2".into() },
            sku_class,
            load: Load::of_waybill(dry_ml, frozen_ml, 1_000 + scatter % 20_000),
            origin: Origin::Regular,
            excluded_routes: Vec::new(),
        }
    };
    (0..WAYBILLS).map(request).collect()
}

fn run_day(
    network: &Network,
    mut day: SlotDay,
    requests: &[Request],
    judged_at: DateTime<Utc>,
) -> SlotDay {
    let outlook = |dry_ml, frozen_ml| {
        let typical = Typical { dry_ml, frozen_ml, weight_g: 11_000, stops_milli: 800 };
        Outlook { typical, remaining_waybills: Some(500) }
    };
    let forecast = Forecast {
        dry: Some(outlook(90_000, 0)),
        frozen: Some(outlook(0, 90_000)),
        mixed: Some(outlook(45_000, 45_000)),
    };
    let mut last = 0_u128;
    let mut ids = |_: &RouteTemplate| {
        last += 1;
        (RouteId(Uuid::from_u128(last)), format!("R{last}").into())
    };
    for request in requests {
        let decision = assign(network, &mut day, request, judged_at, &forecast, &mut ids);
        black_box(decision.expect("network, day and request belong together"));
    }
    day
}

fn online(criterion: &mut Criterion) {
    let requests = requests();
    let judged_at = "2024-05-09T12:00:00Z".parse().unwrap();
    let mut group = criterion.benchmark_group("online");
    group.throughput(Throughput::Elements(WAYBILLS));
    group.sample_size(10);
    for (name, trucks) in [("ample", AMPLE_TRUCKS), ("short", SHORT_TRUCKS)] {
        let network = network(trucks);
        let (depot, timeslot) = ("DEP".into(), "S".into());
        let key = SlotDayKey { depot, date: "2024-05-10".parse().unwrap(), timeslot };
        let empty = SlotDay::new(&network, key).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || empty.clone(),
                |day| run_day(&network, day, &requests, judged_at),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, online);
criterion_main!(benches);
