//! How a consumer begins when one of its messages may be what killed the process before.
//!
//! What a dead process held comes again, before everything new, and the broker counts one more delivery
//! for each. Taken all at once, the neighbours of a message that kills every process would reach the
//! delivery limit together with it. So what comes again is fetched by hand: one, then twice as many each
//! time those before were survived. The neighbours are done meanwhile, and the culprit is soon alone.
//!
//! Fetched and not consumed with a small prefetch: that could grow only by another consumer, and what the
//! broker had on the way to the old one would be lost until the channel is closed.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Fetched together at most; whoever survived that many steps takes everything.
const STEP_MAX: u64 = 32;
/// What has neither ended nor killed anybody for so long is only slow: others need not wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts what is fetched by hand, until consuming may begin.
#[derive(Debug)]
pub(crate) struct Caution {
    fetched: u64,
    /// Fetched together now.
    step: u64,
    /// Number of the last one of this step.
    step_ends: u64,
    step_max: u64,
    last_fetch: Instant,
    /// Nothing is left that comes again.
    is_through: bool,
}

impl Caution {
    /// At the beginning; never more at once than the prefetch.
    pub(crate) fn new(prefetch: u16) -> Self {
        Self {
            fetched: 0,
            step: 1,
            step_ends: 1,
            step_max: STEP_MAX.min(prefetch.into()),
            last_fetch: Instant::now(),
            is_through: false,
        }
    }

    /// One was fetched. The first one that is new shows that all that come again were before it.
    pub(crate) fn fetched(&mut self, redelivered: bool) {
        self.fetched += 1;
        self.last_fetch = Instant::now();
        if !redelivered {
            self.through();
        }
    }

    /// The queue is empty.
    pub(crate) const fn through(&mut self) {
        self.is_through = true;
        self.step_ends = self.fetched;
    }

    /// True when nothing came again at all.
    pub(crate) const fn is_needless(&self) -> bool {
        self.is_through && self.fetched <= 1
    }

    /// Waits until the next one may be fetched. False: consuming may begin.
    pub(crate) async fn may_fetch(&mut self, settled: &watch::Sender<u64>) -> bool {
        if self.fetched < self.step_ends {
            return true;
        }
        let (mut settled, enough) = (settled.subscribe(), self.fetched);
        let survived = settled.wait_for(|settled| *settled >= enough);
        // slow or ended: either way nobody died of it
        let _ = timeout_at(self.last_fetch + PATIENCE, survived).await;
        if self.is_through || self.step >= self.step_max {
            return false;
        }
        self.step = (self.step * 2).min(self.step_max);
        self.step_ends = self.fetched + self.step;
        true
    }
}
