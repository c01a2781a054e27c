//! Spare capacity, prices and the observed forecast.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::cmp::Ordering;

use super::{Forecast, Outlook, Price, Typical, spare_milli};
use crate::fixture::{ML, World, dry, frozen, template, truck, waybill};
use crate::{Load, RouteClass, SkuClass};

const TYPICAL: Typical =
    Typical { dry_ml: 100 * ML, frozen_ml: 0, weight_g: 1_000, stops_milli: 1_000 };

#[test]
fn the_binding_resource_decides_what_is_spare() {
    let mixed = truck("MIX", 100, 20, 1, "dry=1000|dry=500,frozen=400");
    let template = template("T", "A", RouteClass::Mixed, "MIX", 15);
    let loaded = |waybills, dry_l: u64, frozen_l: u64, kg: u64| Load {
        waybills,
        dry_ml: dry_l * ML,
        frozen_ml: frozen_l * ML,
        weight_g: kg * 1_000,
    };
    let cases = [
        ("volume", Load::ZERO, 0, TYPICAL, 10_000),
        ("volume of the profile in use", loaded(1, 0, 1, 0), 1, TYPICAL, 5_000),
        ("waybills", loaded(12, 0, 0, 0), 1, TYPICAL, 3_000),
        ("stops", loaded(12, 0, 0, 0), 18, TYPICAL, 2_000),
        (
            "stops shared by two",
            loaded(5, 0, 0, 0),
            18,
            Typical { stops_milli: 500, ..TYPICAL },
            4_000,
        ),
        ("weight", loaded(1, 0, 0, 99), 1, TYPICAL, 1_000),
        ("a half", loaded(1, 950, 0, 0), 1, TYPICAL, 500),
        ("nothing holds it", loaded(1, 600, 1, 0), 1, TYPICAL, 0),
    ];
    for (what, load, stops, typical, expected) in cases {
        assert_eq!(spare_milli(&template, &mixed, load, stops, &typical), expected, "{what}");
    }
}

#[test]
fn prices_compare_by_what_is_paid_in_the_end_then_by_outlay() {
    let price = |cost, saves_milli| Price { cost, units_milli: 1_000, saves_milli };
    let cases = [
        (price(100, 80_000), price(70, 60_000), Ordering::Greater),
        (price(100, 10_000), price(200, 120_000), Ordering::Greater),
        (price(0, -5_000), price(100, 95_001), Ordering::Greater),
        (price(100, 10_000), price(200, 110_000), Ordering::Less),
        (price(100, 10_000), price(100, 10_000), Ordering::Equal),
        (price(u64::MAX, 1), price(u64::MAX, i64::MAX), Ordering::Greater),
    ];
    for (a, b, expected) in cases {
        assert_eq!(a.compare(&b), expected, "{a:?} {b:?}");
    }
}

#[test]
fn the_observed_mean_is_that_of_the_open_routes() {
    let mut world = World::with(|_| ());
    let observed =
        |world: &World| Forecast::observed(&world.day, &"A".into(), RouteClass::Dry, Some(10));
    assert_eq!(observed(&world), None);
    for request in [dry(1, 100), dry(1, 200), dry(2, 300), dry(3, 0)] {
        world.place(&request);
    }
    let typical = Typical { dry_ml: 150 * ML, frozen_ml: 0, weight_g: 1_000, stops_milli: 750 };
    let dry = Some(Outlook { typical, remaining_waybills: Some(5) });
    assert_eq!(observed(&world), Some(Forecast { dry, frozen: None, mixed: None }));
}

#[test]
fn classes_of_goods_on_the_same_routes_are_told_apart() {
    let mut world = World::with(|_| ());
    for request in [frozen(1, 100), frozen(2, 300), waybill(3, SkuClass::Mixed, 50, 40, 1)] {
        world.place(&request);
    }
    let seen = |expected| Forecast::observed(&world.day, &"A".into(), RouteClass::Mixed, expected);
    let forecast = seen(Some(13)).unwrap();
    let (frozen, mixed) = (forecast.frozen.unwrap(), forecast.mixed.unwrap());
    assert_eq!((frozen.typical.dry_ml, frozen.typical.frozen_ml), (0, 200 * ML));
    assert_eq!((mixed.typical.dry_ml, mixed.typical.frozen_ml), (50 * ML, 40 * ML));
    assert_eq!((frozen.remaining_waybills, mixed.remaining_waybills), (Some(6), Some(3)));
    assert_eq!(
        (forecast.dry, seen(None).unwrap().frozen.unwrap().remaining_waybills),
        (None, None)
    );
}
