//! `loadtest run portal`: people and programs at the shim of a running fleet, in an open loop, and a reconciliation
//! at the end: every change that was answered for had exactly one effect, and nothing that was shown is false.
//!
//! What lives here: the arguments, the four regimes as a story, and what they come to. What never does: a limit that
//! fails a run: what was measured is printed beside the limit, and only the reconciliation decides the exit code.

mod accounts;
mod class;
mod client;
mod drive;
mod hits;
mod html;
mod kill;
mod print;
mod processes;
mod regimes;
mod said;
mod samples;
mod say;
mod seen;
mod shown;
#[cfg(test)]
mod tests;
mod tokens;
mod truth;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use sea_orm::sqlx::{self, MySqlPool};
use serde::Serialize;
use settings::Secret;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use self::print::print;

use self::accounts::{Account, Accounts};
use self::client::{NoAddress, Target};
use self::drive::Drive;
use self::hits::Answered;
use self::kill::Struck;
use self::processes::{Home, Used, Watch};
use self::regimes::{Goodput, Step};
use self::samples::Row;
use self::tokens::Tokens;
use self::truth::Truth;
use self::world::World;
use crate::player::PlayerArgs;
use crate::verify;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Regime {
    /// Status questions, the newest waybills most; how many are answered without the database
    Reads,
    /// The requests of the target hour in their proportions
    Mixed,
    /// Ten times the most that is served
    Overload,
    /// The requests of the target hour while every worker, the broker and Redis are killed in turn
    Kill,
}

impl Regime {
    const fn label(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Mixed => "mixed",
            Self::Overload => "overload",
            Self::Kill => "kill",
        }
    }

    /// True when it changes something.
    const fn changes(self) -> bool {
        !matches!(self, Self::Reads)
    }
}

/// Arguments of `loadtest run portal`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PortalArgs {
    /// What is tried
    #[arg(long, value_enum)]
    pub(crate) regime: Regime,
    /// Requests a second; of overload, where the search for the peak begins
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub(crate) rate: u32,
    /// For so long, after the warm-up; of overload, each step of the search, too
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Seconds at the same rate that are not measured
    #[arg(long, default_value_t = 5)]
    pub(crate) warm_up_seconds: u64,
    /// Where the shim answers: HOST:PORT
    #[arg(long, env = "DRAY_PORTAL_LISTEN", default_value = "127.0.0.1:8480")]
    pub(crate) portal: String,
    /// Connections at most; a request that finds none waits, and its wait counts
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) connections: u16,
    /// The name of an administrator's account; without it `dray user add` makes one
    #[arg(long, requires = "password")]
    pub(crate) login: Option<String>,
    /// Its password
    #[arg(long, env = "DRAY_LOADTEST_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<Secret>,
    /// Give up when an accepted change has no effect so many seconds after the last one that had
    #[arg(long, default_value_t = 120)]
    pub(crate) stall_seconds: u64,
    /// The script that kills and starts services, for the regime kill
    #[arg(long, default_value = "ops/services")]
    pub(crate) services: PathBuf,
    /// Broker, for the checker: a user that may read dead letters
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub(crate) amqp_url: Option<Secret>,
    /// Write the report to this file, too, as a page with charts
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) player: PlayerArgs,
}

/// What can stop a run.
#[derive(Debug, Error)]
pub(crate) enum PortalError {
    /// Where the shim is.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// The system.
    #[error("{0}")]
    System(String),
    /// Somebody cannot sign in.
    #[error("the account {name}: {said}")]
    Account {
        /// Its name.
        name: String,
        /// What was said.
        said: String,
    },
    /// The database.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A histogram cannot be made.
    #[error("a histogram: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] crate::partner::PartnerError),
    /// The checker.
    #[error(transparent)]
    Verify(#[from] verify::VerifyError),
    /// The queues cannot be looked at.
    #[error(transparent)]
    Queues(#[from] verify::QueueError),
    /// Nothing to ask about.
    #[error("there are no orders and waybills yet: run ops/quickstart first and leave it up")]
    Nothing,
    /// Somebody asked it to.
    #[error("stopped before its end: nothing was reconciled")]
    Stopped,
    /// Nothing is served.
    #[error("not one request was served: is the shim up at this address?")]
    NothingServed,
}

/// Something that was measured, beside what it should be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Beside {
    /// What.
    pub(crate) what: &'static str,
    /// How much it is.
    pub(crate) measured: f64,
    /// How much it should be.
    pub(crate) limit: f64,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// True when more is better.
    pub(crate) at_least: bool,
}

impl Beside {
    /// True when it is as it should be.
    pub(crate) fn is_met(&self) -> bool {
        if self.at_least { self.measured >= self.limit } else { self.measured <= self.limit }
    }
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// What was tried.
    pub(crate) regime: Regime,
    /// With which seed.
    pub(crate) seed: u64,
    /// Requests a second that were offered.
    pub(crate) offered_per_second: u32,
    /// For so long.
    pub(crate) seconds: u64,
    /// The stated limits.
    pub(crate) beside: Vec<Beside>,
    /// Requests by class, and all.
    pub(crate) rows: Vec<Row>,
    /// Requests that were due and never sent: the load itself was at its end.
    pub(crate) unsent: u64,
    /// Who answered the reads; absent where query-desk shows no counts.
    pub(crate) answered: Option<Answered>,
    /// The search for the peak.
    pub(crate) steps: Vec<Step>,
    /// What was served of the peak under overload.
    pub(crate) goodput: Option<Goodput>,
    /// Who was killed.
    pub(crate) struck: Vec<Struck>,
    /// Memory and processor of every process of the checkout.
    pub(crate) processes: Vec<Used>,
    /// The reconciliation.
    pub(crate) truth: Truth,
    /// The invariants over database and queues; absent where nothing was changed.
    pub(crate) invariants: Option<verify::Report>,
    /// True when the reconciliation and every invariant hold.
    pub(crate) holds: bool,
}

/// What a regime has measured; the rest of the report is the same for all of them.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    offered_per_second: u32,
    beside: Vec<Beside>,
    rows: Vec<Row>,
    answered: Option<Answered>,
    steps: Vec<Step>,
    goodput: Option<Goodput>,
    struck: Vec<Struck>,
}

/// Everything that a regime works with.
pub(crate) struct Ground<'a> {
    args: &'a PortalArgs,
    pool: MySqlPool,
    home: Home,
    drive: Drive,
    looker: world::Looker,
}

/// Signs in, loads, reconciles; disables the accounts that it made.
pub(crate) async fn run(args: &PortalArgs) -> Result<Report, PortalError> {
    let pool = MySqlPool::connect(args.player.database_url.expose()).await?;
    let world = World::look(&pool).await?;
    if world.is_empty() {
        return Err(PortalError::Nothing);
    }
    let home = Home::find()?;
    let target = Arc::new(Target::parse(&args.portal)?);
    let stopped = stop_signal().map_err(|error| PortalError::System(error.to_string()))?;
    let accounts = Accounts::open(args, &home, &world.merchants).await?;
    // however it ends: an administrator with a password of ours is not left behind
    let report = tokio::select! {
        report = load(args, (pool, world), home, &target, accounts.all()) => report,
        () = stopped => Err(PortalError::Stopped),
    };
    accounts.close().await;
    report
}

/// What asks to end early.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The load itself, in the names of these accounts.
async fn load(
    args: &PortalArgs,
    (pool, world): (MySqlPool, World),
    home: Home,
    target: &Arc<Target>,
    accounts: &[Account],
) -> Result<Report, PortalError> {
    let tokens = Tokens::sign_in(target, accounts.to_vec()).await?;
    let drive = Drive::new(Arc::clone(target), tokens, args.connections.into())?;
    let looker = world::Looker::start(pool.clone(), world);
    let mut ground = Ground { args, pool, home, drive, looker };

    let watch = Watch::start(&ground.home);
    let measured = match args.regime {
        Regime::Reads => regimes::reads(&mut ground).await?,
        Regime::Mixed => regimes::mixed(&mut ground).await?,
        Regime::Overload => regimes::overload(&mut ground).await?,
        Regime::Kill => regimes::kill(&mut ground).await?,
    };
    let processes = watch.end().await;
    let (truth, invariants, unsent) = reconcile(&mut ground).await?;
    let Measured { offered_per_second, beside, rows, answered, steps, goodput, struck } = measured;
    let holds = truth.holds() && invariants.as_ref().is_none_or(|report| report.holds);
    let report = Report {
        regime: args.regime,
        seed: args.player.seed,
        offered_per_second,
        seconds: args.seconds,
        beside,
        rows,
        unsent,
        answered,
        steps,
        goodput,
        struck,
        processes,
        truth,
        invariants,
        holds,
    };
    if let Some(path) = &args.html {
        html::write(&report, path)?;
    }
    Ok(report)
}

/// Asks again what nobody answered, under the same keys; then compares with the tables.
async fn reconcile(
    ground: &mut Ground<'_>,
) -> Result<(Truth, Option<verify::Report>, u64), PortalError> {
    let args = ground.args;
    let said = ground.drive.answer_open().await;
    let stall = Duration::from_secs(args.stall_seconds);
    let mut truth = truth::changes(&ground.pool, &said, stall).await?;
    let invariants = match args.regime.changes() {
        true => Some(truth::invariants(args, &said, stall).await?),
        false => None,
    };
    truth.went_back = ground.drive.take_went_back().into_iter().collect();
    let world = World::look(&ground.pool).await?;
    shown::compare(&ground.pool, &ground.drive, &world, &mut truth).await?;
    Ok((truth, invariants, ground.drive.unsent()))
}
