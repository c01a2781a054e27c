//! Routes that messages name, and who is aboard. Never here: a lock, or a change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use contracts::WaybillNo;
use routing::{RouteId, SlotDayKey};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};

use super::assignments::NumberRow;
use super::columns::{ascii, id, rows};
use super::rows::number;
use crate::decide::KnownRoute;

#[derive(Serialize)]
struct Name<'a> {
    route_ref: &'a str,
}

const KNOWN: &str = concat!(
    "SELECT HEX(t.id) id, t.route_ref, t.depot, t.delivery_date, t.timeslot, t.version FROM ",
    rows!(ascii!("route_ref", 128)),
    " STRAIGHT_JOIN route t FORCE INDEX (route_reference) ON t.route_ref = r.route_ref"
);

#[derive(FromQueryResult)]
struct KnownRow {
    id: String,
    route_ref: String,
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
    version: u64,
}

/// The routes of these names that there are.
pub(crate) async fn known_routes(
    tx: &Tx,
    names: &BTreeSet<&str>,
) -> Result<BTreeMap<String, KnownRoute>, StoreError> {
    let names: Vec<_> = names.iter().map(|route_ref| Name { route_ref }).collect();
    let rows: Vec<KnownRow> = tx.select(KNOWN, &names).await?;
    let read = rows.into_iter().map(|row| {
        let (depot, timeslot) = (row.depot.into(), row.timeslot.into());
        let key = SlotDayKey { depot, date: row.delivery_date, timeslot };
        let id = RouteId(parse_hex(&row.id)?);
        Ok((row.route_ref, KnownRoute { id, key, version: row.version }))
    });
    read.collect()
}

#[derive(Serialize)]
struct Id {
    id: String,
}

const ABOARD: &str = concat!(
    "SELECT a.waybill_no FROM ",
    rows!(id!("id")),
    " STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = UNHEX(r.id)"
);

/// The waybills that have their places on these routes at this moment.
pub(crate) async fn aboard(
    tx: &Tx,
    routes: impl Iterator<Item = RouteId>,
) -> Result<BTreeSet<WaybillNo>, StoreError> {
    let ids: Vec<_> = routes.map(|route| Id { id: hex(route.0) }).collect();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<NumberRow> = tx.select(ABOARD, &ids).await?;
    rows.into_iter().map(|row| number(row.waybill_no)).collect()
}
