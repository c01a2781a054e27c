//! Requests at their times, whatever becomes of those before: an open loop.
//!
//! What lives here: when a request is due, over which connection it goes, how long it took since it was due.
//! Arrivals are those of many people who know nothing of each other (a Poisson process). A request that finds no
//! free connection waits, and its wait counts. What never does: what is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::PortalError;
use super::class::Class;
use super::client::{Answer, Ask, Connection, Target, Unanswered};
use super::said::{Said, Told};
use super::samples::Samples;
use super::seen::{Subject, Versions};
use super::tokens::{By, Tokens};
use crate::dice::Dice;

/// More requests on their way than this are not sent any more, and counted.
const MOST_ON_THEIR_WAY: usize = 50_000;

/// Changes whose fate is open are asked for again so often, and so many at once.
const ASKED_AGAIN_MAX: u32 = 30;
const ASKED_AGAIN_AT_ONCE: usize = 32;

/// One request that is due.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) class: Class,
    pub(crate) by: By,
    pub(crate) ask: Ask,
    /// Whose state the answer shows, for reads.
    pub(crate) shows: Option<Subject>,
}

/// Everything that is kept of a run.
#[derive(Debug)]
struct Log {
    samples: Samples,
    said: Vec<Said>,
    went_back: Vec<String>,
}

/// A connection with what it was shown.
#[derive(Debug)]
struct Lane {
    connection: Connection,
    versions: Versions,
}

#[derive(Debug)]
struct Shared {
    target: Arc<Target>,
    tokens: Tokens,
    free: Semaphore,
    idle: Mutex<Vec<Lane>>,
    log: Mutex<Log>,
}

/// Connections to the shim, and what was seen over them.
#[derive(Debug)]
pub(crate) struct Drive {
    shared: Arc<Shared>,
    on_their_way: JoinSet<()>,
    unsent: u64,
}

/// How many are offered in what time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) per_second: u32,
    pub(crate) seconds: u64,
}

impl Drive {
    /// So many connections at most; each is made when it is needed.
    pub(crate) fn new(
        target: Arc<Target>,
        tokens: Tokens,
        connections: usize,
    ) -> Result<Self, PortalError> {
        let log = Log { samples: Samples::new()?, said: Vec::new(), went_back: Vec::new() };
        let shared = Shared {
            target,
            tokens,
            free: Semaphore::new(connections),
            idle: Mutex::new(Vec::new()),
            log: Mutex::new(log),
        };
        Ok(Self { shared: Arc::new(shared), on_their_way: JoinSet::new(), unsent: 0 })
    }

    /// Offers requests at their times, then returns; answers may still be on their way.
    pub(crate) async fn offer(
        &mut self,
        offer: Offer,
        dice: &mut Dice,
        mut next: impl FnMut() -> Option<Call>,
    ) {
        let start = Instant::now();
        let end = Duration::from_secs(offer.seconds);
        let mut due = Duration::ZERO;
        loop {
            due += gap(dice, offer.per_second);
            if due >= end {
                return;
            }
            if start + due > Instant::now() {
                sleep_until(start + due).await;
            }
            while self.on_their_way.try_join_next().is_some() {}
            if self.on_their_way.len() >= MOST_ON_THEIR_WAY {
                self.unsent += 1;
            } else if let Some(call) = next() {
                let shared = Arc::clone(&self.shared);
                self.on_their_way.spawn(async move { shared.make(call, start + due).await });
            }
        }
    }

    /// Waits for every answer; no request takes longer than its own limit.
    pub(crate) async fn settle(&mut self) {
        while self.on_their_way.join_next().await.is_some() {}
    }

    /// What was measured since the last time.
    pub(crate) fn take_samples(&self) -> Result<Samples, PortalError> {
        let fresh = Samples::new()?;
        Ok(std::mem::replace(&mut lock(&self.shared.log).samples, fresh))
    }

    /// Asks again, under the same keys, for every change whose fate is open; gives every change.
    pub(crate) async fn answer_open(&mut self) -> Vec<Said> {
        self.settle().await;
        let mut backoff = pacing::Backoff::reconnect();
        let (mut closed, mut open) = self.take_said();
        for _ in 0..ASKED_AGAIN_MAX {
            if open.is_empty() {
                break;
            }
            let again = futures_util::stream::iter(open.clone());
            again.for_each_concurrent(ASKED_AGAIN_AT_ONCE, |said| self.repeat(said)).await;
            let (answered, still_open) = self.take_said();
            // turned away once more: it stays as open as it was
            let left = |said: &Said| !answered.iter().chain(&still_open).any(|it| it.is_same(said));
            open.retain(left);
            open.extend(still_open);
            closed.extend(answered);
            backoff.wait().await;
        }
        closed.extend(open);
        closed
    }

    async fn repeat(&self, said: Said) {
        let call = Call { class: said.class, by: said.by, ask: said.ask, shows: None };
        self.shared.make(call, Instant::now()).await;
    }

    /// Settled and open ones.
    fn take_said(&self) -> (Vec<Said>, Vec<Said>) {
        let said = std::mem::take(&mut lock(&self.shared.log).said);
        said.into_iter().partition(|said| !said.is_open())
    }

    /// A question of staff outside of every measurement.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, Unanswered> {
        let Ok(_place) = self.shared.free.acquire().await else {
            return Err(Unanswered::NotConnected);
        };
        let mut lane = self.shared.lane();
        let token = self.shared.tokens.of(By::Staff);
        let answered = lane.connection.ask(ask, token.as_deref()).await;
        lock(&self.shared.idle).push(lane);
        answered
    }

    /// Versions that went back, in the words of a report.
    pub(crate) fn take_went_back(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.log).went_back)
    }

    /// Requests that were due and never sent.
    pub(crate) const fn unsent(&self) -> u64 {
        self.unsent
    }
}

/// To the next request: exponential, so that any moment is as likely as any other.
fn gap(dice: &mut Dice, per_second: u32) -> Duration {
    Duration::from_secs_f64(-(1.0 - dice.unit()).ln() / f64::from(per_second.max(1)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The one used last: a few warm connections serve a low rate.
    fn lane(&self) -> Lane {
        let idle = lock(&self.idle).pop();
        idle.unwrap_or_else(|| Lane {
            connection: Connection::new(Arc::clone(&self.target)),
            versions: Versions::default(),
        })
    }

    async fn make(&self, call: Call, due: Instant) {
        let Ok(_place) = self.free.acquire().await else { return };
        let mut lane = self.lane();
        let token = self.tokens.of(call.by);
        let answered = lane.connection.ask(&call.ask, token.as_deref()).await;
        let took = due.elapsed();
        let went_back = match (&answered, &call.shows) {
            (Ok(answer), Some(subject)) if answer.status == 200 => {
                lane.versions.look(subject, &answer.body)
            }
            (Ok(_) | Err(_), Some(_) | None) => Vec::new(),
        };
        let told = answered.as_ref().ok().map(Told::of);
        let counted = match &answered {
            Ok(answer) => Ok((answer.status, answer.has_retry_after)),
            Err(error) => Err(error.to_string()),
        };
        lock(&self.idle).push(lane);
        let mut log = lock(&self.log);
        log.samples.note(call.class, took, counted);
        log.went_back.extend(went_back);
        let is_turned_away = told.as_ref().is_some_and(Told::is_turned_away);
        if call.class.consumer().is_some() && !is_turned_away {
            log.said.push(Said { class: call.class, by: call.by, ask: call.ask, told });
        }
    }
}
