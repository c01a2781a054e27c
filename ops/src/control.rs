//! `dray scale`, `pause`, `resume`, `drain`, `kill-switch reset`: steers running workers.
//!
//! The settings are stored first and told second: an instance that misses the message reads the row
//! with its next heartbeat, and one that starts later begins with it. A drain and a reset are for those
//! that run now, and are stored nowhere.

use std::collections::BTreeSet;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use clap::{Args, Subcommand};
use contracts::{ControlAnswer, ControlCommand, ControlRequest, LaneSettings, MessageId};
use queue_topology::WorkerKind;
use serde::Serialize;
use store::instances::alive;
use tokio::time::Instant;

use crate::error::{CommandError, Exit, Result};
use crate::fleet::worker;
use crate::operator::Operator;
use crate::output::{Output, Table, Tone, cell};
use crate::site::Site;

/// Arguments of `scale`.
#[derive(Debug, Args)]
pub(crate) struct ScaleArgs {
    /// The worker
    #[arg(value_parser = worker)]
    worker: WorkerKind,
    /// Lanes: batches in flight at the same time
    #[arg(long)]
    concurrency: Option<NonZeroU16>,
    /// Messages in one batch at most
    #[arg(long)]
    batch_max: Option<NonZeroU16>,
    /// Messages in process at most; none: 2 x lanes x batch
    #[arg(long, value_parser = or_none::<NonZeroU16>)]
    prefetch: Option<OrNone<NonZeroU16>>,
    /// Messages a second at most; none: no limit
    #[arg(long, value_parser = or_none::<NonZeroU32>)]
    rate: Option<OrNone<NonZeroU32>>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Arguments of `pause`, `resume`, `drain` and `kill-switch reset`.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The worker
    #[arg(value_parser = worker)]
    worker: WorkerKind,
    #[command(flatten)]
    wait: WaitArgs,
}

/// `dray kill-switch ...`
#[derive(Debug, Subcommand)]
pub(crate) enum KillSwitchCommand {
    /// Let every instance of a worker take messages again
    ///
    /// An instance whose messages mostly become dead letters stops taking more (DRAY_KILL_SWITCH_PERCENT)
    /// and tries one after a wait of 1 s that grows to 60 s; the first that is answered closes the switch.
    /// `dray fleet status` shows it as tripped, `dray dlq show WORKER` why. This closes it at once; nothing
    /// is stored. While the cause is still there it trips again after 50 more dead letters.
    Reset(WorkerArgs),
}

#[derive(Debug, Args)]
struct WaitArgs {
    /// Seconds to wait for every living instance to answer
    #[arg(long, default_value_t = 5)]
    wait: u64,
}

/// A value, or the word `none`.
#[derive(Debug, Clone, Copy)]
struct OrNone<T>(Option<T>);

fn or_none<T: std::str::FromStr>(text: &str) -> std::result::Result<OrNone<T>, String>
where
    T::Err: std::fmt::Display,
{
    match text {
        "none" => Ok(OrNone(None)),
        _ => text
            .parse()
            .map(|value| OrNone(Some(value)))
            .map_err(|error| format!("{error}; or none")),
    }
}

/// Runs `scale`.
pub(crate) async fn scale(args: &ScaleArgs, site: &Site, output: Output) -> Result<()> {
    let nothing = args.concurrency.is_none()
        && args.batch_max.is_none()
        && args.prefetch.is_none()
        && args.rate.is_none();
    if nothing {
        let message = "say what to change: --concurrency, --batch-max, --prefetch or --rate";
        return Err(CommandError::new(Exit::Usage, message));
    }
    let edit = |settings: &mut LaneSettings| {
        settings.concurrency = args.concurrency.or(settings.concurrency);
        settings.batch_max = args.batch_max.or(settings.batch_max);
        settings.prefetch = args.prefetch.map_or(settings.prefetch, |wanted| wanted.0);
        settings.rate_per_second = args.rate.map_or(settings.rate_per_second, |wanted| wanted.0);
    };
    change(args.worker, &args.wait, edit, site, output).await
}

/// Runs `pause` and `resume`.
pub(crate) async fn pause(
    args: &WorkerArgs,
    paused: bool,
    site: &Site,
    output: Output,
) -> Result<()> {
    change(args.worker, &args.wait, |settings| settings.paused = paused, site, output).await
}

/// Runs `drain`: nothing is stored, the instances finish what they hold and end.
pub(crate) async fn drain(args: &WorkerArgs, site: &Site, output: Output) -> Result<()> {
    tell(args.worker, ControlRequest::Drain, &args.wait, site, output).await
}

/// Runs `kill-switch`.
pub(crate) async fn kill_switch(
    command: &KillSwitchCommand,
    site: &Site,
    output: Output,
) -> Result<()> {
    let KillSwitchCommand::Reset(args) = command;
    tell(args.worker, ControlRequest::ResetKillSwitch, &args.wait, site, output).await
}

/// A kind without a database has neither stored settings nor heartbeats.
fn check_controlled(worker: WorkerKind) -> Result<()> {
    if worker.has_database() {
        return Ok(());
    }
    let message = format!(
        "{} is told what to do at its start only: set its variables (see its --help) and start it again",
        worker.name()
    );
    Err(CommandError::new(Exit::Usage, message))
}

async fn change(
    worker: WorkerKind,
    wait: &WaitArgs,
    edit: impl FnOnce(&mut LaneSettings) + Send,
    site: &Site,
    output: Output,
) -> Result<()> {
    check_controlled(worker)?;
    let database = site.database().await?;
    let person = settings::var("USER")?.unwrap_or_else(|| "operator".to_owned());
    let stored = store::settings::change(&database, worker.name(), &person, edit).await?;
    let request = ControlRequest::Apply { version: stored.version, settings: stored.settings };
    tell(worker, request, wait, site, output).await
}

/// What every instance answered.
#[derive(Debug, Serialize)]
struct Told {
    worker: &'static str,
    request: ControlRequest,
    answers: Vec<Answered>,
    /// Living instances that did not answer in time.
    silent: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Answered {
    /// From the message to the answer, when the settings are in force.
    milliseconds: u128,
    #[serde(flatten)]
    answer: ControlAnswer,
}

async fn tell(
    worker: WorkerKind,
    request: ControlRequest,
    wait: &WaitArgs,
    site: &Site,
    output: Output,
) -> Result<()> {
    check_controlled(worker)?;
    let living = alive(&site.database().await?).await?;
    let of_kind = living.into_iter().filter(|instance| instance.report.worker == worker.name());
    let mut silent: BTreeSet<String> = of_kind.map(|instance| instance.report.instance).collect();
    let mut answers = Vec::new();
    if !silent.is_empty() {
        let mut operator = Operator::connect(site).await?;
        let command = ControlCommand { worker: worker.name().to_owned(), request };
        let sent = Instant::now();
        let until = sent + Duration::from_secs(wait.wait);
        operator.send(MessageId::generate(), &command, until).await?;
        while !silent.is_empty() {
            let Some(delivery) = operator.next(until).await? else {
                break;
            };
            let Ok(answer) = serde_json::from_slice::<ControlAnswer>(&delivery.body) else {
                continue;
            };
            silent.remove(&answer.report.instance);
            answers.push(Answered { milliseconds: sent.elapsed().as_millis(), answer });
        }
        operator.close().await;
    }
    let told =
        Told { worker: worker.name(), request, answers, silent: silent.into_iter().collect() };
    output.result(&told, || text(&told, output))?;
    judge(&told)
}

fn judge(told: &Told) -> Result<()> {
    if !told.silent.is_empty() {
        let hope = match told.request {
            ControlRequest::Apply { .. } => {
                "what was stored is in force with the next heartbeat, if it lives"
            }
            ControlRequest::Drain | ControlRequest::ResetKillSwitch | ControlRequest::Report => {
                "`dray fleet status` shows whether it lives; then try again"
            }
        };
        let message = format!("{} did not answer; {hope}", told.silent.join(", "));
        return Err(CommandError::new(Exit::Unavailable, message));
    }
    let stale = told.answers.iter().filter(|answered| !answered.answer.taken).count();
    if stale > 0 {
        let message =
            format!("{stale} instances have newer settings in force: somebody else changed them");
        return Err(CommandError::new(Exit::Temporary, message));
    }
    Ok(())
}

fn text(told: &Told, output: Output) -> String {
    if told.answers.is_empty() && told.silent.is_empty() {
        return match told.request {
            ControlRequest::Apply { version, .. } => format!(
                "no living instance of {}; stored as version {version}, in force when one starts",
                told.worker
            ),
            ControlRequest::Drain | ControlRequest::ResetKillSwitch | ControlRequest::Report => {
                format!("no living instance of {}", told.worker)
            }
        };
    }
    let heads = [
        "instance",
        "taken",
        "settings",
        "lanes",
        "batch",
        "prefetch",
        "rate/s",
        "paused",
        "tripped",
        "in flight",
        "ms",
    ];
    let mut table = Table::new(&heads);
    for Answered { milliseconds, answer } in &told.answers {
        let report = &answer.report;
        table.row([
            report.instance.clone(),
            yes(answer.taken),
            format!("v{}", report.version),
            report.concurrency.to_string(),
            report.batch_max.to_string(),
            report.prefetch.to_string(),
            cell(report.rate_per_second),
            yes(report.paused),
            yes(report.tripped),
            report.in_flight.to_string(),
            milliseconds.to_string(),
        ]);
    }
    let mut text = table.render(output);
    for instance in &told.silent {
        text.push_str(&output.paint(Tone::Bad, &format!("{instance} did not answer\n")));
    }
    text
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::or_none;

    #[test]
    fn a_limit_is_a_number_or_none() {
        assert_eq!(or_none::<NonZeroU32>("none").unwrap().0, None);
        assert_eq!(or_none::<NonZeroU32>("50").unwrap().0, NonZeroU32::new(50));
        assert!(or_none::<NonZeroU32>("0").is_err());
        assert!(or_none::<NonZeroU32>("some").unwrap_err().ends_with("; or none"));
    }
}
