//! `dray hotfolder`: what came in, what waits and why, and passing a gap.
//!
//! Never here: reading or moving a file; that is hotfolder-ingest's alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::NaiveDateTime;
use clap::{Args, Subcommand};
use contracts::{SkipSequence, Source};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE};

use crate::error::{CommandError, Result};
use crate::fleet::hotfolder as running_hotfolder;
use crate::operator::{Operator, refused};
use crate::output::{Output, Table, Tone, cell};
use crate::site::Site;

/// The kinds whose workers are there.
const KINDS_WITH_WORKERS: [&str; 4] = ["order", "cancel", "return", "status"];

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum HotfolderCommand {
    /// Show files, sequences, gaps and what waits in the inboxes
    Ls(LsArgs),
    /// Pass a gap: go on as if the missing file had come
    Skip(SkipArgs),
}

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only this source
    #[arg(long, value_parser = source)]
    source: Option<Source>,
    /// Latest files shown
    #[arg(long, default_value_t = 40)]
    limit: usize,
}

/// Arguments of `skip`.
#[derive(Debug, Args)]
pub(crate) struct SkipArgs {
    /// order, cancel, return, status or container
    kind: String,
    /// Whose files
    #[arg(value_parser = source)]
    source: Source,
    /// The missing number
    sequence: u64,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

fn source(text: &str) -> std::result::Result<Source, String> {
    Source::new(text).map_err(|error| error.to_string())
}

/// Runs one of them.
pub(crate) async fn run(command: HotfolderCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        HotfolderCommand::Ls(args) => ls(&args, site, output).await,
        HotfolderCommand::Skip(args) => skip(args, site, output).await,
    }
}

async fn skip(args: SkipArgs, site: &Site, output: Output) -> Result<()> {
    let command = SkipSequence { kind: args.kind, source: args.source, sequence: args.sequence };
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(&command, Duration::from_secs(args.wait)).await?;
    operator.close().await;
    if let Some(error) = refused(&reply) {
        return Err(error);
    }
    output.result(&reply, || {
        format!("{} of {} goes on after {}", command.kind, command.source, command.sequence)
    })
}

/// Everything that `ls` shows.
#[derive(Debug, Serialize)]
struct Listing {
    root: String,
    sequences: Vec<Sequence>,
    /// The latest first.
    files: Vec<ImportFile>,
    /// In the inboxes at this moment; absent when the root is not on this machine.
    waiting: Option<Vec<Waiting>>,
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Sequence {
    kind: String,
    source: String,
    first_sequence: u64,
    next_sequence: u64,
}

const SEQUENCES: &str =
    "SELECT kind, source, first_sequence, next_sequence FROM import_sequence ORDER BY source, kind";

#[derive(Debug, Serialize, FromQueryResult)]
struct ImportFile {
    file_name: String,
    kind: String,
    source: String,
    state: String,
    size_bytes: u64,
    lines_total: u64,
    orders_accepted: u64,
    orders_duplicate: u64,
    orders_rejected: u64,
    detail: Option<String>,
    started_at: NaiveDateTime,
    finished_at: Option<NaiveDateTime>,
}

const FILES: &str = "SELECT file_name, kind, source, state, size_bytes, lines_total, orders_accepted, \
     orders_duplicate, orders_rejected, detail, started_at, finished_at FROM import_file \
     ORDER BY started_at DESC, file_name DESC LIMIT 10000";

/// A file in an inbox.
#[derive(Debug, Serialize)]
struct Waiting {
    source: String,
    name: String,
    bytes: u64,
    /// Why it is not being read.
    because: String,
}

async fn ls(args: &LsArgs, site: &Site, output: Output) -> Result<()> {
    let database: Database = site.database().await?;
    let wanted = |source: &str| args.source.as_ref().is_none_or(|only| only.as_str() == source);
    let mut sequences: Vec<Sequence> = database.select(SEQUENCES, &NONE).await?;
    sequences.retain(|row| wanted(&row.source));
    let mut files: Vec<ImportFile> = database.select(FILES, &NONE).await?;
    files.retain(|row| wanted(&row.source));
    files.truncate(args.limit);
    let root = running_hotfolder(site)?;
    let waiting = if root.is_dir() {
        let mut waiting = waiting(&root, &sequences)?;
        waiting.retain(|file| wanted(&file.source));
        Some(waiting)
    } else {
        None
    };
    let listing = Listing { root: root.display().to_string(), sequences, files, waiting };
    output.result(&listing, || text(&listing, output))
}

fn waiting(root: &Path, sequences: &[Sequence]) -> Result<Vec<Waiting>> {
    let next: BTreeMap<(&str, &str), u64> =
        sequences.iter().map(|s| ((s.kind.as_str(), s.source.as_str()), s.next_sequence)).collect();
    let mut found = Vec::new();
    for (source, _) in entries(root)? {
        let inbox = root.join(&source).join("inbox");
        if !inbox.is_dir() {
            continue;
        }
        for (name, bytes) in entries(&inbox)? {
            let because = because(&name, &source, &next);
            found.push(Waiting { source: source.clone(), name, bytes, because });
        }
    }
    Ok(found)
}

/// Names and sizes, in order. What vanishes meanwhile is left out.
fn entries(directory: &Path) -> Result<Vec<(String, u64)>> {
    let listed = std::fs::read_dir(directory);
    let listed = listed.map_err(|error| CommandError::file("list", directory, &error))?;
    let mut entries: Vec<(String, u64)> = listed
        .filter_map(std::result::Result::ok)
        .filter_map(|entry| {
            let size = entry.metadata().ok()?.len();
            Some((entry.file_name().to_string_lossy().into_owned(), size))
        })
        .collect();
    entries.sort();
    Ok(entries)
}

/// What a file waits for, as far as its name and the stored sequence tell.
fn because(name: &str, source: &str, next: &BTreeMap<(&str, &str), u64>) -> String {
    let stem = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".tsv");
    let parts = stem.and_then(|stem| stem.split_once('-')).and_then(|(kind, rest)| {
        let (_, sequence) = rest.rsplit_once('-')?;
        let digits = sequence.split_once(".r").map_or(sequence, |(digits, _)| digits);
        Some((kind, digits.parse::<u64>().ok()?))
    });
    let Some((kind, sequence)) = parts else {
        return "still being written, or its name does not fit".to_owned();
    };
    if !KINDS_WITH_WORKERS.contains(&kind) {
        return format!("there is no worker for {kind} files yet");
    }
    match next.get(&(kind, source)) {
        Some(next) if sequence > *next => {
            format!("number {next} is missing: wait for it, or skip it")
        }
        Some(_) | None => "about to be read".to_owned(),
    }
}

fn text(listing: &Listing, output: Output) -> String {
    let mut sequences = Table::new(&["source", "kind", "first", "next"]);
    for row in &listing.sequences {
        sequences.row([
            row.source.clone(),
            row.kind.clone(),
            row.first_sequence.to_string(),
            row.next_sequence.to_string(),
        ]);
    }
    let heads =
        ["file", "state", "lines", "accepted", "duplicate", "rejected", "finished", "detail"];
    let mut files = Table::new(&heads);
    for row in &listing.files {
        files.row([
            row.file_name.clone(),
            row.state.clone(),
            row.lines_total.to_string(),
            row.orders_accepted.to_string(),
            row.orders_duplicate.to_string(),
            row.orders_rejected.to_string(),
            cell(row.finished_at.map(|at| at.format("%F %T").to_string())),
            row.detail.clone().unwrap_or_default(),
        ]);
    }
    let mut text = format!("hot folder {}\n\n", listing.root);
    for table in [sequences, files].iter().filter(|table| !table.is_empty()) {
        text.push_str(&table.render(output));
        text.push('\n');
    }
    match &listing.waiting {
        None => text.push_str("the root is not on this machine: the inboxes cannot be looked at\n"),
        Some(waiting) if waiting.is_empty() => text.push_str("nothing waits in the inboxes\n"),
        Some(waiting) => {
            let mut table = Table::new(&["waiting in", "file", "bytes", "because"]);
            for file in waiting {
                let missing = file.because.contains("is missing");
                let because = if missing {
                    output.paint(Tone::Bad, &file.because)
                } else {
                    file.because.clone()
                };
                table.row([
                    file.source.clone(),
                    file.name.clone(),
                    file.bytes.to_string(),
                    because,
                ]);
            }
            text.push_str(&table.render(output));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn a_waiting_file_says_what_it_waits_for() {
        let next = BTreeMap::from([(("order", "a-b"), 7)]);
        let cases = [
            ("order-a-b-000007.tsv", "about to be read"),
            ("order-a-b-000008.tsv.gz", "number 7 is missing: wait for it, or skip it"),
            ("container-a-b-1.tsv", "there is no worker for container files yet"),
            ("order-a-b-000009.tsv.part", "still being written, or its name does not fit"),
            ("nonsense", "still being written, or its name does not fit"),
        ];
        for (name, expected) in cases {
            assert_eq!(super::because(name, "a-b", &next), expected, "{name}");
        }
    }
}
