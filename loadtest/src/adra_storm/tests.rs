//! A small storm against real services, and that falsified books are reported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;

use contracts::UserId;
use settings::Secret;
use testkit::Stage;

use super::operations::{Operations, Seen};
use super::waybills::{name, number};
use super::{StormArgs, books, network, run};

#[tokio::test]
async fn a_small_storm_oversells_nothing() {
    let args = StormArgs { operations: 3_000, seed: 7, kill_every: 3.0, json: false };
    let report = run(&args).await.unwrap();
    assert!(report.holds, "{report:#?}");
    assert!(report.kills >= 2, "{}", report.kills);
    assert!(report.operations_total >= args.operations);
    assert!(report.ledger_prefixes > 500, "{}", report.ledger_prefixes);
    assert_eq!((report.oversold_prefixes, report.dead_letters), (0, 0));
    assert!(report.published_twice > 0 && report.published_late > 0);
    let full = report.checks.iter().find(|check| check.name == "bucket-is-its-places").unwrap();
    assert!(full.examined > 0);
}

async fn violated(stage: &Stage) -> BTreeSet<&'static str> {
    let checks = books::audit(&Secret::new(stage.database_url())).await.unwrap();
    checks.iter().filter(|check| check.violations > 0).map(|check| check.name).collect()
}

/// One entry of the ledger of the first zone.
fn entry(version: u32, waybills: i32) -> String {
    format!(
        "INSERT INTO quota_ledger VALUES ('EAST-Z1', '2035-01-01', '0900-1300', {version}, 'storm-{version}-1', \
         UNHEX(REPEAT('00', 16)), {waybills}, 0, 0, 0, NOW(6))"
    )
}

#[tokio::test]
async fn a_ledger_that_was_falsified_is_reported() {
    let stage = Stage::new(&[]).await;
    for statement in network::statements() {
        stage.run_sql(&statement).await;
    }
    assert_eq!(violated(&stage).await, BTreeSet::new());
    // within the quota in the end, but not on the way
    stage.run_sql(&entry(1, 41)).await;
    stage.run_sql(&entry(2, -1)).await;
    assert!(violated(&stage).await.contains(books::PREFIXES));
    // an entry is missing
    stage.run_sql("DELETE FROM quota_ledger WHERE version = 1").await;
    stage.run_sql(&entry(3, 1)).await;
    let found = violated(&stage).await;
    assert!(found.contains("every-prefix-has-one-entry"), "{found:?}");
    assert!(found.contains("ledger-adds-up-to-bucket"), "{found:?}");
    assert!(found.contains("ledger-matches-the-places"), "{found:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_cancelled_waybill_with_a_place_is_reported() {
    let stage = Stage::new(&[]).await;
    stage
        .run_sql(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, \
               lifecycle, kind, first_seen_at, updated_at) \
             VALUES (x'01', 'storm-1-1', 1, 'CREATED', 0, 0, 0, 0, '{}', 'FORWARD', NOW(6), NOW(6))",
        )
        .await;
    assert_eq!(violated(&stage).await, BTreeSet::from(["announced-is-decided"]));
    stage
        .run_sql(
            "INSERT INTO assignment (waybill_no, state, place_no, version, waybill_version, held, pinned, order_key, \
               stop_key, district, zone, depot, delivery_date, timeslot, sku_type, fulfilled_by, dry_ml, frozen_ml, \
               weight_g, ordered_at, updated_at) \
             VALUES ('storm-1-1', 'ASSIGNED', 1, 1, 1, 0, 0, 'storm/1', x'01', 'D001', 'Z01', 'NORTH', '2035-01-01', \
               '0900-1300', 'dry', 'warehouse', 1, 0, 1, NOW(6), NOW(6))",
        )
        .await;
    assert!(!violated(&stage).await.contains("announced-is-decided"));
    stage.run_sql("UPDATE waybill SET status = 'CANCELLED'").await;
    assert!(violated(&stage).await.contains("cancelled-holds-no-place"));
    stage.close().await;
}

#[test]
fn names_are_numbers() {
    for given in [0, 1, 2, 999_999] {
        assert_eq!(number(&name(given)), Some(given));
    }
    assert_eq!(number("shop-1-1"), None);
}

/// What is said of 20,000 operations when these places are seen.
fn said(seed: u64) -> (Vec<Vec<u8>>, Operations) {
    let mut operations = Operations::new(seed, UserId::new("dray-admin").unwrap());
    let seen = |number: u32| Seen {
        number,
        place_no: 1,
        route_ref: format!("R{}", number % 3),
        route_status: if number.is_multiple_of(3) { "LOCKED" } else { "OPEN" }.to_owned(),
    };
    let mut bodies = Vec::new();
    for _ in 0..40 {
        let count = operations.waybills.count();
        operations.look((count.saturating_sub(60)..count).map(seen).collect());
        bodies.extend((0..500).map(|_| operations.next().unwrap().body));
    }
    (bodies, operations)
}

#[test]
fn a_seed_says_the_same_and_has_some_of_everything() {
    let (bodies, operations) = said(3);
    assert_eq!(bodies, said(3).0);
    assert_ne!(bodies, said(4).0);
    assert_eq!(operations.count(), 20_000);
    assert_eq!(operations.counts.len(), 14, "{:?}", operations.counts);
}

#[test]
fn every_amendment_is_decided_in_the_end() {
    let (_, mut operations) = said(5);
    operations.last_words().unwrap();
    let count = |what: &str| operations.counts[what];
    assert_eq!(count("amendment asked"), count("amendment decided"));
}
