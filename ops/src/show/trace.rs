//! The whole history of one waybill and of its sales orders, a line a message: when it came, from whom and
//! whence, what it said, what came of it, and the conversation it belongs to.

use chrono::NaiveDateTime;
use contracts::{Actor, WaybillNo};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::timestamp;

use super::waybill::Key;
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// One message and what came of it.
#[derive(Debug, Serialize)]
struct Step {
    version: u64,
    received_at: String,
    occurred_at: String,
    /// The broker user that published it.
    sender: Option<String>,
    /// On whose behalf.
    actor: Option<String>,
    role: Option<String>,
    /// Where it came in: a file and its line, an address, a partner.
    origin: Option<String>,
    message_type: String,
    message_id: String,
    /// The message with several items that this is one of.
    batch_id: Option<String>,
    fact: Option<String>,
    attempt: Option<u16>,
    outcome: String,
    code: Option<String>,
    detail: Option<String>,
    /// The status after it.
    status: String,
    correlation_id: Option<String>,
    /// The hot folder's file that the conversation began with.
    file: Option<String>,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    version: u64,
    received_at: NaiveDateTime,
    occurred_at: NaiveDateTime,
    sender: Option<String>,
    actor: String,
    message_type: String,
    message_id: String,
    batch_id: Option<String>,
    fact: Option<String>,
    attempt: Option<u16>,
    outcome: String,
    code: Option<String>,
    detail: Option<String>,
    status: String,
    correlation_id: Option<String>,
    file: Option<String>,
}

/// A correlation id of the hot folder is the id of a file.
const STEPS: &str = "SELECT e.version, e.received_at, e.occurred_at, e.sender, e.actor, e.message_type, \
       LOWER(HEX(e.message_id)) message_id, LOWER(HEX(e.batch_id)) batch_id, e.fact, e.attempt, e.outcome, \
       e.code, e.detail, e.status, e.correlation_id, f.file_name file \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k \
     STRAIGHT_JOIN waybill w ON w.waybill_no = k.no \
     STRAIGHT_JOIN waybill_event e ON e.waybill_id = w.id \
     LEFT JOIN import_file f ON f.id = UNHEX(REPLACE(e.correlation_id, '-', '')) \
     ORDER BY e.version";

/// The same of its sales orders: every change has the message behind it.
const SALES_ORDER_STEPS: &str = "SELECT c.version, c.at received_at, c.at occurred_at, c.sender, \
       CAST(JSON_OBJECT('subject', c.who, 'role', c.role, 'origin', c.origin) AS CHAR) actor, c.message_type, \
       LOWER(HEX(c.message_id)) message_id, CAST(NULL AS CHAR) batch_id, CAST(NULL AS CHAR) fact, \
       CAST(NULL AS UNSIGNED) attempt, CAST('APPLIED' AS CHAR) outcome, CAST(NULL AS CHAR) code, \
       CONCAT('sales order ', c.sales_order_no) detail, c.to_status status, c.correlation_id, f.file_name file \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k \
     STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no \
     STRAIGHT_JOIN sales_order_change c ON c.sales_order_no = s.sales_order_no \
     LEFT JOIN import_file f ON f.id = UNHEX(REPLACE(c.correlation_id, '-', '')) \
     ORDER BY c.at, c.version";

impl From<Row> for Step {
    fn from(row: Row) -> Self {
        let actor: Option<Actor> = serde_json::from_str(&row.actor).ok();
        let role = actor.as_ref().map(|actor| format!("{:?}", actor.role).to_lowercase());
        Self {
            version: row.version,
            received_at: timestamp(row.received_at).to_string(),
            occurred_at: timestamp(row.occurred_at).to_string(),
            sender: row.sender,
            role,
            origin: actor.as_ref().and_then(|actor| actor.origin.clone()),
            actor: actor.map(|actor| actor.subject),
            message_type: row.message_type,
            message_id: row.message_id,
            batch_id: row.batch_id,
            fact: row.fact,
            attempt: row.attempt,
            outcome: row.outcome,
            code: row.code,
            detail: row.detail,
            status: row.status,
            correlation_id: row.correlation_id,
            file: row.file,
        }
    }
}

/// Shows it.
pub(super) async fn trace(waybill_no: &WaybillNo, site: &Site, output: Output) -> Result<()> {
    let database = site.database().await?;
    let key = [Key { waybill_no: waybill_no.as_str() }];
    let mut rows: Vec<Row> = database.select(STEPS, &key).await?;
    rows.extend(database.select::<Row, _>(SALES_ORDER_STEPS, &key).await?);
    rows.sort_by_key(|row| row.received_at);
    if rows.is_empty() {
        let message = format!("nothing was ever said of a waybill {waybill_no}");
        return Err(CommandError::new(Exit::NoInput, message));
    }
    let steps: Vec<Step> = rows.into_iter().map(Step::from).collect();
    output.result(&steps, || text(&steps, output))
}

fn text(steps: &[Step], output: Output) -> String {
    let columns =
        ["v", "received", "happened", "from", "said", "outcome", "status", "conversation"];
    let mut table = Table::new(&columns);
    for step in steps {
        table.row([
            step.version.to_string(),
            step.received_at.clone(),
            step.occurred_at.clone(),
            who(step),
            what(step),
            join(":", [Some(step.outcome.clone()), step.code.clone()]),
            step.status.clone(),
            join(" ", [step.correlation_id.clone(), step.file.clone()]),
        ]);
    }
    table.render(output)
}

/// `ann (csagent) via dray-operator, order-shop-1.tsv:2`.
fn who(step: &Step) -> String {
    let role = step.role.as_ref().map(|role| format!("({role})"));
    let via = step.sender.as_ref().filter(|sender| step.actor.as_ref() != Some(sender));
    let via = via.map(|sender| format!("via {sender}"));
    let person = [Some(cell(step.actor.as_ref())), role, via];
    join(", ", [Some(join(" ", person)), step.origin.clone()])
}

fn what(step: &Step) -> String {
    let attempt = step.attempt.filter(|attempt| *attempt > 0);
    let parts = [
        Some(step.message_type.clone()),
        step.fact.clone(),
        attempt.map(|attempt| format!("attempt {attempt}")),
        step.detail.clone(),
    ];
    join(" ", parts)
}

fn join<const N: usize>(separator: &str, parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(separator)
}
