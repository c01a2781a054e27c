//! A generated day: the same again under the same seed, and what the manifest says is what the files hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Timelike};
use clap::Parser;

use super::mess::Planted;
use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: GenerateArgs,
}

fn arguments(out: &Path, more: &[&str]) -> GenerateArgs {
    let out = out.to_str().unwrap();
    let fixed = ["generate", "--out", out, "--date", "2025-03-11"];
    Line::parse_from(fixed.iter().chain(more)).args
}

/// An order as a reader of the files sees it: its rows by column name.
type ReadOrder = Vec<HashMap<String, String>>;

fn read_text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|suffix| suffix == "gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        return text;
    }
    String::from_utf8(bytes).unwrap()
}

fn files(out: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.is_dir() {
            files.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn read_orders(out: &Path) -> BTreeMap<String, ReadOrder> {
    let mut orders: BTreeMap<String, ReadOrder> = BTreeMap::new();
    for path in files(out) {
        let text = read_text(&path);
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        for fields in lines {
            assert_eq!(fields.len(), header.len());
            let row: HashMap<_, _> =
                header.iter().zip(fields).map(|(k, v)| ((*k).to_owned(), v.to_owned())).collect();
            orders.entry(row["order_ref"].clone()).or_default().push(row);
        }
    }
    orders
}

/// What a strict reader finds wrong or odd in an order, from its text alone.
fn diagnose(order: &ReadOrder) -> Planted {
    let any = |test: fn(&HashMap<String, String>) -> bool| order.iter().any(test);
    let distinct = |columns: &[&str]| {
        let keys: BTreeSet<Vec<&str>> =
            order.iter().map(|row| columns.iter().map(|&c| row[c].as_str()).collect()).collect();
        keys.len()
    };
    let number = |row: &HashMap<String, String>, column: &str| row[column].parse::<i64>().ok();
    let first = &order[0];
    if any(|row| ["sku", "merchant", "quantity", "unit_price"].iter().any(|&c| row[c].is_empty())) {
        Planted::MissingField
    } else if first["district"] == "X999" {
        Planted::UnknownDistrict
    } else if distinct(&["line_no"]) < order.len() {
        Planted::DoubledLine
    } else if distinct(&["sku"]) < order.len() {
        Planted::RepeatedLine
    } else if distinct(&["ordered_at"]) > 1 {
        Planted::TwoTimes
    } else if any(|row| row["unit_price"].parse::<f64>().is_err()) {
        Planted::UnreadablePrice
    } else if any(|row| row["unit_price"].starts_with('-')) {
        Planted::NegativePrice
    } else if any(|row| row["unit_price"] == "0.00") {
        Planted::ZeroPrice
    } else if order.iter().any(|row| number(row, "quantity").unwrap() < 0) {
        Planted::NegativeQuantity
    } else if order.iter().any(|row| number(row, "quantity").unwrap() == 0) {
        Planted::ZeroQuantity
    } else if order.iter().any(|row| number(row, "quantity").unwrap() > 9_999) {
        Planted::HugeQuantity
    } else if order.iter().any(|row| row["quantity"] == "9999") {
        Planted::Oversized
    } else if is_late(first) {
        Planted::Late
    } else {
        Planted::Clean
    }
}

fn is_late(row: &HashMap<String, String>) -> bool {
    let delivery: NaiveDate = row["delivery_date"].parse().unwrap();
    let (day, hour) = match row["timeslot"].as_str() {
        "0900-1300" => (delivery.pred_opt().unwrap(), 20),
        "1300-1800" => (delivery, 7),
        _ => (delivery, 12),
    };
    let ordered_at: DateTime<Utc> = row["ordered_at"].parse().unwrap();
    ordered_at > day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

#[test]
fn the_files_hold_what_the_manifest_says() {
    let out = tempfile::tempdir().unwrap();
    let args = arguments(out.path(), &["--orders", "3000", "--mess", "0.2", "--sources", "3"]);
    let manifest = run(&args).unwrap();
    let orders = read_orders(out.path());

    let mut planted: BTreeMap<Planted, u64> = BTreeMap::new();
    let mut expected = manifest::Expected::default();
    for order in orders.values() {
        let found = diagnose(order);
        *planted.entry(found).or_default() += 1;
        let merchants: BTreeSet<&str> = order.iter().map(|row| row["merchant"].as_str()).collect();
        let (lines, waybills) = (order.len() as u64, merchants.len() as u64);
        let fate = found.fate();
        if fate == mess::Fate::Rejected {
            expected.rejected_orders += 1;
            expected.rejected_lines += lines;
            continue;
        }
        expected.accepted_orders += 1;
        expected.accepted_lines += lines;
        expected.waybills += waybills;
        expected.waybills_without_place += match fate {
            mess::Fate::AcceptedWithoutPlace => waybills,
            mess::Fate::AcceptedOneWithoutPlace => 1,
            mess::Fate::Accepted | mess::Fate::Rejected => 0,
        };
    }
    assert_eq!(planted, manifest.planted);
    assert_eq!(planted.len(), 14, "every kind of mess comes up");
    assert_eq!(expected, manifest.expected);
    assert_eq!(orders.len() as u64, 3_000);
    assert_eq!(manifest.sources.len(), 3);
    let written: Manifest =
        serde_json::from_str(&fs::read_to_string(out.path().join("manifest.json")).unwrap())
            .unwrap();
    assert_eq!(written, manifest);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let text_of = |seed: &str| {
        let out = tempfile::tempdir().unwrap();
        run(&arguments(out.path(), &["--orders", "300", "--seed", seed, "--gzip"])).unwrap();
        files(out.path()).iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(text_of("7"), text_of("7"));
    assert_ne!(text_of("7"), text_of("8"));
}

#[test]
fn orders_stand_together_in_order_of_time_and_are_never_cut_by_a_file() {
    let out = tempfile::tempdir().unwrap();
    run(&arguments(out.path(), &["--orders", "400", "--sources", "1", "--lines-per-file", "100"]))
        .unwrap();
    let mut seen = BTreeSet::new();
    let mut last_time = String::new();
    let names = files(out.path());
    assert!(names.len() > 5);
    assert!(names[0].ends_with("shop1/order-shop1-000001.tsv"));
    for path in names {
        let text = read_text(&path);
        let mut current = "";
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            if fields[0] != current {
                current = fields[0];
                assert!(seen.insert(current.to_owned()), "{current} comes up twice");
                assert!(fields[2] >= last_time.as_str());
                last_time = fields[2].to_owned();
            }
        }
    }
}

#[test]
fn a_day_looks_like_a_day() {
    let out = tempfile::tempdir().unwrap();
    let manifest = run(&arguments(out.path(), &["--orders", "4000", "--mess", "0"])).unwrap();
    let orders = read_orders(out.path());
    assert!(orders.values().all(|order| !is_late(&order[0])));

    let per_order = manifest.expected.waybills as f64 / 4_000.0;
    assert!((2.2..2.8).contains(&per_order), "{per_order} waybills an order");
    let mut by_hour = [0_u32; 24];
    let mut customers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut litres: Vec<f64> = Vec::new();
    let mut cold = 0_u32;
    for order in orders.values() {
        let at: DateTime<Utc> = order[0]["ordered_at"].parse().unwrap();
        by_hour[at.hour() as usize] += 1;
        *customers.entry(&order[0]["customer_ref"]).or_default() += 1;
        let mut waybills: BTreeMap<&str, f64> = BTreeMap::new();
        for row in order {
            let millilitres =
                row["volume_ml"].parse::<f64>().unwrap() * row["quantity"].parse::<f64>().unwrap();
            *waybills.entry(&row["merchant"]).or_default() += millilitres / 1_000.0;
        }
        litres.extend(waybills.values());
        cold += u32::from(order.iter().any(|row| row["sku_type"] == "frozen"));
    }
    let target = f64::from(by_hour[20]) / 4_000.0;
    assert!((0.10..0.12).contains(&target), "{target} of the day in the target hour");
    assert!(by_hour.iter().all(|&orders| orders <= by_hour[20]));
    assert!(customers.len() < 3_000, "customers order again");
    litres.sort_by(f64::total_cmp);
    let median = litres[litres.len() / 2];
    assert!((20.0..30.0).contains(&median), "median waybill {median} litres");
    let cold = f64::from(cold) / 4_000.0;
    assert!((0.2..0.6).contains(&cold), "{cold} of the orders travel cold in part");
}

#[test]
fn without_dates_the_promises_can_be_kept_under_the_wall_clock() {
    let out = tempfile::tempdir().unwrap();
    let mut args = arguments(out.path(), &[]);
    args.date = None;
    let now: DateTime<Utc> = "2025-03-10T21:30:00Z".parse().unwrap();
    let dates = Dates::of(&args, now);
    assert_eq!(dates.until, now);
    assert_eq!(dates.promises.first_delivery.to_string(), "2025-03-11");
    assert_eq!(dates.promises.read_at, Some(now + READING_TIME));

    let network = Network::from_tables(&sample::default_tables()).unwrap();
    let mut dice = crate::dice::Dice::new(1, "promise", 1);
    for _ in 0..500 {
        let early = now - Duration::hours(20);
        let promise = dates.promises.draw(&mut dice, &network, early, chrono_tz::UTC);
        assert!(
            (promise.date.to_string().as_str(), promise.timeslot.as_str())
                != ("2025-03-11", "0900-1300"),
            "its cut-off was at 20:00, before the files are read"
        );
    }
}

#[test]
fn a_directory_that_holds_files_already_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    let args = arguments(out.path(), &["--orders", "10"]);
    run(&args).unwrap();
    let before = files(out.path()).iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    assert!(matches!(run(&args), Err(GenerateError::Write(WriteError::Exists(_)))));
    let after = files(out.path()).iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    assert_eq!(before, after);
}

#[test]
fn the_sample_network_is_read_back_as_it_was_written() {
    let out = tempfile::tempdir().unwrap();
    let tables = sample::sample(30, 60_000, "Europe/Istanbul");
    tables.save(out.path()).unwrap();
    assert_eq!(crate::network::Tables::load(out.path()).unwrap(), tables);
    let network = Network::load(out.path()).unwrap();
    assert_eq!(network.heaviest_truck_kg, 7_600);
    let day = "2025-07-11".parse().unwrap();
    let cutoff = network.earliest_cutoff.cutoff_at(day, "Europe/Istanbul".parse().unwrap());
    assert_eq!(cutoff.to_rfc3339(), "2025-07-10T17:00:00+00:00");
}
