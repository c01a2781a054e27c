//! The intake: consumes the worker's queues and hands each message to its lane.
//!
//! It lives in generations. A generation has one connection, one channel a queue, and its lanes; it ends
//! when the connection is lost (nothing of it is used again), when settings change that need fresh
//! channels or another number of lanes (it finishes what it has first), or at shutdown.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::{BrokerError, Delivery, Rejected, Settler, Subscription};
use contracts::{Inbound, MAX_MESSAGE_BYTES};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll};
use pacing::Backoff;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::core::{Core, InForce};
use crate::failed;
use crate::lane::{InFlight, Lane, Work};
use crate::{Failure, Item, Worker};

/// Bodies in process at once, in KiB: bounds memory whatever the size of the messages.
const BYTES_BUDGET_KIB: usize = 64 * 1024;
/// How long a change of settings waits for the lanes; in force within a second.
const RECONFIGURE_LIMIT: Duration = Duration::from_millis(800);

/// Why a generation ended.
enum End {
    Reconfigure,
    Shutdown,
    Lost(BrokerError),
}

type Arrival = (Settler, Result<Result<Delivery, Box<Rejected>>, BrokerError>);

/// Consumes until shutdown. Gives false when not everything was finished in time.
///
/// # Errors
/// [`BrokerError`] when waiting does not help (a queue is missing, a right is missing).
pub(crate) async fn run<W: Worker>(core: Arc<Core>, worker: Arc<W>) -> Result<bool, BrokerError> {
    let mut backoff = Backoff::reconnect();
    let mut retired: JoinSet<()> = JoinSet::new();
    loop {
        let wanted = *core.wanted.borrow();
        core.rate.set(wanted.rate_per_second);
        core.metrics.set_paused(wanted.paused);
        if core.shutdown.has_begun() {
            return Ok(true);
        }
        if wanted.paused {
            core.applied.send_replace(wanted.version);
            wait_for_change(&core, wanted).await;
            continue;
        }
        let mut generation = match Generation::open(&core, &worker, wanted).await {
            Ok(generation) => generation,
            Err(error) if error.is_permanent() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "cannot consume yet");
                backoff.wait().await;
                continue;
            }
        };
        backoff.reset();
        core.applied.send_replace(wanted.version);
        match generation.consume().await {
            End::Reconfigure => {
                generation.finish(RECONFIGURE_LIMIT, &mut retired).await;
            }
            End::Shutdown => {
                core.draining.store(true, Ordering::Relaxed);
                return Ok(generation.finish(core.drain_limit(), &mut retired).await);
            }
            End::Lost(error) => {
                tracing::warn!(%error, "the consuming connection is lost");
                core.metrics.reconnected(telemetry::Connection::BrokerConsume);
                generation.abandon(&mut retired);
                backoff.wait().await;
            }
        }
        while retired.try_join_next().is_some() {}
    }
}

async fn wait_for_change(core: &Core, now: InForce) {
    let mut wanted = core.wanted.subscribe();
    tokio::select! {
        () = changed(&mut wanted, now) => {}
        () = core.shutdown.begun() => {}
    }
}

/// Waits until other settings are wanted than those in force.
pub(crate) async fn changed(wanted: &mut watch::Receiver<InForce>, in_force: InForce) {
    // the sender lives in core: it cannot be closed
    drop(wanted.wait_for(|wanted| *wanted != in_force).await);
}

struct Generation<W: Worker> {
    core: Arc<Core>,
    in_force: InForce,
    connection: broker::Connection,
    settlers: Vec<Settler>,
    arrivals: SelectAll<BoxStream<'static, Arrival>>,
    lanes: Vec<mpsc::UnboundedSender<Work<W::Message>>>,
    tasks: JoinSet<()>,
    rejected: mpsc::UnboundedSender<(Settler, Unreadable<W::Message>)>,
    bytes: Arc<Semaphore>,
}

/// What cannot be handed to a lane.
enum Unreadable<M> {
    Envelope(Box<Rejected>),
    Body { item: Box<Item<Nothing<M>>>, tag: u64, code: &'static str, failure: Failure },
}

/// Stands for a message whose body could not be decoded.
#[derive(Debug)]
pub(crate) struct Nothing<M>(std::marker::PhantomData<fn() -> M>);

impl<W: Worker> Generation<W> {
    async fn open(core: &Arc<Core>, worker: &Arc<W>, in_force: InForce) -> Result<Self, BrokerError> {
        let connection = core.consume_link.connect("consume").await?;
        let queues = W::KIND.work_queues();
        let share = in_force.prefetch / u16::try_from(queues.len().max(1)).unwrap_or(1);
        let mut settlers = Vec::new();
        let mut arrivals = SelectAll::new();
        for queue in queues {
            let name = W::KIND.queue(*queue);
            let user = core.user.clone();
            let subscription = Subscription::open(&connection, &name, share.max(1), user).await?;
            settlers.push(subscription.settler());
            arrivals.push(arrivals_of(subscription));
        }
        let mut tasks = JoinSet::new();
        let lanes = (0..in_force.lanes)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                let (core, worker) = (Arc::clone(core), Arc::clone(worker));
                tasks.spawn(Lane { core, worker, arrivals: receiver }.run());
                sender
            })
            .collect();
        let (rejected, receiver) = mpsc::unbounded_channel();
        tasks.spawn(send_unreadable_on(Arc::clone(core), receiver));
        core.metrics.set_lanes(in_force.lanes);
        core.metrics.set_prefetch(in_force.prefetch);
        core.consuming.set(true);
        tracing::info!(lanes = in_force.lanes, batch_max = in_force.batch_max, "consuming");
        Ok(Self {
            core: Arc::clone(core),
            in_force,
            connection,
            settlers,
            arrivals,
            lanes,
            tasks,
            rejected,
            bytes: Arc::new(Semaphore::new(BYTES_BUDGET_KIB)),
        })
    }

    async fn consume(&mut self) -> End {
        let core = Arc::clone(&self.core);
        let connection = self.connection.clone();
        let mut wanted = core.wanted.subscribe();
        let in_force = self.in_force;
        let mut lost = std::pin::pin!(connection.lost());
        let mut shutdown = std::pin::pin!(core.shutdown.begun());
        loop {
            tokio::select! {
                arrival = self.arrivals.next() => match arrival {
                    Some((settler, Ok(delivery))) => self.take(settler, delivery).await,
                    Some((_, Err(error))) => return End::Lost(error),
                    None => {
                        let detail = "every consumer was cancelled".to_owned();
                        return End::Lost(BrokerError::Lost { detail });
                    }
                },
                () = changed(&mut wanted, in_force) => return End::Reconfigure,
                () = &mut shutdown => return End::Shutdown,
                error = &mut lost => return End::Lost(error),
            }
        }
    }

    /// Hands one delivery to its lane, when its bytes fit into the budget.
    async fn take(&mut self, settler: Settler, delivery: Result<Delivery, Box<Rejected>>) {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(rejected) => {
                self.send_on(settler, Unreadable::Envelope(rejected));
                return;
            }
        };
        let kib = u32::try_from(delivery.body.len().min(MAX_MESSAGE_BYTES) / 1024 + 1).unwrap_or(1);
        // never closed: the semaphore lives as long as the generation
        let Ok(bytes) = Arc::clone(&self.bytes).acquire_many_owned(kib).await else { return };
        let (tag, delivery_count) = (delivery.tag, delivery.delivery_count);
        match decode::<W>(delivery) {
            Ok(item) => {
                let lane = W::lane_key(&item.message).lane(self.lanes.len());
                let work = Work {
                    item: Arc::new(item),
                    tag,
                    settler,
                    delivery_count,
                    _bytes: bytes,
                    _in_flight: InFlight::new(&self.core),
                };
                if let Some(lane) = self.lanes.get(lane) {
                    // a lane ends only after its sender is dropped
                    let _ = lane.send(work);
                }
            }
            Err((item, code, failure)) => {
                self.send_on(settler, Unreadable::Body { item, tag, code, failure });
            }
        }
    }

    fn send_on(&self, settler: Settler, unreadable: Unreadable<W::Message>) {
        // the task ends only after this sender is dropped
        let _ = self.rejected.send((settler, unreadable));
    }

    /// Takes nothing more, finishes what it has, closes. False when the limit passed first; what was left
    /// then goes back to its queue.
    async fn finish(mut self, limit: Duration, retired: &mut JoinSet<()>) -> bool {
        self.core.consuming.set(false);
        let deadline = tokio::time::Instant::now() + limit;
        for settler in &self.settlers {
            settler.cancel().await;
        }
        let rest = async {
            while let Some((settler, arrival)) = self.arrivals.next().await {
                if let Ok(delivery) = arrival {
                    self.take(settler, delivery).await;
                }
            }
        };
        // what stays in the client's buffer past the deadline goes back with the channel
        let _ = tokio::time::timeout_at(deadline, rest).await;
        self.lanes.clear();
        let (closed, _) = mpsc::unbounded_channel();
        self.rejected = closed;
        let lanes = async { while self.tasks.join_next().await.is_some() {} };
        let finished = tokio::time::timeout_at(deadline, lanes).await.is_ok();
        self.close(retired).await;
        finished
    }

    /// The connection is lost: what lanes still hold comes again; their open transactions end by themselves.
    fn abandon(mut self, retired: &mut JoinSet<()>) {
        self.core.consuming.set(false);
        self.lanes.clear();
        let mut tasks = std::mem::take(&mut self.tasks);
        let (settlers, connection) = (self.settlers, self.connection);
        retired.spawn(async move {
            for settler in settlers {
                settler.close().await;
            }
            connection.close().await;
            while tasks.join_next().await.is_some() {}
        });
    }

    async fn close(self, retired: &mut JoinSet<()>) {
        for settler in &self.settlers {
            settler.close().await;
        }
        self.connection.close().await;
        let mut tasks = self.tasks;
        retired.spawn(async move { while tasks.join_next().await.is_some() {} });
    }
}

fn arrivals_of(subscription: Subscription) -> BoxStream<'static, Arrival> {
    let settler = subscription.settler();
    futures_util::stream::unfold(subscription, move |mut subscription| {
        let settler = settler.clone();
        async move {
            let arrival = subscription.next().await?;
            Some(((settler, arrival), subscription))
        }
    })
    .boxed()
}

type Undecodable<M> = (Box<Item<Nothing<M>>>, &'static str, Failure);

fn decode<W: Worker>(
    delivery: Delivery,
) -> Result<Item<W::Message>, Undecodable<W::Message>> {
    let Delivery { envelope, body, note, .. } = delivery;
    let body_hash = store::hash(&body);
    let known = W::Message::TYPES.iter().find(|name| **name == envelope.message_type);
    let type_name = known.copied().unwrap_or("unknown");
    match W::Message::decode(&envelope.message_type, &body) {
        Ok(message) => {
            Ok(Item { envelope, message, body, body_hash, type_name, note })
        }
        Err(error) => {
            let message = Nothing(std::marker::PhantomData);
            let item = Item { envelope, message, body, body_hash, type_name, note };
            let failure = Failure::Permanent { cause: error.to_string() };
            Err((Box::new(item), error.code(), failure))
        }
    }
}

/// Sends what cannot be read to the dead letters, beside the lanes: neighbours are not held up.
async fn send_unreadable_on<M>(
    core: Arc<Core>,
    mut unreadable: mpsc::UnboundedReceiver<(Settler, Unreadable<M>)>,
) {
    while let Some((settler, unreadable)) = unreadable.recv().await {
        let (tag, sent) = match unreadable {
            Unreadable::Envelope(rejected) => {
                let tag = rejected.tag;
                (tag, failed::reject(&core, *rejected, &settler).await)
            }
            Unreadable::Body { item, tag, code, failure } => {
                (tag, failed::send_on(&core, &item, &settler, code, &failure).await)
            }
        };
        if sent {
            settler.settle(&[tag]).await;
        }
    }
}
