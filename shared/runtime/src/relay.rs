//! The relay: publishes the outbox rows of committed batches from memory and deletes what the broker
//! confirmed; sends replies. What it cannot take or publish stays in the outbox for the sweep.
//!
//! Nobody waits for a delete, so deletes of some rounds are gathered into one statement. A row whose delete a
//! crash prevents is published once more by the sweep, and its readers know its id.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::{FailureNote, Outgoing, PublishError, Publisher};
use contracts::{Actor, Envelope, Exchange, MessageId, Reply, RoutingKey, Timestamp, TraceContext};
use store::Database;
use store::outbox::OutboxRow;
use telemetry::{Published, WorkerMetrics};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::Shutdown;
use crate::core::Core;

/// Rows in memory; more stay in the outbox for the sweep.
const PENDING_MAX: u64 = 20_000;
/// Rows of one round.
const ROUND: usize = 512;
/// Rounds on their way at once: the next is published while the last one's confirms come in.
const ROUNDS_MAX: usize = 4;
/// Confirmed rows of one delete, and how long it waits for as many. The sweep looks at rows of five seconds.
const DELETE_ROWS: usize = 512;
const DELETE_AFTER: Duration = Duration::from_millis(250);
/// A reply nobody fetched is worthless after this.
const REPLY_TTL_MS: u32 = 60_000;

/// The sending side; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    rows: mpsc::UnboundedSender<Relayed>,
    pending: Arc<AtomicU64>,
}

/// What goes out.
#[derive(Debug)]
enum Relayed {
    Row(Box<OutboxRow>),
    Reply(Box<Outgoing>),
}

/// The receiving side; run it on a task of its own.
#[derive(Debug)]
pub(crate) struct RelayDriver {
    rows: mpsc::UnboundedReceiver<Relayed>,
    pending: Arc<AtomicU64>,
}

impl Relay {
    pub(crate) fn new() -> (Self, RelayDriver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let pending = Arc::new(AtomicU64::new(0));
        let relay = Self { rows: sender, pending: Arc::clone(&pending) };
        (relay, RelayDriver { rows: receiver, pending })
    }

    /// Rows that are not confirmed and deleted, and replies that are not confirmed yet.
    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Takes committed rows; those that do not fit into memory are left to the sweep.
    pub(crate) fn publish(&self, rows: Vec<OutboxRow>) {
        for row in rows {
            self.push(Relayed::Row(Box::new(row)));
        }
    }

    /// Answers a command.
    pub(crate) fn reply(&self, core: &Core, cause: &Envelope, reply_to: &str, reply: &Reply) {
        match serde_json::to_vec(reply) {
            Ok(body) => {
                let message_type = "reply.v1";
                self.push(Relayed::Reply(Box::new(answer(
                    core,
                    cause,
                    reply_to,
                    message_type,
                    body,
                ))));
            }
            Err(error) => tracing::error!(%error, "a reply does not serialise"),
        }
    }

    fn push(&self, relayed: Relayed) {
        if self.pending() >= PENDING_MAX {
            return;
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
        if self.rows.send(relayed).is_err() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A message to the reply queue of whoever asked.
pub(crate) fn answer(
    core: &Core,
    cause: &Envelope,
    reply_to: &str,
    message_type: &str,
    body: Vec<u8>,
) -> Outgoing {
    let correlation = cause.correlation_id.clone().unwrap_or_else(|| cause.message_id.to_string());
    Outgoing {
        exchange: Exchange::Replies.name().to_owned(),
        routing_key: RoutingKey::to_queue(reply_to),
        mandatory: false,
        envelope: Envelope {
            message_id: MessageId::generate(),
            message_type: message_type.to_owned(),
            timestamp: Timestamp::now(),
            app_id: core.kind.name().to_owned(),
            user_id: core.user.clone(),
            actor: Actor::itself(&core.user),
            correlation_id: Some(correlation),
            reply_to: None,
            trace: TraceContext {
                traceparent: cause.trace.traceparent.clone(),
                tracestate: cause.trace.tracestate.clone(),
            },
            attempt: 0,
            seq: None,
        },
        note: FailureNote::default(),
        body,
        expiration_ms: Some(REPLY_TTL_MS),
    }
}

/// An outbox row as a message.
pub(crate) fn outgoing(row: &OutboxRow, app_id: &str, publisher: &Publisher) -> Outgoing {
    let routed = exchange_of(&row.exchange)
        .is_some_and(|exchange| queue_topology::is_routed(exchange, &row.routing_key));
    Outgoing {
        exchange: row.exchange.clone(),
        routing_key: RoutingKey::to_queue(row.routing_key.clone()),
        mandatory: routed,
        envelope: row.envelope(app_id, publisher.user()),
        note: FailureNote::default(),
        body: row.body.clone().into_bytes(),
        expiration_ms: None,
    }
}

fn exchange_of(name: &str) -> Option<Exchange> {
    [Exchange::Commands, Exchange::Events, Exchange::WmsIn, Exchange::WmsOut]
        .into_iter()
        .find(|exchange| exchange.name() == name)
}

/// What became of rows that were published.
pub(crate) struct Told {
    /// Those that the broker has; they can be deleted.
    pub(crate) confirmed: Vec<MessageId>,
    /// True when some had no answer, as when one of them breaks the channel.
    pub(crate) any_unknown: bool,
}

/// Publishes rows, all at once.
pub(crate) async fn publish_rows(
    publisher: &Publisher,
    metrics: &WorkerMetrics,
    app_id: &str,
    rows: &[OutboxRow],
) -> Told {
    let messages: Vec<Outgoing> = rows.iter().map(|row| outgoing(row, app_id, publisher)).collect();
    let answers = publisher.publish_all(&messages).await;
    let mut told = Told { confirmed: Vec::with_capacity(rows.len()), any_unknown: false };
    let mut refused: Option<PublishError> = None;
    for (row, answer) in rows.iter().zip(answers) {
        note(metrics, &answer);
        match answer {
            Ok(()) => told.confirmed.push(row.message_id),
            Err(error) => {
                told.any_unknown |= matches!(error, PublishError::Unknown { .. });
                refused = Some(error);
            }
        }
    }
    if let Some(error) = refused {
        let rows = rows.len().saturating_sub(told.confirmed.len());
        tracing::warn!(%error, rows, "not published yet: left to the sweep");
    }
    told
}

fn note(metrics: &WorkerMetrics, answer: &Result<(), PublishError>) {
    let result = match answer {
        Ok(()) => Published::Confirmed,
        Err(PublishError::Refused { .. } | PublishError::TooLarge { .. }) => Published::Nacked,
        Err(PublishError::Unroutable { .. }) => Published::Returned,
        Err(PublishError::Unknown { .. }) => Published::Unknown,
    };
    metrics.published(result, 1);
}

impl RelayDriver {
    /// Publishes until the last sender is gone and everything is out.
    pub(crate) async fn run(
        mut self,
        publisher: Publisher,
        database: Database,
        metrics: WorkerMetrics,
        app_id: &'static str,
        shutdown: Shutdown,
    ) {
        let mut rounds: JoinSet<()> = JoinSet::new();
        let mut deleting: JoinSet<()> = JoinSet::new();
        let (confirmed, ids) = mpsc::unbounded_channel();
        let deleter = Deleter {
            confirmed: ids,
            database,
            metrics: metrics.clone(),
            pending: Arc::clone(&self.pending),
        };
        deleting.spawn(deleter.run(shutdown));
        let mut relayed = Vec::with_capacity(ROUND);
        while self.rows.recv_many(&mut relayed, ROUND).await > 0 {
            while rounds.len() >= ROUNDS_MAX {
                // a round that panicked leaves its rows to the sweep
                let _ = rounds.join_next().await;
            }
            let round = Round {
                publisher: publisher.clone(),
                confirmed: confirmed.clone(),
                metrics: metrics.clone(),
                app_id,
                pending: Arc::clone(&self.pending),
            };
            rounds.spawn(round.run(std::mem::take(&mut relayed)));
        }
        while rounds.join_next().await.is_some() {}
        drop(confirmed);
        while deleting.join_next().await.is_some() {}
    }
}

/// Deletes rows that the broker has, many at a time.
struct Deleter {
    confirmed: mpsc::UnboundedReceiver<MessageId>,
    database: Database,
    metrics: WorkerMetrics,
    pending: Arc<AtomicU64>,
}

impl Deleter {
    /// Deletes until the last sender is gone. It gathers nothing any more once shutdown has begun.
    async fn run(mut self, shutdown: Shutdown) {
        let mut ids = Vec::with_capacity(DELETE_ROWS);
        while self.confirmed.recv_many(&mut ids, DELETE_ROWS).await > 0 {
            let now = Instant::now();
            let until = if shutdown.has_begun() { now } else { now + DELETE_AFTER };
            self.gather(&mut ids, until).await;
            if let Err(error) = store::outbox::delete(&self.database, &ids).await {
                let rows = ids.len();
                tracing::warn!(%error, rows, "published rows stay in the outbox for the sweep");
            }
            settled(&self.pending, ids.len(), &self.metrics);
            ids.clear();
        }
    }

    async fn gather(&mut self, ids: &mut Vec<MessageId>, until: Instant) {
        while ids.len() < DELETE_ROWS {
            let room = DELETE_ROWS.saturating_sub(ids.len());
            match timeout_at(until, self.confirmed.recv_many(ids, room)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

struct Round {
    publisher: Publisher,
    /// Who deletes them.
    confirmed: mpsc::UnboundedSender<MessageId>,
    metrics: WorkerMetrics,
    app_id: &'static str,
    pending: Arc<AtomicU64>,
}

impl Round {
    async fn run(self, relayed: Vec<Relayed>) {
        let count = relayed.len();
        let mut rows = Vec::with_capacity(relayed.len());
        let mut replies = Vec::new();
        for relayed in relayed {
            match relayed {
                Relayed::Row(row) => rows.push(*row),
                Relayed::Reply(reply) => replies.push(*reply),
            }
        }
        let (Told { confirmed, .. }, answers) = tokio::join!(
            publish_rows(&self.publisher, &self.metrics, self.app_id, &rows),
            self.publisher.publish_all(&replies),
        );
        for answer in answers {
            note(&self.metrics, &answer);
        }
        let done = count.saturating_sub(confirmed.len());
        for id in confirmed {
            // the deleter lives as long as any round
            let _ = self.confirmed.send(id);
        }
        settled(&self.pending, done, &self.metrics);
    }
}

/// So many more are out of memory.
fn settled(pending: &AtomicU64, count: usize, metrics: &WorkerMetrics) {
    let count = u64::try_from(count).unwrap_or(0);
    let left = pending.fetch_sub(count, Ordering::Relaxed).saturating_sub(count);
    metrics.set_outbox_pending(left);
}
