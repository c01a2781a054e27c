//! The outbox: nothing that was committed stays unpublished, and no two publish the same row at once.

use std::collections::BTreeSet;

use contracts::{Actor, MessageId, Role, Timestamp, UserId};
use store::outbox::{OutboxRow, claim_left_behind, delete, insert};
use store::{Database, ErrorClass};
use testkit::Stage;

const WORKER: &str = "order-intake";

fn row() -> OutboxRow {
    OutboxRow {
        message_id: MessageId::generate(),
        exchange: "dray.events".to_owned(),
        routing_key: "order.accepted".to_owned(),
        message_type: "order.accepted.v1".to_owned(),
        seq: Some(u64::from(u32::MAX) + 1),
        correlation_id: Some("c-1".to_owned()),
        actor: Some(Actor {
            subject: "Zoë".to_owned(),
            role: Role::Shop,
            merchant: None,
            origin: Some("order-uci-1.tsv:7".to_owned()),
        }),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        body: "{\"text\":\"\u{1f69a} \\\"quoted\\\"\"}".to_owned(),
        created_at: Timestamp::now(),
    }
}

async fn written(database: &Database, worker: &str, rows: &[OutboxRow]) {
    let tx = database.begin().await.unwrap();
    insert(&tx, worker, rows).await.unwrap();
    tx.commit().await.unwrap();
}

/// As if the writer's five seconds, or a claimer's ten, were over.
async fn time_passes(stage: &Stage) {
    stage.run_sql("UPDATE outbox SET claimed_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND").await;
}

#[tokio::test]
async fn a_row_that_is_left_behind_is_claimed_as_it_was_written() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    let mut rows = vec![row(), row()];
    rows[1] =
        OutboxRow { seq: None, correlation_id: None, actor: None, traceparent: None, ..row() };
    written(&database, WORKER, &rows).await;
    assert!(claim_left_behind(&database, WORKER).await.unwrap().is_empty(), "its writer has 5 s");
    time_passes(&stage).await;
    assert!(
        claim_left_behind(&database, "waybill-status").await.unwrap().is_empty(),
        "own rows only"
    );
    assert_eq!(claim_left_behind(&database, WORKER).await.unwrap(), rows);
    assert!(claim_left_behind(&database, WORKER).await.unwrap().is_empty(), "claimed for 10 s");
    time_passes(&stage).await;
    assert_eq!(claim_left_behind(&database, WORKER).await.unwrap(), rows, "the claimer died, too");

    delete(&database, &[rows[1].message_id, MessageId::generate()]).await.unwrap();
    delete(&database, &[]).await.unwrap();
    time_passes(&stage).await;
    assert_eq!(claim_left_behind(&database, WORKER).await.unwrap(), rows[..1]);
    stage.close().await;
}

/// The worker's clock may be wrong, or years back in a replay: only the database's clock counts.
#[tokio::test]
async fn a_row_with_an_old_time_still_is_its_writers() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    let long_ago = chrono::DateTime::from_timestamp(1_291_192_000, 0).unwrap();
    let old = OutboxRow { created_at: long_ago.into(), ..row() };
    written(&database, WORKER, std::slice::from_ref(&old)).await;
    assert!(claim_left_behind(&database, WORKER).await.unwrap().is_empty());
    time_passes(&stage).await;
    assert_eq!(claim_left_behind(&database, WORKER).await.unwrap(), [old]);
    stage.close().await;
}

#[tokio::test]
async fn what_is_rolled_back_is_never_published() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    let tx = database.begin().await.unwrap();
    insert(&tx, WORKER, &[row()]).await.unwrap();
    insert(&tx, WORKER, &[]).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn two_claimers_never_get_the_same_row() {
    let stage = Stage::new(&[]).await;
    let rows: Vec<OutboxRow> = (0..2_200).map(|_| row()).collect();
    written(&stage.database(), WORKER, &rows).await;
    time_passes(&stage).await;
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let database = stage.database();
        claimers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                match claim_left_behind(&database, WORKER).await {
                    Ok(claimed) if claimed.is_empty() => return mine,
                    Ok(claimed) => {
                        assert!(claimed.len() <= 500);
                        mine.extend(claimed.into_iter().map(|row| row.message_id));
                    }
                    Err(error) => assert_eq!(error.class(), ErrorClass::Retry, "{error}"),
                }
            }
        });
    }
    let mut all = BTreeSet::new();
    for id in claimers.join_all().await.concat() {
        assert!(all.insert(id), "{id} was claimed twice");
    }
    // a claimer that skipped rows locked by another may have stopped early: those are another's
    assert_eq!(all.len(), rows.len());
    stage.close().await;
}

#[tokio::test]
async fn a_row_is_published_in_the_workers_name_for_its_actor() {
    let user = UserId::new("dray-order-intake").unwrap();
    let written = row();
    let envelope = written.envelope(WORKER, &user);
    assert_eq!(envelope.message_id, written.message_id);
    assert_eq!((&envelope.user_id, envelope.app_id.as_str()), (&user, WORKER));
    assert_eq!(envelope.actor, written.actor.unwrap());
    assert_eq!((envelope.seq, envelope.attempt, envelope.reply_to), (written.seq, 0, None));
    let itself = OutboxRow { actor: None, ..row() }.envelope(WORKER, &user);
    assert_eq!(itself.actor, Actor::itself(&user));
}
