//! Failed attempts through a real broker: two waybills whose histories are told shuffled and doubled, before
//! they are announced and after their next place, end like two that are told in order.

use contracts::{ReplyOutcome, Role};
use queue_topology::RetryTier;
use testkit::{Stage, eventually};

use super::books::audit;
use super::fixture::{parts, waybill};
use super::road::{ask, attempt, failed};
use super::worker::{KIND, held, released, stage, start, tell, until, until_row, waybill_row};
use super::world::reschedule;

/// Messages of the two waybills with these numbers, in the order in which things happened.
#[derive(Clone, Copy)]
enum Told {
    Created(u32),
    Held(u32),
    Released(u32),
    Failed(u32, u16),
}

fn told(first: u32, second: u32) -> Vec<Told> {
    vec![
        Told::Created(first),
        Told::Created(second),
        Told::Failed(first, 1),
        Told::Held(first),
        Told::Released(first),
        Told::Failed(second, 1),
    ]
}

async fn send(stage: &Stage, told: Told) {
    match told {
        Told::Created(number) => tell(stage, 1, &waybill(number)).await,
        Told::Held(number) => tell(stage, 6, &held(number)).await,
        Told::Released(number) => tell(stage, 7, &released(number)).await,
        Told::Failed(number, place) => {
            tell(stage, 4 + u64::from(place), &failed(number, place)).await
        }
    }
}

/// The first was delivered on a further attempt; the second waits after its first.
async fn rows(stage: &Stage, first: u32, second: u32) {
    waybill_row(stage, first, 9, "DELIVERED", 0).await;
    attempt(stage, first, 2, &[1]).await;
    waybill_row(stage, second, 5, "DELIVERY_FAILED", 0).await;
    attempt(stage, second, 1, &[1]).await;
}

#[tokio::test]
async fn shuffled_and_doubled_failures_free_the_same_places() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    rows(&stage, 1, 2).await;
    for message in told(1, 2) {
        send(&stage, message).await;
    }
    until(&stage, "UNASSIGNED 2").await;

    rows(&stage, 3, 4).await;
    // a failure comes first of all, and waits in the ladder until its waybill is announced
    send(&stage, Told::Failed(3, 1)).await;
    eventually("it waits", async || {
        let (soon, later) = (KIND.retry_queue(RetryTier::S1), KIND.retry_queue(RetryTier::S10));
        (stage.depth(&soon).await + stage.depth(&later).await > 0).then_some(())
    })
    .await;
    let messages = told(3, 4);
    for index in [4, 2, 5, 3, 0, 1, 5, 0, 2, 4, 1, 3] {
        send(&stage, messages[index]).await;
    }
    until(&stage, "UNASSIGNED 4").await;
    for number in 1..=4 {
        until_row(&stage, number, "state, place_no", "UNASSIGNED 1").await;
    }
    audit(&stage).await;

    // its next place: what is told of the first one once more does not touch it
    let moved = ask(&stage, &mut replies, Role::CsAgent, &reschedule(4, 0)).await;
    assert_eq!(moved.outcome, ReplyOutcome::Applied);
    let inbox = "SELECT COUNT(*) FROM inbox";
    let before = stage.scalar::<i64>(inbox).await;
    for _ in 0..2 {
        send(&stage, Told::Failed(4, 1)).await;
    }
    eventually("both are settled", async || {
        (stage.scalar::<i64>(inbox).await >= before + 2).then_some(())
    })
    .await;
    until_row(&stage, 4, "state, place_no", "ASSIGNED 2").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}
