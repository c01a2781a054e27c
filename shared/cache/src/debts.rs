//! What Redis could not be told. While it was away a record changed, so the copy that it holds may be an
//! old one: it is dropped as soon as Redis answers again, long before its own time is over.
//!
//! Bounded and in memory only. Never here: a call to Redis.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Key;

/// More are not remembered: their copies live until their time is over.
const DEBTS_MAX: usize = 20_000;

/// Keys with the version that Redis should have heard of.
#[derive(Debug, Default)]
pub(crate) struct Debts(Mutex<HashMap<Key, u64>>);

impl Debts {
    /// Remembers them, as far as there is room; gives how many it remembers of these.
    pub(crate) fn owe(&self, keys: impl IntoIterator<Item = (Key, u64)>) -> u64 {
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut remembered = 0;
        for (key, version) in keys {
            if debts.len() < DEBTS_MAX || debts.contains_key(&key) {
                let held = debts.entry(key).or_default();
                *held = version.max(*held);
                remembered += 1;
            }
        }
        remembered
    }

    /// Takes some of them, at most so many.
    pub(crate) fn take(&self, most: usize) -> Vec<(Key, u64)> {
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<Key> = debts.keys().take(most).cloned().collect();
        keys.into_iter().filter_map(|key| debts.remove_entry(&key)).collect()
    }
}
