//! Counts of what the cache did. Whoever has a registry shows them (see [`crate::Cache::counted`]).

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Answers from the process.
    pub process_hits: u64,
    /// Answers from Redis.
    pub redis_hits: u64,
    /// Questions that neither level could answer.
    pub misses: u64,
    /// Answers from a loader.
    pub loads: u64,
    /// Entries that Redis took.
    pub writes: u64,
    /// Entries that Redis refused, because it had a newer one.
    pub refused_older: u64,
    /// Operations that Redis failed or did not answer in time.
    pub errors: u64,
    /// Operations not tried, because Redis had just failed several times.
    pub skipped: u64,
    /// Changes that Redis could not be told of.
    pub owed: u64,
    /// Such changes whose old copies were dropped afterwards.
    pub paid: u64,
}

impl CacheStats {
    /// Each count with a name for a metric's label.
    #[must_use]
    pub const fn labelled(&self) -> [(&'static str, u64); 10] {
        [
            ("process_hit", self.process_hits),
            ("redis_hit", self.redis_hits),
            ("miss", self.misses),
            ("load", self.loads),
            ("write", self.writes),
            ("refused_older", self.refused_older),
            ("error", self.errors),
            ("skipped", self.skipped),
            ("owed", self.owed),
            ("paid", self.paid),
        ]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    process_hits: AtomicU64,
    redis_hits: AtomicU64,
    misses: AtomicU64,
    loads: AtomicU64,
    writes: AtomicU64,
    refused_older: AtomicU64,
    errors: AtomicU64,
    skipped: AtomicU64,
    owed: AtomicU64,
    paid: AtomicU64,
}

impl Counters {
    pub(crate) fn process_hit(&self) {
        add(&self.process_hits, 1);
    }

    pub(crate) fn redis_hit(&self) {
        add(&self.redis_hits, 1);
    }

    pub(crate) fn miss(&self) {
        add(&self.misses, 1);
    }

    pub(crate) fn loaded(&self, count: u64) {
        add(&self.loads, count);
    }

    pub(crate) fn written(&self, taken: u64, refused: u64) {
        add(&self.writes, taken);
        add(&self.refused_older, refused);
    }

    pub(crate) fn error(&self) {
        add(&self.errors, 1);
    }

    pub(crate) fn skipped(&self) {
        add(&self.skipped, 1);
    }

    pub(crate) fn owed(&self, count: u64) {
        add(&self.owed, count);
    }

    pub(crate) fn paid(&self, count: u64) {
        add(&self.paid, count);
    }

    pub(crate) fn read(&self) -> CacheStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStats {
            process_hits: read(&self.process_hits),
            redis_hits: read(&self.redis_hits),
            misses: read(&self.misses),
            loads: read(&self.loads),
            writes: read(&self.writes),
            refused_older: read(&self.refused_older),
            errors: read(&self.errors),
            skipped: read(&self.skipped),
            owed: read(&self.owed),
            paid: read(&self.paid),
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
