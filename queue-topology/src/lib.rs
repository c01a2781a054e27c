//! The broker's topology as data: exchanges, queues with their arguments, bindings, users and rights.
//!
//! What lives here: pure data and questions about it (which queue, which right, is this key routed).
//! What never does: a connection. `dray topology apply` declares it, workers only use it.
//! Everything works unchanged on RabbitMQ 3.10.8 and 4.x.

mod bindings;
mod definitions;
mod queue;
#[cfg(test)]
mod tests;
mod topic;
mod topology;
mod user;
mod worker;

pub use definitions::definitions;
pub use queue::{Argument, Binding, Queue, QueueType};
pub use topic::topic_matches;
pub use topology::{DLX, EXCHANGES, ExchangeType, RETURN, Topology, is_routed};
pub use user::{TopicPermission, User, users};
pub use worker::{BEHIND_AN_ORDER, RetryTier, WorkQueue, WorkerKind};
