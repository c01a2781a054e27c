//! Tests of the comparison: the broker's own words for a topology, and every way to differ from it.

use queue_topology::Topology;
use serde_json::{Value, json};

use super::diff::{How, compare};
use super::live::{Live, LiveBinding, LivePermission, LiveQueue, LiveTopic};

/// A broker that is exactly as the topology says, in the management API's words.
fn as_it_should_be(topology: &Topology) -> Live {
    let document = queue_topology::definitions(topology, "v");
    fn rows<T: serde::de::DeserializeOwned>(document: &Value, name: &str) -> Vec<T> {
        serde_json::from_value(document[name].clone()).unwrap()
    }
    let exchanges: Vec<super::live::LiveExchange> = rows(&document, "exchanges");
    let names = document["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["name"].as_str().unwrap().to_owned());
    let queues: Vec<LiveQueue> = rows(&document, "queues");
    let bindings: Vec<LiveBinding> = rows(&document, "bindings");
    let permissions: Vec<LivePermission> = rows(&document, "permissions");
    let users = document["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["user"].as_str().unwrap().to_owned());
    let topics: Vec<LiveTopic> = rows(&document, "topic_permissions");
    Live {
        exchanges: names.zip(exchanges).collect(),
        queues: queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect(),
        bindings,
        permissions: users.zip(permissions).collect(),
        topics,
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Live), expected: &[(How, &str, &str)]) {
    let topology = Topology::all();
    let mut live = as_it_should_be(&topology);
    change(&mut live);
    let found = compare(&topology, &live);
    let found: Vec<(How, &str, &str)> =
        found.iter().map(|d| (d.how, d.what, d.name.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_topology_equals_its_own_definitions() {
    check(|_live| {}, &[]);
}

#[test]
fn what_is_missing_is_named() {
    check(
        |live| {
            live.queues.remove("order-intake.dlq");
            live.bindings.retain(|binding| binding.destination != "order-intake.dlq");
        },
        &[
            (How::Missing, "queue", "order-intake.dlq"),
            (How::Missing, "binding", "dray.dlx --order-intake.dlq--> order-intake.dlq"),
        ],
    );
    check(
        |live| {
            live.permissions.remove("dray-order-intake");
        },
        &[(How::Missing, "rights", "dray-order-intake")],
    );
}

#[test]
fn a_changed_argument_is_a_difference_of_its_queue() {
    check(
        |live| {
            let queue = live.queues.get_mut("order-intake.commands").unwrap();
            queue.arguments.insert("x-max-length".to_owned(), json!(77));
            queue.arguments.insert("x-max-priority".to_owned(), json!(10));
        },
        &[
            (How::Different, "queue", "order-intake.commands"),
            (How::Different, "queue", "order-intake.commands"),
        ],
    );
}

#[test]
fn what_nobody_asked_for_is_extra() {
    let foreign = |user: &str| LivePermission::everything(user);
    check(
        |live| {
            live.permissions.insert("dray-old-worker".to_owned(), foreign("dray-old-worker"));
            live.permissions.insert("dray-admin".to_owned(), foreign("dray-admin"));
            live.permissions.insert("somebody-else".to_owned(), foreign("somebody-else"));
        },
        &[(How::Extra, "rights", "dray-old-worker")],
    );
    check(
        |live| {
            let wanted = |b: &&LiveBinding| {
                b.source == "dray.commands" && b.destination == "order-intake.commands"
            };
            let binding = live.bindings.iter().find(wanted);
            let mut old = binding.unwrap().clone();
            old.routing_key = "old.key".to_owned();
            live.bindings.push(old);
        },
        &[(How::Extra, "binding", "dray.commands --old.key--> order-intake.commands")],
    );
}

#[test]
fn wider_rights_are_a_difference() {
    check(
        |live| {
            for topic in live
                .topics
                .iter_mut()
                .filter(|t| t.user == "dray-wms-sync" && t.exchange == "dray.commands")
            {
                topic.write = ".*".to_owned();
            }
        },
        &[(How::Different, "topic rights", "dray-wms-sync on dray.commands")],
    );
}
