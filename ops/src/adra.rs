//! `dray adra`: why a waybill is where it is, what routes carry, what dispatchers do by hand and ask of the
//! planning of routes. One subject a file of this folder.
//!
//! Questions go to query-desk, changes to adra-assigner. Never here: a rule of assignment.

mod breakdown;
mod by_hand;
mod day_plan;
mod explain;
mod loads;
mod propose;
mod recalculate;
mod route;
mod routes;
mod svg;

use std::time::Duration;

use clap::{Args, Subcommand};
use contracts::{Contract, LockRoute, Query, QueryAnswer, Reply, Timestamp, WaybillNo};

use crate::error::{CommandError, Exit, Result};
use crate::operator::{Operator, refused};
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// What to do with the assignment of waybills to routes.
#[derive(Debug, Subcommand)]
pub(crate) enum AdraCommand {
    /// Why a waybill is where it is: every decision with its candidates, rules, prices and quotas
    Explain(explain::ExplainArgs),
    /// The routes of a day
    Routes(routes::RoutesArgs),
    /// One route
    #[command(subcommand)]
    Route(route::RouteCommand),
    /// Keep a waybill on its route: planning moves it no more
    Pin(by_hand::PinArgs),
    /// Let planning move a waybill again
    Unpin(by_hand::UnpinArgs),
    /// Put a waybill on a route of its day and window, and pin it there
    Move(by_hand::MoveArgs),
    /// Work out what moves and pins of one slot day would come to; nothing is moved
    Propose(propose::ProposeArgs),
    /// A proposal: look at it, make its changes, or give it up
    #[command(subcommand)]
    Proposal(propose::ProposalCommand),
    /// Trucks cannot drive: others are found for their routes, or other places for what they carry
    Breakdown(breakdown::BreakdownArgs),
    /// Improve the routes of a day now, and show what it brought
    DayPlan(day_plan::DayPlanArgs),
    /// Compare ledger, quota buckets and places, show the drift and mend it
    Recalculate(recalculate::RecalculateArgs),
}

/// How long to wait for the answer.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

impl Wait {
    const fn duration(self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

/// Runs one of them.
pub(crate) async fn run(command: AdraCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        AdraCommand::Explain(args) => explain::run(&args, site, output).await,
        AdraCommand::Routes(args) => routes::run(&args, site, output).await,
        AdraCommand::Route(command) => route::run(&command, site, output).await,
        AdraCommand::Pin(args) => by_hand::pin(args, site, output).await,
        AdraCommand::Unpin(args) => by_hand::unpin(args, site, output).await,
        AdraCommand::Move(args) => by_hand::shift(args, site, output).await,
        AdraCommand::Propose(args) => propose::propose(args, site, output).await,
        AdraCommand::Proposal(command) => propose::run(&command, site, output).await,
        AdraCommand::Breakdown(args) => breakdown::run(args, site, output).await,
        AdraCommand::DayPlan(args) => day_plan::run(args, site, output).await,
        AdraCommand::Recalculate(args) => recalculate::run(args, site, output).await,
    }
}

/// Sends a command and gives the answer; a refusal is an error.
async fn tell<C: Contract>(command: &C, wait: Wait, site: &Site) -> Result<Reply> {
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(command, wait.duration()).await?;
    operator.close().await;
    refused(&reply).map_or(Ok(reply), Err)
}

/// Asks query-desk one question.
async fn ask(query: &Query, wait: Wait, site: &Site) -> Result<QueryAnswer> {
    let mut operator = Operator::connect(site).await?;
    let answer = operator.question(query, wait.duration()).await?;
    operator.close().await;
    Ok(answer)
}

/// An answer to another question than the one that was asked.
fn unexpected(answer: &QueryAnswer) -> CommandError {
    let text = format!("query-desk answers something else: {answer:?}");
    CommandError::new(Exit::Software, text)
}

/// Nothing is there by that name, which this says; or an answer to another question.
fn absent(answer: &QueryAnswer, text: String) -> CommandError {
    if *answer == QueryAnswer::NotFound {
        CommandError::new(Exit::NoInput, text)
    } else {
        unexpected(answer)
    }
}

fn waybill_no(text: &str) -> std::result::Result<WaybillNo, String> {
    WaybillNo::new(text).map_err(|error| error.to_string())
}

/// A route's name as it may be.
fn route_name(text: &str) -> std::result::Result<String, String> {
    let (route_ref, occurred_at) = (text.to_owned(), Timestamp::now());
    let command = LockRoute { route_ref, occurred_at };
    command.validate().map(|()| command.route_ref)
}

/// Whole litres or kilograms, rounded up.
const fn thousands(of: u64) -> u64 {
    of.div_ceil(1_000)
}

/// The items of an answer under this heading; a sentence where there are none.
fn items(reply: &Reply, heading: &'static str, nothing: &str, output: Output) -> String {
    if reply.items.is_empty() {
        return nothing.to_owned();
    }
    let mut table = Table::new(&["result", heading]);
    for item in &reply.items {
        table.row([item.code.clone(), cell(item.detail.as_deref())]);
    }
    table.render(output)
}
