//! Jittered exponential delays for work that is retried for as long as it takes.
//!
//! Nothing here gives up: whoever retries decides when to stop.

use std::time::Duration;

use ::backoff::ExponentialBackoff;
use ::backoff::backoff::Backoff as _;

const MULTIPLIER: f64 = 2.0;
/// A delay is drawn from half to one and a half of the nominal interval.
const JITTER: f64 = 0.5;

/// A growing, jittered delay with a ceiling. Unlimited in the number of tries.
#[derive(Debug)]
pub struct Backoff {
    inner: ExponentialBackoff,
    cap: Duration,
}

impl Backoff {
    /// Delays that start around `initial`, double each time and never exceed `cap`.
    #[must_use]
    pub fn new(initial: Duration, cap: Duration) -> Self {
        // The nominal ceiling stays below the cap by the width of the jitter. Cutting at the cap
        // itself would give every process that waits long the same delay, and so one herd.
        let ceiling = cap.div_f64(1.0 + JITTER);
        let initial = initial.min(ceiling);
        let inner = ExponentialBackoff {
            current_interval: initial,
            initial_interval: initial,
            randomization_factor: JITTER,
            multiplier: MULTIPLIER,
            max_interval: ceiling,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Self { inner, cap }
    }

    /// For connections to the broker and the database: from about 50 ms up to 1 s.
    #[must_use]
    pub fn reconnect() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(1))
    }

    /// For a lane whose batch failed for a reason that is no message's fault: 20 ms up to 1 s.
    #[must_use]
    pub fn lane() -> Self {
        Self::new(Duration::from_millis(20), Duration::from_secs(1))
    }

    /// The next delay. Each call makes the following one longer, up to the cap.
    pub fn next_delay(&mut self) -> Duration {
        // `None` means a time limit has passed, and none is set.
        self.inner.next_backoff().unwrap_or(self.cap).min(self.cap)
    }

    /// Begins again with the shortest delay. Call it after a success.
    pub fn reset(&mut self) {
        self.inner.reset();
    }

    /// Sleeps for the next delay. Cancelling it is safe and leaves the longer delay in place.
    pub async fn wait(&mut self) {
        let delay = self.next_delay();
        tokio::time::sleep(delay).await;
    }
}
