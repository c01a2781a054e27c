//! One slot of a small network: what stands in the way of a basket is what stands in the way of a waybill.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use chrono::NaiveTime;
use contracts::Goods;
use routing::network::{Depot, DistrictZone, PoolCapacity, Timeslot, TruckType, Zone, ZoneQuota};
use routing::{NetworkParts, RouteClass, SlotDayKey};

use super::*;

/// Depot NORTH has one zone, one window that closes the day before at 20:00, and one van of 4,500 litres.
fn parts() -> NetworkParts {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    NetworkParts {
        depots: vec![Depot {
            code: "NORTH".into(),
            name: "North".into(),
            tz: "UTC".parse().unwrap(),
        }],
        zones: vec![Zone {
            code: "Z01".into(),
            depot: "NORTH".into(),
            name: "One".into(),
            neighbours: Vec::new(),
        }],
        districts: vec![DistrictZone {
            district: "D001".into(),
            zone: "Z01".into(),
            valid_from: None,
        }],
        timeslots: vec![Timeslot {
            code: "0900-1300".into(),
            start: time(9),
            end: time(13),
            cutoff: "D-1 20:00".parse().unwrap(),
        }],
        truck_types: vec![TruckType {
            code: "VAN".into(),
            max_weight_g: 900_000,
            max_stops: 22,
            cost: 100,
            profiles: "dry=4500".parse().unwrap(),
        }],
        ladder: Vec::new(),
        pool: vec![PoolCapacity {
            depot: "NORTH".into(),
            timeslot: "0900-1300".into(),
            truck_type: "VAN".into(),
            count: 1,
        }],
        templates: vec![RouteTemplate {
            code: "T".into(),
            depot: "NORTH".into(),
            zone: "Z01".into(),
            timeslot: "0900-1300".into(),
            class: RouteClass::Dry,
            default_truck_type: "VAN".into(),
            waybill_quota: 20,
        }],
        zone_quotas: vec![ZoneQuota {
            zone: "Z01".into(),
            timeslot: "0900-1300".into(),
            limit: Load {
                waybills: 3,
                dry_ml: 9_000_000,
                frozen_ml: 1_000_000,
                weight_g: 1_000_000,
            },
        }],
    }
}

fn dry(volume_ml: u64, waybills: u16) -> Basket {
    let dry = Goods { pieces: 1, volume_ml: Some(volume_ml), weight_g: Some(1_000) };
    Basket { dry, frozen: Goods::default(), waybills }
}

fn time(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

fn asked(basket: Basket, at: &str, shows_quota: bool) -> SlotOffer {
    let network = Network::build(parts()).unwrap();
    let key = SlotDayKey {
        depot: "NORTH".into(),
        date: "2035-06-13".parse().unwrap(),
        timeslot: "0900-1300".into(),
    };
    let day = SlotDay::new(&network, key.clone()).unwrap();
    let slot = Slot { key, zones: vec!["Z01".into()] };
    let sought = Sought { network: &network, slot: &slot, basket: &basket, at: time(at) };
    offer(&sought, &day, shows_quota).unwrap()
}

const IN_TIME: &str = "2035-06-12T19:59:59Z";

#[test]
fn a_basket_that_fits_is_offered_with_its_window_and_what_the_zone_has_left() {
    let found = asked(dry(100_000, 1), IN_TIME, true);
    assert!(found.available && found.reason.is_none());
    assert_eq!((found.from.as_str(), found.until.as_str()), ("09:00", "13:00"));
    assert_eq!(found.cut_off, time("2035-06-12T20:00:00Z"));
    let remaining = found.remaining.unwrap();
    assert_eq!((remaining.waybills, remaining.dry_ml), (3, 9_000_000));
    assert_eq!(asked(dry(100_000, 1), IN_TIME, false).remaining, None);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let frozen = Basket { frozen: dry(1_000, 1).dry, ..dry(1_000, 1) };
    for (basket, at, reason) in [
        (dry(1_000, 1), "2035-06-12T20:00:01Z", UnassignableReason::CutOffPassed),
        (dry(1_000, 1), "2035-06-14T00:00:00Z", UnassignableReason::DatePast),
        (frozen, IN_TIME, UnassignableReason::NoTemplate),
        (dry(5_000_000, 1), IN_TIME, UnassignableReason::ExceedsLargestTruck),
        (dry(4_000, 4), IN_TIME, UnassignableReason::ZoneQuota),
        (dry(6_000_000, 2), IN_TIME, UnassignableReason::PoolExhausted),
    ] {
        let found = asked(basket, at, true);
        assert_eq!((found.available, found.reason), (false, Some(reason)), "{basket:?} {at}");
    }
}

#[test]
fn goods_are_spread_over_parcels_without_a_rest() {
    let loads: Vec<Load> = parcels(&dry(10, 3)).collect();
    let volumes: Vec<u64> = loads.iter().map(|load| load.dry_ml).collect();
    assert_eq!(volumes, [4, 3, 3]);
    assert_eq!(loads.iter().map(|load| load.weight_g).sum::<u64>(), 1_000);
    let pieces = Goods { pieces: 4, volume_ml: None, weight_g: None };
    let basket = Basket { dry: Goods::default(), frozen: pieces, waybills: 1 };
    let load = parcels(&basket).next().unwrap();
    assert_eq!((load.frozen_ml, load.dry_ml, load.weight_g), (6_000, 0, 2_800));
}
