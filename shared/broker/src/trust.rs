//! Whom a reader believes, and by which ways a message may arrive.
//!
//! Rights on the broker are by routing key, what a message does is by its type: so a type has to fit the
//! key that brought it. And a copy that a worker sent to itself (the retry ladder) names its original
//! sender in a header, which nobody else may.

use contracts::{Exchange, RoutingKey, UserId};
use queue_topology::{RETURN, WorkerKind};

/// Who may speak for the original sender of a message in one queue.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    reader: UserId,
    /// The user of the worker that the queue belongs to, whoever reads it.
    owner: Option<UserId>,
}

impl Trust {
    /// Of `reader` in a queue.
    pub(crate) fn of(reader: UserId, queue: &str) -> Self {
        let is_owner = |kind: &WorkerKind| {
            queue.strip_prefix(kind.name()).is_some_and(|rest| rest.starts_with('.'))
        };
        let owner = WorkerKind::ALL.into_iter().find(is_owner);
        Self { reader, owner: owner.and_then(|kind| UserId::new(kind.user()).ok()) }
    }

    /// True for the copies that a worker makes of its own messages, and for operators.
    pub(crate) fn covers(&self, publisher: &UserId) -> bool {
        *publisher == self.reader
            || self.owner.as_ref() == Some(publisher)
            || matches!(publisher.as_str(), "dray-operator" | "dray-admin")
    }
}

/// True when a message of this type may come by this exchange and key from an untrusted publisher.
pub(crate) fn fits(message_type: &str, exchange: &str, routing_key: &str) -> bool {
    if exchange == RETURN {
        return false;
    }
    let by_key = [
        Exchange::Commands,
        Exchange::Events,
        Exchange::Queries,
        Exchange::WmsIn,
        Exchange::WmsOut,
    ];
    if !by_key.iter().any(|topic| topic.name() == exchange) {
        return true;
    }
    let of_type = RoutingKey::of_type(message_type);
    let rest = routing_key.strip_prefix(of_type.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
