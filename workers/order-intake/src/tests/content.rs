//! What counts as the same content, and what as the same door.

use contracts::{CreateOrder, Personal, UnitPrice};

use super::fixture::{line, order};
use crate::decide::{address_key, content_hash};

fn two_lines() -> CreateOrder {
    order(vec![line(1, "m1", "85123A"), line(2, "m2", "71053")])
}

#[track_caller]
fn check_same(change: impl FnOnce(&mut CreateOrder), same: bool) {
    let mut changed = two_lines();
    change(&mut changed);
    assert_eq!(content_hash(&changed) == content_hash(&two_lines()), same);
}

#[test]
fn the_writing_of_an_order_is_not_its_content() {
    check_same(|_| (), true);
    check_same(|order| order.lines.reverse(), true);
    check_same(|order| order.lines[0].unit_price = price("2.550000"), true);
}

#[test]
fn every_field_counts() {
    check_same(|order| order.lines[0].unit_price = price("2.550001"), false);
    check_same(|order| order.lines[0].quantity = 2, false);
    check_same(|order| order.lines[0].sku = "85123a".to_owned().try_into().unwrap(), false);
    check_same(|order| order.lines[1].line_no = 3, false);
    check_same(|order| order.lines[1].description = Some(String::new()), false);
    check_same(|order| order.lines.truncate(1), false);
    check_same(|order| order.customer_ref = None, false);
    check_same(|order| order.country = Some("GB".to_owned()), false);
    check_same(|order| order.notes = Some(Personal::new("ring twice")), false);
    check_same(|order| std::mem::swap(&mut order.address, &mut order.postcode), false);
}

#[test]
fn no_text_passes_for_two_fields() {
    check_pair(("ab", "c"), ("a", "bc"));
    check_pair(("a\u{0}", "b"), ("a", "\u{0}b"));
}

fn check_pair(one: (&str, &str), other: (&str, &str)) {
    let with = |(address, postcode): (&str, &str)| {
        let mut order = two_lines();
        order.address = Some(Personal::new(address));
        order.postcode = Some(Personal::new(postcode));
        order
    };
    assert_ne!(content_hash(&with(one)), content_hash(&with(other)));
    assert_ne!(address_key(&with(one)), address_key(&with(other)));
}

#[test]
fn a_door_is_told_by_address_and_postcode_whatever_their_case() {
    let mut order = two_lines();
    let key = address_key(&order);
    assert_eq!(key.len(), 32);
    order.address = Some(Personal::new("  1 SOME street "));
    assert_eq!(address_key(&order), key);
    order.postcode = Some(Personal::new("SW1A 1AB"));
    assert_ne!(address_key(&order), key);
    order.address = None;
    order.postcode = Some(Personal::new("  "));
    assert_eq!(address_key(&order), "");
}

fn price(text: &str) -> UnitPrice {
    UnitPrice::new(text.parse().unwrap()).unwrap()
}
