//! Statements with one parameter: what goes in comes out, and what does not fit is an error.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, ErrorClass, NONE, StoreError, hex, parse_hex};
use testkit::Stage;

const TABLE: &str = "CREATE TABLE t (
    id BINARY(16) NOT NULL PRIMARY KEY,
    code VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    name VARCHAR(8) NULL,
    price DECIMAL(28,6) NULL,
    amount BIGINT UNSIGNED NULL,
    on_day DATE NULL,
    at DATETIME(6) NULL,
    flag TINYINT(1) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

const INSERT: &str = "INSERT INTO t (id, code, name, price, amount, on_day, at, flag) \
     SELECT UNHEX(r.id), r.code, r.name, r.price, r.amount, r.on_day, r.at, r.flag \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       code VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       name VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
       price DECIMAL(28,6) PATH '$.price' ERROR ON ERROR, \
       amount BIGINT UNSIGNED PATH '$.amount' ERROR ON ERROR, \
       on_day DATE PATH '$.on_day' ERROR ON ERROR, \
       at DATETIME(6) PATH '$.at' ERROR ON ERROR, \
       flag TINYINT PATH '$.flag' ERROR ON ERROR)) r";

const READ: &str =
    "SELECT HEX(id) id, code, name, price, amount, on_day, at, flag FROM t ORDER BY id";

#[derive(Debug, Clone, Default, Serialize)]
struct New {
    id: String,
    code: Option<String>,
    name: Option<String>,
    price: Option<Decimal>,
    amount: Option<u64>,
    on_day: Option<String>,
    at: Option<String>,
    flag: Option<bool>,
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Row {
    id: String,
    code: Option<String>,
    name: Option<String>,
    price: Option<Decimal>,
    amount: Option<u64>,
    on_day: Option<NaiveDate>,
    at: Option<NaiveDateTime>,
    flag: Option<bool>,
}

fn new(number: u128) -> New {
    New { id: hex(uuid::Uuid::from_u128(number)), ..New::default() }
}

async fn stage() -> (Stage, Database) {
    let stage = Stage::new(&[]).await;
    stage.run_sql(TABLE).await;
    let database = stage.database();
    (stage, database)
}

#[tokio::test]
async fn rows_come_back_as_they_were_sent() {
    let (stage, database) = stage().await;
    let mut rows = vec![new(0), new(1), new(2), new(u128::MAX)];
    rows[1].code = Some("a-B_9".to_owned());
    rows[1].name = Some("Zoë \u{1f69a}\"\\\n".to_owned());
    rows[1].price = Some("9999999999999999999999.999999".parse().unwrap());
    rows[1].amount = Some(u64::MAX);
    rows[1].on_day = Some("2010-12-01".to_owned());
    rows[1].at = Some("2010-12-01 08:26:00.123456".to_owned());
    rows[1].flag = Some(true);
    rows[2].name = Some(String::new());
    rows[2].price = Some("-0.000001".parse().unwrap());
    rows[2].flag = Some(false);
    assert_eq!(database.execute(INSERT, &rows).await.unwrap(), 4);

    let read: Vec<Row> = database.select(READ, &NONE).await.unwrap();
    assert_eq!(read.len(), 4);
    for (sent, read) in rows.iter().zip(&read) {
        assert_eq!(parse_hex(&read.id).unwrap(), parse_hex(&sent.id).unwrap());
        assert_eq!((&read.code, &read.name), (&sent.code, &sent.name));
        assert_eq!((read.price, read.amount, read.flag), (sent.price, sent.amount, sent.flag));
        assert_eq!(read.on_day.map(|day| day.to_string()), sent.on_day);
        let at = read.at.map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        assert_eq!(at, sent.at);
    }
    assert_eq!(read[0].name, None, "null is null, and empty is empty");
    stage.close().await;
}

/// Refused before the server sees it: the server would cut, replace or zero it without a word.
#[tokio::test]
async fn what_does_not_fit_is_an_error_and_changes_nothing() {
    let (stage, database) = stage().await;
    let misfits: [fn(&mut New); 6] = [
        |row| row.name = Some("nine char".to_owned()),
        |row| row.code = Some("nine-char".to_owned()),
        |row| row.code = Some("Müller".to_owned()),
        |row| row.on_day = Some("2010-02-30".to_owned()),
        |row| row.at = Some("2010-12-01 25:00:00".to_owned()),
        |row| row.at = Some("+12010-12-01 08:00:00".to_owned()),
    ];
    for change in misfits {
        let mut row = new(2);
        change(&mut row);
        let error = database.execute(INSERT, &[new(1), row.clone()]).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Statement, "{error}");
        assert!(matches!(error, StoreError::Encode(_)), "{row:?}: {error}");
    }
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM t").await, 0);
    stage.close().await;
}

/// The reason for that check, so that it is noticed when it is no longer needed: what the server does to
/// such a value by itself. If this fails, the server has learnt to refuse, and `fit` may go.
#[tokio::test]
async fn the_server_alone_would_change_it() {
    let (stage, database) = stage().await;
    let version: String = stage.scalar("SELECT VERSION()").await;
    if !version.contains("MariaDB") {
        return stage.close().await;
    }
    const CUT: &str = "INSERT INTO t (id, name, on_day) SELECT UNHEX(REPEAT('00', 16)), r.name, r.on_day \
         FROM JSON_TABLE('[{\"name\": \"nine char\", \"on_day\": \"2010-02-30\"}]', '$[*]' COLUMNS( \
           name VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR, \
           on_day VARCHAR(20) PATH '$.on_day' ERROR ON ERROR)) r";
    // a date in a text column is converted by the table's own column, which is strict
    let error = database.execute(CUT, &NONE).await.unwrap_err();
    assert_eq!(error.number(), Some(1292), "{error}");
    const CUT_NAME: &str = "INSERT INTO t (id, name) SELECT UNHEX(REPEAT('00', 16)), r.name \
         FROM JSON_TABLE('[{\"name\": \"nine char\"}]', '$[*]' COLUMNS( \
           name VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name' ERROR ON ERROR)) r";
    database.execute(CUT_NAME, &NONE).await.unwrap();
    assert_eq!(stage.scalar::<String>("SELECT name FROM t").await, "nine cha");
    stage.close().await;
}

/// As many rows as a batch may have, in one statement and one round trip.
#[tokio::test]
async fn any_number_of_rows_is_one_statement_text() {
    let stage = Stage::new(&[]).await;
    stage.run_sql(TABLE).await;
    let database = Database::connect(&stage.database_url(), 1).await.unwrap();
    const PREPARED: &str = "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'";
    #[derive(FromQueryResult)]
    struct Status {
        #[sea_orm(from_alias = "Value")]
        value: String,
    }
    let prepared = async || {
        let status: Vec<Status> = database.select(PREPARED, &NONE).await.unwrap();
        status[0].value.parse::<u64>().unwrap()
    };
    database.execute(INSERT, &[new(0)]).await.unwrap();
    let before = prepared().await;
    let mut sent = 1_u128;
    for size in [1_u128, 2, 3, 50, 2_000] {
        let rows: Vec<New> = (sent..sent + size).map(new).collect();
        assert_eq!(u128::from(database.execute(INSERT, &rows).await.unwrap()), size);
        sent += size;
    }
    assert_eq!(prepared().await, before, "nothing was prepared again");
    let rows: Vec<New> = Vec::new();
    assert_eq!(database.execute(INSERT, &rows).await.unwrap(), 0, "no rows are no error");
    stage.close().await;
}

/// "Matched", not "changed": a conditional update that writes what was there still counts.
#[tokio::test]
async fn an_update_counts_the_rows_it_matches() {
    let (stage, database) = stage().await;
    database.execute(INSERT, &[new(1), new(2)]).await.unwrap();
    const UPDATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
         STRAIGHT_JOIN t ON t.id = UNHEX(r.id) SET t.name = 'same'";
    let rows = [new(1), new(2), new(3)];
    assert_eq!(database.execute(UPDATE, &rows).await.unwrap(), 2);
    assert_eq!(database.execute(UPDATE, &rows).await.unwrap(), 2, "the same once more");
    stage.close().await;
}

#[tokio::test]
async fn sessions_are_strict_read_committed_and_utc() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    #[derive(Debug, FromQueryResult)]
    struct Session {
        sql_mode: String,
        lock_wait: u64,
        charset: String,
        off_utc: i64,
    }
    const ASK: &str = "SELECT @@sql_mode sql_mode, @@innodb_lock_wait_timeout lock_wait, \
         @@character_set_client charset, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) off_utc";
    let session: Vec<Session> = database.select(ASK, &NONE).await.unwrap();
    assert_eq!(session[0].sql_mode, "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION");
    assert_eq!((session[0].lock_wait, session[0].charset.as_str()), (3, "utf8mb4"));
    assert_eq!(session[0].off_utc, 0, "{session:?}");

    stage.run_sql("CREATE TABLE n (n INT NOT NULL)").await;
    stage.run_sql("INSERT INTO n VALUES (1)").await;
    let tx = database.begin().await.unwrap();
    #[derive(FromQueryResult)]
    struct Number {
        n: i32,
    }
    let before: Vec<Number> = tx.select("SELECT n FROM n", &NONE).await.unwrap();
    stage.run_sql("UPDATE n SET n = 2").await;
    let after: Vec<Number> = tx.select("SELECT n FROM n", &NONE).await.unwrap();
    assert_eq!((before[0].n, after[0].n), (1, 2), "what others commit is seen at once");
    tx.rollback().await.unwrap();
    stage.close().await;
}
