#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;

fn written(json: &str) -> String {
    String::from_utf8(in_digits(json.as_bytes()).into_owned()).unwrap()
}

#[test]
fn a_whole_number_is_written_in_digits_alone() {
    for (number, digits) in [
        ("2.0", "2"),
        ("-0.0", "0"),
        ("0e7", "0"),
        ("0.0e-3", "0"),
        ("1e3", "1000"),
        ("1.50E+1", "15"),
        ("100e-2", "1"),
        ("-7.000", "-7"),
        ("209374844390.0", "209374844390"),
        ("9007199254740993.0", "9007199254740993"),
        ("1.8446744073709551615e19", "18446744073709551615"),
    ] {
        assert_eq!(written(number), digits);
        let body = format!(r#"{{"a":[{number}, {number}],"b":"{number}"}}"#);
        assert_eq!(written(&body), format!(r#"{{"a":[{digits}, {digits}],"b":"{number}"}}"#));
    }
}

#[test]
fn everything_else_stays_as_it_is() {
    for json in [
        "2",
        "2.5",
        "1e-1",
        "1e99",
        "1e999999999999",
        "1e-999999999999",
        "10000000000000000000000000e-30",
        "1.",
        ".0",
        "1.0.0",
        "1e",
        "01.0",
        "--1.0",
        "{\"a\":\"2.0",
        "\"\\\"2.0\"",
        "\"\\\\\"",
        "",
    ] {
        assert_eq!(written(json), json);
    }
    assert_eq!(written(r#"["\\",2.0]"#), r#"["\\",2]"#);
}
