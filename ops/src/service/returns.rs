//! `dray return`.

use chrono::NaiveDateTime;
use contracts::{ApproveReturn, RejectReturn, ReturnStatus, Timestamp};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::Database;

use super::{ApproveArgs, ListReturns, RejectArgs, WhichReturn, tell};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, cell};
use crate::site::Site;

#[derive(Debug, Serialize, FromQueryResult)]
struct Listed {
    source: String,
    return_ref: String,
    status: String,
    requested_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    lines: u32,
    units: u64,
}

const LIST: &str = "SELECT t.source, t.return_ref, t.status, t.requested_at, t.updated_at, \
       CAST(COUNT(*) AS UNSIGNED INTEGER) `lines`, CAST(SUM(l.quantity) AS UNSIGNED INTEGER) units \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR)) r \
     STRAIGHT_JOIN customer_return t ON r.status IS NULL OR t.status = r.status \
     STRAIGHT_JOIN customer_return_line l FORCE INDEX (PRIMARY) \
       ON l.return_id = t.id AND l.verdict IN ('MATCHED', 'SPREAD') \
     GROUP BY t.id, t.source, t.return_ref, t.status, t.requested_at, t.updated_at \
     ORDER BY t.updated_at DESC, t.return_ref LIMIT 10000";

/// The returns that were changed last.
pub(super) async fn ls(args: &ListReturns, site: &Site, output: Output) -> Result<()> {
    #[derive(Serialize)]
    struct Which<'a> {
        status: Option<&'a str>,
    }
    if let Some(status) = &args.status
        && ReturnStatus::parse(status).is_none()
    {
        let names = ReturnStatus::ALL.map(ReturnStatus::as_str).join(", ");
        let message = format!("{status:?} is no status of a return: use {names}");
        return Err(CommandError::new(Exit::Usage, message));
    }
    let database: Database = site.database().await?;
    let mut listed: Vec<Listed> =
        database.select(LIST, &[Which { status: args.status.as_deref() }]).await?;
    listed.truncate(usize::try_from(args.limit).unwrap_or(usize::MAX));
    output.result(&listed, || {
        let mut table = Table::new(&["return", "status", "lines", "units", "requested", "changed"]);
        for row in &listed {
            table.row([
                format!("{}/{}", row.source, row.return_ref),
                row.status.clone(),
                row.lines.to_string(),
                row.units.to_string(),
                row.requested_at.format("%F %T").to_string(),
                row.updated_at.format("%F %T").to_string(),
            ]);
        }
        if table.is_empty() { "no returns\n".to_owned() } else { table.render(output) }
    })
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Head {
    id: String,
    status: String,
    reason: Option<String>,
    requested_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: u64,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Line {
    line_no: u32,
    sku: String,
    quantity: u32,
    verdict: String,
    orders: Option<String>,
    received: u32,
    damaged: u32,
    restocked: u32,
    written_off: u32,
    refused: u32,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Waybill {
    waybill_no: String,
    status: Option<String>,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Step {
    at: NaiveDateTime,
    from_status: Option<String>,
    to_status: String,
    message_type: String,
    by_whom: Option<String>,
}

/// Everything that `show` shows.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(rename = "return")]
    head: Head,
    lines: Vec<Line>,
    waybills: Vec<Waybill>,
    history: Vec<Step>,
}

const HEAD: &str = "SELECT HEX(t.id) id, t.status, t.reason, t.requested_at, t.updated_at, t.version \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       return_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_ref' ERROR ON ERROR)) r \
     STRAIGHT_JOIN customer_return t FORCE INDEX (customer_return_reference) \
       ON t.source = r.source AND t.return_ref = r.return_ref";

macro_rules! by_id {
    ($select:literal, $join:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r STRAIGHT_JOIN ",
            $join
        )
    };
}

const LINES: &str = by_id!(
    "SELECT l.line_no, l.sku, l.quantity, l.verdict, (SELECT GROUP_CONCAT(CONCAT(p.order_ref, '#', \
       p.order_line_no, ' x', p.quantity) ORDER BY p.order_ref, p.order_line_no SEPARATOR ', ') \
       FROM customer_return_part p FORCE INDEX (PRIMARY) \
       WHERE p.return_id = l.return_id AND p.line_no = l.line_no) orders, \
       l.received, l.damaged, l.restocked, l.written_off, l.refused",
    "customer_return_line l FORCE INDEX (PRIMARY) ON l.return_id = UNHEX(r.id) ORDER BY l.line_no"
);

const WAYBILLS: &str = by_id!(
    "SELECT w.waybill_no, b.status",
    "customer_return_waybill w FORCE INDEX (customer_return_waybill_return) ON w.return_id = UNHEX(r.id) \
     LEFT JOIN waybill b FORCE INDEX (waybill_number) ON b.waybill_no = w.waybill_no ORDER BY w.waybill_no"
);

const HISTORY: &str = by_id!(
    "SELECT e.at, e.from_status, e.to_status, e.message_type, \
       JSON_UNQUOTE(JSON_EXTRACT(e.actor, '$.subject')) by_whom",
    "customer_return_event e FORCE INDEX (PRIMARY) ON e.return_id = UNHEX(r.id) ORDER BY e.version"
);

/// One return.
pub(super) async fn show(args: &WhichReturn, site: &Site, output: Output) -> Result<()> {
    #[derive(Serialize)]
    struct Key<'a> {
        source: &'a str,
        return_ref: &'a str,
    }
    #[derive(Serialize)]
    struct Id {
        id: String,
    }
    let (source, return_ref) = (args.source.as_str(), args.return_ref.as_str());
    let database: Database = site.database().await?;
    let heads: Vec<Head> = database.select(HEAD, &[Key { source, return_ref }]).await?;
    let Some(head) = heads.into_iter().next() else {
        let message = format!("there is no return {return_ref} of {source}");
        return Err(CommandError::new(Exit::NoInput, message));
    };
    let id = [Id { id: head.id.clone() }];
    let lines = database.select(LINES, &id).await?;
    let waybills = database.select(WAYBILLS, &id).await?;
    let history = database.select(HISTORY, &id).await?;
    let shown = Shown { head, lines, waybills, history };
    output.result(&shown, || text(&shown, &format!("{source}/{return_ref}"), output))
}

fn text(shown: &Shown, name: &str, output: Output) -> String {
    let Shown { head, lines, waybills, history } = shown;
    let mut text = format!("return {name}: {}", head.status);
    if let Some(reason) = &head.reason {
        text.push_str(&format!(" ({reason})"));
    }
    text.push_str("\n\n");
    let heads = [
        "line",
        "sku",
        "units",
        "verdict",
        "from",
        "received",
        "damaged",
        "restocked",
        "written off",
        "refused",
    ];
    let mut table = Table::new(&heads);
    for line in lines {
        table.row([
            line.line_no.to_string(),
            line.sku.clone(),
            line.quantity.to_string(),
            line.verdict.clone(),
            cell(line.orders.as_ref()),
            line.received.to_string(),
            line.damaged.to_string(),
            line.restocked.to_string(),
            line.written_off.to_string(),
            line.refused.to_string(),
        ]);
    }
    text.push_str(&table.render(output));
    let mut table = Table::new(&["waybill", "status"]);
    for waybill in waybills {
        table.row([waybill.waybill_no.clone(), cell(waybill.status.as_ref())]);
    }
    text.push_str(&format!("\n{}", table.render(output)));
    let mut table = Table::new(&["at", "from", "to", "message", "by"]);
    for step in history {
        table.row([
            step.at.format("%F %T").to_string(),
            cell(step.from_status.as_ref()),
            step.to_status.clone(),
            step.message_type.clone(),
            cell(step.by_whom.as_ref()),
        ]);
    }
    text.push_str(&format!("\n{}", table.render(output)));
    text
}

/// Customer service says yes.
pub(super) async fn approve(args: ApproveArgs, site: &Site, output: Output) -> Result<()> {
    let ApproveArgs { which: WhichReturn { source, return_ref }, pickup_date, timeslot, wait } =
        args;
    let name = format!("{source}/{return_ref}");
    let occurred_at = Timestamp::now();
    let command = ApproveReturn {
        source,
        return_ref,
        pickup_date,
        timeslot,
        expected_version: None,
        occurred_at,
    };
    let reply = tell(&command, &wait, site).await?;
    output.result(&reply, || format!("{name} is approved ({})\n", reply.code))
}

/// Customer service says no.
pub(super) async fn reject(args: RejectArgs, site: &Site, output: Output) -> Result<()> {
    let RejectArgs { which: WhichReturn { source, return_ref }, reason, wait } = args;
    let name = format!("{source}/{return_ref}");
    let command = RejectReturn {
        source,
        return_ref,
        reason,
        expected_version: None,
        occurred_at: Timestamp::now(),
    };
    let reply = tell(&command, &wait, site).await?;
    output.result(&reply, || format!("{name} is rejected ({})\n", reply.code))
}
