#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::{Demand, FleetOption, cheapest, lower_bound, options};
use crate::fixture::World;
use crate::{Load, TimeslotCode, ZoneCode};

fn zone_a() -> Vec<FleetOption> {
    let world = World::with(|_| {});
    options(&world.network, &ZoneCode::from("A"), &TimeslotCode::from("S"))
}

fn demand(waybills: u32, dry_l: u64, frozen_l: u64, stops: u32) -> Demand {
    let load = Load { waybills, dry_ml: dry_l * 1_000, frozen_ml: frozen_l * 1_000, weight_g: 0 };
    Demand { load, stops, ..Demand::default() }
}

#[test]
fn nothing_needs_no_truck() {
    assert_eq!(lower_bound(Demand::default(), &zone_a()), Some(0));
}

#[test]
fn one_van_carries_a_van_load_and_two_carry_more() {
    assert_eq!(lower_bound(demand(22, 4_500, 0, 22), &zone_a()), Some(100));
    // 23 stops: a second van (200) or a truck (170).
    assert_eq!(lower_bound(demand(23, 4_500, 0, 23), &zone_a()), Some(170));
}

#[test]
fn frozen_goods_need_a_cold_route_even_when_dry_ones_could_hold_them() {
    assert_eq!(lower_bound(demand(1, 0, 100, 1), &zone_a()), Some(130));
    let dry_only: Vec<_> =
        zone_a().into_iter().filter(|o| o.template.class == crate::RouteClass::Dry).collect();
    assert_eq!(lower_bound(demand(1, 0, 100, 1), &dry_only), None);
}

#[test]
fn goods_of_both_kinds_need_a_divided_truck() {
    let vans: Vec<_> = zone_a()
        .into_iter()
        .filter(|option| option.truck.code.as_str().starts_with("VAN"))
        .collect();
    let of_both = |frozen_l: u64| {
        let load =
            Load { waybills: 1, dry_ml: 1_000_000, frozen_ml: frozen_l * 1_000, weight_g: 0 };
        let counts = Demand { stops: 1, cold_waybills: 1, cold_stops: 1, ..Demand::default() };
        Demand { load, of_both: load, ..counts }
    };
    assert_eq!(lower_bound(of_both(1_400), &vans), Some(130), "as much as a divided van takes");
    assert_eq!(lower_bound(of_both(1_500), &vans), Some(260));
    let apart = Demand { of_both: Load::ZERO, ..of_both(1_500) };
    assert_eq!(lower_bound(apart, &vans), Some(230), "a van for each kind");
}

#[test]
fn fleets_stay_within_the_trucks_that_are_there() {
    let need = demand(60, 9_000, 0, 60);
    let counts = |fleet: &super::Fleet, code: &str| {
        fleet.trucks.iter().filter(|(_, truck)| truck.code.as_str() == code).count()
    };
    let within = |vans: u32, trucks: u32| {
        let to_be_had = |code: &crate::TruckTypeCode| match code.as_str() {
            "VAN" => vans,
            "TRUCK" => trucks,
            _ => 0,
        };
        super::cheapest_within(need, &zone_a(), to_be_had, u64::MAX, 4)
    };
    for (vans, trucks) in [(9, 9), (1, 9), (3, 0)] {
        let fleets = within(vans, trucks);
        assert!(!fleets.is_empty(), "{vans} vans and {trucks} trucks carry it");
        for fleet in &fleets {
            assert!(counts(fleet, "VAN") <= usize::try_from(vans).unwrap());
            assert!(counts(fleet, "TRUCK") <= usize::try_from(trucks).unwrap());
        }
    }
    assert!(within(2, 0).is_empty());
}

#[test]
fn fleets_come_cheapest_first_and_below_the_limit() {
    let fleets = cheapest(demand(40, 9_000, 0, 40), &zone_a(), 400, 5);
    assert!(fleets.len() > 1);
    assert!(fleets.windows(2).all(|pair| pair[0].cost <= pair[1].cost));
    assert!(fleets.iter().all(|fleet| fleet.cost < 400));
    for fleet in fleets {
        let cost: u64 = fleet.trucks.iter().map(|(_, truck)| truck.cost).sum();
        assert_eq!(cost, fleet.cost);
    }
}

proptest! {
    #[test]
    fn no_covering_fleet_is_cheaper_than_the_bound(
        waybills in 1_u32..90, dry_l in 0_u64..40_000, frozen_l in 0_u64..9_000,
    ) {
        let options = zone_a();
        let need = demand(waybills, dry_l, frozen_l, waybills);
        let bound = lower_bound(need, &options).unwrap();
        let best = brute_force(need, &options, 12);
        prop_assert!(best.is_none_or(|best| bound <= best), "{bound} {best:?}");
        let listed = cheapest(need, &options, u64::MAX, 3);
        prop_assert_eq!(listed.first().map(|fleet| fleet.cost >= bound), Some(true));
    }
}

/// All multisets by growing size: slow and plain.
fn brute_force(need: Demand, options: &[FleetOption], most: u32) -> Option<u64> {
    fn walk(
        need: super::Resources,
        options: &[FleetOption],
        left: u32,
        cost: u64,
        best: &mut Option<u64>,
    ) {
        if best.is_some_and(|best| cost >= best) {
            return;
        }
        if need.iter().all(|need| *need == 0) {
            *best = Some(cost);
        } else if left > 0 {
            for (at, option) in options.iter().enumerate() {
                let mut rest = need;
                rest.iter_mut()
                    .zip(&option.room)
                    .for_each(|(r, room)| *r = r.saturating_sub(*room));
                if rest != need {
                    walk(rest, &options[at..], left - 1, cost + option.truck.cost, best);
                }
            }
        }
    }
    let mut best = None;
    walk(need.resources(), options, most.min(4), 0, &mut best);
    best
}
