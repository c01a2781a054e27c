//! The reconciliation: every change that the shim answered for had exactly one effect, and what it said and showed
//! is what the tables hold.
//!
//! What lives here: comparing. What never does: a change, code of the workers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use contracts::MessageId;
use queue_topology::WorkerKind;
use sea_orm::sqlx::{self, MySqlPool};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::said::{Said, Told};
use super::{PortalArgs, PortalError};
use crate::journal::{JournalEntry, SendState};
use crate::partner::Journal;
use crate::verify::{self, VerifyArgs};

/// Ids of one statement.
const CHUNK: usize = 1_000;
/// How often the inbox is looked at while something is still on its way.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(500);
/// The fleet works on after the last effect of a change: the checker looks again until it has nothing left to do.
const VERIFIED_EVERY: Duration = Duration::from_secs(5);
/// So many offenders of a kind are named.
const NAMED_MAX: usize = 20;
/// The broker user of the shim: the sender of every message that it makes.
pub(crate) const SHIM: &str = "dray-portal-shim";

/// What the comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Truth {
    /// Changes that were asked for and not turned away.
    pub(crate) changes: u64,
    /// Of these, answered 200, 201 or 202.
    pub(crate) accepted: u64,
    /// Of these, in the inbox of the worker that decides them.
    pub(crate) settled: u64,
    /// Changes that nobody answered, repeats included.
    pub(crate) unanswered: u64,
    /// Accepted and without an effect.
    pub(crate) lost: Faults,
    /// One message with several effects.
    pub(crate) doubled: Faults,
    /// Answers to changes that the tables contradict.
    pub(crate) false_answers: Faults,
    /// States shown at the end that the tables contradict, of how many.
    pub(crate) shown: u64,
    /// And which.
    pub(crate) shown_false: Faults,
    /// Versions that went back for a reader.
    pub(crate) went_back: Faults,
}

/// Offenders: how many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    pub(crate) count: u64,
    pub(crate) named: Vec<String>,
}

impl Faults {
    /// Counts, and keeps the first.
    pub(crate) fn note(&mut self, fault: String) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(fault);
        }
    }
}

impl FromIterator<String> for Faults {
    fn from_iter<I: IntoIterator<Item = String>>(faults: I) -> Self {
        let mut all = Self::default();
        faults.into_iter().for_each(|fault| all.note(fault));
        all
    }
}

impl Truth {
    /// True when nothing was lost, doubled or false.
    pub(crate) fn holds(&self) -> bool {
        let faults =
            [&self.lost, &self.doubled, &self.false_answers, &self.shown_false, &self.went_back];
        faults.iter().all(|faults| faults.count == 0)
    }
}

/// How a message ended, as its consumer wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) outcome: String,
    pub(super) code: String,
    pub(super) version: Option<u64>,
}

/// Settled messages by consumer and id (32 hexadecimal digits).
pub(super) type Inbox = HashMap<(WorkerKind, String), Settled>;

/// Waits until everything that was accepted is settled, or nothing has moved for so long; then compares.
pub(crate) async fn changes(
    pool: &MySqlPool,
    said: &[Said],
    stall: Duration,
) -> Result<Truth, PortalError> {
    let mut inbox = read(pool, &ids(said.iter())).await?;
    let mut missing = ids(said.iter().filter(|said| said.is_accepted()));
    let mut moved = Instant::now();
    loop {
        let before = missing.len();
        missing.retain(|id| !inbox.contains_key(id));
        if missing.len() < before {
            moved = Instant::now();
        }
        if missing.is_empty() || moved.elapsed() > stall {
            break;
        }
        sleep(LOOKED_AT_EVERY).await;
        inbox.extend(read(pool, &missing).await?);
    }
    let mut truth = compare(said, &inbox);
    truth.doubled = doubled(pool).await?;
    Ok(truth)
}

fn ids<'a>(said: impl Iterator<Item = &'a Said>) -> BTreeSet<(WorkerKind, String)> {
    said.filter_map(key).collect()
}

/// Where the message of an answered change is looked for.
fn key(said: &Said) -> Option<(WorkerKind, String)> {
    let message_id = said.told.as_ref()?.message_id?;
    Some((said.consumer()?, message_id.0.simple().to_string()))
}

async fn read(
    pool: &MySqlPool,
    wanted: &BTreeSet<(WorkerKind, String)>,
) -> Result<Inbox, sqlx::Error> {
    let mut by_consumer: BTreeMap<WorkerKind, Vec<&str>> = BTreeMap::new();
    for (consumer, id) in wanted {
        by_consumer.entry(*consumer).or_default().push(id);
    }
    let mut inbox = Inbox::new();
    for (consumer, ids) in by_consumer {
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<(String, String, String, Option<u64>)> = sqlx::query_as(
                "SELECT LOWER(HEX(i.message_id)), i.outcome, i.code, i.version \
                 FROM JSON_TABLE(?, '$[*]' COLUMNS( \
                   id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) r \
                 STRAIGHT_JOIN inbox i ON i.consumer = ? AND i.sender = ? AND i.message_id = UNHEX(r.id)",
            )
            .bind(serde_json::json!(chunk).to_string())
            .bind(consumer.name())
            .bind(SHIM)
            .fetch_all(pool)
            .await?;
            inbox.extend(rows.into_iter().map(|(id, outcome, code, version)| {
                ((consumer, id), Settled { outcome, code, version })
            }));
        }
    }
    Ok(inbox)
}

pub(super) fn compare(said: &[Said], inbox: &Inbox) -> Truth {
    let mut truth = Truth { changes: length(said.len()), ..Truth::default() };
    for said in said {
        let told = match &said.told {
            Some(told) if !said.is_open() => told,
            Some(_) | None => {
                truth.unanswered += 1;
                continue;
            }
        };
        let about = format!("{} {} ({})", said.ask.method, said.ask.path, told.status);
        let Some(key) = key(said) else {
            // what became no message can have no effect: only a yes without one is a fault
            if said.is_accepted() {
                truth.accepted += 1;
                truth.lost.note(format!("{about}: the answer names no operation"));
            }
            continue;
        };
        let settled = inbox.get(&key);
        let id = key.1;
        if said.is_accepted() {
            truth.accepted += 1;
            match settled {
                Some(_) => truth.settled += 1,
                None => truth.lost.note(format!("{about}: {id} had no effect")),
            }
        }
        if let Some(why) = settled.and_then(|settled| contradiction(told, settled)) {
            truth.false_answers.note(format!("{about}: {id} {why}"));
        }
    }
    truth
}

/// What of an answer is not so.
fn contradiction(told: &Told, settled: &Settled) -> Option<String> {
    let is_rejected = settled.outcome == "rejected";
    let Settled { outcome, code, version } = settled;
    match told.status {
        200 | 201 if is_rejected => Some(format!("was rejected ({code})")),
        200 | 201 if told.version.is_some() && told.version != *version => {
            Some(format!("came to version {version:?}, told was {:?}", told.version))
        }
        403 | 404 | 409 | 412 | 422 if !is_rejected => Some(format!("was {outcome} ({code})")),
        409 if told.code.as_deref().is_some_and(|told| told != code) => {
            Some(format!("was rejected with {code}, told was {:?}", told.code))
        }
        _ => None,
    }
}

/// A report of a waybill is written down once, whatever was sent how often.
const DOUBLED: &str = "SELECT CONCAT(LOWER(HEX(message_id)), ' has ', COUNT(*), ' events') \
    FROM waybill_event WHERE message_type = 'waybill.report-status.v1' \
    GROUP BY message_id HAVING COUNT(*) > 1";

async fn doubled(pool: &MySqlPool) -> Result<Faults, sqlx::Error> {
    let doubled: Vec<String> = sqlx::query_scalar(DOUBLED).fetch_all(pool).await?;
    Ok(doubled.into_iter().collect())
}

/// Every invariant, as soon as the fleet has nothing left to do; the changes are the sender's journal.
pub(crate) async fn invariants(
    args: &PortalArgs,
    said: &[Said],
    stall: Duration,
) -> Result<verify::Report, PortalError> {
    let (path, is_own) = match &args.player.journal {
        Some(path) => (path.clone(), false),
        None => (own_journal(), true),
    };
    let mut journal = Journal::open(Some(&path))?;
    for (consumer, message_id) in accepted(said) {
        let (consumer, sender) = (consumer.name().to_owned(), SHIM.to_owned());
        journal.note(&JournalEntry {
            consumer,
            sender,
            message_id,
            state: SendState::Confirmed,
        })?;
    }
    let checked = VerifyArgs {
        database_url: args.player.database_url.clone(),
        amqp_url: args.amqp_url.clone(),
        journal: Some(path.clone()),
        manifest: None,
        dead_letters_allowed: 0,
        json: false,
    };
    let deadline = Instant::now() + stall;
    let report = loop {
        let report = verify::run(&checked).await?;
        if report.holds || Instant::now() > deadline {
            break report;
        }
        sleep(VERIFIED_EVERY).await;
    };
    if is_own {
        // the system clears what it is not let remove here
        let _kept = std::fs::remove_file(&path);
    }
    Ok(report)
}

fn own_journal() -> PathBuf {
    std::env::temp_dir().join(format!("dray-portal-{}.journal", std::process::id()))
}

fn accepted(said: &[Said]) -> impl Iterator<Item = (WorkerKind, MessageId)> {
    let accepted = said.iter().filter(|said| said.is_accepted());
    accepted.filter_map(|said| Some((said.consumer()?, said.told.as_ref()?.message_id?)))
}

fn length(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
