//! The policy, end by end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use telemetry::Outcome;
use tokio::time::Instant;

use super::policy::{ENOUGH, Policy, Position, WINDOW};

const WELL: [Outcome; 5] =
    [Outcome::Applied, Outcome::Duplicate, Outcome::Stale, Outcome::Parked, Outcome::Rejected];
const NEW: Position = Position::Closed { trips: 0 };

/// So many messages end like this; how many were allowed to.
fn end(policy: &mut Policy, outcome: Outcome, count: usize) -> usize {
    (0..count).filter(|_| policy.ends(outcome, Instant::now())).count()
}

fn tripped() -> Policy {
    let mut policy = Policy::new(50);
    end(&mut policy, Outcome::DeadLettered, ENOUGH);
    policy
}

/// How long an open switch waits from `now`.
fn wait(policy: &Policy, now: Instant) -> Duration {
    match policy.position() {
        Position::Open { until } => until.duration_since(now),
        other @ (Position::Closed { .. } | Position::Probing) => panic!("{other:?}"),
    }
}

#[test]
fn enough_failures_trip_it_and_no_further_one_is_spent() {
    let mut policy = Policy::new(50);
    assert_eq!(end(&mut policy, Outcome::DeadLettered, ENOUGH - 1), ENOUGH - 1);
    assert_eq!(policy.position(), NEW, "too few to judge");
    assert_eq!(end(&mut policy, Outcome::DeadLettered, 10), 1);
    assert_eq!(policy.failures(), (ENOUGH, ENOUGH));
    assert!(!policy.ends(Outcome::Retried, Instant::now()), "nor sent around the ladder");
    assert!(policy.ends(Outcome::Applied, Instant::now()), "what was committed is acknowledged");
    wait(&policy, Instant::now());
}

#[test]
fn the_share_decides_over_the_last_messages_only() {
    let mut policy = Policy::new(50);
    end(&mut policy, Outcome::Applied, WINDOW * 3);
    end(&mut policy, Outcome::DeadLettered, WINDOW / 2 - 1);
    assert_eq!(policy.position(), NEW, "49 of the last 100");
    end(&mut policy, Outcome::DeadLettered, 1);
    wait(&policy, Instant::now());

    let mut policy = Policy::new(50);
    for _ in 0..WINDOW {
        end(&mut policy, Outcome::DeadLettered, 1);
        end(&mut policy, Outcome::Applied, 2);
    }
    assert_eq!(policy.position(), NEW, "a third");
    let mut strict = Policy::new(30);
    for _ in 0..WINDOW {
        end(&mut strict, Outcome::Applied, 2);
        end(&mut strict, Outcome::DeadLettered, 1);
    }
    assert_ne!(strict.position(), NEW, "a third, where 30 % are too many");
}

#[test]
fn an_answer_is_no_failure_whatever_it_says() {
    for outcome in WELL {
        let mut policy = Policy::new(1);
        end(&mut policy, outcome, WINDOW * 2);
        assert_eq!(policy.position(), NEW, "{outcome:?}");
    }
}

#[test]
fn garbage_and_the_ladder_neither_trip_it_nor_hide_failures() {
    let mut policy = Policy::new(50);
    for nothing in [Outcome::Undecodable, Outcome::Retried, Outcome::Requeued] {
        assert_eq!(end(&mut policy, nothing, WINDOW * 2), WINDOW * 2);
        assert_eq!((policy.position(), policy.failures()), (NEW, (0, 0)), "{nothing:?}");
    }
    for _ in 0..ENOUGH {
        end(&mut policy, Outcome::DeadLettered, 1);
        end(&mut policy, Outcome::Undecodable, 9);
    }
    wait(&policy, Instant::now());
}

#[test]
fn zero_is_off() {
    let mut policy = Policy::new(0);
    assert_eq!(end(&mut policy, Outcome::DeadLettered, WINDOW * 3), WINDOW * 3);
    assert_eq!(policy.position(), NEW);
}

#[test]
fn a_probe_that_is_answered_closes_it() {
    for outcome in WELL {
        let mut policy = tripped();
        policy.probe();
        end(&mut policy, Outcome::Undecodable, 5);
        assert_eq!(policy.position(), Position::Probing, "garbage says nothing");
        end(&mut policy, outcome, 1);
        assert_eq!(policy.position(), Position::Closed { trips: 1 }, "{outcome:?}");
        end(&mut policy, Outcome::DeadLettered, ENOUGH - 1);
        assert_eq!(policy.position(), Position::Closed { trips: 1 }, "counted anew");
    }
}

#[test]
fn a_probe_that_fails_waits_longer_up_to_a_minute() {
    for outcome in [Outcome::DeadLettered, Outcome::Retried] {
        let now = Instant::now();
        let mut policy = tripped();
        assert!(wait(&policy, now) < Duration::from_secs(2));
        for _ in 0..10 {
            policy.probe();
            assert!(policy.ends(outcome, now), "the probe itself is spent");
        }
        assert!(wait(&policy, now) > Duration::from_secs(15), "{outcome:?}");
        assert!(wait(&policy, now) <= Duration::from_secs(60));
    }
}

#[test]
fn only_a_window_without_a_trip_makes_the_waits_short_again() {
    let now = Instant::now();
    let mut policy = tripped();
    for _ in 0..10 {
        policy.probe();
        policy.ends(Outcome::Applied, now);
        for _ in 0..ENOUGH {
            policy.ends(Outcome::DeadLettered, now);
        }
    }
    assert!(wait(&policy, now) > Duration::from_secs(15), "it trips again and again");
    policy.probe();
    end(&mut policy, Outcome::Applied, 1 + WINDOW);
    for _ in 0..WINDOW {
        policy.ends(Outcome::DeadLettered, now);
    }
    assert!(wait(&policy, now) < Duration::from_secs(2));
}

#[test]
fn a_reset_closes_it_and_forgets() {
    let mut policy = tripped();
    for _ in 0..5 {
        policy.probe();
        end(&mut policy, Outcome::DeadLettered, 1);
    }
    policy.reset();
    assert_eq!(policy.position(), Position::Closed { trips: 1 });
    assert_eq!(policy.failures(), (0, 0));
    policy.probe();
    assert_eq!(policy.position(), Position::Closed { trips: 1 }, "no probe of a closed switch");
    let now = Instant::now();
    for _ in 0..ENOUGH {
        policy.ends(Outcome::DeadLettered, now);
    }
    assert!(wait(&policy, now) < Duration::from_secs(2));
}
