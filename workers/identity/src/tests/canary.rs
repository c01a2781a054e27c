//! Passwords and tokens are looked for wherever something is kept: tables, queues, the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use contracts::{AskIdentity, Hidden, Role};
use queue_topology::WorkQueue;
use serde_json::Value;

use super::desk::{Desk, KIND, session};
use super::name;

const CANARY: &str = "zq-canary-password-71";
const WRONG: &str = "zq-canary-wrong-72";
const TYPED: &str = "zq-canary-typed-as-name-73";

/// The log as somebody could read it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_and_no_token_is_kept_anywhere() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let desk = Desk::start().await;
    let (name, password) = (name("anna"), Hidden::new(CANARY));
    let (role, merchant) = (Role::Dispatcher, None);
    desk.ask(&AskIdentity::AddAccount { name: name.clone(), password, role, merchant }).await;
    let begun = session(desk.sign_in("anna", CANARY).await);
    desk.sign_in("anna", WRONG).await;
    desk.sign_in(TYPED, WRONG).await;
    let next = session(desk.refresh(&begun.refresh_token).await);
    desk.refresh(&begun.refresh_token).await;

    let mut secrets = vec![CANARY, WRONG, TYPED];
    secrets.extend([&begun, &next].map(|it| it.access_token.expose()));
    secrets.extend([&begun, &next].map(|it| it.refresh_token.expose()));
    assert_eq!(found_in_tables(&desk, &secrets).await, Vec::<String>::new());
    assert_eq!(desk.stage.depth(&KIND.queue(WorkQueue::Queries)).await, 0);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("session ended"), "the log is the worker's: {log}");
    let found: Vec<_> = secrets.iter().filter(|secret| log.contains(**secret)).collect();
    assert!(found.is_empty(), "{found:?}");
    desk.stop().await;
}

/// The columns that hold one of the secrets, whatever their type.
async fn found_in_tables(desk: &Desk, secrets: &[&str]) -> Vec<String> {
    let columns = desk
        .stage
        .rows(
            "SELECT CONVERT(table_name USING utf8mb4) t, CONVERT(column_name USING utf8mb4) c \
             FROM information_schema.columns WHERE table_schema = DATABASE()",
        )
        .await;
    assert!(columns.len() > 100, "every table is looked at");
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for column in &columns {
        let (table, column) = (text(column, "t"), text(column, "c"));
        let any: Vec<_> = secrets
            .iter()
            .map(|secret| format!("INSTR(CAST(`{column}` AS BINARY), '{secret}') > 0"))
            .collect();
        let sql = format!("SELECT COUNT(*) FROM `{table}` WHERE {}", any.join(" OR "));
        if desk.stage.scalar::<i64>(&sql).await > 0 {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}
