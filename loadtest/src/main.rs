//! `loadtest`: realistic input for an exchange, partners that answer like the real ones, and checkers
//! that read the database and the queues from outside and share no code with the workers.
#![allow(clippy::print_stdout, reason = "a command line tool: its result goes to standard output")]

mod adra_day;
mod adra_disturb;
mod adra_storm;
mod agents;
mod bench;
mod convert;
mod database;
mod deliver;
mod dice;
mod digest;
mod generate;
mod hotfolder;
mod journal;
mod network;
mod partner;
mod peers;
mod player;
mod portal;
mod sending;
mod verify;
mod vrptw;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use serde::Serialize;

/// Sample data, partner simulators, checkers.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a day of orders as hot-folder files, with a manifest of what has to come of them
    Generate(generate::GenerateArgs),
    /// Write a sample delivery network as TSV tables
    GenerateNetwork(network::sample::SampleArgs),
    /// Convert public data to hot-folder files
    #[command(subcommand)]
    Convert(convert::ConvertCommand),
    /// Play a partner of the exchange
    #[command(subcommand)]
    PartnerSim(partner::PartnerCommand),
    /// Play the sorting station and the road: report every assigned waybill through to DELIVERED
    Deliver(deliver::DeliverArgs),
    /// Play customer service and its customers: holds, releases, cancellations, reschedules, amendments,
    /// returns, by seed, over the waybills that are there
    Agents(agents::AgentsArgs),
    /// Measure what the bare parts of this machine can do: broker, transaction, broker
    Limits(bench::LimitsArgs),
    /// Measure the fleet: status updates beside the bare parts, or requests to its shim
    #[command(subcommand)]
    Run(bench::RunCommand),
    /// Sequence public instances with time windows; exit code 0 only if every plan holds
    Vrptw(vrptw::VrptwArgs),
    /// A synthetic day through the assignment engine, beside its lower bound and fixed rules
    AdraDay(adra_day::DayArgs),
    /// A truck breakdown and a quota cut on such a day: what keeps its place, and the cost
    AdraDisturb(adra_day::DayArgs),
    /// A million operations through two adra-assigner processes that are killed again and again; exit code 0
    /// only if nothing was oversold at any time
    AdraStorm(adra_storm::StormArgs),
    /// The engine beside other solvers, at equal processor time
    #[command(subcommand)]
    Peers(peers::PeersCommand),
    /// Check the invariants over the database, the queues and a sender's journal; exit code 0 only if
    /// all of them hold
    Verify(verify::VerifyArgs),
    /// One fingerprint of orders, waybills and used quota, to compare two runs
    Digest(digest::DigestArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("loadtest: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Generate(args) => print_json(&generate::run(&args)?)?,
        Command::GenerateNetwork(args) => network::sample::run(&args)?,
        Command::Convert(convert::ConvertCommand::Uci(args)) => print_json(&convert::run(&args)?)?,
        Command::PartnerSim(partner::PartnerCommand::Wms(args)) => {
            print_json(&block_on(partner::run_wms(&args))??)?;
        }
        Command::Deliver(args) => {
            let done = block_on(deliver::run(&args))??;
            if args.player.json { print_json(&done)? } else { deliver::print(&done) }
        }
        Command::Limits(args) => {
            let limits = block_on(bench::limits(&args))??;
            if args.json { print_json(&limits)? } else { bench::print_limits(&limits) }
        }
        Command::Agents(args) => {
            let acted = block_on(agents::run(&args))??;
            if args.player.json { print_json(&acted)? } else { agents::print(&acted) }
        }
        Command::Run(bench::RunCommand::StatusUpdates(args)) => {
            let measured = block_on(bench::status_updates(&args))??;
            if args.json { print_json(&measured)? } else { bench::print_status_updates(&measured) }
        }
        Command::Run(bench::RunCommand::Portal(args)) => return run_portal(&args),
        Command::Digest(args) => {
            let fingerprint = block_on(digest::run(&args))??;
            if args.json { print_json(&fingerprint)? } else { digest::print(&fingerprint) }
        }
        Command::AdraDay(args) => {
            let report = adra_day::run(&args)?;
            if args.json { print_json(&report)? } else { adra_day::print(&report) }
        }
        Command::AdraDisturb(args) => {
            let report = adra_disturb::run(&args)?;
            if args.json { print_json(&report)? } else { adra_disturb::print(&report) }
        }
        Command::AdraStorm(args) => {
            let report = block_on(adra_storm::run(&args))??;
            if args.json {
                print_json(&report)?
            } else {
                adra_storm::print(&report)
            }
            return Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Vrptw(args) => {
            let report = vrptw::run(&args)?;
            if args.json {
                print_json(&report)?
            } else {
                vrptw::print(&report)
            }
            return Ok(if report.feasible { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Peers(peers::PeersCommand::Vrptw(args)) => {
            let report = peers::run(&args)?;
            if args.json { print_json(&report)? } else { peers::print(&report) }
        }
        Command::Verify(args) => {
            let report = block_on(verify::run(&args))??;
            if args.json {
                print_json(&report)?
            } else {
                verify::print(&report)
            }
            return Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

const NO_RUNTIME: &str = "cannot start the asynchronous runtime";

fn run_portal(args: &portal::PortalArgs) -> anyhow::Result<ExitCode> {
    // one thread is enough, and spends nothing on waking others: the fleet has the processor to itself
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().context(NO_RUNTIME)?;
    let report = runtime.block_on(portal::run(args))?;
    if args.player.json {
        print_json(&report)?
    } else {
        portal::print(&report)
    }
    Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn block_on<F: Future>(work: F) -> anyhow::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context(NO_RUNTIME)?;
    Ok(runtime.block_on(work))
}

fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("cannot print the result")?;
    println!("{text}");
    Ok(())
}
