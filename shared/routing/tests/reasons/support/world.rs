//! A small network that is scarce in everything, one slot day of it, and waybills that want a place.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveTime, Utc};
use routing::network::{
    Depot, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone, ZoneQuota,
};
use routing::{
    Decision, Forecast, Load, Network, NetworkParts, OrderKey, Origin, Outcome, Placement, Request,
    RouteClass, RouteId, RouteRecord, RouteStatus, SkuClass, SlotDay, SlotDayKey, StopKey, assign,
    release,
};
use uuid::Uuid;

/// Waybills of one world.
const WAYBILLS: u64 = 22;
pub(crate) const AMPLE: Load =
    Load { waybills: 10_000, dry_ml: 1 << 40, frozen_ml: 1 << 40, weight_g: 1 << 40 };
/// Code, kilograms, stops, cost, profiles.
const TRUCKS: [(&str, u64, u32, u64, &str); 5] = [
    ("VAN", 300, 4, 100, "dry=900"),
    ("VAN-COLD", 280, 4, 130, "frozen=800|dry=500,frozen=300"),
    ("TRUCK", 900, 8, 170, "dry=2800"),
    ("TRUCK-MIX", 850, 8, 215, "dry=2800|dry=1800,frozen=900|frozen=2600"),
    ("LORRY-MIX", 2_000, 12, 350, "dry=6000|dry=4000,frozen=2000|frozen=5000"),
];

/// A small generator of numbers (SplitMix64): the same seed makes the same world everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Even over `0..bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let count = u64::try_from(of.len()).unwrap();
        of[usize::try_from(self.below(count)).unwrap()].clone()
    }
}

/// A waybill and the time at which it is judged.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) parts: NetworkParts,
    network: Network,
    pub(crate) day: SlotDay,
    live: Vec<Placement>,
    asked: VecDeque<Asked>,
    dice: Dice,
    routes: u128,
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// In time for the cut-off of every world.
pub(crate) fn in_time() -> DateTime<Utc> {
    instant("2024-05-09T12:00:00Z")
}

impl World {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let parts = parts(&mut dice);
        let zones: Vec<String> = parts.zones.iter().map(|zone| zone.code.to_string()).collect();
        let asked = (0..WAYBILLS).map(|_| asked(&mut dice, &zones)).collect();
        let network = Network::build(parts.clone()).unwrap();
        let date = "2024-05-10".parse().unwrap();
        let key = SlotDayKey { depot: "DEP".into(), date, timeslot: "S".into() };
        let day = SlotDay::new(&network, key).unwrap();
        Self { parts, network, day, live: Vec::new(), asked, dice, routes: 0 }
    }

    /// The next waybill; between two of them places are given back and routes locked.
    pub(crate) fn next(&mut self) -> Option<Asked> {
        if self.dice.percent(12) && !self.live.is_empty() {
            let at = self.dice.below(u64::try_from(self.live.len()).unwrap());
            let placement = self.live.swap_remove(usize::try_from(at).unwrap());
            release(&mut self.day, &placement).unwrap();
        }
        let routes: Vec<RouteId> = self.day.routes().map(routing::state::Route::id).collect();
        if self.dice.percent(8) && !routes.is_empty() {
            let route = self.dice.pick(&routes);
            self.day.set_status(route, RouteStatus::Locked).unwrap();
        }
        self.asked.pop_front()
    }

    pub(crate) fn decide(&mut self, asked: &Asked) -> Decision {
        let request = &asked.request;
        let forecast = Forecast::like(request.load);
        let routes = &mut self.routes;
        let mut ids = |_: &RouteTemplate| {
            *routes += 1;
            (RouteId(Uuid::from_u128(*routes)), format!("R{routes}").into())
        };
        let decision =
            assign(&self.network, &mut self.day, request, asked.at, &forecast, &mut ids).unwrap();
        if let Outcome::Assigned(place) = &decision.outcome {
            let Request { order, stop, load, .. } = *request;
            self.live.push(Placement { route: place.route, order, stop, load });
        }
        decision
    }

    /// The same day on another network.
    pub(crate) fn on(&self, parts: NetworkParts) -> Self {
        let network = Network::build(parts.clone()).unwrap();
        let mut day = SlotDay::new(&network, self.day.key().clone()).unwrap();
        for route in self.day.routes() {
            let record = RouteRecord {
                id: route.id(),
                reference: route.reference().clone(),
                template: route.template().code.clone(),
                truck_type: route.truck().code.clone(),
                status: route.status(),
                version: route.version(),
            };
            day.restore_route(&network, record).unwrap();
        }
        for placement in &self.live {
            day.restore_placement(placement).unwrap();
        }
        Self { parts, network, day, ..self.clone() }
    }

    /// The zone of a waybill and those that it may overflow into.
    pub(crate) fn zones_of(&self, asked: &Asked) -> Vec<String> {
        let home = asked.request.zone.as_str();
        let zone = self.parts.zones.iter().find(|zone| zone.code.as_str() == home).unwrap();
        let neighbours = zone.neighbours.iter().map(|neighbour| neighbour.to_string());
        std::iter::once(home.to_owned()).chain(neighbours).collect()
    }
}

fn parts(dice: &mut Dice) -> NetworkParts {
    let zones: Vec<&str> = ["A", "B", "C"][..usize::try_from(1 + dice.below(3)).unwrap()].to_vec();
    let types: Vec<_> = TRUCKS.into_iter().filter(|_| dice.percent(70)).collect();
    let types = if types.is_empty() { vec![TRUCKS[0]] } else { types };
    let codes: Vec<&str> = types.iter().map(|(code, ..)| *code).collect();
    let mut parts = NetworkParts {
        depots: vec![Depot { code: "DEP".into(), name: "Depot".into(), tz: chrono_tz::Tz::UTC }],
        timeslots: vec![Timeslot {
            code: "S".into(),
            start: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            end: NaiveTime::from_hms_opt(13, 0, 0).unwrap(),
            cutoff: "D-1 20:00".parse().unwrap(),
        }],
        truck_types: types.into_iter().map(truck).collect(),
        ..NetworkParts::default()
    };
    for (at, from) in codes.iter().enumerate() {
        let larger = codes[at + 1..].iter().filter(|_| dice.percent(35));
        let steps = larger.map(|to| LadderStep { from: (*from).into(), to: (*to).into() });
        parts.ladder.extend(steps);
    }
    for code in &codes {
        if dice.percent(80) {
            parts.pool.push(pool(code, u32::try_from(dice.below(4)).unwrap()));
        }
    }
    for zone in &zones {
        let others = zones.iter().filter(|other| *other != zone && dice.percent(50));
        let neighbours: Vec<_> = others.map(|other| (*other).into()).collect();
        let (code, name) = ((*zone).into(), (*zone).to_owned());
        parts.zones.push(Zone { code, depot: "DEP".into(), name, neighbours });
        parts.zone_quotas.push(quota(dice, zone));
        templates(dice, zone, &codes, &mut parts.templates);
    }
    parts
}

fn truck((code, kg, max_stops, cost, profiles): (&str, u64, u32, u64, &str)) -> TruckType {
    let (code, profiles) = (code.into(), profiles.parse().unwrap());
    TruckType { code, max_weight_g: kg * 1_000, max_stops, cost, profiles }
}

pub(crate) fn pool(code: &str, count: u32) -> PoolCapacity {
    let (depot, timeslot) = ("DEP".into(), "S".into());
    PoolCapacity { depot, timeslot, truck_type: code.into(), count }
}

fn quota(dice: &mut Dice, zone: &str) -> ZoneQuota {
    let scarce = Load {
        waybills: u32::try_from(dice.below(14)).unwrap(),
        dry_ml: dice.below(9_000) * 1_000,
        frozen_ml: dice.below(4_000) * 1_000,
        weight_g: dice.below(2_500) * 1_000,
    };
    let limit = if dice.percent(40) { AMPLE } else { scarce };
    ZoneQuota { zone: zone.into(), timeslot: "S".into(), limit }
}

pub(crate) fn template(
    code: &str,
    zone: &str,
    class: RouteClass,
    truck: &str,
    quota: u32,
) -> RouteTemplate {
    RouteTemplate {
        code: code.into(),
        depot: "DEP".into(),
        zone: zone.into(),
        timeslot: "S".into(),
        class,
        default_truck_type: truck.into(),
        waybill_quota: quota,
    }
}

fn templates(dice: &mut Dice, zone: &str, trucks: &[&str], to: &mut Vec<RouteTemplate>) {
    for (class, name) in [(RouteClass::Dry, "DRY"), (RouteClass::Mixed, "COLD")] {
        let count = if dice.percent(80) { 1 + dice.below(2) } else { 0 };
        for number in 0..count {
            let quota = u32::try_from(dice.below(7)).unwrap();
            let code = format!("{zone}-{name}-{number}");
            to.push(template(&code, zone, class, dice.pick(trucks), quota));
        }
    }
}

fn asked(dice: &mut Dice, zones: &[String]) -> Asked {
    let class = dice.pick(&[SkuClass::Dry, SkuClass::Dry, SkuClass::Frozen, SkuClass::Mixed]);
    let litres = |dice: &mut Dice| match dice.below(20) {
        0 => dice.below(9_000),
        1..=4 => dice.below(1_500),
        _ => dice.below(400),
    };
    let (dry, frozen) = match class {
        SkuClass::Dry => (litres(dice), 0),
        SkuClass::Frozen => (0, litres(dice)),
        SkuClass::Mixed => (litres(dice), litres(dice)),
    };
    let (at, origin) = match dice.below(40) {
        0 => ("2024-05-11T00:00:01Z", Origin::Regular),
        1..=2 => ("2024-05-09T21:00:00Z", Origin::Regular),
        3 => ("2024-05-10T08:00:00Z", Origin::Missed),
        4..=6 => ("2024-05-10T08:00:00Z", Origin::ReleasedFromHold),
        7 => ("2024-05-10T08:00:00Z", Origin::Override),
        _ => ("2024-05-09T12:00:00Z", Origin::Regular),
    };
    let number = dice.below(14);
    let request = Request {
        waybill_no: format!("W{}", dice.below(1_000_000)).into(),
        order: OrderKey(Uuid::from_u128(dice.below(14).into())),
        stop: StopKey(Uuid::from_u128(number.into())),
        zone: dice.pick(zones).into(),
        sku_class: class,
        load: Load::of_waybill(dry * 1_000, frozen * 1_000, dice.below(200) * 1_000),
        origin,
        excluded_routes: Vec::new(),
    };
    Asked { request, at: instant(at) }
}
