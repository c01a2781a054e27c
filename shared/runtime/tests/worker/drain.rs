//! Stopping: what was begun is finished, the rest goes back, and it ends in time.

use std::time::{Duration, Instant};

use testkit::eventually;

use crate::bench::{Bench, acts};
use crate::probe::{Behave, Gate};

/// Stops a saturated worker in time and checks that every message is settled or back.
async fn stops_in_time(behave: Behave, count: u32, options: &[&str], limit: Duration) {
    let bench = Bench::new().await;
    let running = bench.start(options).await;
    bench.say_all(acts(behave, count)).await;
    eventually("a beginning", async || (bench.effects().await > 0).then_some(())).await;
    let begun = Instant::now();
    running.stop().await.unwrap();
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
    let done = bench.effects().await;
    bench.effects_are(done).await;
    let all_back =
        async || (i64::from(bench.depth().await) + done == i64::from(count)).then_some(());
    eventually("what was not done is back", all_back).await;

    let behave_now = "UPDATE effect SET attempt = 0";
    bench.stage.run_sql(behave_now).await;
    if behave != Behave::Slow {
        let running = bench.start(&["--concurrency", "4"]).await;
        bench.effects_become(count.into()).await;
        running.stop().await.unwrap();
    }
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn saturated() {
    let options = ["--concurrency", "2"];
    stops_in_time(Behave::Apply, 4_000, &options, Duration::from_secs(10)).await;
}

/// The buffer holds more than can be finished in time.
#[tokio::test(flavor = "multi_thread")]
async fn saturated_and_slow() {
    let options =
        ["--concurrency", "2", "--batch-max", "5", "--prefetch", "300", "--drain-seconds", "4"];
    stops_in_time(Behave::Slow, 300, &options, Duration::from_secs(5)).await;
}

/// A batch that does not end: the process says so, in time, and its messages are back.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_told() {
    let mut bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "1", "--drain-seconds", "2"]).await;
    bench.block("key").await;
    bench.say_all(acts(Behave::Apply, 10)).await;
    bench.queue_is_empty().await;
    let begun = Instant::now();
    let stopped = running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(
        matches!(stopped, Err(runtime::RuntimeError::NotDrained { seconds: 2 })),
        "{stopped:?}"
    );
    bench.bury().await;
    eventually("all are back", async || (bench.depth().await == 11).then_some(())).await;
    bench.effects_are(0).await;
    bench.watch.set_gate(Gate::Open);
    bench.close().await;
}
