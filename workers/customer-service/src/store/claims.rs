//! What is taken of order lines, and the numbers that orders have given out. Both are locked by whoever
//! decides on them: a row that is missing is made first, with one statement in the order of the keys, so
//! that nobody waits for somebody who waits for him.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

use super::ROWS_A_STATEMENT;
use crate::book::Book;
use crate::state::{Claim, LineKey, Numbers};

macro_rules! line_rows {
    () => {
        "(SELECT r.* FROM JSON_TABLE(?, '$[*]' COLUMNS( \
           order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
           line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR)) r) r"
    };
}

// An INSERT IGNORE would lock what is there shared, and two of them would wait for each other.
const MAKE: &str = concat!(
    "INSERT INTO return_claim (order_id, line_no, claimed, replaced) \
     SELECT UNHEX(r.order_id), r.line_no, 0, 0 FROM ",
    line_rows!(),
    " ORDER BY r.order_id, r.line_no ON DUPLICATE KEY UPDATE claimed = return_claim.claimed"
);

const LOCK: &str = concat!(
    "SELECT HEX(c.order_id) order_id, c.line_no, c.claimed, c.replaced FROM ",
    line_rows!(),
    " STRAIGHT_JOIN return_claim c FORCE INDEX (PRIMARY) \
       ON c.order_id = UNHEX(r.order_id) AND c.line_no = r.line_no FOR UPDATE"
);

const UPDATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
     line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
     claimed INT UNSIGNED PATH '$.claimed' ERROR ON ERROR, \
     replaced INT UNSIGNED PATH '$.replaced' ERROR ON ERROR)) r \
   STRAIGHT_JOIN return_claim c FORCE INDEX (PRIMARY) \
     ON c.order_id = UNHEX(r.order_id) AND c.line_no = r.line_no \
   SET c.claimed = r.claimed, c.replaced = r.replaced";

#[derive(Serialize)]
struct Key {
    order_id: String,
    line_no: u32,
}

#[derive(FromQueryResult)]
struct ClaimRow {
    order_id: String,
    line_no: u32,
    claimed: u32,
    replaced: u32,
}

/// Locks what is taken of these lines, in the order of their keys.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(super) async fn lock(
    tx: &Tx,
    keys: &BTreeSet<LineKey>,
) -> Result<BTreeMap<LineKey, Claim>, StoreError> {
    let keys: Vec<Key> =
        keys.iter().map(|k| Key { order_id: hex(k.order_id), line_no: k.line_no }).collect();
    let mut claims = BTreeMap::new();
    for keys in keys.chunks(ROWS_A_STATEMENT) {
        tx.execute(MAKE, keys).await?;
        let rows: Vec<ClaimRow> = tx.select(LOCK, keys).await?;
        for row in rows {
            let key = LineKey { order_id: parse_hex(&row.order_id)?, line_no: row.line_no };
            claims.insert(key, Claim { claimed: row.claimed, replaced: row.replaced });
        }
    }
    Ok(claims)
}

macro_rules! order_rows {
    () => {
        "(SELECT r.* FROM JSON_TABLE(?, '$[*]' COLUMNS( \
           order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR)) r) r"
    };
}

const MAKE_NUMBERS: &str = concat!(
    "INSERT INTO return_order (order_id, returns, replacements) SELECT UNHEX(r.order_id), 0, 0 FROM ",
    order_rows!(),
    " ORDER BY r.order_id ON DUPLICATE KEY UPDATE returns = return_order.returns"
);

const LOCK_NUMBERS: &str = concat!(
    "SELECT HEX(n.order_id) order_id, n.returns, n.replacements FROM ",
    order_rows!(),
    " STRAIGHT_JOIN return_order n FORCE INDEX (PRIMARY) ON n.order_id = UNHEX(r.order_id) FOR UPDATE"
);

const UPDATE_NUMBERS: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
     order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
     returns INT UNSIGNED PATH '$.returns' ERROR ON ERROR, \
     replacements INT UNSIGNED PATH '$.replacements' ERROR ON ERROR)) r \
   STRAIGHT_JOIN return_order n FORCE INDEX (PRIMARY) ON n.order_id = UNHEX(r.order_id) \
   SET n.returns = r.returns, n.replacements = r.replacements";

#[derive(Serialize)]
struct OrderKey {
    order_id: String,
}

#[derive(FromQueryResult)]
struct NumbersRow {
    order_id: String,
    returns: u32,
    replacements: u32,
}

/// Locks the numbers of these orders, in the order of their ids.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(super) async fn lock_numbers(
    tx: &Tx,
    orders: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Numbers>, StoreError> {
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys: Vec<OrderKey> = orders.iter().map(|id| OrderKey { order_id: hex(*id) }).collect();
    tx.execute(MAKE_NUMBERS, &keys).await?;
    let rows: Vec<NumbersRow> = tx.select(LOCK_NUMBERS, &keys).await?;
    let numbers = rows.into_iter().map(|row| {
        let numbers = Numbers { returns: row.returns, replacements: row.replacements };
        Ok((parse_hex(&row.order_id)?, numbers))
    });
    numbers.collect()
}

/// Writes the claims and numbers that changed.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(super) async fn write(tx: &Tx, book: &Book) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Taken {
        order_id: String,
        line_no: u32,
        claimed: u32,
        replaced: u32,
    }
    #[derive(Serialize)]
    struct Given {
        order_id: String,
        returns: u32,
        replacements: u32,
    }
    let given = book.changes.numbers.iter().map(|id| {
        let Numbers { returns, replacements } = book.numbers(*id);
        Given { order_id: hex(*id), returns, replacements }
    });
    let given: Vec<Given> = given.collect();
    if !given.is_empty() {
        tx.execute(UPDATE_NUMBERS, &given).await?;
    }
    let taken = book.changes.claims.iter().map(|key| {
        let Claim { claimed, replaced } = book.claim(*key);
        Taken { order_id: hex(key.order_id), line_no: key.line_no, claimed, replaced }
    });
    let taken: Vec<Taken> = taken.collect();
    for taken in taken.chunks(ROWS_A_STATEMENT) {
        tx.execute(UPDATE, taken).await?;
    }
    Ok(())
}
