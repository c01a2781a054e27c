//! `dray order cancel|amend`, `dray waybill cancel`: asks the workers as the operator and prints their answer.
//!
//! Never here: whether it may be done; the workers judge that.

use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use contracts::{
    AmendOrder, AmendedDestination, AmendedLine, CancelOrder, CancelWaybill, Contract,
    DistrictCode, Personal, Reply, TimeslotCode, Timestamp,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::Database;

use crate::error::{CommandError, Exit, Result};
use crate::operator::{Operator, refused};
use crate::output::{Output, Table, cell};
use crate::show::{OrderArgs, WaybillArgs};
use crate::site::Site;

/// Why, and how long to wait for the answer.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

/// Arguments of `order cancel`.
#[derive(Debug, Args)]
pub(crate) struct CancelOrderArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// Only this line
    #[arg(long)]
    line: Option<u32>,
    #[command(flatten)]
    ask: AskArgs,
}

/// Arguments of `order amend`: quantities or a destination, not both.
#[derive(Debug, Args)]
pub(crate) struct AmendOrderArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// New quantity of a line, for example 2=5; 0 cancels it
    #[arg(long = "line", value_name = "LINE=QUANTITY", value_parser = amended_line)]
    lines: Vec<AmendedLine>,
    #[command(flatten)]
    destination: DestinationArgs,
    /// The version of the order that you saw; without it the one that it has now
    #[arg(long)]
    version: Option<u64>,
    #[command(flatten)]
    ask: AskArgs,
}

/// Where the order goes from now on; what is absent stays.
#[derive(Debug, Args)]
struct DestinationArgs {
    /// Another district
    #[arg(long, value_parser = |text: &str| DistrictCode::new(text).map_err(|error| error.to_string()))]
    district: Option<DistrictCode>,
    /// Another day
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Another window
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    timeslot: Option<TimeslotCode>,
    /// Another name on the parcel
    #[arg(long)]
    recipient: Option<String>,
    /// Another phone number
    #[arg(long)]
    phone: Option<String>,
    /// Another postal code
    #[arg(long)]
    postcode: Option<String>,
    /// Another street address
    #[arg(long)]
    address: Option<String>,
}

/// Arguments of `waybill cancel`.
#[derive(Debug, Args)]
pub(crate) struct CancelWaybillArgs {
    #[command(flatten)]
    waybill: WaybillArgs,
    #[command(flatten)]
    ask: AskArgs,
}

fn amended_line(text: &str) -> std::result::Result<AmendedLine, String> {
    let wrong = || format!("{text:?} is no line with its quantity, for example 2=5");
    let (line_no, quantity) = text.split_once('=').ok_or_else(wrong)?;
    let number = |text: &str| text.parse().map_err(|_no_number| wrong());
    Ok(AmendedLine { line_no: number(line_no)?, quantity: number(quantity)? })
}

impl DestinationArgs {
    fn destination(self) -> Option<AmendedDestination> {
        let destination = AmendedDestination {
            district: self.district,
            delivery_date: self.date,
            timeslot: self.timeslot,
            recipient: self.recipient.map(Personal::new),
            phone: self.phone.map(Personal::new),
            postcode: self.postcode.map(Personal::new),
            address: self.address.map(Personal::new),
        };
        (destination != AmendedDestination::default()).then_some(destination)
    }
}

/// Asks that an order or a line of it be cancelled.
pub(crate) async fn cancel_order(args: CancelOrderArgs, site: &Site, output: Output) -> Result<()> {
    let command = CancelOrder {
        source: args.order.source,
        order_ref: args.order.order_ref,
        line_no: args.line,
        reason: args.ask.reason,
        expected_version: None,
        occurred_at: Timestamp::now(),
    };
    ask(&command, args.ask.wait, site, output).await
}

/// Asks for other quantities or another destination.
pub(crate) async fn amend_order(args: AmendOrderArgs, site: &Site, output: Output) -> Result<()> {
    let expected_version = match args.version {
        Some(version) => version,
        None => version_of(&site.database().await?, &args.order).await?,
    };
    let command = AmendOrder {
        source: args.order.source,
        order_ref: args.order.order_ref,
        expected_version,
        lines: args.lines,
        destination: args.destination.destination(),
        reason: args.ask.reason,
        occurred_at: Timestamp::now(),
    };
    ask(&command, args.ask.wait, site, output).await
}

/// Asks that a waybill be cancelled.
pub(crate) async fn cancel_waybill(
    args: CancelWaybillArgs,
    site: &Site,
    output: Output,
) -> Result<()> {
    let command = CancelWaybill {
        waybill_no: args.waybill.waybill_no,
        reason: args.ask.reason,
        occurred_at: Timestamp::now(),
    };
    ask(&command, args.ask.wait, site, output).await
}

#[derive(Debug, Serialize)]
struct Key<'a> {
    source: &'a str,
    order_ref: &'a str,
}

#[derive(Debug, FromQueryResult)]
struct Version {
    version: u64,
}

const VERSION: &str = "SELECT o.version FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) k \
     STRAIGHT_JOIN orders o ON o.source = k.source AND o.order_ref = k.order_ref";

async fn version_of(database: &Database, order: &OrderArgs) -> Result<u64> {
    let OrderArgs { source, order_ref } = order;
    let key = [Key { source: source.as_str(), order_ref: order_ref.as_str() }];
    let rows: Vec<Version> = database.select(VERSION, &key).await?;
    let message = || format!("there is no order {order_ref} of {source}");
    let row = rows.first().ok_or_else(|| CommandError::new(Exit::NoInput, message()))?;
    Ok(row.version)
}

async fn ask<C: Contract>(command: &C, wait: u64, site: &Site, output: Output) -> Result<()> {
    command.validate().map_err(|error| CommandError::new(Exit::Usage, error))?;
    let mut operator = Operator::connect(site).await?;
    let answered = operator.ask(command, Duration::from_secs(wait)).await;
    operator.close().await;
    let reply = answered?;
    if let Some(error) = refused(&reply) {
        return Err(error);
    }
    output.result(&reply, || text(&reply, output))
}

/// `APPLIED: shop/A-1 is at version 2`, and what is asked of each waybill.
fn text(reply: &Reply, output: Output) -> String {
    let (what, version) = (cell(reply.aggregate.as_ref()), cell(reply.version));
    let mut text = format!("{}: {what} is at version {version}\n", reply.code);
    if !reply.items.is_empty() {
        let mut table = Table::new(&["waybill", "is asked for"]);
        for item in &reply.items {
            table.row([cell(item.detail.as_ref()), item.code.clone()]);
        }
        text.push_str(&table.render(output));
    }
    text
}
