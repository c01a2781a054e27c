//! Whether this process should get work: a set of latches, all of which must be set.
//!
//! Each part of a process holds its own latch and sets or clears it; nobody asks them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The latches of one process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, Latch>>>);

impl Readiness {
    /// No latch yet, and so not ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The latch of this name, made unset if there is none.
    #[must_use]
    pub fn latch(&self, name: &'static str) -> Latch {
        self.with(|latches| latches.entry(name).or_default().clone())
    }

    /// The names of the latches that are not set, sorted.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.with(|latches| {
            latches.iter().filter(|(_, latch)| !latch.is_set()).map(|(name, _)| *name).collect()
        })
    }

    /// Whether every latch is set. A process without any is still starting, hence not ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.with(|latches| !latches.is_empty() && latches.values().all(Latch::is_set))
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<&'static str, Latch>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One condition of readiness. Clones are the same latch.
#[derive(Debug, Clone, Default)]
pub struct Latch(Arc<AtomicBool>);

impl Latch {
    /// Says whether the condition holds.
    pub fn set(&self, holds: bool) {
        self.0.store(holds, Ordering::Release);
    }

    /// Whether the condition holds.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
