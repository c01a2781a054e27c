//! The rows of accounts. A change of an account, and of its sessions, happens under the lock of its row.

pub(crate) mod attempts;
pub(crate) mod keys;
pub(crate) mod tokens;

use ::store::{Database, NONE, StoreError, Tx, hex, parse_hex, timestamp};
use chrono::NaiveDateTime;
use contracts::{AccountName, AccountStanding, Merchant, Role, Timestamp};
use sea_orm::FromQueryResult;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;
use serde::{Deserialize as _, Serialize};
use uuid::Uuid;

macro_rules! columns {
    () => {
        "SELECT a.name, a.role, a.merchant, a.password_hash, a.disabled, a.version, \
           HEX(a.message_id) message_id, a.created_at, a.updated_at FROM "
    };
}

macro_rules! named {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.name' ERROR ON ERROR)) r"
    };
}

const FIND: &str = concat!(
    columns!(),
    named!(),
    " STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.name = r.name"
);

const LOCK: &str = concat!(
    columns!(),
    "(SELECT r.* FROM ",
    named!(),
    ") r STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.name = r.name FOR UPDATE"
);

const ALL: &str = concat!(columns!(), "account a ORDER BY a.name");

macro_rules! account_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.name' ERROR ON ERROR, \
           role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.role' ERROR ON ERROR, \
           merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
           password_hash VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$.password_hash' ERROR ON ERROR, \
           disabled TINYINT UNSIGNED PATH '$.disabled' ERROR ON ERROR, \
           version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
           message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
           changed_by VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.changed_by' ERROR ON ERROR, \
           updated_at DATETIME(6) PATH '$.updated_at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO account (name, role, merchant, password_hash, disabled, version, message_id, changed_by, \
       created_at, updated_at) \
     SELECT r.name, r.role, r.merchant, r.password_hash, r.disabled, r.version, UNHEX(r.message_id), \
       r.changed_by, r.updated_at, r.updated_at FROM ",
    account_rows!()
);

const UPDATE: &str = concat!(
    "UPDATE ",
    account_rows!(),
    " STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.name = r.name \
     SET a.role = r.role, a.merchant = r.merchant, a.password_hash = r.password_hash, \
       a.disabled = r.disabled, a.version = r.version, a.message_id = UNHEX(r.message_id), \
       a.changed_by = r.changed_by, a.updated_at = r.updated_at"
);

/// The longest name of somebody who changed an account.
const WHO_CHARACTERS: usize = 200;

/// An account as it is kept. Its `Debug` is not derived: it holds a password's hash.
#[derive(Clone)]
pub(crate) struct Account {
    /// What may be shown of it.
    pub standing: AccountStanding,
    /// argon2id in the PHC form.
    pub password_hash: String,
    /// The message that made this version.
    pub message_id: Uuid,
}

#[derive(FromQueryResult)]
struct Row {
    name: String,
    role: String,
    merchant: Option<String>,
    password_hash: String,
    disabled: u8,
    version: u64,
    message_id: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn read(self) -> Result<Account, StoreError> {
        let unreadable = |column: &str, detail: String| {
            StoreError::decode(format!("account.{column}: {detail}"))
        };
        let role: Result<Role, ValueError> =
            Role::deserialize(self.role.as_str().into_deserializer());
        let merchant = self.merchant.map(Merchant::new).transpose();
        let standing = AccountStanding {
            name: AccountName::new(self.name).map_err(|e| unreadable("name", e.to_string()))?,
            role: role.map_err(|e| unreadable("role", e.to_string()))?,
            merchant: merchant.map_err(|e| unreadable("merchant", e.to_string()))?,
            disabled: self.disabled != 0,
            created_at: timestamp(self.created_at),
            updated_at: timestamp(self.updated_at),
            version: self.version,
        };
        let message_id = parse_hex(&self.message_id)?;
        Ok(Account { standing, password_hash: self.password_hash, message_id })
    }
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a AccountName,
}

/// An account as it stands.
pub(crate) async fn find(
    database: &Database,
    name: &AccountName,
) -> Result<Option<Account>, StoreError> {
    let rows: Vec<Row> = database.select(FIND, &[Name { name }]).await?;
    rows.into_iter().next().map(Row::read).transpose()
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock(tx: &Tx, name: &AccountName) -> Result<Option<Account>, StoreError> {
    let rows: Vec<Row> = tx.select(LOCK, &[Name { name }]).await?;
    rows.into_iter().next().map(Row::read).transpose()
}

/// All accounts by name.
pub(crate) async fn all(database: &Database) -> Result<Vec<AccountStanding>, StoreError> {
    let rows: Vec<Row> = database.select(ALL, &NONE).await?;
    rows.into_iter().map(|row| row.read().map(|account| account.standing)).collect()
}

#[derive(Serialize)]
struct Write<'a> {
    name: &'a AccountName,
    role: Role,
    merchant: Option<&'a Merchant>,
    password_hash: &'a str,
    disabled: u8,
    version: u64,
    message_id: String,
    changed_by: String,
    updated_at: String,
}

impl<'a> Write<'a> {
    fn of(account: &'a Account, by: &str) -> Self {
        let standing = &account.standing;
        Self {
            name: &standing.name,
            role: standing.role,
            merchant: standing.merchant.as_ref(),
            password_hash: &account.password_hash,
            disabled: standing.disabled.into(),
            version: standing.version,
            message_id: hex(account.message_id),
            changed_by: by.chars().take(WHO_CHARACTERS).collect(),
            updated_at: standing.updated_at.to_sql(),
        }
    }
}

/// Writes a new account.
pub(crate) async fn insert(tx: &Tx, account: &Account, by: &str) -> Result<(), StoreError> {
    tx.execute(INSERT, &[Write::of(account, by)]).await.map(|_| ())
}

/// Writes a locked account.
pub(crate) async fn update(tx: &Tx, account: &Account, by: &str) -> Result<(), StoreError> {
    tx.execute(UPDATE, &[Write::of(account, by)]).await.map(|_| ())
}

/// A time that may be missing.
fn optional(stored: Option<NaiveDateTime>) -> Option<Timestamp> {
    stored.map(timestamp)
}
