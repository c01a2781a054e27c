//! How many commands may be without an answer, given how full the queues behind them are.
//!
//! Unanswered commands and the deepest queue together stay below one limit, so that a file of a
//! million lines never floods the fleet.

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

/// The places that are left when the deepest queue has `depth` ready messages.
#[must_use]
pub fn places(window_max: usize, depth_max: u32, depth: u32) -> usize {
    let room = usize::try_from(depth_max.saturating_sub(depth)).unwrap_or(usize::MAX);
    window_max.min(room)
}
