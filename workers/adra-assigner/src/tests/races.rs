//! Several processes with several lanes on scarce quota and few trucks, with doubles, cancellations and a
//! crash: the books agree at every entry.

use std::collections::BTreeSet;

use chrono::Days;
use contracts::{DistrictCode, MessageId, WaybillCreated};
use runtime::Running;
use testkit::{PublishAs, Stage, eventually};

use super::books::audit;
use super::fixture::{delivery_date, tight, waybill};
use super::worker::{cancelled, stage, start};

const DAYS: u32 = 3;
const WAYBILLS: u32 = 600;
/// Every fifth waybill is cancelled soon after it was made.
const CANCELLED_EVERY: u32 = 5;
const MESSAGES: u32 = WAYBILLS + WAYBILLS / CANCELLED_EVERY;

fn scattered(number: u32) -> WaybillCreated {
    let district = if number.is_multiple_of(2) { "D001" } else { "D003" };
    WaybillCreated {
        delivery_date: delivery_date() + Days::new((number % DAYS).into()),
        district: DistrictCode::new(district).unwrap(),
        ..waybill(number)
    }
}

async fn four_lanes(stage: &Stage) -> Running {
    start(stage, &["--concurrency", "4", "--batch-max", "16", "--prefetch", "64"]).await
}

/// Publishes everything, some of it twice.
pub(super) async fn publish_all(stage: &Stage) {
    for number in 1..=WAYBILLS {
        let id = MessageId::generate();
        let copies = if number.is_multiple_of(7) { 2 } else { 1 };
        for _ in 0..copies {
            let how = PublishAs::default().id(id).seq(1);
            stage.publish(how, &scattered(number)).await.unwrap();
        }
        if number.is_multiple_of(CANCELLED_EVERY) {
            stage.publish(PublishAs::default().seq(2), &cancelled(number)).await.unwrap();
        }
    }
}

async fn settled(stage: &Stage) -> u32 {
    let rows: i64 = stage.scalar("SELECT COUNT(*) FROM inbox").await;
    u32::try_from(rows).unwrap()
}

pub(super) async fn everything_settled(stage: &Stage) {
    let all = async || (settled(stage).await == MESSAGES).then_some(());
    eventually("all messages are settled", all).await;
}

#[tokio::test]
async fn nothing_is_ever_oversold() {
    // 3 days x (40 + 30) places for 600 waybills; 2 trucks of each of three types
    let stage = stage(&tight(40, 30, 2)).await;
    publish_all(&stage).await;
    let workers = [four_lanes(&stage).await, four_lanes(&stage).await];
    everything_settled(&stage).await;
    for worker in workers {
        worker.stop().await.unwrap();
    }
    audit(&stage).await;
    let numbers: String = stage
        .scalar(
            "SELECT CONCAT_WS(' ', MIN(b.waybills), MAX(b.waybills), COUNT(*)) FROM quota_bucket b \
             WHERE b.zone = 'Z01'",
        )
        .await;
    assert_eq!(numbers, "40 40 3", "scarce places are all taken");
    stage.close().await;
}

#[tokio::test]
async fn a_crash_in_the_middle_loses_and_doubles_nothing() {
    let stage = stage(&tight(40, 30, 2)).await;
    publish_all(&stage).await;
    let (victim, survivor) = (four_lanes(&stage).await, four_lanes(&stage).await);
    eventually("both are at work", async || (settled(&stage).await >= 50).then_some(())).await;
    victim.kill().await;
    assert!(settled(&stage).await < MESSAGES, "it was killed at work");
    let successor = four_lanes(&stage).await;
    everything_settled(&stage).await;
    survivor.stop().await.unwrap();
    successor.stop().await.unwrap();
    audit(&stage).await;
    let decided: i64 = stage.scalar("SELECT COUNT(*) FROM assignment").await;
    assert_eq!(decided, i64::from(WAYBILLS));
    let days: BTreeSet<_> = (1..=WAYBILLS).map(|number| scattered(number).delivery_date).collect();
    let slot_days: i64 = stage.scalar("SELECT COUNT(*) FROM slot_day").await;
    assert_eq!(usize::try_from(slot_days).unwrap(), days.len());
    stage.close().await;
}
