//! `loadtest verify`: a checker apart from the fleet. It reads one snapshot of the database, looks at
//! the queues and at the sender's journal, and says which invariant holds. It never writes, and it
//! shares no code with the workers whose results it judges.

mod cancellations;
mod counts;
mod history;
mod orders;
mod planned;
mod queues;
mod quota;
mod sent;
#[cfg(test)]
mod tests;
mod trucks;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use settings::Secret;
use thiserror::Error;

use self::planned::ManifestError;
use self::queues::{Depth, Purpose};
pub(crate) use self::queues::{QueueError, depths};
use self::sent::JournalError;
use crate::database::{ReadError, Snapshot, number, text};

/// How many offenders of each check are named.
const NAMED_MAX: usize = 10;

/// Arguments of `loadtest verify`.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyArgs {
    /// Database: mysql://user:password@host/schema, or ?socket=PATH
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Secret,
    /// Broker, as a user that may read dead letters; without it the queues are not looked at
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub(crate) amqp_url: Option<Secret>,
    /// What a sender wrote down: confirmed messages must have had their effect or be dead letters
    #[arg(long)]
    pub(crate) journal: Option<PathBuf>,
    /// The manifest.json of a generated day: what had to come of it did
    #[arg(long)]
    pub(crate) manifest: Option<PathBuf>,
    /// Dead letters that are no violation: a fault test expects some
    #[arg(long, default_value_t = 0)]
    pub(crate) dead_letters_allowed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why nothing could be verified.
#[derive(Debug, Error)]
pub(crate) enum VerifyError {
    /// The database cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The queues cannot be looked at.
    #[error(transparent)]
    Queues(#[from] QueueError),
    /// The journal cannot be compared.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The manifest cannot be compared.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Invariant {
    /// Everything that was accepted is there.
    #[serde(rename = "I1")]
    NothingLost,
    /// One effect a message.
    #[serde(rename = "I2")]
    OneEffect,
    /// A legal path, versions without gaps.
    #[serde(rename = "I3")]
    LegalHistory,
    /// Quota used = live places <= capacity, at every prefix.
    #[serde(rename = "I4")]
    NeverOversold,
}

impl Invariant {
    fn label(self) -> &'static str {
        match self {
            Self::NothingLost => "I1",
            Self::OneEffect => "I2",
            Self::LegalHistory => "I3",
            Self::NeverOversold => "I4",
        }
    }
}

/// A rule over the database as two statements: `examined` gives one number, `violations` rows of
/// (subject, detail).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    pub(crate) invariant: Invariant,
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) examined: &'static str,
    pub(crate) violations: &'static str,
}

/// Somebody who breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Who.
    pub(crate) subject: String,
    /// How.
    pub(crate) detail: String,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckResult {
    /// Part of which invariant.
    pub(crate) invariant: Invariant,
    /// Its name.
    pub(crate) name: &'static str,
    /// The rule.
    pub(crate) says: &'static str,
    /// How many things were looked at.
    pub(crate) examined: u64,
    /// How many of them break the rule.
    pub(crate) violations: u64,
    /// The first of them.
    pub(crate) named: Vec<Finding>,
}

/// What came of all checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// True when no check found a violation.
    pub(crate) holds: bool,
    /// Every check.
    pub(crate) checks: Vec<CheckResult>,
    /// The queues; absent when no broker was named.
    pub(crate) queues: Option<Vec<Depth>>,
}

/// Nothing waits to be published. A fleet that runs plans on meanwhile: what was written just now is no fault.
pub(crate) const OUTBOX: Check = Check {
    invariant: Invariant::NothingLost,
    name: "outbox-is-empty",
    says: "nothing waits to be published for ten seconds or longer",
    examined: "SELECT COUNT(*) FROM outbox",
    violations: "SELECT HEX(message_id) AS subject, CONCAT(worker, ' ', message_type) AS detail FROM outbox \
                 WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL 10 SECOND",
};

/// Runs every check.
///
/// # Errors
/// [`VerifyError`] when the database, the broker or the journal cannot be read.
pub(crate) async fn run(args: &VerifyArgs) -> Result<Report, VerifyError> {
    let queues = match &args.amqp_url {
        Some(url) => Some(queues::depths(url).await?),
        None => None,
    };
    let mut snapshot = Snapshot::open(&args.database_url).await?;
    let mut checks = database(&mut snapshot).await?;
    if let Some(depths) = &queues {
        checks.push(drained(depths));
        checks.push(dead_letters(depths, args.dead_letters_allowed));
    }
    if let Some(journal) = &args.journal {
        let found = sent::check(journal, &mut snapshot, args.amqp_url.as_ref()).await?;
        let says = "a message that its sender had confirmed had its effect or is a dead letter";
        checks.push(result(Invariant::NothingLost, "confirmed-is-settled", says, found));
    }
    if let Some(manifest) = &args.manifest {
        let found = planned::check(manifest, &mut snapshot).await?;
        let says = "as many orders, lines and waybills are there as the generator planned";
        checks.push(result(Invariant::NothingLost, "day-is-as-planned", says, found));
    }
    checks.sort_by_key(|check| check.invariant);
    let holds = checks.iter().all(|check| check.violations == 0);
    Ok(Report { holds, checks, queues })
}

/// The checks that need nothing but the database.
///
/// # Errors
/// [`ReadError`] when it cannot be read.
pub(crate) async fn database(snapshot: &mut Snapshot) -> Result<Vec<CheckResult>, ReadError> {
    let mut results = Vec::new();
    let checks = [OUTBOX].into_iter().chain(orders::CHECKS).chain(history::CHECKS);
    for check in checks.chain(counts::CHECKS).chain(cancellations::CHECKS) {
        results.push(ask(snapshot, check).await?);
    }
    results.extend(never_oversold(snapshot).await?);
    Ok(results)
}

/// I4 alone: quota, ledger, places and trucks.
///
/// # Errors
/// [`ReadError`] when the database cannot be read.
pub(crate) async fn never_oversold(snapshot: &mut Snapshot) -> Result<Vec<CheckResult>, ReadError> {
    let mut results = Vec::new();
    for check in quota::CHECKS {
        results.push(ask(snapshot, check).await?);
    }
    let found = trucks::check(snapshot).await?;
    let says = "a route's load, stops and waybills are within what its truck and template allow";
    results.push(result(Invariant::NeverOversold, "truck-holds-its-route", says, found));
    Ok(results)
}

/// Runs one check.
///
/// # Errors
/// [`ReadError`] when the database cannot be read.
pub(crate) async fn ask(snapshot: &mut Snapshot, check: Check) -> Result<CheckResult, ReadError> {
    let Check { invariant, name, says, .. } = check;
    let examined = snapshot.number(name, check.examined).await?;
    let sql = format!(
        "SELECT v.subject, v.detail, COUNT(*) OVER () FROM ({}) v ORDER BY v.subject LIMIT {NAMED_MAX}",
        check.violations
    );
    let read =
        |row: &_| Ok((Finding { subject: text(row, 0)?, detail: text(row, 1)? }, number(row, 2)?));
    let rows = snapshot.rows(name, &sql, read).await?;
    let violations = rows.first().map_or(0, |(_, found)| *found);
    let named = rows.into_iter().map(|(finding, _)| finding).collect();
    Ok(CheckResult { invariant, name, says, examined, violations, named })
}

fn result(
    invariant: Invariant,
    name: &'static str,
    says: &'static str,
    (examined, mut named): (u64, Vec<Finding>),
) -> CheckResult {
    let violations = u64::try_from(named.len()).unwrap_or(u64::MAX);
    named.truncate(NAMED_MAX);
    CheckResult { invariant, name, says, examined, violations, named }
}

/// Nothing waits in any queue.
pub(crate) fn drained(depths: &[Depth]) -> CheckResult {
    let waiting = |depth: &&Depth| depth.purpose == Purpose::Work && depth.messages > 0;
    let named = depths.iter().filter(waiting).map(finding).collect();
    let examined = u64::try_from(depths.len()).unwrap_or(u64::MAX);
    let says = "no message waits in a work or retry queue";
    result(Invariant::NothingLost, "queues-are-drained", says, (examined, named))
}

/// Dead letters beyond those allowed.
pub(crate) fn dead_letters(depths: &[Depth], allowed: u64) -> CheckResult {
    let dead = |depth: &&Depth| depth.purpose == Purpose::DeadLetters && depth.messages > 0;
    let named: Vec<Finding> = depths.iter().filter(dead).map(finding).collect();
    let total: u64 = depths.iter().filter(dead).map(|depth| u64::from(depth.messages)).sum();
    let violations = if total > allowed { total } else { 0 };
    CheckResult {
        invariant: Invariant::NothingLost,
        name: "dead-letters",
        says: "there are no more dead letters than allowed",
        examined: total,
        violations,
        named,
    }
}

fn finding(depth: &Depth) -> Finding {
    Finding { subject: depth.queue.clone(), detail: format!("{} messages", depth.messages) }
}

/// The report for people.
pub(crate) fn print(report: &Report) {
    print_checks(&report.checks);
    if report.queues.is_none() {
        println!("     the queues were not looked at: set AMQP_URL");
    }
    println!("{}", if report.holds { "every invariant holds" } else { "VIOLATED" });
}

/// A line for each check, and whoever breaks it.
pub(crate) fn print_checks(checks: &[CheckResult]) {
    for check in checks {
        let verdict = if check.violations == 0 { "ok  " } else { "FAIL" };
        let CheckResult { invariant, name, says, examined, violations, .. } = check;
        println!("{verdict} {} {name:<32} {examined:>9} examined  {says}", invariant.label());
        if *violations > 0 {
            println!("        {violations} violations, for example:");
            for Finding { subject, detail } in &check.named {
                println!("        {subject}: {detail}");
            }
        }
    }
}
