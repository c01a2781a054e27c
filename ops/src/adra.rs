//! `dray adra`: what dispatchers ask of the planning of routes, one subcommand a file of this folder.
//!
//! Never here: a decision; adra-assigner takes them all.

mod breakdown;
mod day_plan;
mod recalculate;

use std::time::Duration;

use clap::Subcommand;
use contracts::{Contract, Reply};

use crate::error::Result;
use crate::operator::{Operator, refused};
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// What to ask of the planning.
#[derive(Debug, Subcommand)]
pub(crate) enum AdraCommand {
    /// Trucks cannot drive: others are found for their routes, or other places for what they carry
    Breakdown(breakdown::BreakdownArgs),
    /// Improve the routes of a day now, and show what it brought
    DayPlan(day_plan::DayPlanArgs),
    /// Compare ledger, quota buckets and places, show the drift and mend it
    Recalculate(recalculate::RecalculateArgs),
}

/// Runs one of them.
pub(crate) async fn run(command: AdraCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        AdraCommand::Breakdown(args) => breakdown::run(args, site, output).await,
        AdraCommand::DayPlan(args) => day_plan::run(args, site, output).await,
        AdraCommand::Recalculate(args) => recalculate::run(args, site, output).await,
    }
}

/// Sends a command and waits for its answer; a refusal is an error.
async fn ask<C: Contract>(command: &C, wait: u64, site: &Site) -> Result<Reply> {
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(command, Duration::from_secs(wait)).await?;
    operator.close().await;
    match refused(&reply) {
        Some(error) => Err(error),
        None => Ok(reply),
    }
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
