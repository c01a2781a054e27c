//! Refresh tokens: their hashes, by session. Written under the lock of their account.

use ::store::{Database, StoreError, Tx, hash, hex, hex_bytes, parse_hex, timestamp};
use chrono::NaiveDateTime;
use contracts::{AccountName, Hidden, Timestamp};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::optional;
use crate::decide::KeptToken;

macro_rules! hashed {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.token_hash' ERROR ON ERROR)) r"
    };
}

const OWNER: &str = concat!(
    "SELECT t.account FROM ",
    hashed!(),
    " STRAIGHT_JOIN refresh_token t FORCE INDEX (PRIMARY) ON t.token_hash = UNHEX(r.token_hash)"
);

const LOCK: &str = concat!(
    "SELECT HEX(t.family) family, t.expires_at, t.session_ends_at, t.rotated_at, \
       HEX(t.rotated_by) rotated_by, t.revoked_at FROM (SELECT r.* FROM ",
    hashed!(),
    ") r STRAIGHT_JOIN refresh_token t FORCE INDEX (PRIMARY) ON t.token_hash = UNHEX(r.token_hash) FOR UPDATE"
);

const INSERT: &str = "INSERT INTO refresh_token (token_hash, family, account, issued_at, expires_at, \
     session_ends_at) \
   SELECT UNHEX(r.token_hash), UNHEX(r.family), r.account, r.issued_at, r.expires_at, r.session_ends_at \
   FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.token_hash' ERROR ON ERROR, \
     family CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.family' ERROR ON ERROR, \
     account VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.account' ERROR ON ERROR, \
     issued_at DATETIME(6) PATH '$.issued_at' ERROR ON ERROR, \
     expires_at DATETIME(6) PATH '$.expires_at' ERROR ON ERROR, \
     session_ends_at DATETIME(6) PATH '$.session_ends_at' ERROR ON ERROR)) r";

const ROTATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.token_hash' ERROR ON ERROR, \
     message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r \
   STRAIGHT_JOIN refresh_token t FORCE INDEX (PRIMARY) ON t.token_hash = UNHEX(r.token_hash) \
   SET t.rotated_at = r.at, t.rotated_by = UNHEX(r.message_id)";

const REVOKE_FAMILY: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     family CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.family' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r \
   STRAIGHT_JOIN refresh_token t FORCE INDEX (refresh_token_family) ON t.family = UNHEX(r.family) \
   SET t.revoked_at = COALESCE(t.revoked_at, r.at)";

const REVOKE_ACCOUNT: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     account VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.account' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r \
   STRAIGHT_JOIN refresh_token t FORCE INDEX (refresh_token_account) ON t.account = r.account \
   SET t.revoked_at = COALESCE(t.revoked_at, r.at)";

const FORGET: &str = "DELETE FROM refresh_token WHERE session_ends_at < \
     (SELECT r.at FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r) LIMIT 100";

#[derive(Serialize)]
struct Key {
    token_hash: String,
}

impl Key {
    /// 256 random bits need no slow hash.
    fn of(token: &Hidden) -> Self {
        Self { token_hash: hex_bytes(&hash(token.expose().as_bytes())) }
    }
}

#[derive(FromQueryResult)]
struct OwnerRow {
    account: String,
}

/// Whose token it is.
pub(crate) async fn owner(tx: &Tx, token: &Hidden) -> Result<Option<AccountName>, StoreError> {
    let rows: Vec<OwnerRow> = tx.select(OWNER, &[Key::of(token)]).await?;
    let name = rows.into_iter().next().map(|row| AccountName::new(row.account)).transpose();
    name.map_err(|error| StoreError::decode(format!("refresh_token.account: {error}")))
}

#[derive(FromQueryResult)]
struct Row {
    family: String,
    expires_at: NaiveDateTime,
    session_ends_at: NaiveDateTime,
    rotated_at: Option<NaiveDateTime>,
    rotated_by: Option<String>,
    revoked_at: Option<NaiveDateTime>,
}

/// A token with its session, locked until the transaction ends.
pub(crate) async fn lock(tx: &Tx, token: &Hidden) -> Result<Option<(Uuid, KeptToken)>, StoreError> {
    let rows: Vec<Row> = tx.select(LOCK, &[Key::of(token)]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let by = row.rotated_by.as_deref().map(parse_hex).transpose()?;
    let kept = KeptToken {
        expires_at: timestamp(row.expires_at),
        session_ends_at: timestamp(row.session_ends_at),
        rotated: optional(row.rotated_at).zip(by),
        revoked: row.revoked_at.is_some(),
    };
    Ok(Some((parse_hex(&row.family)?, kept)))
}

/// A token to write down.
#[derive(Debug)]
pub(crate) struct NewToken<'a> {
    /// The token itself; its hash is kept.
    pub token: &'a Hidden,
    /// Its session.
    pub family: Uuid,
    /// Whose.
    pub account: &'a AccountName,
    /// From when.
    pub issued_at: Timestamp,
    /// Good until.
    pub expires_at: Timestamp,
    /// The session's end.
    pub session_ends_at: Timestamp,
}

/// Writes a token down.
pub(crate) async fn insert(tx: &Tx, new: &NewToken<'_>) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Write<'a> {
        token_hash: String,
        family: String,
        account: &'a AccountName,
        issued_at: String,
        expires_at: String,
        session_ends_at: String,
    }
    let row = Write {
        token_hash: Key::of(new.token).token_hash,
        family: hex(new.family),
        account: new.account,
        issued_at: new.issued_at.to_sql(),
        expires_at: new.expires_at.to_sql(),
        session_ends_at: new.session_ends_at.to_sql(),
    };
    tx.execute(INSERT, &[row]).await.map(|_| ())
}

/// A token was exchanged for the next one.
pub(crate) async fn rotate(
    tx: &Tx,
    token: &Hidden,
    message: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Rotated {
        token_hash: String,
        message_id: String,
        at: String,
    }
    let token_hash = Key::of(token).token_hash;
    let row = Rotated { token_hash, message_id: hex(message), at: now.to_sql() };
    tx.execute(ROTATE, &[row]).await.map(|_| ())
}

/// Ends a session.
pub(crate) async fn revoke_family(tx: &Tx, family: Uuid, now: Timestamp) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Family {
        family: String,
        at: String,
    }
    let row = Family { family: hex(family), at: now.to_sql() };
    tx.execute(REVOKE_FAMILY, &[row]).await.map(|_| ())
}

/// Ends every session of an account.
pub(crate) async fn revoke_all(
    tx: &Tx,
    account: &AccountName,
    now: Timestamp,
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Account<'a> {
        account: &'a AccountName,
        at: String,
    }
    tx.execute(REVOKE_ACCOUNT, &[Account { account, at: now.to_sql() }]).await.map(|_| ())
}

/// Deletes some tokens of sessions that ended by themselves. Until then also used ones are kept: only so is
/// their reuse seen.
pub(crate) async fn forget(database: &Database, now: Timestamp) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Before {
        at: String,
    }
    database.execute(FORGET, &[Before { at: now.to_sql() }]).await.map(|_| ())
}
