//! What is read of places (written by adra-assigner) whose route is locked.

use std::collections::BTreeMap;

use contracts::RouteId;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex};

use super::keys;

#[derive(FromQueryResult)]
struct PlaceRow {
    waybill_no: String,
    place_no: u16,
    state: String,
}

fn locked(rows: Vec<PlaceRow>) -> BTreeMap<String, u32> {
    let locked = rows.into_iter().filter(|row| row.state == "LOCKED");
    locked.map(|row| (row.waybill_no, row.place_no.into())).collect()
}

/// The shared lock waits for a transaction that locks the route, and such a transaction waits for ours: the
/// news of the lock comes after what we write, or we see the lock here. The state is no condition of the
/// statement: a row that does not meet it would be let go at once.
const LOCKED: &str = "SELECT a.waybill_no, a.place_no, a.state
  FROM (SELECT r.waybill_no FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r) r
  STRAIGHT_JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no
  ORDER BY a.waybill_no LOCK IN SHARE MODE";

/// Those of these waybills whose route is locked, with the number of their place. Give the numbers sorted.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn locked_places<'a>(
    tx: &Tx,
    waybill_numbers: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, u32>, StoreError> {
    let keys = keys(waybill_numbers);
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(locked(tx.select(LOCKED, &keys).await?))
}

/// How many waybills of a route one transaction submits.
pub(crate) const PAGE: usize = 200;

/// LIMIT is [`PAGE`].
const OF_ROUTE: &str = "SELECT a.waybill_no, a.place_no, a.state
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    route_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.route_id' ERROR ON ERROR,
    done VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.done' ERROR ON ERROR)) r
  STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = UNHEX(r.route_id)
  STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = a.waybill_no AND s.live = 1
  WHERE a.state = 'LOCKED' AND s.status = 'CREATED' AND a.waybill_no > r.done
  ORDER BY a.waybill_no LIMIT 200";

#[derive(Serialize)]
struct PageKey<'a> {
    route_id: String,
    /// Empty: from the beginning.
    done: &'a str,
}

/// The next waybills of a locked route after that one whose sales order waits, with the number of their
/// place, at most [`PAGE`]. One that was held when the route was locked is not among them.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn page_of_route(
    tx: &Tx,
    route_id: RouteId,
    done: &str,
) -> Result<BTreeMap<String, u32>, StoreError> {
    let key = PageKey { route_id: hex(route_id.0), done };
    Ok(locked(tx.select(OF_ROUTE, &[key]).await?))
}
