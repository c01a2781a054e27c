//! Transactions that end in every way.

use store::{Database, ErrorClass, NONE};
use testkit::{Proxy, Stage};

const ADD: &str =
    "INSERT INTO lease (name, owner, fence, held_until) VALUES ('a', 'b', 1, '2030-01-01')";

async fn rows(stage: &Stage) -> i64 {
    stage.scalar("SELECT COUNT(*) FROM lease").await
}

#[tokio::test]
async fn a_commit_keeps_and_a_rollback_gives_up() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    assert_eq!(rows(&stage).await, 0, "not before the commit");
    tx.rollback().await.unwrap();
    assert_eq!(rows(&stage).await, 0);
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows(&stage).await, 1);
    stage.close().await;
}

/// One connection: the next transaction gets the very one that the dropped transaction had.
#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_before_its_connection_is_used_again() {
    let stage = Stage::new(&[]).await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    drop(tx);
    let tx = database.begin().await.unwrap();
    tx.execute("UPDATE lease SET fence = 2", &NONE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rows(&stage).await, 0, "the commit of the second did not keep the first");
    stage.close().await;
}

/// Stopped wherever BEGIN is on its way: what is written next on that connection counts at once.
#[tokio::test]
async fn a_begin_that_nobody_waits_for_leaves_no_open_transaction() {
    let stage = Stage::new(&[]).await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    let add =
        "INSERT INTO lease (name, owner, fence, held_until) VALUES (UUID(), 'b', 1, '2030-01-01')";
    for stopped in 0_u16..60 {
        let patience = std::time::Duration::from_micros(u64::from(stopped) * 20);
        let begun = tokio::time::timeout(patience, database.begin()).await;
        drop(begun);
        database.execute(add, &NONE).await.unwrap();
        assert_eq!(rows(&stage).await, i64::from(stopped) + 1, "stopped after {patience:?}");
    }
    stage.close().await;
}

/// A failed statement leaves the transaction open: nothing of it counts until somebody commits.
#[tokio::test]
async fn a_failed_statement_does_not_end_the_transaction() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    let error = tx.execute(ADD, &NONE).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Retry);
    tx.rollback().await.unwrap();
    assert_eq!(rows(&stage).await, 0);
    stage.close().await;
}

/// The answer to COMMIT is lost: it was carried out, and nobody was told.
#[tokio::test]
async fn a_commit_without_an_answer_is_the_lanes_and_may_have_happened() {
    let stage = Stage::new(&[]).await;
    let proxy = Proxy::in_front_of(&stage.database_tcp_url()).await;
    let database = Database::connect(&proxy.url(&stage.database_tcp_url()), 1).await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    proxy.drop_to_client_once();
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Lane, "{error}");
    assert_eq!(rows(&stage).await, 1);
    // the pool does not hand out the broken connection
    let tx = database.begin().await.unwrap();
    tx.rollback().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn a_cut_line_in_a_transaction_undoes_it() {
    let stage = Stage::new(&[]).await;
    let proxy = Proxy::in_front_of(&stage.database_tcp_url()).await;
    let database = Database::connect(&proxy.url(&stage.database_tcp_url()), 1).await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute(ADD, &NONE).await.unwrap();
    proxy.cut();
    let error = tx.execute("UPDATE lease SET fence = 2", &NONE).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Lane, "{error}");
    drop(tx);
    let again = async || database.begin().await.ok();
    let tx = testkit::eventually("a new connection", again).await;
    tx.rollback().await.unwrap();
    assert_eq!(rows(&stage).await, 0);
    stage.close().await;
}
