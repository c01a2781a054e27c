//! Bars, read back as a scanner reads them.

#[path = "../../../tests/pages/scanner.rs"]
mod scanner;

use std::collections::HashSet;

use self::scanner::{PATTERNS, scanned};
use super::super::barcode::Barcode;

fn modules(barcode: &Barcode) -> String {
    let draw = |(place, width): (usize, u32)| {
        let module = if place % 2 == 0 { "1" } else { "0" };
        module.repeat(width as usize)
    };
    barcode.widths().enumerate().map(draw).collect()
}

#[test]
fn the_table_is_that_of_the_standard() {
    let patterns: Vec<&str> = PATTERNS.split(' ').collect();
    assert_eq!(patterns.len(), 106);
    assert_eq!(patterns.iter().collect::<HashSet<_>>().len(), 106, "each symbol is another one");
    for pattern in patterns {
        let black = pattern.bytes().filter(|module| *module == b'1').count();
        assert!(
            pattern.len() == 11 && black % 2 == 0,
            "{pattern}: 11 modules, an even number black"
        );
    }
}

#[test]
fn every_number_is_read_as_what_it_is() {
    let all: String = (b' '..=b'~').map(char::from).collect();
    let long = "1234567890".repeat(11);
    let texts = [
        "a",
        "1",
        "12",
        "123",
        "1234",
        "12345",
        "A1",
        "A1234",
        "A12345",
        "A123456",
        "A1234567B",
        "123456A",
        "1234A1234",
        "shop-1000234-1",
        "my~shop-000000777-r12",
        "<b>&\"'</b>",
        "00",
        "0000",
        "9999999",
        all.as_str(),
        long.as_str(),
    ];
    for text in texts {
        let barcode = Barcode::of(text).unwrap();
        assert_eq!(scanned(&modules(&barcode)), text);
    }
}

#[test]
fn digits_take_half_the_room() {
    let width = |text: &str| modules(&Barcode::of(text).unwrap()).len();
    assert_eq!(width("12345678"), 11 * (1 + 4 + 1) + 13, "start, four pairs, check, stop");
    assert_eq!(width("abcdefgh"), 11 * (1 + 8 + 1) + 13);
    assert!(width("shop-1000234-1") < width("shop-abcdefg-a"));
}

#[test]
fn the_check_symbol_is_the_one_that_others_compute() {
    // the example that the literature works out: 88
    let drawn = modules(&Barcode::of("Wikipedia").unwrap());
    let expected = "11010010000111010001101000011010011000010010100001101001010011110010110010000100001001101000011010010010110000111100100101100011101011";
    assert_eq!(drawn, expected);
}

#[test]
fn what_no_scanner_reads_is_not_drawn() {
    for text in ["", "\u{e9}", "a\tb", "\u{7f}", "\u{1f600}"] {
        assert_eq!(Barcode::of(text), None, "{text:?}");
    }
}

#[test]
fn the_drawing_is_as_wide_as_bars_and_quiet_zones() {
    let barcode = Barcode::of("AB").unwrap();
    let modules = modules(&barcode).len() as u32;
    let svg = barcode.svg("Barcode of AB");
    assert!(svg.contains(&format!("viewBox=\"0 0 {} 60\"", modules + 20)), "{svg}");
    assert!(
        svg.contains("d=\"M10 0h2v60h-2z"),
        "the first bar stands behind the quiet zone: {svg}"
    );
    assert!(svg.contains("role=\"img\" aria-label=\"Barcode of AB\""));
}
