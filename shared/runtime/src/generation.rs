//! A generation of the intake: one connection, one channel a queue, its lanes, and what is in process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use broker::{BrokerError, Delivery, Rejected, Settler, Subscription};
use contracts::{Inbound, MAX_MESSAGE_BYTES};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::{BoxStream, SelectAll};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::core::{Core, InForce};
use crate::failed::{Undecodable, WayOut};
use crate::held::Held;
use crate::intake::changed;
use crate::kill_switch::Position;
use crate::lane::{Lane, Work, panic_text};
use crate::{Item, Shutdown, Worker};

/// Bodies in process at once, in KiB: bounds memory whatever the size of the messages.
const BYTES_BUDGET_KIB: usize = 64 * 1024;
/// How long the broker may take to begin our consumers.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take to say goodbye. A line that is silent never answers.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Why a generation ended.
pub(crate) enum End {
    Reconfigure,
    /// The kill switch moved.
    Switched,
    Shutdown,
    Lost(BrokerError),
}

type Received = Result<Delivery, Box<Rejected>>;
type Arrival = (Settler, Result<Received, BrokerError>);

pub(crate) struct Generation<W: Worker> {
    core: Arc<Core>,
    in_force: InForce,
    /// Where the kill switch was when this began.
    position: Position,
    connection: broker::Connection,
    settlers: Vec<Settler>,
    arrivals: SelectAll<BoxStream<'static, Arrival>>,
    /// Has arrived and waits until its bytes fit into the budget.
    next: Option<(Settler, Received)>,
    bytes: Arc<Semaphore>,
    lanes: Vec<mpsc::UnboundedSender<Work<W::Message>>>,
    way_out: WayOut,
    /// The lanes and the way out.
    tasks: JoinSet<()>,
    /// For the lanes: begin nothing more.
    closing: Shutdown,
    /// For the way out: wait for no confirm any more.
    giving_up: Shutdown,
}

impl<W: Worker> Generation<W> {
    /// Connects, consumes every queue of the worker and starts its lanes.
    ///
    /// # Errors
    /// [`BrokerError`], permanent when a queue is missing.
    pub(crate) async fn open(
        core: &Arc<Core>,
        worker: &Arc<W>,
        in_force: InForce,
        position: Position,
    ) -> Result<Self, BrokerError> {
        let probing = position == Position::Probing;
        let prefetch = if probing { 1 } else { in_force.prefetch };
        let connection = core.consume_link.connect("consume").await?;
        let subscribing = subscribe::<W>(core, &connection, prefetch);
        let subscriptions = timeout(OPEN_LIMIT, subscribing).await.unwrap_or_else(|_elapsed| {
            Err(BrokerError::Lost { detail: format!("no consumer within {OPEN_LIMIT:?}") })
        })?;
        let settlers = subscriptions.iter().map(Subscription::settler).collect();
        let (closing, giving_up) = (Shutdown::new(), Shutdown::new());
        let (way_out, going_out) = WayOut::new(core, giving_up.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(going_out);
        let mut lanes = Vec::new();
        for _ in 0..in_force.lanes {
            let (lane, arrivals) = mpsc::unbounded_channel();
            let (core, worker) = (Arc::clone(core), Arc::clone(worker));
            let (way_out, closing) = (way_out.clone(), closing.clone());
            tasks.spawn(Lane { core, worker, arrivals, way_out, closing }.run());
            lanes.push(lane);
        }
        core.metrics.set_lanes(in_force.lanes);
        core.metrics.set_prefetch(prefetch);
        in_force.put_in_force(core);
        core.consuming.set(!probing);
        tracing::info!(
            lanes = in_force.lanes,
            batch_max = in_force.batch_max,
            prefetch,
            "consuming"
        );
        Ok(Self {
            core: Arc::clone(core),
            in_force,
            position,
            connection,
            settlers,
            arrivals: subscriptions.into_iter().map(arrivals_of).collect(),
            next: None,
            bytes: Arc::new(Semaphore::new(BYTES_BUDGET_KIB)),
            lanes,
            way_out,
            tasks,
            closing,
            giving_up,
        })
    }

    /// Hands deliveries to the lanes until something ends that.
    pub(crate) async fn consume(&mut self) -> End {
        let core = Arc::clone(&self.core);
        let connection = self.connection.clone();
        let mut wanted = core.wanted.subscribe();
        let mut lost = std::pin::pin!(connection.lost());
        let mut shutdown = std::pin::pin!(core.shutdown.begun());
        loop {
            let in_force = self.in_force;
            // biased: a probe that ended moved the switch before it made room for another one
            tokio::select! {
                biased;
                () = &mut shutdown => return End::Shutdown,
                error = &mut lost => return End::Lost(error),
                () = core.kill_switch.moved(self.position) => return End::Switched,
                () = changed(&mut wanted, in_force) => {
                    let wanted = *core.wanted.borrow();
                    if in_force.needs_other_channels(&wanted) {
                        return End::Reconfigure;
                    }
                    wanted.put_in_force(&core);
                    self.in_force = wanted;
                }
                taken = self.take_next() => if let Some(Err(error)) = taken {
                    return End::Lost(error);
                },
            }
        }
    }

    /// Takes one delivery, as soon as its bytes fit into the budget. `None`: there will be no more.
    /// Cancel-safe: what has arrived stays in `self`.
    async fn take_next(&mut self) -> Option<Result<(), BrokerError>> {
        if self.next.is_none() {
            match self.arrivals.next().await? {
                (settler, Ok(received)) => self.next = Some((settler, received)),
                (_, Err(error)) => return Some(Err(error)),
            }
        }
        let body = match self.next.as_ref().map(|(_, received)| received) {
            Some(Ok(delivery)) => delivery.body.len(),
            Some(Err(rejected)) => rejected.body.len(),
            None => 0,
        };
        let kib = match self.position {
            // a probe is alone; what came of another queue meanwhile goes back
            Position::Probing => BYTES_BUDGET_KIB,
            Position::Closed { .. } | Position::Open { .. } => {
                body.min(MAX_MESSAGE_BYTES) / 1024 + 1
            }
        };
        let kib = u32::try_from(kib).unwrap_or(1);
        // never closed: the semaphore lives as long as the generation
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(kib).await.ok()?;
        let (settler, received) = self.next.take()?;
        self.hand_on(settler, received, bytes);
        Some(Ok(()))
    }

    /// To its lane, or out.
    fn hand_on(&self, settler: Settler, received: Received, bytes: OwnedSemaphorePermit) {
        let hold = |tag| Held::new(&self.core, tag, settler, bytes);
        let delivery = match received {
            Ok(delivery) => delivery,
            Err(rejected) => {
                let held = hold(rejected.tag);
                return self.way_out.rejected(*rejected, held);
            }
        };
        let Delivery { tag, envelope, body, note, delivery_count, .. } = delivery;
        let held = hold(tag);
        match self.read(&envelope.message_type, &body) {
            Ok((message, type_name, lane)) => {
                let body_hash = store::hash(&body);
                let item = Item { envelope, message, body, body_hash, type_name, note };
                let work = Work { item: Arc::new(item), delivery_count, held };
                if let Some(lane) = self.lanes.get(lane) {
                    // a lane ends only after its sender is dropped
                    let _ = lane.send(work);
                }
            }
            Err(error) => self.way_out.undecodable(envelope, &note, body, held, &error),
        }
    }

    /// The message with its wire name and its lane. A worker's code that panics over it, stops nobody.
    fn read(
        &self,
        message_type: &str,
        body: &[u8],
    ) -> Result<(W::Message, &'static str, usize), Undecodable> {
        let known = W::Message::TYPES.iter().find(|name| **name == message_type);
        let reading = AssertUnwindSafe(|| {
            let message = W::Message::decode(message_type, body)?;
            let lane = W::lane_key(&message).lane(self.lanes.len());
            Ok((message, known.copied().unwrap_or("unknown"), lane))
        });
        catch_unwind(reading).unwrap_or_else(|panic| Err(Undecodable::Panic(panic_text(&*panic))))
    }

    /// Takes nothing more, finishes what it has, closes. Past half the limit it begins nothing more: the
    /// rest goes back to its queue. False when something that was begun did not end.
    pub(crate) async fn finish(mut self, limit: Duration, retired: &mut JoinSet<()>) -> bool {
        self.core.consuming.set(false);
        let (half, end) = (Instant::now() + limit / 2, Instant::now() + limit);
        let settlers = self.settlers.clone();
        let rest = async {
            join_all(settlers.iter().map(Settler::cancel)).await;
            // a consumer that was cancelled ends, which is no error now
            while self.take_next().await.is_some() {}
        };
        // what stays in the client's buffer goes back with the channel
        let _ = timeout_at(half, rest).await;
        self.end(half, end, retired).await
    }

    /// Begins nothing more: what has not begun goes back to its queue. What has ends within the limit.
    pub(crate) async fn give_back(self, limit: Duration, retired: &mut JoinSet<()>) -> bool {
        self.core.consuming.set(false);
        self.closing.begin();
        let (half, end) = (Instant::now() + limit / 2, Instant::now() + limit);
        self.end(half, end, retired).await
    }

    /// Waits until everything has ended, from `half` on without beginning anything, and closes.
    async fn end(mut self, half: Instant, end: Instant, retired: &mut JoinSet<()>) -> bool {
        self.release();
        let mut ended = timeout_at(half, all_ended(&mut self.tasks)).await.is_ok();
        if !ended {
            self.closing.begin();
            self.giving_up.begin();
            ended = timeout_at(end, all_ended(&mut self.tasks)).await.is_ok();
        }
        let Self { settlers, connection, mut tasks, .. } = self;
        close(&settlers, &connection).await;
        retired.spawn(async move { all_ended(&mut tasks).await });
        ended
    }

    /// The connection is lost: what lanes still hold comes again; their open transactions end by themselves.
    pub(crate) fn abandon(mut self, retired: &mut JoinSet<()>) {
        self.core.consuming.set(false);
        self.closing.begin();
        self.giving_up.begin();
        self.release();
        let Self { settlers, connection, mut tasks, .. } = self;
        retired.spawn(async move {
            close(&settlers, &connection).await;
            all_ended(&mut tasks).await;
        });
    }

    /// Lets go of the lanes' ends, so that they end once they are empty.
    fn release(&mut self) {
        self.lanes.clear();
        self.way_out.close();
        self.next = None;
    }
}

async fn subscribe<W: Worker>(
    core: &Core,
    connection: &broker::Connection,
    prefetch: u16,
) -> Result<Vec<Subscription>, BrokerError> {
    let queues = W::KIND.work_queues();
    let mut subscriptions = Vec::with_capacity(queues.len());
    for queue in queues {
        let name = W::KIND.queue(*queue);
        let user = core.user.clone();
        subscriptions.push(Subscription::open_cautiously(connection, &name, prefetch, user).await?);
    }
    Ok(subscriptions)
}

/// Its deliveries, and an error when it ends: of several queues, none may be missed.
fn arrivals_of(subscription: Subscription) -> BoxStream<'static, Arrival> {
    let settler = subscription.settler();
    let arrivals = futures_util::stream::unfold(Some(subscription), move |subscription| {
        let settler = settler.clone();
        async move {
            let mut subscription = subscription?;
            match subscription.next().await {
                Some(arrival) => Some(((settler, arrival), Some(subscription))),
                None => {
                    let detail = format!("the consumer of {} was cancelled", settler.queue());
                    Some(((settler, Err(BrokerError::Lost { detail })), None))
                }
            }
        }
    });
    arrivals.boxed()
}

async fn all_ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

async fn close(settlers: &[Settler], connection: &broker::Connection) {
    let closing = async {
        for settler in settlers {
            settler.close().await;
        }
        connection.close().await;
    };
    // dropped, it is closed as well
    let _ = timeout(CLOSE_LIMIT, closing).await;
}
