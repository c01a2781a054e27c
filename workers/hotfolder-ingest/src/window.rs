//! How many commands may be without an answer, given how full the queues behind them are.
//!
//! So that a file of a million lines never floods the fleet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Places for commands on their way.
#[derive(Debug)]
pub struct Window {
    state: Mutex<State>,
    changed: Notify,
    wanted: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    taken: usize,
    waiting: usize,
}

impl Window {
    /// A window of `limit` places.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        let state = Mutex::new(State { limit, taken: 0, waiting: 0 });
        Arc::new(Self { state, changed: Notify::new(), wanted: Notify::new() })
    }

    /// Waits for a free place.
    pub async fn enter(self: &Arc<Self>) -> Place {
        let _waiting = Waiting::begin(self);
        loop {
            if self.try_take() {
                return Place(Arc::clone(self));
            }
            self.changed.notified().await;
        }
    }

    /// Makes the window wider or narrower; whoever is inside stays inside.
    pub fn set_limit(&self, limit: usize) {
        let before = std::mem::replace(&mut self.lock().limit, limit);
        for _ in before..limit {
            self.changed.notify_one();
        }
    }

    /// Places that are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.lock().taken
    }

    /// Waits until somebody is inside or wants to be.
    pub async fn in_use(&self) {
        loop {
            {
                let state = self.lock();
                if state.taken > 0 || state.waiting > 0 {
                    return;
                }
            }
            self.wanted.notified().await;
        }
    }

    fn try_take(&self) -> bool {
        let mut state = self.lock();
        let is_free = state.taken < state.limit;
        if is_free {
            state.taken += 1;
        }
        // Several places may have become free behind one notification: pass it on.
        if state.taken < state.limit && state.waiting > 1 {
            self.changed.notify_one();
        }
        is_free
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Three numbers: whoever panicked left them whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One place in the window, free again when it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Window>);

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.taken = state.taken.saturating_sub(1);
        drop(state);
        self.0.changed.notify_one();
    }
}

struct Waiting<'a>(&'a Window);

impl<'a> Waiting<'a> {
    fn begin(window: &'a Window) -> Self {
        window.lock().waiting += 1;
        window.wanted.notify_one();
        Self(window)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

/// Fits the window to how deep the queues behind it are.
///
/// One order becomes some ten messages on its way, and most of them appear long after the order was
/// answered: the number of unanswered orders alone bounds nothing. So the window grows slowly while every
/// queue is shallow and shrinks fast when one is not, and settles where the slowest worker keeps up.
#[derive(Debug)]
pub struct Pace {
    /// In sixteenths of a place, so that slow growth is possible while it is small.
    sixteenths: usize,
    window_max: usize,
    depth_max: u32,
}

/// Where a window begins: with few places, so that a start does not flood an idle fleet.
pub const FIRST_PLACES: usize = 8;

impl Pace {
    /// `depth_max`: ready messages of the deepest queue that are never to be passed.
    #[must_use]
    pub fn new(window_max: usize, depth_max: u32) -> Self {
        Self { sixteenths: FIRST_PLACES.min(window_max) * 16, window_max, depth_max }
    }

    /// The places from now on, when the deepest queue has `depth` ready messages.
    pub fn next(&mut self, depth: u32) -> usize {
        if depth >= self.depth_max {
            self.sixteenths = (self.sixteenths / 2).max(16);
            return 0;
        }
        if depth > self.depth_max / 4 {
            self.sixteenths = (self.sixteenths * 7 / 8).max(16);
        } else if depth < self.depth_max / 8 {
            let grown = self.sixteenths + (self.sixteenths / 32).max(4);
            self.sixteenths = grown.min(self.window_max * 16);
        }
        (self.sixteenths / 16).max(1)
    }
}
