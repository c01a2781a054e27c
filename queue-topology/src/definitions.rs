//! The topology in RabbitMQ's definitions format (for `rabbitmqctl import_definitions` and review).

use serde_json::{Map, Value, json};

use crate::queue::{Queue, QueueType};
use crate::topology::{ExchangeType, Topology};

/// A definitions document for one virtual host. Users are exported without passwords.
#[must_use]
pub fn definitions(topology: &Topology, vhost: &str) -> Value {
    let exchanges: Vec<Value> = topology
        .exchanges
        .iter()
        .map(|(name, kind)| {
            json!({"name": name, "vhost": vhost, "type": exchange_type(*kind), "durable": true,
                   "auto_delete": false, "internal": false, "arguments": {}})
        })
        .collect();
    let queues: Vec<Value> =
        topology.queues.iter().map(|queue| queue_value(queue, vhost)).collect();
    let bindings: Vec<Value> = topology
        .queues
        .iter()
        .flat_map(|queue| queue.bindings.iter().map(move |binding| (queue, binding)))
        .map(|(queue, binding)| {
            json!({"source": binding.exchange, "vhost": vhost, "destination": queue.name,
                   "destination_type": "queue", "routing_key": binding.key, "arguments": {}})
        })
        .collect();
    let permissions: Vec<Value> = topology
        .users
        .iter()
        .map(|user| {
            json!({"user": user.name, "vhost": vhost, "configure": user.configure,
                   "write": user.write, "read": user.read})
        })
        .collect();
    let topics: Vec<Value> = topology
        .users
        .iter()
        .flat_map(|user| user.topics.iter().map(move |topic| (user, topic)))
        .map(|(user, topic)| {
            json!({"user": user.name, "vhost": vhost, "exchange": topic.exchange,
                   "write": topic.write, "read": topic.read})
        })
        .collect();
    json!({"vhosts": [{"name": vhost}], "exchanges": exchanges, "queues": queues,
           "bindings": bindings, "permissions": permissions, "topic_permissions": topics})
}

/// The word for an exchange type.
fn exchange_type(kind: ExchangeType) -> &'static str {
    match kind {
        ExchangeType::Topic => "topic",
        ExchangeType::Direct => "direct",
    }
}

fn queue_value(queue: &Queue, vhost: &str) -> Value {
    let kind = match queue.queue_type {
        QueueType::Quorum => "quorum",
        QueueType::Classic => "classic",
    };
    let mut arguments: Map<String, Value> =
        queue.arguments.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    arguments.insert("x-queue-type".to_owned(), json!(kind));
    json!({"name": queue.name, "vhost": vhost, "durable": true, "auto_delete": false,
           "arguments": arguments})
}
