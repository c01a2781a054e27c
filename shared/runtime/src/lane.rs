//! A lane: takes whatever arrived while its previous batch was in flight and sees it through.
//!
//! No linger: an idle lane takes a single message at once, a busy one amortises its commits. Behind a small
//! batch it rests for as long as that batch took: see [`rest_after`].

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use contracts::Timestamp;
use futures_util::FutureExt;
use pacing::Backoff;
use tokio::sync::mpsc;

use crate::core::Core;
use crate::failed::WayOut;
use crate::held::Held;
use crate::transact::{Committed, Trouble, transact};
use crate::{Failure, Item, Shutdown, Worker, trail};

/// After so many lost races in a row the batch is cut in two.
const RACES_MAX: u32 = 8;
/// The same for a duplicate key: who lost the race for a new row finds that row the next time. Whose key is
/// taken every time lost no race, and its neighbours wait for it at each halving.
const KEY_RACES_MAX: u32 = 2;
/// Bodies of one transaction, in bytes: its statements must fit into the server's packet limit.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A message the broker delivered so often without an acknowledgement runs alone.
const SUSPICIOUS_DELIVERIES: u32 = 2;
/// With a rate, a batch is what passes in this share of a second: a lane never waits long for its permits.
const BATCHES_PER_SECOND: u32 = 10;
/// A batch that fills less than one part in so many of what it may hold is a small one.
const SMALL: usize = 4;
/// The longest rest behind a small batch: what a message may wait that an idle lane would have taken at once.
const REST_MAX: Duration = Duration::from_millis(20);
/// The database's number for a duplicate key.
const DUPLICATE_KEY: u16 = 1062;

/// A message on its way through a lane.
pub(crate) struct Work<M> {
    pub(crate) item: Arc<Item<M>>,
    pub(crate) delivery_count: u32,
    pub(crate) held: Held,
}

pub(crate) struct Lane<W: Worker> {
    pub(crate) core: Arc<Core>,
    pub(crate) worker: Arc<W>,
    pub(crate) arrivals: mpsc::UnboundedReceiver<Work<W::Message>>,
    pub(crate) way_out: WayOut,
    /// Once it has begun, nothing more is: what was not begun is dropped and so goes back.
    pub(crate) closing: Shutdown,
}

impl<W: Worker> Lane<W> {
    /// Works until the intake lets go of its end.
    pub(crate) async fn run(mut self) {
        let mut pending = VecDeque::new();
        loop {
            let batch_max = self.batch_max();
            if !self.gather(&mut pending, batch_max).await {
                return;
            }
            let weight_of = |work: &Work<W::Message>| W::weight(&work.item.message);
            let sizes = pending.iter().map(|work| (work.item.body.len(), weight_of(work)));
            let first = pending.len().min(fitting(sizes, batch_max));
            let works: Vec<_> = pending.drain(..first).collect();
            let weight: usize = works.iter().map(weight_of).sum();
            let wanted = u32::try_from(weight).unwrap_or(u32::MAX);
            tokio::select! {
                () = self.core.rate.permit(wanted) => {}
                () = self.closing.begun() => {
                    pending.clear();
                    continue;
                }
            }
            let begun = Instant::now();
            self.see_through(works).await;
            let waiting = pending.len() + self.arrivals.len();
            let rest = rest_after(begun.elapsed(), weight.max(waiting), batch_max);
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = self.closing.begun() => pending.clear(),
            }
        }
    }

    /// Fills up what waits for a batch with what has arrived; where there is nothing, waits for it. False when
    /// nothing will come any more.
    async fn gather(&mut self, pending: &mut VecDeque<Work<W::Message>>, batch_max: usize) -> bool {
        let room = batch_max.saturating_sub(pending.len());
        let mut arrived = Vec::with_capacity(room);
        if pending.is_empty() {
            if self.arrivals.recv_many(&mut arrived, batch_max).await == 0 {
                return false;
            }
        } else {
            while arrived.len() < room
                && let Ok(work) = self.arrivals.try_recv()
            {
                arrived.push(work);
            }
        }
        pending.extend(arrived);
        true
    }

    fn batch_max(&self) -> usize {
        let wanted = *self.core.wanted.borrow();
        let share = wanted.rate_per_second.map(|rate| rate.get().div_ceil(BATCHES_PER_SECOND));
        let share = share.and_then(|share| usize::try_from(share).ok()).unwrap_or(usize::MAX);
        usize::from(wanted.batch_max).min(share)
    }

    /// Sees every message settled: committed, sent on, or given back.
    async fn see_through(&self, works: Vec<Work<W::Message>>) {
        let mut stack = stack_of(works);
        let mut backoff = Backoff::lane();
        let mut races = 0;
        while let Some(mut works) = stack.pop() {
            works.retain(|work| work.held.is_alive());
            if works.is_empty() || self.closing.has_begun() {
                continue;
            }
            match self.run_once(&works).await {
                Ok(committed) => {
                    self.core.database_up.set(true);
                    backoff.reset();
                    races = 0;
                    self.settle(works, committed).await;
                }
                Err(Trouble::Lane(error)) => {
                    self.core.database_up.set(false);
                    tracing::warn!(%error, "the database is away; waiting");
                    stack.push(works);
                    backoff.wait().await;
                }
                Err(Trouble::Race(error)) => {
                    races += 1;
                    tracing::debug!(%error, races, "lost a race; again");
                    let key_taken = error.number() == Some(DUPLICATE_KEY);
                    let lost_often = races > if key_taken { KEY_RACES_MAX } else { RACES_MAX };
                    if lost_often && (works.len() > 1 || key_taken) {
                        self.narrow_down(&mut stack, works, "FAILED", &Failure::Store(error));
                    } else {
                        stack.push(works);
                        backoff.wait().await;
                    }
                }
                Err(Trouble::Messages(failures)) => stack.push(self.take_out(works, failures)),
                Err(Trouble::Unattributed(failure)) => {
                    self.narrow_down(&mut stack, works, "FAILED", &failure);
                }
                Err(Trouble::Panic(cause)) => {
                    let failure = Failure::Permanent { cause };
                    self.narrow_down(&mut stack, works, "PANIC", &failure);
                }
            }
        }
    }

    /// One attempt, on a task of its own: a panic ends the task, never the lane, and nothing here can
    /// cancel an open transaction.
    async fn run_once(&self, works: &[Work<W::Message>]) -> Result<Committed<W::Effects>, Trouble> {
        let items: Vec<Arc<Item<W::Message>>> =
            works.iter().map(|work| Arc::clone(&work.item)).collect();
        let (core, worker) = (Arc::clone(&self.core), Arc::clone(&self.worker));
        core.metrics.batch(items.len());
        #[allow(
            clippy::disallowed_methods,
            reason = "awaited right here: the task contains the panic"
        )]
        let attempt = tokio::spawn(async move { transact(&core, &*worker, &items).await });
        attempt.await.unwrap_or_else(|ended| {
            Err(Trouble::Panic(match ended.try_into_panic() {
                Ok(panic) => panic_text(&*panic),
                Err(_cancelled) => "the runtime is shutting down".to_owned(),
            }))
        })
    }

    async fn settle(&self, works: Vec<Work<W::Message>>, committed: Committed<W::Effects>) {
        let now = Timestamp::now();
        self.core.relay.publish(committed.outbox);
        // what another connection will hand out again says nothing of this one
        let ends = works.iter().zip(&committed.replies).filter(|(work, _)| work.held.is_alive());
        self.core.kill_switch.ends(ends.map(|(_, (_, outcome))| *outcome));
        for (work, (reply, outcome)) in works.iter().zip(committed.replies) {
            let item = &work.item;
            self.core.metrics.messages(item.type_name, outcome, 1);
            self.core.metrics.latency(now.since(item.envelope.timestamp));
            trail::leave(&item.envelope, item.type_name, &reply.code);
            if let Some(reply_to) = &item.envelope.reply_to {
                self.core.relay.reply(&self.core, &item.envelope, reply_to, &reply);
            }
        }
        let count = u64::try_from(works.len()).unwrap_or(0);
        self.core.settled_total.fetch_add(count, Ordering::Relaxed);
        Held::acknowledge(works.iter().map(|work| &work.held)).await;
        let afterwards = AssertUnwindSafe(async {
            self.worker.committed(committed.effects).await;
            if !committed.doubled.is_empty() {
                self.worker.doubled(committed.doubled).await;
            }
        });
        if let Err(panic) = afterwards.catch_unwind().await {
            tracing::error!(error = panic_text(&*panic), "committed, and then");
        }
    }

    /// Sends the failed ones on and gives back the rest.
    fn take_out(
        &self,
        works: Vec<Work<W::Message>>,
        failures: Vec<(usize, Failure)>,
    ) -> Vec<Work<W::Message>> {
        let mut failures: BTreeMap<usize, Failure> = failures.into_iter().collect();
        let mut rest = Vec::with_capacity(works.len());
        for (position, work) in works.into_iter().enumerate() {
            match failures.remove(&position) {
                None => rest.push(work),
                Some(failure) => self.way_out.message(&work.item, work.held, "FAILED", &failure),
            }
        }
        rest
    }

    /// Cuts a batch in two until the culprit stands alone; then sends it on.
    fn narrow_down(
        &self,
        stack: &mut Vec<Vec<Work<W::Message>>>,
        mut works: Vec<Work<W::Message>>,
        code: &str,
        failure: &Failure,
    ) {
        if works.len() > 1 {
            tracing::warn!(size = works.len(), error = %failure, "a batch failed; narrowing it down");
            let second = works.split_off(works.len() / 2);
            stack.push(second);
            stack.push(works);
        } else if let Some(work) = works.pop() {
            self.way_out.message(&work.item, work.held, code, failure);
        }
    }
}

/// How long a lane rests behind a batch that took so long, before it looks for the next one. `weight` is that
/// of the batch or of what waits by now, whichever is more.
///
/// Half of its time at most goes by at rest, so a message waits about as long as without it: it shares the
/// commit of its neighbours, where it would have waited for theirs. What that saves is the cost of a batch
/// (its round trips and a commit), most of all in a chain of workers that share a database and its disk: at
/// 400 requests a second through the whole fleet on two cores, 40 s each in one comparison, P99 was 39 ms with
/// it and 49 without. Where
/// batches are no longer small, a commit is cheap already and a rest would only leave the processor idle: with
/// rests behind all batches that were not full, P99 was 44 ms, and a worker alone carried 11 % fewer messages.
fn rest_after(took: Duration, weight: usize, batch_max: usize) -> Duration {
    if weight >= batch_max / SMALL { Duration::ZERO } else { took.min(REST_MAX) }
}

/// How many of the first messages make a batch: as many as one may hold, and one at least. `sizes` are their bytes
/// and weights.
fn fitting(sizes: impl Iterator<Item = (usize, usize)>, weight_max: usize) -> usize {
    let mut all = (0, 0);
    let fits = |(bytes, weight): (usize, usize)| {
        all = (all.0 + bytes, all.1 + weight);
        all.0 <= BATCH_BYTES_MAX && all.1 <= weight_max
    };
    sizes.map(fits).take_while(|fits| *fits).count().max(1)
}

/// A stack of batches to run, first one on top. What killed a process before may do it again: such
/// messages run alone, after their neighbours.
fn stack_of<M>(works: Vec<Work<M>>) -> Vec<Vec<Work<M>>> {
    let (suspects, others): (Vec<_>, Vec<_>) =
        works.into_iter().partition(|work| work.delivery_count > SUSPICIOUS_DELIVERIES);
    let mut stack: Vec<Vec<Work<M>>> = suspects.into_iter().rev().map(|work| vec![work]).collect();
    stack.push(others);
    stack
}

/// What a panic says.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("the worker panicked: {}", text.unwrap_or("(no text)"))
}

#[cfg(test)]
mod tests;
