//! Identifiers.

use serde_json::json;

use crate::*;

/// `Ok`, or which rule is broken.
fn verdict<T>(read: Result<T, InvalidId>) -> &'static str {
    match read {
        Ok(_) => "ok",
        Err(InvalidId::Empty { .. }) => "empty",
        Err(InvalidId::TooLong { .. }) => "long",
        Err(InvalidId::Character { .. }) => "character",
    }
}

#[test]
fn codes_are_ascii_letters_digits_and_three_signs() {
    let table = [
        ("uci", "ok"),
        ("M01-S.2_x", "ok"),
        ("", "empty"),
        ("   ", "empty"),
        ("\t", "empty"),
        ("a b", "character"),
        (" a", "character"),
        ("a/b", "character"),
        ("Müller", "character"),
        ("a\u{0}", "character"),
        ("a\n", "character"),
    ];
    for (text, expected) in table {
        assert_eq!(verdict(Source::new(text)), expected, "{text:?}");
        assert_eq!(verdict(Merchant::new(text)), expected, "{text:?}");
        assert_eq!(verdict(ZoneCode::new(text)), expected, "{text:?}");
        assert_eq!(verdict(UserId::new(text)), expected, "{text:?}");
    }
}

#[test]
fn references_are_printable_ascii() {
    let table = [
        ("uci-536365-1", "ok"),
        ("A 1/7#!", "ok"),
        ("é", "character"),
        ("a\u{7f}", "character"),
        ("a\tb", "character"),
        ("", "empty"),
    ];
    for (text, expected) in table {
        assert_eq!(verdict(OrderRef::new(text)), expected, "{text:?}");
        assert_eq!(verdict(WaybillNo::new(text)), expected, "{text:?}");
        assert_eq!(verdict(SalesOrderNo::new(text)), expected, "{text:?}");
    }
}

#[test]
fn free_names_are_any_printable_text() {
    for text in ["85123A", "85123a", "crème brûlée", "卵", "a\u{a0}b"] {
        assert_eq!(verdict(Sku::new(text)), "ok", "{text:?}");
        assert_eq!(verdict(CustomerRef::new(text)), "ok", "{text:?}");
    }
    assert_ne!(Sku::new("85123A"), Sku::new("85123a"), "two goods");
    assert_eq!(verdict(Sku::new("a\u{85}b")), "character");
}

/// A database would take `7` and `7 ` for one key.
#[test]
fn keys_have_no_space_at_their_ends() {
    for text in [" 7", "7 ", "7\u{a0}", "\u{2003}7"] {
        assert_eq!(verdict(HoldHandle::new(text)), "character", "{text:?}");
        assert_eq!(verdict(Sku::new(text)), "character", "{text:?}");
        assert_eq!(verdict(WaybillNo::new(text)), "character", "{text:?}");
    }
    assert_eq!(
        verdict(OrderRef::new("7 ")),
        "ok",
        "order-intake tells of it with the other errors"
    );
}

#[test]
fn length_is_counted_in_characters_as_schemas_and_columns_do() {
    assert_eq!(verdict(Source::new("x".repeat(32))), "ok");
    assert_eq!(verdict(Source::new("x".repeat(33))), "long");
    assert_eq!(verdict(Sku::new("ü".repeat(64))), "ok");
    assert_eq!(verdict(Sku::new("ü".repeat(65))), "long");
    assert_eq!(verdict(OrderRef::new("x".repeat(65))), "long");
    // the longest source and order reference make a waybill number and a sales order number that fit
    let waybill_no = format!("{}-{}-{}", "s".repeat(32), "r".repeat(64), 2_000);
    assert_eq!(verdict(WaybillNo::new(&waybill_no)), "ok");
    assert_eq!(verdict(SalesOrderNo::new(format!("{waybill_no}-r999"))), "ok");
}

#[test]
fn an_error_says_what_is_wrong() {
    let error = Source::new("a b").unwrap_err();
    assert_eq!(error.to_string(), "Source holds the character ' ' where it is not allowed");
    let error = serde_json::from_value::<Source>(json!("")).unwrap_err();
    assert!(error.to_string().contains("Source is empty"), "{error}");
}

#[test]
fn ids_travel_as_plain_text() {
    let source: Source = serde_json::from_value(json!("uci")).unwrap();
    assert_eq!(json!(source), json!("uci"));
    assert_eq!(source.to_string(), "uci");
    let id = MessageId(uuid::Uuid::nil());
    assert_eq!(json!(id), json!("00000000-0000-0000-0000-000000000000"));
    assert!(serde_json::from_value::<MessageId>(json!("7")).is_err());
}

#[test]
fn an_id_derived_from_a_clients_key_is_the_same_every_time() {
    let id = derive_message_id("dray-hotfolder-ingest", "uci/536365");
    assert_eq!(id, derive_message_id("dray-hotfolder-ingest", "uci/536365"));
    assert_eq!(
        id.to_string(),
        "a9d6bdfc-fd11-59e0-8d9c-ab533345d73b",
        "a changed id is a lost dedupe"
    );
    assert_ne!(id, derive_message_id("dray-hotfolder-ingest", "uci/536366"));
    // where the sender ends and the key begins matters
    assert_ne!(derive_message_id("ab", "c"), derive_message_id("a", "bc"));
}

#[test]
fn generated_ids_are_ordered_by_time() {
    let ids: Vec<RouteId> = (0..100).map(|_| RouteId::generate()).collect();
    assert!(ids.is_sorted());
}

#[test]
fn a_waybill_number_tells_its_order() {
    let orders = [("uci", "536365"), ("my-shop", "A-1"), ("a-b-c", "-1-"), ("s.1_2", "no 7 - b")];
    for (source, order_ref) in orders {
        let order = (Source::new(source).unwrap(), OrderRef::new(order_ref).unwrap());
        let no = WaybillNo::derive(&order.0, &order.1, 12).unwrap();
        assert_eq!(no.order(), Some(order.clone()));
        let returned = WaybillNo::new(format!("{}-r2", no.order_part())).unwrap();
        assert_eq!(returned.order(), Some(order));
    }
    for other in ["TEST", "TEST-1", "a b-1-1"] {
        assert_eq!(WaybillNo::new(other).unwrap().order(), None, "{other}");
    }
}
