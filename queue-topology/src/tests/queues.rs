//! Types and arguments of queues.

use std::collections::BTreeSet;

use crate::*;

fn text<'a>(queue: &'a Queue, argument: &str) -> Option<&'a str> {
    match queue.arguments.get(argument)? {
        Argument::Text(text) => Some(text),
        Argument::Number(number) => panic!("{argument} is the number {number}"),
    }
}

fn number(queue: &Queue, argument: &str) -> Option<i64> {
    match queue.arguments.get(argument)? {
        Argument::Number(number) => Some(*number),
        Argument::Text(text) => panic!("{argument} is the text {text}"),
    }
}

fn named(name: &str) -> Queue {
    let found = Topology::all().queues.into_iter().find(|queue| queue.name == name);
    found.unwrap_or_else(|| panic!("no queue {name}"))
}

/// Only what both RabbitMQ 3.10 and 4.x take: no priority, no lazy mode, no expiring queue.
#[test]
fn no_queue_has_an_argument_outside_the_known_ones() {
    let known = BTreeSet::from([
        "x-dead-letter-exchange",
        "x-dead-letter-routing-key",
        "x-dead-letter-strategy",
        "x-delivery-limit",
        "x-max-length",
        "x-max-length-bytes",
        "x-message-ttl",
        "x-overflow",
    ]);
    for queue in Topology::all().queues {
        for argument in queue.arguments.keys() {
            assert!(known.contains(argument), "{}: {argument}", queue.name);
        }
        let asked = [WorkerKind::QueryDesk, WorkerKind::Identity];
        let is_query = asked.iter().any(|kind| queue.name == kind.queue(WorkQueue::Queries));
        assert_eq!(queue.queue_type == QueueType::Classic, is_query, "{}", queue.name);
    }
}

/// On a quorum queue at-least-once needs reject-publish; without both, dead letters get lost.
#[test]
fn what_is_dead_lettered_is_never_lost_on_the_way() {
    let exchanges: Vec<&str> = EXCHANGES.iter().map(|(name, _)| *name).collect();
    let queues = Topology::all().queues;
    for queue in &queues {
        let Some(exchange) = text(queue, "x-dead-letter-exchange") else {
            assert_eq!(text(queue, "x-dead-letter-strategy"), None, "{}", queue.name);
            continue;
        };
        assert!(exchanges.contains(&exchange), "{}", queue.name);
        assert_eq!(text(queue, "x-dead-letter-strategy"), Some("at-least-once"), "{}", queue.name);
        assert_eq!(text(queue, "x-overflow"), Some("reject-publish"), "{}", queue.name);
        let key = text(queue, "x-dead-letter-routing-key").expect("says where to");
        let arrives = |target: &&Queue| {
            target.bindings.iter().any(|b| b.exchange == exchange && b.key == key)
        };
        let targets: Vec<&Queue> = queues.iter().filter(arrives).collect();
        assert_eq!(targets.len(), 1, "{} to {exchange} {key}", queue.name);
        assert_eq!(targets[0].name, key, "the key names its queue");
    }
}

#[test]
fn every_queue_but_the_dead_letters_has_a_limit() {
    let dead: BTreeSet<String> =
        WorkerKind::ALL.into_iter().map(WorkerKind::dead_letter_queue).collect();
    for queue in Topology::all().queues {
        if dead.contains(&queue.name) {
            assert!(
                number(&queue, "x-max-length").is_none(),
                "{}: a full one would stop its work queue",
                queue.name
            );
        } else {
            assert!(
                number(&queue, "x-max-length").is_some_and(|limit| limit > 0),
                "{}",
                queue.name
            );
            assert_eq!(text(&queue, "x-overflow"), Some("reject-publish"), "{}", queue.name);
        }
    }
}

#[test]
fn work_queues_are_limited_by_what_they_carry() {
    for kind in WorkerKind::ALL {
        for work in kind.work_queues() {
            let queue = named(&kind.queue(*work));
            let expected = match work {
                WorkQueue::Commands | WorkQueue::Queries => 5_000,
                WorkQueue::Events | WorkQueue::Partner => 1_000_000,
            };
            assert_eq!(number(&queue, "x-max-length"), Some(expected), "{}", queue.name);
            let settles = kind.settles_messages();
            let limit = number(&queue, "x-delivery-limit");
            assert_eq!(limit, settles.then_some(20), "{}", queue.name);
            let returns = queue.bindings.iter().filter(|b| b.exchange == RETURN);
            assert_eq!(returns.count(), usize::from(settles), "{}", queue.name);
        }
    }
}

#[test]
fn retry_queues_wait_and_give_back_to_the_home_queue() {
    for kind in WorkerKind::ALL.into_iter().filter(|kind| kind.settles_messages()) {
        let home = kind.queue(kind.work_queues()[0]);
        for tier in RetryTier::ALL {
            let queue = named(&kind.retry_queue(tier));
            assert_eq!(number(&queue, "x-message-ttl"), Some(tier.milliseconds()));
            assert_eq!(text(&queue, "x-dead-letter-exchange"), Some(RETURN));
            assert_eq!(text(&queue, "x-dead-letter-routing-key"), Some(home.as_str()));
            assert_eq!(queue.bindings.len(), 1, "only its worker puts messages there");
            assert_eq!((&*queue.bindings[0].exchange, &queue.bindings[0].key), (DLX, &queue.name));
        }
    }
    for asked in [WorkerKind::QueryDesk, WorkerKind::Identity] {
        let has_ladder = |queue: &Queue| {
            [asked.retry_queue(RetryTier::S1), asked.dead_letter_queue()].contains(&queue.name)
        };
        assert!(!Topology::all().queues.iter().any(has_ladder), "a question is not retried");
    }
}

#[test]
fn the_ladder_has_two_steps_a_tier() {
    let tiers: Vec<Option<RetryTier>> = (1..=10).map(RetryTier::after_attempt).collect();
    let (s1, s10) = (Some(RetryTier::S1), Some(RetryTier::S10));
    let (s60, m10) = (Some(RetryTier::S60), Some(RetryTier::M10));
    assert_eq!(tiers, [s1, s1, s10, s10, s60, s60, m10, m10, None, None]);
    assert!(RetryTier::ALL.map(RetryTier::milliseconds).is_sorted());
    assert_eq!(RetryTier::ALL.map(RetryTier::label), ["1s", "10s", "60s", "10m"]);
}
