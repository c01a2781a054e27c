//! Leases: one owner of a name at a time, by the database's clock, with a fence that only grows.

use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Database, StoreError};

#[derive(Serialize)]
struct Claim<'a> {
    name: &'a str,
    owner: &'a str,
    seconds: u32,
}

macro_rules! claim_columns {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.name' ERROR ON ERROR, \
           owner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.owner' ERROR ON ERROR, \
           seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR)) r"
    };
}

const READ: &str = concat!(
    "SELECT l.owner, l.fence, CAST(l.held_until > UTC_TIMESTAMP(6) AS SIGNED) held FROM (SELECT r.name FROM ",
    claim_columns!(),
    ") r STRAIGHT_JOIN lease l ON l.name = r.name FOR UPDATE"
);
const INSERT: &str = concat!(
    "INSERT INTO lease (name, owner, fence, held_until) \
     SELECT r.name, r.owner, 1, UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND FROM ",
    claim_columns!()
);
const RENEW: &str = concat!(
    "UPDATE ",
    claim_columns!(),
    " STRAIGHT_JOIN lease l ON l.name = r.name \
     SET l.fence = l.fence + IF(l.owner = r.owner, 0, 1), l.owner = r.owner, \
         l.held_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND"
);

#[derive(Debug, FromQueryResult)]
struct Row {
    owner: String,
    fence: u64,
    held: i64,
}

/// Takes or renews a lease. Gives its fence, or `None` when somebody else holds it.
///
/// # Errors
/// [`StoreError`] when a statement fails; class `Retry` when two raced for a new name.
pub async fn take(
    database: &Database,
    name: &str,
    owner: &str,
    seconds: u32,
) -> Result<Option<u64>, StoreError> {
    let claim = [Claim { name, owner, seconds }];
    let tx = database.begin().await?;
    let rows: Vec<Row> = tx.select(READ, &claim).await?;
    let fence = match rows.first() {
        None => {
            tx.execute(INSERT, &claim).await?;
            1
        }
        Some(row) if row.owner == owner => {
            tx.execute(RENEW, &claim).await?;
            row.fence
        }
        Some(row) if row.held == 0 => {
            tx.execute(RENEW, &claim).await?;
            row.fence + 1
        }
        Some(_) => {
            tx.rollback().await?;
            return Ok(None);
        }
    };
    tx.commit().await?;
    Ok(Some(fence))
}
