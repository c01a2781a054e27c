//! Tests of the input files and of the percentiles.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::account::percentile;
use super::feed::{Feed, Part};

const HEADER: &str = "line_no\torder_ref\tsku\n";

fn directory_with_files() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let of_shop = directory.path().join("shop");
    std::fs::create_dir(&of_shop).unwrap();
    std::fs::write(
        of_shop.join("order-shop-000001.tsv"),
        format!("{HEADER}1\tA\tx\n2\tA\ty\n1\tB\tz\r\n"),
    )
    .unwrap();
    let gz = std::fs::File::create(directory.path().join("order-my-shop-2.tsv.gz")).unwrap();
    let mut gz = GzEncoder::new(gz, Compression::default());
    gz.write_all(format!("{HEADER}1\tA\tx\n1\t \ty\n").as_bytes()).unwrap();
    gz.finish().unwrap();
    std::fs::write(directory.path().join("return-shop-000001.tsv"), "return_ref\n1\n").unwrap();
    std::fs::write(directory.path().join("manifest.json"), "{}").unwrap();
    directory
}

#[test]
fn the_files_say_which_orders_there_are() {
    let directory = directory_with_files();
    let feed = Feed::find(&[directory.path().to_path_buf()]).unwrap();
    let names: Vec<&str> = feed.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["order-my-shop-2.tsv.gz", "order-shop-000001.tsv", "return-shop-000001.tsv"]
    );
    assert_eq!((feed.worked_on(Part::Day), feed.worked_on(Part::Returns)), (2, 3));
    let orders: Vec<(&str, &str)> =
        feed.orders.keys().map(|(s, r)| (s.as_str(), r.as_str())).collect();
    assert_eq!(orders, [("my-shop", "A"), ("shop", "A"), ("shop", "B")]);
}

#[test]
fn every_file_lands_whole_in_the_inbox_of_its_source() {
    let directory = directory_with_files();
    let feed = Feed::find(&[directory.path().to_path_buf()]).unwrap();
    let root = tempfile::tempdir().unwrap();
    feed.drop_into(root.path(), Part::Day).unwrap();
    let count =
        |source: &str| std::fs::read_dir(root.path().join(source).join("inbox")).unwrap().count();
    assert_eq!((count("shop"), count("my-shop")), (1, 1));
    feed.drop_into(root.path(), Part::Returns).unwrap();
    assert_eq!((count("shop"), count("my-shop")), (2, 1));
}

#[test]
fn a_directory_without_files_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let error = Feed::find(&[directory.path().to_path_buf()]).unwrap_err();
    assert_eq!(error.exit(), crate::error::Exit::NoInput);
}

#[test]
fn percentiles_are_values_that_occurred() {
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(percentile(&hundred, 50), Some(50.0));
    assert_eq!(percentile(&hundred, 99), Some(99.0));
    assert_eq!(percentile(&[7.0], 99), Some(7.0));
    assert_eq!(percentile(&[], 50), None);
}
