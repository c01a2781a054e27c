//! A delivery in process: what it takes to settle it, and what it occupies meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use broker::Settler;
use tokio::sync::OwnedSemaphorePermit;

use crate::core::Core;

/// Held from its arrival until it is settled or given back.
pub(crate) struct Held {
    tag: u64,
    settler: Settler,
    _bytes: OwnedSemaphorePermit,
    _in_flight: InFlight,
}

impl Held {
    pub(crate) fn new(
        core: &Arc<Core>,
        tag: u64,
        settler: Settler,
        bytes: OwnedSemaphorePermit,
    ) -> Self {
        Self { tag, settler, _bytes: bytes, _in_flight: InFlight::new(core) }
    }

    /// The queue it was taken from.
    pub(crate) fn queue(&self) -> &str {
        self.settler.queue()
    }

    /// False once its channel is gone: then it comes again by itself.
    pub(crate) fn is_alive(&self) -> bool {
        self.settler.is_alive()
    }

    /// Acknowledges deliveries of one or more queues.
    pub(crate) async fn acknowledge(all: impl Iterator<Item = &Self> + Send) {
        let mut by_queue: BTreeMap<&str, (&Settler, Vec<u64>)> = BTreeMap::new();
        for held in all {
            let entry = by_queue.entry(held.queue());
            entry.or_insert_with(|| (&held.settler, Vec::new())).1.push(held.tag);
        }
        for (settler, tags) in by_queue.into_values() {
            settler.settle(&tags).await;
        }
    }
}

/// Counts a message as in process for as long as it lives.
struct InFlight(Arc<Core>);

impl InFlight {
    fn new(core: &Arc<Core>) -> Self {
        core.in_flight.fetch_add(1, Ordering::Relaxed);
        core.metrics.in_flight(1);
        Self(Arc::clone(core))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.in_flight(-1);
    }
}
