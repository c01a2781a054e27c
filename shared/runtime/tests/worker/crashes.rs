//! A process that dies at the worst moment: one effect, one answer, every event told.

use std::collections::BTreeSet;

use contracts::Exchange;
use testkit::{DEADLINE, PublishAs, Tap, eventually};

use crate::bench::{Bench, acts, work_queue};
use crate::probe::{Act, Behave, Gate};

/// Every event once: distinct ids, distinct numbers.
async fn all_told(bench: &Bench, tap: &mut Tap, count: usize) {
    bench.outbox_is_empty().await;
    let told = tap.so_far(&bench.stage).await;
    let ids: BTreeSet<_> = told.iter().map(|event| event.envelope.message_id).collect();
    let numbers: BTreeSet<_> = told.iter().map(|event| event.envelope.seq).collect();
    assert_eq!((ids.len(), numbers.len()), (count, count), "an event may come twice, with one id");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_commit() {
    let mut bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    bench.watch.set_gate(Gate::Closed);
    let running = bench.start(&["--concurrency", "1"]).await;
    bench.say_all(acts(Behave::Announce, 20)).await;
    bench.watch.entered(1).await;
    running.kill().await;
    bench.bury().await;
    bench.effects_are(0).await;

    let running = bench.start(&["--concurrency", "1"]).await;
    bench.effects_become(20).await;
    all_told(&bench, &mut tap, 20).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// The database commits what the process, dead by then, neither acknowledges nor publishes.
#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_commit_before_anything_else() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let mut replies = bench.stage.replies().await;
    let running = bench.start(&["--concurrency", "1"]).await;
    bench.watch.set_gate(Gate::Closed);
    let how = PublishAs::default().reply_to(replies.queue());
    let first = bench.stage.publish(how, &Act::new(Behave::Announce, "key", 100)).await.unwrap();
    bench.watch.entered(1).await;
    running.kill().await;
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(1).await;
    assert!(tap.so_far(&bench.stage).await.is_empty(), "the dead publish nothing");
    let rows = "SELECT COUNT(*) FROM outbox";
    assert_eq!(bench.stage.scalar::<i64>(rows).await, 1);

    let running = bench.start(&["--concurrency", "1"]).await;
    let reply = replies.next(DEADLINE).await;
    assert_eq!((reply.message_id, reply.code.as_str()), (first, "APPLIED"));
    bench.say_all(acts(Behave::Announce, 10)).await;
    bench.effects_become(11).await;
    all_told(&bench, &mut tap, 11).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// What comes again is taken alone: a message that kills every process reaches the delivery limit without
/// company.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_again_takes_no_neighbours_along() {
    let mut bench = Bench::new().await;
    bench.say_all(acts(Behave::Apply, 30)).await;
    for left_in_the_queue in [0, 29, 29, 29] {
        bench.watch.set_gate(Gate::Closed);
        let running = bench.start(&["--concurrency", "4"]).await;
        bench.watch.entered(1).await;
        let others = async || (bench.depth().await == left_in_the_queue).then_some(());
        eventually("only the first process takes them all", others).await;
        running.kill().await;
        bench.bury().await;
        eventually("all are back", async || (bench.depth().await == 30).then_some(())).await;
    }
    let messages = bench.stage.messages(&work_queue()).await;
    let deliveries: u32 = messages.iter().map(|message| message.delivery_count).sum();
    assert_eq!(deliveries, 30 + 3, "one delivery for each death but the first");
    bench.close().await;
}

/// After a crash the prefetch is whole again once what came again was survived.
#[tokio::test(flavor = "multi_thread")]
async fn who_survives_takes_everything_again() {
    let mut bench = Bench::new().await;
    bench.say_all(acts(Behave::Apply, 40)).await;
    bench.watch.set_gate(Gate::Closed);
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "64", "--prefetch", "256"]).await;
    bench.watch.entered(1).await;
    bench.queue_is_empty().await;
    running.kill().await;
    bench.bury().await;

    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "64", "--prefetch", "256"]).await;
    bench.effects_become(40).await;
    assert_eq!(bench.watch.batches()[0], 1, "the first one alone");
    bench.block("key-1").await;
    bench.say_all(acts(Behave::Apply, 100)).await;
    bench.queue_is_empty().await;
    bench.watch.set_gate(Gate::Open);
    bench.effects_become(141).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_in_full_flow() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let sending = bench.say_all(acts(Behave::Announce, 2_000));
    let dying = async {
        for lives in 1..=5 {
            let running = bench.start(&["--concurrency", "3", "--batch-max", "40"]).await;
            let some = i64::from(lives) * 200;
            let what = format!("{some} effects");
            eventually(&what, async || (bench.effects().await >= some).then_some(())).await;
            running.kill().await;
        }
        bench.start(&["--concurrency", "3", "--batch-max", "40"]).await
    };
    let (_, running) = tokio::join!(sending, dying);
    bench.effects_become(2_000).await;
    all_told(&bench, &mut tap, 2_000).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}
