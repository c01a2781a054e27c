//! How many questions were answered, by what they were about, and how many of them without the database.
//! The share of the second in the first is the hit ratio.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts since the start of the process. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<&'static str, Answered>>>);

/// Answers about one thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) all: u64,
    pub(crate) without_database: u64,
}

impl Tally {
    /// Counts an answer.
    pub(crate) fn count(&self, about: &'static str, used_database: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = counts.entry(about).or_default();
        answered.all += 1;
        answered.without_database += u64::from(!used_database);
    }

    /// The counts so far.
    pub(crate) fn read(&self) -> BTreeMap<&'static str, Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All answers, as a metric shows them.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        self.read().into_iter().map(|(about, answered)| (about, answered.all)).collect()
    }

    /// Those without the database, as a metric shows them.
    pub(crate) fn without_database(&self) -> Vec<(&'static str, u64)> {
        let counts = self.read().into_iter();
        counts.map(|(about, answered)| (about, answered.without_database)).collect()
    }
}
