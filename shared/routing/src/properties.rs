//! What must hold after any sequence of assignments, releases and locks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::fit::waybill_limit;
use crate::fixture::{AMPLE, TRUCKS, World, placement, pool, quota, waybill};
use crate::{
    Decision, Load, Network, NetworkParts, Outcome, Placement, Reason, Request, RouteRecord,
    RouteStatus, SkuClass, SlotDay, StopKey, ZoneCode, fixture,
};

#[derive(Clone, Debug)]
enum Op {
    Assign {
        request: Request,
    },
    /// Of the live placements, by position.
    Release(usize),
    /// Of the routes, by position.
    Lock(usize),
}

fn requests() -> impl Strategy<Value = Request> {
    let class = prop_oneof![Just(SkuClass::Dry), Just(SkuClass::Frozen), Just(SkuClass::Mixed)];
    let size = prop_oneof![8 => 0_u64..400, 2 => 400_u64..6_000, 1 => 6_000_u64..40_000];
    (class, size.clone(), size, 0_u64..600, 0_u32..30, 0_u32..30, any::<bool>()).prop_map(
        |(class, first, second, kg, door, order, in_b)| {
            let (dry_l, frozen_l) = match class {
                SkuClass::Dry => (first, 0),
                SkuClass::Frozen => (0, first),
                SkuClass::Mixed => (first, second),
            };
            let base = waybill(order, class, dry_l, frozen_l, kg);
            let zone = ZoneCode::from(if in_b { "B" } else { "A" });
            Request { stop: waybill(door, class, 0, 0, 0).stop, zone, ..base }
        },
    )
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        12 => requests().prop_map(|request| Op::Assign { request }),
        4 => any::<usize>().prop_map(Op::Release),
        1 => any::<usize>().prop_map(Op::Lock),
    ];
    prop::collection::vec(op, 1..120)
}

/// Scarce enough that every limit binds now and then.
fn scarce() -> impl Strategy<Value = NetworkParts> {
    let zone_quota = || {
        (0_u32..40, 0_u64..60_000, 0_u64..20_000).prop_map(|(waybills, dry_l, frozen_l)| Load {
            waybills,
            dry_ml: dry_l * 1_000,
            frozen_ml: frozen_l * 1_000,
            ..AMPLE
        })
    };
    let pools = prop::collection::vec(0_u32..4, TRUCKS.len());
    (zone_quota(), zone_quota(), pools, 0_u32..12).prop_map(|(a, b, counts, route_quota)| {
        let mut parts = fixture::parts();
        parts.zone_quotas = vec![quota("A", a), quota("B", b)];
        parts.pool = TRUCKS.iter().zip(counts).map(|(truck, count)| pool(truck, count)).collect();
        for template in &mut parts.templates {
            template.waybill_quota = route_quota;
        }
        parts
    })
}

/// What the ledger would hold beside the engine's state.
#[derive(Default)]
struct Ledger {
    live: Vec<(ZoneCode, Placement)>,
}

impl Ledger {
    fn run(&mut self, world: &mut World, op: &Op) -> Option<Decision> {
        match op {
            Op::Assign { request } => {
                let decision = world.assign(request);
                if let Outcome::Assigned(place) = &decision.outcome {
                    self.live.push((place.zone.clone(), placement(request, place.route)));
                }
                return Some(decision);
            }
            Op::Release(position) if !self.live.is_empty() => {
                let (_, placement) = self.live.swap_remove(position % self.live.len());
                world.release(&placement);
            }
            Op::Lock(position) => {
                let routes: Vec<_> = world.day.routes().map(crate::state::Route::id).collect();
                if let Some(route) = routes.get(position % routes.len().max(1)) {
                    world.day.set_status(*route, RouteStatus::Locked).unwrap();
                }
            }
            Op::Release(_) => {}
        }
        None
    }

    fn sum<'a>(placements: impl Iterator<Item = &'a Placement>) -> Load {
        placements.fold(Load::ZERO, |sum, one| sum.checked_add(one.load).unwrap())
    }

    fn check(&self, day: &SlotDay) {
        for (code, zone) in day.zones() {
            let here = self.live.iter().filter(|(zone, _)| zone == code).map(|(_, one)| one);
            assert_eq!(zone.used(), Self::sum(here));
            assert!(zone.used().fits(zone.limit()), "zone {code} oversold");
        }
        let mut trucks = BTreeMap::new();
        for route in day.routes() {
            *trucks.entry(route.truck().code.clone()).or_insert(0_u32) += 1;
            let here: Vec<_> = self
                .live
                .iter()
                .map(|(_, one)| one)
                .filter(|one| one.route == route.id())
                .collect();
            assert!(!here.is_empty(), "an empty route keeps a truck");
            assert_eq!(route.load(), Self::sum(here.iter().copied()));
            let doors: BTreeSet<StopKey> = here.iter().map(|one| one.stop).collect();
            assert!(route.stops().map(|(stop, _)| stop).eq(doors));
            let (load, truck) = (route.load(), route.truck());
            assert!(load.weight_g <= truck.max_weight_g && route.stop_count() <= truck.max_stops);
            assert!(truck.profiles.hold(load.dry_ml, load.frozen_ml));
            assert!(load.waybills <= waybill_limit(route.template(), truck));
        }
        for (truck_type, pool) in day.pool() {
            assert_eq!(pool.used, trucks.remove(truck_type).unwrap_or(0));
            assert!(pool.used <= pool.limit, "more {truck_type} out than there are");
        }
        assert!(trucks.is_empty());
    }

    /// The same day on another network.
    fn rebuild(&self, day: &SlotDay, network: &Network) -> SlotDay {
        let mut rebuilt = SlotDay::new(network, day.key().clone()).unwrap();
        for route in day.routes() {
            let record = RouteRecord {
                id: route.id(),
                reference: route.reference().clone(),
                template: route.template().code.clone(),
                truck_type: route.truck().code.clone(),
                status: route.status(),
                version: route.version(),
            };
            rebuilt.restore_route(network, record).unwrap();
        }
        for (_, placement) in &self.live {
            rebuilt.restore_placement(placement).unwrap();
        }
        rebuilt
    }
}

/// Makes one limit ample, by data and not by the engine's own "what if".
fn relax(parts: &mut NetworkParts, reason: Reason) {
    match reason {
        Reason::ZoneQuota => parts.zone_quotas.iter_mut().for_each(|row| row.limit = AMPLE),
        Reason::PoolExhausted => parts.pool.iter_mut().for_each(|row| row.count = 1_000),
        Reason::RouteQuota => {
            parts.templates.iter_mut().for_each(|row| row.waybill_quota = 1_000);
            parts.truck_types.iter_mut().for_each(|row| row.max_stops = 1_000);
        }
        Reason::ExceedsLargestTruck => {
            for truck in &mut parts.truck_types {
                truck.max_weight_g = 1 << 40;
                truck.profiles = "dry=1000000,frozen=1000000".parse().unwrap();
            }
            // Room for the truck is another matter than its size.
            relax(parts, Reason::ZoneQuota);
            relax(parts, Reason::RouteQuota);
            relax(parts, Reason::PoolExhausted);
        }
        Reason::DatePast
        | Reason::CutOffPassed
        | Reason::NoTemplate
        | Reason::ReleasedAfterCutoff
        | Reason::Missed => {}
    }
}

proptest! {
    #[test]
    fn nothing_is_ever_exceeded_and_use_is_the_sum_of_live_places(parts in scarce(), ops in ops()) {
        let mut world = World::with(|start| *start = parts);
        let mut ledger = Ledger::default();
        for op in &ops {
            ledger.run(&mut world, op);
            ledger.check(&world.day);
        }
    }

    #[test]
    fn relaxing_the_named_limit_gives_a_place(parts in scarce(), ops in ops()) {
        let mut world = World::with(|start| *start = parts.clone());
        let mut ledger = Ledger::default();
        for op in &ops {
            let decision = ledger.run(&mut world, op);
            let (Some(decision), Op::Assign { request }) = (decision, op) else { continue };
            let Outcome::Unassignable(reason) = decision.outcome else { continue };
            let mut relaxed_parts = parts.clone();
            relax(&mut relaxed_parts, reason);
            for other in decision.explanation.blocked_by {
                relax(&mut relaxed_parts, other);
            }
            let mut relaxed = World::with(|start| *start = relaxed_parts);
            relaxed.day = ledger.rebuild(&world.day, &relaxed.network);
            let retried = relaxed.assign_with_ids_from(request, 1_000_000);
            prop_assert!(matches!(retried.outcome, Outcome::Assigned(_)), "{reason:?} {retried:#?}");
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(parts in scarce(), ops in ops()) {
        let run = || {
            let mut world = World::with(|start| *start = parts.clone());
            let mut ledger = Ledger::default();
            let decisions: Vec<_> = ops.iter().map(|op| ledger.run(&mut world, op)).collect();
            (decisions, format!("{:?}", world.day))
        };
        prop_assert_eq!(run(), run());
    }
}
