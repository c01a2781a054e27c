//! The decision about one order, case by case.

use contracts::{CreateOrder, Personal, Refusal, Role, UnitPrice};

use super::fixture::{actor, decided, decided_by, line, order, policy, shop};
use crate::decide::{Accepted, Compartments, Decision, Known, content_hash};

fn small() -> CreateOrder {
    order(vec![line(1, "m1", "85123A"), line(2, "m2", "71053")])
}

#[track_caller]
fn accepted(decision: Decision) -> Accepted {
    match decision {
        Decision::Accepted(accepted) => *accepted,
        Decision::Duplicate { version } => panic!("a duplicate of version {version}"),
        Decision::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[track_caller]
fn refusal(decision: Decision) -> Refusal {
    match decision {
        Decision::Accepted(accepted) => panic!("accepted: {}", accepted.event.order_ref),
        Decision::Duplicate { version } => panic!("a duplicate of version {version}"),
        Decision::Refused(refusal) => refusal,
    }
}

/// Line, field and code of an error.
type Found<'a> = (Option<u32>, &'a str, &'a str);

/// The refusal's code, and each of its errors.
fn codes(refusal: &Refusal) -> (&str, Vec<Found<'_>>) {
    let errors = refusal.errors.iter().map(|error| {
        (error.line_no, error.field.as_deref().unwrap_or_default(), error.code.as_str())
    });
    (&refusal.code, errors.collect())
}

fn price(text: &str) -> UnitPrice {
    UnitPrice::new(text.parse().unwrap()).unwrap()
}

#[test]
fn a_new_order_is_accepted_with_its_total_and_its_split() {
    let order = small();
    let accepted = accepted(decided(&order, &shop(), None));
    assert_eq!(accepted.total.minor_units, 510);
    assert_eq!(accepted.event.waybills.len(), 2);
    assert_eq!(
        (&accepted.event.source, &accepted.event.order_ref),
        (&order.source, &order.order_ref)
    );
    assert_eq!(accepted.content_hash, content_hash(&order));
    let personal: serde_json::Value = serde_json::from_str(&accepted.personal.unwrap()).unwrap();
    let expected = serde_json::json!({
        "recipient": "A. Person", "postcode": "SW1A 1AA", "address": "1 Some Street",
    });
    assert_eq!(personal, expected);
}

#[test]
fn an_order_without_personal_fields_keeps_none() {
    let mut order = small();
    (order.recipient, order.postcode, order.address) = (None, None, None);
    let accepted = accepted(decided(&order, &shop(), None));
    assert_eq!((accepted.personal, accepted.event.address_key.as_str()), (None, ""));
}

#[test]
fn the_same_content_again_is_a_duplicate_and_other_content_a_conflict() {
    let order = small();
    let known = Known { content_hash: content_hash(&order), version: 4 };
    assert_eq!(decided(&order, &shop(), Some(&known)), Decision::Duplicate { version: 4 });

    let mut other = order.clone();
    other.lines[0].quantity = 2;
    assert_eq!(refusal(decided(&other, &shop(), Some(&known))).code, "CONFLICT");
}

#[test]
fn a_duplicate_stays_one_when_the_network_has_lost_its_district() {
    let mut order = small();
    order.district = "GONE".to_owned().try_into().unwrap();
    let known = Known { content_hash: content_hash(&order), version: 1 };
    assert_eq!(decided(&order, &shop(), Some(&known)), Decision::Duplicate { version: 1 });
}

#[test]
fn only_shops_for_themselves_service_and_operators_create_orders() {
    let may = |subject: &str, role: Role| match decided(&small(), &actor(subject, role), None) {
        Decision::Accepted(_) => true,
        Decision::Duplicate { .. } => panic!("nothing is known"),
        Decision::Refused(refusal) => {
            assert_eq!(refusal.code, "NOT_ALLOWED");
            false
        }
    };
    assert!(may("uci", Role::Shop));
    assert!(!may("grocery", Role::Shop));
    for role in [Role::Operator, Role::Admin, Role::CsAgent, Role::CsSupervisor] {
        assert!(may("anna", role), "{role:?}");
    }
    let others = [
        Role::Customer,
        Role::Merchant,
        Role::Dispatcher,
        Role::Warehouse,
        Role::Sorting,
        Role::Road,
        Role::Worker,
    ];
    for role in others {
        assert!(!may("uci", role), "{role:?}");
    }
}

#[test]
fn a_stranger_does_not_learn_what_is_stored() {
    let order = small();
    let known = Known { content_hash: content_hash(&order), version: 1 };
    let refusal = refusal(decided(&order, &actor("grocery", Role::Shop), Some(&known)));
    assert_eq!(refusal.code, "NOT_ALLOWED");
}

#[test]
fn one_unknown_place_gives_its_code_and_two_are_both_listed() {
    let mut order = small();
    order.district = "D999".to_owned().try_into().unwrap();
    let one = refusal(decided(&order, &shop(), None));
    assert_eq!(codes(&one), ("UNKNOWN_DISTRICT", vec![(None, "district", "UNKNOWN_DISTRICT")]));

    order.timeslot = "NIGHT".to_owned().try_into().unwrap();
    let both = refusal(decided(&order, &shop(), None));
    let errors =
        vec![(None, "district", "UNKNOWN_DISTRICT"), (None, "timeslot", "UNKNOWN_TIMESLOT")];
    assert_eq!(codes(&both), ("INVALID_ORDER", errors));
}

#[test]
fn neither_a_past_date_nor_an_unknown_merchant_is_an_error() {
    let mut order = order(vec![line(1, "never-heard-of", "A")]);
    order.delivery_date = "1999-01-01".parse().unwrap();
    accepted(decided(&order, &shop(), None));
}

#[test]
fn totals_that_do_not_fit_are_refused_line_by_line_and_in_sum() {
    let mut order = small();
    order.lines[1].unit_price = price("100000000000000000000");
    let one = refusal(decided(&order, &shop(), None));
    assert_eq!(codes(&one), ("TOTAL_TOO_LARGE", vec![(Some(2), "unit_price", "TOTAL_TOO_LARGE")]));

    let half = price("50000000000000000");
    (order.lines[0].unit_price, order.lines[1].unit_price) = (half, half);
    let sum = refusal(decided(&order, &shop(), None));
    assert_eq!(codes(&sum), ("TOTAL_TOO_LARGE", vec![(None, "unit_price", "TOTAL_TOO_LARGE")]));
}

#[test]
fn all_errors_of_all_kinds_are_found_in_one_pass() {
    let mut order = small();
    order.district = "D999".to_owned().try_into().unwrap();
    order.order_ref = "536365 ".to_owned().try_into().unwrap();
    order.country = Some("x".repeat(65));
    order.promotion_codes = Some("x".repeat(501));
    order.notes = Some(Personal::new("x".repeat(66_000)));
    order.delivery_date = "+10000-01-01".parse().unwrap();
    order.lines[0].description = Some("x".repeat(65_536));
    order.lines[1].unit_price = price("100000000000000000000");
    let refusal = refusal(decided(&order, &shop(), None));
    let expected = vec![
        (None, "district", "UNKNOWN_DISTRICT"),
        (None, "order_ref", "INVALID_REFERENCE"),
        (None, "delivery_date", "OUT_OF_RANGE"),
        (None, "country", "TOO_LONG"),
        (None, "promotion_codes", "TOO_LONG"),
        (None, "", "TOO_LONG"),
        (Some(1), "description", "TOO_LONG"),
        (Some(2), "unit_price", "TOTAL_TOO_LARGE"),
    ];
    assert_eq!(codes(&refusal), ("INVALID_ORDER", expected));
}

#[test]
fn an_order_of_nothing_but_fees_is_accepted_without_a_waybill() {
    let fees = policy(Compartments::Mixed, &["POST", "DOT"]);
    let order = order(vec![line(1, "m1", "POST"), line(2, "m1", "DOT")]);
    let accepted = accepted(decided_by(&fees, &order, &shop(), None));
    assert!(accepted.event.waybills.is_empty());
    assert_eq!(accepted.total.minor_units, 510);
}

#[test]
fn a_fee_is_told_by_the_case_of_its_sku_and_paid_for_all_the_same() {
    let fees = policy(Compartments::Mixed, &["POST"]);
    let order = order(vec![line(1, "m1", "POST"), line(2, "m1", "post")]);
    let accepted = accepted(decided_by(&fees, &order, &shop(), None));
    let lines: Vec<u32> =
        accepted.event.waybills[0].lines.iter().map(|line| line.line_no).collect();
    assert_eq!((lines, accepted.total.minor_units), (vec![2], 510));
}

#[test]
fn the_largest_order_fits_a_message_unless_all_its_names_are_long_and_no_two_lines_belong_together()
{
    let one_merchant = (1..=2_000).map(|n| line(n, "m1", &"s".repeat(64))).collect();
    accepted(decided(&order(one_merchant), &shop(), None));

    let each_its_own = |n: u32| {
        let mut line = line(u32::MAX - n, &format!("{n:0>32}"), &"\"".repeat(64));
        line.store = Some("s".repeat(32).try_into().unwrap());
        (line.quantity, line.volume_ml, line.weight_g) = (9_999, u32::MAX, u32::MAX);
        line
    };
    let mut order = order((0..2_000).map(each_its_own).collect());
    order.source = "s".repeat(32).try_into().unwrap();
    order.order_ref = "\"".repeat(64).try_into().unwrap();
    let refusal = refusal(decided(&order, &actor("anna", Role::Operator), None));
    assert_eq!(refusal.code, "ORDER_TOO_LARGE");
}
