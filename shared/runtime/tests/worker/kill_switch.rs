//! A worker that fails at most of what it takes: it stops before the queue is all dead letters.

use std::time::Duration;

use contracts::{ControlRequest, Exchange, InstanceReport};
use testkit::eventually;

use crate::bench::{Bench, acts};
use crate::probe::{Act, Behave, KIND};

/// Failures that trip the switch of a new process.
const ENOUGH: u32 = 50;

impl Bench {
    async fn report(&self) -> InstanceReport {
        self.control(ControlRequest::Report, 1).await.remove(0).report
    }

    async fn tripped_becomes(&self, tripped: bool) {
        let what = format!("tripped becomes {tripped}");
        eventually(&what, async || (self.report().await.tripped == tripped).then_some(())).await;
    }

    async fn letters(&self) -> u32 {
        self.stage.depth(&KIND.dead_letter_queue()).await
    }

    async fn letters_become(&self, count: u32) {
        let what = format!("{count} dead letters");
        eventually(&what, async || (self.letters().await >= count).then_some(())).await;
    }
}

/// Many lanes, full batches and a wide prefetch: none of it costs a dead letter more.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_worker_spends_fifty_messages_and_then_one_now_and_then() {
    let bench = Bench::new().await;
    bench.say_all(acts(Behave::Permanent, 1_000)).await;
    let running = bench.start(&["--concurrency", "4"]).await;
    bench.tripped_becomes(true).await;
    bench.ready_becomes(false).await;
    bench.letters_become(ENOUGH + 2).await;
    let report = bench.report().await;
    assert!(report.tripped && !report.ready && !report.paused);
    running.stop().await.unwrap();
    // the waits grow too fast for more tries within a test's deadlines
    let letters = bench.letters().await;
    assert!(letters <= ENOUGH + 6, "{letters} dead letters");
    let back = async || (bench.depth().await == 1_000 - letters).then_some(());
    eventually("the others are in their queue", back).await;
    bench.effects_are(0).await;
    bench.close().await;
}

/// One that panics over everything, whole batches at a time, is as broken.
#[tokio::test(flavor = "multi_thread")]
async fn panics_trip_it_wherever_they_happen() {
    for behave in [Behave::Panic, Behave::PanicLane] {
        let bench = Bench::new().await;
        bench.say_all(acts(behave, 200)).await;
        let running = bench.start(&["--concurrency", "2"]).await;
        bench.letters_become(ENOUGH).await;
        bench.tripped_becomes(true).await;
        running.stop().await.unwrap();
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_works_lets_everything_flow_again() {
    let bench = Bench::new().await;
    let mut messages = acts(Behave::Permanent, ENOUGH + 1);
    messages.extend(acts(Behave::Apply, 300));
    for chunk in messages.chunks(10) {
        bench.say_all(chunk.to_vec()).await;
    }
    let running = bench.start(&["--concurrency", "1", "--batch-max", "10"]).await;
    bench.effects_become(300).await;
    bench.tripped_becomes(false).await;
    bench.ready_becomes(true).await;
    assert_eq!(bench.letters().await, ENOUGH + 1);
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Without a message that works it would try for ever: an operator knows better.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_resets_it() {
    let bench = Bench::new().await;
    bench.say_all(acts(Behave::Permanent, ENOUGH + 20)).await;
    let running = bench.start(&[]).await;
    bench.tripped_becomes(true).await;
    let answer = bench.control(ControlRequest::ResetKillSwitch, 1).await.remove(0);
    assert!(answer.taken && !answer.report.tripped);
    bench.letters_become(ENOUGH + 20).await;
    bench.tripped_becomes(false).await;
    bench.ready_becomes(true).await;
    bench.say(&Act::new(Behave::Apply, "key", 1)).await;
    bench.effects_become(1).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// A sender's garbage and the no of business are no failures of this worker.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_and_refusals_trips_nothing() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "2"]).await;
    for _ in 0..150 {
        let exchange = Exchange::Commands.name();
        bench.stage.publish_raw(exchange, "order.create", |none| none, b"garbage").await.unwrap();
    }
    bench.say_all(acts(Behave::Reject, 150)).await;
    bench.say_all(acts(Behave::Apply, 10)).await;
    bench.letters_become(150).await;
    bench.effects_become(10).await;
    let report = bench.report().await;
    assert!(report.ready && !report.tripped);
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_switched_off() {
    let bench = Bench::new().await;
    bench.say_all(acts(Behave::Permanent, 300)).await;
    let running = bench.start(&["--kill-switch-percent", "0"]).await;
    bench.letters_become(300).await;
    assert!(!bench.report().await.tripped);
    running.stop().await.unwrap();
    bench.close().await;
}

/// Waiting for its next try, it still ends, pauses and hears settings.
#[tokio::test(flavor = "multi_thread")]
async fn a_tripped_worker_obeys_and_ends_at_once() {
    let bench = Bench::new().await;
    bench.say_all(acts(Behave::Permanent, 200)).await;
    let running = bench.start(&[]).await;
    bench.tripped_becomes(true).await;
    let (version, settings) = bench.store_settings(|settings| settings.paused = true).await;
    let answer = bench.control(ControlRequest::Apply { version, settings }, 1).await.remove(0);
    assert_eq!(answer.report.version, version);
    assert!(answer.report.paused && answer.report.tripped);
    let stopped = tokio::time::timeout(Duration::from_secs(2), running.stop()).await;
    stopped.expect("it does not wait for its next try").unwrap();
    let all = async || (bench.depth().await + bench.letters().await == 200).then_some(());
    eventually("none is lost", all).await;
    bench.close().await;
}
