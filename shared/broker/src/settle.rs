//! Which acknowledgement to send: pure bookkeeping over the delivery tags of one channel.

use std::collections::BTreeSet;

/// What to send now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AckPlan {
    /// Acknowledge this tag and everything before it.
    pub up_to: Option<u64>,
    /// Acknowledge each of these alone.
    pub single: Vec<u64>,
}

/// Tags settled out of order, and the prefix that is settled without a gap.
///
/// One `basic.ack` with `multiple` over the prefix is six to ten times cheaper than single ones. When one
/// stuck lane keeps the prefix from growing and the backlog behind it passes `backlog_max`, the backlog
/// is acknowledged singly, so that the broker can deliver on. Each of those costs the broker a command of its own.
#[derive(Debug)]
pub struct SettleTracker {
    /// Highest tag of the prefix: everything up to it is settled.
    prefix: u64,
    /// Settled beyond the prefix, not yet acknowledged.
    waiting: BTreeSet<u64>,
    /// Acknowledged singly beyond the prefix.
    alone: BTreeSet<u64>,
    backlog_max: usize,
}

impl SettleTracker {
    /// `backlog_max`: how many settled tags may wait behind an open one.
    #[must_use]
    pub fn new(backlog_max: usize) -> Self {
        Self { prefix: 0, waiting: BTreeSet::new(), alone: BTreeSet::new(), backlog_max }
    }

    /// Notes settled tags and says what to send.
    pub fn settle(&mut self, tags: &[u64]) -> AckPlan {
        let is_new = |tag: &u64| *tag > self.prefix && !self.alone.contains(tag);
        self.waiting.extend(tags.iter().copied().filter(is_new));
        // Never a tag that was acknowledged alone before, though the prefix may end with one: the broker
        // knows it no longer and closes the channel over it.
        let mut plan = AckPlan::default();
        loop {
            let next = self.prefix + 1;
            if self.waiting.remove(&next) {
                plan.up_to = Some(next);
            } else if !self.alone.remove(&next) {
                break;
            }
            self.prefix = next;
        }
        if self.waiting.len() > self.backlog_max {
            plan.single = self.settle_waiting().single;
        }
        plan
    }

    /// Stops waiting for the tags before: what is settled is acknowledged singly.
    pub fn settle_waiting(&mut self) -> AckPlan {
        let single: Vec<u64> = std::mem::take(&mut self.waiting).into_iter().collect();
        self.alone.extend(single.iter().copied());
        AckPlan { up_to: None, single }
    }
}
