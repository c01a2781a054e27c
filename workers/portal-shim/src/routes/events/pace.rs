//! When a stream looks: soon after a hint, not more often than its subject bears, and from time to time
//! without any. Pure: it is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// Without a hint it is looked at again after this: a hint may be lost with the broker's connection.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// When others have what a look takes, it is tried again after this.
const TURN_AGAIN: Duration = Duration::from_secs(1);

/// The pace of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    gather: Duration,
    pause: Duration,
    next: Instant,
    not_before: Instant,
}

impl Pace {
    /// The first look is due now. Hints within `gather` are one look; from the beginning of one look to that
    /// of the next it is `pause` at least.
    pub(super) const fn new(gather: Duration, pause: Duration, now: Instant) -> Self {
        Self { gather, pause, next: now, not_before: now }
    }

    /// When the next look is due.
    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    /// There was a hint.
    pub(super) fn hinted(&mut self, now: Instant) {
        self.within(now, self.gather);
    }

    /// There is a reason to look within this time; the pause is kept all the same.
    pub(super) fn within(&mut self, now: Instant, wait: Duration) {
        self.next = self.next.min((now + wait).max(self.not_before));
    }

    /// A look begins.
    pub(super) fn looks(&mut self, now: Instant) {
        self.next = now + LOOK_AGAIN;
        self.not_before = now + self.pause;
    }

    /// A look was due, and it was not this stream's turn.
    pub(super) fn has_no_turn(&mut self, now: Instant) {
        self.next = now + TURN_AGAIN;
        self.not_before = self.next;
    }
}
