//! What is taken and what is refused, row by row.

use contracts::{Actor, Contract, Refusal, Role, UpsertNetwork};
use serde_json::{Value, json};

use crate::decide::{changed_tables, check};

pub(super) fn actor(role: Role) -> Actor {
    Actor { subject: "anna".to_owned(), role, merchant: None, origin: None }
}

pub(super) fn command(tables: Value) -> UpsertNetwork {
    let command: UpsertNetwork = serde_json::from_value(json!({ "tables": tables })).unwrap();
    command.validate().unwrap();
    command
}

/// One correct row of a table, with some of its fields changed.
pub(super) fn row(table: &str, changes: Value) -> Value {
    let mut row = match table {
        "depots" => json!({"depot": "NORTH", "name": "North", "timezone": "Europe/Istanbul"}),
        "zones" => {
            json!({"zone": "Z01", "depot": "NORTH", "name": "Zone 1", "neighbours": ["Z02"]})
        }
        "districts" => json!({"district": "D001", "zone": "Z01", "valid_from": null}),
        "timeslots" => {
            json!({"timeslot": "0900-1300", "start": "09:00", "end": "13:00", "cutoff": "D-1 20:00"})
        }
        "truck_types" => {
            json!({"truck_type": "VAN", "max_weight_kg": 900, "max_stops": 22, "cost": 100, "profiles": "frozen=4000|dry=2600,frozen=1400"})
        }
        "upgrade_ladder" => json!({"from_type": "VAN", "to_type": "TRUCK"}),
        "truck_pool" => {
            json!({"depot": "NORTH", "timeslot": "0900-1300", "truck_type": "VAN", "count": 0})
        }
        "route_templates" => {
            json!({"template": "Z01-09-DRY", "depot": "NORTH", "zone": "Z01", "timeslot": "0900-1300", "sku_class": "dry", "default_truck_type": "VAN", "waybill_quota": 30})
        }
        "zone_quota" => {
            json!({"zone": "Z01", "timeslot": "0900-1300", "waybills": 500, "dry_l": 400_000, "frozen_l": 200_000, "weight_kg": 200_000})
        }
        "warehouses" => {
            json!({"warehouse": "WH-N1", "depot": "NORTH", "name": "North", "keeps": ["dry", "frozen"]})
        }
        "pick_flow" => {
            json!({"priority": 10, "sku_class": "mixed", "min_lines": 1, "max_lines": null, "pick_flow": "PICK_BY_ZONE"})
        }
        "travel" => {
            json!({"from": {"depot": "NORTH"}, "to": {"district": "D001"}, "minutes": 1_440})
        }
        other => panic!("no table {other}"),
    };
    let fields = row.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    row
}

fn refused(tables: Value) -> Refusal {
    check(&command(tables), &actor(Role::Operator)).unwrap_err()
}

#[track_caller]
fn check_row(table: &str, changes: Value, field: &str, code: &str) {
    let refusal = refused(json!([{ "table": table, "rows": [row(table, changes)] }]));
    let errors: Vec<_> = refusal
        .errors
        .iter()
        .map(|error| (error.line_no, error.field.clone().unwrap(), error.code.as_str()))
        .collect();
    assert_eq!(errors, [(Some(1), format!("{table}.{field}"), code)], "{refusal:?}");
    assert_eq!(refusal.code, "INVALID_NETWORK");
}

const TABLES: [&str; 12] = [
    "depots",
    "zones",
    "districts",
    "timeslots",
    "truck_types",
    "upgrade_ladder",
    "truck_pool",
    "route_templates",
    "zone_quota",
    "warehouses",
    "pick_flow",
    "travel",
];

#[test]
fn a_correct_row_of_every_table_is_taken_whatever_it_refers_to() {
    for table in TABLES {
        let command = command(json!([{ "table": table, "rows": [row(table, json!({}))] }]));
        assert_eq!(check(&command, &actor(Role::Dispatcher)), Ok(()), "{table}");
    }
}

#[test]
fn operators_and_dispatchers_change_the_network_and_nobody_else() {
    let command = command(json!([{ "table": "depots", "rows": [row("depots", json!({}))] }]));
    let may: Vec<Role> =
        Role::ALL.into_iter().filter(|role| check(&command, &actor(*role)).is_ok()).collect();
    assert_eq!(may, [Role::Dispatcher, Role::Operator, Role::Admin]);
    let refusal = check(&command, &actor(Role::Shop)).unwrap_err();
    assert_eq!(refusal.code, "NOT_ALLOWED");
}

#[test]
fn a_command_without_rows_is_refused() {
    assert_eq!(refused(json!([])).code, "NO_ROWS");
    assert_eq!(refused(json!([{ "table": "zones", "rows": [] }])).code, "NO_ROWS");
}

#[test]
fn depots_need_a_name_and_a_time_zone() {
    check_row("depots", json!({"timezone": "Europe/Nowhere"}), "timezone", "UNKNOWN_TIMEZONE");
    check_row("depots", json!({"timezone": ""}), "timezone", "UNKNOWN_TIMEZONE");
    for (table, at, field) in [
        ("depots", json!({"lat_e6": 90_000_001, "lon_e6": 0}), "lat"),
        ("districts", json!({"lat_e6": -90_000_000, "lon_e6": -180_000_001}), "lon"),
    ] {
        check_row(table, json!({ "coordinates": at }), field, "OUT_OF_RANGE");
    }
    check_row("depots", json!({"name": "  "}), "name", "INVALID_NAME");
    check_row("depots", json!({"name": "n".repeat(201)}), "name", "INVALID_NAME");
    check_row("zones", json!({"name": "a\nb"}), "name", "INVALID_NAME");
    check_row("warehouses", json!({"name": ""}), "name", "INVALID_NAME");
}

#[test]
fn neighbours_are_others_each_named_once() {
    check_row(
        "zones",
        json!({"neighbours": ["Z02", "Z03", "Z02"]}),
        "neighbours",
        "DUPLICATE_NEIGHBOUR",
    );
    check_row("zones", json!({"neighbours": ["Z01"]}), "neighbours", "OWN_NEIGHBOUR");
}

#[test]
fn a_district_begins_in_a_year_that_a_date_can_hold() {
    check_row("districts", json!({"valid_from": "+10000-01-01"}), "valid_from", "OUT_OF_RANGE");
    check_row("districts", json!({"valid_from": "0000-12-31"}), "valid_from", "OUT_OF_RANGE");
}

#[test]
fn a_drive_takes_a_day_at_most_and_leads_somewhere() {
    check_row("travel", json!({"minutes": 1_441}), "minutes", "OUT_OF_RANGE");
    let (depot, district, zone) =
        (json!({"depot": "SOUTH"}), json!({"district": "D001"}), json!({"zone": "Z01"}));
    for (from, to) in [(&depot, &depot), (&district, &zone), (&zone, &district)] {
        check_row("travel", json!({"from": from, "to": to}), "to", "NO_SUCH_DRIVE");
    }
    // between two doors of one district, or of one zone
    for end in [&district, &zone] {
        let row = row("travel", json!({"from": end, "to": end}));
        let command = command(json!([{ "table": "travel", "rows": [row] }]));
        assert_eq!(check(&command, &actor(Role::Operator)), Ok(()));
    }
    let back = row("travel", json!({"from": {"district": "D001"}, "to": {"depot": "NORTH"}}));
    let both = json!([{ "table": "travel", "rows": [row("travel", json!({})), back] }]);
    assert_eq!(check(&command(both), &actor(Role::Operator)), Ok(()), "the way back is another");
    let twice = json!([{ "table": "travel", "rows": [row("travel", json!({})), row("travel", json!({}))] }]);
    assert_eq!(refused(twice).errors[0].code, "DUPLICATE_ROW");
}

#[test]
fn times_are_written_exactly() {
    for wrong in ["9:00", "09:00:00", "24:00", "09.00", " 09:00", ""] {
        check_row("timeslots", json!({ "start": wrong }), "start", "INVALID_TIME");
    }
    check_row("timeslots", json!({"end": "08:59"}), "end", "ENDS_BEFORE_START");
    check_row("timeslots", json!({"end": "09:00"}), "end", "ENDS_BEFORE_START");
}

#[test]
fn cut_offs_are_those_that_the_routing_engine_reads() {
    for wrong in [
        "20:00",
        "D+1 20:00",
        "D-1",
        "D-1 25:00",
        "d-1 20:00",
        "",
        "D-1\u{a0}20:00",
        "D-1         20:00",
    ] {
        check_row("timeslots", json!({ "cutoff": wrong }), "cutoff", "INVALID_CUTOFF");
    }
}

#[test]
fn trucks_can_carry_something() {
    check_row("truck_types", json!({"max_weight_kg": 0}), "max_weight_kg", "OUT_OF_RANGE");
    check_row("truck_types", json!({"max_stops": 0}), "max_stops", "OUT_OF_RANGE");
    let long = format!("dry=1{}", "|dry=1".repeat(100));
    for wrong in [
        "",
        "dry=",
        "dry=-1",
        "wet=1",
        "dry=1,dry=2",
        "dry=0",
        "dry=1|",
        "dry=1|dry=0,frozen=0",
        &long,
    ] {
        check_row("truck_types", json!({ "profiles": wrong }), "profiles", "INVALID_PROFILES");
    }
    check_row("upgrade_ladder", json!({"to_type": "VAN"}), "to_type", "OWN_UPGRADE");
}

#[test]
fn templates_have_a_code_and_are_dry_or_mixed() {
    check_row("route_templates", json!({"sku_class": "frozen"}), "sku_class", "INVALID_SKU_CLASS");
    check_row("route_templates", json!({"template": "a b"}), "template", "INVALID_CODE");
    check_row("route_templates", json!({"template": "t".repeat(65)}), "template", "INVALID_CODE");
}

#[test]
fn quotas_fit_the_engine() {
    let too_much = u64::MAX / 1_000 + 1;
    check_row("zone_quota", json!({ "dry_l": too_much }), "dry_l", "OUT_OF_RANGE");
    check_row("zone_quota", json!({ "weight_kg": too_much }), "weight_kg", "OUT_OF_RANGE");
}

#[test]
fn warehouses_keep_dry_or_frozen_goods_or_both() {
    for wrong in [json!([]), json!(["mixed"]), json!(["dry", "dry"]), json!(["dry", "mixed"])] {
        check_row("warehouses", json!({ "keeps": wrong }), "keeps", "INVALID_KEEPS");
    }
}

#[test]
fn a_picking_rule_can_fit_a_waybill() {
    check_row("pick_flow", json!({"min_lines": 4, "max_lines": 3}), "max_lines", "OUT_OF_RANGE");
    check_row("pick_flow", json!({"pick_flow": ""}), "pick_flow", "INVALID_CODE");
}

#[test]
fn a_row_that_is_there_twice_is_named_even_across_tables_of_one_name() {
    for table in TABLES {
        let row = row(table, json!({}));
        let refusal = refused(json!([
            { "table": table, "rows": [row] },
            { "table": table, "rows": [row] },
        ]));
        let codes: Vec<&str> = refusal.errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["DUPLICATE_ROW"], "{table}");
    }
}

#[test]
fn since_ever_and_the_first_day_are_one_row() {
    let rows = [row("districts", json!({})), row("districts", json!({"valid_from": "0001-01-01"}))];
    let refusal = refused(json!([{ "table": "districts", "rows": rows }]));
    assert_eq!(refusal.errors[0].code, "DUPLICATE_ROW");
}

#[test]
fn every_error_of_every_row_is_listed_with_its_row() {
    let refusal = refused(json!([
        { "table": "timeslots", "rows": [
            row("timeslots", json!({"start": "9"})),
            row("timeslots", json!({"timeslot": "LATE", "start": "x", "end": "y", "cutoff": "z"})),
        ]},
        { "table": "depots", "rows": [row("depots", json!({"timezone": "x"}))] },
    ]));
    let errors: Vec<_> = refusal
        .errors
        .iter()
        .map(|error| (error.line_no.unwrap(), error.field.as_deref().unwrap()))
        .collect();
    let expected = [
        (1, "timeslots.start"),
        (2, "timeslots.start"),
        (2, "timeslots.end"),
        (2, "timeslots.cutoff"),
        (1, "depots.timezone"),
    ];
    assert_eq!(errors, expected);
    assert!(refusal.detail.starts_with("5 errors"), "{}", refusal.detail);
}

#[test]
fn an_answer_stays_small_however_much_is_wrong() {
    let bad = |n: usize| {
        let changes = json!({"timeslot": format!("T{n}"), "start": "x".repeat(400), "cutoff": "z"});
        row("timeslots", changes)
    };
    let rows: Vec<Value> = (0..2_000).map(bad).collect();
    let refusal = refused(json!([{ "table": "timeslots", "rows": rows }]));
    assert_eq!(refusal.errors.len(), 1_001);
    assert_eq!(refusal.errors[1_000].code, "MORE_ERRORS");
    assert!(refusal.detail.starts_with("4000 errors"), "{}", refusal.detail);
    assert!(serde_json::to_vec(&refusal).unwrap().len() < contracts::MAX_MESSAGE_BYTES / 2);
}

#[test]
fn the_event_names_each_changed_table_once() {
    let command = command(json!([
        { "table": "zones", "rows": [row("zones", json!({}))] },
        { "table": "depots", "rows": [row("depots", json!({}))] },
        { "table": "zones", "rows": [row("zones", json!({"zone": "Z02"}))] },
        { "table": "pick_flow", "rows": [] },
    ]));
    assert_eq!(changed_tables(&command), ["depots", "zones"]);
}
