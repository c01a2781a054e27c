//! The converter on small files with every mess that the public one has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::fs;

use super::*;

const SAMPLE: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n\
536365,85123A,WHITE HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\r\n\
536365,71053,\"LANTERN, \"\"OLD\"\"\",2,12/1/2010 8:27,3.39,17850,United Kingdom\r\n\
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom\r\n\
536380,22961,\"JAM\nJAR\",24,12/13/2010 9:41,1.45,,France\r\n\
536380,22961,JAM JAR,-3,12/13/2010 9:41,0,,France\r\n\
,22961,no invoice,1,12/13/2010 9:41,1.45,,France\r\n\
536390,22961,bad date,1,13/13/2010 9:41,1.45,,France\r\n\
536365,22752,late line,1,12/14/2010 7:00,7.65,17850.0,United Kingdom\r\n";

fn convert(
    csv: &[u8],
    dates: Option<DateOrder>,
) -> (tempfile::TempDir, Result<Converted, ConvertError>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("in.csv");
    fs::write(&file, csv).unwrap();
    let args = UciArgs {
        file,
        out: dir.path().join("out"),
        source: "uci".to_owned(),
        network: None,
        dates,
        lines_per_file: 1_000,
        gzip: false,
    };
    let converted = run(&args);
    (dir, converted)
}

fn rows(dir: &tempfile::TempDir, kind: &str) -> Vec<Vec<String>> {
    let path = dir.path().join(format!("out/uci/{kind}-uci-000001.tsv"));
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn invoices_become_orders_and_cancellations_returns() {
    let (dir, converted) = convert(SAMPLE.as_bytes(), None);
    let converted = converted.unwrap();
    assert_eq!(converted.dates, Some(DateOrder::MonthDayYear));
    assert_eq!((converted.orders, converted.returns), (3, 1));
    assert_eq!(converted.order_files, SeriesCount { files: 1, lines: 5 });
    assert_eq!(converted.reopened_invoices, 1);
    assert_eq!(converted.cleaned_rows, 1);
    assert_eq!((converted.skipped_rows, converted.skipped_lines), (2, vec![8, 9]));

    let orders = rows(&dir, "order");
    assert_eq!(orders[0], ORDER_COLUMNS);
    let brief = |row: &Vec<String>| [0, 1, 2, 3, 9, 10, 11].map(|i| row[i].clone()).join("|");
    let briefs: Vec<String> = orders[1..].iter().map(brief).collect();
    assert_eq!(
        briefs,
        [
            "536365|1|2010-12-01T08:26:00Z|17850|WHITE HEART|6|2.55",
            "536365|2|2010-12-01T08:27:00Z|17850|LANTERN, \"OLD\"|2|3.39",
            "536380|1|2010-12-13T09:41:00Z||JAM JAR|24|1.45",
            "536380|2|2010-12-13T09:41:00Z||JAM JAR|-3|0",
            "536365.2|1|2010-12-14T07:00:00Z|17850|late line|1|7.65",
        ]
    );
    assert_eq!(
        rows(&dir, "return")[1].join("|"),
        "C536379|1|2010-12-01T09:41:00Z|14527|D|Discount|-1|27.5|GBP"
    );
}

#[test]
fn what_is_derived_never_changes() {
    let (dir, converted) = convert(SAMPLE.as_bytes(), None);
    converted.unwrap();
    let first = &rows(&dir, "order")[1];
    let derived = [4, 5, 6, 7, 12, 13, 14, 15].map(|i| first[i].as_str());
    assert_eq!(derived, ["D092", "2010-12-03", "1300-1800", "M03", "GBP", "dry", "1824", "465"]);
}

#[test]
fn the_second_edition_and_the_british_dates_are_read_too() {
    let csv = "\u{feff}Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n\
               489434;85048;LIGHTS;12;13/01/2009 07:45;6,95;13085;UK\n";
    let (dir, converted) = convert(csv.as_bytes(), None);
    assert_eq!(converted.unwrap().dates, Some(DateOrder::DayMonthYear));
    let row = &rows(&dir, "order")[1];
    assert_eq!((row[2].as_str(), row[11].as_str()), ("2009-01-13T07:45:00Z", "6.95"));

    let csv = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n\
               489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,UK\n";
    let (_dir, converted) = convert(csv.as_bytes(), None);
    assert_eq!(converted.unwrap().dates, Some(DateOrder::YearMonthDay));
}

#[test]
fn latin_1_is_understood() {
    let mut csv =
        b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
                    1,A,PRICE \xA35,1,12/13/2010 8:26,2.55,1,UK\n"
            .to_vec();
    let (dir, converted) = convert(&csv, None);
    converted.unwrap();
    assert_eq!(rows(&dir, "order")[1][9], "PRICE £5");

    csv.truncate(9);
    let (_dir, converted) = convert(&csv, None);
    let message = converted.unwrap_err().to_string();
    assert_eq!(message, "there is no column StockCode; the header row has: InvoiceNo");
}

#[test]
fn dates_that_fit_both_readings_are_asked_for() {
    let csv = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
               1,A,B,1,12/1/2010 8:26,2.55,1,UK\n";
    let (_dir, converted) = convert(csv.as_bytes(), None);
    assert!(matches!(converted, Err(ConvertError::AmbiguousDates)));
    let (dir, converted) = convert(csv.as_bytes(), Some(DateOrder::DayMonthYear));
    converted.unwrap();
    assert_eq!(rows(&dir, "order")[1][2], "2010-01-12T08:26:00Z");
}

fn records(csv: &[u8]) -> Result<Vec<Vec<String>>, CsvError> {
    let mut reader = CsvReader::new(csv, b',');
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record.fields);
    }
    Ok(records)
}

#[test]
fn csv_quoting() {
    let parsed = records(b"a,\"b,\"\"c\"\"\",\r\n\n\"x\r\ny\",z\n1,2\"3,\"4\"5").unwrap();
    assert_eq!(parsed, [vec!["a", "b,\"c\"", ""], vec!["x\r\ny", "z"], vec!["1", "2\"3", "45"]]);
}

#[test]
fn a_quote_left_open_does_not_swallow_the_memory() {
    assert_eq!(records(b"a,\"b\nc\n").unwrap(), [["a", "b\nc\n"]]);
    let mut endless = b"h\n\"".to_vec();
    endless.resize(3 << 20, b'x');
    assert!(matches!(records(&endless), Err(CsvError::Endless { line: 2 })));
}
