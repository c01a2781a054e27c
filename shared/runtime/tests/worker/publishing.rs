//! Answers and events: what goes out, and what happens when it cannot.

use broker::Link;
use contracts::{Exchange, ReplyOutcome};
use queue_topology::{Argument, Topology, WorkQueue, WorkerKind};
use testkit::{DEADLINE, PublishAs, eventually};

use crate::bench::{Bench, acts};
use crate::probe::{Act, Acted, Behave, KIND};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_answered_with_its_outcome() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue()).correlation_id("operation 7");
    let id = bench.stage.publish(how.clone(), &Act::new(Behave::Apply, "W-1", 3)).await.unwrap();
    let (envelope, reply) = replies.next_as::<contracts::Reply>(DEADLINE).await;
    assert_eq!(envelope.correlation_id.as_deref(), Some("operation 7"));
    assert_eq!(envelope.app_id, KIND.name());
    assert_eq!((reply.message_id, reply.outcome), (id, ReplyOutcome::Applied));
    assert_eq!((reply.aggregate.as_deref(), reply.version), (Some("W-1"), Some(3)));

    bench.stage.publish(how, &Act::new(Behave::Reject, "W-1", 4)).await.unwrap();
    let reply = replies.next(DEADLINE).await;
    assert_eq!((reply.outcome, reply.code.as_str()), (ReplyOutcome::Rejected, "TOLD_TO"));
    let refusal = reply.refusal.expect("a rejection says why");
    assert_eq!((refusal.code.as_str(), reply.version), ("TOLD_TO", None));
    assert!(refusal.detail.contains("message 4"), "{}", refusal.detail);
    running.stop().await.unwrap();
    bench.close().await;
}

/// An answer nobody waits for any more is nobody's trouble.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_nobody_stops_nothing() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let how = PublishAs::default().reply_to("dray.reply.gone");
    bench.stage.publish(how, &Act::new(Behave::Announce, "key", 1)).await.unwrap();
    bench.effects_become(1).await;
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_carries_where_it_came_from() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let running = bench.start(&[]).await;
    let id = bench.say(&Act::new(Behave::Announce, "key", 9)).await;
    let (envelope, event) = tap.next_of::<Acted>().await;
    assert_eq!((event.n, envelope.seq), (9, Some(9)));
    assert_eq!(envelope.correlation_id, Some(id.to_string()));
    assert_eq!(envelope.app_id, KIND.name());
    running.stop().await.unwrap();
    bench.close().await;
}

/// A queue of another worker that takes only so many.
async fn full_target(bench: &Bench, limit: i64) -> String {
    let mut topology = Topology::of(&[WorkerKind::WaybillStatus]);
    let name = WorkerKind::WaybillStatus.queue(WorkQueue::Events);
    let queue = topology.queues.iter_mut().find(|queue| queue.name == name).unwrap();
    queue.arguments.insert("x-max-length", Argument::Number(limit));
    let connection = Link::new(&bench.stage.amqp_url(), "test").connect("declare").await.unwrap();
    broker::declare(&connection, &topology).await.unwrap();
    connection.close().await;
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_target_keeps_events_and_stops_nobody() {
    let bench = Bench::with(&[KIND]).await;
    let target = full_target(&bench, 20).await;
    let running = bench.start(&["--concurrency", "2", "--batch-max", "16"]).await;
    bench.say_all(acts(Behave::Announce, 200)).await;
    bench.effects_become(200).await;
    // it overshoots a little
    eventually("a full target", async || (bench.stage.depth(&target).await >= 20).then_some(()))
        .await;
    let rows = bench.stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await;
    assert!(rows > 0, "what found no room is kept");
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue());
    bench.stage.publish(how, &Act::new(Behave::Apply, "key", 1)).await.unwrap();
    assert_eq!(replies.next(DEADLINE).await.code, "APPLIED", "it goes on consuming");

    let mut told = std::collections::BTreeSet::new();
    while told.len() < 200 {
        let events = bench.stage.wait_for_messages(&target, 1).await;
        told.extend(events.iter().map(|event| event.envelope.message_id));
    }
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// A process that ends while its events found no room: another one tells them.
#[tokio::test(flavor = "multi_thread")]
async fn what_found_no_room_survives_its_process() {
    let bench = Bench::with(&[KIND]).await;
    let target = full_target(&bench, 1).await;
    let running = bench.start(&[]).await;
    // all at once might find a queue that does not yet know that it is full
    let mut first = acts(Behave::Announce, 50);
    let then = first.split_off(10);
    bench.say_all(first).await;
    bench.effects_become(10).await;
    eventually("a full target", async || (bench.stage.depth(&target).await >= 1).then_some(()))
        .await;
    bench.say_all(then).await;
    bench.effects_become(50).await;
    running.kill().await;
    let told = bench.stage.messages(&target).await.len();
    assert!(told < 50);
    let running = bench.start(&[]).await;
    let mut rest = told;
    while rest < 50 {
        rest += bench.stage.wait_for_messages(&target, 1).await.len();
    }
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// No queue takes events of this key here: that is a mistake of whoever runs it, and mends itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_unroutable_event_waits_for_its_queue() {
    let bench = Bench::with(&[KIND]).await;
    let running = bench.start(&[]).await;
    bench.say(&Act::new(Behave::Announce, "key", 1)).await;
    bench.effects_become(1).await;
    let rows = "SELECT COUNT(*) FROM outbox";
    assert_eq!(bench.stage.scalar::<i64>(rows).await, 1);
    let target = full_target(&bench, 10).await;
    let told = bench.stage.wait_for_messages(&target, 1).await;
    assert_eq!(told[0].routing_key, "order.accepted");
    bench.outbox_is_empty().await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// A row that the broker answers by closing the channel (its exchange is gone, or a right is missing) takes
/// no other with it for long.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_breaks_the_channel_stops_no_other() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    bench
        .stage
        .run_sql(
            "INSERT INTO outbox (message_id, worker, exchange, routing_key, message_type, body, created_at) \
             VALUES (UNHEX(REPEAT('00', 16)), 'order-intake', 'dray.gone', 'a', 'a.b.v1', '{}', '2026-01-01')",
        )
        .await;
    let running = bench.start(&[]).await;
    for part in acts(Behave::Announce, 200).chunks(20) {
        bench.say_all(part.to_vec()).await;
    }
    bench.effects_become(200).await;
    let rows = "SELECT COUNT(*) FROM outbox";
    let alone = async || (bench.stage.scalar::<i64>(rows).await == 1).then_some(());
    eventually("only that row is left", alone).await;
    let told = tap.so_far(&bench.stage).await;
    let ids: std::collections::BTreeSet<_> =
        told.iter().map(|event| event.envelope.message_id).collect();
    assert_eq!(ids.len(), 200);
    running.stop().await.unwrap();
    bench.close().await;
}
