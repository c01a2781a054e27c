//! A synthetic delivery day: one depot, 60 zones in 4 timeslots, 4 truck types, and the waybills that
//! come in for it. Never here: a decision.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use routing::network::{
    Depot, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone, ZoneQuota,
};
use routing::{
    Load, Network, NetworkParts, OrderKey, Origin, Request, RouteClass, SkuClass, SlotDayKey,
    StopKey,
};
use rust_decimal::prelude::ToPrimitive;

use super::AdraError;
use crate::dice::Dice;

pub(crate) const ZONES: u64 = 60;
pub(crate) const SLOTS: [&str; 4] = ["S1", "S2", "S3", "S4"];
/// Spread of the logarithm of a waybill's volume.
const SIGMA: f64 = 0.8;
/// Every truck type holds the largest waybill.
const LARGEST_LITRES: f64 = 850.0;
const GRAMS_PER_LITRE: f64 = 180.0;
/// Code, kilograms, stops, cost, profiles.
const TRUCKS: [(&str, u64, u32, u64, &str); 4] = [
    ("VAN", 900, 40, 100, "dry=3000"),
    ("VAN-COLD", 850, 36, 130, "frozen=2600|dry=1700,frozen=900"),
    ("TRUCK", 3_200, 60, 190, "dry=12000"),
    ("TRUCK-MIX", 3_000, 60, 240, "dry=12000|dry=7500,frozen=4000|frozen=11000"),
];

/// How upgrades are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrades {
    /// By price: the engine's own rule.
    Priced,
    /// There is no ladder.
    Never,
    /// A larger truck costs next to nothing more, so that it is always bought first.
    First,
}

/// One waybill and the slot it wants.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) slot: usize,
    /// Number of its zone.
    pub(crate) zone: u64,
    pub(crate) request: Request,
}

impl Upgrades {
    fn cost(self, code: &str, cost: u64) -> u64 {
        match (self, code) {
            (Self::First, "TRUCK") => 101,
            (Self::First, "TRUCK-MIX") => 131,
            _ => cost,
        }
    }
}

/// What a truck really costs, whatever the rule under test believes.
pub(crate) fn cost_of(code: &str) -> u64 {
    TRUCKS.iter().find(|(known, ..)| *known == code).map_or(0, |(.., cost, _)| *cost)
}

/// The network with room for `waybills` a day.
pub(crate) fn network(waybills: u64, upgrades: Upgrades) -> Result<Network, AdraError> {
    let mut parts = NetworkParts {
        depots: vec![Depot { code: "DEP".into(), name: "Depot".into(), tz: Tz::UTC }],
        ..NetworkParts::default()
    };
    for (code, kilograms, max_stops, cost, profiles) in TRUCKS {
        parts.truck_types.push(TruckType {
            code: code.into(),
            max_weight_g: kilograms * 1_000,
            max_stops,
            cost: upgrades.cost(code, cost),
            profiles: profiles.parse().map_err(|error| AdraError::Scenario(format!("{error}")))?,
        });
    }
    if upgrades != Upgrades::Never {
        parts.ladder = [("VAN", "TRUCK"), ("VAN-COLD", "TRUCK-MIX")]
            .map(|(from, to)| LadderStep { from: from.into(), to: to.into() })
            .to_vec();
    }
    for slot in SLOTS {
        add_slot(&mut parts, slot, waybills)?;
    }
    for zone in 0..ZONES {
        let (code, name) = (zone_code(zone).into(), format!("Zone {zone}"));
        parts.zones.push(Zone { code, depot: "DEP".into(), name, neighbours: Vec::new() });
    }
    Network::build(parts).map_err(|error| AdraError::Scenario(error.to_string()))
}

pub(crate) fn zone_code(zone: u64) -> String {
    format!("Z{zone:02}")
}

fn add_slot(parts: &mut NetworkParts, slot: &str, waybills: u64) -> Result<(), AdraError> {
    let time = |hour| {
        NaiveTime::from_hms_opt(hour, 0, 0).ok_or_else(|| AdraError::Scenario("hour".to_owned()))
    };
    parts.timeslots.push(Timeslot {
        code: slot.into(),
        start: time(9)?,
        end: time(13)?,
        cutoff: "D-1 20:00".parse().map_err(|error| AdraError::Scenario(format!("{error}")))?,
    });
    let trucks = u32::try_from(waybills / 30 + 50).unwrap_or(u32::MAX);
    for (code, ..) in TRUCKS {
        let (depot, timeslot, truck_type) = ("DEP".into(), slot.into(), code.into());
        parts.pool.push(PoolCapacity { depot, timeslot, truck_type, count: trucks });
    }
    for zone in 0..ZONES {
        let limit = Load {
            waybills: u32::try_from(waybills / 100 + 10).unwrap_or(u32::MAX),
            dry_ml: 1 << 50,
            frozen_ml: 1 << 50,
            weight_g: 1 << 50,
        };
        parts.zone_quotas.push(ZoneQuota {
            zone: zone_code(zone).into(),
            timeslot: slot.into(),
            limit,
        });
        for (class, name, truck, waybill_quota) in
            [(RouteClass::Dry, "DRY", "VAN", 40), (RouteClass::Mixed, "COLD", "VAN-COLD", 36)]
        {
            parts.templates.push(RouteTemplate {
                code: format!("{}-{slot}-{name}", zone_code(zone)).into(),
                depot: "DEP".into(),
                zone: zone_code(zone).into(),
                timeslot: slot.into(),
                class,
                default_truck_type: truck.into(),
                waybill_quota,
            });
        }
    }
    Ok(())
}

/// The dated slot with this number.
pub(crate) fn key(slot: usize) -> SlotDayKey {
    let timeslot = SLOTS.get(slot).copied().unwrap_or("S1").into();
    let date = NaiveDate::from_ymd_opt(2030, 5, 10).unwrap_or_default();
    SlotDayKey { depot: "DEP".into(), date, timeslot }
}

/// Well before the cut-off.
pub(crate) fn judged_at() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2030, 5, 9)
        .unwrap_or_default()
        .and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default())
        .and_utc()
}

/// The day's waybills in the order in which they come: orders of one to four waybills for one door,
/// zones of different size, volumes log-normal around `median_litres`.
pub(crate) fn waybills(count: u64, median_litres: f64, seed: u64) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for order in 0_u64.. {
        let mut dice = Dice::new(seed, "adra-order", order);
        let size = 1 + dice.below(4);
        let slot = usize::try_from(dice.below(4)).unwrap_or(0);
        // The least of two draws: small zone numbers are the big ones, up to twice the mean.
        let zone = if dice.chance(0.3) {
            dice.below(ZONES).min(dice.below(ZONES))
        } else {
            dice.below(ZONES)
        };
        // Some customers order twice.
        let door = if order > 0 && dice.chance(0.1) { dice.below(order) } else { order };
        let stop = StopKey::derive(&door.to_string(), &zone.to_string(), "");
        let order_key = OrderKey::derive("day", &order.to_string());
        for _ in 0..size {
            let number = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
            if number >= count {
                return wanted;
            }
            let (sku_class, load) = goods(&mut dice, median_litres);
            let request = Request {
                waybill_no: format!("W{number}").into(),
                order: order_key,
                stop,
                zone: zone_code(zone).into(),
                sku_class,
                load,
                origin: Origin::Regular,
                excluded_routes: Vec::new(),
            };
            wanted.push(Wanted { slot, zone, request });
        }
    }
    wanted
}

fn goods(dice: &mut Dice, median_litres: f64) -> (SkuClass, Load) {
    let litres = dice.log_normal(median_litres, SIGMA).clamp(1.0, LARGEST_LITRES);
    let volume_ml = (litres * 1_000.0).to_u64().unwrap_or(1_000);
    let weight_g = (litres * GRAMS_PER_LITRE).to_u64().unwrap_or(1);
    let class = dice.below(100);
    if class < 78 {
        (SkuClass::Dry, Load::of_waybill(volume_ml, 0, weight_g))
    } else if class < 92 {
        (SkuClass::Frozen, Load::of_waybill(0, volume_ml, weight_g))
    } else {
        (SkuClass::Mixed, Load::of_waybill(volume_ml / 2, volume_ml / 2, weight_g))
    }
}
