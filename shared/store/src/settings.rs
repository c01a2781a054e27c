//! Live settings of a worker kind: one row each, with a version that only grows.

use contracts::{LaneSettings, SettingsVersion};
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Database, StoreError};

/// Stored settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSettings {
    /// Version of the row.
    pub version: SettingsVersion,
    /// The settings, whole.
    pub settings: LaneSettings,
}

#[derive(Serialize)]
struct Key<'a> {
    worker: &'a str,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    version: u64,
    settings: String,
}

macro_rules! select_settings {
    ($lock:literal) => {
        concat!(
            "SELECT s.version, s.settings FROM (SELECT r.worker FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR)) r) r \
             STRAIGHT_JOIN worker_setting s ON s.worker = r.worker",
            $lock
        )
    };
}

const READ: &str = select_settings!("");
const READ_LOCKED: &str = select_settings!(" FOR UPDATE");

fn read_row(row: &Row) -> Result<StoredSettings, StoreError> {
    let settings = serde_json::from_str(&row.settings)
        .map_err(|error| StoreError::decode(format!("worker_setting.settings: {error}")))?;
    Ok(StoredSettings { version: row.version, settings })
}

/// The stored settings of a worker kind; `None` when an operator never set any.
///
/// # Errors
/// [`StoreError`] when the row cannot be read.
pub async fn read(database: &Database, worker: &str) -> Result<Option<StoredSettings>, StoreError> {
    let rows: Vec<Row> = database.select(READ, &[Key { worker }]).await?;
    rows.first().map(read_row).transpose()
}

/// Makes the row, or locks the one that is there: without a row there would be nothing to lock, and two
/// first changes at once would both be version 1. Version 0 is never seen by others.
const SEED: &str = "INSERT INTO worker_setting (worker, version, settings, updated_by, updated_at) \
     SELECT r.worker, 0, '{}', '', UTC_TIMESTAMP(6) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE worker = VALUES(worker)";

#[derive(Serialize)]
struct NewRow<'a> {
    worker: &'a str,
    version: u64,
    settings: String,
    updated_by: &'a str,
}

const WRITE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       settings TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.settings' ERROR ON ERROR, \
       updated_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.updated_by' ERROR ON ERROR)) r \
     STRAIGHT_JOIN worker_setting s ON s.worker = r.worker \
     SET s.version = r.version, s.settings = r.settings, s.updated_by = r.updated_by, \
       s.updated_at = UTC_TIMESTAMP(6)";

/// Changes the stored settings under a row lock and gives them with their new version.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub async fn change(
    database: &Database,
    worker: &str,
    updated_by: &str,
    edit: impl FnOnce(&mut LaneSettings) + Send,
) -> Result<StoredSettings, StoreError> {
    let tx = database.begin().await?;
    tx.execute(SEED, &[Key { worker }]).await?;
    let rows: Vec<Row> = tx.select(READ_LOCKED, &[Key { worker }]).await?;
    let stored = rows.first().map(read_row).transpose()?;
    let stored =
        stored.ok_or_else(|| StoreError::decode(format!("worker_setting: no row of {worker}")))?;
    let mut settings = stored.settings;
    edit(&mut settings);
    let version = stored.version + 1;
    let text = serde_json::to_string(&settings).map_err(|e| StoreError::Encode(e.to_string()))?;
    tx.execute(WRITE, &[NewRow { worker, version, settings: text, updated_by }]).await?;
    tx.commit().await?;
    Ok(StoredSettings { version, settings })
}
