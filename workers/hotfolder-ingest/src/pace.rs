//! How fast commands are sent, given how deep the queues behind them are: so that a file of a million
//! lines never floods the fleet.
//!
//! One order becomes some ten messages on its way, most of them long after the order was answered, and
//! what workers hold unacknowledged is in no queue. So the number of unanswered orders bounds nothing
//! behind the first worker, and a window that opens and closes makes waves there. An even rate makes
//! none: it grows slowly while every queue is shallow, shrinks a little faster when one is not, and
//! settles just below what the slowest worker can do.

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// How often the depth is judged: the factors below are those of one judgement.
pub const JUDGED_EVERY: Duration = Duration::from_millis(50);

/// Orders a second at the start.
const FIRST_RATE: f64 = 100.0;
const RATE_MIN: f64 = 1.0;
const RATE_MAX: f64 = 1_000_000.0;
/// 15 % a second until a queue was deep for the first time, 4 % afterwards.
const GROWTH_AT_FIRST: f64 = 1.007;
const GROWTH: f64 = 1.002;
/// 15 % a second.
const SHRINKAGE: f64 = 0.992;
/// Once, when everything stops.
const AFTER_A_STOP: f64 = 0.7;
/// What was missed while nobody was there to send is not made up for, beyond this.
const CATCH_UP: Duration = Duration::from_millis(20);

/// The rate in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Orders a second.
    pub per_second: f64,
    /// True while nothing is sent at all.
    pub stopped: bool,
}

impl Rate {
    /// Whole orders a second, 0 while stopped: for showing.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "at most RATE_MAX, which fits"
    )]
    pub const fn whole(self) -> i64 {
        if self.stopped { 0 } else { self.per_second.round() as i64 }
    }
}

/// Decides the rate.
#[derive(Debug)]
pub struct Pace {
    depth_max: u32,
    rate: Rate,
    was_deep: bool,
}

impl Pace {
    /// `depth_max`: ready messages of the deepest queue at which everything stops.
    #[must_use]
    pub const fn new(depth_max: u32) -> Self {
        let rate = Rate { per_second: FIRST_RATE, stopped: false };
        Self { depth_max, rate, was_deep: false }
    }

    /// The rate in force.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// The rate from now on, when the deepest queue has `depth` ready messages. `is_used`: somebody
    /// was held back by the rate since the last time; a rate that holds nobody back has no reason to
    /// grow.
    pub fn judge(&mut self, depth: u32, is_used: bool) -> Rate {
        let Rate { per_second, stopped } = self.rate;
        let (full, deep, shallow) = (self.depth_max, self.depth_max / 2, self.depth_max / 4);
        let factor = if depth >= full && !stopped {
            AFTER_A_STOP
        } else if depth > deep {
            SHRINKAGE
        } else if depth <= shallow && is_used {
            if self.was_deep { GROWTH } else { GROWTH_AT_FIRST }
        } else {
            1.0
        };
        self.was_deep |= depth > deep;
        self.rate = Rate {
            per_second: (per_second * factor).clamp(RATE_MIN, RATE_MAX),
            stopped: depth >= full || (stopped && depth > deep),
        };
        self.rate
    }
}

/// Where senders pass one after the other, at the rate in force.
#[derive(Debug)]
pub struct Turnstile {
    rate: watch::Sender<Rate>,
    /// When the next one may pass. Held by whoever is next.
    next: Mutex<Instant>,
    held_back: watch::Sender<bool>,
}

impl Turnstile {
    /// A turnstile of that rate.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate: watch::Sender::new(rate),
            next: Mutex::new(Instant::now()),
            held_back: watch::Sender::new(false),
        }
    }

    /// Changes the rate, also for whoever waits already.
    pub fn set(&self, rate: Rate) {
        self.rate.send_replace(rate);
    }

    /// True when somebody had to wait since this was last asked.
    pub fn take_held_back(&self) -> bool {
        self.held_back.send_replace(false)
    }

    /// Waits for one's turn. Cancel-safe: a turn that was not taken is the next one's.
    pub async fn pass(&self) {
        let mut next = self.next.lock().await;
        let mut changes = self.rate.subscribe();
        loop {
            let rate = *changes.borrow_and_update();
            if !rate.stopped && *next <= Instant::now() {
                break;
            }
            self.held_back.send_replace(true);
            tokio::select! {
                () = sleep_until(*next), if !rate.stopped => {}
                // the sender is `self`, so this ends with a change and never with an error
                _changed = changes.changed() => {}
            }
        }
        let earliest = Instant::now().checked_sub(CATCH_UP).unwrap_or(*next);
        *next = earliest.max(*next) + Duration::from_secs_f64(1.0 / self.rate.borrow().per_second);
    }
}
