//! The relay: publishes the outbox rows of committed batches from memory and deletes what the broker
//! confirmed; sends replies. What it cannot take or publish stays in the outbox for the sweep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use broker::{FailureNote, Outgoing, PublishError, Publisher};
use contracts::{Actor, Envelope, Exchange, MessageId, Reply, RoutingKey, Timestamp, TraceContext};
use store::Database;
use store::outbox::OutboxRow;
use telemetry::{Published, WorkerMetrics};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::core::Core;

/// Rows in memory; more stay in the outbox for the sweep.
const PENDING_MAX: u64 = 20_000;
/// Rows of one round.
const ROUND: usize = 512;
/// Rounds on their way at once: the next is published while the last one's confirms come in.
const ROUNDS_MAX: usize = 4;
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

    /// Rows and replies that are not confirmed yet.
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
    ) {
        let mut rounds: JoinSet<()> = JoinSet::new();
        let mut relayed = Vec::with_capacity(ROUND);
        while self.rows.recv_many(&mut relayed, ROUND).await > 0 {
            while rounds.len() >= ROUNDS_MAX {
                // a round that panicked leaves its rows to the sweep
                let _ = rounds.join_next().await;
            }
            let round = Round {
                publisher: publisher.clone(),
                database: database.clone(),
                metrics: metrics.clone(),
                app_id,
                pending: Arc::clone(&self.pending),
            };
            rounds.spawn(round.run(std::mem::take(&mut relayed)));
        }
        while rounds.join_next().await.is_some() {}
    }
}

struct Round {
    publisher: Publisher,
    database: Database,
    metrics: WorkerMetrics,
    app_id: &'static str,
    pending: Arc<AtomicU64>,
}

impl Round {
    async fn run(self, relayed: Vec<Relayed>) {
        let count = u64::try_from(relayed.len()).unwrap_or(0);
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
        if let Err(error) = store::outbox::delete(&self.database, &confirmed).await {
            tracing::warn!(%error, rows = confirmed.len(), "published rows stay in the outbox for the sweep");
        }
        let left = self.pending.fetch_sub(count, Ordering::Relaxed).saturating_sub(count);
        self.metrics.set_outbox_pending(left);
    }
}
