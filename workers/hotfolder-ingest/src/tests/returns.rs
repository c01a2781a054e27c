//! Return files: their lines, their order, and a verdict for each row.

use contracts::RequestReturn;

use super::fleet::Fleet;
use super::{HEADER, line, source};
use crate::format::{Command, FileHeader, Unit, Units};
use crate::name::FileKind;

const RETURN_HEADER: &str = "return_ref\tline_no\trequested_at\tcustomer_ref\tsku\tdescription\tquantity\tunit_price\tcurrency\n";

fn row(number: &str, line_no: u32, customer: &str, sku: &str, quantity: &str) -> String {
    format!(
        "{number}\t{line_no}\t2026-03-05T09:30:00Z\t{customer}\t{sku}\tLIGHT HOLDER\t{quantity}\t2.55\tGBP\n"
    )
}

fn units(rows: &[String]) -> Vec<Unit> {
    let file = [RETURN_HEADER.to_owned(), rows.concat()].concat();
    let mut input = file.as_bytes();
    let header = FileHeader::read(FileKind::Return, &mut input).unwrap();
    let position = header.end();
    let mut units = Units::new(header, input, position, &source());
    std::iter::from_fn(|| units.next_unit().unwrap()).collect()
}

fn asked(unit: &Unit) -> &RequestReturn {
    let Ok(sound) = &unit.result else { panic!("{unit:?}") };
    let Command::Return(asked) = &sound.command else { panic!("{sound:?}") };
    asked
}

fn errors(unit: &Unit) -> Vec<(u64, &'static str)> {
    let errors = unit.result.as_ref().err().into_iter().flatten();
    errors.map(|error| (error.line, error.code.as_str())).collect()
}

#[test]
fn the_rows_of_one_number_are_one_return() {
    let units = units(&[
        row("R1", 1, "17850", "A1", "-12"),
        row("R1", 2, "17850", "a1", "3"),
        row("R2", 1, "", "A1", "-1"),
    ]);
    let (first, second) = (asked(&units[0]), asked(&units[1]));
    assert_eq!((units.len(), units[0].lines, units[0].last_line), (2, 2, 3));
    assert_eq!(first.return_ref.as_str(), "R1");
    let lines: Vec<(u32, &str, u32)> =
        first.lines.iter().map(|l| (l.line_no, l.sku.as_str(), l.quantity)).collect();
    assert_eq!(lines, [(1, "A1", 12), (2, "a1", 3)]);
    assert_eq!(first.customer_ref.as_ref().unwrap().as_str(), "17850");
    assert_eq!((second.customer_ref.as_ref(), second.order_ref.as_ref()), (None, None));
    let Ok(sound) = &units[0].result else { panic!("{:?}", units[0]) };
    assert_eq!(
        (sound.file_lines.as_slice(), sound.command.follows()),
        (&[2, 3][..], Some("17850"))
    );
}

#[test]
fn one_wrong_row_rejects_its_return_with_every_error() {
    let units = units(&[
        row("R1", 1, "17850", "A1", "0"),
        row("R1", 1, "17851", "", "12345678"),
        row("R2", 1, "17850", "A1", "-9999999"),
        row("", 1, "17850", "A1", "1"),
        row("", 2, "17850", "A1", "1"),
        "R3\t1\n".to_owned(),
    ]);
    let found: Vec<_> = units.iter().map(errors).collect();
    let first = vec![
        (2, "QUANTITY_OUT_OF_RANGE"),
        (3, "DIFFERS_WITHIN_ORDER"),
        (3, "MISSING_VALUE"),
        (3, "QUANTITY_OUT_OF_RANGE"),
    ];
    let missing = |line| vec![(line, "MISSING_VALUE")];
    assert_eq!(found, [first, Vec::new(), missing(5), missing(6), vec![(7, "FIELD_COUNT")]]);
    let doubled = [row("R1", 1, "1", "A1", "1"), row("R1", 1, "1", "A1", "1")];
    assert_eq!(errors(&self::units(&doubled)[0]), [(3, "DUPLICATE_LINE_NO")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_gets_its_verdict() {
    let fleet = Fleet::new().await;
    let service = fleet.start_service().await;
    let ingest = fleet.start(&[]).await;
    let rows = [
        row("R1", 1, "17850", "A1", "-2"),
        row("R1", 2, "17850", "X1", "-1"),
        row("R2", 1, "17850", "X1", "-1"),
        row("R3", 1, "17850", "A1", "none"),
    ];
    fleet.send("return-shop-1.tsv", [RETURN_HEADER.to_owned(), rows.concat()].concat());
    let report = fleet.report("return-shop-1.tsv.json").await;
    assert_eq!(report["state"], "DONE");
    let counts =
        serde_json::json!({"lines": 4, "orders": 3, "accepted": 2, "duplicate": 0, "rejected": 1});
    assert_eq!(report["counts"], counts);
    assert_eq!(report["verdict_counts"], serde_json::json!({"MATCHED": 1, "NO_MATCH": 2}));
    let verdicts = serde_json::json!([
        {"line": 2, "reference": "R1", "verdict": "MATCHED"},
        {"line": 3, "reference": "R1", "verdict": "NO_MATCH"},
        {"line": 4, "reference": "R2", "verdict": "NO_MATCH"},
    ]);
    assert_eq!(report["verdicts"], verdicts);
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    let expected = [RETURN_HEADER.to_owned(), rows[3].clone()].concat();
    assert_eq!(fleet.rejected("return-shop-1.tsv"), expected);
    service.stop().await.unwrap();
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_wait_until_the_earlier_orders_are_settled() {
    let fleet = Fleet::answering().await;
    let service = fleet.start_service().await;
    // a gap: this one cannot run yet
    fleet.send("order-shop-1.tsv", [HEADER.to_owned(), line("A", 1)].concat());
    fleet.send("order-shop-3.tsv", [HEADER.to_owned(), line("C", 1)].concat());
    let file = [RETURN_HEADER.to_owned(), row("R1", 1, "17850", "A1", "1")].concat();
    fleet.send("return-shop-1.tsv", file);
    let ingest = fleet.start(&[]).await;
    fleet.wait_for_listing("return-shop-1.tsv", "WAITS_FOR_ORDERS").await;
    fleet.send("order-shop-2.tsv", [HEADER.to_owned(), line("B", 1)].concat());
    let report = fleet.report("return-shop-1.tsv.json").await;
    assert_eq!(report["verdict_counts"], serde_json::json!({"MATCHED": 1}));
    assert_eq!(fleet.accepted().len(), 3, "every order came before");
    service.stop().await.unwrap();
    fleet.close(ingest).await;
}
