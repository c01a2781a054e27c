//! What can only be measured while it happens: the deepest each queue ever was, and when each order's
//! command was published.
//!
//! The depth is asked of the broker itself about every 50 ms, over a connection of its own. The
//! publications are seen on an exclusive queue bound like order-intake's. Both come back by themselves
//! after the broker was away; what happened meanwhile is not measured.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker::{BrokerError, DepthProbe, Exclusive, Link};
use contracts::{Contract as _, CreateOrder, RoutingKey, Timestamp, UserId};
use pacing::Backoff;
use queue_topology::{RetryTier, WorkerKind};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::feed::OrderKey;
use crate::error::{CommandError, Exit, Result};
use crate::site::{Amqp, Site};

const SAMPLE_EVERY: Duration = Duration::from_millis(50);
const ROUNDS_A_SECOND: u64 = 20;

/// What was measured so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// Most ready messages ever seen, by queue.
    pub(crate) max_ready: BTreeMap<String, u32>,
    /// First publication of each order's command.
    pub(crate) published: BTreeMap<OrderKey, Timestamp>,
    /// Ready messages in all work and retry queues at the last look; `None` while the broker is away.
    pub(crate) ready_now: Option<u64>,
}

/// Measures until it is stopped.
#[derive(Debug)]
pub(crate) struct Gauge {
    measured: Arc<Mutex<Measured>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Gauge {
    /// Starts measuring.
    pub(crate) fn start(site: &Site) -> Result<Self> {
        let admin = site.admin()?;
        let measured = Arc::new(Mutex::new(Measured::default()));
        let (stop, stopped) = watch::channel(false);
        let user = UserId::new(admin.user.as_str()).map_err(|error| {
            CommandError::new(Exit::Config, format!("the user in AMQP_URL: {error}"))
        })?;
        let mut tasks = JoinSet::new();
        tasks.spawn(until(stopped.clone(), sample_always(admin.clone(), Arc::clone(&measured))));
        tasks.spawn(until(stopped, listen_always(admin, user, Arc::clone(&measured))));
        Ok(Self { measured, stop, tasks })
    }

    /// Ready messages in all work and retry queues at the last look.
    pub(crate) fn ready_now(&self) -> Option<u64> {
        lock(&self.measured).ready_now
    }

    /// Ends it and gives what was measured.
    pub(crate) async fn stop(mut self) -> Measured {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        lock(&self.measured).clone()
    }
}

fn lock(measured: &Mutex<Measured>) -> std::sync::MutexGuard<'_, Measured> {
    measured.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn until(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _stopped = stop.wait_for(|stop| *stop) => {}
    }
}

/// The queues whose depth is watched closely.
fn work_queues() -> Vec<String> {
    let of_kind = |kind: WorkerKind| kind.work_queues().iter().map(move |queue| kind.queue(*queue));
    let partners = std::iter::once("wms.outbound".to_owned());
    WorkerKind::ALL.into_iter().flat_map(of_kind).chain(partners).collect()
}

/// Where messages wait that failed.
fn retry_queues() -> Vec<String> {
    let settling = WorkerKind::ALL.into_iter().filter(|kind| kind.settles_messages());
    settling.flat_map(|kind| RetryTier::ALL.map(|tier| kind.retry_queue(tier))).collect()
}

/// Where messages lie that were given up.
fn dead_letter_queues() -> Vec<String> {
    let settling = WorkerKind::ALL.into_iter().filter(|kind| kind.settles_messages());
    settling.map(WorkerKind::dead_letter_queue).collect()
}

async fn sample_always(admin: Amqp, measured: Arc<Mutex<Measured>>) {
    let link = Link::new(&admin.url(), "dray");
    let mut backoff = Backoff::reconnect();
    loop {
        if let Err(error) = sample(&link, &measured).await {
            tracing::debug!(%error, "the depth of the queues cannot be measured at the moment");
        }
        lock(&measured).ready_now = None;
        backoff.wait().await;
    }
}

async fn sample(link: &Link, measured: &Mutex<Measured>) -> std::result::Result<(), BrokerError> {
    let connection = link.connect("depth").await?;
    let probe = DepthProbe::open(&connection).await?;
    let (work, retry, dead) = (work_queues(), retry_queues(), dead_letter_queues());
    let mut ticks = tokio::time::interval(SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut retrying = 0;
    for round in 0_u64.. {
        ticks.tick().await;
        let working = depth_of(&probe, &work, measured).await?;
        // each question costs the broker a little: those that seldom change are asked once a second
        if round % ROUNDS_A_SECOND == 0 {
            retrying = depth_of(&probe, &retry, measured).await?;
            depth_of(&probe, &dead, measured).await?;
        }
        lock(measured).ready_now = Some(working + retrying);
    }
    Ok(())
}

/// Asks each queue and notes its depth; gives the sum.
async fn depth_of(
    probe: &DepthProbe,
    queues: &[String],
    measured: &Mutex<Measured>,
) -> std::result::Result<u64, BrokerError> {
    let mut sum = 0;
    for queue in queues {
        let depth = probe.depth(queue).await?;
        sum += u64::from(depth);
        let mut measured = lock(measured);
        let most = measured.max_ready.entry(queue.clone()).or_default();
        *most = (*most).max(depth);
    }
    Ok(sum)
}

/// As much of a command as is needed here.
#[derive(Deserialize)]
struct OrderReference {
    source: String,
    order_ref: String,
}

async fn listen_always(admin: Amqp, user: UserId, measured: Arc<Mutex<Measured>>) {
    let link = Link::new(&admin.url(), "dray");
    let mut backoff = Backoff::reconnect();
    loop {
        if let Err(error) = listen(&link, &user, &measured).await {
            tracing::debug!(%error, "publications cannot be seen at the moment");
        }
        backoff.wait().await;
    }
}

async fn listen(
    link: &Link,
    user: &UserId,
    measured: &Mutex<Measured>,
) -> std::result::Result<(), BrokerError> {
    let connection = link.connect("watch").await?;
    let queue = format!("dray.reply.operator.{}", uuid::Uuid::new_v4().simple());
    let key = RoutingKey::of_type(CreateOrder::TYPE);
    let exchange = CreateOrder::EXCHANGE.name();
    let mut copies =
        Exclusive::open(&connection, &queue, exchange, key.as_str(), user.clone()).await?;
    while let Some(copy) = copies.next().await {
        let Ok(delivery) = copy else { continue };
        let Ok(order) = serde_json::from_slice::<OrderReference>(&delivery.body) else {
            continue;
        };
        let at = delivery.envelope.timestamp;
        lock(measured).published.entry((order.source, order.order_ref)).or_insert(at);
    }
    Ok(())
}
