//! `dray adra propose` and `dray adra proposal`: changes of one slot day that are worked out, looked at by a
//! person, and then made as a whole. Never here: what they come to; adra-assigner works that out.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use contracts::{
    CommitProposal, Contract, DepotCode, DiscardProposal, LockRoute, MAX_PROPOSAL_STEPS,
    ProposalState, ProposalView, ProposeMoves, ProposedStep, Query, QueryAnswer, TimeslotCode,
    Timestamp, WaybillNo,
};
use uuid::Uuid;

use super::{Wait, absent, ask, tell};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, Tone, cell};
use crate::site::Site;

/// Most bytes of a file of steps.
const BYTES_MAX: u64 = 1024 * 1024;

/// Arguments of `propose`.
#[derive(Debug, Args)]
pub(crate) struct ProposeArgs {
    /// A file of lines: `move WAYBILL ROUTE [upgrade]`, `pin WAYBILL`, `unpin WAYBILL`; # begins a remark
    file: PathBuf,
    /// The depot
    #[arg(long, value_parser = |text: &str| DepotCode::new(text).map_err(|error| error.to_string()))]
    depot: DepotCode,
    /// The delivery date, for example 2035-12-02
    #[arg(long)]
    date: NaiveDate,
    /// The window, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: TimeslotCode,
    /// What it is for
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

/// What to do with a proposal.
#[derive(Debug, Subcommand)]
pub(crate) enum ProposalCommand {
    /// What it would come to
    Show(WhichProposal),
    /// Make its changes: all, and only if the routes that were reviewed are as they were
    Commit(WhichProposal),
    /// Give it up
    Discard(WhichProposal),
}

/// Which proposal.
#[derive(Debug, Args)]
pub(crate) struct WhichProposal {
    /// Its id (`dray adra propose` prints it)
    id: Uuid,
    #[command(flatten)]
    wait: Wait,
}

/// Works changes out and shows what they would come to.
pub(crate) async fn propose(args: ProposeArgs, site: &Site, output: Output) -> Result<()> {
    let steps = steps(&args.file)?;
    let command = ProposeMoves {
        proposal_id: Uuid::now_v7(),
        depot: args.depot,
        delivery_date: args.date,
        timeslot: args.slot,
        steps,
        note: args.note,
        occurred_at: Timestamp::now(),
    };
    command.validate().map_err(|error| CommandError::new(Exit::Data, error))?;
    tell(&command, args.wait, site).await?;
    show(command.proposal_id, args.wait, site, output).await
}

/// Runs one of them.
pub(crate) async fn run(command: &ProposalCommand, site: &Site, output: Output) -> Result<()> {
    let occurred_at = Timestamp::now();
    match command {
        ProposalCommand::Show(which) => show(which.id, which.wait, site, output).await,
        ProposalCommand::Commit(WhichProposal { id, wait }) => {
            let command = CommitProposal { proposal_id: *id, occurred_at };
            let reply = tell(&command, *wait, site).await?;
            output.result(&reply, || format!("proposal {id} is committed ({})", reply.code))
        }
        ProposalCommand::Discard(WhichProposal { id, wait }) => {
            let command = DiscardProposal { proposal_id: *id, occurred_at };
            let reply = tell(&command, *wait, site).await?;
            output.result(&reply, || format!("proposal {id} is discarded ({})", reply.code))
        }
    }
}

async fn show(id: Uuid, wait: Wait, site: &Site, output: Output) -> Result<()> {
    let answer = ask(&Query::Proposal { proposal_id: id }, wait, site).await?;
    let QueryAnswer::Proposal(proposal) = answer else {
        let text = format!("there is no proposal {id}: `dray adra propose` makes one");
        return Err(absent(&answer, text));
    };
    output.result(&proposal, || text(&proposal, output))
}

fn steps(file: &Path) -> Result<Vec<ProposedStep>> {
    let failed = |error: std::io::Error| CommandError::file("read", file, &error);
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > BYTES_MAX {
        let text = format!("{} has {size} bytes, at most {BYTES_MAX} are read", file.display());
        return Err(CommandError::new(Exit::Data, text));
    }
    let text = std::fs::read_to_string(file).map_err(failed)?;
    parse(&text).map_err(|errors| {
        let lines = errors.iter().map(|error| format!("{}:{error}", file.display()));
        CommandError::new(Exit::Data, lines.collect::<Vec<_>>().join("\n"))
    })
}

/// Reads the lines of a file; fails with all that is wrong, each with its line.
fn parse(text: &str) -> std::result::Result<Vec<ProposedStep>, Vec<String>> {
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for (number, line) in (1_u32..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        match step(&words) {
            Ok(step) => steps.push(step),
            Err(error) => errors.push(format!("{number}: {error}")),
        }
    }
    if steps.len() > MAX_PROPOSAL_STEPS {
        let count = steps.len();
        errors
            .push(format!("1: {count} steps, at most {MAX_PROPOSAL_STEPS} are allowed: split it"));
    }
    if errors.is_empty() { Ok(steps) } else { Err(errors) }
}

fn step(words: &[&str]) -> std::result::Result<ProposedStep, String> {
    let number = |text: &str| WaybillNo::new(text).map_err(|error| error.to_string());
    match words {
        ["pin", waybill_no] => Ok(ProposedStep::Pin { waybill_no: number(waybill_no)? }),
        ["unpin", waybill_no] => Ok(ProposedStep::Unpin { waybill_no: number(waybill_no)? }),
        ["move", waybill_no, route_ref, rest @ ..] => {
            let upgrade = match rest {
                [] => false,
                ["upgrade"] => true,
                _ => return Err("after the route only `upgrade` may stand".to_owned()),
            };
            let (waybill_no, route_ref) = (number(waybill_no)?, (*route_ref).to_owned());
            let named = LockRoute { route_ref: route_ref.clone(), occurred_at: Timestamp::now() };
            named.validate()?;
            Ok(ProposedStep::Move { waybill_no, route_ref, upgrade })
        }
        _ => {
            Err("write `move WAYBILL ROUTE [upgrade]`, `pin WAYBILL` or `unpin WAYBILL`".to_owned())
        }
    }
}

fn text(proposal: &ProposalView, output: Output) -> String {
    let evaluation = &proposal.evaluation;
    let state = match proposal.state {
        ProposalState::Open => format!("open until {}", proposal.expires_at),
        ProposalState::Committed => format!("committed by {}", cell(proposal.settled_by.as_ref())),
        ProposalState::Discarded => format!("discarded by {}", cell(proposal.settled_by.as_ref())),
    };
    let verdict = if evaluation.feasible {
        output.paint(Tone::Good, "every step can be made")
    } else {
        output.paint(Tone::Bad, "not every step can be made: it cannot be committed")
    };
    let mut text = format!(
        "proposal  {}\nby        {} at {}\nfor       {} {} {}\nstate     {state}\nnote      {}\n\
         cost      {} before, {} after\n{verdict}\n\n",
        proposal.proposal_id,
        proposal.proposed_by,
        proposal.created_at,
        proposal.depot,
        proposal.delivery_date,
        proposal.timeslot,
        cell(proposal.note.as_ref()),
        evaluation.fleet_cost_before,
        evaluation.fleet_cost_after
    );
    text.push_str(&steps_table(proposal, output));
    text.push('\n');
    text.push_str(&routes_table(proposal, output));
    text.push('\n');
    text.push_str(&quotas_table(proposal, output));
    text
}

fn steps_table(proposal: &ProposalView, output: Output) -> String {
    let mut table = Table::new(&["step", "waybill", "route", "verdict", ""]);
    for (step, verdict) in proposal.steps.iter().zip(&proposal.evaluation.steps) {
        table.row([
            step.step.clone(),
            step.waybill_no.to_string(),
            cell(step.route_ref.as_ref()),
            verdict.code.clone(),
            verdict.detail.clone().unwrap_or_default(),
        ]);
    }
    table.render(output)
}

fn routes_table(proposal: &ProposalView, output: Output) -> String {
    let mut table = Table::new(&["route", "version", "truck", "truck after", "waybills", "after"]);
    for route in &proposal.evaluation.routes {
        table.row([
            route.route_ref.clone(),
            route.version.to_string(),
            route.truck_before.clone(),
            cell(route.truck_after.as_ref()),
            route.waybills_before.to_string(),
            route.waybills_after.to_string(),
        ]);
    }
    table.render(output)
}

fn quotas_table(proposal: &ProposalView, output: Output) -> String {
    let mut table = Table::new(&["zone", "quota", "waybills", "after"]);
    for quota in &proposal.evaluation.quotas {
        table.row([
            quota.zone.clone(),
            quota.limit.waybills.to_string(),
            quota.before.waybills.to_string(),
            quota.after.waybills.to_string(),
        ]);
    }
    table.render(output)
}

#[cfg(test)]
mod tests;
