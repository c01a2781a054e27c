//! The same message many times: one effect, one answer.

use std::collections::BTreeMap;

use contracts::{MessageId, Reply, ReplyOutcome};
use futures_util::future::join_all;
use testkit::{DEADLINE, PublishAs};

use crate::bench::Bench;
use crate::probe::{Act, Behave, Gate};

const MESSAGES: u32 = 40;
const TIMES: u32 = 10;

/// Every message ten times, in an order without order (7,919 and 400 have no common factor).
fn shuffled() -> impl Iterator<Item = u32> {
    (0..MESSAGES * TIMES).map(|place| place * 7_919 % (MESSAGES * TIMES) % MESSAGES)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_shuffled_over_two_instances_has_one_effect_and_one_answer() {
    let bench = Bench::new().await;
    let options = |name| ["--concurrency", "3", "--batch-max", "32", "--instance", name];
    let first = bench.start(&options("first")).await;
    let second = bench.start(&options("second")).await;
    let mut replies = bench.stage.replies().await;
    let ids: Vec<MessageId> = (0..MESSAGES).map(|_| MessageId::generate()).collect();
    let sent = shuffled().map(|n| {
        let behave = if n % 4 == 0 { Behave::Reject } else { Behave::Apply };
        let how = PublishAs::default().id(ids[n as usize]).reply_to(replies.queue());
        let act = Act::new(behave, format!("key-{n}"), n);
        let stage = &bench.stage;
        async move { stage.publish(how, &act).await.unwrap() }
    });
    join_all(sent.collect::<Vec<_>>()).await;

    let mut answers: BTreeMap<MessageId, Vec<Reply>> = BTreeMap::new();
    for _ in 0..MESSAGES * TIMES {
        let reply = replies.next(DEADLINE).await;
        answers.entry(reply.message_id).or_default().push(reply);
    }
    assert_eq!(answers.len(), ids.len());
    for (n, id) in ids.iter().enumerate() {
        let heard = &answers[id];
        assert_eq!(heard.len(), TIMES as usize);
        assert!(heard.iter().all(|reply| *reply == heard[0]), "{heard:?}");
        let rejected = n % 4 == 0;
        let expected = if rejected { ReplyOutcome::Rejected } else { ReplyOutcome::Applied };
        assert_eq!(heard[0].outcome, expected);
        assert_eq!(heard[0].refusal.is_some(), rejected);
    }
    bench.effects_are(i64::from(MESSAGES) * 3 / 4).await;
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubles_in_one_batch_are_one_message() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "1"]).await;
    let mut replies = bench.stage.replies().await;
    bench.block("key").await;
    let how = PublishAs::default().id(MessageId::generate()).reply_to(replies.queue());
    for _ in 0..10 {
        bench.stage.publish(how.clone(), &Act::new(Behave::Apply, "key", 7)).await.unwrap();
    }
    // nobody reads Act 8 as Act 7 only because it has the same id
    bench.stage.publish(how.clone(), &Act::new(Behave::Apply, "key", 8)).await.unwrap();
    bench.queue_is_empty().await;
    bench.watch.set_gate(Gate::Open);
    for _ in 0..10 {
        let reply = replies.next(DEADLINE).await;
        assert_eq!((reply.code.as_str(), reply.version), ("APPLIED", Some(7)));
    }
    assert_eq!(replies.next(DEADLINE).await.code, "KEY_REUSED");
    bench.effects_are(2).await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// Whoever died between its commit and its write-through left an old copy in the cache.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_again_is_told_with_what_it_changed_the_first_time() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().id(MessageId::generate()).reply_to(replies.queue());
    let act = Act::new(Behave::Apply, "key", 7);
    bench.stage.publish(how.clone(), &act).await.unwrap();
    let first = replies.next(DEADLINE).await;
    bench.stage.publish(how, &act).await.unwrap();
    assert_eq!(bench.watch.doubled().await, [(first.aggregate.unwrap(), 7)]);
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_with_another_body_is_refused_and_changes_nothing() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().id(MessageId::generate()).reply_to(replies.queue());
    let (own, other) = (Act::new(Behave::Apply, "key", 1), Act::new(Behave::Apply, "key", 2));
    let mut codes = Vec::new();
    for act in [&own, &other, &own] {
        bench.stage.publish(how.clone(), act).await.unwrap();
        let reply = replies.next(DEADLINE).await;
        codes.push((reply.code, reply.version));
    }
    let expected = [("APPLIED", Some(1)), ("KEY_REUSED", None), ("APPLIED", Some(1))];
    assert_eq!(codes, expected.map(|(code, version)| (code.to_owned(), version)));
    bench.effects_are(1).await;
    // the same id of another sender is another message
    bench.stage.publish(how.user("partner-wms"), &other).await.unwrap();
    assert_eq!(replies.next(DEADLINE).await.version, Some(2));
    bench.effects_are(2).await;
    running.stop().await.unwrap();
    bench.close().await;
}
