//! Whose fault an error is, each really provoked.

use sea_orm::{ConnectionTrait, FromQueryResult};
use store::{Database, ErrorClass, NONE, StoreError};
use testkit::{Proxy, Stage};

/// A table with the rows 1 and 2.
async fn stage() -> Stage {
    let stage = Stage::new(&[]).await;
    stage.run_sql("CREATE TABLE n (id INT PRIMARY KEY, n INT NOT NULL, t VARCHAR(4) NULL)").await;
    stage.run_sql("INSERT INTO n VALUES (1, 0, NULL), (2, 0, NULL)").await;
    stage
}

async fn class_of(database: &Database, sql: &'static str) -> (ErrorClass, Option<u16>) {
    let error = database.execute(sql, &NONE).await.unwrap_err();
    (error.class(), error.number())
}

const LOCK_1: &str = "UPDATE n SET n = n + 1 WHERE id = 1";
const LOCK_2: &str = "UPDATE n SET n = n + 1 WHERE id = 2";

#[tokio::test]
async fn a_duplicate_key_is_a_lost_race() {
    let stage = stage().await;
    let verdict = class_of(&stage.database(), "INSERT INTO n VALUES (1, 0, NULL)").await;
    assert_eq!(verdict, (ErrorClass::Retry, Some(1062)));
    stage.close().await;
}

#[tokio::test]
async fn waiting_for_a_lock_ends_after_three_seconds() {
    let stage = stage().await;
    let (first, second) =
        (stage.database().begin().await.unwrap(), stage.database().begin().await.unwrap());
    first.execute(LOCK_1, &NONE).await.unwrap();
    let begun = tokio::time::Instant::now();
    let error = second.execute(LOCK_1, &NONE).await.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Retry, Some(1205)));
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    // the transaction is still open, with what it had done
    second.execute(LOCK_2, &NONE).await.unwrap();
    second.rollback().await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(stage.scalar::<i32>("SELECT n FROM n WHERE id = 2").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn of_two_that_wait_for_each_other_one_is_told() {
    let stage = stage().await;
    let (first, second) =
        (stage.database().begin().await.unwrap(), stage.database().begin().await.unwrap());
    first.execute(LOCK_1, &NONE).await.unwrap();
    second.execute(LOCK_2, &NONE).await.unwrap();
    let (one, other) = tokio::join!(first.execute(LOCK_2, &NONE), second.execute(LOCK_1, &NONE));
    let errors: Vec<StoreError> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].class(), errors[0].number()), (ErrorClass::Retry, Some(1213)));
    stage.close().await;
}

#[tokio::test]
async fn a_statement_or_its_rows_are_to_blame() {
    let stage = stage().await;
    let database = stage.database();
    let table = [
        ("SELEC 1", 1064),
        ("UPDATE nowhere SET n = 1", 1146),
        ("UPDATE n SET m = 1", 1054),
        ("INSERT INTO n VALUES (3, NULL, NULL)", 1048),
        ("INSERT INTO n VALUES (3, 0, 'abcde')", 1406),
        ("INSERT INTO n VALUES (3, 99999999999, NULL)", 1264),
        ("INSERT INTO n VALUES (3, 'many', NULL)", 1366),
    ];
    for (sql, number) in table {
        assert_eq!(class_of(&database, sql).await, (ErrorClass::Statement, Some(number)), "{sql}");
    }
    assert_eq!(
        stage.scalar::<i64>("SELECT COUNT(*) FROM n").await,
        2,
        "nothing was cut or rounded in"
    );
    stage.close().await;
}

#[tokio::test]
async fn a_row_that_does_not_read_is_the_statements_fault() {
    let stage = stage().await;
    #[derive(Debug, FromQueryResult)]
    struct Wrong {
        #[allow(dead_code, reason = "only its type is wanted")]
        t: u32,
    }
    let read: Result<Vec<Wrong>, _> = stage.database().select("SELECT t FROM n", &NONE).await;
    let error = read.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Statement, None), "{error}");
    let read: Result<Vec<Wrong>, _> = stage.database().select("SELECT 'x' t", &NONE).await;
    assert_eq!(read.unwrap_err().class(), ErrorClass::Statement);
    let read: Result<Vec<Wrong>, _> = stage.database().select("SELECT 1 other", &NONE).await;
    assert_eq!(read.unwrap_err().class(), ErrorClass::Statement);
    stage.close().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_the_lanes() {
    let stage = stage().await;
    // port 1 of loopback: nobody listens
    let nowhere = Database::connect("mysql://ann:secret@127.0.0.1:1/x", 1).await.unwrap();
    assert_eq!(class_of(&nowhere, LOCK_1).await.0, ErrorClass::Lane);
    assert!(nowhere.begin().await.is_err_and(|error| error.class() == ErrorClass::Lane));

    let url = stage.database_tcp_url();
    let (before, after) = url.rsplit_once('@').unwrap();
    let (user, _password) = before.rsplit_once(':').unwrap();
    let denied = Database::connect(&format!("{user}:wrong@{after}"), 1).await.unwrap();
    let error = denied.execute(LOCK_1, &NONE).await.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Lane, Some(1045)));

    let (server, _schema) = url.rsplit_once('/').unwrap();
    let missing = Database::connect(&format!("{server}/dray_test_nowhere"), 1).await.unwrap();
    let error = missing.execute(LOCK_1, &NONE).await.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Lane, Some(1049)));
    stage.close().await;
}

#[tokio::test]
async fn a_read_only_database_is_the_lanes() {
    let stage = stage().await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    database.connection().execute_unprepared("SET SESSION TRANSACTION READ ONLY").await.unwrap();
    assert_eq!(class_of(&database, LOCK_1).await, (ErrorClass::Lane, Some(1792)));
    stage.close().await;
}

#[tokio::test]
async fn an_exhausted_pool_is_the_lanes() {
    let stage = stage().await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    let holder = database.begin().await.unwrap();
    let error = database.begin().await.unwrap_err();
    assert_eq!((error.class(), error.number()), (ErrorClass::Lane, None), "{error}");
    holder.rollback().await.unwrap();
    database.begin().await.unwrap().rollback().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn a_killed_connection_or_query_is_the_lanes() {
    let stage = stage().await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    #[derive(FromQueryResult)]
    struct Id {
        id: i64,
    }
    let connection = async || {
        let rows: Vec<Id> =
            database.select("SELECT CAST(CONNECTION_ID() AS SIGNED) id", &NONE).await.unwrap();
        rows[0].id
    };
    let id = connection().await;
    let tx = database.begin().await.unwrap();
    stage.run_sql(&format!("KILL {id}")).await;
    // the server ends a connection when it gets to it
    let ended = async || tx.execute(LOCK_1, &NONE).await.err();
    let error = testkit::eventually("the connection is ended", ended).await;
    assert_eq!(error.class(), ErrorClass::Lane, "{error}");
    drop(tx);
    assert_ne!(connection().await, id, "a new one, at once");

    let id = connection().await;
    let holder = stage.database().begin().await.unwrap();
    holder.execute(LOCK_1, &NONE).await.unwrap();
    let (waiting, killed) = tokio::join!(
        database.execute(LOCK_1, &NONE),
        testkit::eventually("the query runs and is killed", async || {
            let running = format!(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE id = {id} AND info LIKE 'UPDATE%'"
            );
            if stage.scalar::<i64>(&running).await == 0 {
                return None;
            }
            stage.run_sql(&format!("KILL QUERY {id}")).await;
            Some(())
        })
    );
    let error = waiting.unwrap_err();
    assert_eq!((error.class(), error.number(), killed), (ErrorClass::Lane, Some(1317), ()));
    holder.rollback().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn a_slow_line_is_no_error() {
    let stage = stage().await;
    let proxy = Proxy::in_front_of(&stage.database_tcp_url()).await;
    let database = Database::connect(&proxy.url(&stage.database_tcp_url()), 1).await.unwrap();
    proxy.latency(std::time::Duration::from_millis(20));
    assert_eq!(database.execute(LOCK_1, &NONE).await.unwrap(), 1);
    stage.close().await;
}

/// What an operator reads: which statement, and not what was in it.
#[tokio::test]
async fn an_error_names_its_statement() {
    let stage = stage().await;
    let error = stage.database().execute("UPDATE n SET m = 1", &NONE).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("UPDATE n SET m = 1") && text.contains("'m'"), "{text}");
    stage.close().await;
}
