//! A small network and a day on it, for the unit tests of all modules.
//!
//! Depot DEP (UTC) has the zones A and B, neighbours of each other, and the slot S, which closes at
//! 20:00 the day before. Everything is ample unless a test makes it scarce.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::network::{
    Depot, DistrictZone, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone,
    ZoneQuota,
};
use crate::{
    Decision, Forecast, Load, Network, NetworkParts, OrderKey, Origin, Outcome, Outlook, Placement,
    Reason, Request, RouteClass, RouteId, SkuClass, SlotDay, SlotDayKey, StopKey, assign, refusal,
    release,
};

pub(crate) const ML: u64 = 1_000;
pub(crate) const TRUCKS: [&str; 6] =
    ["VAN", "VAN-COLD", "TRUCK", "TRUCK-MIX", "LORRY", "LORRY-MIX"];
pub(crate) const AMPLE: Load =
    Load { waybills: 1_000, dry_ml: 1_000_000 * ML, frozen_ml: 1_000_000 * ML, weight_g: 1 << 40 };

/// The network that every test starts from.
pub(crate) fn parts() -> NetworkParts {
    NetworkParts {
        depots: vec![Depot { code: "DEP".into(), name: "Depot".into(), tz: Tz::UTC }],
        zones: vec![zone("A", "B"), zone("B", "A")],
        districts: vec![district("D1", "A"), district("D2", "B")],
        timeslots: vec![Timeslot {
            code: "S".into(),
            start: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            end: NaiveTime::from_hms_opt(13, 0, 0).unwrap(),
            cutoff: "D-1 20:00".parse().unwrap(),
        }],
        truck_types: vec![
            truck("VAN", 900, 22, 100, "dry=4500"),
            truck("VAN-COLD", 850, 22, 130, "frozen=4000|dry=2600,frozen=1400"),
            truck("TRUCK", 3_200, 45, 170, "dry=14000"),
            truck("TRUCK-MIX", 3_000, 45, 215, "dry=14000|dry=9000,frozen=4500|frozen=13000"),
            truck("LORRY", 7_500, 60, 290, "dry=34000"),
            truck("LORRY-MIX", 7_200, 60, 350, "dry=34000|dry=22000,frozen=11000|frozen=26000"),
        ],
        ladder: vec![
            step("VAN", "TRUCK"),
            step("VAN", "TRUCK-MIX"),
            step("TRUCK", "LORRY"),
            step("TRUCK", "LORRY-MIX"),
            step("VAN-COLD", "TRUCK-MIX"),
            step("TRUCK-MIX", "LORRY-MIX"),
        ],
        pool: TRUCKS.iter().map(|truck_type| pool(truck_type, 50)).collect(),
        templates: vec![
            template("A-DRY", "A", RouteClass::Dry, "VAN", 30),
            template("A-COLD", "A", RouteClass::Mixed, "VAN-COLD", 20),
            template("B-DRY", "B", RouteClass::Dry, "VAN", 30),
            template("B-COLD", "B", RouteClass::Mixed, "VAN-COLD", 20),
        ],
        zone_quotas: vec![quota("A", AMPLE), quota("B", AMPLE)],
    }
}

pub(crate) fn zone(code: &str, neighbour: &str) -> Zone {
    Zone {
        code: code.into(),
        depot: "DEP".into(),
        name: format!("Zone {code}"),
        neighbours: vec![neighbour.into()],
    }
}

pub(crate) fn district(district: &str, zone: &str) -> DistrictZone {
    DistrictZone { district: district.into(), zone: zone.into(), valid_from: None }
}

pub(crate) fn truck(
    code: &str,
    max_kg: u64,
    max_stops: u32,
    cost: u64,
    profiles: &str,
) -> TruckType {
    let max_weight_g = max_kg * 1_000;
    let profiles = profiles.parse().unwrap();
    TruckType { code: code.into(), max_weight_g, max_stops, cost, profiles }
}

pub(crate) fn step(from: &str, to: &str) -> LadderStep {
    LadderStep { from: from.into(), to: to.into() }
}

pub(crate) fn pool(truck_type: &str, count: u32) -> PoolCapacity {
    let (depot, timeslot) = ("DEP".into(), "S".into());
    PoolCapacity { depot, timeslot, truck_type: truck_type.into(), count }
}

pub(crate) fn template(
    code: &str,
    zone: &str,
    class: RouteClass,
    truck_type: &str,
    waybill_quota: u32,
) -> RouteTemplate {
    RouteTemplate {
        code: code.into(),
        depot: "DEP".into(),
        zone: zone.into(),
        timeslot: "S".into(),
        class,
        default_truck_type: truck_type.into(),
        waybill_quota,
    }
}

pub(crate) fn quota(zone: &str, limit: Load) -> ZoneQuota {
    ZoneQuota { zone: zone.into(), timeslot: "S".into(), limit }
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn key() -> SlotDayKey {
    SlotDayKey { depot: "DEP".into(), date: "2024-05-10".parse().unwrap(), timeslot: "S".into() }
}

/// A waybill for zone A in litres and kilograms; `number` makes its order and its door.
pub(crate) fn waybill(
    number: u32,
    sku_class: SkuClass,
    dry_l: u64,
    frozen_l: u64,
    kg: u64,
) -> Request {
    Request {
        waybill_no: format!("W{number}").into(),
        order: OrderKey(Uuid::from_u128(u128::from(number))),
        stop: StopKey(Uuid::from_u128(u128::from(number))),
        zone: "A".into(),
        sku_class,
        load: Load::of_waybill(dry_l * ML, frozen_l * ML, kg * 1_000),
        origin: Origin::Regular,
        excluded_routes: Vec::new(),
    }
}

pub(crate) fn dry(number: u32, litres: u64) -> Request {
    waybill(number, SkuClass::Dry, litres, 0, 1)
}

pub(crate) fn frozen(number: u32, litres: u64) -> Request {
    waybill(number, SkuClass::Frozen, 0, litres, 1)
}

/// A network, one day of it, and a counter for route ids.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) day: SlotDay,
    pub(crate) judged_at: DateTime<Utc>,
    pub(crate) remaining_waybills: Option<u32>,
    /// In place of one that is like the waybill at hand.
    pub(crate) forecast: Option<Forecast>,
    next_route: u32,
}

impl World {
    /// A day in time for its cut-off, on the fixture network after `change`.
    pub(crate) fn with(change: impl FnOnce(&mut NetworkParts)) -> Self {
        let mut parts = parts();
        change(&mut parts);
        let network = Network::build(parts).unwrap();
        let day = SlotDay::new(&network, key()).unwrap();
        let judged_at = instant("2024-05-09T12:00:00Z");
        Self { network, day, judged_at, remaining_waybills: None, forecast: None, next_route: 1 }
    }

    /// Assigns, and checks that the question alone has the same answer.
    pub(crate) fn assign(&mut self, request: &Request) -> Decision {
        let remaining_waybills = self.remaining_waybills;
        let like = Forecast::like(request.load);
        let goods = SkuClass::of(request.load);
        let outlook = like.of(goods).map(|outlook| Outlook { remaining_waybills, ..*outlook });
        let forecast = self.forecast.unwrap_or(like.with(goods, outlook.unwrap()));
        let next_route = &mut self.next_route;
        let mut ids = |_: &RouteTemplate| {
            let number = *next_route;
            *next_route += 1;
            (route_id(number), format!("R{number}").into())
        };
        let World { network, day, judged_at, .. } = self;
        let told = refusal(network, day, request, *judged_at, &forecast).unwrap();
        let decision = assign(network, day, request, *judged_at, &forecast, &mut ids).unwrap();
        assert_eq!(told, decision.refusal(), "the question alone has the same answer");
        decision
    }

    /// Assigns with route numbers that start at `first`, out of the way of a day put back.
    pub(crate) fn assign_with_ids_from(&mut self, request: &Request, first: u32) -> Decision {
        self.next_route = first;
        self.assign(request)
    }

    /// Assigns and expects a place.
    pub(crate) fn place(&mut self, request: &Request) -> Decision {
        let decision = self.assign(request);
        assert!(matches!(decision.outcome, Outcome::Assigned(_)), "{decision:#?}");
        decision
    }

    /// Assigns and expects no place: why.
    pub(crate) fn refusal(&mut self, request: &Request) -> Reason {
        match self.assign(request).outcome {
            Outcome::Unassignable(reason) => reason,
            Outcome::Assigned(assignment) => panic_on(&assignment),
        }
    }

    pub(crate) fn release(&mut self, placement: &Placement) -> Vec<crate::Effect> {
        release(&mut self.day, placement).unwrap()
    }

    pub(crate) fn truck_of(&self, route: RouteId) -> &str {
        self.day.route(route).unwrap().truck().code.as_str()
    }
}

#[allow(clippy::panic, reason = "tests fail by panicking")]
fn panic_on(assignment: &crate::Assignment) -> ! {
    panic!("expected no place, got {assignment:?}")
}

pub(crate) fn route_id(number: u32) -> RouteId {
    RouteId(Uuid::from_u128(u128::from(number)))
}

/// The place that a decision gave.
pub(crate) fn route_of(decision: &Decision) -> RouteId {
    match &decision.outcome {
        Outcome::Assigned(assignment) => Some(assignment.route),
        Outcome::Unassignable(_) => None,
    }
    .unwrap()
}

pub(crate) fn placement(request: &Request, route: RouteId) -> Placement {
    Placement { route, order: request.order, stop: request.stop, load: request.load }
}
