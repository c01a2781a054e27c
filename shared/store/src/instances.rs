//! Running instances: each keeps one row fresh, so that others know how many answers to expect.

use contracts::InstanceReport;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Database, NONE, StoreError};

/// A row older than this (by the database's clock) is no running instance any more.
pub const ALIVE_SECONDS: u32 = 10;

#[derive(Serialize)]
struct Row<'a> {
    worker: &'a str,
    instance: &'a str,
    report: String,
    admin_addr: &'a str,
}

const BEAT: &str = "INSERT INTO worker_instance (worker, instance, report, admin_addr, started_at, seen_at) \
     SELECT r.worker, r.instance, r.report, r.admin_addr, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR, \
       instance VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.instance' ERROR ON ERROR, \
       report TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.report' ERROR ON ERROR, \
       admin_addr VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin_addr' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE report = VALUES(report), admin_addr = VALUES(admin_addr), seen_at = VALUES(seen_at)";

/// Says that an instance is alive and what it runs.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub async fn beat(
    database: &Database,
    report: &InstanceReport,
    admin_addr: &str,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(report).map_err(|e| StoreError::Encode(e.to_string()))?;
    let row = Row { worker: &report.worker, instance: &report.instance, report: text, admin_addr };
    database.execute(BEAT, &[row]).await.map(|_| ())
}

#[derive(Serialize)]
struct Key<'a> {
    worker: &'a str,
    instance: &'a str,
}

const LEAVE: &str = "DELETE i FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR, \
       instance VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.instance' ERROR ON ERROR)) r \
     STRAIGHT_JOIN worker_instance i ON i.worker = r.worker AND i.instance = r.instance";

/// Takes the row away at a clean exit.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub async fn leave(database: &Database, worker: &str, instance: &str) -> Result<(), StoreError> {
    database.execute(LEAVE, &[Key { worker, instance }]).await.map(|_| ())
}

#[derive(Debug, FromQueryResult)]
struct Stored {
    report: String,
    admin_addr: Option<String>,
    age_seconds: i64,
}

const LIST: &str = "SELECT report, admin_addr, \
       CAST(TIMESTAMPDIFF(SECOND, seen_at, UTC_TIMESTAMP(6)) AS SIGNED) age_seconds \
     FROM worker_instance WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL 10 SECOND ORDER BY worker, instance";

/// A living instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Instance {
    /// What it runs.
    #[serde(flatten)]
    pub report: InstanceReport,
    /// Where its metrics are.
    pub admin_addr: Option<String>,
    /// Seconds since it was last seen.
    pub age_seconds: i64,
}

/// Every living instance of the fleet.
///
/// # Errors
/// [`StoreError`] when the rows cannot be read.
pub async fn alive(database: &Database) -> Result<Vec<Instance>, StoreError> {
    let rows: Vec<Stored> = database.select(LIST, &NONE).await?;
    rows.into_iter()
        .map(|row| {
            let report = serde_json::from_str(&row.report)
                .map_err(|error| StoreError::decode(format!("worker_instance.report: {error}")))?;
            Ok(Instance { report, admin_addr: row.admin_addr, age_seconds: row.age_seconds })
        })
        .collect()
}
