//! Rounds of retries, against a real database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache::Cache;
use contracts::Timestamp;
use runtime::Shutdown;
use store::outbox::OutboxRow;
use testkit::Stage;

use super::books::{audit, states};
use super::fixture::{load, tight, waybill};
use super::worker::{stage, start, tell, until};
use crate::retry::Retries;
use crate::worker::Shared;

/// A process that only retries, and does so when the test says.
fn retries(stage: &Stage) -> Retries {
    let shared = Arc::new(Shared::new(false, Cache::connect(None)));
    // as if the process had died before it published: the rows stay in the outbox
    Retries::new(shared, stage.database(), drop)
}

/// A stage with waybills and no trucks for them.
async fn without_trucks(waybills: u32) -> Stage {
    let stage = stage(&tight(500, 500, 0)).await;
    let worker = start(&stage, &[]).await;
    for number in 1..=waybills {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, &format!("UNASSIGNABLE POOL_EXHAUSTED {waybills}")).await;
    worker.stop().await.unwrap();
    stage
}

#[tokio::test]
async fn a_round_tries_everybody_once_in_small_steps() {
    let stage = without_trucks(450).await;
    let placed = retries(&stage).round(Timestamp::now(), &Shutdown::new()).await.unwrap();
    assert_eq!(placed, 0);
    let changed = "SELECT COUNT(*) FROM assignment WHERE version > 1";
    assert_eq!(stage.scalar::<i64>(changed).await, 0, "no new answer, no new version");

    load(&stage, 2, &tight(500, 500, 10)).await;
    let placed = retries(&stage).round(Timestamp::now(), &Shutdown::new()).await.unwrap();
    // 22 stops a van, 22 a cold van, 45 a truck
    assert_eq!(placed, 450);
    assert_eq!(states(&stage).await, "ASSIGNED 450");
    let told =
        "SELECT COUNT(*) FROM outbox WHERE message_type = 'assignment.assigned.v1' AND seq = 2";
    assert_eq!(stage.scalar::<i64>(told).await, 450);
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn what_a_round_committed_is_handed_over_at_once() {
    let stage = without_trucks(3).await;
    load(&stage, 2, &tight(500, 500, 10)).await;
    let handed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&handed);
    let shared = Arc::new(Shared::new(false, Cache::connect(None)));
    let retries = Retries::new(shared, stage.database(), move |rows: Vec<OutboxRow>| {
        counter.fetch_add(rows.len(), Ordering::SeqCst);
    });
    let placed = retries.round(Timestamp::now(), &Shutdown::new()).await;
    assert_eq!(placed.unwrap(), 3);
    let stored = stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await;
    assert!(stored >= 3, "three assignments at least: {stored}");
    assert_eq!(handed.load(Ordering::SeqCst) as i64, stored);
    stage.close().await;
}

#[tokio::test]
async fn rounds_of_two_processes_share_the_work() {
    let stage = without_trucks(450).await;
    load(&stage, 2, &tight(500, 500, 10)).await;
    let (one, two, shutdown) = (retries(&stage), retries(&stage), Shutdown::new());
    let began_at = Timestamp::now();
    let (one, two) = tokio::join!(one.round(began_at, &shutdown), two.round(began_at, &shutdown));
    // whoever finds everything locked stops; whoever holds the locks goes on
    assert_eq!(one.unwrap() + two.unwrap(), 450);
    audit(&stage).await;
    stage.close().await;
}
