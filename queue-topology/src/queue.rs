//! Queues: their type, arguments and bindings.

use std::collections::BTreeMap;

use contracts::Exchange;
use serde::Serialize;

use crate::topology::{DLX, RETURN};
use crate::worker::{RetryTier, WorkQueue, WorkerKind};

/// Kind of queue on the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueType {
    /// Replicated log: everything that must not be lost.
    Quorum,
    /// Classic durable: questions only.
    Classic,
}

/// A queue argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// A string.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A binding of a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Binding {
    /// The exchange's name.
    pub exchange: String,
    /// Topic pattern or direct key.
    pub key: String,
}

/// A durable queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its type.
    pub queue_type: QueueType,
    /// Arguments without `x-queue-type`.
    pub arguments: BTreeMap<&'static str, Argument>,
    /// What it is bound to.
    pub bindings: Vec<Binding>,
}

/// Commands in a queue before senders are refused.
const COMMANDS_MAX: i64 = 5_000;
/// Files travel in messages of up to 1 MiB: so many bytes of them wait before senders are refused.
const FILES_MAX_BYTES: i64 = 64 * 1024 * 1024;
/// Events in a queue before their publisher is refused: enough for hours of standstill.
const EVENTS_MAX: i64 = 1_000_000;
/// And in bytes.
const EVENTS_MAX_BYTES: i64 = 4_000_000_000;
/// Messages waiting in one retry tier.
const RETRY_MAX: i64 = 200_000;
/// After so many broken deliveries the broker itself dead-letters a message.
const DELIVERY_LIMIT: i64 = 20;
/// Dead letters are read and put back by people: practically never dropped (newer brokers default to 20).
const DEAD_LETTER_DELIVERY_LIMIT: i64 = 1_000_000;
/// A question older than this is not answered any more (milliseconds).
const QUERY_TTL_MS: i64 = 2_000;

impl Queue {
    fn quorum(name: String) -> Self {
        Self {
            name,
            queue_type: QueueType::Quorum,
            arguments: BTreeMap::new(),
            bindings: Vec::new(),
        }
    }

    fn with(mut self, argument: &'static str, value: impl Into<Argument>) -> Self {
        self.arguments.insert(argument, value.into());
        self
    }

    fn bound(mut self, exchange: &str, key: impl Into<String>) -> Self {
        self.bindings.push(Binding { exchange: exchange.to_owned(), key: key.into() });
        self
    }

    /// A full queue refuses; what it dead-letters is never lost on the way.
    fn refusing(self) -> Self {
        self.with("x-overflow", "reject-publish").with("x-dead-letter-strategy", "at-least-once")
    }

    /// A worker's work queue.
    pub(crate) fn work(kind: WorkerKind, queue: WorkQueue) -> Self {
        let name = kind.queue(queue);
        let bindings = kind.bindings(queue);
        let base = Self::quorum(name.clone());
        let base = match queue {
            WorkQueue::Queries => Self { queue_type: QueueType::Classic, ..base }
                .with("x-message-ttl", QUERY_TTL_MS)
                .with("x-overflow", "reject-publish")
                .with("x-max-length", COMMANDS_MAX),
            WorkQueue::Commands if kind == WorkerKind::HotfolderIngest => base
                .settled(kind)
                .with("x-max-length", COMMANDS_MAX)
                .with("x-max-length-bytes", FILES_MAX_BYTES),
            WorkQueue::Commands => base.settled(kind).with("x-max-length", COMMANDS_MAX),
            WorkQueue::Events | WorkQueue::Partner => base
                .settled(kind)
                .with("x-max-length", EVENTS_MAX)
                .with("x-max-length-bytes", EVENTS_MAX_BYTES),
        };
        let base = if kind.settles_messages() { base.bound(RETURN, name) } else { base };
        bindings.into_iter().fold(base, |queue, (exchange, key)| queue.bound(exchange.name(), key))
    }

    fn settled(self, kind: WorkerKind) -> Self {
        self.refusing()
            .with("x-delivery-limit", DELIVERY_LIMIT)
            .with("x-dead-letter-exchange", DLX)
            .with("x-dead-letter-routing-key", kind.dead_letter_queue())
    }

    /// A worker's retry queue: waits, then hands back to the home queue.
    pub(crate) fn retry(kind: WorkerKind, tier: RetryTier, home: WorkQueue) -> Self {
        let name = kind.retry_queue(tier);
        Self::quorum(name.clone())
            .refusing()
            .with("x-message-ttl", tier.milliseconds())
            .with("x-max-length", RETRY_MAX)
            .with("x-dead-letter-exchange", RETURN)
            .with("x-dead-letter-routing-key", kind.queue(home))
            .bound(DLX, name)
    }

    /// A worker's dead letters: no limit, because a full one would stop its work queue.
    pub(crate) fn dead_letters(kind: WorkerKind) -> Self {
        let name = kind.dead_letter_queue();
        Self::quorum(name.clone())
            .with("x-delivery-limit", DEAD_LETTER_DELIVERY_LIMIT)
            .bound(DLX, name)
    }

    /// What a partner consumes.
    pub(crate) fn partner(name: &str, exchange: Exchange, pattern: &str) -> Self {
        Self::quorum(name.to_owned())
            .with("x-overflow", "reject-publish")
            .with("x-max-length", EVENTS_MAX)
            .with("x-max-length-bytes", EVENTS_MAX_BYTES)
            .bound(exchange.name(), pattern)
    }
}
