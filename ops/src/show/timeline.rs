//! What happened to an order and its waybills, from every table that keeps a time, in one order: who said
//! it, whence, what came of it, and in which conversation.

use chrono::NaiveDateTime;
use contracts::Actor;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, timestamp};

use super::waybill::{Key, Waybill};
use crate::error::Result;
use crate::output::{Output, Table};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// When, as the database keeps it.
    pub(super) at: String,
    /// Which waybill; `None`: the order itself.
    pub(super) waybill_no: Option<String>,
    /// Which part of the exchange.
    pub(super) by: &'static str,
    /// What.
    pub(super) what: String,
    /// What came of it, where a message had an outcome.
    pub(super) outcome: Option<String>,
    /// Who said it; `None` for what was decided here.
    #[serde(flatten)]
    pub(super) cause: Cause,
}

/// Who said something, whence, and in which conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Cause {
    /// On whose behalf.
    pub(super) actor: Option<String>,
    pub(super) role: Option<String>,
    /// The broker user that published it.
    pub(super) sender: Option<String>,
    /// Where it came in: a file and its line, an address, a partner.
    pub(super) origin: Option<String>,
    pub(super) correlation_id: Option<String>,
}

impl Cause {
    /// Of a message that the tables keep with its actor as JSON.
    pub(super) fn of(
        actor: Option<&str>,
        sender: Option<String>,
        correlation_id: Option<String>,
    ) -> Self {
        let actor: Option<Actor> = actor.and_then(|json| serde_json::from_str(json).ok());
        let Some(Actor { subject, role, origin, .. }) = actor else {
            return Self { sender, correlation_id, ..Self::default() };
        };
        let role = serde_json::to_value(role).ok();
        let role = role.and_then(|role| role.as_str().map(str::to_owned));
        Self { actor: Some(subject), role, sender, origin, correlation_id }
    }

    /// `ann (cs_agent) via dray-operator, order-shop-1.tsv:2`.
    fn who(&self) -> String {
        let via = self.sender.as_ref().filter(|sender| self.actor.as_ref() != Some(sender));
        let parts = [
            self.actor.clone(),
            self.role.as_ref().map(|role| format!("({role})")),
            via.map(|sender| format!("via {sender}")),
        ];
        let person = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let origin = self.origin.as_ref().map(|origin| format!(", {origin}"));
        format!("{person}{}", origin.unwrap_or_default())
    }
}

impl Event {
    /// An event of the order itself.
    pub(super) fn of_order(at: NaiveDateTime, by: &'static str, what: String) -> Self {
        let (at, outcome, cause) = (timestamp(at).to_string(), None, Cause::default());
        Self { at, waybill_no: None, by, what, outcome, cause }
    }

    /// The same, with what came of it.
    pub(super) fn with(self, outcome: &str, cause: Cause) -> Self {
        Self { outcome: Some(outcome.to_owned()), cause, ..self }
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    at: NaiveDateTime,
    waybill_no: String,
    what: String,
    outcome: Option<String>,
    actor: Option<String>,
    sender: Option<String>,
    correlation_id: Option<String>,
}

macro_rules! of_waybills {
    ($select:literal, $joins:literal) => {
        of_waybills!(
            $select,
            "CAST(NULL AS CHAR) outcome, CAST(NULL AS CHAR) actor, CAST(NULL AS CHAR) sender, \
               CAST(NULL AS CHAR) correlation_id",
            $joins
        )
    };
    ($select:literal, $message:literal, $joins:literal) => {
        concat!(
            "SELECT ",
            $select,
            ", ",
            $message,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k ",
            $joins
        )
    };
}

const REPORTS: &str = of_waybills!(
    "e.received_at at, w.waybill_no, CONCAT_WS(' ', e.message_type, e.fact, \
       IF(e.attempt > 0, CONCAT('attempt ', e.attempt), NULL), e.detail, CONCAT('-> ', e.status, ' v', e.version), \
       CONCAT('(happened ', e.occurred_at, ')')) what",
    "CONCAT(e.outcome, COALESCE(CONCAT(':', e.code), '')) outcome, e.actor, e.sender, e.correlation_id",
    "STRAIGHT_JOIN waybill w ON w.waybill_no = k.no STRAIGHT_JOIN waybill_event e ON e.waybill_id = w.id"
);
const HOLDS: &str = of_waybills!(
    "COALESCE(h.placed_at, h.released_at) at, w.waybill_no, CONCAT_WS(' ', 'hold', h.reason, 'of', h.owner, \
       CONCAT(h.handle, '#', h.instance), IF(h.released_at IS NULL, 'is open', CONCAT('released ', h.released_at))) what",
    "STRAIGHT_JOIN waybill w ON w.waybill_no = k.no STRAIGHT_JOIN waybill_hold h ON h.waybill_id = w.id"
);
const DECISIONS: &str = of_waybills!(
    "d.decided_at at, d.waybill_no, CONCAT_WS(' ', d.outcome, d.reason, r.route_ref, r.truck_type, \
       CONCAT('(judged at ', d.judged_at, ')')) what",
    "STRAIGHT_JOIN adra_decision d ON d.waybill_no = k.no LEFT JOIN route r ON r.id = d.route_id"
);
const SALES_ORDERS: &str = of_waybills!(
    "s.created_at at, s.waybill_no, CONCAT_WS(' ', s.sales_order_no, 'for', s.warehouse, s.pick_flow, \
       IF(s.live = 1, 'in force, now', 'replaced,'), s.status, s.reason) what",
    "STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no"
);
const SALES_ORDER_CHANGES: &str = of_waybills!(
    "c.at, s.waybill_no, CONCAT_WS(' ', c.sales_order_no, c.message_type, \
       CONCAT_WS(' -> ', c.from_status, c.to_status), CONCAT('v', c.version)) what",
    "CAST('APPLIED' AS CHAR) outcome, \
       CAST(JSON_OBJECT('subject', c.who, 'role', c.role, 'origin', c.origin) AS CHAR) actor, c.sender, \
       c.correlation_id",
    "STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no \
     STRAIGHT_JOIN sales_order_change c ON c.sales_order_no = s.sales_order_no"
);
const PARTNERS: &str = of_waybills!(
    "p.at, s.waybill_no, CONCAT_WS(' ', p.partner, IF(p.direction = 'out', 'was told', 'said'), p.step, \
       p.reference) what",
    "STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no \
     STRAIGHT_JOIN partner_delivery p ON p.partner = 'wms' AND p.reference = s.sales_order_no"
);

/// Everything about these waybills, in order.
pub(super) async fn of_waybills(database: &Database, waybills: &[Waybill]) -> Result<Vec<Event>> {
    let keys: Vec<Key<'_>> = waybills.iter().map(|w| Key { waybill_no: &w.waybill_no }).collect();
    let parts: [(&'static str, &'static str); 6] = [
        ("waybill-status", REPORTS),
        ("waybill-status", HOLDS),
        ("adra-assigner", DECISIONS),
        ("sales-order", SALES_ORDERS),
        ("sales-order", SALES_ORDER_CHANGES),
        ("wms-sync", PARTNERS),
    ];
    let mut events = Vec::new();
    for (by, sql) in parts {
        let rows: Vec<Row> = database.select(sql, &keys).await?;
        events.extend(rows.into_iter().map(|row| Event {
            at: timestamp(row.at).to_string(),
            waybill_no: Some(row.waybill_no),
            by,
            what: row.what,
            outcome: row.outcome,
            cause: Cause::of(row.actor.as_deref(), row.sender, row.correlation_id),
        }));
    }
    sort(&mut events);
    Ok(events)
}

/// By time; what happened in one transaction keeps the order of its tables.
pub(super) fn sort(events: &mut [Event]) {
    events.sort_by(|a, b| a.at.cmp(&b.at));
}

/// The events for a person.
pub(super) fn text(events: &[Event], output: Output) -> String {
    let heads = ["at", "waybill", "by", "what", "outcome", "from", "conversation"];
    let mut table = Table::new(&heads);
    for event in events {
        table.row([
            event.at.clone(),
            event.waybill_no.clone().unwrap_or_default(),
            event.by.to_owned(),
            event.what.clone(),
            event.outcome.clone().unwrap_or_default(),
            event.cause.who(),
            event.cause.correlation_id.clone().unwrap_or_default(),
        ]);
    }
    table.render(output)
}
