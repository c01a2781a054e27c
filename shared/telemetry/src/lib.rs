//! What a process tells about itself: logs, metrics, probes and trace identifiers.
//!
//! Metric names and labels are written down in [`metrics`] and nowhere else, so that callers never
//! touch a label string and the set of series stays bounded. This crate reads no settings, opens no
//! connection of its own accord and knows nothing of messages, broker or database.

pub mod admin;
mod histogram;
mod log;
pub mod metrics;
mod process;
mod readiness;
mod registry;
mod trace;

#[cfg(test)]
mod tests;

pub use crate::histogram::{Buckets, Histogram};
pub use crate::log::{LogError, init};
pub use crate::metrics::{
    Connection, DatabaseError, InFlight, Outcome, Published, RequestMetrics, Snapshot, Stage,
    WorkerMetrics,
};
pub use crate::readiness::{Latch, Readiness};
pub use crate::registry::{Counter, Gauge, Registry};
pub use crate::trace::{InvalidTraceparent, TraceContext};
