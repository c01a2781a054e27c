//! How fast work is let in, given how deep the queues behind it are: so that neither a file of a million
//! lines nor a crowd at the portal floods the fleet.
//!
//! One order becomes some two dozen messages on its way, most of them long after the order was answered, and
//! what workers hold unacknowledged is in no queue. So the number of unanswered orders bounds nothing
//! behind the first worker, and a window that opens and closes makes waves there. An even rate makes
//! none.
//!
//! A queue that is deep for a moment says nothing: workers commit in batches, and each commit is a burst
//! for the next one. A queue that never got shallow for half a second stands, so that is what the rate
//! follows: it grows while none stands, shrinks while one does, and settles just below what the slowest
//! worker can do. One that is full stops everything at once, whatever the rate, and shrinks it further.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, watch};
use tokio::time::{Instant, sleep_until};

/// How often the depth is looked at.
pub const LOOKED_AT_EVERY: Duration = Duration::from_millis(50);
/// So many looks make a judgement: the rate changes twice a second.
const LOOKS: u32 = 10;

const RATE_MAX: f64 = 1_000_000.0;
/// Until a queue stood for the first time.
const GROWTH_AT_FIRST: f64 = 1.05;
const SHRINKAGE: f64 = 0.93;
const SHRINKAGE_WHEN_FULL: f64 = 0.85;
/// Where a rate that shrank once holds nobody back any more: up to the first rate again.
const RECOVERY: f64 = 1.25;

/// Between what a rate moves, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Ready messages of the deepest queue at which everything stops.
    pub depth_max: u32,
    /// Orders a second at the start.
    pub first: f64,
    /// Orders a second at least.
    pub least: f64,
    /// What a rate that holds somebody back grows by in half a second, once a queue stood: 1.02 for 2 %.
    pub growth: f64,
}

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
    course: Course,
    rate: Rate,
    stood: bool,
    looks: u32,
    /// The shallowest that the deepest queue was in these looks.
    floor: u32,
    /// It was full in one of these looks.
    was_full: bool,
}

impl Pace {
    /// At the first rate of its course.
    #[must_use]
    pub const fn new(course: Course) -> Self {
        let rate = Rate { per_second: course.first, stopped: false };
        Self { course, rate, stood: false, looks: 0, floor: u32::MAX, was_full: false }
    }

    /// The rate in force.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// The rate from now on, when the deepest queue has `depth` ready messages. `is_used` is asked when
    /// a judgement is due: was somebody held back by the rate since the last one? A rate that holds
    /// nobody back has no reason to grow beyond the first one.
    pub fn look(&mut self, depth: u32, is_used: impl FnOnce() -> bool) -> Rate {
        let full = depth >= self.course.depth_max;
        self.rate.stopped = full || (self.rate.stopped && depth > self.course.depth_max / 2);
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
        let Course { depth_max, first, least, growth } = self.course;
        let stands = self.floor > depth_max / 4;
        self.stood |= stands;
        let rate = self.rate.per_second;
        let next = match (self.was_full, stands, is_used) {
            (true, _, _) => rate * SHRINKAGE_WHEN_FULL,
            (false, true, _) => rate * SHRINKAGE,
            (false, false, true) if self.stood => rate * growth,
            (false, false, true) => rate * GROWTH_AT_FIRST,
            (false, false, false) => rate.max(first.min(rate * RECOVERY)),
        };
        self.rate.per_second = next.clamp(least, RATE_MAX);
    }
}

/// Where senders pass one after the other, at the rate in force.
#[derive(Debug)]
pub struct Turnstile {
    rate: watch::Sender<Rate>,
    /// When the next one may pass.
    next: Mutex<Instant>,
    /// Held by whoever waits in front.
    front: Turn<()>,
    /// What was missed while nobody was there to pass is not made up for, beyond this.
    catch_up: Duration,
    held_back: watch::Sender<bool>,
}

impl Turnstile {
    /// A turnstile of that rate. What nobody used is kept for `catch_up`: a few milliseconds where senders wait
    /// for their turn and shall pass evenly, a second or so where they come at random and do not wait.
    #[must_use]
    pub fn new(rate: Rate, catch_up: Duration) -> Self {
        Self {
            rate: watch::Sender::new(rate),
            next: Mutex::new(Instant::now()),
            front: Turn::new(()),
            catch_up,
            held_back: watch::Sender::new(false),
        }
    }

    /// The rate in force.
    pub fn rate(&self) -> Rate {
        *self.rate.borrow()
    }

    /// Changes the rate, also for whoever waits already.
    pub fn set(&self, rate: Rate) {
        self.rate.send_replace(rate);
    }

    /// True when somebody was held back since this was last asked.
    pub fn take_held_back(&self) -> bool {
        self.held_back.send_replace(false)
    }

    /// Waits for one's turn. Cancel-safe: a turn that was not taken is the next one's.
    pub async fn pass(&self) {
        let _front = self.front.lock().await;
        let mut changes = self.rate.subscribe();
        loop {
            let rate = *changes.borrow_and_update();
            let next = *self.next();
            if !rate.stopped && next <= Instant::now() {
                break;
            }
            self.held_back.send_replace(true);
            tokio::select! {
                () = sleep_until(next), if !rate.stopped => {}
                // the sender is `self`, so this ends with a change and never with an error
                _changed = changes.changed() => {}
            }
        }
        self.count(1);
    }

    /// Passes if it is one's turn at this moment; otherwise says when to come again.
    ///
    /// # Errors
    /// How long it will be at least, at the rate in force; while everything is stopped, a second.
    pub fn try_pass(&self) -> Result<(), Duration> {
        let rate = self.rate();
        let mut next = self.next();
        let now = Instant::now();
        if rate.stopped || *next > now {
            let wait = if rate.stopped { Duration::from_secs(1) } else { *next - now };
            self.held_back.send_replace(true);
            return Err(wait);
        }
        *next = self.after(*next, now, 1);
        Ok(())
    }

    /// Counts so many that have passed already, beyond the one that took its turn for all of them: whoever comes
    /// next waits for them, too.
    pub fn count(&self, more: u32) {
        let mut next = self.next();
        *next = self.after(*next, Instant::now(), more);
    }

    /// When the next one may pass, once so many more have.
    fn after(&self, next: Instant, now: Instant, more: u32) -> Instant {
        let earliest = now.checked_sub(self.catch_up).unwrap_or(next);
        let each = Duration::from_secs_f64(1.0 / self.rate().per_second);
        earliest.max(next) + each * more
    }

    fn next(&self) -> MutexGuard<'_, Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
