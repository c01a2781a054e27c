//! Amendments: what is asked, what is refused, and what the order is once they are decided.

use contracts::{
    AmendOrder, AmendedDestination, AmendedLine, AmendmentDecided, AmendmentDecider, OrderStatus,
    Personal, Role, SkuType, WaybillAmendment, WaybillStatus as S,
};
use runtime::Outcome;

use super::fixture::{actor, asker, at, network, no, parcel, two_waybills};
use crate::decide::{Effect, News, amend, decided, moved};
use crate::order::Order;

/// A command of the message of that number.
fn amended(
    order: &mut Order,
    message: u128,
    lines: &[(u32, u32)],
    destination: Option<AmendedDestination>,
) -> Effect {
    let line =
        |(line_no, quantity): &(u32, u32)| AmendedLine { line_no: *line_no, quantity: *quantity };
    let command = AmendOrder {
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        expected_version: order.version,
        lines: lines.iter().map(line).collect(),
        destination,
        reason: None,
        occurred_at: at(5),
    };
    let agent = actor("anna", Role::CsAgent);
    amend(order, &command, &asker(&agent, message), Some(&network()))
}

fn asked(effect: &Effect) -> Vec<&WaybillAmendment> {
    let amendment = |news: &'_ News| matches!(news, News::AmendmentRequested(_));
    let asked = effect.news.iter().filter(|news| amendment(news));
    asked
        .map(|news| match news {
            News::AmendmentRequested(asked) => &asked.amendment,
            News::CancellationRequested(_) | News::Changed(_) => panic!("no amendment"),
        })
        .collect()
}

fn verdict(amendment: &WaybillAmendment, refused: Option<&str>) -> AmendmentDecided {
    let (by, refused) = (AmendmentDecider::SalesOrder, refused.map(str::to_owned));
    AmendmentDecided { by, refused, amendment: amendment.clone() }
}

/// Quantities, and what is cancelled of them, by line.
fn lines(order: &Order) -> Vec<(u32, u32, u32)> {
    let of = |line: &crate::order::Line| (line.line_no, line.quantity, line.counters.cancelled);
    order.lines.values().map(of).collect()
}

fn codes(effect: &Effect) -> (&str, Vec<(Option<u32>, &str)>) {
    let errors = match &effect.outcome {
        Outcome::Rejected(refusal) => refusal.errors.as_slice(),
        Outcome::Applied | Outcome::Duplicate | Outcome::Stale | Outcome::Parked => &[],
    };
    let errors = errors.iter().map(|error| (error.line_no, error.code.as_str()));
    (effect.outcome.code(), errors.collect())
}

#[test]
fn other_quantities_are_asked_for_as_whole_waybills_and_applied_when_decided() {
    let mut order = two_waybills();
    let total = order.total_minor;
    let effect = amended(&mut order, 9, &[(1, 5), (2, 0), (3, 1)], None);
    let asked = asked(&effect);
    let whole: Vec<_> =
        asked.iter().map(|it| (it.waybill_no.as_str(), it.dry_ml, it.weight_g)).collect();
    assert_eq!(whole, [("uci-536365-1", 7_500, 3_500), ("uci-536365-2", 1_500, 700)]);
    assert_eq!((asked[0].lines.len(), asked[0].sku_type), (1, SkuType::Dry));
    assert_eq!((lines(&order), order.total_minor), (lines(&two_waybills()), total), "not yet");
    let change = effect.change.clone().unwrap();
    assert_eq!(change.from.as_deref(), Some("1: 3, 2: 2, 3: 4"));
    assert_eq!(change.to.as_deref(), Some("1: 5, 2: cancelled, 3: 1"));

    let first = decided(&mut order, &verdict(asked[0], None));
    assert_eq!(first.change.unwrap().from.as_deref(), Some("1: 3, 2: 2"));
    assert_eq!(lines(&order), [(1, 5, 0), (2, 2, 2), (3, 4, 0), (4, 1, 0)]);
    assert_eq!(order.total_minor, total + 2 * 255 - 2 * 255);
    assert_eq!(order.lines[&2].waybill_no, None, "it travels on nothing any more");
    assert!(order.open_amendment.is_some(), "the other waybill is not decided");
    let second = decided(&mut order, &verdict(asked[1], Some("AMEND_TOO_LATE")));
    assert_eq!(second.change.unwrap().to.as_deref(), Some("AMEND_TOO_LATE"));
    assert_eq!((order.lines[&3].quantity, order.open_amendment), (4, None));
    for asked in asked {
        let again = decided(&mut order, &verdict(asked, None));
        assert_eq!(again.outcome, Outcome::Duplicate);
    }
    assert_eq!(order.version, 4);
}

#[test]
fn only_one_amendment_is_open_at_a_time_and_a_later_one_has_a_later_time() {
    let mut order = two_waybills();
    let first = amended(&mut order, 9, &[(1, 1)], None);
    assert_eq!(codes(&amended(&mut order, 10, &[(3, 1)], None)).0, "AMENDMENT_PENDING");
    decided(&mut order, &verdict(asked(&first)[0], None));
    // the same clock time, or an earlier one
    let second = amended(&mut order, 11, &[(3, 1)], None);
    assert!(asked(&second)[0].occurred_at > asked(&first)[0].occurred_at);
}

#[test]
fn another_version_than_expected_is_a_conflict() {
    let mut order = two_waybills();
    order.version = 4;
    let command = AmendOrder {
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        expected_version: 3,
        lines: vec![AmendedLine { line_no: 1, quantity: 1 }],
        destination: None,
        reason: None,
        occurred_at: at(5),
    };
    let agent = actor("anna", Role::CsAgent);
    let effect = amend(&mut order, &command, &asker(&agent, 9), None);
    assert_eq!(codes(&effect).0, "VERSION_CONFLICT");
}

#[test]
fn all_that_is_wrong_with_quantities_is_told_at_once() {
    let mut order = two_waybills();
    moved(&mut order, &no(2), parcel(S::Dispatched, 3));
    order.lines.get_mut(&2).unwrap().removed = true;
    order.lines.get_mut(&2).unwrap().waybill_no = None;
    let effect = amended(&mut order, 9, &[(1, 2), (2, 1), (3, 1), (4, 2), (8, 1)], None);
    let errors = vec![
        (Some(2), "LINE_CANCELLED"),
        (Some(3), "AMEND_TOO_LATE"),
        (Some(4), "NO_PARCEL"),
        (Some(8), "UNKNOWN_LINE"),
    ];
    assert_eq!(codes(&effect), ("INVALID_AMENDMENT", errors));
    let dear = contracts::UnitPrice::new("100000000000000000".parse().unwrap()).unwrap();
    order.lines.get_mut(&1).unwrap().unit_price = dear;
    assert_eq!(codes(&amended(&mut order, 9, &[(1, 9_999)], None)).0, "TOTAL_TOO_LARGE");
}

#[test]
fn the_same_again_is_a_duplicate_and_an_emptied_waybill_is_cancelled() {
    let mut order = two_waybills();
    let same = amended(&mut order, 9, &[(1, 3), (3, 4)], None);
    assert_eq!((same.outcome, order.version), (Outcome::Duplicate, 1));
    let effect = amended(&mut order, 9, &[(3, 0)], None);
    assert!(asked(&effect).is_empty());
    assert!(matches!(&effect.news[1], News::CancellationRequested(it) if it.waybill_no == no(2)));
    assert_eq!(order.open_amendment, None, "nothing of it is left to decide");
}

fn to(district: Option<&str>, address: Option<&str>, phone: Option<&str>) -> AmendedDestination {
    AmendedDestination {
        district: district.map(|code| contracts::DistrictCode::new(code).unwrap()),
        address: address.map(Personal::new),
        phone: phone.map(Personal::new),
        ..AmendedDestination::default()
    }
}

#[test]
fn another_address_is_asked_for_and_never_written_into_the_history() {
    let mut order = two_waybills();
    let before = order.clone();
    let effect = amended(&mut order, 9, &[], Some(to(None, Some("2 Other Street"), None)));
    let asked = asked(&effect);
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0].address_key, "");
    assert_eq!(
        (order.destination.clone(), order.personal.clone()),
        (before.destination, before.personal)
    );
    let effect = decided(&mut order, &verdict(asked[0], None));
    let change = effect.change.unwrap();
    assert_eq!(change.to.as_deref(), Some("D001 2010-12-03 0900-1300, address"));
    let personal: serde_json::Value =
        serde_json::from_str(order.personal.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&personal["address"], &personal["recipient"]),
        (&"2 Other Street".into(), &"A. Person".into())
    );
    assert!(order.asked.values().any(|asked| asked.personal.is_some()), "the other is open");
    decided(&mut order, &verdict(asked[1], Some("AMEND_NO_CAPACITY")));
    assert!(order.asked.values().all(|asked| asked.personal.is_none()), "and forgotten");
}

#[test]
fn a_phone_number_concerns_nobody_else() {
    let mut order = two_waybills();
    let effect = amended(&mut order, 9, &[], Some(to(None, None, Some("123"))));
    assert!(asked(&effect).is_empty());
    assert_eq!((order.version, order.open_amendment), (2, None));
    assert!(order.personal.as_deref().unwrap().contains("123"));
    let again = amended(&mut order, 10, &[], Some(to(Some("D001"), None, Some("123"))));
    assert_eq!(again.outcome, Outcome::Duplicate);
}

#[test]
fn a_destination_that_is_not_there_or_comes_too_late_is_refused() {
    let mut order = two_waybills();
    let nowhere = amended(&mut order, 9, &[], Some(to(Some("D999"), None, None)));
    assert_eq!(codes(&nowhere).0, "UNKNOWN_DISTRICT");
    for k in [1, 2] {
        moved(&mut order, &no(k), parcel(S::OutForDelivery, 3));
    }
    assert_eq!(order.status, OrderStatus::Shipped);
    order.status = OrderStatus::PartiallyShipped;
    let late = amended(&mut order, 9, &[], Some(to(None, Some("2 Other Street"), None)));
    assert_eq!(codes(&late).0, "AMEND_TOO_LATE");
}

#[test]
fn a_decision_that_nobody_asked_for_is_refused() {
    let mut order = two_waybills();
    let effect = amended(&mut order, 9, &[(1, 1)], None);
    let mut other = verdict(asked(&effect)[0], None);
    other.amendment.amendment_id = uuid::Uuid::from_u128(77);
    assert_eq!(codes(&decided(&mut order, &other)).0, "UNKNOWN_AMENDMENT");
}
