//! Everything that `/metrics` shows. One registry a process, made in main and handed down.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::{Metric, Registry as Inner, Unit};

use crate::process::Process;

/// A number that only grows.
pub type Counter = prometheus_client::metrics::counter::Counter;
/// A number that goes up and down.
pub type Gauge = prometheus_client::metrics::gauge::Gauge;

/// The metrics of one process. Clones share them; every series carries the worker's name.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Mutex<Inner>>);

impl Registry {
    /// A registry with memory and CPU time of the process, all series labelled with `worker`.
    #[must_use]
    pub fn new(worker: &str) -> Self {
        let labels = [("worker".into(), worker.to_owned().into())];
        let mut inner = Inner::with_labels(labels.into_iter());
        inner.register_collector(Box::new(Process));
        Self(Arc::new(Mutex::new(inner)))
    }

    /// A counter of one worker's own. The text format adds `_total` to `name`.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        let counter = Counter::default();
        self.register(name, help, None, counter.clone());
        counter
    }

    /// A gauge of one worker's own.
    #[must_use]
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        let gauge = Gauge::default();
        self.register(name, help, None, gauge.clone());
        gauge
    }

    /// Counters that somebody else keeps and that are read at each scrape: `read` answers the value
    /// of the label `label` with its count. The text format adds `_total` to `name`, and nothing to
    /// `help`, which is a whole sentence.
    pub fn counters_from<F>(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        read: F,
    ) where
        F: Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static,
    {
        let source = CountersFrom { name, help, label, read };
        self.lock().register_collector(Box::new(source));
    }

    /// The exposition in OpenMetrics text format.
    ///
    /// # Errors
    /// When a collector cannot write its values.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.lock())?;
        Ok(text)
    }

    pub(crate) fn register(
        &self,
        name: &'static str,
        help: &'static str,
        unit: Option<Unit>,
        metric: impl Metric,
    ) {
        match unit {
            Some(unit) => self.lock().register_with_unit(name, help, unit, metric),
            None => self.lock().register(name, help, metric),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while registering leaves a list with one entry more or less, and still a list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct CountersFrom<F> {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    read: F,
}

impl<F> fmt::Debug for CountersFrom<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountersFrom").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<F> Collector for CountersFrom<F>
where
    F: Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static,
{
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family =
            encoder.encode_descriptor(self.name, self.help, None, MetricType::Counter)?;
        for (value, count) in (self.read)() {
            let labels = [(self.label, value)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
