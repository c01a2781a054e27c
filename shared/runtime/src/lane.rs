//! A lane: takes whatever arrived while its previous batch was in flight and sees it through.
//!
//! No timer and no linger: an idle lane takes a single message at once, a busy one amortises its commits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use broker::Settler;
use contracts::Timestamp;
use pacing::Backoff;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::core::Core;
use crate::failed::send_on;
use crate::transact::{Committed, Trouble, transact};
use crate::{Failure, Item, Worker};

/// After so many lost races in a row the batch is cut in two.
const RACES_MAX: u32 = 8;
/// Bodies of one transaction, in bytes: its statements must fit into the server's packet limit.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A message the broker delivered so often without an acknowledgement runs alone.
const SUSPICIOUS_DELIVERIES: u32 = 2;

/// A message on its way through a lane, with what it takes to settle it.
pub(crate) struct Work<M> {
    pub(crate) item: Arc<Item<M>>,
    pub(crate) tag: u64,
    pub(crate) settler: Settler,
    pub(crate) delivery_count: u32,
    pub(crate) _bytes: OwnedSemaphorePermit,
    pub(crate) _in_flight: InFlight,
}

/// Counts a message as in process for as long as it lives.
pub(crate) struct InFlight(Arc<Core>);

impl InFlight {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        core.in_flight.fetch_add(1, Ordering::Relaxed);
        core.metrics.in_flight(1);
        Self(Arc::clone(core))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.in_flight(-1);
    }
}

pub(crate) struct Lane<W: Worker> {
    pub(crate) core: Arc<Core>,
    pub(crate) worker: Arc<W>,
    pub(crate) arrivals: mpsc::UnboundedReceiver<Work<W::Message>>,
}

impl<W: Worker> Lane<W> {
    /// Works until the intake lets go of its end.
    pub(crate) async fn run(mut self) {
        loop {
            let batch_max = usize::from(self.core.wanted.borrow().batch_max);
            let mut works = Vec::with_capacity(batch_max);
            if self.arrivals.recv_many(&mut works, batch_max).await == 0 {
                return;
            }
            let wanted = u32::try_from(works.len()).unwrap_or(u32::MAX);
            self.core.rate.permit(wanted).await;
            self.see_through(works).await;
        }
    }

    /// Sees every message settled: committed, sent on, or given back with its lost channel.
    async fn see_through(&self, works: Vec<Work<W::Message>>) {
        let mut stack = stack_of(works);
        let mut backoff = Backoff::lane();
        let mut races = 0;
        while let Some(mut works) = stack.pop() {
            works.retain(|work| work.settler.is_alive());
            if works.is_empty() {
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
                    if races > RACES_MAX {
                        races = 0;
                        push_halves(&mut stack, works);
                    } else {
                        stack.push(works);
                    }
                    backoff.wait().await;
                }
                Err(Trouble::Messages(failures)) => {
                    stack.push(self.take_out(works, failures).await);
                }
                Err(Trouble::Unattributed(failure)) => {
                    self.narrow_down(&mut stack, works, "FAILED", failure).await;
                }
                Err(Trouble::Panic(cause)) => {
                    let failure = Failure::Permanent { cause };
                    self.narrow_down(&mut stack, works, "PANIC", failure).await;
                }
            }
        }
    }

    /// One attempt, on a task of its own: a panic ends the task, never the lane, and nothing here can
    /// cancel an open transaction.
    async fn run_once(
        &self,
        works: &[Work<W::Message>],
    ) -> Result<Committed<W::Effects>, Trouble> {
        let items: Vec<Arc<Item<W::Message>>> =
            works.iter().map(|work| Arc::clone(&work.item)).collect();
        let (core, worker) = (Arc::clone(&self.core), Arc::clone(&self.worker));
        core.metrics.batch(items.len());
        #[allow(clippy::disallowed_methods, reason = "awaited right here: the task contains the panic")]
        let attempt = tokio::spawn(async move { transact(&core, &*worker, &items).await });
        attempt.await.unwrap_or_else(|panic| Err(Trouble::Panic(panic_text(panic))))
    }

    async fn settle(&self, works: Vec<Work<W::Message>>, committed: Committed<W::Effects>) {
        let now = Timestamp::now();
        self.core.relay.publish(committed.outbox);
        for (work, (reply, outcome)) in works.iter().zip(committed.replies) {
            let item = &work.item;
            self.core.metrics.messages(item.type_name, outcome, 1);
            self.core.metrics.latency(now.since(item.envelope.timestamp));
            if let Some(reply_to) = &item.envelope.reply_to {
                self.core.relay.reply(&self.core, &item.envelope, reply_to, &reply);
            }
        }
        let count = u64::try_from(works.len()).unwrap_or(0);
        self.core.settled_total.fetch_add(count, Ordering::Relaxed);
        acknowledge(&works).await;
        self.worker.committed(committed.effects).await;
    }

    /// Sends the failed ones on and gives back the rest.
    async fn take_out(
        &self,
        works: Vec<Work<W::Message>>,
        failures: Vec<(usize, Failure)>,
    ) -> Vec<Work<W::Message>> {
        let mut failures: BTreeMap<usize, Failure> = failures.into_iter().collect();
        let mut rest = Vec::with_capacity(works.len());
        for (position, work) in works.into_iter().enumerate() {
            match failures.remove(&position) {
                None => rest.push(work),
                Some(failure) => self.send_on(work, "FAILED", &failure).await,
            }
        }
        rest
    }

    /// Cuts a batch in two until the culprit stands alone; then sends it on.
    async fn narrow_down(
        &self,
        stack: &mut Vec<Vec<Work<W::Message>>>,
        mut works: Vec<Work<W::Message>>,
        code: &str,
        failure: Failure,
    ) {
        if works.len() > 1 {
            tracing::warn!(size = works.len(), error = %failure, "a batch failed; narrowing it down");
            push_halves(stack, works);
        } else if let Some(work) = works.pop() {
            self.send_on(work, code, &failure).await;
        }
    }

    async fn send_on(&self, work: Work<W::Message>, code: &str, failure: &Failure) {
        if send_on(&self.core, &work.item, &work.settler, code, failure).await {
            acknowledge(&[work]).await;
        }
    }
}

/// Acknowledges messages of one or more queues.
async fn acknowledge<M>(works: &[Work<M>]) {
    let mut by_queue: BTreeMap<&str, (&Settler, Vec<u64>)> = BTreeMap::new();
    for work in works {
        let entry = by_queue.entry(work.settler.queue());
        entry.or_insert_with(|| (&work.settler, Vec::new())).1.push(work.tag);
    }
    for (settler, tags) in by_queue.into_values() {
        settler.settle(&tags).await;
    }
}

/// A stack of batches to run, first one on top. What killed a process before may do it again: such
/// messages run alone, after their neighbours.
fn stack_of<M>(works: Vec<Work<M>>) -> Vec<Vec<Work<M>>> {
    let (suspects, others): (Vec<_>, Vec<_>) =
        works.into_iter().partition(|work| work.delivery_count > SUSPICIOUS_DELIVERIES);
    let mut batches: Vec<Vec<Work<M>>> = Vec::new();
    let mut bytes = 0;
    for work in others {
        let size = work.item.body.len();
        match batches.last_mut() {
            Some(batch) if bytes + size <= BATCH_BYTES_MAX => batch.push(work),
            _ => {
                bytes = 0;
                batches.push(vec![work]);
            }
        }
        bytes += size;
    }
    batches.extend(suspects.into_iter().map(|work| vec![work]));
    batches.reverse();
    batches
}

fn push_halves<M>(stack: &mut Vec<Vec<Work<M>>>, mut works: Vec<Work<M>>) {
    let second = works.split_off(works.len() / 2);
    stack.push(second);
    stack.push(works);
}

fn panic_text(panic: tokio::task::JoinError) -> String {
    let text = match panic.try_into_panic() {
        Ok(payload) => payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned()),
        Err(_cancelled) => Some("the runtime is shutting down".to_owned()),
    };
    format!("the worker panicked: {}", text.as_deref().unwrap_or("(no text)"))
}
