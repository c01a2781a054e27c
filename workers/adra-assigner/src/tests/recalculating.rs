//! Books that were falsified: found, named and mended, and nothing else changes.

use std::collections::BTreeMap;

use contracts::{Recalculate, ReplyOutcome, Role};
use routing::RouteId;
use uuid::Uuid;

use super::books::audit;
use super::fixture::{parts, time, waybill};
use super::road::ask;
use super::worker::{stage, start, tell, until};
use crate::recalculate::{Amounts, BookedBucket, Books, Held, mend};

fn held(zone: &str, waybill: u32, route: u128) -> Held {
    let waybill_no = format!("shop-{waybill}-1");
    Held { zone: zone.into(), waybill_no, route: RouteId(Uuid::from_u128(route)) }
}

const ONE: Amounts = [1, 1_000, 0, 500];

/// Two waybills in Z01, whose books agree.
fn books() -> Books {
    let places: BTreeMap<Held, Amounts> =
        [(held("Z01", 1, 1), ONE), (held("Z01", 2, 1), ONE)].into();
    let mut ledger = places.clone();
    // it was there and left
    ledger.insert(held("Z01", 3, 1), [0; 4]);
    Books {
        ledger,
        last_entries: [("Z01".into(), 4)].into(),
        buckets: [
            ("Z01".into(), BookedBucket { version: 4, used: [2, 2_000, 0, 1_000] }),
            ("Z02".into(), BookedBucket { version: 0, used: [0; 4] }),
        ]
        .into(),
        places,
        trucks: [("VAN".into(), 1)].into(),
        routes: [("VAN".into(), 1)].into(),
    }
}

#[test]
fn what_agrees_is_left_alone() {
    assert_eq!(mend(&books(), None), crate::recalculate::Mending::default());
}

#[test]
fn a_ledger_gets_entries_that_say_what_is_true() {
    let mut wrong = books();
    wrong.ledger.insert(held("Z01", 1, 1), [0; 4]);
    wrong.ledger.insert(held("Z01", 3, 1), [1, 7, 8, 9]);
    let mending = mend(&wrong, None);
    let entries: Vec<_> = mending
        .corrections
        .iter()
        .map(|row| (row.version, row.held.waybill_no.as_str(), row.amounts))
        .collect();
    assert_eq!(entries, [(5, "shop-1-1", ONE), (6, "shop-3-1", [-1, -7, -8, -9])]);
    assert_eq!(mending.buckets[&routing::ZoneCode::from("Z01")].version, 6);
    assert_eq!(mending.says.len(), 1);
    assert!(mending.says[0].contains("wrong about 2 waybills"), "{:?}", mending.says);
    assert_eq!(mend(&wrong, Some("Z02")), crate::recalculate::Mending::default());
}

#[test]
fn an_entry_that_brings_the_ledger_to_the_buckets_version_is_written() {
    let mut wrong = books();
    wrong.ledger.remove(&held("Z01", 2, 1));
    wrong.last_entries.insert("Z01".into(), 3);
    let mending = mend(&wrong, None);
    assert_eq!(mending.corrections[0].version, 4);
    assert_eq!(mending.says.len(), 1);
}

#[test]
fn buckets_and_trucks_are_counted_anew() {
    let mut wrong = books();
    wrong.buckets.insert("Z01".into(), BookedBucket { version: 4, used: [3, 2_000, 0, 1_000] });
    wrong.trucks.insert("VAN".into(), 4);
    let mending = mend(&wrong, None);
    assert!(mending.corrections.is_empty());
    let right = BookedBucket { version: 4, used: [2, 2_000, 0, 1_000] };
    assert_eq!(mending.buckets, [("Z01".into(), right)].into());
    assert_eq!(mending.trucks, [("VAN".into(), 1)].into());
    assert_eq!(mending.says.len(), 2);
}

fn everything() -> Recalculate {
    Recalculate {
        zone: None,
        delivery_date: None,
        timeslot: None,
        occurred_at: time("2035-06-10T12:00:00Z"),
    }
}

#[tokio::test]
async fn falsified_books_are_mended_and_work_goes_on() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for number in 1..=30 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 30").await;
    let clean = ask(&stage, &mut replies, Role::Dispatcher, &everything()).await;
    assert_eq!((clean.outcome, clean.items.len()), (ReplyOutcome::Applied, 0));

    stage.run_sql("UPDATE quota_bucket SET waybills = 29, dry_ml = 1 WHERE zone = 'Z01'").await;
    stage.run_sql("UPDATE quota_ledger SET dry_ml = 7 WHERE zone = 'Z01' AND version = 3").await;
    stage.run_sql("UPDATE truck_use SET used = used + 2 WHERE truck_type = 'VAN'").await;
    // the worker's copy in memory is useless, too: as if another process had written
    stage.run_sql("UPDATE slot_day SET version = version + 1").await;
    let refused = ask(&stage, &mut replies, Role::Warehouse, &everything()).await;
    assert_eq!(refused.code, "NOT_ALLOWED");
    let mended = ask(&stage, &mut replies, Role::CsSupervisor, &everything()).await;
    assert_eq!(mended.items.len(), 2, "{mended:?}");
    assert!(mended.items.iter().all(|item| item.code == "MENDED"));
    let bucket = mended.items[0].detail.as_deref().unwrap();
    assert!(
        bucket.starts_with("NORTH 2035-06-13 0900-1300: zone Z01: places 30 waybills"),
        "{bucket}"
    );
    audit(&stage).await;
    let again = ask(&stage, &mut replies, Role::Operator, &everything()).await;
    assert_eq!(again.items.len(), 0);

    for number in 31..=40 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 40").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}
