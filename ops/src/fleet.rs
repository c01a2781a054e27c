//! `dray fleet`: runs the workers of this machine as children, keeps them alive, shows who lives.
//!
//! For one machine and for tests; `docker-compose.yml` runs the same programs as containers. Never
//! here: what a worker does.

mod child;
mod detach;
mod down;
mod fronts;
mod plan;
mod process;
mod register;
mod status;
mod supervisor;
mod tail;
#[cfg(test)]
mod tests;

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use queue_topology::WorkerKind;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

pub(crate) use plan::{Plan, Request, beside_this_program};
pub(crate) use register::{hotfolder, refuse_running, running_environment};
pub(crate) use supervisor::Fleet;

/// What to do with the fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Start every worker, restart those that die, stop all on Ctrl-C or SIGTERM
    Up(UpArgs),
    /// Stop the fleet of this checkout: drain, then end
    Down,
    /// Show the living instances and the messages that wait for them
    Status,
}

/// Arguments of `up`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpArgs {
    /// Directory with the worker binaries [default: where this program lies]
    #[arg(long)]
    pub(crate) release_dir: Option<PathBuf>,
    /// Only these workers, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "WORKER", value_parser = worker)]
    pub(crate) only: Vec<WorkerKind>,
    /// More than one instance of a worker: WORKER=N, repeatable
    #[arg(long, value_name = "WORKER=N", value_parser = instances)]
    pub(crate) instances: Vec<(WorkerKind, NonZeroU16)>,
    /// wall: the time of day; replay: the time in the messages
    #[arg(long, value_enum, default_value = "wall")]
    pub(crate) clock: Clock,
    /// Play the warehouse, too: run `loadtest partner-sim wms` beside the workers
    #[arg(long)]
    pub(crate) partner_wms: bool,
    /// Return when everything is ready; the fleet goes on in the background
    #[arg(long)]
    pub(crate) detach: bool,
    /// Seconds in which every worker has to become ready
    #[arg(long, default_value_t = 60)]
    pub(crate) ready_within: u64,
    /// This is the process in the background (set by --detach)
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

/// Which clock the workers judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Clock {
    /// The time of day.
    Wall,
    /// The time in the messages, so that recorded days can be run again.
    Replay,
}

impl Clock {
    /// The word for `DRAY_CLOCK`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Replay => "replay",
        }
    }
}

/// Reads the name of a worker.
pub(crate) fn worker(name: &str) -> std::result::Result<WorkerKind, String> {
    WorkerKind::parse(name).ok_or_else(|| {
        let names: Vec<&str> = WorkerKind::ALL.into_iter().map(WorkerKind::name).collect();
        format!("no worker of that name: use one of {}", names.join(", "))
    })
}

fn instances(text: &str) -> std::result::Result<(WorkerKind, NonZeroU16), String> {
    let (name, count) = text.split_once('=').ok_or("write it like waybill-status=2")?;
    let count = count.parse::<NonZeroU16>().map_err(|error| format!("{count:?}: {error}"))?;
    Ok((worker(name)?, count))
}

/// Runs one of them.
pub(crate) async fn run(command: FleetCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        FleetCommand::Up(args) if args.detach => detach::up(&args, site, output).await,
        FleetCommand::Up(args) => up(&args, site, output).await,
        FleetCommand::Down => down::down(site, output).await,
        FleetCommand::Status => status::status(site, output).await,
    }
}

async fn up(args: &UpArgs, site: &Site, output: Output) -> Result<()> {
    if args.background {
        // a session of its own: the terminal that started it may go away
        rustix::process::setsid().map_err(|error| {
            CommandError::new(Exit::System, format!("cannot leave the terminal's session: {error}"))
        })?;
    }
    let plan = Plan::new(&request(args, site)?, site)?;
    let mut fleet = Fleet::start(plan, site, !args.background && !output.is_json(), output).await?;
    let ready = tokio::select! {
        ready = fleet.wait_until_ready(Duration::from_secs(args.ready_within)) => ready,
        signalled = stop_signal() => { signalled?; Err(CommandError::new(Exit::Temporary, "stopped before it was ready")) }
    };
    if let Err(error) = ready {
        // why it did not come up says more than how it went down
        let _unclean = fleet.stop().await;
        return Err(error);
    }
    let up = fleet.describe();
    output.result(&up, || format!("{} workers are ready; Ctrl-C stops them", up.workers.len()))?;
    stop_signal().await?;
    output.note("stopping: every worker finishes what it holds");
    fleet.stop().await
}

fn request(args: &UpArgs, site: &Site) -> Result<Request> {
    let programs = match &args.release_dir {
        Some(directory) => directory.clone(),
        None => beside_this_program()?,
    };
    Ok(Request {
        programs,
        only: args.only.clone(),
        instances: args.instances.clone(),
        clock: args.clock,
        hotfolder: site.hotfolder()?,
        partner_wms: args.partner_wms.then(Vec::new),
    })
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() -> Result<()> {
    let failed = |error: std::io::Error| {
        CommandError::new(Exit::System, format!("cannot listen for signals: {error}"))
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
