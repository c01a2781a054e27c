//! Tests of the topology as data. That the broker understands it and that the rights hold is tested
//! against a real one, in `shared/broker/tests`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod queues;
mod rights;
mod routes;

use std::collections::BTreeSet;

use crate::*;

/// Fails at the first name that is there twice.
fn assert_unique<T: Ord + std::fmt::Debug>(names: impl IntoIterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for name in names {
        let shown = format!("{name:?}");
        assert!(seen.insert(name), "{shown} is there twice");
    }
}

#[test]
fn names_are_unique_and_fit() {
    let topology = Topology::all();
    assert_unique(topology.exchanges.iter().map(|(name, _)| name));
    assert_unique(topology.queues.iter().map(|queue| &queue.name));
    assert_unique(topology.users.iter().map(|user| &user.name));
    for queue in &topology.queues {
        assert!(queue.name.len() <= 255, "an AMQP name has at most 255 bytes");
        assert_unique(&queue.bindings);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        assert!(queue.name.chars().all(allowed), "{}", queue.name);
    }
}

#[test]
fn names_of_kinds_read_back() {
    for kind in WorkerKind::ALL {
        assert_eq!(WorkerKind::parse(kind.name()), Some(kind));
        assert_eq!(kind.user(), format!("dray-{}", kind.name()));
        assert!(kind.control_queue("i-1").starts_with("dray.control."));
        assert!(kind.reply_queue("i-1").starts_with("dray.reply."));
    }
    assert_eq!(WorkerKind::parse("order_intake"), None);
}

#[test]
fn a_part_of_the_topology_is_that_part_of_the_whole() {
    let all = Topology::all();
    for kind in WorkerKind::ALL {
        let part = Topology::of(&[kind]);
        assert_eq!(part.exchanges, all.exchanges);
        assert!(part.users.is_empty(), "rights are granted once, with the whole");
        for queue in &part.queues {
            assert!(all.queues.contains(queue), "{}", queue.name);
        }
    }
    let parts: usize = WorkerKind::ALL.map(|kind| Topology::of(&[kind]).queues.len()).iter().sum();
    assert_eq!(parts, all.queues.len(), "no queue belongs to two kinds or to none");
}

/// The committed file is what operators review and what runs in production.
#[test]
fn the_definitions_are_the_committed_ones() {
    let committed: serde_json::Value =
        serde_json::from_str(include_str!("../snapshots/definitions.json")).unwrap();
    let now = definitions(&Topology::all(), "dray");
    assert_eq!(
        now, committed,
        "the topology changed: review it, see whether a running queue needs a migration, then run \
         `cargo run -p queue-topology --example write_definitions` and commit the file"
    );
    assert_eq!(now, definitions(&Topology::all(), "dray"), "the same every time");
}

#[test]
fn topic_patterns_match_as_the_broker_does() {
    let table = [
        ("a.b", "a.b", true),
        ("a.b", "a.b.c", false),
        ("a.b", "a", false),
        ("a.*", "a.b", true),
        ("a.*", "a", false),
        ("a.*", "a.b.c", false),
        ("*.b", "a.b", true),
        ("a.#", "a", true),
        ("a.#", "a.b.c.d", true),
        ("a.#", "ab", false),
        ("#", "", true),
        ("#", "a.b.c", true),
        ("#.c", "a.b.c", true),
        ("#.c", "c", true),
        ("a.#.c", "a.c", true),
        ("a.#.c", "a.b.b.c", true),
        ("a.#.c", "a.b.b", false),
        ("a.*.#", "a", false),
        ("a.*.#", "a.b", true),
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
    ];
    for (pattern, key, matches) in table {
        assert_eq!(topic_matches(pattern, key), matches, "{pattern} and {key}");
    }
}
