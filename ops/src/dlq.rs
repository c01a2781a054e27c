//! `dray dlq`: what the workers gave up on, why, and another chance for it.
//!
//! Looking consumes without acknowledging and hands everything back. A retry publishes a copy to the
//! queue that the message came from, with its id and first sender, the attempt set to zero, waits for
//! the confirm and acknowledges then: a crash in between leaves two copies of one id, and the inbox
//! answers the second as a duplicate.

mod letters;
mod retry;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use contracts::{MessageId, Timestamp};
use queue_topology::WorkerKind;
use serde::Serialize;
use serde_json::Value;

use self::letters::Letter;
use crate::error::{CommandError, Exit, Result};
use crate::fleet::worker;
use crate::operator::Operator;
use crate::output::{Output, Table, Tone, age, cell};
use crate::site::Site;

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Count them by worker, reason and type, with the age of the oldest
    Ls(LsArgs),
    /// Show single messages
    Show(ShowArgs),
    /// Give messages another chance
    Retry(RetryArgs),
}

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Look at so many of each worker at most
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

/// Which messages.
#[derive(Debug, Clone, Args)]
pub(crate) struct Filter {
    /// The worker that gave up on them
    #[arg(value_parser = worker)]
    worker: WorkerKind,
    /// Only with this reason, as `dlq ls` shows it
    #[arg(long)]
    reason: Option<String>,
    /// Only of this type
    #[arg(long = "type")]
    message_type: Option<String>,
    /// Only this message
    #[arg(long)]
    id: Option<uuid::Uuid>,
    /// Only those that failed last at least so many seconds ago
    #[arg(long, value_name = "SECONDS")]
    older_than: Option<i64>,
}

impl Filter {
    /// True for a message that is meant.
    fn takes(&self, letter: &Letter, now: Timestamp) -> bool {
        let same =
            |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        same(&self.reason, &letter.reason)
            && same(&self.message_type, &letter.message_type)
            && self.id.is_none_or(|id| letter.message_id == Some(MessageId(id)))
            && self
                .older_than
                .is_none_or(|least| letter.age_seconds(now).is_some_and(|age| age >= least))
    }
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    filter: Filter,
    /// At most so many
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// With the body; personal data in it is masked
    #[arg(long)]
    body: bool,
}

/// Arguments of `retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    filter: Filter,
    /// Only count what would be tried again
    #[arg(long)]
    dry_run: bool,
    /// At most so many
    #[arg(long, default_value_t = 100_000)]
    limit: usize,
}

/// Runs one of them.
pub(crate) async fn run(command: DlqCommand, site: &Site, output: Output) -> Result<()> {
    let operator = Operator::connect(site).await?;
    let done = match command {
        DlqCommand::Ls(args) => ls(&operator, args.limit, output).await,
        DlqCommand::Show(args) => show(&operator, &args, output).await,
        DlqCommand::Retry(args) => retry(&operator, &args, output).await,
    };
    operator.close().await;
    done
}

/// Messages alike.
#[derive(Debug, Serialize)]
struct Group {
    worker: &'static str,
    reason: String,
    #[serde(rename = "type")]
    message_type: String,
    count: usize,
    oldest_seconds: Option<i64>,
    /// What one of them says.
    detail: Option<String>,
}

#[derive(Debug, Serialize)]
struct Groups {
    /// Dead letters by worker, as the broker counts them.
    ready: BTreeMap<&'static str, u32>,
    groups: Vec<Group>,
}

async fn ls(operator: &Operator, limit: u16, output: Output) -> Result<()> {
    let now = Timestamp::now();
    let mut found = Groups { ready: BTreeMap::new(), groups: Vec::new() };
    for kind in WorkerKind::ALL.into_iter().filter(|kind| kind.settles_messages()) {
        let depth = operator.connection().depth(&kind.dead_letter_queue()).await?;
        found.ready.insert(kind.name(), depth);
        if depth > 0 {
            let letters = letters::look(operator, kind, limit).await?;
            found.groups.extend(grouped(kind, &letters, now));
        }
    }
    output.result(&found, || {
        if found.groups.is_empty() {
            return output.paint(Tone::Good, "no dead letters");
        }
        let mut table = Table::new(&["worker", "reason", "type", "count", "oldest", "for example"]);
        for group in &found.groups {
            table.row([
                group.worker.to_owned(),
                group.reason.clone(),
                group.message_type.clone(),
                group.count.to_string(),
                cell(group.oldest_seconds.map(age)),
                group.detail.as_deref().unwrap_or_default().chars().take(100).collect(),
            ]);
        }
        table.render(output)
    })
}

fn grouped(kind: WorkerKind, letters: &[Letter], now: Timestamp) -> Vec<Group> {
    let mut groups: BTreeMap<(&str, &str), Group> = BTreeMap::new();
    for letter in letters {
        let group = groups.entry((&letter.reason, &letter.message_type)).or_insert_with(|| Group {
            worker: kind.name(),
            reason: letter.reason.clone(),
            message_type: letter.message_type.clone(),
            count: 0,
            oldest_seconds: None,
            detail: letter.detail.clone(),
        });
        group.count += 1;
        group.oldest_seconds = group.oldest_seconds.max(letter.age_seconds(now));
    }
    groups.into_values().collect()
}

async fn show(operator: &Operator, args: &ShowArgs, output: Output) -> Result<()> {
    let now = Timestamp::now();
    let mut letters = letters::look(operator, args.filter.worker, u16::MAX).await?;
    letters.retain(|letter| args.filter.takes(letter, now));
    letters.truncate(args.limit);
    let shown: Vec<Value> = letters
        .iter()
        .map(|letter| letter.describe(args.body))
        .collect::<std::result::Result<_, serde_json::Error>>()?;
    let text = serde_json::to_string_pretty(&shown)?;
    output.result(&shown, || if shown.is_empty() { "no such dead letter".to_owned() } else { text })
}

#[derive(Debug, Serialize)]
struct Retried {
    worker: &'static str,
    /// Messages that the filter takes.
    matching: usize,
    /// Of these, published again to the queues they came from.
    retried: usize,
    /// Messages whose properties cannot be read: not tried again.
    unreadable: usize,
}

async fn retry(operator: &Operator, args: &RetryArgs, output: Output) -> Result<()> {
    let worker = args.filter.worker.name();
    let retried = if args.dry_run {
        let now = Timestamp::now();
        let letters = letters::look(operator, args.filter.worker, u16::MAX).await?;
        let takes = |letter: &&Letter| args.filter.takes(letter, now);
        let matching = letters.iter().filter(takes).count();
        let unreadable =
            letters.iter().filter(takes).filter(|letter| letter.message_id.is_none()).count();
        Retried { worker, matching, retried: 0, unreadable }
    } else {
        let done = retry::retry(operator, &args.filter, args.limit).await?;
        Retried {
            worker,
            matching: done.matching,
            retried: done.retried,
            unreadable: done.unreadable,
        }
    };
    output.result(&retried, || {
        let verb = if args.dry_run { "would be tried again" } else { "match" };
        format!(
            "{} dead letters of {worker} {verb}, {} published again, {} unreadable",
            retried.matching, retried.retried, retried.unreadable
        )
    })?;
    if retried.matching == 0 {
        return Err(CommandError::new(
            Exit::NoInput,
            "no dead letter fits: `dray dlq ls` shows which there are",
        ));
    }
    Ok(())
}
