//! Whether messages are being worked on, so that improving routes keeps out of their way, and how much of a
//! processor it may take when they never pause. Never here: what is improved.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For so long no batch has run: nothing waits.
const QUIET: Duration = Duration::from_millis(500);
/// The longest that improving takes while messages come.
const SHORT: Duration = Duration::from_secs(1);

/// Batches in process, and when the last one ended.
#[derive(Debug)]
pub(crate) struct Activity {
    batches: AtomicUsize,
    ended_at: Mutex<Instant>,
}

/// A batch in process, until it is dropped.
#[derive(Debug)]
pub(crate) struct Busy<'a>(&'a Activity);

impl Activity {
    /// Nothing in process, and as if something had just ended.
    pub(crate) fn new() -> Self {
        Self { batches: AtomicUsize::new(0), ended_at: Mutex::new(Instant::now()) }
    }

    /// A batch begins.
    pub(crate) fn begin(&self) -> Busy<'_> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }

    /// A batch is in process.
    pub(crate) fn is_busy(&self) -> bool {
        self.batches.load(Ordering::Relaxed) > 0
    }

    /// For how long none has been.
    pub(crate) fn quiet_for(&self) -> Duration {
        if self.is_busy() {
            return Duration::ZERO;
        }
        self.ended_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        *self.0.ended_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.batches.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Leave to improve one slot day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// How long it may take.
    pub(crate) budget: Duration,
    /// It stops as soon as a message is worked on.
    pub(crate) yields: bool,
}

/// How the last turn went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastTurn {
    pub(crate) took: Duration,
    /// Time since it ended.
    pub(crate) ago: Duration,
}

/// Whether it is improving's turn: when nothing waits; or else when its share of one processor since the
/// last turn allows a short one, so that a day without a pause is improved, too.
pub(crate) fn turn(
    quiet_for: Duration,
    last: LastTurn,
    percent: u8,
    budget: Duration,
) -> Option<Turn> {
    if quiet_for >= QUIET {
        return Some(Turn { budget, yields: true });
    }
    let percent = u32::from(percent);
    let is_due = percent > 0
        && last.ago.saturating_mul(percent)
            >= last.took.max(SHORT).saturating_mul(100_u32.saturating_sub(percent));
    is_due.then(|| Turn { budget: budget.min(SHORT), yields: false })
}
