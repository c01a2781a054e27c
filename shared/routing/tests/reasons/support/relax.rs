//! Limits relaxed as a person would: one row of the network, or all rows of a kind. Nothing here asks the
//! engine what it thinks of a limit.

use routing::network::{LadderStep, TruckType};
use routing::{Outcome, Reason, RouteClass, SkuClass};

use super::world::{AMPLE, Asked, World, in_time, pool, template};

/// A truck for everything.
const GIANT: &str = "GIANT";

fn gets_a_place(mut world: World, asked: &Asked) -> bool {
    matches!(world.decide(asked).outcome, Outcome::Assigned(_))
}

/// Whether there is anything of this kind to relax: a clock that says late, a template that is missing, a
/// truck that is too small.
pub(crate) fn can_be_relaxed(world: &World, asked: &Asked, kind: Reason) -> bool {
    match kind {
        Reason::DatePast | Reason::CutOffPassed | Reason::Missed => asked.at > in_time(),
        Reason::NoTemplate => !has_template(world, asked.request.zone.as_str(), asked),
        Reason::ExceedsLargestTruck => !has_truck(world, asked),
        Reason::ZoneQuota | Reason::RouteQuota | Reason::PoolExhausted => true,
        Reason::ReleasedAfterCutoff => false,
    }
}

fn serves(class: RouteClass, asked: &Asked) -> bool {
    asked.request.sku_class.route_classes().contains(&class)
}

fn has_template(world: &World, zone: &str, asked: &Asked) -> bool {
    world.parts.templates.iter().any(|row| row.zone.as_str() == zone && serves(row.class, asked))
}

fn holds(truck: &TruckType, asked: &Asked) -> bool {
    let load = asked.request.load;
    let fits = |profile: &routing::network::Profile| {
        load.dry_ml <= profile.dry_ml && load.frozen_ml <= profile.frozen_ml
    };
    load.weight_g <= truck.max_weight_g && truck.profiles.0.iter().any(fits)
}

/// A truck of some ladder of the zone or its neighbours holds it alone.
fn has_truck(world: &World, asked: &Asked) -> bool {
    let zones = world.zones_of(asked);
    let usable = world.parts.templates.iter().filter(|row| {
        zones.iter().any(|zone| row.zone.as_str() == zone) && serves(row.class, asked)
    });
    let mut reached: Vec<String> = usable.map(|row| row.default_truck_type.to_string()).collect();
    let mut at = 0;
    while at < reached.len() {
        let steps = world.parts.ladder.iter().filter(|step| step.from.as_str() == reached[at]);
        let more: Vec<String> = steps.map(|step| step.to.to_string()).collect();
        reached.extend(more.into_iter().filter(|to| !reached.contains(to)).collect::<Vec<_>>());
        at += 1;
    }
    let types = world.parts.truck_types.iter();
    types.filter(|truck| reached.contains(&truck.code.to_string())).any(|truck| holds(truck, asked))
}

/// Whether some choice of single rows, one for each of these kinds, gives a place.
pub(crate) fn assigns_with(world: &World, asked: &Asked, kinds: &[Reason]) -> bool {
    match kinds.split_first() {
        None => gets_a_place(world.clone(), asked),
        Some((kind, rest)) => {
            let choices = one_row(world, asked, *kind);
            choices.iter().any(|(world, asked)| assigns_with(world, asked, rest))
        }
    }
}

/// Whether relaxing every row of this kind, and nothing else, gives a place.
pub(crate) fn assigns_with_all_of(world: &World, asked: &Asked, kind: Reason) -> bool {
    match kind {
        Reason::ZoneQuota | Reason::RouteQuota | Reason::PoolExhausted => {
            gets_a_place(all_rows(world, kind), asked)
        }
        Reason::DatePast
        | Reason::CutOffPassed
        | Reason::NoTemplate
        | Reason::ExceedsLargestTruck
        | Reason::ReleasedAfterCutoff
        | Reason::Missed => assigns_with(world, asked, &[kind]),
    }
}

fn all_rows(world: &World, kind: Reason) -> World {
    let mut parts = world.parts.clone();
    match kind {
        Reason::ZoneQuota => parts.zone_quotas.iter_mut().for_each(|row| row.limit = AMPLE),
        Reason::RouteQuota => parts.templates.iter_mut().for_each(|row| row.waybill_quota = 1_000),
        _ => {
            let codes = parts.truck_types.iter().map(|truck| truck.code.to_string());
            parts.pool = codes.map(|code| pool(&code, 1_000)).collect();
        }
    }
    world.on(parts)
}

/// Every way to relax one row of this kind.
fn one_row(world: &World, asked: &Asked, kind: Reason) -> Vec<(World, Asked)> {
    match kind {
        Reason::DatePast => vec![(world.clone(), Asked { at: in_time(), ..asked.clone() })],
        Reason::CutOffPassed | Reason::Missed => {
            let mut parts = world.parts.clone();
            parts.timeslots[0].cutoff = "D 23:59".parse().unwrap();
            vec![(world.on(parts), asked.clone())]
        }
        Reason::NoTemplate => opened(world, asked),
        Reason::ExceedsLargestTruck => vec![(with_giant(world), asked.clone())],
        Reason::ZoneQuota => raised(world, asked),
        Reason::RouteQuota => {
            let rows = 0..world.parts.templates.len();
            let raise = |at: usize| {
                let mut parts = world.parts.clone();
                parts.templates[at].waybill_quota = 1_000;
                (world.on(parts), asked.clone())
            };
            rows.map(raise).collect()
        }
        Reason::PoolExhausted => one_truck_more(world, asked),
        Reason::ReleasedAfterCutoff => Vec::new(),
    }
}

/// The quota of the zone, or of one that it may overflow into.
fn raised(world: &World, asked: &Asked) -> Vec<(World, Asked)> {
    let raise = |zone: String| {
        let mut raised = world.clone();
        raised.day.set_zone_limit(&zone.as_str().into(), AMPLE).unwrap();
        let mut parts = world.parts.clone();
        let row = parts.zone_quotas.iter_mut().find(|row| row.zone.as_str() == zone);
        row.unwrap().limit = AMPLE;
        (World { parts, ..raised }, asked.clone())
    };
    world.zones_of(asked).into_iter().map(raise).collect()
}

/// One more truck of one type than are out.
fn one_truck_more(world: &World, asked: &Asked) -> Vec<(World, Asked)> {
    let types = world.parts.truck_types.iter();
    let add = |truck: &TruckType| {
        let mut parts = world.parts.clone();
        let count = world.day.pool_of(&truck.code).used + 1;
        parts.pool.retain(|row| row.truck_type != truck.code);
        parts.pool.push(pool(truck.code.as_str(), count));
        (world.on(parts), asked.clone())
    };
    types.map(add).collect()
}

/// A template for the goods in the zone, with each truck type in turn.
fn opened(world: &World, asked: &Asked) -> Vec<(World, Asked)> {
    let class = match asked.request.sku_class {
        SkuClass::Dry => RouteClass::Dry,
        SkuClass::Frozen | SkuClass::Mixed => RouteClass::Mixed,
    };
    let open = |truck: &TruckType| {
        let mut parts = world.parts.clone();
        let (zone, truck) = (asked.request.zone.as_str(), truck.code.as_str());
        parts.templates.push(template("NEW", zone, class, truck, 1_000));
        (world.on(parts), asked.clone())
    };
    world.parts.truck_types.iter().map(open).collect()
}

/// A larger truck type at the end of every ladder, and one truck of it.
fn with_giant(world: &World) -> World {
    let mut parts = world.parts.clone();
    let steps: Vec<LadderStep> = parts
        .truck_types
        .iter()
        .map(|truck| LadderStep { from: truck.code.clone(), to: GIANT.into() })
        .collect();
    parts.ladder.extend(steps);
    parts.truck_types.push(TruckType {
        code: GIANT.into(),
        max_weight_g: 1 << 40,
        max_stops: 1_000,
        cost: 1_000,
        profiles: "dry=1000000,frozen=1000000".parse().unwrap(),
    });
    parts.pool.push(pool(GIANT, 1));
    world.on(parts)
}
