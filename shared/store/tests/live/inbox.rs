//! The inbox: one effect a message.

use contracts::{
    Envelope, FieldError, ItemReply, MessageId, Refusal, Reply, ReplyOutcome, Timestamp,
};
use store::inbox::{Settled, forget, record, seen};
use store::{ErrorClass, hash};
use testkit::Stage;

use crate::envelope;

const CONSUMER: &str = "order-intake";

fn settled(id: MessageId, outcome: ReplyOutcome) -> Settled {
    let reply = Reply {
        message_id: id,
        outcome,
        code: "APPLIED".to_owned(),
        refusal: None,
        items: Vec::new(),
        aggregate: Some("uci/536365".to_owned()),
        version: Some(7),
    };
    Settled { reply, body_hash: hash(b"{}") }
}

async fn recorded(stage: &Stage, consumer: &str, envelope: &Envelope, settled: &Settled) {
    let tx = stage.database().begin().await.unwrap();
    record(&tx, consumer, &[(envelope, settled)], Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_settled_is_seen_with_its_answer() {
    let stage = Stage::new(&[]).await;
    let outcomes = [
        ReplyOutcome::Applied,
        ReplyOutcome::Duplicate,
        ReplyOutcome::Rejected,
        ReplyOutcome::Accepted,
    ];
    let mut all: Vec<(Envelope, Settled)> = Vec::new();
    for outcome in outcomes {
        let id = MessageId::generate();
        all.push((envelope("dray-hotfolder-ingest", id), settled(id, outcome)));
    }
    all[2].1.reply.refusal = Some(Refusal {
        code: "INVALID_ORDER".to_owned(),
        detail: "Müller's \"order\"".to_owned(),
        errors: vec![FieldError {
            line_no: Some(1),
            field: Some("district".to_owned()),
            code: "UNKNOWN_DISTRICT".to_owned(),
            message: "\u{1f69a}".to_owned(),
        }],
    });
    all[2].1.reply.items = vec![ItemReply {
        item: 3,
        code: "NOT_ALLOWED".to_owned(),
        detail: Some("Müller may not".to_owned()),
    }];
    (all[3].1.reply.aggregate, all[3].1.reply.version) = (None, None);
    let tx = stage.database().begin().await.unwrap();
    // in any order: the store sorts by key
    let rows: Vec<(&Envelope, &Settled)> = all.iter().rev().map(|(e, s)| (e, s)).collect();
    record(&tx, CONSUMER, &rows, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();

    let stranger = envelope("dray-hotfolder-ingest", MessageId::generate());
    let mut asked: Vec<&Envelope> = all.iter().map(|(envelope, _)| envelope).collect();
    asked.push(&stranger);
    let tx = stage.database().begin().await.unwrap();
    let mut answer = seen(&tx, CONSUMER, &asked).await.unwrap();
    answer.sort_by_key(|((_, id), _)| *id);
    let expected: Vec<_> =
        all.iter().map(|(e, s)| ((e.user_id.to_string(), e.message_id), s.clone())).collect();
    assert_eq!(answer, expected);
    assert!(seen(&tx, CONSUMER, &[]).await.unwrap().is_empty());
    tx.rollback().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn the_same_id_of_another_sender_or_for_another_consumer_is_another_message() {
    let stage = Stage::new(&[]).await;
    let id = MessageId::generate();
    let mine = envelope("dray-hotfolder-ingest", id);
    recorded(&stage, CONSUMER, &mine, &settled(id, ReplyOutcome::Applied)).await;
    let others = envelope("dray-hotfolder-INGEST", id);
    let tx = stage.database().begin().await.unwrap();
    assert!(seen(&tx, CONSUMER, &[&others]).await.unwrap().is_empty(), "case matters");
    assert!(seen(&tx, "waybill-status", &[&mine]).await.unwrap().is_empty());
    record(&tx, CONSUMER, &[(&others, &settled(id, ReplyOutcome::Applied))], Timestamp::now())
        .await
        .unwrap();
    record(
        &tx,
        "waybill-status",
        &[(&mine, &settled(id, ReplyOutcome::Applied))],
        Timestamp::now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await, 3);
    stage.close().await;
}

#[tokio::test]
async fn another_body_under_the_same_id_shows() {
    let stage = Stage::new(&[]).await;
    let id = MessageId::generate();
    let sent = envelope("dray-hotfolder-ingest", id);
    recorded(&stage, CONSUMER, &sent, &settled(id, ReplyOutcome::Applied)).await;
    let tx = stage.database().begin().await.unwrap();
    let answer = seen(&tx, CONSUMER, &[&sent]).await.unwrap();
    assert_eq!(answer[0].1.body_hash, hash(b"{}"));
    assert_ne!(answer[0].1.body_hash, hash(b"{ }"));
    tx.rollback().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn an_outcome_is_kept_with_whom_it_is_for_where_that_can_be_an_account() {
    let stage = Stage::new(&[]).await;
    let long = "s".repeat(65);
    for subject in ["mia", "", "Müller", long.as_str()] {
        let mut sent = envelope("dray-portal-shim", MessageId::generate());
        sent.actor.subject = subject.to_owned();
        let done = settled(sent.message_id, ReplyOutcome::Rejected);
        recorded(&stage, CONSUMER, &sent, &done).await;
    }
    let count = async |which: &str| {
        stage.scalar::<i64>(&format!("SELECT COUNT(*) FROM inbox WHERE actor {which}")).await
    };
    assert_eq!((count("= 'mia'").await, count("IS NULL").await), (1, 3));
    stage.close().await;
}

/// Two processes hold the same message. The second waits for the first, loses, and finds the answer.
#[tokio::test]
async fn of_two_that_settle_the_same_message_one_has_to_start_over() {
    let stage = Stage::new(&[]).await;
    let id = MessageId::generate();
    let (sent, done) = (envelope("dray-hotfolder-ingest", id), settled(id, ReplyOutcome::Applied));
    let (first, second) =
        (stage.database().begin().await.unwrap(), stage.database().begin().await.unwrap());
    for tx in [&first, &second] {
        assert!(seen(tx, CONSUMER, &[&sent]).await.unwrap().is_empty(), "both believe it is new");
    }
    let rows = [(&sent, &done)];
    record(&first, CONSUMER, &rows, Timestamp::now()).await.unwrap();
    let (lost, won) =
        tokio::join!(record(&second, CONSUMER, &rows, Timestamp::now()), first.commit());
    won.unwrap();
    let error = lost.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Retry, Some(1062)));
    second.rollback().await.unwrap();
    let again = stage.database().begin().await.unwrap();
    assert_eq!(seen(&again, CONSUMER, &[&sent]).await.unwrap()[0].1, done);
    again.rollback().await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await, 1);
    stage.close().await;
}

/// The first gives up instead: the second has the effect.
#[tokio::test]
async fn if_the_first_gives_up_the_second_has_the_effect() {
    let stage = Stage::new(&[]).await;
    let id = MessageId::generate();
    let (sent, done) = (envelope("dray-hotfolder-ingest", id), settled(id, ReplyOutcome::Applied));
    let (first, second) =
        (stage.database().begin().await.unwrap(), stage.database().begin().await.unwrap());
    let rows = [(&sent, &done)];
    record(&first, CONSUMER, &rows, Timestamp::now()).await.unwrap();
    let (kept, gone) =
        tokio::join!(record(&second, CONSUMER, &rows, Timestamp::now()), first.rollback());
    gone.unwrap();
    kept.unwrap();
    second.commit().await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn old_rows_are_forgotten_in_chunks() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    stage
        .run_sql(
            "INSERT INTO inbox (consumer, sender, message_id, body_hash, outcome, code, settled_at) \
             SELECT 'order-intake', 's', UNHEX(LPAD(HEX(seq), 32, '0')), REPEAT('h', 32), 'applied', 'OK', \
               UTC_TIMESTAMP(6) - INTERVAL IF(seq <= 6000, 169, 167) HOUR \
             FROM (WITH RECURSIVE n AS (SELECT 0 i UNION ALL SELECT i + 1 FROM n WHERE i < 99) \
                   SELECT a.i * 100 + b.i + 1 seq FROM n a, n b) numbers WHERE seq <= 6010",
        )
        .await;
    assert_eq!(forget(&database, 7).await.unwrap(), 5_000);
    assert_eq!(forget(&database, 7).await.unwrap(), 1_000);
    assert_eq!(forget(&database, 7).await.unwrap(), 0);
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await, 10);
    stage.close().await;
}
