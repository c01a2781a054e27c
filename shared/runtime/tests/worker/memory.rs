//! Large messages: memory is bounded, statements fit the server, and nothing waits for ever.

use std::num::NonZeroU32;
use std::time::Duration;

use contracts::ControlRequest;
use testkit::eventually;

use crate::bench::{Bench, acts};
use crate::probe::{Act, Behave, Gate};

fn large(count: u32) -> Vec<Act> {
    acts(Behave::Apply, count).into_iter().map(Act::padded).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_budget_stops_neither_control_nor_the_end() {
    let mut bench = Bench::new().await;
    let options = ["--concurrency", "1", "--prefetch", "300", "--drain-seconds", "2"];
    let running = bench.start(&options).await;
    bench.block("key-1").await;
    for part in large(80).chunks(10) {
        bench.say_all(part.to_vec()).await;
    }
    bench.queue_is_empty().await;
    let (version, settings) =
        bench.store_settings(|settings| settings.rate_per_second = NonZeroU32::new(90_000)).await;
    let answers = bench.control(ControlRequest::Apply { version, settings }, 1).await;
    assert_eq!(answers[0].report.version, version);
    let stopped = tokio::time::timeout(Duration::from_secs(6), running.stop()).await;
    drop(stopped.expect("it ends"));
    bench.bury().await;
    eventually("all are back", async || (bench.depth().await == 81).then_some(())).await;
    let running = bench.start(&["--concurrency", "2"]).await;
    bench.effects_become(81).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_large_events_fits_into_the_servers_packets() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "1"]).await;
    bench.block("key-1").await;
    bench.watch.set_gate(Gate::Closed);
    for part in large(90).chunks(10) {
        bench.say_all(part.to_vec()).await;
    }
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(91).await;
    running.stop().await.unwrap();
    bench.close().await;
}
