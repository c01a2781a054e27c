//! Where what failed goes, and what is written on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use broker::FailureNote;
use queue_topology::RetryTier;
use store::StoreError;

use super::{Destination, destination, note};
use crate::Failure;

fn transient(seconds: Option<u64>) -> Failure {
    let cause = "a cause".to_owned();
    Failure::Transient { cause, retry_after: seconds.map(Duration::from_secs) }
}

#[test]
fn the_ladder_ends_in_the_dead_letters() {
    let tiers = [
        (1, RetryTier::S1),
        (2, RetryTier::S1),
        (3, RetryTier::S10),
        (4, RetryTier::S10),
        (5, RetryTier::S60),
        (6, RetryTier::S60),
        (7, RetryTier::M10),
        (8, RetryTier::M10),
    ];
    for failure in [transient(None), Failure::Store(StoreError::decode("a row"))] {
        for (attempt, tier) in tiers {
            assert_eq!(destination(attempt, &failure), Destination::Retry(tier), "{attempt}");
        }
        assert_eq!(destination(9, &failure), Destination::DeadLetters);
        assert_eq!(destination(u32::MAX, &failure), Destination::DeadLetters);
    }
}

#[test]
fn what_will_never_work_is_not_tried() {
    let failure = Failure::Permanent { cause: "a cause".to_owned() };
    assert_eq!(destination(1, &failure), Destination::DeadLetters);
}

#[test]
fn a_wish_to_wait_longer_is_heard_and_never_a_shorter_one() {
    let expected = [
        (1, 1, RetryTier::S1),
        (1, 2, RetryTier::S10),
        (1, 10, RetryTier::S10),
        (1, 11, RetryTier::S60),
        (1, 3_600, RetryTier::M10),
        (5, 1, RetryTier::S60),
        (8, 1, RetryTier::M10),
    ];
    for (attempt, wait, tier) in expected {
        let destination = destination(attempt, &transient(Some(wait)));
        assert_eq!(destination, Destination::Retry(tier), "attempt {attempt}, {wait} s");
    }
    assert_eq!(destination(9, &transient(Some(1))), Destination::DeadLetters, "enough is enough");
}

#[test]
fn a_note_keeps_where_and_when_it_began() {
    let first = note(&FailureNote::default(), "a.commands", "FAILED", "first");
    assert_eq!(first.origin.as_deref(), Some("a.commands"));
    assert_eq!(first.first_failure, first.last_failure);
    let earlier = FailureNote { first_failure: Some("long ago".to_owned()), ..first };
    let second = note(&earlier, "b.commands", "PANIC", &"ü".repeat(3_000));
    assert_eq!(second.origin.as_deref(), Some("a.commands"));
    assert_eq!(second.first_failure.as_deref(), Some("long ago"));
    assert_eq!(second.reason.as_deref(), Some("PANIC"));
    assert_eq!(second.detail.map(|detail| detail.chars().count()), Some(1_000));
}
