//! When the switch trips, how long it waits and what closes it: counting only, told the time by its caller.
//!
//! What counts is how a message *ended*. A dead letter is a failure of the message or of our own code
//! (permanent, panic, attempts exhausted). Every answer is none, the no of business included. What says
//! nothing of this worker is left out of the count, so that it can neither trip the switch nor hide that it
//! should trip: garbage that a sender made, and a message on the retry ladder, which has not ended and which
//! the ladder holds back already. A database that is away ends no message and so is never seen here.

use std::collections::VecDeque;
use std::time::Duration;

use pacing::Backoff;
use telemetry::Outcome;
use tokio::time::Instant;

/// How many of the last messages are looked at.
pub(super) const WINDOW: usize = 100;
/// Fewer say nothing: a worker is not judged by its first mishaps.
pub(super) const ENOUGH: usize = 50;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the worker may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Everything.
    Closed {
        /// How often it has tripped before: closed again is not the same as closed still.
        trips: u32,
    },
    /// Nothing until then.
    Open {
        /// When one message is tried.
        until: Instant,
    },
    /// One message.
    Probing,
}

/// Counts how messages end, and moves the switch.
#[derive(Debug)]
pub(super) struct Policy {
    /// Failures of a hundred that trip it; 0: nothing does.
    percent: usize,
    position: Position,
    trips: u32,
    /// True: failed. The newest is last.
    ends: VecDeque<bool>,
    /// How many of them failed.
    failures: usize,
    waits: Backoff,
}

impl Policy {
    pub(super) fn new(percent: u8) -> Self {
        Self {
            percent: percent.into(),
            position: Position::Closed { trips: 0 },
            trips: 0,
            ends: VecDeque::with_capacity(WINDOW),
            failures: 0,
            waits: Backoff::new(FIRST_WAIT, LONGEST_WAIT),
        }
    }

    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// Failures among the messages looked at, and their number.
    pub(super) fn failures(&self) -> (usize, usize) {
        (self.failures, self.ends.len())
    }

    /// A message ends like this. False: it must not, the switch is open; it goes back to its queue.
    pub(super) fn ends(&mut self, outcome: Outcome, now: Instant) -> bool {
        match outcome {
            Outcome::Applied
            | Outcome::Duplicate
            | Outcome::Stale
            | Outcome::Parked
            | Outcome::Rejected => self.went_well(now),
            Outcome::DeadLettered => return self.failed(now),
            Outcome::Retried => return self.put_off(now),
            Outcome::Undecodable | Outcome::Requeued => {}
        }
        true
    }

    fn went_well(&mut self, now: Instant) {
        match self.position {
            Position::Closed { .. } => self.count(false, now),
            Position::Probing => self.close(),
            // it was begun before
            Position::Open { .. } => {}
        }
    }

    fn failed(&mut self, now: Instant) -> bool {
        match self.position {
            Position::Closed { .. } => self.count(true, now),
            Position::Probing => self.open(now),
            Position::Open { .. } => return false,
        }
        true
    }

    /// No end, and for a probe no sign of health.
    fn put_off(&mut self, now: Instant) -> bool {
        match self.position {
            Position::Closed { .. } => {}
            Position::Probing => self.open(now),
            Position::Open { .. } => return false,
        }
        true
    }

    fn count(&mut self, failed: bool, now: Instant) {
        if self.percent == 0 {
            return;
        }
        let was_full = self.ends.len() == WINDOW;
        let oldest = if was_full { self.ends.pop_front() } else { None };
        self.failures -= usize::from(oldest == Some(true));
        self.failures += usize::from(failed);
        self.ends.push_back(failed);
        let (failures, all) = self.failures();
        if failed && all >= ENOUGH && failures * 100 >= self.percent * all {
            self.trips = self.trips.saturating_add(1);
            self.open(now);
        } else if !was_full && all == WINDOW {
            // only now is it well: one that trips again at once goes on waiting longer
            self.waits.reset();
        }
    }

    fn open(&mut self, now: Instant) {
        self.position = Position::Open { until: now + self.waits.next_delay() };
    }

    /// The wait is over: one message may come.
    pub(super) const fn probe(&mut self) {
        if let Position::Open { .. } = self.position {
            self.position = Position::Probing;
        }
    }

    fn close(&mut self) {
        self.ends.clear();
        self.failures = 0;
        self.position = Position::Closed { trips: self.trips };
    }

    /// An operator says that it is well again.
    pub(super) fn reset(&mut self) {
        self.waits.reset();
        self.close();
    }
}
