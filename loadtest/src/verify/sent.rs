//! The sender's journal against the inbox and the dead letters: a confirmed message had exactly one
//! effect or lies in the dead letters; nobody knows of the others.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use settings::Secret;
use thiserror::Error;
use uuid::Uuid;

use super::Finding;
use super::queues::{self, QueueError};
use crate::database::{ReadError, Snapshot, text};
use crate::journal::{JournalEntry, SendState};

/// Ids asked for in one statement.
const CHUNK: usize = 1_000;

/// Why a journal could not be compared.
#[derive(Debug, Error)]
pub(crate) enum JournalError {
    /// It cannot be read.
    #[error("cannot read the journal {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is no entry.
    #[error("line {line} of the journal {} is no entry: {source}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The dead letters cannot be read.
    #[error(transparent)]
    Queues(#[from] QueueError),
}

/// Confirmed ids by (consumer, sender).
type Confirmed = BTreeMap<(String, String), Vec<Uuid>>;

/// Reads the confirmed entries. A last line without its end is what a killed sender left: not counted.
fn read_confirmed(path: &Path) -> Result<Confirmed, JournalError> {
    let failed = |source| JournalError::Io { path: path.to_owned(), source };
    let mut input = BufReader::new(File::open(path).map_err(failed)?);
    let mut confirmed = Confirmed::new();
    let mut line = String::new();
    let mut number = 0;
    while input.read_line(&mut line).map_err(failed)? > 0 {
        number += 1;
        if line.ends_with('\n') {
            let entry: JournalEntry = serde_json::from_str(&line).map_err(|source| {
                JournalError::Line { path: path.to_owned(), line: number, source }
            })?;
            if entry.state == SendState::Confirmed {
                let ids = confirmed.entry((entry.consumer, entry.sender)).or_default();
                ids.push(entry.message_id.0);
            }
        }
        line.clear();
    }
    Ok(confirmed)
}

/// How many confirmed messages the journal has, and which of them are neither in the inbox nor dead.
///
/// # Errors
/// [`JournalError`] when the journal, the database or the dead letters cannot be read.
pub(crate) async fn check(
    journal: &Path,
    snapshot: &mut Snapshot,
    amqp_url: Option<&Secret>,
) -> Result<(u64, Vec<Finding>), JournalError> {
    let mut examined = 0;
    let mut findings = Vec::new();
    for ((consumer, sender), mut ids) in read_confirmed(journal)? {
        // A sender that crashed may have been confirmed the same message twice.
        ids.sort_unstable();
        ids.dedup();
        examined += u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let mut missing = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let settled = settled(snapshot, &consumer, &sender, chunk).await?;
            missing.extend(chunk.iter().filter(|id| !settled.contains(id)));
        }
        if missing.is_empty() {
            continue;
        }
        let dead = match amqp_url {
            Some(url) => queues::dead_letter_ids(url, &consumer).await?,
            None => HashSet::new(),
        };
        findings.extend(missing.into_iter().filter(|id| !dead.contains(id)).map(|id| Finding {
            subject: id.to_string(),
            detail: format!("{sender} had it confirmed, {consumer} knows nothing of it"),
        }));
    }
    Ok((examined, findings))
}

async fn settled(
    snapshot: &mut Snapshot,
    consumer: &str,
    sender: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, ReadError> {
    let list: Vec<String> = ids.iter().map(|id| format!("x'{}'", id.simple())).collect();
    let quoted = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sql = format!(
        "SELECT HEX(message_id) FROM inbox WHERE consumer = x'{}' AND sender = x'{}' \
         AND message_id IN ({})",
        quoted(consumer),
        quoted(sender),
        list.join(",")
    );
    let found = snapshot.rows("inbox", &sql, |row| text(row, 0)).await?;
    Ok(found.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect())
}
