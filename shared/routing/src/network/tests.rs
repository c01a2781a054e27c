//! Parsing, checking and looking up a network.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use chrono::NaiveTime;

use super::{CutOff, DistrictZone, Inconsistency, Network, NetworkParts, Profile, Profiles};
use crate::RouteClass;
use crate::fixture::{AMPLE, district, parts, pool, quota, step, template, truck, zone};

#[test]
fn cut_offs_are_read_and_written_alike() {
    for (text, days_before, hour) in
        [("D-1 20:00", 1, 20), ("D 07:00", 0, 7), ("D-14 00:00", 14, 0)]
    {
        let cutoff: CutOff = text.parse().unwrap();
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        assert_eq!(cutoff, CutOff { days_before, time });
        assert_eq!(cutoff.to_string(), text);
    }
}

#[test]
fn texts_that_are_no_cut_off_are_refused_by_name() {
    for text in [
        "",
        "D",
        "20:00",
        "D-1",
        "D+1 20:00",
        "D-+1 20:00",
        "D- 20:00",
        "D-1 25:00",
        "E 07:00",
        "D-70000 07:00",
    ] {
        let error = text.parse::<CutOff>().unwrap_err();
        assert!(error.to_string().contains(&format!("'{text}'")), "{error}");
    }
}

#[test]
fn profiles_are_litres_in_text_and_millilitres_inside() {
    let text = "dry=14000|dry=9000,frozen=4500|frozen=13000";
    let profiles: Profiles = text.parse().unwrap();
    assert_eq!(profiles.0[1], Profile { dry_ml: 9_000_000, frozen_ml: 4_500_000 });
    assert_eq!(profiles.to_string(), text);
    assert!(profiles.hold(9_000_000, 4_500_000));
    // Each volume fits somewhere, but no one profile holds both.
    assert!(!profiles.hold(9_000_001, 1));
}

#[test]
fn texts_that_are_no_profile_are_refused() {
    for text in [
        "",
        "dry",
        "dry=",
        "dry=x",
        "dry=-1",
        "dry=1.5",
        "wet=1",
        "dry=1,dry=2",
        "dry=1||dry=2",
        "dry=99999999999999999999",
    ] {
        assert!(text.parse::<Profiles>().is_err(), "{text}");
    }
}

#[test]
fn parts_survive_json() {
    let json = serde_json::to_string(&parts()).unwrap();
    assert_eq!(serde_json::from_str::<NetworkParts>(&json).unwrap(), parts());
}

#[test]
fn every_inconsistency_is_named() {
    type Change = fn(&mut NetworkParts);
    let cases: [(&str, Change); 19] = [
        ("depot 'DEP' appears more than once", |p| p.depots.push(p.depots[0].clone())),
        ("zone 'A' appears more than once", |p| p.zones.push(zone("A", "B"))),
        ("timeslot 'S' appears more than once", |p| p.timeslots.push(p.timeslots[0].clone())),
        ("truck type 'VAN' appears", |p| p.truck_types.push(truck("VAN", 1, 1, 1, "dry=1"))),
        ("template 'A-DRY' appears", |p| p.templates.push(p.templates[0].clone())),
        ("district 'D1' appears", |p| p.districts.push(district("D1", "B"))),
        ("ladder step 'VAN to TRUCK' appears", |p| p.ladder.push(step("VAN", "TRUCK"))),
        ("pool row 'DEP S VAN' appears", |p| p.pool.push(pool("VAN", 1))),
        ("quota 'A S' appears", |p| p.zone_quotas.push(quota("A", AMPLE))),
        ("zone 'A' names the depot 'NOWHERE'", |p| p.zones[0].depot = "NOWHERE".into()),
        ("zone 'B' names the zone 'NOWHERE'", |p| p.zones[1].neighbours.push("NOWHERE".into())),
        ("'A' has the neighbour 'A'", |p| p.zones[0].neighbours.push("A".into())),
        ("'D3' names the zone 'X'", |p| p.districts.push(district("D3", "X"))),
        ("names the truck type 'BIKE'", |p| p.ladder.push(step("BIKE", "VAN"))),
        ("from truck type 'VAN' back to itself", |p| p.ladder.push(step("LORRY", "VAN"))),
        ("truck type 'BIKE' can carry nothing", |p| {
            p.truck_types.push(truck("BIKE", 1, 0, 1, "dry=1"))
        }),
        ("timeslot 'S' ends before", |p| p.timeslots[0].end = p.timeslots[0].start),
        ("'A-DRY' names the truck type 'BIKE'", |p| {
            p.templates[0].default_truck_type = "BIKE".into()
        }),
        ("'A-DRY' has no zone quota", |p| p.zone_quotas.retain(|row| row.zone.as_str() != "A")),
    ];
    for (expected, change) in cases {
        let mut parts = parts();
        change(&mut parts);
        let message = Network::build(parts).unwrap_err().to_string();
        assert!(message.contains(expected), "wanted '{expected}' in: {message}");
    }
}

#[test]
fn all_inconsistencies_come_in_one_report() {
    let mut parts = parts();
    parts.zones[0].depot = "NOWHERE".into();
    parts.pool.push(pool("BIKE", 1));
    parts.truck_types[0].profiles.0.clear();
    let found = Network::build(parts).unwrap_err().inconsistencies;
    assert!(found.iter().any(|one| matches!(one, Inconsistency::UselessTruck { .. })));
    assert!(found.iter().any(|one| matches!(one, Inconsistency::TemplateDepot { .. })));
    assert!(found.iter().any(|one| matches!(one, Inconsistency::BadNeighbour { .. })));
    let unknown = found.iter().filter(|one| matches!(one, Inconsistency::Unknown { .. }));
    assert_eq!(unknown.count(), 2);
}

#[test]
fn a_district_belongs_to_the_zone_of_the_delivery_date() {
    let mut parts = parts();
    let valid_from = Some("2024-06-01".parse().unwrap());
    parts.districts.insert(0, DistrictZone { valid_from, ..district("D1", "B") });
    let network = Network::build(parts).unwrap();
    for (day, expected) in
        [("2000-01-01", "A"), ("2024-05-31", "A"), ("2024-06-01", "B"), ("2030-01-01", "B")]
    {
        let zone = network.zone_of(&"D1".into(), day.parse().unwrap()).unwrap();
        assert_eq!(zone.code.as_str(), expected, "{day}");
    }
    assert!(network.zone_of(&"D9".into(), "2024-06-01".parse().unwrap()).is_none());
}

#[test]
fn upgrades_span_several_steps_cheapest_first() {
    let network = Network::build(parts()).unwrap();
    let upgrades = |code: &str| {
        let reached = network.upgrades(&code.into()).iter();
        reached.map(|truck| truck.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(upgrades("VAN"), ["TRUCK", "TRUCK-MIX", "LORRY", "LORRY-MIX"]);
    assert_eq!(upgrades("VAN-COLD"), ["TRUCK-MIX", "LORRY-MIX"]);
    assert!(upgrades("LORRY").is_empty());
}

#[test]
fn templates_are_listed_by_code() {
    let mut parts = parts();
    parts.templates.insert(0, template("A-DRY-2", "A", RouteClass::Dry, "TRUCK", 5));
    let network = Network::build(parts).unwrap();
    let found = network.templates(&"A".into(), &"S".into(), RouteClass::Dry);
    assert_eq!(found.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["A-DRY", "A-DRY-2"]);
    assert!(network.templates(&"A".into(), &"T".into(), RouteClass::Dry).is_empty());
}
