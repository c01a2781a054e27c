//! A rate limit that an operator changes while it is being waited on.
//!
//! Counting is governor's, waiting is tokio's: governor's own waiting would bring a second timer
//! thread into the process.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::watch;

/// A share of a second that may pass at once. A whole second's burst would let twice the rate
/// through in the first second.
const BURSTS_PER_SECOND: u32 = 10;

/// Permits per second, or no limit. Clones share one limit.
#[derive(Debug, Clone)]
pub struct RateLimit {
    bucket: watch::Sender<Option<Arc<Bucket>>>,
}

impl RateLimit {
    /// No limit, until [`set`](Self::set) sets one.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { bucket: watch::Sender::new(None) }
    }

    /// Allows `per_second` permits a second from now on; `None` lifts the limit.
    ///
    /// Whoever is waiting wakes and goes on under the new limit. Setting the limit that is already
    /// in force changes nothing, so a repeated command grants no fresh burst.
    pub fn set(&self, per_second: Option<NonZeroU32>) {
        self.bucket.send_if_modified(|bucket| {
            let changed = bucket.as_deref().map(|bucket| bucket.per_second) != per_second;
            if changed {
                *bucket = per_second.map(|rate| Arc::new(Bucket::new(rate)));
            }
            changed
        });
    }

    /// Permits a second, or `None` when there is no limit.
    #[must_use]
    pub fn current(&self) -> Option<NonZeroU32> {
        self.bucket.borrow().as_deref().map(|bucket| bucket.per_second)
    }

    /// Waits until `n` permits are granted. `n` may be any size: more than a burst is taken in
    /// portions as they come free.
    ///
    /// Cancel-safe: portions already taken stay spent, so a cancelled wait slows the next caller
    /// and never lets more through than the rate.
    pub async fn permit(&self, n: u32) {
        let mut wanted = n;
        let mut bucket_changes = self.bucket.subscribe();
        while let Some(portion) = NonZeroU32::new(wanted) {
            let Some(bucket) = bucket_changes.borrow_and_update().clone() else {
                return;
            };
            match bucket.take(portion) {
                Ok(taken) => wanted = wanted.saturating_sub(taken.get()),
                Err(wait) => {
                    let until = tokio::time::Instant::now() + wait;
                    tokio::select! {
                        () = tokio::time::sleep_until(until) => {}
                        // The sender is `self`, so this ends with a change and never with an error.
                        _changed = bucket_changes.changed() => {}
                    }
                }
            }
        }
    }
}

/// One limit in force. A change of rate is a new bucket.
#[derive(Debug)]
struct Bucket {
    per_second: NonZeroU32,
    burst: NonZeroU32,
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Bucket {
    fn new(per_second: NonZeroU32) -> Self {
        let burst =
            NonZeroU32::new(per_second.get() / BURSTS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
        let clock = DefaultClock::default();
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        Self { per_second, burst, limiter, clock }
    }

    /// Takes up to a burst of `wanted`, or tells how long until that portion is free.
    fn take(&self, wanted: NonZeroU32) -> Result<NonZeroU32, Duration> {
        let portion = wanted.min(self.burst);
        match self.limiter.check_n(portion) {
            Ok(Ok(())) => Ok(portion),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(self.clock.now())),
            // A portion never exceeds the burst; if governor should disagree, pass one by one.
            Err(_too_large) => match self.limiter.check() {
                Ok(()) => Ok(NonZeroU32::MIN),
                Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
            },
        }
    }
}
