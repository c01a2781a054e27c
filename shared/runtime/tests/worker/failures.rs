//! A failure belongs to the message that made it: its neighbours have their effect.

use broker::{FailureNote, Outgoing};
use contracts::{Contract, Envelope, Exchange, MessageId, Timestamp, TraceContext};
use testkit::{DEADLINE, PublishAs};

use crate::bench::{Bench, acts, work_queue};
use crate::probe::{Act, Behave, Gate, KIND};

/// Sends 255 good messages with the culprit in their middle, all in one batch.
async fn among_neighbours(bench: &Bench, culprit: Behave) -> MessageId {
    bench.block("key-0").await;
    let mut messages = acts(Behave::Apply, 255);
    messages.insert(128, Act::new(culprit, "key-1", 999));
    let ids = bench.say_all(messages).await;
    bench.queue_is_empty().await;
    bench.watch.set_gate(Gate::Open);
    ids[128]
}

/// The process lives on and answers.
async fn answers(bench: &Bench) {
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue());
    bench.stage.publish(how, &Act::new(Behave::Apply, "key-1", 1)).await.unwrap();
    assert_eq!(replies.next(DEADLINE).await.code, "APPLIED");
}

async fn goes_alone_to_the_dead_letters(culprit: Behave, reason: &str) {
    let bench = Bench::new().await;
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "256", "--prefetch", "1024"]).await;
    let id = among_neighbours(&bench, culprit).await;
    bench.effects_become(256).await;
    let letters = bench.stage.wait_for_messages(&KIND.dead_letter_queue(), 1).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].envelope.message_id, id);
    assert_eq!(letters[0].note.reason.as_deref(), Some(reason));
    assert_eq!(letters[0].note.origin.as_deref(), Some(work_queue().as_str()));
    assert_eq!(letters[0].envelope.attempt, 1);
    answers(&bench).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_panics_goes_alone() {
    goes_alone_to_the_dead_letters(Behave::Panic, "PANIC").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_panics_before_it_has_a_lane_goes_alone() {
    goes_alone_to_the_dead_letters(Behave::PanicLane, "PANIC").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_failed_for_good_goes_alone() {
    goes_alone_to_the_dead_letters(Behave::Permanent, "FAILED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_the_whole_batch_fail_is_found() {
    goes_alone_to_the_dead_letters(Behave::Unattributed, "FAILED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_forgotten_is_not_lost() {
    goes_alone_to_the_dead_letters(Behave::Forgotten, "FAILED").await;
}

/// A statement error may pass: the culprit climbs the ladder, and keeps its first failure's time.
async fn climbs_the_ladder(culprit: Behave) {
    let bench = Bench::new().await;
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "256", "--prefetch", "1024"]).await;
    let id = among_neighbours(&bench, culprit).await;
    bench.effects_become(256).await;
    // twice a second, then ten of them
    let waiting = bench.stage.wait_for_messages("order-intake.retry.10s", 1).await;
    let letter = &waiting[0];
    assert_eq!((letter.envelope.message_id, letter.envelope.attempt), (id, 3));
    assert!(letter.note.first_failure < letter.note.last_failure, "{:?}", letter.note);
    answers(&bench).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_statement_fails_climbs_the_ladder() {
    climbs_the_ladder(Behave::BadStatement).await;
}

/// A duplicate key is a lost race only once or twice.
#[tokio::test(flavor = "multi_thread")]
async fn whose_key_is_always_taken_climbs_the_ladder() {
    climbs_the_ladder(Behave::DuplicateKey).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_try_has_the_only_effect_and_the_same_identity() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().user("partner-wms").reply_to(replies.queue());
    let how = how.correlation_id("the cause");
    let act = Act::new(Behave::TransientOnce, "key", 1);
    let id = bench.stage.publish(how.clone(), &act).await.unwrap();
    let (envelope, reply) = replies.next_as::<contracts::Reply>(DEADLINE).await;
    assert_eq!((reply.message_id, reply.code.as_str()), (id, "APPLIED"));
    assert_eq!(envelope.correlation_id.as_deref(), Some("the cause"));
    let rows = bench.stage.rows("SELECT sender, message_id, attempt FROM effect").await;
    let expected = serde_json::json!(
        [{"sender": "partner-wms", "message_id": id.to_string(), "attempt": 1}]
    );
    assert_eq!(serde_json::Value::from(rows), expected);
    // the inbox knows it by who sent it first, not by who sent it on
    bench.stage.publish(how.id(id), &act).await.unwrap();
    assert_eq!(replies.next(DEADLINE).await, reply);
    bench.effects_are(1).await;
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_failed_often_enough_is_dead() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let act = Act::new(Behave::Transient, "key", 1);
    // the worker's own copy after its eighth failure
    let envelope = Envelope {
        message_id: MessageId::generate(),
        message_type: Act::TYPE.to_owned(),
        timestamp: Timestamp::now(),
        app_id: KIND.name().to_owned(),
        user_id: contracts::UserId::new("dray-admin").unwrap(),
        actor: contracts::Actor::itself(&contracts::UserId::new("dray-admin").unwrap()),
        correlation_id: None,
        reply_to: None,
        trace: TraceContext::default(),
        attempt: 8,
        seq: None,
    };
    let first_failure = Some("2026-01-01T00:00:00Z".to_owned());
    let copy = Outgoing {
        exchange: Exchange::Commands.name().to_owned(),
        routing_key: act.routing_key(),
        mandatory: true,
        envelope,
        note: FailureNote { first_failure: first_failure.clone(), ..FailureNote::default() },
        body: serde_json::to_vec(&act).unwrap(),
        expiration_ms: None,
    };
    bench.stage.publish_outgoing(&copy).await.unwrap();
    let letters = bench.stage.wait_for_messages(&KIND.dead_letter_queue(), 1).await;
    assert_eq!(letters[0].envelope.attempt, 9);
    assert_eq!(letters[0].note.first_failure, first_failure);
    assert_ne!(letters[0].note.last_failure, first_failure);
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// What happens after the commit cannot be undone by a panic, nor end the lane.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_after_the_commit_ends_no_lane() {
    let bench = Bench::new().await;
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "256", "--prefetch", "1024"]).await;
    bench.say(&Act::new(Behave::PanicCommitted, "key-1", 1)).await;
    bench.effects_become(1).await;
    answers(&bench).await;
    bench.effects_are(2).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Messages that were delivered often run alone and still in their order.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_have_killed_the_process_runs_alone() {
    let bench = Bench::new().await;
    for act in (1..=12).map(|n| Act::new(Behave::Apply, "key", n)) {
        bench.say(&act).await;
    }
    for _ in 1..=3 {
        bench.take_and_give_back(12).await;
    }
    let running =
        bench.start(&["--concurrency", "1", "--batch-max", "256", "--prefetch", "1024"]).await;
    bench.effects_become(12).await;
    let rows = bench.stage.rows("SELECT n FROM effect ORDER BY id").await;
    let order: Vec<u64> = rows.iter().map(|row| row["n"].as_u64().unwrap()).collect();
    assert_eq!(order, (1..=12).collect::<Vec<_>>());
    let batches = bench.watch.batches();
    assert!(batches.iter().all(|size| *size == 1), "{batches:?}");
    running.stop().await.unwrap();
    bench.close().await;
}
