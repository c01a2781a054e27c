//! Money, time and personal data.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::decimal;
use crate::*;

fn minor_units(price: &str, quantity: u32, currency: &str) -> Option<i64> {
    let price = UnitPrice::new(decimal(price)).unwrap();
    let total = price.times(quantity, Currency::new(currency).unwrap());
    total.ok().map(|money| money.minor_units)
}

#[test]
fn totals_are_rounded_half_to_even() {
    let table = [
        ("2.55", 6, "GBP", 1_530),
        ("0.005", 1, "GBP", 0),
        ("0.015", 1, "GBP", 2),
        ("0.025", 1, "GBP", 2),
        ("0.035", 1, "GBP", 4),
        ("0.0251", 1, "GBP", 3),
        ("0.025", 3, "GBP", 8),
        ("0.5", 1, "JPY", 0),
        ("1.5", 1, "JPY", 2),
        ("0.0005", 1, "KWD", 0),
        ("0.0015", 1, "KWD", 2),
        ("0.000001", 9_999, "GBP", 1),
        ("0", 9_999, "GBP", 0),
    ];
    for (price, quantity, currency, expected) in table {
        assert_eq!(minor_units(price, quantity, currency), Some(expected), "{quantity} x {price}");
    }
}

#[test]
fn a_total_that_does_not_fit_is_an_error() {
    assert_eq!(minor_units("92233720368547758.07", 1, "GBP"), Some(i64::MAX));
    assert_eq!(minor_units("92233720368547758.08", 1, "GBP"), None);
    assert_eq!(minor_units("79228162514264337593543950335", 9_999, "GBP"), None);
}

#[test]
fn a_unit_price_is_exact_and_not_negative() {
    for (price, fits) in [
        ("0", true),
        ("-0", true),
        ("0.123456", true),
        ("0.1234560000", true),
        ("0.1234567", false),
        ("-0.01", false),
    ] {
        assert_eq!(UnitPrice::new(decimal(price)).is_ok(), fits, "{price}");
    }
    let read = |value| serde_json::from_value::<UnitPrice>(value);
    assert_eq!(json!(read(json!("2.550")).unwrap()), json!("2.550"), "kept as it was written");
    assert_eq!(read(json!("2.55")).unwrap().as_decimal(), decimal("2.55"));
    assert!(read(json!("-1")).is_err());
    assert!(read(json!("1e400")).is_err());
    assert!(read(json!("two")).is_err());
}

#[test]
fn a_currency_is_three_capital_letters() {
    for code in ["GBP", "TRY", "EUR"] {
        assert_eq!(Currency::new(code).unwrap().to_string(), code);
    }
    for code in ["gbp", "GB", "GBPX", "", "G1P", "£££"] {
        assert!(Currency::new(code).is_err(), "{code}");
    }
    let digits = |code| Currency::new(code).unwrap().minor_digits();
    assert_eq!((digits("GBP"), digits("JPY"), digits("BHD")), (2, 0, 3));
}

fn time(text: &str) -> Timestamp {
    serde_json::from_value(json!(text)).unwrap()
}

#[test]
fn times_are_utc_with_microseconds() {
    let table = [
        ("2010-12-01T08:26:00Z", "2010-12-01T08:26:00Z"),
        ("2010-12-01T10:26:00+02:00", "2010-12-01T08:26:00Z"),
        ("2010-12-01T08:26:00.5Z", "2010-12-01T08:26:00.500Z"),
        ("2010-12-01T08:26:00.123456789Z", "2010-12-01T08:26:00.123456Z"),
        ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ];
    for (written, kept) in table {
        assert_eq!(json!(time(written)), json!(kept), "{written}");
        assert_eq!(time(kept), time(written), "what was written reads back the same");
    }
    for text in ["2010-12-01", "2010-12-01T08:26:00", "2010-13-01T08:26:00Z", "yesterday", ""] {
        assert!(serde_json::from_value::<Timestamp>(json!(text)).is_err(), "{text}");
    }
}

#[test]
fn a_time_as_the_database_reads_it() {
    assert_eq!(time("2010-12-01T08:26:00.25Z").to_sql(), "2010-12-01 08:26:00.250000");
    assert_eq!(time("2016-12-31T23:59:60.5Z").to_sql(), "2017-01-01 00:00:00.500000");
    assert_eq!(time("2010-12-01T23:30:00-02:00").date().to_string(), "2010-12-02");
}

#[test]
fn now_has_the_precision_that_is_kept() {
    let now = Timestamp::now();
    let read: Timestamp = serde_json::from_value(json!(now)).unwrap();
    assert_eq!(read, now);
    let datetime: DateTime<Utc> = now.as_datetime();
    assert_eq!(Timestamp::from(datetime), now);
}

#[test]
fn a_span_is_never_negative() {
    let (early, late) = (time("2010-12-01T08:00:00Z"), time("2010-12-01T08:00:01.5Z"));
    assert_eq!(late.since(early), Duration::from_millis(1_500));
    assert_eq!(early.since(late), Duration::ZERO);
}

#[test]
fn personal_text_is_kept_and_not_shown() {
    let canary = Personal::new("CANARY-7f3a");
    assert_eq!(format!("{canary:?}"), "Personal(11 bytes)");
    assert_eq!(canary.expose(), "CANARY-7f3a");
    assert_eq!(json!(canary), json!("CANARY-7f3a"));
    let nested = format!("{:?}", Some(vec![canary]));
    assert!(!nested.contains("CANARY"), "{nested}");
}

#[test]
fn years_have_four_digits() {
    for text in ["9999-12-31T23:59:59-01:00", "+12345-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"] {
        let read = serde_json::from_value::<Timestamp>(json!(text));
        assert!(read.unwrap_err().to_string().contains(NO_SUCH_YEAR), "{text}");
    }
    assert!(serde_json::from_value::<Timestamp>(json!("9999-12-31T23:59:59Z")).is_ok());
    let ask = |date: &str| {
        serde_json::from_value::<RescheduleWaybill>(json!({
            "waybill_no": "shop-1-1", "delivery_date": date, "timeslot": "0900-1300",
            "occurred_at": "2035-06-01T10:00:00Z",
        }))
    };
    assert!(ask("2035-06-04").is_ok());
    assert!(ask("+99999-01-01").unwrap_err().to_string().contains("99999"));
}
