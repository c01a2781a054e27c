//! File names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use contracts::Source;

use crate::name::{FileKind, FileName};

fn parse(name: &str, folder: &str) -> Result<FileName, &'static str> {
    FileName::parse(OsStr::new(name), &Source::new(folder).unwrap()).map_err(|e| e.code())
}

#[test]
fn names_that_fit_say_kind_source_sequence_and_repair() {
    let check = |name: &str, folder: &str, kind, sequence, repair, gzip| {
        let file = parse(name, folder).unwrap();
        assert_eq!(
            (file.kind(), file.sequence(), file.repair(), file.is_gzip()),
            (kind, sequence, repair, gzip),
            "{name}"
        );
        assert_eq!(file.as_str(), name);
    };
    check("order-shop-000001.tsv", "shop", FileKind::Order, 1, 0, false);
    check("order-shop-0.tsv.gz", "shop", FileKind::Order, 0, 0, true);
    check("return-shop-9999999999.tsv", "shop", FileKind::Return, 9_999_999_999, 0, false);
    check("order-shop-00000000000000000012.tsv", "shop", FileKind::Order, 12, 0, false);
    check("cancel-north-west-7.r3.tsv", "north-west", FileKind::Cancel, 7, 3, false);
    check("status-a.r1-7.r12.tsv.gz", "a.r1", FileKind::Status, 7, 12, true);
    check("container-x-1.tsv", "x", FileKind::Container, 1, 0, false);
}

#[test]
fn a_compressed_copy_has_the_same_plain_name() {
    assert_eq!(parse("order-shop-1.tsv.gz", "shop").unwrap().plain(), "order-shop-1.tsv");
    assert_eq!(parse("order-shop-1.tsv", "shop").unwrap().plain(), "order-shop-1.tsv");
}

#[test]
fn names_that_do_not_fit_say_why() {
    let check = |name: &str, code| assert_eq!(parse(name, "shop").unwrap_err(), code, "{name:?}");
    check("order-shop-1.csv", "NAME_EXTENSION");
    check("order-shop-1.TSV", "NAME_EXTENSION");
    check("order-shop-1.tsv.zip", "NAME_EXTENSION");
    check(".tsv", "NAME_PARTS");
    check("order.tsv", "NAME_PARTS");
    check("order-shop.tsv", "NAME_PARTS");
    check("orders-shop-1.tsv", "NAME_KIND");
    check("Order-shop-1.tsv", "NAME_KIND");
    check("order--1.tsv", "NAME_SOURCE");
    check("order-sh op-1.tsv", "NAME_SOURCE");
    check("order-other-1.tsv", "NAME_OTHER_SOURCE");
    check("order-shop-.tsv", "NAME_SEQUENCE");
    check("order-shop-1a.tsv", "NAME_SEQUENCE");
    check("order-shop-+1.tsv", "NAME_SEQUENCE");
    check("order-shop-10000000000.tsv", "NAME_SEQUENCE");
    check("order-shop-99999999999999999999999.tsv", "NAME_SEQUENCE");
    check("order-shop-1.r0.tsv", "NAME_REPAIR");
    check("order-shop-1.r99999.tsv", "NAME_REPAIR");
    check("order-shop-1.r.tsv", "NAME_SEQUENCE");
    check("order-shop-1\n.tsv", "NAME_CONTROL_CHARACTER");
    check("order-shop-1\u{1b}[2J.tsv", "NAME_CONTROL_CHARACTER");
    check(&format!("order-shop-{}.tsv", "0".repeat(200)), "NAME_TOO_LONG");
    let not_text = FileName::parse(OsStr::from_bytes(b"order-shop-\xff1.tsv"), &super::source());
    assert_eq!(not_text.unwrap_err().code(), "NAME_NOT_UTF8");
}
