//! The signing keys. Few rows: all are read, and all are locked for a rotation.

use ::store::{Database, NONE, StoreError, Tx, hex, parse_hex, timestamp};
use chrono::NaiveDateTime;
use contracts::Timestamp;
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::optional;
use crate::decide::KeptKey;

macro_rules! all {
    () => {
        "SELECT k.kid, k.public_key, k.sealed, HEX(k.message_id) message_id, k.created_at, k.retires_at \
         FROM account_key k ORDER BY k.created_at DESC, k.kid DESC"
    };
}

const ALL: &str = all!();
const LOCK_ALL: &str = concat!(all!(), " FOR UPDATE");

const INSERT: &str = "INSERT INTO account_key (kid, public_key, sealed, message_id, created_at) \
   SELECT r.kid, r.public_key, r.sealed, UNHEX(r.message_id), r.at FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     kid VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kid' ERROR ON ERROR, \
     public_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.public_key' ERROR ON ERROR, \
     sealed VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sealed' ERROR ON ERROR, \
     message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r";

const RETIRE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     kid VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kid' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r \
   STRAIGHT_JOIN account_key k FORCE INDEX (PRIMARY) ON k.kid = r.kid SET k.retires_at = r.at";

/// A key as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    /// What decisions go by.
    pub kept: KeptKey,
    /// The public half in base64url.
    pub public_key: String,
    /// The private half, sealed.
    pub sealed: String,
    /// The message that asked for it.
    pub message_id: Uuid,
}

#[derive(FromQueryResult)]
struct Row {
    kid: String,
    public_key: String,
    sealed: String,
    message_id: String,
    created_at: NaiveDateTime,
    retires_at: Option<NaiveDateTime>,
}

impl Row {
    fn read(self) -> Result<StoredKey, StoreError> {
        let kept = KeptKey {
            kid: self.kid,
            created_at: timestamp(self.created_at),
            retires_at: optional(self.retires_at),
        };
        let message_id = parse_hex(&self.message_id)?;
        Ok(StoredKey { kept, public_key: self.public_key, sealed: self.sealed, message_id })
    }
}

/// All keys, the newest first.
pub(crate) async fn all(database: &Database) -> Result<Vec<StoredKey>, StoreError> {
    let rows: Vec<Row> = database.select(ALL, &NONE).await?;
    rows.into_iter().map(Row::read).collect()
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock_all(tx: &Tx) -> Result<Vec<StoredKey>, StoreError> {
    let rows: Vec<Row> = tx.select(LOCK_ALL, &NONE).await?;
    rows.into_iter().map(Row::read).collect()
}

/// Writes a new key. Two processes that make the same number at once: one of them has to try again.
pub(crate) async fn insert(tx: &Tx, key: &StoredKey) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Write<'a> {
        kid: &'a str,
        public_key: &'a str,
        sealed: &'a str,
        message_id: String,
        at: String,
    }
    let row = Write {
        kid: &key.kept.kid,
        public_key: &key.public_key,
        sealed: &key.sealed,
        message_id: hex(key.message_id),
        at: key.kept.created_at.to_sql(),
    };
    tx.execute(INSERT, &[row]).await.map(|_| ())
}

/// Keys verify no longer than until then.
pub(crate) async fn retire(tx: &Tx, retired: &[(String, Timestamp)]) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Retired<'a> {
        kid: &'a str,
        at: String,
    }
    if retired.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<Retired<'_>> =
        retired.iter().map(|(kid, at)| Retired { kid, at: at.to_sql() }).collect();
    rows.sort_by_key(|row| row.kid);
    tx.execute(RETIRE, &rows).await.map(|_| ())
}
