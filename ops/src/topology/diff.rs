//! How a broker differs from the topology. Pure.

use std::collections::{BTreeMap, BTreeSet};

use queue_topology::{Argument, ExchangeType, Queue, QueueType, Topology, User};
use serde::Serialize;
use serde_json::Value;

use super::live::{Live, LiveQueue};
use crate::output::{Output, Table, Tone};

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// The topology has it, the broker does not.
    Missing,
    /// The broker has it, the topology does not.
    Extra,
    /// Both have it, not alike.
    Different,
}

impl How {
    const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Different => "different",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// What kind.
    pub(crate) how: How,
    /// `exchange`, `queue`, `binding`, `rights` or `topic rights`.
    pub(crate) what: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Wanted and present value, where both exist.
    pub(crate) detail: String,
}

/// Everything that differs. What is private to a connection, and users of others, are left out.
pub(crate) fn compare(topology: &Topology, live: &Live) -> Vec<Difference> {
    let mut found = Vec::new();
    exchanges(topology, live, &mut found);
    queues(topology, live, &mut found);
    bindings(topology, live, &mut found);
    for user in &topology.users {
        rights(user, live, &mut found);
    }
    extra_users(topology, live, &mut found);
    found
}

fn note(
    found: &mut Vec<Difference>,
    how: How,
    what: &'static str,
    name: &str,
    detail: impl Into<String>,
) {
    found.push(Difference { how, what, name: name.to_owned(), detail: detail.into() });
}

fn exchanges(topology: &Topology, live: &Live, found: &mut Vec<Difference>) {
    for (name, kind) in &topology.exchanges {
        let wanted = match kind {
            ExchangeType::Topic => "topic",
            ExchangeType::Direct => "direct",
        };
        match live.exchanges.get(*name) {
            None => note(found, How::Missing, "exchange", name, wanted),
            Some(present) if present.kind != wanted || !present.durable => {
                let detail = format!("wanted durable {wanted}, present {}", present.kind);
                note(found, How::Different, "exchange", name, detail);
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = topology.exchanges.iter().map(|(name, _)| *name).collect();
    for name in live.exchanges.keys().filter(|name| !known.contains(name.as_str())) {
        note(found, How::Extra, "exchange", name, "");
    }
}

fn queues(topology: &Topology, live: &Live, found: &mut Vec<Difference>) {
    for queue in &topology.queues {
        match live.queues.get(&queue.name) {
            None => note(found, How::Missing, "queue", &queue.name, ""),
            Some(present) => {
                for detail in different_arguments(queue, present) {
                    note(found, How::Different, "queue", &queue.name, detail);
                }
            }
        }
    }
    let known: BTreeSet<&str> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
    for (name, queue) in live.queues.iter().filter(|(name, _)| !known.contains(name.as_str())) {
        let messages = queue.messages.unwrap_or(0);
        note(found, How::Extra, "queue", name, format!("{messages} messages"));
    }
}

/// The arguments that differ, one sentence each; empty when the queue is as it should be.
pub(super) fn different_arguments(queue: &Queue, present: &LiveQueue) -> Vec<String> {
    let wanted = arguments(queue);
    let names: BTreeSet<&String> = wanted.keys().chain(present.arguments.keys()).collect();
    let mut different: Vec<String> = names
        .into_iter()
        .filter(|name| wanted.get(*name) != present.arguments.get(*name))
        .map(|name| {
            let shown = |value: Option<&Value>| value.map_or("none".to_owned(), Value::to_string);
            let (want, have) = (shown(wanted.get(name)), shown(present.arguments.get(name)));
            format!("{name}: wanted {want}, present {have}")
        })
        .collect();
    if !present.durable {
        different.push("wanted durable, present transient".to_owned());
    }
    different
}

/// All arguments of a queue as the management API shows them.
pub(super) fn arguments(queue: &Queue) -> BTreeMap<String, Value> {
    let kind = match queue.queue_type {
        QueueType::Quorum => "quorum",
        QueueType::Classic => "classic",
    };
    let value = |argument: &Argument| match argument {
        Argument::Text(text) => Value::from(text.as_str()),
        Argument::Number(number) => Value::from(*number),
    };
    let mut all: BTreeMap<String, Value> = queue
        .arguments
        .iter()
        .map(|(name, argument)| ((*name).to_owned(), value(argument)))
        .collect();
    all.insert("x-queue-type".to_owned(), Value::from(kind));
    all
}

fn bindings(topology: &Topology, live: &Live, found: &mut Vec<Difference>) {
    let wanted: BTreeSet<(&str, &str, &str)> = topology
        .queues
        .iter()
        .flat_map(|queue| {
            queue
                .bindings
                .iter()
                .map(|b| (b.exchange.as_str(), b.key.as_str(), queue.name.as_str()))
        })
        .collect();
    let shared = live.bindings.iter().filter(|b| live.queues.contains_key(&b.destination));
    let present: BTreeSet<(&str, &str, &str)> = shared
        .map(|b| (b.source.as_str(), b.routing_key.as_str(), b.destination.as_str()))
        .collect();
    let name =
        |(exchange, key, queue): &(&str, &str, &str)| format!("{exchange} --{key}--> {queue}");
    for binding in wanted.difference(&present) {
        note(found, How::Missing, "binding", &name(binding), "");
    }
    for binding in present.difference(&wanted) {
        note(found, How::Extra, "binding", &name(binding), "");
    }
}

fn rights(user: &User, live: &Live, found: &mut Vec<Difference>) {
    let Some(present) = live.permissions.get(&user.name) else {
        return note(
            found,
            How::Missing,
            "rights",
            &user.name,
            "the user may nothing on this virtual host",
        );
    };
    let parts = [
        ("configure", &user.configure, &present.configure),
        ("write", &user.write, &present.write),
        ("read", &user.read, &present.read),
    ];
    for (part, wanted, present) in
        parts.into_iter().filter(|(_, wanted, present)| wanted != present)
    {
        let detail = format!("{part}: wanted {wanted}, present {present}");
        note(found, How::Different, "rights", &user.name, detail);
    }
    for topic in &user.topics {
        let name = format!("{} on {}", user.name, topic.exchange);
        let present =
            live.topics.iter().find(|t| t.user == user.name && t.exchange == topic.exchange);
        match present {
            None => note(found, How::Missing, "topic rights", &name, "any key is allowed"),
            Some(present) if present.write != topic.write || present.read != topic.read => {
                let detail = format!(
                    "wanted write {} read {}, present write {} read {}",
                    topic.write, topic.read, present.write, present.read
                );
                note(found, How::Different, "topic rights", &name, detail);
            }
            Some(_) => {}
        }
    }
    let known = |exchange: &str| user.topics.iter().any(|topic| topic.exchange == exchange);
    for topic in live.topics.iter().filter(|t| t.user == user.name && !known(&t.exchange)) {
        note(
            found,
            How::Extra,
            "topic rights",
            &format!("{} on {}", user.name, topic.exchange),
            "",
        );
    }
}

/// Users of ours (by their prefix) that the topology does not know any more.
fn extra_users(topology: &Topology, live: &Live, found: &mut Vec<Difference>) {
    let known: BTreeSet<&str> = topology.users.iter().map(|user| user.name.as_str()).collect();
    let ours = |name: &str| name.starts_with("dray-") || name.starts_with("partner-");
    for name in live.permissions.keys().filter(|name| ours(name) && !known.contains(name.as_str()))
    {
        if name != "dray-admin" {
            note(found, How::Extra, "rights", name, "");
        }
    }
}

/// The differences for a person.
pub(super) fn text(differences: &[Difference], output: Output) -> String {
    if differences.is_empty() {
        return output.paint(Tone::Good, "the broker is as the topology says");
    }
    let mut table = Table::new(&["how", "what", "name", "detail"]);
    for difference in differences {
        table.row([
            difference.how.word().to_owned(),
            difference.what.to_owned(),
            difference.name.clone(),
            difference.detail.clone(),
        ]);
    }
    table.render(output)
}
