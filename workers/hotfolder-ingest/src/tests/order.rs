//! Lines to orders.

use contracts::SkuType;

use super::{HEADER, errors, line, line_with, orders};
use crate::order::OrderColumn as C;

fn file(rows: &[String]) -> Vec<u8> {
    format!("{HEADER}{}", rows.concat()).into_bytes()
}

/// The errors of a file with one bad field in the second line of its only order.
fn check(column: C, value: &str, expected: &[&str]) {
    let bytes = file(&[line("A", 1), line_with("A", 2, column, value)]);
    let found: Vec<&str> = errors(&bytes).into_iter().map(|e| e.2).collect();
    assert_eq!(found, expected, "{column:?} = {value:?}");
}

#[test]
fn a_sound_order_keeps_every_field() {
    let bytes = file(&[
        line_with("A 1/x", 1, C::UnitPrice, "12.500000"),
        line_with("A 1/x", 2, C::SkuType, "frozen"),
    ]);
    let mut found = orders(&bytes);
    assert_eq!(found.len(), 1);
    let order = found.remove(0);
    assert_eq!((order.first_line, order.last_line, order.lines), (2, 3, 2));
    assert_eq!((order.start, order.end), (HEADER.len() as u64, bytes.len() as u64));
    let sound = order.result.unwrap();
    assert_eq!(sound.file_lines, [2, 3]);
    let order = sound.command;
    assert_eq!((order.source.as_str(), order.order_ref.as_str()), ("shop", "A 1/x"));
    assert_eq!(order.lines[0].unit_price.as_decimal().to_string(), "12.500000");
    assert_eq!(order.lines[1].sku_type, SkuType::Frozen);
    assert_eq!(order.delivery_date.to_string(), "2026-03-02");
}

#[test]
fn each_field_has_its_own_refusal() {
    check(C::LineNo, "", &["MISSING_VALUE"]);
    check(C::LineNo, "one", &["INVALID_NUMBER"]);
    check(C::LineNo, "-1", &["INVALID_NUMBER"]);
    check(C::LineNo, "4294967296", &["INVALID_NUMBER"]);
    check(C::LineNo, "1", &["DUPLICATE_LINE_NO"]);
    check(C::Merchant, " ", &["MISSING_VALUE"]);
    check(C::Merchant, "Müller", &["INVALID_REFERENCE"]);
    check(C::Sku, "", &["MISSING_VALUE"]);
    check(C::Sku, &"s".repeat(65), &["INVALID_REFERENCE"]);
    check(C::Quantity, "0", &["QUANTITY_OUT_OF_RANGE"]);
    check(C::Quantity, "-12", &["QUANTITY_OUT_OF_RANGE"]);
    check(C::Quantity, "10000", &["QUANTITY_OUT_OF_RANGE"]);
    check(C::Quantity, "99999999999999999999", &["QUANTITY_OUT_OF_RANGE"]);
    check(C::Quantity, "9999", &[]);
    check(C::Quantity, "1.0", &["INVALID_NUMBER"]);
    check(C::Quantity, "six", &["INVALID_NUMBER"]);
    check(C::UnitPrice, "-0.01", &["INVALID_PRICE"]);
    check(C::UnitPrice, "0", &[]);
    check(C::UnitPrice, "0.123456", &[]);
    check(C::UnitPrice, "0.1234567", &["INVALID_PRICE"]);
    check(C::UnitPrice, "1e3", &["INVALID_PRICE"]);
    check(C::UnitPrice, "1_000", &["INVALID_PRICE"]);
    check(C::UnitPrice, "1,50", &["INVALID_PRICE"]);
    check(C::UnitPrice, ".5", &["INVALID_PRICE"]);
    check(C::UnitPrice, "£1", &["INVALID_PRICE"]);
    check(C::UnitPrice, &"9".repeat(40), &["INVALID_PRICE"]);
    check(C::UnitPrice, "9999999999999999999", &["TOTAL_TOO_LARGE"]);
    check(C::SkuType, "mixed", &["INVALID_CHOICE"]);
    check(C::SkuType, "", &["MISSING_VALUE"]);
    check(C::VolumeMl, "", &[]);
    check(C::VolumeMl, "big", &["INVALID_NUMBER"]);
    check(C::WeightG, "-5", &["INVALID_NUMBER"]);
    check(C::Description, &"d".repeat(4_001), &["TEXT_TOO_LONG"]);
    check(C::OrderedAt, "2026-03-01T09:00:00Z", &[]);
    check(C::OrderedAt, "yesterday", &["INVALID_TIME"]);
    check(C::OrderedAt, "", &["MISSING_VALUE"]);
    check(C::CustomerRef, "", &["DIFFERS_WITHIN_ORDER"]);
    check(C::District, "D001", &["DIFFERS_WITHIN_ORDER"]);
    check(C::DeliveryDate, "2026-03-03", &["DIFFERS_WITHIN_ORDER"]);
    check(C::Timeslot, "1300-1800", &["DIFFERS_WITHIN_ORDER"]);
    check(C::Currency, "EUR", &["DIFFERS_WITHIN_ORDER"]);
}

#[test]
fn the_head_of_an_order_is_refused_once_however_many_lines_repeat_it() {
    let check = |column, value: &str, code| {
        let rows = [line_with("A", 1, column, value), line_with("A", 2, column, value)];
        let found: Vec<&str> = errors(&file(&rows)).into_iter().map(|e| e.2).collect();
        assert_eq!(found, [code], "{column:?} = {value:?}");
    };
    check(C::OrderedAt, "2026-03-01", "INVALID_TIME");
    check(C::OrderedAt, "2026-03-01T08:26:00", "INVALID_TIME");
    check(C::OrderedAt, "2026-06-30T23:59:60Z", "INVALID_TIME");
    check(C::OrderedAt, "0001-01-01T00:00:00Z", "INVALID_TIME");
    check(C::DeliveryDate, "2026-02-30", "INVALID_DATE");
    check(C::DeliveryDate, "02.03.2026", "INVALID_DATE");
    check(C::DeliveryDate, "2026-3-2", "INVALID_DATE");
    check(C::District, "", "MISSING_VALUE");
    check(C::District, "D 1", "INVALID_REFERENCE");
    check(C::Timeslot, "", "MISSING_VALUE");
    check(C::Currency, "gbp", "INVALID_CURRENCY");
    check(C::Currency, "", "MISSING_VALUE");
    check(C::CustomerRef, &"c".repeat(65), "INVALID_REFERENCE");
}

#[test]
fn two_times_on_one_order_are_no_error_and_the_first_holds() {
    let rows = [line("A", 1), line_with("A", 2, C::OrderedAt, "2026-03-01T08:27:00Z")];
    let order = orders(&file(&rows)).remove(0).result.unwrap().command;
    assert_eq!(order.ordered_at.to_string(), "2026-03-01T08:26:00Z");
}

#[test]
fn one_bad_line_rejects_its_order_and_no_other() {
    let rows = [
        line("A", 1),
        line("B", 1),
        line_with("B", 2, C::Quantity, "0"),
        line("B", 3),
        line("C", 1),
    ];
    let found = orders(&file(&rows));
    let outcome: Vec<(String, bool)> =
        found.into_iter().map(|o| (o.reference.unwrap(), o.result.is_ok())).collect();
    assert_eq!(outcome, [("A".into(), true), ("B".into(), false), ("C".into(), true)]);
}

#[test]
fn all_errors_of_all_lines_are_found_in_one_pass() {
    let mut bad = line_with("A", 1, C::Quantity, "0");
    bad = bad.replace("\t2.55\t", "\tcheap\t").replace("\tdry\t", "\tcold\t");
    let rows = [bad, line_with("A", 2, C::District, "D001"), line_with("B", 1, C::Sku, "")];
    let expected = [
        (2, "quantity", "QUANTITY_OUT_OF_RANGE"),
        (2, "unit_price", "INVALID_PRICE"),
        (2, "sku_type", "INVALID_CHOICE"),
        (3, "district", "DIFFERS_WITHIN_ORDER"),
        (4, "sku", "MISSING_VALUE"),
    ]
    .map(|(line, column, code)| (line, column.to_owned(), code));
    assert_eq!(errors(&file(&rows)), expected);
}

#[test]
fn an_order_that_comes_again_further_down_is_an_order_of_its_own() {
    let rows = [line("A", 1), line("B", 1), line("A", 1)];
    let found = orders(&file(&rows));
    let seen: Vec<(String, u64)> =
        found.into_iter().map(|o| (o.reference.unwrap(), o.first_line)).collect();
    assert_eq!(seen, [("A".into(), 2), ("B".into(), 3), ("A".into(), 4)]);
}

#[test]
fn a_line_without_order_number_belongs_to_the_order_around_it_or_stands_alone() {
    let lost = line_with("", 2, C::Quantity, "0");
    let inside = orders(&file(&[line("A", 1), lost.clone(), line("A", 3), line("B", 1)]));
    assert_eq!(inside.len(), 2);
    assert_eq!((inside[0].first_line, inside[0].last_line, inside[0].lines), (2, 4, 3));
    assert_eq!(inside[0].result.as_ref().unwrap_err().len(), 2);
    assert!(inside[1].result.is_ok());

    let between = orders(&file(&[line("A", 1), lost.clone(), lost, line("B", 1)]));
    let outcome: Vec<(Option<String>, bool)> =
        between.into_iter().map(|o| (o.reference, o.result.is_ok())).collect();
    assert_eq!(outcome, [(Some("A".into()), true), (None, false), (Some("B".into()), true)]);
}

#[test]
fn an_order_above_its_limits_is_too_large_and_keeps_nothing_in_memory() {
    let many: Vec<String> = (1..=2_001).map(|n| line("A", n)).collect();
    assert_eq!(errors(&file(&many)), [(2, String::new(), "ORDER_TOO_LARGE")]);
    assert_eq!(errors(&file(&many[..2_000])), []);

    let wide = "\u{e9}".repeat(4_000);
    let heavy: Vec<String> = (1..=150).map(|n| line_with("A", n, C::Description, &wide)).collect();
    let rows = [heavy, vec![line("B", 1)]].concat();
    assert_eq!(errors(&file(&rows)), [(2, String::new(), "ORDER_TOO_LARGE")]);

    // Control characters grow sixfold in JSON: only the encoded size shows it.
    let escaped = "\u{1}".repeat(4_000);
    let growing: Vec<String> =
        (1..=60).map(|n| line_with("A", n, C::Description, &escaped)).collect();
    assert_eq!(errors(&file(&growing)), [(2, String::new(), "ORDER_TOO_LARGE")]);
}

#[test]
fn no_message_repeats_what_identifies_a_person() {
    let header = HEADER.trim_end().to_owned() + "\trecipient\tphone\taddress\n";
    let row = |n, name: &str| {
        line("A", n).trim_end().to_owned()
            + &format!("\t{name}\t{}\tElm Street 9\n", "7".repeat(70))
    };
    let file = format!("{header}{}{}", row(1, "Canary Jones"), row(2, "Canary Smith"));
    let errors = orders(file.as_bytes()).remove(0).result.unwrap_err();
    assert_eq!(errors.len(), 2);
    for error in errors {
        assert!(!error.message.contains("Canary") && !error.message.contains("777"), "{error:?}");
    }
}
