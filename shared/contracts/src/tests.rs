//! Tests of the small value types and of decoding. What is true of every message is in `tests/wire.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use rust_decimal::Decimal;
use serde_json::json;

use crate::*;

mod identity;
mod ids;
mod lifecycle;
mod tracking;
mod values;

inbound! {
    /// Two messages, to decode.
    enum Incoming {
        /// A command.
        Skip(SkipSequence),
        /// An event.
        Released(WaybillReleased),
    }
}

fn decode(message_type: &str, body: &[u8]) -> Result<Incoming, &'static str> {
    Incoming::decode(message_type, body).map_err(|error| error.code())
}

#[test]
fn a_body_is_read_by_its_declared_type() {
    let skip = br#"{"kind":"order","source":"uci","sequence":7}"#;
    let read = decode("hotfolder.skip-sequence.v1", skip).unwrap();
    let Incoming::Skip(SkipSequence { sequence, .. }) = read else { panic!("{read:?}") };
    assert_eq!(sequence, 7);
    let released = json!({"waybill_id": uuid::Uuid::nil(), "waybill_no": "uci-1-1"}).to_string();
    let read = decode("waybill.released.v1", released.as_bytes()).unwrap();
    let Incoming::Released(WaybillReleased { waybill_no, .. }) = read else { panic!("{read:?}") };
    assert_eq!(waybill_no.as_str(), "uci-1-1");
    assert_eq!(Incoming::TYPES, ["hotfolder.skip-sequence.v1", "waybill.released.v1"]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let skip = "hotfolder.skip-sequence.v1";
    let table: [(&str, &[u8], &str); 8] = [
        ("hotfolder.skip-sequence.v2", b"{}", "UNKNOWN_TYPE"),
        ("hotfolder.skip-sequence", b"{}", "UNKNOWN_TYPE"),
        ("", b"{}", "UNKNOWN_TYPE"),
        (skip, b"\xff\xfe", "NOT_UTF8"),
        (skip, b"", "MALFORMED"),
        (skip, b"{\"kind\":\"order\"", "MALFORMED"),
        (skip, br#"{"kind":"order","source":"no such source!","sequence":7}"#, "MALFORMED"),
        (skip, br#"{"kind":"order","source":"uci","sequence":-7}"#, "MALFORMED"),
    ];
    for (message_type, body, code) in table {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(decode(message_type, body).unwrap_err(), code, "{message_type} {shown}");
    }
}

#[test]
fn a_command_from_before_versions_could_be_named_reads_and_stays_as_it_was() {
    let old = r#"{"waybill_no":"uci-1-1","handle":"a","reason":"OTHER","occurred_at":"2010-12-01T09:00:00Z"}"#;
    let hold: PlaceHold = decode_body(old.as_bytes()).unwrap();
    assert_eq!(hold.expected_version, None);
    assert_eq!(serde_json::to_string(&hold).unwrap(), old, "the same bytes: the same content");
    let mut named: serde_json::Value = serde_json::from_str(old).unwrap();
    named["expected_version"] = json!(7);
    let hold: PlaceHold = decode_body(named.to_string().as_bytes()).unwrap();
    assert_eq!(hold.expected_version, Some(7));
    named["expected_version"] = json!(-1);
    assert!(decode_body::<PlaceHold>(named.to_string().as_bytes()).is_err());
}

#[test]
fn a_change_for_an_older_version_is_refused_with_both_versions() {
    let check = |version, expected| Refusal::check_version("waybill", version, expected);
    for (version, expected) in [(7, None), (7, Some(7)), (7, Some(8)), (0, Some(0))] {
        assert_eq!(check(version, expected), Ok(()), "{expected:?} of {version}");
    }
    let refusal = check(8, Some(7)).unwrap_err();
    assert_eq!(refusal.code, "VERSION_CONFLICT");
    assert!(
        refusal.detail.contains("version 8") && refusal.detail.contains("saw 7"),
        "{refusal:?}"
    );
}

#[test]
fn the_error_of_a_body_does_not_repeat_personal_text() {
    let body = br#"{"source":"uci","order_ref":"1","recipient":"Ada Lovelace"}"#;
    let error = decode_body::<CreateOrder>(body).unwrap_err();
    assert!(!error.to_string().contains("Ada"), "{error}");
}

fn order() -> serde_json::Value {
    json!({"source": "uci", "order_ref": "1", "ordered_at": "2010-12-01T08:26:00Z", "district": "D1",
           "delivery_date": "2010-12-02", "timeslot": "AM", "currency": "GBP", "lines": [line(1)]})
}

fn line(line_no: u32) -> serde_json::Value {
    json!({"line_no": line_no, "merchant": "M", "sku": "S", "quantity": 1, "unit_price": "1",
           "sku_type": "dry", "volume_ml": 1, "weight_g": 1})
}

/// An order changed by `change`: the code of the refusal, or `OK`.
fn judged(change: impl FnOnce(&mut serde_json::Value)) -> &'static str {
    let mut order = order();
    change(&mut order);
    match decode_body::<CreateOrder>(order.to_string().as_bytes()) {
        Ok(_) => "OK",
        Err(error) => error.code(),
    }
}

#[test]
fn orders_are_validated() {
    assert_eq!(judged(|_| {}), "OK");
    assert_eq!(judged(|order| order["lines"] = json!([])), "INVALID");
    assert_eq!(judged(|order| order["lines"] = json!([line(1), line(1)])), "INVALID");
    let lines = |count: u32| json!((1..=count).map(line).collect::<Vec<_>>());
    assert_eq!(judged(|order| order["lines"] = lines(2_000)), "OK");
    assert_eq!(judged(|order| order["lines"] = lines(2_001)), "INVALID");
    for (quantity, verdict) in [(0, "INVALID"), (1, "OK"), (9_999, "OK"), (10_000, "INVALID")] {
        assert_eq!(judged(|order| order["lines"][0]["quantity"] = json!(quantity)), verdict);
    }
    assert_eq!(judged(|order| order["lines"][0]["sku_type"] = json!("mixed")), "INVALID");
    assert_eq!(judged(|order| order["lines"][0]["sku_type"] = json!("chilled")), "MALFORMED");
    assert_eq!(judged(|order| order["currency"] = json!("gbp")), "MALFORMED");
    assert_eq!(judged(|order| order["delivery_date"] = json!("2010-02-29")), "MALFORMED");
    assert_eq!(judged(|order| order["ordered_at"] = json!("2010-12-01T08:26:00")), "MALFORMED");
}

#[test]
fn reports_are_validated() {
    let judged = |attempt: serde_json::Value, reason: usize| {
        let body = json!({"waybill_no": "uci-1-1", "status": "LOST", "attempt": attempt,
                          "occurred_at": "2010-12-02T10:00:00Z", "reason": "x".repeat(reason)});
        decode_body::<ReportStatus>(body.to_string().as_bytes()).is_ok()
    };
    assert!(judged(json!(null), 0));
    assert!(judged(json!(1), 500));
    assert!(judged(json!(32), 0));
    assert!(!judged(json!(0), 0));
    assert!(!judged(json!(33), 0));
    assert!(!judged(json!(1), 501));
}

#[test]
fn a_network_command_holds_2000_rows_over_all_tables() {
    let rows = |count: usize| {
        let row = PoolRow {
            depot: DepotCode::new("D").unwrap(),
            timeslot: TimeslotCode::new("AM").unwrap(),
            truck_type: TruckTypeCode::new("VAN").unwrap(),
            count: 1,
        };
        NetworkRows::TruckPool(vec![row; count])
    };
    assert!(UpsertNetwork { tables: vec![rows(1_000), rows(1_000)] }.validate().is_ok());
    assert!(UpsertNetwork { tables: vec![rows(1_000), rows(1_001)] }.validate().is_err());
}

#[test]
fn the_end_of_a_drive_is_written_as_tables_do() {
    let ends = [
        ("D063", TravelEnd::District(DistrictCode::new("D063").unwrap())),
        ("depot:NORTH", TravelEnd::Depot(DepotCode::new("NORTH").unwrap())),
        ("zone:Z01", TravelEnd::Zone(ZoneCode::new("Z01").unwrap())),
    ];
    for (text, end) in ends {
        assert_eq!(end.to_string(), text);
        assert_eq!(text.parse::<TravelEnd>(), Ok(end.clone()));
        assert_eq!(end.code(), text.rsplit(':').next().unwrap());
    }
    for wrong in ["", "depot:", "zone:", "truck:V", "depot:zone:Z01", "D 1"] {
        assert!(wrong.parse::<TravelEnd>().is_err(), "{wrong:?}");
    }
}

#[test]
fn routing_keys_carry_what_a_binding_filters_on() {
    assert_eq!(RoutingKey::of_type("waybill.held.v1").as_str(), "waybill.held");
    assert_eq!(RoutingKey::of_type("waybill.held").as_str(), "waybill.held");
    assert_eq!(RoutingKey::of_type("a.b.v1").with("c").as_str(), "a.b.c");
    assert_eq!(split_version("waybill.held.v12"), Some(("waybill.held", 12)));
    assert_eq!(split_version("waybill.held.vx"), None);
    assert_eq!(WaybillStatus::DeliveryFailed.routing_word(), "delivery-failed");
}

#[test]
fn the_words_of_statuses_are_those_on_the_wire() {
    for status in WaybillStatus::ALL {
        assert_eq!(json!(status), json!(status.as_str()));
        assert_eq!(WaybillStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(WaybillStatus::parse("created"), None);
    for sku_type in [SkuType::Dry, SkuType::Frozen, SkuType::Mixed] {
        assert_eq!(json!(sku_type), json!(sku_type.as_str()));
    }
    for by in [FulfilledBy::Warehouse, FulfilledBy::Merchant] {
        assert_eq!(json!(by), json!(by.as_str()));
    }
}

#[test]
fn publishers_speak_for_whom_they_may() {
    let table = [
        ("dray-portal-shim", Delegation::Anybody, Role::Worker),
        ("dray-operator", Delegation::Anybody, Role::Operator),
        ("dray-admin", Delegation::Anybody, Role::Admin),
        (
            "dray-hotfolder-ingest",
            Delegation::Roles(&[
                Role::Shop,
                Role::Merchant,
                Role::Warehouse,
                Role::Sorting,
                Role::Road,
            ]),
            Role::Worker,
        ),
        ("dray-wms-sync", Delegation::Roles(&[Role::Warehouse]), Role::Worker),
        (
            "dray-partner-sync",
            Delegation::Roles(&[Role::Sorting, Role::Road, Role::Shop]),
            Role::Worker,
        ),
        ("dray-order-intake", Delegation::None, Role::Worker),
        ("partner-wms", Delegation::None, Role::Warehouse),
        ("partner-pss", Delegation::None, Role::Sorting),
        ("partner-ods", Delegation::None, Role::Road),
        ("partner-hybris", Delegation::None, Role::Shop),
        ("somebody-else", Delegation::None, Role::Worker),
    ];
    for (user, delegation, role) in table {
        let user = UserId::new(user).unwrap();
        assert_eq!(delegation_of(&user), delegation, "{user}");
        assert_eq!(role_of(&user), role, "{user}");
        let actor = Actor::itself(&user);
        assert_eq!((actor.subject.as_str(), actor.role), (user.as_str(), role));
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
