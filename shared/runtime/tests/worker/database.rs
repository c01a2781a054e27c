//! The database is away, slow or busy: that is no message's fault.

use std::time::Duration;

use store::NONE;
use testkit::{DEADLINE, Proxy, PublishAs, eventually};

use crate::bench::{Bench, acts};
use crate::probe::{Act, Behave};

/// A worker whose way to the database can be broken.
async fn by_proxy() -> (Bench, Proxy, runtime::Running) {
    let bench = Bench::new().await;
    let proxy = Proxy::in_front_of(&bench.stage.database_tcp_url()).await;
    let database = proxy.url(&bench.stage.database_tcp_url());
    let options = ["--concurrency", "3", "--batch-max", "20", "--drain-seconds", "3"];
    let running = bench.start_by(&bench.stage.amqp_url(), &database, &options).await;
    bench.ready_becomes(true).await;
    (bench, proxy, running)
}

async fn no_attempt_was_spent(bench: &Bench) {
    let spent = "SELECT COUNT(*) FROM effect WHERE attempt > 0";
    assert_eq!(bench.stage.scalar::<i64>(spent).await, 0);
    for queue in ["order-intake.dlq", "order-intake.retry.1s"] {
        assert_eq!(bench.stage.depth(queue).await, 0, "{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn away_and_back() {
    let (bench, proxy, running) = by_proxy().await;
    let breaking = async {
        eventually("progress", async || (bench.effects().await >= 100).then_some(())).await;
        proxy.refuse();
        bench.ready_becomes(false).await;
        proxy.resume();
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 1_000)), breaking);
    bench.effects_become(1_000).await;
    bench.ready_becomes(true).await;
    bench.outbox_is_empty().await;
    no_attempt_was_spent(&bench).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_in_mid_work() {
    let (bench, proxy, running) = by_proxy().await;
    let cutting = async {
        for cuts in 1..=5 {
            let some = i64::from(cuts) * 150;
            eventually("progress", async || (bench.effects().await >= some).then_some(())).await;
            proxy.cut();
        }
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 1_500)), cutting);
    bench.effects_become(1_500).await;
    bench.outbox_is_empty().await;
    no_attempt_was_spent(&bench).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// An idle worker, too, tells that it could not work.
#[tokio::test(flavor = "multi_thread")]
async fn away_while_there_is_nothing_to_do() {
    let (bench, proxy, running) = by_proxy().await;
    proxy.refuse();
    bench.ready_becomes(false).await;
    proxy.resume();
    bench.ready_becomes(true).await;
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_while_the_database_is_away() {
    let (bench, proxy, running) = by_proxy().await;
    proxy.refuse();
    bench.say_all(acts(Behave::Apply, 30)).await;
    bench.queue_is_empty().await;
    // it may say that it could not finish; it must end, and give back what it has
    let stopped = tokio::time::timeout(Duration::from_secs(9), running.stop()).await;
    drop(stopped.expect("it ends"));
    eventually("all are back", async || (bench.depth().await == 30).then_some(())).await;
    let running = bench.start(&[]).await;
    bench.effects_become(30).await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// The commit arrives and its answer does not: nobody can know, the inbox does.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_answer_to_the_commit_is_lost() {
    let (bench, proxy, running) = by_proxy().await;
    let mut replies = bench.stage.replies().await;
    for n in 1..=2 {
        proxy.latency(Duration::from_millis(200));
        let how = PublishAs::default().reply_to(replies.queue());
        let act = Act::new(Behave::Announce, format!("key-{n}"), n);
        bench.stage.publish(how, &act).await.unwrap();
        // the effect shows while the answer to its commit is still on the way
        let sql = "SELECT COUNT(*) FROM effect";
        let shows = async || (bench.stage.scalar::<i64>(sql).await == i64::from(n)).then_some(());
        eventually("the commit", shows).await;
        proxy.drop_to_client_once();
        proxy.latency(Duration::ZERO);
        let reply = replies.next(DEADLINE).await;
        assert_eq!((reply.code.as_str(), reply.version), ("APPLIED", Some(n.into())));
        bench.effects_are(n.into()).await;
    }
    bench.outbox_is_empty().await;
    no_attempt_was_spent(&bench).await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// Whichever answer is lost.
#[tokio::test(flavor = "multi_thread")]
async fn any_answer_is_lost() {
    let (bench, proxy, running) = by_proxy().await;
    let losing = async {
        for losses in 1..=20 {
            let some = i64::from(losses) * 40;
            eventually("progress", async || (bench.effects().await >= some).then_some(())).await;
            proxy.drop_to_client_once();
        }
    };
    tokio::join!(bench.say_all(acts(Behave::Announce, 1_000)), losing);
    bench.effects_become(1_000).await;
    bench.outbox_is_empty().await;
    no_attempt_was_spent(&bench).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// A lock that is held longer than a statement waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_row_is_waited_for() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let holder = bench.stage.database().begin().await.unwrap();
    let hold = "UPDATE counter SET n = n + 100 WHERE name = 'A'";
    holder.execute(hold, &NONE).await.unwrap();
    bench.say(&Act::new(Behave::CountAB, "key", 1)).await;
    let begun = async || (bench.watch.batches().len() >= 2).then_some(());
    eventually("the lane gave up waiting once", begun).await;
    assert_eq!(bench.effects().await, 0);
    holder.commit().await.unwrap();
    bench.effects_become(1).await;
    no_attempt_was_spent(&bench).await;
    let counters = "SELECT CAST(SUM(n) AS SIGNED) FROM counter";
    assert_eq!(bench.stage.scalar::<i64>(counters).await, 102);
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlocks_end_and_lose_nothing() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "6", "--batch-max", "4"]).await;
    let mut storm = acts(Behave::CountAB, 300);
    storm.iter_mut().filter(|act| act.n % 2 == 0).for_each(|act| act.behave = Behave::CountBA);
    bench.say_all(storm).await;
    bench.effects_become(300).await;
    no_attempt_was_spent(&bench).await;
    let counters = "SELECT CAST(SUM(n) AS SIGNED) FROM counter";
    assert_eq!(bench.stage.scalar::<i64>(counters).await, 600);
    running.stop().await.unwrap();
    bench.close().await;
}
