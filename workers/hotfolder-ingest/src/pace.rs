//! How fast commands are sent, given how deep the queues behind them are: so that a file of a million
//! lines never floods the fleet.
//!
//! One order becomes some ten messages on its way, most of them long after the order was answered, and
//! what workers hold unacknowledged is in no queue. So the number of unanswered orders bounds nothing
//! behind the first worker, and a window that opens and closes makes waves there. An even rate makes
//! none.
//!
//! A queue that is deep for a moment says nothing: workers commit in batches, and each commit is a burst
//! for the next one. A queue that never got shallow for half a second stands, so that is what the rate
//! follows: it grows while none stands, shrinks while one does, and settles just below what the slowest
//! worker can do. One that is full stops everything at once, whatever the rate, and shrinks it further.

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// How often the depth is looked at.
pub const LOOKED_AT_EVERY: Duration = Duration::from_millis(50);
/// So many looks make a judgement: the rate changes twice a second.
const LOOKS: u32 = 10;

/// Orders a second at the start.
const FIRST_RATE: f64 = 50.0;
const RATE_MIN: f64 = 1.0;
const RATE_MAX: f64 = 1_000_000.0;
/// Until a queue stood for the first time.
const GROWTH_AT_FIRST: f64 = 1.05;
const GROWTH: f64 = 1.02;
const SHRINKAGE: f64 = 0.93;
const SHRINKAGE_WHEN_FULL: f64 = 0.85;
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
    stood: bool,
    looks: u32,
    /// The shallowest that the deepest queue was in these looks.
    floor: u32,
    /// It was full in one of these looks.
    was_full: bool,
}

impl Pace {
    /// `depth_max`: ready messages of the deepest queue at which everything stops.
    #[must_use]
    pub const fn new(depth_max: u32) -> Self {
        let rate = Rate { per_second: FIRST_RATE, stopped: false };
        Self { depth_max, rate, stood: false, looks: 0, floor: u32::MAX, was_full: false }
    }

    /// The rate in force.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// The rate from now on, when the deepest queue has `depth` ready messages. `is_used` is asked when
    /// a judgement is due: was somebody held back by the rate since the last one? A rate that holds
    /// nobody back has no reason to grow.
    pub fn look(&mut self, depth: u32, is_used: impl FnOnce() -> bool) -> Rate {
        let full = depth >= self.depth_max;
        self.rate.stopped = full || (self.rate.stopped && depth > self.depth_max / 2);
        self.stood |= full;
        self.was_full |= full;
        self.floor = self.floor.min(depth);
        self.looks += 1;
        if self.looks == LOOKS {
            self.judge(is_used());
            (self.looks, self.floor, self.was_full) = (0, u32::MAX, false);
        }
        self.rate
    }

    fn judge(&mut self, is_used: bool) {
        let stands = self.floor > self.depth_max / 4;
        self.stood |= stands;
        let factor = match (self.was_full, stands, is_used, self.stood) {
            (true, _, _, _) => SHRINKAGE_WHEN_FULL,
            (false, true, _, _) => SHRINKAGE,
            (false, false, true, true) => GROWTH,
            (false, false, true, false) => GROWTH_AT_FIRST,
            (false, false, false, _) => 1.0,
        };
        self.rate.per_second = (self.rate.per_second * factor).clamp(RATE_MIN, RATE_MAX);
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
