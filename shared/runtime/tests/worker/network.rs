//! The way to the broker breaks: what was on it comes again, nothing is lost or doubled.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::Exchange;
use testkit::{Proxy, Tap, eventually};

use crate::bench::{Bench, acts};
use crate::probe::Behave;

/// How many different events were published; one may go out twice with its id.
async fn told(bench: &Bench, tap: &mut Tap) -> usize {
    let told = tap.so_far(&bench.stage).await;
    let ids: BTreeSet<_> = told.iter().map(|event| event.envelope.message_id).collect();
    ids.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_in_mid_work() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    let options = ["--concurrency", "3", "--batch-max", "20"];
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &options).await;
    bench.ready_becomes(true).await;
    let cutting = async {
        for cuts in 1..=5 {
            let some = i64::from(cuts) * 200;
            eventually("progress", async || (bench.effects().await >= some).then_some(())).await;
            proxy.cut();
        }
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 2_000)), cutting);
    bench.effects_become(2_000).await;
    bench.ready_becomes(true).await;
    bench.outbox_is_empty().await;
    assert_eq!(told(&bench, &mut tap).await, 2_000);
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Whichever of the broker's answers is lost: a delivery, a confirm, the beginning of a consumer.
#[tokio::test(flavor = "multi_thread")]
async fn any_answer_is_lost() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    let options = ["--concurrency", "3", "--batch-max", "20"];
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &options).await;
    let losing = async {
        for losses in 1..=20 {
            let some = losses * 40;
            eventually("progress", async || (bench.effects().await >= some).then_some(())).await;
            proxy.drop_to_client_once();
        }
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 1_000)), losing);
    bench.effects_become(1_000).await;
    bench.outbox_is_empty().await;
    assert_eq!(told(&bench, &mut tap).await, 1_000);
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn away_and_back() {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &[]).await;
    bench.ready_becomes(true).await;
    proxy.refuse();
    bench.ready_becomes(false).await;
    bench.say_all(acts(Behave::Apply, 50)).await;
    assert_eq!(bench.effects().await, 0);
    proxy.resume();
    bench.effects_become(50).await;
    bench.ready_becomes(true).await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// A line that passes nothing and closes nothing is only seen by what does not come.
#[tokio::test(flavor = "multi_thread")]
async fn silent_and_back() {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = format!("{}?heartbeat=1", proxy.url(&bench.stage.amqp_url()));
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &[]).await;
    bench.ready_becomes(true).await;
    bench.say_all(acts(Behave::Apply, 50)).await;
    bench.effects_become(50).await;
    proxy.stall();
    bench.ready_becomes(false).await;
    bench.say_all(acts(Behave::Announce, 50)).await;
    proxy.resume();
    bench.effects_become(100).await;
    bench.ready_becomes(true).await;
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Less than a heartbeat: nobody notices, and everything goes on.
#[tokio::test(flavor = "multi_thread")]
async fn silent_for_a_moment() {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &[]).await;
    let stalling = async {
        eventually("progress", async || (bench.effects().await >= 50).then_some(())).await;
        proxy.stall();
        eventually("a queue that fills", async || (bench.depth().await >= 100).then_some(())).await;
        proxy.resume();
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 3_000)), stalling);
    bench.effects_become(3_000).await;
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Without a line there is nothing to drain to, and still it ends.
#[tokio::test(flavor = "multi_thread")]
async fn stopped_while_the_line_is_silent() {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    let options = ["--drain-seconds", "2"];
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &options).await;
    bench.ready_becomes(true).await;
    proxy.stall();
    bench.say_all(acts(Behave::Apply, 10)).await;
    let stopped = tokio::time::timeout(Duration::from_secs(6), running.stop()).await;
    stopped.expect("it ends").unwrap();
    proxy.resume();
    drop(proxy);
    let running = bench.start(&[]).await;
    bench.effects_become(10).await;
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_while_the_broker_is_away() {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.amqp_url()).await;
    let amqp = proxy.url(&bench.stage.amqp_url());
    proxy.refuse();
    let options = ["--drain-seconds", "2"];
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &options).await;
    bench.ready_becomes(false).await;
    let stopped = tokio::time::timeout(Duration::from_secs(6), running.stop()).await;
    stopped.expect("it ends").unwrap();
    bench.close().await;
}
