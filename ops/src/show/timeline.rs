//! What happened to waybills, from every table that keeps a time, in one order.

use chrono::NaiveDateTime;
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
}

impl Event {
    /// An event of the order itself.
    pub(super) fn of_order(at: NaiveDateTime, by: &'static str, what: String) -> Self {
        Self { at: timestamp(at).to_string(), waybill_no: None, by, what }
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    at: NaiveDateTime,
    waybill_no: String,
    what: String,
}

macro_rules! of_waybills {
    ($select:literal, $joins:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k ",
            $joins
        )
    };
}

const REPORTS: &str = of_waybills!(
    "e.received_at at, w.waybill_no, CONCAT_WS(' ', e.message_type, e.fact, \
       IF(e.attempt > 0, CONCAT('attempt ', e.attempt), NULL), CONCAT(e.outcome, COALESCE(CONCAT(':', e.code), '')), \
       CONCAT('-> ', e.status, ' v', e.version), CONCAT('(happened ', e.occurred_at, ')')) what",
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
const PARTNERS: &str = of_waybills!(
    "p.at, s.waybill_no, CONCAT_WS(' ', p.partner, IF(p.direction = 'out', 'was told', 'said'), p.step, \
       p.reference) what",
    "STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no \
     STRAIGHT_JOIN partner_delivery p ON p.partner = 'wms' AND p.reference = s.sales_order_no"
);

/// Everything about these waybills, in order.
pub(super) async fn of_waybills(database: &Database, waybills: &[Waybill]) -> Result<Vec<Event>> {
    let keys: Vec<Key<'_>> = waybills.iter().map(|w| Key { waybill_no: &w.waybill_no }).collect();
    let parts: [(&'static str, &'static str); 5] = [
        ("waybill-status", REPORTS),
        ("waybill-status", HOLDS),
        ("adra-assigner", DECISIONS),
        ("sales-order", SALES_ORDERS),
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
    let mut table = Table::new(&["at", "waybill", "by", "what"]);
    for event in events {
        table.row([
            event.at.clone(),
            event.waybill_no.clone().unwrap_or_default(),
            event.by.to_owned(),
            event.what.clone(),
        ]);
    }
    table.render(output)
}
