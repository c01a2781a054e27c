//! Natural batching: no linger, and order within a lane key.

use serde_json::Value;
use testkit::{DEADLINE, PublishAs};

use crate::bench::{Bench, acts};
use crate::probe::{Act, Behave, Gate};

#[tokio::test(flavor = "multi_thread")]
async fn a_single_message_is_taken_at_once_and_many_together() {
    let bench = Bench::new().await;
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "64", "--prefetch", "256"]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue());
    bench.stage.publish(how, &Act::new(Behave::Apply, "alone", 1)).await.unwrap();
    replies.next(DEADLINE).await;
    assert_eq!(bench.watch.batches(), [1]);

    bench.watch.set_gate(Gate::Closed);
    bench.say(&Act::new(Behave::Apply, "ahead", 0)).await;
    bench.watch.entered(2).await;
    bench.say_all(acts(Behave::Apply, 100)).await;
    bench.queue_is_empty().await;
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(102).await;
    let batches = bench.watch.batches();
    assert_eq!(&batches[..2], [1, 1]);
    assert!(batches.iter().all(|size| *size <= 64), "{batches:?}");
    assert!(batches.len() <= 10, "{batches:?}");
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0, "everything was acknowledged");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_holds_no_more_than_a_batch_of_single_messages() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "1", "--batch-max", "64"]).await;
    bench.watch.set_gate(Gate::Closed);
    bench.say(&Act::new(Behave::Apply, "ahead", 0)).await;
    bench.watch.entered(1).await;
    // one after the other, so that they stand in this order: two heavy ones are too many for one batch
    for (n, behave) in
        (1..).zip([Behave::Apply, Behave::ApplyHeavy, Behave::ApplyHeavy, Behave::Apply])
    {
        bench.say(&Act::new(behave, "same", n)).await;
    }
    bench.queue_is_empty().await;
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(5).await;
    assert_eq!(bench.watch.batches(), [1, 2, 2]);
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_key_keeps_its_order() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "3", "--batch-max", "16"]).await;
    // one after the other: concurrent publications have no order to keep
    for act in acts(Behave::Apply, 350) {
        bench.say(&act).await;
    }
    bench.effects_become(350).await;
    let rows = bench.stage.rows("SELECT lane, n FROM effect ORDER BY lane, id").await;
    for pair in rows.windows(2).filter(|pair| pair[0]["lane"] == pair[1]["lane"]) {
        let n = |row: &Value| row["n"].as_u64().unwrap();
        assert!(n(&pair[0]) < n(&pair[1]), "{pair:?}");
    }
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_lane_holds_up_nobody_else() {
    let bench = Bench::new().await;
    let options = ["--concurrency", "2", "--batch-max", "4", "--prefetch", "400"];
    let running = bench.start(&options).await;
    // an own lane for the blocker: keys go to lanes by hash, so every other key is tried out
    bench.block("blocker").await;
    bench.say_all(acts(Behave::Apply, 700)).await;
    bench.watch.entered(2).await;
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(701).await;
    // the oldest delivery was settled last: whatever was acknowledged meanwhile, no channel broke over it
    let answer = bench.control(contracts::ControlRequest::Report, 1).await;
    assert_eq!(answer[0].report.settled_total, 701, "no message was delivered twice");
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}
