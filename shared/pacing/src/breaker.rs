//! A circuit breaker over consecutive failures, told the time by its caller.
//!
//! It holds no clock, no lock and no knowledge of what is being called.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Refuses calls for a while after several failures in a row, then lets one probe through.
#[derive(Debug, Clone)]
pub struct Breaker {
    threshold: NonZeroU32,
    cool_down: Duration,
    state: BreakerState,
}

/// What a [`Breaker`] is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass. Carries the failures since the last success.
    Closed {
        /// Consecutive failures so far, below the threshold.
        failures: u32,
    },
    /// Calls are refused until the instant given.
    Open {
        /// When the first probe may go.
        until: Instant,
    },
    /// One probe is out and everybody else is refused.
    HalfOpen {
        /// When the probe counts as lost and another may go.
        until: Instant,
    },
}

impl Breaker {
    /// A closed breaker that opens for `cool_down` after `threshold` failures in a row.
    #[must_use]
    pub const fn new(threshold: NonZeroU32, cool_down: Duration) -> Self {
        Self { threshold, cool_down, state: BreakerState::Closed { failures: 0 } }
    }

    /// Whether a call may be made now. `true` after the cool-down makes the caller the probe, who
    /// is expected to report back.
    ///
    /// A probe that never reports (its future was dropped) is replaced after another cool-down, so
    /// a cancelled request cannot keep the breaker shut for good.
    pub fn allow(&mut self, now: Instant) -> bool {
        match self.state {
            BreakerState::Closed { .. } => true,
            BreakerState::Open { until } | BreakerState::HalfOpen { until } if now < until => false,
            BreakerState::Open { .. } | BreakerState::HalfOpen { .. } => {
                self.state = BreakerState::HalfOpen { until: now + self.cool_down };
                true
            }
        }
    }

    /// Reports a call that worked. Closes the breaker whatever its state: the other side lives.
    pub const fn success(&mut self) {
        self.state = BreakerState::Closed { failures: 0 };
    }

    /// Reports a call that failed.
    ///
    /// Failures that trickle in while it is open belong to calls made before it opened, so they do
    /// not extend the pause.
    pub fn failure(&mut self, now: Instant) {
        self.state = match self.state {
            BreakerState::Closed { failures } if failures + 1 < self.threshold.get() => {
                BreakerState::Closed { failures: failures + 1 }
            }
            BreakerState::Closed { .. } | BreakerState::HalfOpen { .. } => {
                BreakerState::Open { until: now + self.cool_down }
            }
            BreakerState::Open { until } => BreakerState::Open { until },
        };
    }

    /// Closes the breaker by hand and forgets the failures.
    pub const fn reset(&mut self) {
        self.success();
    }

    /// The state as the last call left it.
    #[must_use]
    pub const fn state(&self) -> BreakerState {
        self.state
    }

    /// Whether calls are being refused or probed rather than let through.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, BreakerState::Closed { .. })
    }
}
