//! Tests by subject, and what they share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod cancel;
mod content;
mod crash;
mod decide;
mod files;
mod fleet;
mod folder;
mod name;
mod order;
mod planted;
mod report;
mod returns;
mod status;
mod tsv;
mod uploads;
mod window;

use contracts::Source;

use crate::fault::LineError;
use crate::order::{OrderColumn, Orders, ParsedOrder};
use crate::tsv::{Header, HeaderError, TsvReader};

const HEADER: &str = "order_ref\tline_no\tordered_at\tcustomer_ref\tdistrict\tdelivery_date\ttimeslot\t\
     merchant\tsku\tdescription\tquantity\tunit_price\tcurrency\tsku_type\tvolume_ml\tweight_g\n";

fn source() -> Source {
    Source::new("shop").unwrap()
}

/// One sound line.
fn line(order: &str, number: u32) -> String {
    format!(
        "{order}\t{number}\t2026-03-01T08:26:00Z\t17850\tD063\t2026-03-02\t0900-1300\t\
         M01\t85123A\tLIGHT HOLDER\t6\t2.55\tGBP\tdry\t1626\t1571\n"
    )
}

/// The line with one field replaced.
fn line_with(order: &str, number: u32, column: OrderColumn, value: &str) -> String {
    use crate::tsv::Column as _;
    let whole = line(order, number);
    let at = HEADER.trim_end().split('\t').position(|name| name == column.name()).unwrap();
    let mut fields: Vec<&str> = whole.trim_end_matches('\n').split('\t').collect();
    fields[at] = value;
    fields.join("\t") + "\n"
}

/// All orders of a file.
fn orders(file: &[u8]) -> Vec<ParsedOrder> {
    let mut input = file;
    let header = Header::read(&mut input).unwrap();
    let position = header.end();
    let mut orders = Orders::new(TsvReader::new(input, header, position), source());
    std::iter::from_fn(|| orders.next_order().unwrap()).collect()
}

/// All errors of a file: line, column, code.
fn errors(file: &[u8]) -> Vec<(u64, String, &'static str)> {
    let mut input = file;
    match Header::<OrderColumn>::read(&mut input) {
        Ok(_) => {
            let wrong = orders(file).into_iter().filter_map(|order| order.result.err());
            brief(wrong.flatten())
        }
        Err(HeaderError::Wrong(errors)) => brief(errors),
        Err(HeaderError::Io(error)) => panic!("{error}"),
    }
}

fn brief(errors: impl IntoIterator<Item = LineError>) -> Vec<(u64, String, &'static str)> {
    let brief = |e: LineError| (e.line, e.column.unwrap_or_default().into_owned(), e.code.as_str());
    errors.into_iter().map(brief).collect()
}
