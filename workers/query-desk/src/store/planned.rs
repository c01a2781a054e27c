//! Decisions, routes and proposals as adra-assigner keeps them, one statement a part.

use std::collections::BTreeSet;

use ::store::{Database, StoreError, hex, parse_hex, timestamp};
use chrono::{NaiveDate, NaiveDateTime};
use contracts::{
    Aboard, Position, ProposalView, RouteHead, RouteId, RouteName, RouteState, StoredDecision,
    TruckLimits, WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::{unreadable, word};

macro_rules! ascii {
    ($name:literal, $length:literal) => {
        concat!(
            $name,
            " VARCHAR(",
            $length,
            ") CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $name,
            "' ERROR ON ERROR"
        )
    };
}

macro_rules! id {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r"
    };
}

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(Serialize)]
struct After<'a> {
    waybill_no: &'a WaybillNo,
    after_version: u64,
}

// one more than an answer holds says that there are more
const DECISIONS: &str = concat!(
    "SELECT d.version, d.outcome, d.reason, t.route_ref, d.judged_at, d.decided_at, d.explanation \
     FROM JSON_TABLE(?, '$[*]' COLUMNS(",
    ascii!("waybill_no", 112),
    ", after_version BIGINT UNSIGNED PATH '$.after_version' ERROR ON ERROR)) r \
     STRAIGHT_JOIN adra_decision d FORCE INDEX (PRIMARY) \
       ON d.waybill_no = r.waybill_no AND d.version > r.after_version \
     LEFT JOIN route t FORCE INDEX (PRIMARY) ON t.id = d.route_id ORDER BY d.version LIMIT 51"
);

#[derive(FromQueryResult)]
struct DecisionRow {
    version: u64,
    outcome: String,
    reason: Option<String>,
    route_ref: Option<String>,
    judged_at: NaiveDateTime,
    decided_at: NaiveDateTime,
    explanation: String,
}

/// Up to 51 decisions about a waybill after one of its versions.
pub(crate) async fn decisions(
    database: &Database,
    waybill_no: &WaybillNo,
    after_version: u64,
) -> Result<Vec<StoredDecision>, StoreError> {
    let key = After { waybill_no, after_version };
    let rows: Vec<DecisionRow> = database.select(DECISIONS, &[key]).await?;
    let read = rows.into_iter().map(|row| StoredDecision {
        version: row.version,
        outcome: row.outcome,
        reason: row.reason,
        route_ref: row.route_ref,
        judged_at: timestamp(row.judged_at),
        decided_at: timestamp(row.decided_at),
        explanation: row.explanation,
    });
    Ok(read.collect())
}

/// True when adra-assigner has heard of a waybill.
pub(crate) async fn is_known(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<bool, StoreError> {
    let found = super::waybills::parts(database, &BTreeSet::from([waybill_no.as_str()])).await?;
    Ok(found.iter().any(|parts| parts.assignment.is_some()))
}

const NAMES: &str = concat!(
    "SELECT HEX(t.id) id, t.route_ref FROM ",
    id!(),
    " STRAIGHT_JOIN route t FORCE INDEX (PRIMARY) ON t.id = UNHEX(r.id) ORDER BY t.route_ref"
);

#[derive(FromQueryResult)]
struct NameRow {
    id: String,
    route_ref: String,
}

/// The names of the routes that there are.
pub(crate) async fn route_names(
    database: &Database,
    ids: &BTreeSet<RouteId>,
) -> Result<Vec<RouteName>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Id> = ids.iter().map(|id| Id { id: hex(id.0) }).collect();
    let rows: Vec<NameRow> = database.select(NAMES, &keys).await?;
    let read = rows.into_iter().map(|NameRow { id, route_ref }| {
        Ok(RouteName { route_id: RouteId(parse_hex(&id)?), route_ref })
    });
    read.collect()
}

macro_rules! head {
    () => {
        "SELECT HEX(t.id) id, t.route_ref, t.depot, t.delivery_date, t.timeslot, t.zone, t.template, \
           t.sku_class, t.truck_type, t.status, t.version, t.waybills, t.stops, t.dry_ml, t.frozen_ml, \
           t.weight_g"
    };
}

/// Which routes of a day.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Wanted<'a> {
    pub(crate) delivery_date: NaiveDate,
    pub(crate) depot: Option<&'a str>,
    pub(crate) timeslot: Option<&'a str>,
    pub(crate) zone: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    /// Only those whose names come after this one; empty: from the first.
    pub(crate) after_ref: &'a str,
}

const ROUTES: &str = concat!(
    head!(),
    " FROM JSON_TABLE(?, '$[*]' COLUMNS(delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, ",
    ascii!("depot", 32),
    ", ",
    ascii!("timeslot", 32),
    ", ",
    ascii!("zone", 32),
    ", ",
    ascii!("status", 12),
    ", ",
    ascii!("after_ref", 128),
    ")) r STRAIGHT_JOIN route t FORCE INDEX (route_day) \
       ON t.delivery_date = r.delivery_date AND t.route_ref > r.after_ref \
     WHERE (r.depot IS NULL OR t.depot = r.depot) AND (r.timeslot IS NULL OR t.timeslot = r.timeslot) \
       AND (r.zone IS NULL OR t.zone = r.zone) AND (r.status IS NULL OR t.status = r.status) \
     ORDER BY t.route_ref LIMIT 501"
);

#[derive(FromQueryResult)]
struct RouteRow {
    id: String,
    route_ref: String,
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
    zone: String,
    template: String,
    sku_class: String,
    truck_type: String,
    status: String,
    version: u64,
    waybills: u32,
    stops: u32,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
}

impl RouteRow {
    fn read(self) -> Result<RouteHead, StoreError> {
        let status = RouteState::parse(&self.status);
        Ok(RouteHead {
            route_id: RouteId(parse_hex(&self.id)?),
            route_ref: self.route_ref,
            depot: word("route.depot", self.depot)?,
            delivery_date: self.delivery_date,
            timeslot: word("route.timeslot", self.timeslot)?,
            zone: word("route.zone", self.zone)?,
            template: self.template,
            sku_class: word("route.sku_class", self.sku_class)?,
            truck_type: word("route.truck_type", self.truck_type)?,
            status: status.ok_or_else(|| unreadable("route.status", &self.status))?,
            version: self.version,
            waybills: self.waybills,
            stops: self.stops,
            dry_ml: self.dry_ml,
            frozen_ml: self.frozen_ml,
            weight_g: self.weight_g,
        })
    }
}

/// Up to 501 routes, by name.
pub(crate) async fn routes(
    database: &Database,
    wanted: Wanted<'_>,
) -> Result<Vec<RouteHead>, StoreError> {
    let rows: Vec<RouteRow> = database.select(ROUTES, &[wanted]).await?;
    rows.into_iter().map(RouteRow::read).collect()
}

/// A route, and what the network says of its truck and its depot.
pub(crate) struct FoundRoute {
    pub(crate) head: RouteHead,
    pub(crate) truck: Option<TruckLimits>,
    pub(crate) depot_position: Option<Position>,
}

#[derive(Serialize)]
struct Name<'a> {
    route_ref: &'a str,
}

macro_rules! by_name {
    ($select:expr, $join:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS(",
            ascii!("route_ref", 128),
            ")) r STRAIGHT_JOIN route t FORCE INDEX (route_reference) ON t.route_ref = r.route_ref ",
            $join
        )
    };
}

const ROUTE: &str = by_name!(head!(), "");

const AROUND: &str = by_name!(
    "SELECT k.max_weight_kg, k.max_stops, k.cost, k.profiles, c.lat_e6, c.lon_e6",
    "LEFT JOIN truck_type k FORCE INDEX (PRIMARY) ON k.truck_type = t.truck_type \
     LEFT JOIN coordinates c FORCE INDEX (PRIMARY) ON c.kind = 'DEPOT' AND c.code = t.depot"
);

#[derive(FromQueryResult)]
struct AroundRow {
    max_weight_kg: Option<u32>,
    max_stops: Option<u32>,
    cost: Option<u32>,
    profiles: Option<String>,
    lat_e6: Option<i32>,
    lon_e6: Option<i32>,
}

/// A route by its name.
pub(crate) async fn route(
    database: &Database,
    route_ref: &str,
) -> Result<Option<FoundRoute>, StoreError> {
    let rows: Vec<RouteRow> = database.select(ROUTE, &[Name { route_ref }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let around: Vec<AroundRow> = database.select(AROUND, &[Name { route_ref }]).await?;
    let around = around.into_iter().next();
    let depot_position = around.as_ref().and_then(|row| position(row.lat_e6, row.lon_e6));
    let truck = around.and_then(|row| {
        Some(TruckLimits {
            max_weight_kg: row.max_weight_kg?,
            max_stops: row.max_stops?,
            cost: row.cost?,
            profiles: row.profiles?,
        })
    });
    Ok(Some(FoundRoute { head: row.read()?, truck, depot_position }))
}

fn position(lat_e6: Option<i32>, lon_e6: Option<i32>) -> Option<Position> {
    Some(Position { lat_e6: lat_e6?, lon_e6: lon_e6? })
}

/// A waybill on a route, and the door that it goes to.
pub(crate) struct Carried {
    pub(crate) stop: Uuid,
    pub(crate) seq: Option<u32>,
    pub(crate) district: String,
    pub(crate) position: Option<Position>,
    pub(crate) waybill: Aboard,
}

// doors without an order of driving come last, by district
const CARRIED: &str = concat!(
    "SELECT HEX(a.stop_key) stop_key, s.seq, a.district, c.lat_e6, c.lon_e6, a.waybill_no, a.kind, w.status, \
       a.held, a.pinned, a.dry_ml, a.frozen_ml, a.weight_g FROM ",
    id!(),
    " STRAIGHT_JOIN assignment a FORCE INDEX (assignment_route) ON a.route_id = UNHEX(r.id) \
     LEFT JOIN route_stop s FORCE INDEX (PRIMARY) ON s.route_id = a.route_id AND s.stop_key = a.stop_key \
     LEFT JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = a.waybill_no \
     LEFT JOIN coordinates c FORCE INDEX (PRIMARY) ON c.kind = 'DISTRICT' AND c.code = a.district \
     ORDER BY s.seq IS NULL, s.seq, a.district, a.stop_key, a.waybill_no LIMIT 20000"
);

#[derive(FromQueryResult)]
struct CarriedRow {
    stop_key: String,
    seq: Option<u32>,
    district: String,
    lat_e6: Option<i32>,
    lon_e6: Option<i32>,
    waybill_no: String,
    kind: String,
    status: Option<String>,
    held: bool,
    pinned: bool,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
}

impl CarriedRow {
    fn read(self) -> Result<Carried, StoreError> {
        let status = self.status.map(|status| word("waybill.status", status)).transpose()?;
        let waybill = Aboard {
            waybill_no: word("assignment.waybill_no", self.waybill_no)?,
            kind: word("assignment.kind", self.kind)?,
            status,
            held: self.held,
            pinned: self.pinned,
            dry_ml: self.dry_ml,
            frozen_ml: self.frozen_ml,
            weight_g: self.weight_g,
        };
        Ok(Carried {
            stop: parse_hex(&self.stop_key)?,
            seq: self.seq,
            district: self.district,
            position: position(self.lat_e6, self.lon_e6),
            waybill,
        })
    }
}

/// What is on a route, door by door.
pub(crate) async fn carried(
    database: &Database,
    route: RouteId,
) -> Result<Vec<Carried>, StoreError> {
    let rows: Vec<CarriedRow> = database.select(CARRIED, &[Id { id: hex(route.0) }]).await?;
    rows.into_iter().map(CarriedRow::read).collect()
}

const PROPOSAL: &str = concat!(
    "SELECT p.depot, p.delivery_date, p.timeslot, p.state, p.version, p.proposed_by, p.note, p.settled_by, \
       p.steps, p.evaluation, p.created_at, p.expires_at FROM ",
    id!(),
    " STRAIGHT_JOIN adra_proposal p FORCE INDEX (PRIMARY) ON p.id = UNHEX(r.id)"
);

#[derive(FromQueryResult)]
struct ProposalRow {
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
    state: String,
    version: u64,
    proposed_by: String,
    note: Option<String>,
    settled_by: Option<String>,
    steps: String,
    evaluation: String,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
}

/// A proposal by its id.
pub(crate) async fn proposal(
    database: &Database,
    proposal_id: Uuid,
) -> Result<Option<ProposalView>, StoreError> {
    let rows: Vec<ProposalRow> = database.select(PROPOSAL, &[Id { id: hex(proposal_id) }]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let steps = serde_json::from_str(&row.steps);
    let evaluation = serde_json::from_str(&row.evaluation);
    Ok(Some(ProposalView {
        proposal_id,
        depot: word("adra_proposal.depot", row.depot)?,
        delivery_date: row.delivery_date,
        timeslot: word("adra_proposal.timeslot", row.timeslot)?,
        state: word("adra_proposal.state", row.state)?,
        proposed_by: row.proposed_by,
        note: row.note,
        settled_by: row.settled_by,
        steps: steps.map_err(|error| unreadable("adra_proposal.steps", error))?,
        evaluation: evaluation.map_err(|error| unreadable("adra_proposal.evaluation", error))?,
        created_at: timestamp(row.created_at),
        expires_at: timestamp(row.expires_at),
        version: row.version,
    }))
}
