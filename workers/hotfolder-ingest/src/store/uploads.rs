//! Files that come as messages, inside the transaction of their commands.

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, StoreError, Tx, hex, hex_bytes, parse_hex, timestamp};
use uuid::Uuid;

use super::rows::{Place, RecordRow};
use super::sql;
use crate::name::FileName;
use crate::upload::{Kept, Progress};

macro_rules! name_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_name' ERROR ON ERROR)) r"
    };
}

macro_rules! by_name {
    () => {
        " STRAIGHT_JOIN upload u FORCE INDEX (upload_name) \
            ON u.source = r.source AND u.file_name = r.file_name"
    };
}

const FIND_FOR_UPDATE: &str = concat!(
    "SELECT HEX(u.id) id, u.state, HEX(u.sha256) sha256, u.uploaded_by, u.version, u.updated_at FROM (SELECT r.* FROM ",
    name_rows!(),
    ") r",
    by_name!(),
    " FOR UPDATE"
);

const STORED: &str = concat!(
    "SELECT HEX(u.sha256) sha256 FROM ",
    name_rows!(),
    by_name!(),
    " WHERE u.state = 'STORED'"
);

const INSERT: &str = "INSERT INTO upload (id, source, file_name, kind, sequence, repair, state, sha256, \
       size_bytes, parts, received, uploaded_by, merchant, version, started_at, updated_at, stored_at) \
     SELECT UNHEX(r.id), r.source, r.file_name, r.kind, r.sequence, r.repair, r.state, UNHEX(r.sha256), \
       r.size_bytes, r.parts, r.received, r.uploaded_by, r.merchant, r.version, UTC_TIMESTAMP(6), \
       UTC_TIMESTAMP(6), IF(r.state = 'STORED', UTC_TIMESTAMP(6), NULL) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_name' ERROR ON ERROR, \
       kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR, \
       repair INT UNSIGNED PATH '$.repair' ERROR ON ERROR, \
       state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR, \
       sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sha256' ERROR ON ERROR, \
       size_bytes BIGINT UNSIGNED PATH '$.size_bytes' ERROR ON ERROR, \
       parts INT UNSIGNED PATH '$.parts' ERROR ON ERROR, \
       received INT UNSIGNED PATH '$.received' ERROR ON ERROR, \
       uploaded_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.uploaded_by' ERROR ON ERROR, \
       merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR)) r";

// who began with another content under this name is followed by who goes on with it
const UPDATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR, \
       sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sha256' ERROR ON ERROR, \
       size_bytes BIGINT UNSIGNED PATH '$.size_bytes' ERROR ON ERROR, \
       parts INT UNSIGNED PATH '$.parts' ERROR ON ERROR, \
       received INT UNSIGNED PATH '$.received' ERROR ON ERROR, \
       uploaded_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.uploaded_by' ERROR ON ERROR, \
       merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR)) r \
     STRAIGHT_JOIN upload u FORCE INDEX (PRIMARY) ON u.id = UNHEX(r.id) \
     SET u.state = r.state, u.sha256 = UNHEX(r.sha256), u.size_bytes = r.size_bytes, u.parts = r.parts, \
       u.received = r.received, u.uploaded_by = r.uploaded_by, u.merchant = r.merchant, u.version = r.version, \
       u.updated_at = UTC_TIMESTAMP(6), u.stored_at = IF(r.state = 'STORED', UTC_TIMESTAMP(6), NULL)";

const REMOVE: &str = "DELETE u FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN upload u FORCE INDEX (PRIMARY) ON u.id = UNHEX(r.id)";

#[derive(Serialize)]
struct Name<'a> {
    source: &'a str,
    file_name: &'a str,
}

impl<'a> Name<'a> {
    fn of(file: &'a FileName) -> Self {
        Self { source: file.source().as_str(), file_name: file.as_str() }
    }
}

#[derive(FromQueryResult)]
struct KeptRow {
    id: String,
    state: String,
    sha256: String,
    uploaded_by: String,
    version: u64,
    updated_at: chrono::NaiveDateTime,
}

/// What is kept of the uploads under a file's name, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_upload(tx: &Tx, file: &FileName) -> Result<Option<Kept>, StoreError> {
    let rows: Vec<KeptRow> = tx.select(FIND_FOR_UPDATE, &[Name::of(file)]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(Kept {
        id: parse_hex(&row.id)?,
        is_stored: row.state == "STORED",
        sha256: row.sha256.to_ascii_lowercase(),
        uploaded_by: row.uploaded_by,
        version: row.version,
        updated_at: timestamp(row.updated_at),
    }))
}

#[derive(Serialize)]
struct Row<'a> {
    id: String,
    source: &'a str,
    file_name: &'a str,
    kind: &'a str,
    sequence: u64,
    repair: u32,
    state: &'a str,
    #[serde(flatten)]
    progress: &'a Progress,
    version: u64,
}

/// Writes how far an upload is: a new row, or the next version of the one that is kept.
///
/// # Errors
/// When the database fails; of two new rows under one name the second fails and is tried again.
pub async fn put_upload(
    tx: &Tx,
    file: &FileName,
    kept: Option<&Kept>,
    progress: &Progress,
) -> Result<u64, StoreError> {
    let place = Place::of(file);
    let version = kept.map_or(0, |kept| kept.version).saturating_add(1);
    let row = Row {
        id: hex(kept.map_or_else(Uuid::now_v7, |kept| kept.id)),
        source: place.source,
        file_name: file.as_str(),
        kind: place.kind,
        sequence: place.sequence,
        repair: place.repair,
        state: if progress.is_whole() { "STORED" } else { "RECEIVING" },
        progress,
        version,
    };
    let sql = if kept.is_some() { UPDATE } else { INSERT };
    tx.execute(sql, &[row]).await?;
    Ok(version)
}

/// Forgets an upload that came to nothing.
///
/// # Errors
/// When the database fails.
pub async fn remove_upload(tx: &Tx, kept: &Kept) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Id {
        id: String,
    }
    tx.execute(REMOVE, &[Id { id: hex(kept.id) }]).await.map(drop)
}

/// Whether the place of `file` has a record, and the hash of that file's plain text.
///
/// # Errors
/// When the database fails.
pub async fn imported(tx: &Tx, file: &FileName) -> Result<Option<Option<String>>, StoreError> {
    let rows: Vec<RecordRow> = tx.select(sql::FIND, &[Place::of(file)]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(row.record()?.hash.map(|hash| hex_bytes(&hash))))
}

#[derive(FromQueryResult)]
struct HashRow {
    sha256: String,
}

/// The hash of a file of which the whole was taken, for good.
pub(super) async fn stored_upload(
    database: &Database,
    file: &FileName,
) -> Result<Option<String>, StoreError> {
    let rows: Vec<HashRow> = database.select(STORED, &[Name::of(file)]).await?;
    Ok(rows.into_iter().next().map(|row| row.sha256.to_ascii_lowercase()))
}
