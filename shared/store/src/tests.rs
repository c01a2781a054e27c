//! Tests of what needs no database; those with one are in `tests/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;
use serde_json::json;

use crate::fit::check;
use crate::{ErrorClass, StoreError, hash, hex, hex_bytes, parse_hex, timestamp};

/// A statement in the form that all have.
const SQL: &str = "INSERT INTO t (a) SELECT r.code FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     code VARCHAR(4) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
     name VARCHAR(4) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
     price DECIMAL(28,6) PATH '$.price' ERROR ON ERROR, \
     small SMALLINT UNSIGNED PATH '$.small' ERROR ON ERROR, \
     amount BIGINT PATH '$.amount' ERROR ON ERROR, \
     version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
     note TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.note' ERROR ON ERROR, \
     on_day DATE PATH '$.on_day' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r WHERE r.code IN ('a', 'b')";

#[test]
fn what_fits_is_sent() {
    let rows = json!([
        {"code": "abcd", "name": "üüüü", "price": "12345678901234567890.123456", "small": 65_535,
         "amount": i64::MIN, "version": u64::MAX, "note": "x".repeat(65_535), "on_day": "0001-01-01",
         "at": "9999-12-31 23:59:59.999999"},
        {"code": null, "on_day": null, "at": "2010-12-01T08:26:00", "small": "7"},
        // in another order than the columns'
        {"at": "2012-02-29 23:59:59.5", "note": "", "on_day": "2012-02-29", "small": 0, "code": ""},
        {},
        {"elsewhere": {"not": ["a", "column"]}},
    ]);
    assert_eq!(check(SQL, &rows.to_string()), Ok(()));
    assert_eq!(check(SQL, "[]"), Ok(()));
    assert_eq!(check("SELECT 1", &rows.to_string()), Ok(()));
}

#[test]
fn what_the_server_would_change_is_refused_with_its_field() {
    let table = [
        (json!({"code": "abcde"}), "code has 5 characters, the column holds 4"),
        (json!({"code": "ü"}), "code holds characters that are not ASCII"),
        (json!({"name": "üüüüü"}), "name has 5 characters, the column holds 4"),
        (json!({"note": "ü".repeat(32_768)}), "note has 65536 bytes, the column holds 65535"),
        (json!({"small": 65_536}), "small is 65536, the column holds 0 to 65535"),
        (json!({"small": -1}), "small is -1, the column holds 0 to 65535"),
        (json!({"small": "many"}), "small is no number that the column holds"),
        (json!({"amount": u64::MAX}), "amount is 18446744073709551615"),
        (json!({"version": -1}), "version is -1"),
        (json!({"on_day": "2010-02-29"}), "on_day is no date"),
        (json!({"on_day": "+12010-02-28"}), "on_day is no date"),
        (json!({"on_day": "0000-01-01"}), "on_day is no date"),
        (json!({"on_day": "2010-1-1"}), "on_day is no date"),
        (json!({"at": "2010-12-01 24:00:00"}), "at is no time"),
        (json!({"at": "+12010-12-01 08:00:00"}), "at is no time"),
        (json!({"at": "2010-12-01"}), "at is no time"),
        (json!({"at": "2010-12-01 08:60:00"}), "at is no time"),
        (json!({"at": "2010-12-01 08:00:60"}), "at is no time"),
        (json!({"at": "2010-12-01_08:00:00"}), "at is no time"),
        (json!({"at": "2010-12-01 08:00:00."}), "at is no time"),
        (json!({"at": "2010-12-01 08:00:00.x"}), "at is no time"),
        (json!({"at": "2010-12-01 08:00:00Z"}), "at is no time"),
        (json!({"at": "2010-12-0ü 08:00:00"}), "at is no time"),
        (json!({"amount": 1, "note": "ok", "code": "abcde"}), "code has 5 characters"),
        (json!({"code": {"a": 1}}), "a single value in code"),
    ];
    for (row, said) in table {
        let error = check(SQL, &json!([{"code": "ok"}, row]).to_string()).unwrap_err();
        assert!(error.contains(said), "{row}: {error}");
    }
}

#[test]
fn an_error_never_shows_what_a_field_holds() {
    let error = check(SQL, &json!([{"name": "Ada Lovelace"}]).to_string()).unwrap_err();
    assert!(!error.contains("Ada"), "{error}");
}

proptest! {
    /// The check is about characters, whatever they are.
    #[test]
    fn any_four_characters_fit_into_four(text in ".{0,4}", more in ".{5,9}") {
        let checked = |text: String| check(SQL, &json!([{"name": text}]).to_string());
        prop_assert_eq!(checked(text), Ok(()));
        prop_assert!(checked(more).is_err());
    }

    #[test]
    fn ids_and_bytes_travel_as_hex_digits(id in any::<u128>(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let id = uuid::Uuid::from_u128(id);
        prop_assert_eq!(parse_hex(&hex(id)).unwrap(), id);
        prop_assert_eq!(parse_hex(&hex(id).to_uppercase()).unwrap(), id);
        let digits = hex_bytes(&bytes);
        prop_assert_eq!(digits.len(), bytes.len() * 2);
        let back: Vec<u8> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        prop_assert_eq!(back, bytes);
    }
}

#[test]
fn what_is_no_id_is_told() {
    let error = parse_hex("07").unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Statement, None));
    assert!(matches!(error, StoreError::Decode(_)));
}

#[test]
fn a_hash_is_sha_256() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex_bytes(&hash(b"abc")), expected);
}

#[test]
fn stored_times_are_utc() {
    let stored = "2010-12-01T08:26:00.123456".parse().unwrap();
    assert_eq!(timestamp(stored).to_string(), "2010-12-01T08:26:00.123456Z");
}
