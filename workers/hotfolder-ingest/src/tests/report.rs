//! Reports and rejected rows.

use contracts::Timestamp;
use serde_json::Value;

use super::{HEADER, line, line_with, orders};
use crate::order::OrderColumn;
use crate::report::{Counts, ReportedError, Rows, Summary, write_rejected, write_report};

fn summary() -> Summary {
    let at: Timestamp = serde_json::from_str("\"2026-03-01T08:26:00Z\"").unwrap();
    Summary {
        file: "order-shop-1.tsv".into(),
        source: "shop".into(),
        state: "DONE".into(),
        detail: None,
        policy: Some("reject-orders"),
        sha256: None,
        stored_bytes: Some(10),
        content_bytes: Some(10),
        started_at: at,
        finished_at: at,
        counts: Some(Counts { lines: 3, orders: 2, accepted: 1, duplicate: 0, rejected: 1 }),
        verdict_counts: [("MATCHED".to_owned(), 2)].into(),
        unknown_columns: vec!["mood".into()],
        warnings: Vec::new(),
        rejected_rows: None,
    }
}

#[test]
fn a_report_is_json_with_every_error() {
    let error = |line| ReportedError {
        line,
        column: Some("quantity".into()),
        code: "QUANTITY_OUT_OF_RANGE".into(),
        message: "the quantity \"0\" is not between 1 and 9999".into(),
        order_ref: Some("A".into()),
    };
    let mut out = Vec::new();
    write_report(&mut out, &summary(), (2..1_002).map(error)).unwrap();
    let report: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["counts"]["rejected"], 1);
    assert_eq!(report["unknown_columns"][0], "mood");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1_000);
    assert_eq!(report["errors"][999]["line"], 1_001);
    assert_eq!(report.get("detail"), None);
}

#[test]
fn rejected_rows_come_back_byte_for_byte_under_their_header() {
    let bad = |order: &str| line_with(order, 1, OrderColumn::Quantity, "0").replace('\n', "\r\n");
    let last = bad("D").trim_end().to_owned();
    let file = format!("\u{feff}{HEADER}{}{}{}\n{last}", line("A", 1), bad("B"), line("C", 1));
    let header_bytes = (HEADER.len() + 3) as u64;
    let wrong = orders(file.as_bytes()).into_iter().filter(|order| order.result.is_err());
    let ranges = wrong.map(|order| Rows { start: order.start, length: order.end - order.start });
    let mut out = Vec::new();
    write_rejected(&mut out, &mut file.as_bytes(), header_bytes, ranges).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("\u{feff}{HEADER}{}{last}", bad("B")));
}

#[test]
fn a_file_that_lost_its_end_gives_an_error_instead_of_half_a_row() {
    let rows = [Rows { start: 5, length: 100 }];
    let result =
        write_rejected(&mut Vec::new(), &mut b"head\nrow\n".as_slice(), 5, rows.into_iter());
    assert!(result.is_err());
}
