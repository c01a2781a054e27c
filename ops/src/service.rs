//! `dray return` and `dray case`: what customers give back, what customer service sees to, and the steps
//! that a person takes.
//!
//! Reads the tables of customer-service; every change is a command to it. Shows no customer's personal data.

mod cases;
mod returns;

use std::time::Duration;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use contracts::{Contract, Reply, ReturnRef, Source, TimeslotCode};
use uuid::Uuid;

use crate::error::Result;
use crate::operator::{Operator, refused};
use crate::output::Output;
use crate::site::Site;

/// What to do with returns.
#[derive(Debug, Subcommand)]
pub(crate) enum ReturnCommand {
    /// The returns that were changed last
    Ls(ListReturns),
    /// One return: its lines, waybills, and everything that happened
    Show(WhichReturn),
    /// Approve a return: its goods are fetched
    Approve(ApproveArgs),
    /// Reject a return
    Reject(RejectArgs),
}

/// Which returns.
#[derive(Debug, Args)]
pub(crate) struct ListReturns {
    /// Only those with this status
    #[arg(long)]
    status: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Which return.
#[derive(Debug, Args)]
pub(crate) struct WhichReturn {
    /// Who sent it
    #[arg(value_parser = |text: &str| Source::new(text).map_err(|error| error.to_string()))]
    source: Source,
    /// Its number there
    #[arg(value_parser = |text: &str| ReturnRef::new(text).map_err(|error| error.to_string()))]
    return_ref: ReturnRef,
}

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    which: WhichReturn,
    /// The day on which the goods are fetched; without it the next one
    #[arg(long)]
    pickup_date: Option<NaiveDate>,
    /// The window; without it that of the order
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    timeslot: Option<TimeslotCode>,
    #[command(flatten)]
    wait: Wait,
}

/// Arguments of `reject`.
#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    which: WhichReturn,
    /// Why, for the customer
    reason: String,
    #[command(flatten)]
    wait: Wait,
}

/// What to do with cases.
#[derive(Debug, Subcommand)]
pub(crate) enum CaseCommand {
    /// The open cases, the oldest first
    Ls(ListCases),
    /// One case with its story
    Show(WhichCase),
    /// Write something into a case
    Note(TextArgs),
    /// Close a case
    Close(TextArgs),
}

/// Which cases.
#[derive(Debug, Args)]
pub(crate) struct ListCases {
    /// Closed ones too
    #[arg(long)]
    all: bool,
    /// Only of this kind
    #[arg(long)]
    kind: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Which case.
#[derive(Debug, Args)]
pub(crate) struct WhichCase {
    /// Its id
    case_id: Uuid,
}

/// Arguments of `note` and `close`.
#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    #[command(flatten)]
    which: WhichCase,
    /// What to write
    text: String,
    #[command(flatten)]
    wait: Wait,
}

/// How long to wait for the answer.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

/// Runs the commands about returns.
pub(crate) async fn returns(command: ReturnCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        ReturnCommand::Ls(args) => returns::ls(&args, site, output).await,
        ReturnCommand::Show(args) => returns::show(&args, site, output).await,
        ReturnCommand::Approve(args) => returns::approve(args, site, output).await,
        ReturnCommand::Reject(args) => returns::reject(args, site, output).await,
    }
}

/// Runs the commands about cases.
pub(crate) async fn cases(command: CaseCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        CaseCommand::Ls(args) => cases::ls(&args, site, output).await,
        CaseCommand::Show(args) => cases::show(&args, site, output).await,
        CaseCommand::Note(args) => cases::note(args, site, output).await,
        CaseCommand::Close(args) => cases::close(args, site, output).await,
    }
}

/// Sends a command and gives the answer; a refusal is an error.
async fn tell<C: Contract>(command: &C, wait: &Wait, site: &Site) -> Result<Reply> {
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(command, Duration::from_secs(wait.wait)).await?;
    operator.close().await;
    refused(&reply).map_or(Ok(reply), Err)
}
