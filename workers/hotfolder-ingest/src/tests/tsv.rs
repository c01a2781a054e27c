//! Lines, headers and positions.

use std::io::{self, BufReader, Read};

use proptest::prelude::*;

use super::{HEADER, errors, line, orders};
use crate::order::OrderColumn;
use crate::tsv::{Header, LINE_BYTES_MAX, Position, TsvReader};

fn refs(file: &str) -> Vec<String> {
    orders(file.as_bytes()).into_iter().map(|o| o.reference.unwrap()).collect()
}

#[test]
fn lf_crlf_byte_order_mark_and_a_missing_last_line_break_are_all_read() {
    let plain = format!("{HEADER}{}{}", line("A", 1), line("B", 1));
    let crlf = plain.replace('\n', "\r\n");
    let marked = format!("\u{feff}{plain}");
    for file in [plain.as_str(), &crlf, &marked, plain.trim_end()] {
        assert_eq!(refs(file), ["A", "B"]);
        assert_eq!(errors(file.as_bytes()), []);
    }
}

#[test]
fn empty_lines_are_passed_over_and_counted_as_lines_of_the_file() {
    let file = format!("{HEADER}\n{}\r\n\n{}\n\n", line("A", 1), line("B", 1));
    let found = orders(file.as_bytes());
    assert_eq!(found.iter().map(|o| o.first_line).collect::<Vec<_>>(), [3, 6]);
}

#[test]
fn columns_come_in_any_order_and_unknown_ones_are_named_once() {
    let header = "sku\tcolour\tquantity\torder_ref\tunit_price\tline_no\tcurrency\tsku_type\t\
                  ordered_at\tdistrict\tdelivery_date\ttimeslot\tmerchant\tmood\n";
    let row = "S1\tred\t2\tA\t1.5\t1\tGBP\tfrozen\t2026-03-01T08:26:00+02:00\tD1\t2026-03-02\t\
               0900-1300\tM1\tgood\n";
    let file = format!("{header}{row}");
    let parsed = Header::<OrderColumn>::read(&mut file.as_bytes()).unwrap();
    assert_eq!(parsed.unknown(), (vec!["colour", "mood"], 2));
    let order = orders(file.as_bytes()).remove(0).result.unwrap().command;
    assert_eq!(order.ordered_at.to_string(), "2026-03-01T06:26:00Z");
    let line = &order.lines[0];
    assert_eq!((line.volume_ml, line.weight_g, line.quantity), (1_500, 700, 2));
    assert_eq!(order.customer_ref, None);
}

#[test]
fn every_fault_of_a_header_is_found_at_once() {
    let code = |file: &[u8]| errors(file).into_iter().map(|e| e.2).collect::<Vec<_>>();
    assert_eq!(code(b""), ["EMPTY_FILE"]);
    assert_eq!(code(b"\n\n"), ["EMPTY_FILE"]);
    assert_eq!(code(b"\x7fELF\x02\x01\x01\xff\xfe\x00"), ["NOT_UTF8"]);
    assert_eq!(code(b"\xff\xfeo\x00r\x00"), ["NOT_UTF8"]);
    assert_eq!(code(HEADER.replace('\t', ";").as_bytes()), ["NOT_TAB_SEPARATED"]);
    assert_eq!(code(&[b'x'; 100_000]), ["LINE_TOO_LONG"]);
    let header = HEADER.replace("district", "city").replace("\tquantity", "\tsku");
    let expected = [
        (1, "district".to_owned(), "MISSING_COLUMN"),
        (1, "sku".to_owned(), "DUPLICATE_COLUMN"),
        (1, "quantity".to_owned(), "MISSING_COLUMN"),
    ];
    assert_eq!(errors(header.as_bytes()), expected);
    assert_eq!(code(b"a,b,c\n1,2,3\n"), ["NOT_TAB_SEPARATED"]);
}

#[test]
fn a_line_with_too_few_or_too_many_fields_is_one_error() {
    let short = line("A", 1).replace("\tdry", "");
    let long = line("B", 1).replace("\tdry", "\tdry\tdry");
    let file = format!("{HEADER}{short}{long}{}", line("C", 1));
    let expected = [(2, String::new(), "FIELD_COUNT"), (3, String::new(), "FIELD_COUNT")];
    assert_eq!(errors(file.as_bytes()), expected);
}

#[test]
fn bytes_that_are_no_utf8_name_their_column() {
    let mut file = HEADER.as_bytes().to_vec();
    let bad = line("A", 1).replace("LIGHT", "\u{1}").into_bytes();
    file.extend(bad.into_iter().map(|b| if b == 1 { 0xE9 } else { b }));
    file.extend(line("B", 1).into_bytes());
    assert_eq!(errors(&file), [(2, "description".to_owned(), "NOT_UTF8")]);
}

/// A source of `length` bytes that are never in memory at once.
struct Endless {
    pattern: &'static [u8],
    length: usize,
    given: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.length - self.given);
        for (i, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.pattern[(self.given + i) % self.pattern.len()];
        }
        self.given += count;
        Ok(count)
    }
}

#[test]
fn a_line_of_many_megabytes_is_skipped_without_being_kept() {
    let endless =
        |pattern: &'static [u8], length| BufReader::new(Endless { pattern, length, given: 0 });
    for pattern in [b"x".as_slice(), b"\t".as_slice()] {
        let before = format!("{HEADER}{}", line("A", 1));
        let after = format!("\n{}", line("B", 1));
        let input =
            io::Cursor::new(before).chain(endless(pattern, 64 << 20)).chain(io::Cursor::new(after));
        let mut input = BufReader::new(input);
        let header = Header::<OrderColumn>::read(&mut input).unwrap();
        let start = header.end();
        let mut reader = TsvReader::new(input, header, start);
        let mut seen = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            let shape = record.shape_errors().first().map(|e| e.code.as_str());
            let bytes = record.raw(OrderColumn::OrderRef).map_or(0, <[u8]>::len);
            seen.push((record.line, shape, bytes <= LINE_BYTES_MAX));
        }
        assert_eq!(seen, [(2, None, true), (3, Some("LINE_TOO_LONG"), true), (4, None, true)]);
    }
    let huge_header = endless(b"column\t", 1 << 24);
    let refused = Header::<OrderColumn>::read(&mut BufReader::new(huge_header));
    assert!(refused.is_err());
}

#[test]
fn a_line_of_exactly_the_limit_is_read() {
    let fits = |extra: usize, end: &str| {
        let filler = LINE_BYTES_MAX - line("A", 1).trim_end().len() + "LIGHT HOLDER".len() + extra;
        let row = line("A", 1).replace("LIGHT HOLDER", &"d".repeat(filler)).replace('\n', end);
        let file = format!("{HEADER}{row}{}", line("B", 1));
        errors(file.as_bytes()).into_iter().map(|e| e.2).collect::<Vec<_>>()
    };
    // The description is too long for an order, the line is not too long for a line.
    assert_eq!(fits(0, "\n"), ["TEXT_TOO_LONG"]);
    assert_eq!(fits(0, "\r\n"), ["TEXT_TOO_LONG"]);
    assert_eq!(fits(1, "\n"), ["LINE_TOO_LONG"]);
    assert_eq!(fits(1, "\r\n"), ["LINE_TOO_LONG"]);
}

#[test]
fn positions_let_a_reader_start_again_at_any_record() {
    let file =
        format!("{HEADER}{}\n{}{}", line("A", 1), line("B", 1), line("B", 2)).replace('\n', "\r\n");
    let mut input = file.as_bytes();
    let header = Header::<OrderColumn>::read(&mut input).unwrap();
    let start = header.end();
    let mut reader = TsvReader::new(input, header.clone(), start);
    let mut places = Vec::new();
    loop {
        let position = reader.position();
        let Some(record) = reader.next_record().unwrap() else {
            break;
        };
        places.push((position, record.line, record.start, record.end));
    }
    assert_eq!(places.last().unwrap().3, file.len() as u64);
    for (position, line, start, end) in places {
        let rest = &file.as_bytes()[position.bytes as usize..];
        let mut again = TsvReader::new(rest, header.clone(), position);
        let record = again.next_record().unwrap().unwrap();
        assert_eq!((record.line, record.start, record.end), (line, start, end));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_never_panic_and_are_accounted_for(
        rows in proptest::collection::vec(any_row(), 0..40),
        with_header in proptest::bool::weighted(0.9),
        capacity in 1_usize..300,
    ) {
        let mut file = if with_header { HEADER.as_bytes().to_vec() } else { Vec::new() };
        file.extend(rows.concat());
        let mut input = BufReader::with_capacity(capacity, file.as_slice());
        let Ok(header) = Header::<OrderColumn>::read(&mut input) else { return Ok(()) };
        let start = header.end();
        let mut orders = crate::order::Orders::new(
            TsvReader::new(input, header, start),
            super::source(),
        );
        let mut end = start.bytes;
        let mut line = 1;
        while let Some(order) = orders.next_order().unwrap() {
            prop_assert!(order.start >= end && order.end > order.start);
            prop_assert!(order.first_line > line && order.last_line >= order.first_line);
            prop_assert!(order.result.as_ref().map_or_else(|e| !e.is_empty(), |o| !o.command.lines.is_empty()));
            (end, line) = (order.end, order.last_line);
        }
        let whole = Position { lines: count_lines(&file), bytes: file.len() as u64 };
        prop_assert_eq!(orders.position(), whole);
    }
}

fn count_lines(file: &[u8]) -> u64 {
    let line_breaks = file.iter().filter(|byte| **byte == b'\n').count() as u64;
    line_breaks + u64::from(file.last().is_some_and(|byte| *byte != b'\n'))
}

fn any_row() -> impl Strategy<Value = Vec<u8>> {
    let sound = (0..4_u32, 1..4_u32)
        .prop_map(|(order, number)| line(&format!("R{order}"), number).into_bytes());
    let mangled = (0..4_u32, proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6))
        .prop_map(|(order, changes)| {
            let mut row = line(&format!("R{order}"), 1).into_bytes();
            for (at, byte) in changes {
                let at = at % row.len();
                row[at] = byte;
            }
            row
        });
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![3 => sound, 3 => mangled, 1 => noise]
}
