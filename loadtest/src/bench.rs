//! Rates of this machine: what the bare parts can do, and what the fleet makes of it, in one run.
//!
//! What lives here: `limits` and `run status-updates`, each on a virtual host and a schema of their own
//! that are gone afterwards. What never does: a load on the running fleet.

mod bare;
mod cpu;
pub(crate) mod fleet;
pub(crate) mod ground;
pub(crate) mod program;

use clap::{Args, Subcommand};
use serde::Serialize;
use thiserror::Error;

pub(crate) use cpu::CpuShare;

use crate::portal::PortalArgs;

/// What can stop a measurement.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    /// A variable is missing.
    #[error("{0} is not set: run `eval \"$(ops/services env)\"` first")]
    Missing(&'static str),
    /// The broker.
    #[error("the broker: {0}")]
    Broker(String),
    /// The database.
    #[error("the database: {0}")]
    Database(String),
    /// The worker process.
    #[error("the worker: {0}")]
    Worker(String),
    /// It took too long.
    #[error("{what} did not finish within {seconds} s")]
    Stalled {
        /// Which part.
        what: &'static str,
        /// The limit.
        seconds: u64,
    },
}

impl From<lapin::Error> for BenchError {
    fn from(error: lapin::Error) -> Self {
        Self::Broker(error.to_string())
    }
}

impl From<sea_orm::sqlx::Error> for BenchError {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// How much to measure with.
#[derive(Debug, Clone, Args)]
pub(crate) struct LimitsArgs {
    /// Messages of one measurement
    #[arg(long, default_value_t = 60_000)]
    pub(crate) messages: u32,
    /// Lanes that work at once
    #[arg(long, default_value_t = 2)]
    pub(crate) lanes: u16,
    /// Most messages of one transaction
    #[arg(long, default_value_t = 256)]
    pub(crate) batch_max: u16,
    /// Reports of one message: measures the fleet with singles and with batches of so many
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=2_000))]
    pub(crate) batch: Option<u16>,
    /// Connect to the database over TCP (DATABASE_TCP_URL) instead of its Unix socket
    #[arg(long)]
    pub(crate) tcp: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `loadtest run ...`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum RunCommand {
    /// Status reports through waybill-status, beside the bare parts in the same run
    StatusUpdates(LimitsArgs),
    /// Requests to the shim of a running fleet, and a reconciliation; exit code 0 only if that holds
    Portal(Box<PortalArgs>),
}

/// One measured rate.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rate {
    /// Messages that had their effect.
    pub(crate) messages: u64,
    /// Seconds from the first to the last.
    pub(crate) seconds: f64,
    /// Messages a second.
    pub(crate) per_second: f64,
    /// Cores used by each process while it ran.
    pub(crate) cpu: Vec<CpuShare>,
    /// What bounds it: the process that used most of the machine, or waiting.
    pub(crate) bound_by: String,
}

impl Rate {
    pub(crate) fn new(messages: u64, seconds: f64, cpu: Vec<CpuShare>) -> Self {
        #[allow(clippy::as_conversions, reason = "a count as a rate")]
        let per_second = messages as f64 / seconds.max(1e-9);
        let bound_by = cpu::bound_by(&cpu);
        Self { messages, seconds, per_second, cpu, bound_by }
    }
}

/// What the bare parts can do.
#[derive(Debug, Serialize)]
pub(crate) struct Limits {
    /// Everything was in the queue before the first message was taken.
    pub(crate) full_queue: Rate,
    /// The queue was being filled meanwhile.
    pub(crate) while_filling: Rate,
}

/// The fleet beside its limits.
#[derive(Debug, Serialize)]
pub(crate) struct StatusUpdates {
    /// The bare parts.
    pub(crate) limits: Limits,
    /// waybill-status, its queue being filled meanwhile.
    pub(crate) fleet: Rate,
    /// The same reports in batches, with `--batch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fleet_in_batches: Option<Rate>,
    /// Reports in batches over singles, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch_ratio: Option<f64>,
    /// Fleet over bare parts, both while filling.
    pub(crate) ratio: f64,
}

/// Measures the bare parts.
pub(crate) async fn limits(args: &LimitsArgs) -> Result<Limits, BenchError> {
    let ground = ground::Ground::lay(args.tcp).await?;
    let measured = bare::measure(&ground, args).await;
    ground.clear().await;
    measured
}

/// Measures the bare parts, then waybill-status, on the same ground.
pub(crate) async fn status_updates(args: &LimitsArgs) -> Result<StatusUpdates, BenchError> {
    let ground = ground::Ground::lay(args.tcp).await?;
    let measured = async {
        let limits = bare::measure(&ground, args).await?;
        let fleet = fleet::measure(&ground, args, None).await?;
        let ratio = fleet.per_second / limits.while_filling.per_second;
        Ok(StatusUpdates { limits, fleet, fleet_in_batches: None, batch_ratio: None, ratio })
    };
    let measured: Result<StatusUpdates, BenchError> = measured.await;
    ground.clear().await;
    let mut measured = measured?;
    if let Some(batch) = args.batch {
        // on fresh ground: the same rows again, no others in the way
        let ground = ground::Ground::lay(args.tcp).await?;
        let in_batches = fleet::measure(&ground, args, Some(batch)).await;
        ground.clear().await;
        let in_batches = in_batches?;
        measured.batch_ratio = Some(in_batches.per_second / measured.fleet.per_second);
        measured.fleet_in_batches = Some(in_batches);
    }
    Ok(measured)
}

fn print_rate(name: &str, rate: &Rate) {
    let cores: Vec<String> =
        rate.cpu.iter().map(|share| format!("{} {:.2}", share.process, share.cores)).collect();
    println!(
        "{name:<28} {:>9.0}/s   {} messages   bound by {}   cores: {}",
        rate.per_second,
        rate.messages,
        rate.bound_by,
        cores.join(", ")
    );
}

/// For people.
pub(crate) fn print_limits(limits: &Limits) {
    print_rate("bare parts, full queue", &limits.full_queue);
    print_rate("bare parts, while filling", &limits.while_filling);
}

/// For people.
pub(crate) fn print_status_updates(measured: &StatusUpdates) {
    print_limits(&measured.limits);
    print_rate("waybill-status", &measured.fleet);
    println!("ratio (fleet / bare parts, while filling): {:.2}", measured.ratio);
    if let (Some(rate), Some(ratio)) = (&measured.fleet_in_batches, measured.batch_ratio) {
        print_rate("waybill-status, in batches", rate);
        println!("ratio (reports in batches / single reports): {ratio:.2}");
    }
}
