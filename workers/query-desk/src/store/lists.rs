//! Pages of orders and waybills, in two steps: the keys of a stretch of the list, read from one index in its
//! order; then the rows of those keys that pass the filter. So a page costs so many rows and no more,
//! whatever is asked for and however long the table is.
//!
//! The scope is in both steps: a key read by mistake would still show nothing foreign.

mod orders;
mod waybills;

use ::store::{Database, StoreError, hex, parse_hex};
use contracts::Cursor;
use sea_orm::{FromQueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

use crate::scope::Limits;

#[cfg(test)]
pub(crate) use orders::WALKS as ORDER_WALKS;
pub(crate) use orders::{order_keys, orders};
#[cfg(test)]
pub(crate) use waybills::WALKS as WAYBILL_WALKS;
pub(crate) use waybills::{waybill_keys, waybills};

/// One index of a list: how a stretch of it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    /// The index.
    #[cfg_attr(not(test), allow(dead_code, reason = "tests look whether it is used"))]
    pub(crate) index: &'static str,
    /// Its values are those of the index, then the key that it starts below, then how many rows.
    pub(crate) sql: &'static str,
}

/// A text column whose values are all ASCII, compared as the index has it.
macro_rules! ascii {
    ($column:literal) => {
        concat!($column, " = CONVERT(? USING ascii) COLLATE ascii_bin AND ")
    };
}

macro_rules! walk {
    ($table:literal, $index:literal, $which:expr) => {
        Walk {
            index: $index,
            sql: concat!(
                "SELECT HEX(k.id) id FROM ",
                $table,
                " k FORCE INDEX (",
                $index,
                ") WHERE ",
                $which,
                "k.id < UNHEX(?) ORDER BY k.id DESC LIMIT ?"
            ),
        }
    };
}
use ascii;
use walk;

#[derive(FromQueryResult)]
struct KeyRow {
    id: String,
}

/// A stretch of an index, the newest key first.
async fn keys(
    database: &Database,
    walk: Walk,
    of: Vec<Value>,
    after: Option<Cursor>,
    most: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let below = hex(after.map_or(Uuid::max(), |cursor| cursor.0));
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let values = of.into_iter().chain([Value::from(below), Value::from(most)]).collect();
    let rows: Vec<KeyRow> = database.select_values(walk.sql, values).await?;
    rows.iter().map(|row| parse_hex(&row.id)).collect()
}

#[derive(Serialize)]
struct Id {
    id: String,
}

/// The rows of these keys that pass a filter; the statement has the filter's row first, then the keys.
async fn rows<T: FromQueryResult>(
    database: &Database,
    sql: &'static str,
    filter: &(impl Serialize + Sync),
    keys: &[Uuid],
) -> Result<Vec<T>, StoreError> {
    let ids: Vec<Id> = keys.iter().map(|key| Id { id: hex(*key) }).collect();
    let encode = |error: serde_json::Error| StoreError::Encode(error.to_string());
    let filter = serde_json::to_string(&[filter]).map_err(encode)?;
    let ids = serde_json::to_string(&ids).map_err(encode)?;
    database.select_values(sql, vec![Value::from(filter), Value::from(ids)]).await
}

/// The columns of a scope in a filter's row.
#[derive(Serialize)]
struct ScopeRow<'a> {
    own_merchant: Option<&'a str>,
    own_customer: Option<&'a str>,
    own_source: Option<&'a str>,
}

impl<'a> ScopeRow<'a> {
    fn of(limits: &Limits<'a>) -> Self {
        Self {
            own_merchant: limits.merchant.map(contracts::Merchant::as_str),
            own_customer: limits.customer.map(contracts::CustomerRef::as_str),
            own_source: limits.source.map(contracts::Source::as_str),
        }
    }
}

/// What comes before the columns of a list's own filter, and after them.
macro_rules! page {
    ($select:literal, $filter:literal, $joins:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               own_merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.own_merchant' ERROR ON ERROR, \
               own_customer VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.own_customer' ERROR ON ERROR, \
               own_source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.own_source' ERROR ON ERROR, \
               merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
               source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
               status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
               delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, \
               updated_since DATETIME(6) PATH '$.updated_since' ERROR ON ERROR",
            $filter,
            ")) f STRAIGHT_JOIN JSON_TABLE(?, '$[*]' COLUMNS( \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r ON TRUE ",
            $joins
        )
    };
}
use page;
