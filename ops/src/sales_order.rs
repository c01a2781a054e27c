//! `dray sales-order`: all sales orders of a waybill with who changed them, and the two wishes of a person:
//! another warehouse, or the same one again.
//!
//! Reads the tables of sales-order; every change is a command to it.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use clap::{Args, Subcommand};
use contracts::{
    Contract, Reply, ResubmitSalesOrder, SalesOrderNo, Timestamp, TransferSalesOrder,
    WarehouseCode, WaybillNo,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::timestamp;

use crate::error::{CommandError, Exit, Result};
use crate::operator::{Operator, refused};
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// What to do with sales orders.
#[derive(Debug, Subcommand)]
pub(crate) enum SalesOrderCommand {
    /// All sales orders of a waybill, and who changed them
    Show(ShowArgs),
    /// Ask the warehouse that rejected it once more, under a new number
    Resubmit(ResubmitArgs),
    /// Let another warehouse prepare it; the one that has it is asked first
    Transfer(TransferArgs),
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The waybill's number
    #[arg(value_parser = |text: &str| WaybillNo::new(text).map_err(|error| error.to_string()))]
    waybill_no: WaybillNo,
}

/// Which sales order, why, and how long to wait.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Its number, for example shop-42-1/1; `show` prints it
    #[arg(value_parser = |text: &str| SalesOrderNo::new(text).map_err(|error| error.to_string()))]
    sales_order_no: SalesOrderNo,
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

/// Arguments of `resubmit`.
#[derive(Debug, Args)]
pub(crate) struct ResubmitArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Arguments of `transfer`.
#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// The warehouse that shall prepare it; it has to keep the goods
    #[arg(long, value_parser = |text: &str| WarehouseCode::new(text).map_err(|error| error.to_string()))]
    to: WarehouseCode,
}

/// Runs it.
pub(crate) async fn run(command: SalesOrderCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        SalesOrderCommand::Show(args) => show(&args.waybill_no, site, output).await,
        SalesOrderCommand::Resubmit(args) => resubmit(args.which, site, output).await,
        SalesOrderCommand::Transfer(args) => transfer(args, site, output).await,
    }
}

async fn resubmit(args: WhichArgs, site: &Site, output: Output) -> Result<()> {
    let WhichArgs { sales_order_no, reason, wait } = args;
    let command = ResubmitSalesOrder { sales_order_no, reason, occurred_at: Timestamp::now() };
    let reply = tell(&command, wait, site).await?;
    output.result(&reply, || said(&reply))
}

async fn transfer(args: TransferArgs, site: &Site, output: Output) -> Result<()> {
    let WhichArgs { sales_order_no, reason, wait } = args.which;
    let (warehouse, occurred_at) = (args.to, Timestamp::now());
    let command = TransferSalesOrder { sales_order_no, warehouse, reason, occurred_at };
    let reply = tell(&command, wait, site).await?;
    output.result(&reply, || said(&reply))
}

/// Sends a command and gives the answer; a refusal is an error.
async fn tell<C: Contract>(command: &C, wait: u64, site: &Site) -> Result<Reply> {
    command.validate().map_err(|error| CommandError::new(Exit::Usage, error))?;
    let mut operator = Operator::connect(site).await?;
    let answered = operator.ask(command, Duration::from_secs(wait)).await;
    operator.close().await;
    let reply = answered?;
    refused(&reply).map_or(Ok(reply), Err)
}

/// `APPLIED: shop-42-1/2 is at version 4`.
fn said(reply: &Reply) -> String {
    let (what, version) = (cell(reply.aggregate.as_ref()), cell(reply.version));
    format!("{}: {what} is at version {version}", reply.code)
}

#[derive(Debug, Serialize)]
struct Key<'a> {
    waybill_no: &'a str,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct SalesOrder {
    sales_order_no: String,
    status: String,
    live: Option<i8>,
    warehouse: String,
    pick_flow: String,
    reason: Option<String>,
    route_ref: String,
    delivery_date: Option<NaiveDate>,
    next_warehouse: Option<String>,
    predecessor: Option<String>,
    successor: Option<String>,
    version: u64,
}

const SALES_ORDERS: &str = "SELECT s.sales_order_no, s.status, s.live, s.warehouse, s.pick_flow, s.reason, \
       s.route_ref, s.delivery_date, s.next_warehouse, s.predecessor, s.successor, s.version \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k \
     STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no ORDER BY s.created_at, s.version";

#[derive(Debug, FromQueryResult)]
struct ChangeRow {
    at: NaiveDateTime,
    sales_order_no: String,
    version: u64,
    message_type: String,
    from_status: Option<String>,
    to_status: String,
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    correlation_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct Change {
    at: String,
    sales_order_no: String,
    version: u64,
    message_type: String,
    from: Option<String>,
    to: String,
    who: String,
    role: String,
    origin: Option<String>,
    sender: String,
    correlation_id: Option<String>,
}

impl From<ChangeRow> for Change {
    fn from(row: ChangeRow) -> Self {
        Self {
            at: timestamp(row.at).to_string(),
            sales_order_no: row.sales_order_no,
            version: row.version,
            message_type: row.message_type,
            from: row.from_status,
            to: row.to_status,
            who: row.who,
            role: row.role,
            origin: row.origin,
            sender: row.sender,
            correlation_id: row.correlation_id,
        }
    }
}

const CHANGES: &str = "SELECT c.at, c.sales_order_no, c.version, c.message_type, c.from_status, c.to_status, \
       c.who, c.role, c.origin, c.sender, c.correlation_id \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) k \
     STRAIGHT_JOIN sales_order s ON s.waybill_no = k.no \
     STRAIGHT_JOIN sales_order_change c ON c.sales_order_no = s.sales_order_no ORDER BY c.at, c.version";

#[derive(Debug, Serialize)]
struct Shown {
    sales_orders: Vec<SalesOrder>,
    history: Vec<Change>,
}

async fn show(waybill_no: &WaybillNo, site: &Site, output: Output) -> Result<()> {
    let database = site.database().await?;
    let key = [Key { waybill_no: waybill_no.as_str() }];
    let sales_orders: Vec<SalesOrder> = database.select(SALES_ORDERS, &key).await?;
    if sales_orders.is_empty() {
        let message = format!("waybill {waybill_no} has no sales order");
        return Err(CommandError::new(Exit::NoInput, message));
    }
    let rows: Vec<ChangeRow> = database.select(CHANGES, &key).await?;
    let shown = Shown { sales_orders, history: rows.into_iter().map(Change::from).collect() };
    output.result(&shown, || text(&shown, output))
}

fn text(shown: &Shown, output: Output) -> String {
    let mut orders = Table::new(&["sales order", "status", "v", "warehouse", "flow", "", "reason"]);
    for order in &shown.sales_orders {
        orders.row([
            order.sales_order_no.clone(),
            order.status.clone(),
            order.version.to_string(),
            order.warehouse.clone(),
            order.pick_flow.clone(),
            place_in_line(order),
            order.reason.clone().unwrap_or_default(),
        ]);
    }
    let mut steps =
        Table::new(&["at", "sales order", "v", "said", "from", "to", "by", "conversation"]);
    for step in &shown.history {
        steps.row([
            step.at.clone(),
            step.sales_order_no.clone(),
            step.version.to_string(),
            step.message_type.clone(),
            step.from.clone().unwrap_or_default(),
            step.to.clone(),
            format!("{} ({}) via {}", step.who, step.role, step.sender),
            step.correlation_id.clone().unwrap_or_default(),
        ]);
    }
    format!("{}\n{}", orders.render(output), steps.render(output))
}

/// `in force`, `in force, goes to WH-N2 when the warehouse says yes`, `then shop-42-1/2`.
fn place_in_line(order: &SalesOrder) -> String {
    match (&order.successor, &order.next_warehouse) {
        (Some(successor), _) => format!("then {successor}"),
        (None, Some(next)) => format!("in force, goes to {next} when the warehouse says yes"),
        (None, None) => "in force".to_owned(),
    }
}
