//! Tests of the document's structure: nothing points nowhere, nothing is missing. (That AsyncAPI's own
//! parser takes it was tried by hand: it is an npm package and no part of this workspace.)

use std::collections::BTreeSet;

use contracts::{Catalogue, RoutingKey};
use queue_topology::{Topology, WorkQueue, WorkerKind};
use serde_json::Value;

use super::asyncapi::document;

fn written() -> Value {
    document(&Catalogue::all(), &Topology::all(), "dray")
}

/// Everything that is reached by `$ref` from here.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.clone());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The messages that an operation refers to.
fn of_operation<'a>(document: &'a Value, operation: &str) -> BTreeSet<&'a str> {
    let listed = document["operations"][operation]["messages"].as_array().unwrap().iter();
    listed.map(|m| m["$ref"].as_str().unwrap().rsplit_once('/').unwrap().1).collect()
}

#[test]
fn every_reference_resolves() {
    let document = written();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_message_type_is_there_and_has_a_channel() {
    let (document, catalogue) = (written(), Catalogue::all());
    let all: BTreeSet<&str> =
        catalogue.messages.iter().chain(&catalogue.answers).map(|message| message.name).collect();
    assert_eq!(names(&document["components"]["messages"]), all);
    let channels = document["channels"].as_object().unwrap();
    let carried: BTreeSet<&str> =
        channels.values().flat_map(|channel| names(&channel["messages"])).collect();
    assert_eq!(carried, all);
    for (id, channel) in channels {
        assert!(!channel["messages"].as_object().unwrap().is_empty(), "{id} carries nothing");
        let address = channel["address"].as_str().unwrap();
        let words: BTreeSet<&str> = address.split(['{', '}']).skip(1).step_by(2).collect();
        let parameters = channel.get("parameters").map(names).unwrap_or_default();
        assert_eq!(parameters, words, "{id}");
    }
}

/// The types that a queue is bound to; some of them with several words.
fn bound(kind: WorkerKind, queue: WorkQueue) -> BTreeSet<&'static str> {
    let of_key = |key: &str| {
        let types = Catalogue::all().messages.into_iter().map(|message| message.name);
        let is_of = |name: &&str| {
            let stem = RoutingKey::of_type(name);
            let words = key.strip_prefix(stem.as_str());
            words.is_some_and(|words| words.is_empty() || words.starts_with('.'))
        };
        types.filter(is_of).max_by_key(|name| name.len()).unwrap()
    };
    kind.bindings(queue).iter().map(|(_, key)| of_key(key)).collect()
}

#[test]
fn each_worker_receives_what_its_queues_are_bound_to() {
    let document = written();
    for kind in WorkerKind::ALL {
        for queue in kind.work_queues() {
            let name = kind.queue(*queue);
            assert!(document["channels"].get(&name).is_some(), "{name}");
            let received = of_operation(&document, &format!("{name}.receives"));
            assert_eq!(received, bound(kind, *queue), "{name}");
        }
    }
    let events = of_operation(&document, "wms-sync.events.receives");
    let expected = ["sales-order.cancellation-asked.v1", "sales-order.submitted.v1"];
    assert_eq!(events, BTreeSet::from(expected), "one of them bound to one of its keys");
}

#[test]
fn each_worker_sends_what_its_rights_allow() {
    let document = written();
    let sent_by = |worker: &str| -> BTreeSet<String> {
        let prefix = format!("{worker}.sends.");
        let operations = document["operations"].as_object().unwrap().keys();
        operations.filter_map(|id| Some(id.strip_prefix(&prefix)?.to_owned())).collect()
    };
    let expected = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let intake = [
        "answers",
        "order.accepted.v1",
        "order.amendment-requested.v1",
        "order.cancellation-requested.v1",
        "order.changed.v1",
    ];
    assert_eq!(sent_by("order-intake"), expected(&intake));
    assert_eq!(sent_by("query-desk"), expected(&["answers"]));
    let assigner =
        ["assignment.assigned.v1", "assignment.unassignable.v1", "assignment.unassigned.v1"];
    assert!(sent_by("adra-assigner").is_superset(&expected(&assigner)));
    let answers = of_operation(&document, "query-desk.sends.answers");
    assert_eq!(answers, BTreeSet::from(["control.answer.v1", "query.answer.v1"]));
    let answers = of_operation(&document, "identity.sends.answers");
    assert_eq!(answers, BTreeSet::from(["control.answer.v1", "identity.answer.v1"]));
}

#[test]
fn inner_queues_are_left_out() {
    let document = written();
    let inner = |id: &&str| id.contains(".retry.") || id.ends_with(".dlq");
    assert_eq!(names(&document["channels"]).into_iter().find(inner), None);
}
