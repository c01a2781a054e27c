//! `loadtest adra-storm`: a million operations on a network that is too small, through two real adra-assigner processes
//! that are killed again and again; then the books are checked at every prefix of the ledger.
//!
//! What lives here: the course of a storm and its report. What never does: a load on the running fleet; a storm has
//! a virtual host and a schema of its own.

mod books;
mod network;
mod operations;
mod processes;
mod sending;
#[cfg(test)]
mod tests;
mod waybills;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use sea_orm::sqlx::{self, AssertSqlSafe, MySqlPool};
use serde::Serialize;
use settings::Secret;
use thiserror::Error;

use self::processes::Processes;
use self::sending::Sending;
use crate::bench::BenchError;
use crate::bench::ground::Ground;
use crate::database::ReadError;
use crate::verify::{CheckResult, QueueError, print_checks};

/// Arguments of `loadtest adra-storm`.
#[derive(Debug, Clone, Args)]
pub(crate) struct StormArgs {
    /// Operations to publish
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=20_000_000))]
    pub(crate) operations: u64,
    /// What happens, and when somebody is killed
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Seconds between two kills in the mean; 0 kills nobody
    #[arg(long, default_value_t = 5.0)]
    pub(crate) kill_every: f64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub(crate) enum StormError {
    /// The storm did not come to its end.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The books cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The queues cannot be looked at.
    #[error(transparent)]
    Queues(#[from] QueueError),
}

/// What was published.
#[derive(Debug, Default)]
struct Sent {
    operations: BTreeMap<&'static str, u64>,
    waybills: u64,
    twice: u64,
    late: u64,
}

/// What came of a storm.
#[derive(Debug, Serialize)]
pub(crate) struct StormReport {
    /// True when no check found a violation.
    pub(crate) holds: bool,
    /// Operations published, by what they are.
    pub(crate) operations: BTreeMap<&'static str, u64>,
    /// All of them.
    pub(crate) operations_total: u64,
    /// Waybills announced.
    pub(crate) waybills: u64,
    /// Operations of which a second copy was published.
    pub(crate) published_twice: u64,
    /// Operations published a burst later than those that follow them.
    pub(crate) published_late: u64,
    /// How often a process was killed.
    pub(crate) kills: u64,
    /// From the first operation to the last effect.
    pub(crate) seconds: f64,
    /// Operations a second.
    pub(crate) operations_per_second: f64,
    /// How the operations ended, by outcome.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Answers with an explanation: places and reasons.
    pub(crate) decisions: u64,
    /// The same a second.
    pub(crate) decisions_per_second: f64,
    /// Operations that were given up.
    pub(crate) dead_letters: u64,
    /// Prefixes of the ledger that were held to the quota.
    pub(crate) ledger_prefixes: u64,
    /// Those beyond it.
    pub(crate) oversold_prefixes: u64,
    /// Every check.
    pub(crate) checks: Vec<CheckResult>,
}

/// A storm on ground of its own, which is gone afterwards.
///
/// # Errors
/// [`StormError`] when it did not come to its end.
pub(crate) async fn run(args: &StormArgs) -> Result<StormReport, StormError> {
    let ground = Ground::lay(false).await?;
    let report = storm(&ground, args).await;
    ground.clear().await;
    report
}

async fn storm(ground: &Ground, args: &StormArgs) -> Result<StormReport, StormError> {
    lay_network(ground).await?;
    let mut sending = Sending::open(ground, args).await?;
    let mut processes = Processes::start(ground)?;
    let (kills, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Instant::now();
    let work = async {
        let done = async {
            let sent = sending.run(args, &kills).await?;
            books::settled(ground, sent.operations.values().sum()).await?;
            Ok::<_, StormError>(sent)
        };
        let done = done.await;
        is_over.store(true, Ordering::Relaxed);
        done
    };
    let killing = async {
        let over = || is_over.load(Ordering::Relaxed);
        processes.kill_now_and_then(args, &kills, over).await.map_err(StormError::from)
    };
    let (sent, ()) = tokio::try_join!(work, killing)?;
    let seconds = start.elapsed().as_secs_f64();
    drop(processes);
    report(ground, sent, kills.into_inner(), seconds).await
}

async fn lay_network(ground: &Ground) -> Result<(), BenchError> {
    let pool = MySqlPool::connect(&ground.database_url).await?;
    for statement in network::statements() {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}

async fn report(
    ground: &Ground,
    sent: Sent,
    kills: u64,
    seconds: f64,
) -> Result<StormReport, StormError> {
    let database_url = Secret::new(&ground.database_url);
    let mut checks = books::audit(&database_url).await?;
    let [waiting, dead] = books::queues(&Secret::new(&ground.amqp_url)).await?;
    let dead_letters = dead.examined;
    checks.extend([waiting, dead]);
    let (outcomes, decisions) = books::outcomes(&database_url).await?;
    let operations_total = sent.operations.values().sum();
    let settled: u64 = outcomes.values().sum();
    let prefixes = checks.iter().find(|check| check.name == books::PREFIXES);
    let (ledger_prefixes, oversold_prefixes) =
        prefixes.map_or((0, 0), |check| (check.examined, check.violations));
    let holds = checks.iter().all(|check| check.violations == 0) && settled == operations_total;
    #[allow(clippy::as_conversions, reason = "counts as rates")]
    let rate = |count: u64| count as f64 / seconds.max(1e-9);
    Ok(StormReport {
        holds,
        operations: sent.operations,
        operations_total,
        waybills: sent.waybills,
        published_twice: sent.twice,
        published_late: sent.late,
        kills,
        seconds,
        operations_per_second: rate(operations_total),
        outcomes,
        decisions,
        decisions_per_second: rate(decisions),
        dead_letters,
        ledger_prefixes,
        oversold_prefixes,
        checks,
    })
}

/// For people.
pub(crate) fn print(report: &StormReport) {
    for (what, count) in &report.operations {
        println!("{count:>9} {what}");
    }
    let StormReport { operations_total, waybills, seconds, kills, .. } = report;
    println!(
        "{operations_total} operations on {waybills} waybills in {seconds:.0} s, {kills} kills"
    );
    println!(
        "{} published twice, {} late; {:.0} operations/s, {:.0} decisions/s",
        report.published_twice,
        report.published_late,
        report.operations_per_second,
        report.decisions_per_second
    );
    for (outcome, count) in &report.outcomes {
        println!("{count:>9} {outcome}");
    }
    print_checks(&report.checks);
    println!(
        "{} ledger prefixes checked, {} oversold; {} dead letters: {}",
        report.ledger_prefixes,
        report.oversold_prefixes,
        report.dead_letters,
        if report.holds { "everything holds" } else { "VIOLATED" }
    );
}
