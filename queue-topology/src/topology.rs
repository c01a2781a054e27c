//! The whole topology, and the part of it that one worker needs.

use std::collections::BTreeSet;

use contracts::Exchange;

use crate::queue::Queue;
use crate::topic::topic_matches;
use crate::user::{User, users};
use crate::worker::{RetryTier, WorkerKind};

/// Retry and dead-letter queues hang on this one.
pub const DLX: &str = "dray.dlx";
/// What waited in a retry queue comes back through this one.
pub const RETURN: &str = "dray.return";
/// What the warehouse management system consumes.
pub(crate) const WMS_OUTBOUND_QUEUE: &str = "wms.outbound";

/// Kind of exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeType {
    /// Patterns.
    Topic,
    /// Exact keys.
    Direct,
}

/// Every durable exchange.
pub const EXCHANGES: [(&str, ExchangeType); 9] = [
    (Exchange::Commands.name(), ExchangeType::Topic),
    (Exchange::Events.name(), ExchangeType::Topic),
    (Exchange::Queries.name(), ExchangeType::Topic),
    (Exchange::Control.name(), ExchangeType::Topic),
    (Exchange::Replies.name(), ExchangeType::Direct),
    (Exchange::WmsIn.name(), ExchangeType::Topic),
    (Exchange::WmsOut.name(), ExchangeType::Topic),
    (RETURN, ExchangeType::Direct),
    (DLX, ExchangeType::Direct),
];

/// Exchanges, queues and users of a virtual host.
#[derive(Debug, Clone)]
pub struct Topology {
    /// Durable exchanges.
    pub exchanges: Vec<(&'static str, ExchangeType)>,
    /// Durable queues with their bindings.
    pub queues: Vec<Queue>,
    /// Users with their rights.
    pub users: Vec<User>,
}

impl Topology {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        let mut queues: Vec<Queue> = WorkerKind::ALL.into_iter().flat_map(worker_queues).collect();
        queues.push(wms_outbound());
        Self { exchanges: EXCHANGES.to_vec(), queues, users: users() }
    }

    /// The exchanges and the queues of some kinds only (and no users): what one test needs.
    #[must_use]
    pub fn of(kinds: &[WorkerKind]) -> Self {
        let mut queues: Vec<Queue> = kinds.iter().copied().flat_map(worker_queues).collect();
        if kinds.contains(&WorkerKind::WmsSync) {
            queues.push(wms_outbound());
        }
        Self { exchanges: EXCHANGES.to_vec(), queues, users: Vec::new() }
    }
}

fn wms_outbound() -> Queue {
    Queue::partner(WMS_OUTBOUND_QUEUE, Exchange::WmsOut, "wms.#")
}

fn worker_queues(kind: WorkerKind) -> Vec<Queue> {
    let work = kind.work_queues().iter().map(|queue| Queue::work(kind, *queue));
    let mut queues: Vec<Queue> = work.collect();
    if let (true, Some(home)) = (kind.settles_messages(), kind.work_queues().first()) {
        queues.extend(RetryTier::ALL.into_iter().map(|tier| Queue::retry(kind, tier, *home)));
        queues.push(Queue::dead_letters(kind));
    }
    queues
}

/// True when some queue of the topology takes messages with this key: only then is a publication that
/// comes back unroutable an error. Events nobody consumes yet are published all the same.
#[must_use]
pub fn is_routed(exchange: Exchange, key: &str) -> bool {
    static PATTERNS: std::sync::LazyLock<BTreeSet<(String, String)>> =
        std::sync::LazyLock::new(|| {
            let queues = Topology::all().queues.into_iter();
            queues.flat_map(|queue| queue.bindings).map(|b| (b.exchange, b.key)).collect()
        });
    PATTERNS.iter().any(|(name, pattern)| name == exchange.name() && topic_matches(pattern, key))
}
