//! A rate for each of many callers: who asks too often is told so at once, and when to come again.
//!
//! Counting is governor's. Nobody waits here.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Callers that are remembered before those who have their whole share again are forgotten. Where more of
/// them have not, as many again may come before it is looked through again: whoever invents callers does not
/// make each request look at all of them.
const REMEMBERED: usize = 10_000;

type Limiter =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// So many a second for each key. A whole second's share may pass at once.
pub struct KeyedRate {
    per_second: NonZeroU32,
    limiter: Limiter,
    clock: DefaultClock,
    /// With more callers than this, it is time to forget.
    forget_above: AtomicUsize,
}

impl fmt::Debug for KeyedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRate").field("per_second", &self.per_second).finish_non_exhaustive()
    }
}

impl KeyedRate {
    /// A limit of `per_second` for each key.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_second(per_second))
            .with_middleware::<StateInformationMiddleware>();
        let forget_above = AtomicUsize::new(REMEMBERED);
        Self { per_second, limiter, clock: DefaultClock::default(), forget_above }
    }

    /// What each key may have in a second.
    #[must_use]
    pub const fn per_second(&self) -> NonZeroU32 {
        self.per_second
    }

    /// Takes one of the key's share; gives how many are left at this moment.
    ///
    /// # Errors
    /// How long until there is one.
    pub fn take(&self, key: &str) -> Result<u32, Duration> {
        // a hint for all threads: that two of them forget at once does no harm
        if self.limiter.len() > self.forget_above.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            let above = REMEMBERED.max(self.limiter.len().saturating_mul(2));
            self.forget_above.store(above, Ordering::Relaxed);
        }
        match self.limiter.check_key(&key.to_owned()) {
            Ok(standing) => Ok(standing.remaining_burst_capacity()),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }
}

#[cfg(test)]
impl KeyedRate {
    /// Callers that are remembered now.
    pub(crate) fn remembered(&self) -> usize {
        self.limiter.len()
    }
}
