//! What a running broker holds in one virtual host, as its management API tells it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Result;
use crate::management::{Management, path};

/// Exchanges, queues, bindings and rights of a virtual host.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Exchanges by name (without the broker's own).
    pub(crate) exchanges: BTreeMap<String, LiveExchange>,
    /// Durable queues by name.
    pub(crate) queues: BTreeMap<String, LiveQueue>,
    /// Bindings of queues to exchanges.
    pub(crate) bindings: Vec<LiveBinding>,
    /// Rights by user.
    pub(crate) permissions: BTreeMap<String, LivePermission>,
    /// Topic rights.
    pub(crate) topics: Vec<LiveTopic>,
}

/// An exchange.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LiveExchange {
    name: String,
    /// `topic`, `direct`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Survives a restart.
    pub(crate) durable: bool,
}

/// A queue. Counts are absent while the broker has no statistics of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LiveQueue {
    /// Its name.
    pub(crate) name: String,
    /// Survives a restart.
    pub(crate) durable: bool,
    /// Bound to one connection.
    #[serde(default)]
    exclusive: bool,
    /// Arguments, `x-queue-type` among them.
    pub(crate) arguments: BTreeMap<String, Value>,
    /// Consumers.
    #[serde(default)]
    pub(crate) consumers: Option<u64>,
    /// Ready and unacknowledged messages.
    #[serde(default)]
    pub(crate) messages: Option<u64>,
    /// Delivered, not acknowledged yet.
    #[serde(default)]
    pub(crate) messages_unacknowledged: Option<u64>,
    /// `running`, or absent for a quorum queue without a leader.
    #[serde(default)]
    pub(crate) state: Option<String>,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LiveBinding {
    /// The exchange; empty for the default one.
    pub(crate) source: String,
    /// The queue.
    pub(crate) destination: String,
    destination_type: String,
    /// The key.
    pub(crate) routing_key: String,
    /// The broker's name of the binding, for deleting it.
    #[serde(default)]
    pub(crate) properties_key: String,
}

/// Rights of a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LivePermission {
    user: String,
    /// What it may declare.
    pub(crate) configure: String,
    /// What it may write to.
    pub(crate) write: String,
    /// What it may read from.
    pub(crate) read: String,
}

/// Topic rights of a user on an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LiveTopic {
    /// The user.
    pub(crate) user: String,
    /// The exchange.
    pub(crate) exchange: String,
    /// Keys it may publish with.
    pub(crate) write: String,
    /// Keys it may bind with.
    pub(crate) read: String,
}

impl Live {
    /// Asks the broker.
    pub(crate) async fn read(management: &Management, vhost: &str) -> Result<Self> {
        let exchanges: Vec<LiveExchange> = management.get(&path(&["exchanges", vhost])).await?;
        let bindings: Vec<LiveBinding> = management.get(&path(&["bindings", vhost])).await?;
        let permissions: Vec<LivePermission> =
            management.get(&path(&["vhosts", vhost, "permissions"])).await?;
        let ours = |exchange: &LiveExchange| {
            !exchange.name.is_empty() && !exchange.name.starts_with("amq.")
        };
        let named = |binding: &LiveBinding| {
            !binding.source.is_empty() && binding.destination_type == "queue"
        };
        Ok(Self {
            exchanges: exchanges.into_iter().filter(ours).map(|e| (e.name.clone(), e)).collect(),
            queues: queues(management, vhost).await?,
            bindings: bindings.into_iter().filter(named).collect(),
            permissions: permissions.into_iter().map(|p| (p.user.clone(), p)).collect(),
            topics: management.get(&path(&["vhosts", vhost, "topic-permissions"])).await?,
        })
    }
}

/// The queues of a virtual host by name, without those that belong to one connection.
pub(crate) async fn queues(
    management: &Management,
    vhost: &str,
) -> Result<BTreeMap<String, LiveQueue>> {
    let queues: Vec<LiveQueue> = management.get(&path(&["queues", vhost])).await?;
    let shared = queues.into_iter().filter(|queue| !queue.exclusive);
    Ok(shared.map(|queue| (queue.name.clone(), queue)).collect())
}

#[cfg(test)]
impl LivePermission {
    /// Rights to everything.
    pub(super) fn everything(user: &str) -> Self {
        let all = || ".*".to_owned();
        Self { user: user.to_owned(), configure: all(), write: all(), read: all() }
    }
}
