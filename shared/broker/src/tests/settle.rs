//! Which acknowledgements are sent.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::{AckPlan, SettleTracker};

/// The broker's side of one channel, as strict as the real one.
struct Broker {
    unacked: BTreeSet<u64>,
    /// What the worker has settled: nothing else may be acknowledged.
    settled: BTreeSet<u64>,
}

impl Broker {
    fn new(delivered: u64) -> Self {
        Self { unacked: (1..=delivered).collect(), settled: BTreeSet::new() }
    }

    fn acknowledge(&mut self, plan: &AckPlan) {
        if let Some(tag) = plan.up_to {
            assert!(
                self.unacked.contains(&tag),
                "unknown delivery tag {tag}: the channel is closed"
            );
            let covered: Vec<u64> = self.unacked.range(..=tag).copied().collect();
            covered.into_iter().for_each(|tag| self.take(tag));
        }
        for tag in &plan.single {
            assert!(
                self.unacked.contains(tag),
                "unknown delivery tag {tag}: the channel is closed"
            );
            self.take(*tag);
        }
    }

    fn take(&mut self, tag: u64) {
        assert!(
            self.settled.contains(&tag),
            "{tag} is acknowledged and not settled: it would be lost"
        );
        self.unacked.remove(&tag);
    }
}

fn up_to(tag: u64) -> AckPlan {
    AckPlan { up_to: Some(tag), single: Vec::new() }
}

#[test]
fn a_prefix_is_acknowledged_with_one_frame() {
    let mut tracker = SettleTracker::new(100);
    assert_eq!(tracker.settle(&[2, 3]), AckPlan::default(), "1 is open");
    assert_eq!(tracker.settle(&[1]), up_to(3));
    assert_eq!(tracker.settle(&[4, 6]), up_to(4));
    assert_eq!(tracker.settle(&[5]), up_to(6));
    assert_eq!(tracker.settle(&[]), AckPlan::default());
}

#[test]
fn a_backlog_behind_one_stuck_message_is_acknowledged_singly() {
    let mut tracker = SettleTracker::new(2);
    assert_eq!(tracker.settle(&[2, 3]), AckPlan::default(), "the backlog may hold two");
    assert_eq!(tracker.settle(&[4]), AckPlan { up_to: None, single: vec![2, 3, 4] });
    assert_eq!(tracker.settle(&[6]), AckPlan::default());
}

/// The prefix then ends with a tag that the broker has forgotten, and that tag must not be named.
#[test]
fn a_prefix_is_never_acknowledged_up_to_a_tag_that_was_acknowledged_alone() {
    let mut tracker = SettleTracker::new(0);
    assert_eq!(tracker.settle(&[2, 3]), AckPlan { up_to: None, single: vec![2, 3] });
    assert_eq!(tracker.settle(&[1]), up_to(1));
    assert_eq!(tracker.settle(&[4]), up_to(4), "2 and 3 count as settled");
}

/// At the end of a channel nothing is worth waiting for.
#[test]
fn what_waits_is_acknowledged_when_asked() {
    let mut tracker = SettleTracker::new(100);
    assert_eq!(tracker.settle(&[3, 5]), AckPlan::default());
    assert_eq!(tracker.settle_waiting(), AckPlan { up_to: None, single: vec![3, 5] });
    assert_eq!(tracker.settle_waiting(), AckPlan::default());
    assert_eq!(tracker.settle(&[1, 2]), up_to(2));
}

#[test]
fn a_tag_that_is_settled_twice_is_acknowledged_once() {
    let mut tracker = SettleTracker::new(0);
    assert_eq!(tracker.settle(&[2]), AckPlan { up_to: None, single: vec![2] });
    assert_eq!(tracker.settle(&[2]), AckPlan::default());
    assert_eq!(tracker.settle(&[1, 1]), up_to(1));
    assert_eq!(tracker.settle(&[1, 2]), AckPlan::default());
}

proptest! {
    /// Whatever the order and the batches: each tag is acknowledged exactly once, none before it is
    /// settled, and none is kept back at the end.
    #[test]
    fn every_tag_is_acknowledged_exactly_once(
        order in Just((1_u64..=60).collect::<Vec<_>>()).prop_shuffle(),
        sizes in prop::collection::vec(1_usize..8, 60),
        backlog_max in 0_usize..20,
    ) {
        let mut broker = Broker::new(60);
        let mut tracker = SettleTracker::new(backlog_max);
        let mut rest = order.as_slice();
        for size in sizes {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            broker.settled.extend(batch);
            let plan = tracker.settle(batch);
            prop_assert!(plan.single.is_sorted());
            broker.acknowledge(&plan);
            let waiting = broker.settled.intersection(&broker.unacked).count();
            prop_assert!(waiting <= backlog_max, "{waiting} settled tags wait");
        }
        prop_assert!(broker.unacked.is_empty());
    }
}
