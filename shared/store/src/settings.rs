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
            "SELECT s.version, s.settings FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR)) r \
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

#[derive(Serialize)]
struct NewRow<'a> {
    worker: &'a str,
    version: u64,
    settings: String,
    updated_by: &'a str,
}

const WRITE: &str = "INSERT INTO worker_setting (worker, version, settings, updated_by, updated_at) \
     SELECT r.worker, r.version, r.settings, r.updated_by, UTC_TIMESTAMP(6) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       settings TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.settings' ERROR ON ERROR, \
       updated_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.updated_by' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE version = VALUES(version), settings = VALUES(settings), \
       updated_by = VALUES(updated_by), updated_at = VALUES(updated_at)";

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
    let rows: Vec<Row> = tx.select(READ_LOCKED, &[Key { worker }]).await?;
    let stored = rows.first().map(read_row).transpose()?;
    let mut settings = stored.map(|s| s.settings).unwrap_or_default();
    edit(&mut settings);
    let version = stored.map_or(0, |s| s.version) + 1;
    let text = serde_json::to_string(&settings).map_err(|e| StoreError::Encode(e.to_string()))?;
    tx.execute(WRITE, &[NewRow { worker, version, settings: text, updated_by }]).await?;
    tx.commit().await?;
    Ok(StoredSettings { version, settings })
}
