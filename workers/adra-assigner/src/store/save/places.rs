//! Assignments and the explanations of decisions, written. Never here: a decision.

use chrono::NaiveDate;
use routing::Load;
use serde::Serialize;
use store::hex;

use crate::assignment::{Assignment, named};
use crate::decide::DecisionRow;
use crate::store::columns::{ascii, id, number, plain, rows};

/// What may change of an assignment.
macro_rules! place {
    () => {
        concat!(
            ascii!("waybill_no", 112),
            ", ",
            ascii!("state", 12),
            ", ",
            ascii!("reason", 24),
            ", ",
            id!("route_id"),
            ", ",
            plain!("place_no", "SMALLINT UNSIGNED"),
            ", ",
            number!("version"),
            ", ",
            number!("waybill_version"),
            ", ",
            plain!("held", "TINYINT UNSIGNED"),
            ", ",
            plain!("pinned", "TINYINT UNSIGNED"),
            ", ",
            id!("stop_key"),
            ", ",
            ascii!("district", 32),
            ", ",
            ascii!("zone", 32),
            ", ",
            ascii!("depot", 32),
            ", ",
            plain!("delivery_date", "DATE"),
            ", ",
            ascii!("timeslot", 32),
            ", ",
            ascii!("sku_type", 8),
            ", ",
            number!("dry_ml"),
            ", ",
            number!("frozen_ml"),
            ", ",
            number!("weight_g"),
            ", ",
            plain!("at", "DATETIME(6)")
        )
    };
}

// A plain INSERT: of two processes that announce the same waybill one gets a duplicate key, runs again and
// finds the other's row.
pub(super) const NEW_ASSIGNMENTS: &str = concat!(
    "INSERT INTO assignment (waybill_no, state, reason, route_id, place_no, version, waybill_version, held, \
       pinned, kind, order_key, stop_key, district, zone, depot, delivery_date, timeslot, sku_type, \
       fulfilled_by, dry_ml, frozen_ml, weight_g, ordered_at, updated_at) \
     SELECT r.waybill_no, r.state, r.reason, UNHEX(r.route_id), r.place_no, r.version, r.waybill_version, \
       r.held, r.pinned, r.kind, r.order_key, UNHEX(r.stop_key), r.district, r.zone, r.depot, r.delivery_date, \
       r.timeslot, r.sku_type, r.fulfilled_by, r.dry_ml, r.frozen_ml, r.weight_g, r.ordered_at, r.at FROM ",
    rows!(
        place!(),
        ascii!("kind", 12),
        ascii!("order_key", 100),
        ascii!("fulfilled_by", 12),
        plain!("ordered_at", "DATETIME(6)")
    )
);

pub(super) const ASSIGNMENTS: &str = concat!(
    "UPDATE ",
    rows!(place!()),
    " STRAIGHT_JOIN assignment a FORCE INDEX (PRIMARY) ON a.waybill_no = r.waybill_no \
     SET a.state = r.state, a.reason = r.reason, a.route_id = UNHEX(r.route_id), a.place_no = r.place_no, \
       a.version = r.version, a.waybill_version = r.waybill_version, a.held = r.held, a.pinned = r.pinned, \
       a.stop_key = UNHEX(r.stop_key), a.district = r.district, a.zone = r.zone, a.depot = r.depot, \
       a.delivery_date = r.delivery_date, a.timeslot = r.timeslot, a.sku_type = r.sku_type, \
       a.dry_ml = r.dry_ml, a.frozen_ml = r.frozen_ml, a.weight_g = r.weight_g, a.updated_at = r.at"
);

#[derive(Serialize)]
pub(super) struct Place<'a> {
    waybill_no: &'a str,
    state: &'static str,
    reason: Option<&'static str>,
    route_id: Option<String>,
    place_no: u16,
    version: u64,
    waybill_version: u64,
    held: u8,
    pinned: u8,
    kind: &'static str,
    order_key: &'a str,
    stop_key: String,
    district: &'a str,
    zone: Option<&'a str>,
    depot: Option<&'a str>,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    sku_type: &'static str,
    fulfilled_by: &'static str,
    #[serde(flatten)]
    load: Load,
    ordered_at: String,
    at: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(row: &'a Assignment, at: &'a str) -> Self {
        Self {
            waybill_no: row.waybill_no.as_str(),
            state: row.state.word(),
            reason: row.state.reason().map(|reason| named(reason).1),
            route_id: row.state.route().map(|route| hex(route.0)),
            place_no: row.place_no,
            version: row.version,
            waybill_version: row.waybill_version,
            held: row.held.into(),
            pinned: row.pinned.into(),
            kind: row.kind.as_str(),
            order_key: &row.order,
            stop_key: hex(row.stop.0),
            district: row.district.as_str(),
            zone: row.zone.as_ref().map(|zone| zone.as_str()),
            depot: row.depot.as_ref().map(|depot| depot.as_str()),
            delivery_date: row.delivery_date,
            timeslot: row.timeslot.as_str(),
            sku_type: row.sku_type.as_str(),
            fulfilled_by: row.fulfilled_by.as_str(),
            load: row.load,
            ordered_at: row.ordered_at.to_sql(),
            at,
        }
    }
}

pub(super) const DECISIONS: &str = concat!(
    "INSERT INTO adra_decision (waybill_no, version, outcome, reason, route_id, explanation, judged_at, \
       decided_at) \
     SELECT r.waybill_no, r.version, r.outcome, r.reason, UNHEX(r.route_id), r.explanation, r.judged_at, r.at \
     FROM ",
    rows!(
        ascii!("waybill_no", 112),
        number!("version"),
        ascii!("outcome", 12),
        ascii!("reason", 24),
        id!("route_id"),
        plain!("judged_at", "DATETIME(6)"),
        plain!("at", "DATETIME(6)"),
        plain!("explanation", "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    )
);

#[derive(Serialize)]
pub(super) struct Decided<'a> {
    waybill_no: &'a str,
    version: u64,
    outcome: &'static str,
    reason: Option<&'static str>,
    route_id: Option<String>,
    judged_at: String,
    at: &'a str,
    /// Last: the server looks for every column from the row's beginning.
    explanation: &'a str,
}

impl<'a> Decided<'a> {
    pub(super) fn of(row: &'a DecisionRow, at: &'a str) -> Self {
        Self {
            waybill_no: row.waybill_no.as_str(),
            version: row.version,
            outcome: if row.route.is_some() { "ASSIGNED" } else { "UNASSIGNABLE" },
            reason: row.reason.map(|reason| named(reason).1),
            route_id: row.route.map(|route| hex(route.0)),
            judged_at: row.judged_at.to_sql(),
            at,
            explanation: &row.explanation,
        }
    }
}
