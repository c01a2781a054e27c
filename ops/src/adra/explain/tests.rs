//! Explanations as sentences: those of the engine, and all other forms that are stored.

use std::collections::BTreeMap;

use contracts::{RouteId, RouteName, StoredDecision, Timestamp, WaybillNo};
use serde_json::json;
use uuid::Uuid;

use super::{Decision, Shown, text, waybills};
use crate::output::Output;

fn time(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

fn told(reason: Option<&str>, explanation: &serde_json::Value) -> String {
    let stored = StoredDecision {
        version: 3,
        outcome: if reason.is_some() { "UNASSIGNABLE" } else { "ASSIGNED" }.to_owned(),
        reason: reason.map(str::to_owned),
        route_ref: reason.is_none().then(|| "NORTH-001".to_owned()),
        judged_at: time("2035-06-10T10:00:00Z"),
        decided_at: time("2035-06-10T10:00:00Z"),
        explanation: explanation.to_string(),
    };
    let route_id = RouteId(Uuid::from_u128(1));
    let shown = Shown {
        waybill_no: WaybillNo::new("shop-1-1").unwrap(),
        decisions: vec![Decision::from(stored)],
        routes: vec![RouteName { route_id, route_ref: "NORTH-001".to_owned() }],
        cut: false,
    };
    text(&shown, Output::new(false).unwrap())
}

fn load(waybills: u32) -> serde_json::Value {
    json!({"waybills": waybills, "dry_ml": 1_000, "frozen_ml": 0, "weight_g": 500})
}

fn explanation() -> serde_json::Value {
    json!({
        "judged_at": "2035-06-10T10:00:00Z", "cut_off": "2035-06-12T20:00:00Z",
        "reason": null, "blocked_by": [], "omitted": 2,
        "chosen": {"step": "upgrade", "zone": "Z01", "route": Uuid::from_u128(1), "truck_type": "TRUCK",
            "verdict": "feasible", "price": {"cost": 70, "units_milli": 12_340}},
        "candidates": [
            {"step": "best_fit", "zone": "Z01", "route": Uuid::from_u128(1), "truck_type": "VAN",
             "verdict": {"rejected": "STOPS"}},
            {"step": "upgrade", "zone": "Z01", "route": Uuid::from_u128(1), "truck_type": "TRUCK",
             "verdict": "feasible", "price": {"cost": 70, "units_milli": 12_340}}],
        "quota": {"zone": "Z01", "limit": load(500), "before": load(3), "after": load(4)},
        "route": {"route": Uuid::from_u128(1), "truck_type_before": "VAN", "truck_type_after": "TRUCK",
            "load_before": load(3), "load_after": load(4), "stops_before": 2, "stops_after": 3}
    })
}

#[test]
fn a_place_is_told_with_its_candidates_quota_and_route() {
    let said = told(None, &explanation());
    for part in [
        "version 3, 2035-06-10T10:00:00Z: ASSIGNED to NORTH-001",
        "the cut-off is 2035-06-12T20:00:00Z",
        "An open route gets a larger truck",
        "Zone Z01 used 3 waybills, 1 l dry, 0 l cold, 1 kg and uses 4 waybills",
        "NORTH-001 carried 3 waybills, 1 l dry, 0 l cold, 1 kg to 2 doors",
        "on a TRUCK instead of its VAN",
        "no: too many doors",
        "12.3",
        "2 candidates more were looked at",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn no_place_is_told_with_what_it_takes() {
    let mut explanation = explanation();
    for (field, value) in [
        ("reason", json!("ZONE_QUOTA")),
        ("blocked_by", json!(["ZONE_QUOTA"])),
        ("or_else", json!(["POOL_EXHAUSTED"])),
        ("chosen", json!(null)),
        ("route", json!(null)),
    ] {
        explanation[field] = value;
    }
    let said = told(Some("ZONE_QUOTA"), &explanation);
    for part in [
        "UNASSIGNABLE (ZONE_QUOTA)",
        "The quota of its zone, and of each neighbour that could help, is used up.",
        "To get a place it takes more quota of its zone or of a neighbour (ZONE_QUOTA).",
        "Instead of that would do one more truck in the pool (POOL_EXHAUSTED).",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn every_other_form_is_told_too() {
    let by_hand =
        |step| json!({"by_hand": {"step": step, "by": "dana", "role": "dispatcher", "why": "wet"}});
    let mut moved = explanation();
    moved["by_hand"] = json!({"step": "move", "by": "sue", "role": "cs_supervisor", "why": "late",
        "override_cut_off": true});
    let mut expected = explanation();
    expected["expected"] = json!({"days": 4, "dry": 12, "frozen": 3, "mixed": 0});
    let planning = json!({"planning": {"from": "A", "to": "B", "moved_together": 3, "before": [], "after": []}});
    for (explanation, part) in [
        (by_hand("pin"), "By hand: dana (dispatcher) pinned it to its route: wet."),
        (by_hand("unpin"), "let planning move it again"),
        (moved.clone(), "moved it to this route and pinned it there: late."),
        (moved, "The cut-off was overridden."),
        (expected, "as on 4 former days of the week: 12 dry, 3 frozen, 0 mixed."),
        (planning, "Planning moved it from A to B, one of 3 at once."),
        (
            json!({"reason": "NO_TEMPLATE", "detail": "the network has no zone"}),
            "It says: the network has no zone.",
        ),
        (
            json!({"reason": "MISSED", "route": "R", "left_at": "2035-06-13T08:00:00Z"}),
            "Its route left without it at 2035-06-13T08:00:00Z.",
        ),
        (json!({"of a later version": 1}), "It says: {\"of a later version\":1}"),
        (json!("no object"), "It says: \"no object\""),
    ] {
        let said = told(None, &explanation);
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn capacities_are_waybills() {
    let table: BTreeMap<u64, &str> =
        BTreeMap::from([(0, "0.0"), (999, "0.9"), (12_340, "12.3"), (u64::MAX, "any")]);
    for (milli, text) in table {
        assert_eq!(waybills(milli), text);
    }
}
