//! `dray quickstart`: a whole day through the fleet with one command, and a table of what became of it.
//!
//! The story: clean start, topology, schema, fleet and warehouse simulator, network, files into the
//! hot folder, watching until everything is accounted for, the account, the checker's verdict, accounts
//! for whoever wants to look around. Never here: how an order is judged; this only counts.

mod account;
mod clean;
mod feed;
mod gauge;
mod lock;
mod portal;
mod summary;
#[cfg(test)]
mod tests;
mod tools;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use contracts::Timestamp;

use self::account::Account;
use self::feed::{Feed, Part};
use self::gauge::Gauge;
use self::summary::Summary;
use self::tools::Tools;
use self::watch::Watched;
use crate::error::{CommandError, Exit, Result};
use crate::fleet::{Clock, Fleet, Plan, Request, beside_this_program, stop_signal};
use crate::output::Output;
use crate::site::Site;
use crate::topology::{ApplyArgs, apply};
use crate::{migrate, network};

const READY_WITHIN: Duration = Duration::from_secs(60);
const NETWORK_WITHIN: Duration = Duration::from_secs(60);

/// Arguments of `dray quickstart`.
#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    /// Stop the fleet at the end; exit code 1 if an order is unaccounted for, an invariant is broken, or the
    /// portal does not answer
    #[arg(long)]
    once: bool,
    /// Files of these directories in place of a generated day (.tsv, .tsv.gz); repeatable
    #[arg(long, value_name = "DIR")]
    input: Vec<PathBuf>,
    /// Tables of this directory in place of a generated network
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// Orders of the generated day
    #[arg(long, default_value_t = 2_000, conflicts_with = "input")]
    orders: u64,
    /// Seed of the generated day
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Clock of the fleet: wall for a generated day, replay for --input unless this says otherwise
    #[arg(long, value_enum)]
    clock: Option<Clock>,
    /// Keep what is in queues, tables and hot folder (without it the private services begin empty)
    #[arg(long)]
    keep: bool,
    /// Then play the sorting station and the road: everything is delivered, return files are dropped, and
    /// what is given back is fetched
    #[arg(long)]
    deliver: bool,
    /// Share of sales orders that the simulated warehouse refuses, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    wms_reject_rate: f64,
    /// Give up after so many seconds in which nothing happened
    #[arg(long, default_value_t = 180)]
    stall_seconds: u64,
    /// Directory with the programs [default: where this program lies]
    #[arg(long)]
    release_dir: Option<PathBuf>,
}

impl QuickstartArgs {
    /// Recorded days lie in the past: only their own clock makes sense of their cut-offs.
    fn clock(&self) -> Clock {
        let usual = if self.input.is_empty() { Clock::Wall } else { Clock::Replay };
        self.clock.unwrap_or(usual)
    }
}

/// Runs the command.
pub(crate) async fn run(args: QuickstartArgs, site: &Site, output: Output) -> Result<()> {
    let programs = match &args.release_dir {
        Some(directory) => directory.clone(),
        None => beside_this_program()?,
    };
    let tools = Tools::new(programs.clone(), site)?;
    prepare(&args, site, output).await?;
    let data = tools.data(&args, output).await?;
    let feed = Feed::find(&data.inputs)?;
    output.note(&format!("{} files with {} orders", feed.files.len(), feed.orders.len()));

    let hotfolder = tools.hotfolder()?;
    let request = Request {
        programs,
        only: Vec::new(),
        instances: Vec::new(),
        clock: args.clock(),
        hotfolder: hotfolder.clone(),
        partner_wms: Some(vec![
            format!("--seed={}", args.seed),
            format!("--reject-rate={}", args.wms_reject_rate),
        ]),
    };
    output.note(&format!("starting the fleet with the {} clock", args.clock().word()));
    let mut fleet = Fleet::start(Plan::new(&request, site)?, site, false, output).await?;
    let worked = tokio::select! {
        worked = work(&mut fleet, &args, site, &tools, &data.network, &feed, output) => worked,
        signalled = stop_signal() => {
            signalled?;
            Err(CommandError::new(Exit::Temporary, "stopped before everything was accounted for"))
        }
    };
    let verdict = match worked {
        Ok(summary) => report(&args, &summary, output).await,
        Err(error) => Err(error),
    };
    let stopped = fleet.stop().await;
    verdict.and(stopped)
}

/// Queues, tables, folders: empty unless --keep, and as this version wants them.
async fn prepare(args: &QuickstartArgs, site: &Site, output: Output) -> Result<()> {
    output.note("bringing broker and database up to date");
    if !args.keep {
        clean::refuse_foreign(site)?;
    }
    apply(site, &ApplyArgs { without_users: false }, output.silent()).await?;
    migrate::up(site).await?;
    if !args.keep {
        clean::empty(site).await?;
    }
    Ok(())
}

/// From a started fleet to the account.
async fn work(
    fleet: &mut Fleet,
    args: &QuickstartArgs,
    site: &Site,
    tools: &Tools,
    network: &std::path::Path,
    feed: &Feed,
    output: Output,
) -> Result<Summary> {
    fleet.wait_until_ready(READY_WITHIN).await?;
    network::load(network, NETWORK_WITHIN, site).await?;
    let gauge = Gauge::start(site)?;
    let started = Timestamp::now();
    let hotfolder = tools.hotfolder()?;
    feed.drop_into(&hotfolder, Part::Day)?;
    let stall = Duration::from_secs(args.stall_seconds);
    let mut watched = watch::until_done(site, (feed, Part::Day), &gauge, stall, output).await?;
    let mut delivered = Vec::new();
    if args.deliver && watched == Watched::Complete {
        output.note("every route is locked, then the road brings everything to its door");
        lock::all_routes(site).await?;
        delivered.push(tools.deliver(site, args.seed).await?);
        feed.drop_into(&hotfolder, Part::Returns)?;
        let day = (feed, Part::Returns);
        watched = watch::until_done(site, day, &gauge, stall, output).await?;
        output.note("the road fetches what is given back");
        lock::all_routes(site).await?;
        delivered.push(tools.deliver(site, args.seed).await?);
        watched = watched.max(watch::until_done(site, day, &gauge, stall, output).await?);
    }
    let database = site.database().await?;
    let account = Account::read(&database, feed).await?;
    let last = account::last_effect(&database).await?.unwrap_or(started);
    let measured = gauge.stop().await;
    let latency = account::latency(&database, &measured.published).await?;
    output.note("asking the checker");
    let verdict = tools.verify(site).await?;
    let digest = tools.digest(site).await?;
    output.note("making sample accounts and trying the portal");
    let portal = portal::open(site).await?;
    Ok(Summary {
        clock: args.clock(),
        seconds: last.since(started).as_secs_f64(),
        stalled: watched == Watched::Stalled,
        account,
        latency,
        max_ready: measured.max_ready,
        delivered,
        verdict,
        digest,
        portal,
    })
}

/// Prints the summary. Without --once the fleet then stays up until a signal.
async fn report(args: &QuickstartArgs, summary: &Summary, output: Output) -> Result<()> {
    output.result(summary, || summary.text(output))?;
    if !args.once {
        output.note(&summary::where_to_look_next());
    }
    if !output.is_json() {
        output.note(&summary.portal.text(output));
    }
    if args.once {
        return summary.judge();
    }
    output.note("the fleet stays up; Ctrl-C stops it");
    stop_signal().await?;
    output.note("stopping: every worker finishes what it holds");
    Ok(())
}
