//! What the hot folder counts. Labels are words of this file, never text from a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use telemetry::{Counter, Gauge, Registry};

const FILE_STATES: [&str; 8] =
    ["DONE", "FAILED", "DUPLICATE_FILE", "CONFLICT", "SKIPPED", "LATE", "DRY_RUN", "UNMAPPED"];
const ORDER_OUTCOMES: [&str; 3] = ["accepted", "duplicate", "rejected"];

/// The counters of one process. Clones count into the same series.
#[derive(Debug, Clone)]
pub struct Metrics {
    files: Tally<8>,
    orders: Tally<3>,
    /// Commands that were sent again because no answer came.
    pub resent: Counter,
    /// Commands without an answer yet.
    pub unanswered: Gauge,
    /// Commands that may be sent a second.
    pub rate: Gauge,
    /// Files that wait in an inbox.
    pub waiting: Gauge,
}

impl Metrics {
    /// Registers all of them, once a process.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let files = Tally::new(FILE_STATES);
        let orders = Tally::new(ORDER_OUTCOMES);
        let (read_files, read_orders) = (files.clone(), orders.clone());
        registry.counters_from(
            "dray_hotfolder_files",
            "Files that were answered, by how they ended",
            "state",
            move || read_files.read(),
        );
        registry.counters_from(
            "dray_hotfolder_orders",
            "Orders that were answered, by how they ended",
            "outcome",
            move || read_orders.read(),
        );
        Self {
            files,
            orders,
            resent: registry.counter(
                "dray_hotfolder_resent",
                "Commands sent again because no answer came in time",
            ),
            unanswered: registry
                .gauge("dray_hotfolder_unanswered", "Commands without an answer yet"),
            rate: registry.gauge(
                "dray_hotfolder_rate",
                "Commands that may be sent a second, given the depth of the queues; 0: stopped",
            ),
            waiting: registry.gauge("dray_hotfolder_waiting", "Files that wait in an inbox"),
        }
    }

    /// A file ended in `state`, one of the words that reports use.
    pub fn file(&self, state: &str) {
        self.files.add(state, 1);
    }

    /// Orders were answered and recorded.
    pub fn orders(&self, accepted: u64, duplicate: u64, rejected: u64) {
        for (outcome, count) in ORDER_OUTCOMES.iter().zip([accepted, duplicate, rejected]) {
            self.orders.add(outcome, count);
        }
    }
}

#[derive(Debug, Clone)]
struct Tally<const N: usize>(Arc<[(&'static str, AtomicU64); N]>);

impl<const N: usize> Tally<N> {
    fn new(labels: [&'static str; N]) -> Self {
        Self(Arc::new(labels.map(|label| (label, AtomicU64::new(0)))))
    }

    fn add(&self, label: &str, count: u64) {
        if let Some((_, total)) = self.0.iter().find(|(known, _)| *known == label) {
            total.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(label, total)| (*label, total.load(Ordering::Relaxed))).collect()
    }
}
