//! The AsyncAPI 3.0 document: a channel for each routing key and for each queue, an operation for all
//! that a worker sends and receives, a message for each contract.
//!
//! Pure: the same messages and the same topology give the same document.

use contracts::{Catalogue, Exchange, MessageType};
use queue_topology::{EXCHANGES, ExchangeType, Queue, Topology, WorkerKind, topic_matches};
use serde_json::{Map, Value, json};

use super::envelope;

const AMQP_BINDING: &str = "0.3.0";
const REPLIES: &str = "dray.replies";

/// Writes everything down, for the virtual host of that name.
pub(super) fn document(catalogue: &Catalogue, topology: &Topology, vhost: &str) -> Value {
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:dray:exchange",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": {"broker": server(vhost)},
        "channels": channels(catalogue, topology, vhost),
        "operations": operations(catalogue, topology),
        "components": {
            "messages": messages(catalogue),
            "messageTraits": {"envelope": envelope::message_trait()},
            "schemas": schemas(catalogue),
            "securitySchemes": {
                "password": {"type": "userPassword", "description": "One broker user for each worker and partner."}
            },
        },
    })
}

fn info() -> Value {
    json!({
        "title": "Dray",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The order and waybill exchange: everything that changes anything is one of these \
            messages. The envelope is AMQP 0.9.1 properties, the body is JSON in UTF-8. Unknown fields are \
            refused in commands and ignored in events.",
        "license": {"name": "MIT OR Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "tags": WorkerKind::ALL.map(|kind| json!({"name": kind.name()})),
    })
}

fn server(vhost: &str) -> Value {
    json!({
        "host": "{host}:{port}",
        "pathname": format!("/{vhost}"),
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ 3.10 or newer.",
        "variables": {
            "host": {"default": "localhost", "description": "The broker."},
            "port": {"default": "5672", "description": "5671 where the broker speaks TLS."},
        },
        "security": [{"$ref": "#/components/securitySchemes/password"}],
    })
}

// ---- channels

fn channels(catalogue: &Catalogue, topology: &Topology, vhost: &str) -> Map<String, Value> {
    let mut channels = Map::new();
    for message in &catalogue.messages {
        let id = key_channel(message);
        let sharing = catalogue.messages.iter().filter(|other| key_channel(other) == id);
        channels.insert(id.clone(), by_key(message, sharing, vhost));
    }
    for queue in topology.queues.iter().filter(|queue| is_public(queue)) {
        let carried = catalogue.messages.iter().filter(|message| carries(queue, message));
        channels.insert(queue.name.clone(), by_queue(queue, carried, vhost));
    }
    channels.insert(REPLIES.to_owned(), replies(catalogue, vhost));
    channels
}

/// `order.create`: a routing key without the part that differs from message to message.
fn key_channel(message: &MessageType) -> String {
    stem(&message.key_form).to_owned()
}

fn stem(key_form: &str) -> &str {
    key_form.split_once(".{").map_or(key_form, |(stem, _)| stem)
}

/// Retry queues and dead letters are the fleet's own affair.
fn is_public(queue: &Queue) -> bool {
    let internal = |kind: WorkerKind| {
        let retry = format!("{}.retry.", kind.name());
        queue.name.starts_with(&retry) || queue.name == kind.dead_letter_queue()
    };
    !WorkerKind::ALL.into_iter().any(internal)
}

/// True when some binding of the queue can bring this message.
fn carries(queue: &Queue, message: &MessageType) -> bool {
    let of_exchange = queue.bindings.iter().filter(|b| b.exchange == message.exchange.name());
    of_exchange.into_iter().any(|binding| can_match(&binding.key, &message.key_form))
}

/// A pattern can match a form whose last word is still open when it matches one of its keys.
fn can_match(pattern: &str, key_form: &str) -> bool {
    let stem = stem(key_form);
    let names_the_word =
        stem != key_form && pattern.rsplit_once('.').is_some_and(|(head, _)| head == stem);
    names_the_word || topic_matches(pattern, key_form)
}

fn by_key<'a>(
    message: &MessageType,
    sharing: impl Iterator<Item = &'a MessageType>,
    vhost: &str,
) -> Value {
    let mut channel = json!({
        "address": message.key_form,
        "description": format!("Published to {} with this routing key.", message.exchange.name()),
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": references(sharing),
        "bindings": {"amqp": {
            "is": "routingKey",
            "exchange": exchange(message.exchange, vhost),
            "bindingVersion": AMQP_BINDING,
        }},
    });
    let parameters = parameters(&message.key_form);
    if let (false, Some(fields)) = (parameters.is_empty(), channel.as_object_mut()) {
        fields.insert("parameters".to_owned(), parameters.into());
    }
    channel
}

fn by_queue<'a>(
    queue: &Queue,
    carried: impl Iterator<Item = &'a MessageType>,
    vhost: &str,
) -> Value {
    json!({
        "address": queue.name,
        "description": "A queue that the topology declares; workers never do.",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": references(carried),
        "bindings": {"amqp": {
            "is": "queue",
            "queue": {"name": queue.name, "durable": true, "exclusive": false, "autoDelete": false, "vhost": vhost},
            "bindingVersion": AMQP_BINDING,
        }},
        "x-queue-type": queue.queue_type,
        "x-queue-arguments": queue.arguments,
        "x-queue-bindings": queue.bindings,
    })
}

fn replies(catalogue: &Catalogue, vhost: &str) -> Value {
    let address = "dray.reply.{asker}.{instance}";
    json!({
        "address": address,
        "description": "The asker's own queue: its name is the property reply_to and the routing key on \
            dray.replies.",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": parameters(address),
        "messages": references(catalogue.answers.iter()),
        "bindings": {"amqp": {
            "is": "routingKey",
            "exchange": exchange(Exchange::Replies, vhost),
            "bindingVersion": AMQP_BINDING,
        }},
    })
}

fn exchange(exchange: Exchange, vhost: &str) -> Value {
    let direct = EXCHANGES.contains(&(exchange.name(), ExchangeType::Direct));
    let kind = if direct { "direct" } else { "topic" };
    json!({"name": exchange.name(), "type": kind, "durable": true, "autoDelete": false, "vhost": vhost})
}

/// The words in braces.
fn parameters(address: &str) -> Map<String, Value> {
    let words = address.split('.').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    words.map(|word| (word.to_owned(), json!({"description": parameter(word)}))).collect()
}

fn parameter(word: &str) -> &'static str {
    match word {
        "status" => "The new status in lower case, words joined by hyphens.",
        "fulfilled_by" => "Who picks: warehouse or merchant.",
        "worker" => "The worker kind.",
        "asker" => "The worker kind of the asker, or operator.",
        _ => "The asker's name: letters, digits and hyphens.",
    }
}

fn references<'a>(messages: impl Iterator<Item = &'a MessageType>) -> Map<String, Value> {
    messages
        .map(|message| (message.name.to_owned(), json!({"$ref": component(message.name)})))
        .collect()
}

fn component(message_type: &str) -> String {
    format!("#/components/messages/{message_type}")
}

// ---- operations

fn operations(catalogue: &Catalogue, topology: &Topology) -> Map<String, Value> {
    let mut operations = Map::new();
    for kind in WorkerKind::ALL {
        for message in catalogue.messages.iter().filter(|message| sends(kind, message)) {
            let id = format!("{}.sends.{}", kind.name(), message.name);
            operations.insert(id, sending(kind, &key_channel(message), [message]));
        }
        let names: Vec<_> = kind.work_queues().iter().map(|queue| kind.queue(*queue)).collect();
        for queue in topology.queues.iter().filter(|queue| names.contains(&queue.name)) {
            let id = format!("{}.receives", queue.name);
            operations.insert(id, receiving(kind, queue, catalogue));
        }
        if kind.has_database() {
            let id = format!("{}.sends.answers", kind.name());
            operations.insert(id, sending(kind, REPLIES, answers_of(kind, catalogue)));
        }
    }
    operations
}

fn sends(kind: WorkerKind, message: &MessageType) -> bool {
    let rights = kind.publishes();
    let mut patterns = rights
        .into_iter()
        .filter(|(exchange, _)| *exchange == message.exchange)
        .flat_map(|(_, patterns)| patterns);
    patterns.any(|pattern| can_match(pattern, &message.key_form))
}

/// Every worker with settings that can be changed answers operators; one that is asked questions answers those, the others commands.
fn answers_of(kind: WorkerKind, catalogue: &Catalogue) -> Vec<&MessageType> {
    let own = if kind.settles_messages() {
        "reply.v1"
    } else if kind == WorkerKind::Identity {
        "identity.answer.v1"
    } else {
        "query.answer.v1"
    };
    let is_own = |answer: &&MessageType| [own, "control.answer.v1"].contains(&answer.name);
    catalogue.answers.iter().filter(is_own).collect()
}

fn sending<'a>(
    kind: WorkerKind,
    channel: &str,
    messages: impl IntoIterator<Item = &'a MessageType>,
) -> Value {
    let is_answer = channel == REPLIES;
    json!({
        "action": "send",
        "channel": {"$ref": format!("#/channels/{channel}")},
        "messages": in_channel(channel, messages),
        "tags": [{"name": kind.name()}],
        "bindings": {"amqp": {
            "deliveryMode": if is_answer { 1 } else { 2 },
            "mandatory": !is_answer,
            "timestamp": true,
            "bindingVersion": AMQP_BINDING,
        }},
    })
}

fn in_channel<'a>(
    channel: &str,
    messages: impl IntoIterator<Item = &'a MessageType>,
) -> Vec<Value> {
    let reference = |message: &MessageType| json!({"$ref": format!("#/channels/{channel}/messages/{}", message.name)});
    messages.into_iter().map(reference).collect()
}

fn receiving(kind: WorkerKind, queue: &Queue, catalogue: &Catalogue) -> Value {
    let carried: Vec<_> = catalogue.messages.iter().filter(|m| carries(queue, m)).collect();
    let mut operation = json!({
        "action": "receive",
        "channel": {"$ref": format!("#/channels/{}", queue.name)},
        "messages": in_channel(&queue.name, carried.iter().copied()),
        "tags": [{"name": kind.name()}],
        "bindings": {"amqp": {"ack": true, "bindingVersion": AMQP_BINDING}},
    });
    let asked =
        carried.iter().any(|m| matches!(m.exchange, Exchange::Commands | Exchange::Queries));
    if let (true, Some(fields)) = (asked, operation.as_object_mut()) {
        fields.insert("reply".to_owned(), reply(kind, catalogue));
    }
    operation
}

/// The answer to whoever set `reply_to`.
fn reply(kind: WorkerKind, catalogue: &Catalogue) -> Value {
    let of_control = |answer: &&MessageType| answer.name == "control.answer.v1";
    let answers = answers_of(kind, catalogue).into_iter().filter(|answer| !of_control(answer));
    json!({"channel": {"$ref": format!("#/channels/{REPLIES}")}, "messages": in_channel(REPLIES, answers)})
}

// ---- components

fn messages(catalogue: &Catalogue) -> Map<String, Value> {
    let all = catalogue.messages.iter().chain(&catalogue.answers);
    all.map(|message| (message.name.to_owned(), describe(message, catalogue))).collect()
}

fn describe(message: &MessageType, catalogue: &Catalogue) -> Value {
    let mut described = json!({
        "name": message.name,
        "payload": message.payload,
        "traits": [{"$ref": "#/components/messageTraits/envelope"}],
        "bindings": {"amqp": {"messageType": message.name, "bindingVersion": AMQP_BINDING}},
    });
    if let (Some(text), Some(fields)) = (description(message, catalogue), described.as_object_mut())
    {
        fields.insert("summary".to_owned(), text.clone());
    }
    described
}

/// What the schema says about itself.
fn description<'a>(message: &MessageType, catalogue: &'a Catalogue) -> Option<&'a Value> {
    let reference = message.payload.get("$ref")?.as_str()?;
    let name = reference.strip_prefix("#/components/schemas/")?;
    catalogue.schemas.get(name)?.get("description")
}

fn schemas(catalogue: &Catalogue) -> Map<String, Value> {
    let mut schemas = catalogue.schemas.clone();
    schemas.insert("DrayHeaders".to_owned(), envelope::headers());
    schemas.insert("AmqpProperties".to_owned(), envelope::properties());
    schemas
}
