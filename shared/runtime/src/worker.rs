//! What a worker author writes against.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use contracts::{Inbound, ItemReply, Refusal, Reply, ReplyOutcome, Timestamp};
use queue_topology::WorkerKind;
use store::{StoreError, Tx};
use thiserror::Error;

use crate::{Batch, Item};

/// One specialised consumer. Everything else (inbox, outbox, replies, acknowledgements, retries, dead
/// letters, control, metrics) is the runtime's.
pub trait Worker: Send + Sync + 'static {
    /// What its queues carry; made by [`contracts::inbound!`].
    type Message: Inbound;
    /// What [`Worker::committed`] needs, for example cache entries; `()` for nothing.
    type Effects: Send + Default;
    /// Which worker this is; the topology says what it consumes.
    const KIND: WorkerKind;

    /// Messages with equal keys go through one lane, in order.
    fn lane_key(message: &Self::Message) -> LaneKey;

    /// How many single messages this one stands for: a transaction holds no more of them than its batch
    /// may, a larger one runs alone.
    fn weight(message: &Self::Message) -> usize {
        let _single = message;
        1
    }

    /// Loads, decides each message in order, writes, all inside `tx`; settles or fails every item.
    ///
    /// It may be called again with the same or a smaller batch after a rollback: it keeps nothing of its
    /// own that a rollback would leave wrong.
    ///
    /// # Errors
    /// A [`Failure`] of the whole batch; for one message call [`Batch::fail`] instead.
    fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Self::Message>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Self::Effects, Failure>> + Send;

    /// After the commit: cache write-through and the like. It cannot fail the batch any more.
    fn committed(&self, effects: Self::Effects) -> impl Future<Output = ()> + Send {
        drop(effects);
        std::future::ready(())
    }

    /// Messages that came again: the aggregates they changed the first time, each with the version it had
    /// then. A process may have died between that commit and its write-through.
    fn doubled(&self, aggregates: Vec<(String, u64)>) -> impl Future<Output = ()> + Send {
        drop(aggregates);
        std::future::ready(())
    }
}

/// Decides which lane a message goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneKey(u64);

impl LaneKey {
    /// The key of a text (a waybill number, a zone with its date and slot).
    #[must_use]
    pub fn of(text: impl Hash) -> Self {
        // fixed keys: instances and restarts agree
        #[allow(
            deprecated,
            reason = "SipHash with fixed keys is what is wanted: stable, not secret"
        )]
        let mut hasher = std::hash::SipHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The lane among `lanes`.
    pub(crate) fn lane(self, lanes: usize) -> usize {
        let lanes = u64::try_from(lanes.max(1)).unwrap_or(1);
        usize::try_from(self.0 % lanes).unwrap_or(0)
    }
}

/// How a message ended: a metric label and a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It had its effect.
    Applied,
    /// It said what was known already.
    Duplicate,
    /// Something newer had its effect before.
    Stale,
    /// It is kept and will count when its proof arrives.
    Parked,
    /// A business answer: no.
    Rejected(Refusal),
}

/// An outcome with the aggregate it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// How it ended.
    pub outcome: Outcome,
    /// Reference of what was changed.
    pub aggregate: Option<String>,
    /// Its version after the change.
    pub version: Option<u64>,
    /// What became of each item, for messages with several.
    pub items: Vec<ItemReply>,
}

impl Settlement {
    /// An outcome without an aggregate.
    #[must_use]
    pub const fn new(outcome: Outcome) -> Self {
        Self { outcome, aggregate: None, version: None, items: Vec::new() }
    }

    /// The same, of this aggregate at this version.
    #[must_use]
    pub fn of(mut self, aggregate: impl Into<String>, version: u64) -> Self {
        self.aggregate = Some(aggregate.into());
        self.version = Some(version);
        self
    }

    /// The same, with what became of each item of the message.
    #[must_use]
    pub fn with_items(mut self, items: Vec<ItemReply>) -> Self {
        self.items = items;
        self
    }

    pub(crate) fn reply<M>(&self, item: &Item<M>) -> Reply {
        let (outcome, refusal) = match &self.outcome {
            Outcome::Applied | Outcome::Stale => (ReplyOutcome::Applied, None),
            Outcome::Duplicate => (ReplyOutcome::Duplicate, None),
            Outcome::Parked => (ReplyOutcome::Accepted, None),
            Outcome::Rejected(refusal) => (ReplyOutcome::Rejected, Some(refusal.clone())),
        };
        Reply {
            message_id: item.envelope.message_id,
            outcome,
            code: self.outcome.code().to_owned(),
            refusal,
            items: self.items.clone(),
            aggregate: self.aggregate.clone(),
            version: self.version,
        }
    }
}

impl Outcome {
    /// The word that its sender is told: the outcome itself, or the refusal's code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Applied => "APPLIED",
            Self::Duplicate => "DUPLICATE",
            Self::Stale => "STALE",
            Self::Parked => "PARKED",
            Self::Rejected(refusal) => &refusal.code,
        }
    }

    pub(crate) const fn metric(&self) -> telemetry::Outcome {
        match self {
            Self::Applied => telemetry::Outcome::Applied,
            Self::Duplicate => telemetry::Outcome::Duplicate,
            Self::Stale => telemetry::Outcome::Stale,
            Self::Parked => telemetry::Outcome::Parked,
            Self::Rejected(_) => telemetry::Outcome::Rejected,
        }
    }
}

/// Why a message (or a whole batch) had no effect.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    /// Trying again later may help: the retry ladder.
    #[error("{cause}")]
    Transient {
        /// What happened, for people.
        cause: String,
        /// Not before this; else the ladder decides.
        retry_after: Option<Duration>,
    },
    /// It never will: the dead letters.
    #[error("{cause}")]
    Permanent {
        /// What happened and what to do, for people.
        cause: String,
    },
    /// The database; its class decides who is to blame.
    #[error(transparent)]
    Store(#[from] StoreError),
}
