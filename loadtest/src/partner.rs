//! Simulated partners: they speak AMQP as a partner's own software would and share nothing with the
//! fleet but the published contracts.

mod desk;
mod plan;
mod session;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use settings::Secret;
use thiserror::Error;
use tokio::time::Instant;

use self::session::{Ended, Session};
use crate::journal::JournalEntry;

/// How long to wait before the broker is tried again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Which partner.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PartnerCommand {
    /// The warehouse management system: confirms or refuses orders, picks and packs them, gives up what it is asked not to ship
    Wms(WmsArgs),
}

/// Arguments of `loadtest partner-sim wms`.
#[derive(Debug, Clone, Args)]
pub(crate) struct WmsArgs {
    /// Broker, logged in as the partner: amqp://partner-wms:password@host:port/vhost
    #[arg(long, env = "PARTNER_WMS_AMQP_URL", hide_env_values = true)]
    pub(crate) amqp_url: Secret,
    /// The queue that the exchange fills for this partner
    #[arg(long, default_value = "wms.outbound")]
    pub(crate) queue: String,
    /// Decides delays and refusals: the same seed treats the same order alike
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of the orders that are refused, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub(crate) reject_rate: f64,
    /// Median milliseconds before each answer; no answer takes longer than a minute
    #[arg(long, default_value_t = 100)]
    pub(crate) delay_ms_median: u32,
    /// Orders held at once at most
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) prefetch: u16,
    /// Stop after so many seconds
    #[arg(long)]
    pub(crate) duration: Option<u64>,
    /// Stop when nothing came and nothing was left to answer for so many seconds
    #[arg(long)]
    pub(crate) until_idle: Option<u64>,
    /// Append every confirmed answer to this file, for `loadtest verify --journal`
    #[arg(long)]
    pub(crate) journal: Option<PathBuf>,
}

/// Why a simulator gave up.
#[derive(Debug, Error)]
pub(crate) enum PartnerError {
    /// The URL is none.
    #[error("--amqp-url is not an AMQP URL: {0}")]
    Url(String),
    /// The broker cannot be reached or broke the connection.
    #[error("the broker: {0}")]
    Broker(#[from] lapin::Error),
    /// The broker took the consumer away.
    #[error("the broker ended the consumer: was the queue deleted?")]
    Cancelled,
    /// An answer of the broker did not come.
    #[error("the broker did not answer within {0:?}")]
    Silent(Duration),
    /// An answer found no queue.
    #[error("no queue takes {0}: is the topology applied?")]
    Unroutable(String),
    /// The journal cannot be written.
    #[error("cannot write the journal {}: {source}", path.display())]
    Journal {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no signals.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
}

/// What a simulator did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Orders and requests that came, redeliveries included.
    pub(crate) received: u64,
    /// Of these, delivered before.
    pub(crate) redelivered: u64,
    /// Orders answered with a yes, revisions included.
    pub(crate) accepted: u64,
    /// Orders answered with a no.
    pub(crate) refused: u64,
    /// Requests not to ship that were granted.
    pub(crate) cancelled: u64,
    /// Requests not to ship that were refused.
    pub(crate) kept: u64,
    /// Answers that the broker confirmed.
    pub(crate) answers: u64,
    /// Answers that the broker refused for a while (full queue) and got again.
    pub(crate) pushed_back: u64,
    /// Messages that are neither: refused for good.
    pub(crate) unreadable: u64,
    /// Times the connection was lost.
    pub(crate) reconnects: u64,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// At the latest.
    pub(crate) at: Option<Instant>,
    /// After so long without anything to do.
    pub(crate) idle: Option<Duration>,
}

/// Where confirmed answers are noted.
#[derive(Debug)]
pub(crate) struct Journal(Option<(PathBuf, BufWriter<std::fs::File>)>);

impl Journal {
    pub(crate) fn open(path: Option<&PathBuf>) -> Result<Self, PartnerError> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|source| PartnerError::Journal { path: path.clone(), source })?;
        Ok(Self(Some((path.clone(), BufWriter::new(file)))))
    }

    /// Notes one answer; it is in the file when this returns, because a crash must not unsay it.
    pub(crate) fn note(&mut self, entry: &JournalEntry) -> Result<(), PartnerError> {
        let Some((path, file)) = &mut self.0 else {
            return Ok(());
        };
        let line = serde_json::to_string(entry).map_err(io::Error::from);
        line.and_then(|line| writeln!(file, "{line}"))
            .and_then(|()| file.flush())
            .map_err(|source| PartnerError::Journal { path: path.clone(), source })
    }
}

/// Plays the warehouse until a limit or a signal. A lost connection is made again: orders that were not
/// answered in full come again and get the same answers under the same message ids.
///
/// # Errors
/// [`PartnerError`] when the first connection fails, an answer is unroutable or the journal fails.
pub(crate) async fn run_wms(args: &WmsArgs) -> Result<Tally, PartnerError> {
    let mut journal = Journal::open(args.journal.as_ref())?;
    let limits = Limits {
        at: args.duration.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        idle: args.until_idle.map(Duration::from_secs),
    };
    let mut stop = std::pin::pin!(stop_signal()?);
    let mut tally = Tally::default();
    let mut session = Session::open(args).await?;
    loop {
        let ended = session.work(args, limits, stop.as_mut(), &mut tally, &mut journal).await;
        match ended {
            Ok(Ended::Done) => {
                session.close().await;
                return Ok(tally);
            }
            Err(
                error @ (PartnerError::Broker(_)
                | PartnerError::Silent(_)
                | PartnerError::Cancelled),
            ) => {
                eprintln!("partner-sim: {error}; connecting again");
                tally.reconnects += 1;
            }
            Err(error) => return Err(error),
        }
        session = tokio::select! {
            session = reconnect(args) => session,
            () = stop.as_mut() => return Ok(tally),
        };
    }
}

async fn reconnect(args: &WmsArgs) -> Session {
    loop {
        tokio::time::sleep(RECONNECT_AFTER).await;
        match Session::open(args).await {
            Ok(session) => return session,
            Err(error) => eprintln!("partner-sim: {error}; trying again"),
        }
    }
}

fn stop_signal() -> Result<impl Future<Output = ()>, PartnerError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(PartnerError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(PartnerError::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
