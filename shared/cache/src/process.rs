//! The level inside the process: seconds old at most, bounded, and one loader for all who ask the same.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache as Moka;
use moka::ops::compute::Op;

use crate::{Answer, Key, Versioned};

/// So old may an answer be after another process changed the record.
const TIME_TO_LIVE: Duration = Duration::from_secs(2);
const BYTES_MAX: u64 = 40 * 1_024 * 1_024;
/// Small entries are counted with this weight, which bounds their number to 10,240.
const ENTRY_BYTES_MIN: usize = 4 * 1_024;

/// Long enough to be handed to those who waited, too short to be an answer for anybody else.
const FLIGHT_TIME_TO_LIVE: Duration = Duration::from_millis(1);
const FLIGHTS_MAX: u64 = 10_000;

#[derive(Debug, Clone)]
pub(crate) struct Process {
    entries: Moka<Key, Versioned>,
    /// Loads under way. Apart from the entries, because a finished load would overwrite whatever a
    /// write-through has put there in the meantime.
    flights: Moka<Vec<Key>, Vec<Answer>>,
}

impl Process {
    pub(crate) fn new() -> Self {
        let entries = Moka::builder()
            .time_to_live(TIME_TO_LIVE)
            .max_capacity(BYTES_MAX)
            .weigher(weight)
            .build();
        let flights =
            Moka::builder().time_to_live(FLIGHT_TIME_TO_LIVE).max_capacity(FLIGHTS_MAX).build();
        Self { entries, flights }
    }

    pub(crate) async fn get(&self, key: &Key) -> Option<Versioned> {
        self.entries.get(key).await
    }

    /// Puts `entry` in place unless a newer one is there, and returns the one that is there then.
    pub(crate) async fn keep_newer(&self, key: &Key, entry: Versioned) -> Versioned {
        let offered = entry.clone();
        let kept = self
            .entries
            .entry_by_ref(key)
            .and_compute_with(|held| {
                let newer_is_held = held.is_some_and(|held| held.value().version > offered.version);
                ready(if newer_is_held { Op::Nop } else { Op::Put(offered) })
            })
            .await;
        kept.into_entry().map_or(entry, moka::Entry::into_value)
    }

    /// Drops the entry if it is older than `version`.
    pub(crate) async fn drop_older(&self, key: &Key, version: u64) {
        let drop = |held: Option<moka::Entry<Key, Versioned>>| {
            let is_older = held.is_some_and(|held| held.value().version < version);
            ready(if is_older { Op::Remove } else { Op::Nop })
        };
        let _what_is_there_now = self.entries.entry_by_ref(key).and_compute_with(drop).await;
    }

    /// Runs `load` unless the same keys are being loaded already; then waits for those answers.
    pub(crate) async fn single_flight<E, L>(
        &self,
        keys: &[Key],
        load: L,
    ) -> Result<Vec<Answer>, Arc<E>>
    where
        L: Future<Output = Result<Vec<Answer>, E>> + Send,
        E: Send + Sync + 'static,
    {
        self.flights.try_get_with_by_ref(keys, load).await
    }
}

fn weight(key: &Key, entry: &Versioned) -> u32 {
    let bytes = key.id.len() + entry.body.as_ref().map_or(0, |body| body.len());
    u32::try_from(bytes.max(ENTRY_BYTES_MIN)).unwrap_or(u32::MAX)
}
