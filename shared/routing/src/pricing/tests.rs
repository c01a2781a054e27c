//! Spare capacity, prices and the observed forecast.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::cmp::Ordering;

use super::{Forecast, Price, Typical, spare_milli};
use crate::fixture::{ML, World, dry, template, truck};
use crate::{Load, RouteClass};

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
fn prices_compare_per_unit_then_by_outlay() {
    let price = |cost, units_milli| Price { cost, units_milli };
    let cases = [
        (price(100, 22_000), price(70, 23_000), Ordering::Greater),
        (price(100, 10_000), price(200, 20_000), Ordering::Less),
        (price(100, 10_000), price(100, 10_000), Ordering::Equal),
        (price(u64::MAX, 1), price(u64::MAX, u64::MAX), Ordering::Greater),
    ];
    for (a, b, expected) in cases {
        assert_eq!(a.compare(&b), expected, "{a:?} {b:?}");
    }
}

#[test]
fn capacity_beyond_the_forecast_is_worth_nothing() {
    let forecast = |remaining_waybills| Forecast { typical: TYPICAL, remaining_waybills };
    assert_eq!(forecast(None).price(70, 23_000).units_milli, 23_000);
    assert_eq!(forecast(Some(4)).price(70, 23_000).units_milli, 5_000);
    assert_eq!(forecast(Some(4)).price(70, 0).units_milli, 1);
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
    let forecast = observed(&world).unwrap();
    let expected = Typical { dry_ml: 150 * ML, frozen_ml: 0, weight_g: 1_000, stops_milli: 750 };
    assert_eq!(forecast.typical, expected);
    assert_eq!(forecast.remaining_waybills, Some(5));
}
