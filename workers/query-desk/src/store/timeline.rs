//! What each owner wrote down of a waybill, one statement an owner.

use ::store::{Database, StoreError, timestamp};
use chrono::NaiveDateTime;
use contracts::{
    Actor, Role, TimelineCause, TimelineHold, TimelinePart, TimelineStep, Timestamp, WaybillNo,
};
use sea_orm::FromQueryResult;

use super::{WaybillKey, word};

/// Most rows of one owner; one more says that there are more.
pub(crate) const STEPS_MAX: usize = 500;

/// A step, and on behalf of which merchant it was said.
pub(crate) struct Told {
    pub(crate) step: TimelineStep,
    pub(crate) merchant: Option<String>,
}

macro_rules! of_waybill {
    ($select:literal, $joins:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin \
               PATH '$.waybill_no' ERROR ON ERROR)) r ",
            $joins,
            " LIMIT 501"
        )
    };
}

const EVENTS: &str = of_waybill!(
    "SELECT e.received_at, e.occurred_at, e.version, e.message_type, e.fact, e.attempt, e.outcome, e.code, \
       e.status, e.detail, e.actor, e.sender, e.correlation_id",
    "STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no \
     STRAIGHT_JOIN waybill_event e FORCE INDEX (PRIMARY) ON e.waybill_id = w.id ORDER BY e.version"
);

#[derive(FromQueryResult)]
struct EventRow {
    received_at: NaiveDateTime,
    occurred_at: NaiveDateTime,
    version: u64,
    message_type: String,
    fact: Option<String>,
    attempt: Option<u16>,
    outcome: String,
    code: Option<String>,
    status: String,
    detail: Option<String>,
    actor: String,
    sender: Option<String>,
    correlation_id: Option<String>,
}

/// What was said of the waybill itself.
pub(crate) async fn events(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<Told>, StoreError> {
    let rows: Vec<EventRow> = database.select(EVENTS, &[WaybillKey { waybill_no }]).await?;
    Ok(rows.into_iter().map(EventRow::read).collect())
}

impl EventRow {
    fn read(self) -> Told {
        // what does not read as an actor was said by nobody
        let actor: Option<Actor> = serde_json::from_str(&self.actor).ok();
        let merchant = actor.as_ref().and_then(|actor| actor.merchant.clone());
        let cause = TimelineCause {
            role: actor.as_ref().map(|actor| actor.role),
            origin: actor.as_ref().and_then(|actor| actor.origin.clone()),
            actor: actor.map(|actor| actor.subject),
            sender: self.sender,
            correlation_id: self.correlation_id,
        };
        let step = TimelineStep {
            at: timestamp(self.received_at),
            occurred_at: Some(timestamp(self.occurred_at)),
            part: TimelinePart::Waybill,
            version: self.version,
            what: self.message_type,
            fact: self.fact,
            attempt: self.attempt.filter(|attempt| *attempt > 0),
            outcome: self.outcome,
            code: self.code,
            status: Some(self.status),
            reference: None,
            detail: self.detail,
            cause,
        };
        Told { step, merchant }
    }
}

const PLACES: &str = of_waybill!(
    "SELECT d.decided_at, d.version, d.outcome, d.reason, t.route_ref",
    "STRAIGHT_JOIN adra_decision d FORCE INDEX (PRIMARY) ON d.waybill_no = r.waybill_no \
     LEFT JOIN route t FORCE INDEX (PRIMARY) ON t.id = d.route_id ORDER BY d.version"
);

#[derive(FromQueryResult)]
struct PlaceRow {
    decided_at: NaiveDateTime,
    version: u64,
    outcome: String,
    reason: Option<String>,
    route_ref: Option<String>,
}

/// What adra-assigner decided about its place.
pub(crate) async fn places(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<Told>, StoreError> {
    let rows: Vec<PlaceRow> = database.select(PLACES, &[WaybillKey { waybill_no }]).await?;
    let steps = rows.into_iter().map(|row| TimelineStep {
        at: timestamp(row.decided_at),
        occurred_at: None,
        part: TimelinePart::Assignment,
        version: row.version,
        what: row.outcome.clone(),
        fact: None,
        attempt: None,
        outcome: "APPLIED".to_owned(),
        code: row.reason,
        status: Some(row.outcome),
        reference: row.route_ref,
        detail: None,
        cause: TimelineCause { role: Some(Role::Worker), ..TimelineCause::default() },
    });
    Ok(steps.map(|step| Told { step, merchant: None }).collect())
}

const SALES_ORDERS: &str = of_waybill!(
    "SELECT c.at, c.sales_order_no, c.version, c.message_type, c.to_status, c.who, c.role, c.origin, c.sender, \
       c.correlation_id",
    "STRAIGHT_JOIN sales_order s FORCE INDEX (sales_order_live) ON s.waybill_no = r.waybill_no \
     STRAIGHT_JOIN sales_order_change c FORCE INDEX (PRIMARY) ON c.sales_order_no = s.sales_order_no \
     ORDER BY c.at, c.version"
);

#[derive(FromQueryResult)]
struct SalesOrderRow {
    at: NaiveDateTime,
    sales_order_no: String,
    version: u64,
    message_type: String,
    to_status: String,
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    correlation_id: Option<String>,
}

/// What became of its sales orders.
pub(crate) async fn sales_orders(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<Told>, StoreError> {
    let rows: Vec<SalesOrderRow> =
        database.select(SALES_ORDERS, &[WaybillKey { waybill_no }]).await?;
    let steps = rows.into_iter().map(|row| TimelineStep {
        at: timestamp(row.at),
        occurred_at: None,
        part: TimelinePart::SalesOrder,
        version: row.version,
        what: row.message_type,
        fact: None,
        attempt: None,
        outcome: "APPLIED".to_owned(),
        code: None,
        status: Some(row.to_status),
        reference: Some(row.sales_order_no),
        detail: None,
        cause: TimelineCause {
            actor: Some(row.who),
            role: word("sales_order_change.role", row.role).ok(),
            sender: Some(row.sender),
            origin: row.origin,
            correlation_id: row.correlation_id,
        },
    });
    Ok(steps.map(|step| Told { step, merchant: None }).collect())
}

const HOLDS: &str = of_waybill!(
    "SELECT h.owner, h.handle, h.instance, h.reason, h.placed_at, h.released_at",
    "STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no \
     STRAIGHT_JOIN waybill_hold h FORCE INDEX (PRIMARY) ON h.waybill_id = w.id \
     ORDER BY COALESCE(h.placed_at, h.released_at), h.owner, h.handle, h.instance"
);

#[derive(FromQueryResult)]
struct HoldRow {
    owner: String,
    handle: String,
    instance: u32,
    reason: Option<String>,
    placed_at: Option<NaiveDateTime>,
    released_at: Option<NaiveDateTime>,
}

/// Its holds as they are now.
pub(crate) async fn holds(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<TimelineHold>, StoreError> {
    let rows: Vec<HoldRow> = database.select(HOLDS, &[WaybillKey { waybill_no }]).await?;
    let time = |time: Option<NaiveDateTime>| -> Option<Timestamp> { time.map(timestamp) };
    let read = rows.into_iter().map(|row| {
        Ok(TimelineHold {
            reason: row.reason.map(|text| word("waybill_hold.reason", text)).transpose()?,
            owner: Some(row.owner),
            handle: Some(row.handle),
            instance: row.instance,
            placed_at: time(row.placed_at),
            released_at: time(row.released_at),
        })
    });
    read.collect()
}
