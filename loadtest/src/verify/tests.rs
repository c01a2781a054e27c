//! The checker: what needs no database here, violations planted in one in [`planted`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod planted;

use std::collections::BTreeSet;

use super::trucks::{LoadedRoute, overload};
use super::*;

fn route() -> LoadedRoute {
    LoadedRoute {
        route_ref: "R".to_owned(),
        dry_ml: 2_600_000,
        frozen_ml: 1_400_000,
        weight_g: 850_000,
        stops: 22,
        waybills: 30,
        max_weight_kg: 850,
        max_stops: 22,
        profiles: "frozen=4000|dry=2600,frozen=1400".to_owned(),
        max_waybills: 30,
    }
}

#[test]
fn a_route_is_within_its_truck_or_says_what_is_too_much() {
    assert_eq!(overload(&route()), None);
    let heavy = LoadedRoute { weight_g: 850_001, ..route() };
    assert_eq!(overload(&heavy).unwrap(), "850001 g, at most 850000");
    let busy = LoadedRoute { waybills: 31, ..route() };
    assert_eq!(overload(&busy).unwrap(), "31 waybills, at most 30");
    // each profile holds one of the two loads, none holds both
    let mixed = LoadedRoute { frozen_ml: 1_400_001, ..route() };
    assert!(overload(&mixed).unwrap().contains("fit none of"));
    let cold = LoadedRoute { dry_ml: 0, frozen_ml: 4_000_000, ..route() };
    assert_eq!(overload(&cold), None);
    let unknown = LoadedRoute { profiles: String::new(), ..route() };
    assert!(overload(&unknown).is_some());
}

#[test]
fn every_check_has_a_name_of_its_own() {
    let checks = orders::CHECKS.iter().chain(&history::CHECKS).chain(&quota::CHECKS);
    let checks = checks.chain(&counts::CHECKS).chain(&cancellations::CHECKS);
    let names: Vec<&str> = checks.map(|check| check.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn waiting_messages_and_too_many_dead_letters_are_violations() {
    let depth =
        |queue: &str, purpose, messages| Depth { queue: queue.to_owned(), purpose, messages };
    let depths = [
        depth("a.events", Purpose::Work, 3),
        depth("b.events", Purpose::Work, 0),
        depth("a.dlq", Purpose::DeadLetters, 2),
    ];
    let waiting = drained(&depths);
    assert_eq!((waiting.violations, waiting.named[0].subject.as_str()), (1, "a.events"));
    assert_eq!(dead_letters(&depths, 1).violations, 2);
    assert_eq!(dead_letters(&depths, 2).violations, 0);
}
