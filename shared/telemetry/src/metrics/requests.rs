//! The metrics of a front: requests by route and status, how long they take, how many are in progress.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Unit;

use crate::histogram::Histogram;
use crate::registry::{Counter, Gauge, Registry};

/// The metrics of one front. Clones record into the same series.
#[derive(Debug, Clone)]
pub struct RequestMetrics {
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    turned_away: Family<TurnedLabels, Counter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    method: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TurnedLabels {
    class: &'static str,
    reason: &'static str,
}

/// A request in progress, until it is dropped.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl RequestMetrics {
    /// Registers all of them. Once a process: a second call would show every name twice.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(Histogram::seconds),
            in_flight: Gauge::default(),
            turned_away: Family::default(),
        };
        let help = "Requests by route, method and status of the answer";
        registry.register("dray_http_requests", help, None, metrics.requests.clone());
        let help = "Time from a request to the head of its answer";
        let duration = metrics.duration.clone();
        registry.register("dray_http_request_duration", help, Some(Unit::Seconds), duration);
        let help = "Requests in progress";
        registry.register("dray_http_in_flight", help, None, metrics.in_flight.clone());
        let help =
            "Requests answered at once because they could not be taken on, by class and reason";
        registry.register("dray_http_turned_away", help, None, metrics.turned_away.clone());
        metrics
    }

    /// A request began.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request was answered. `route` and `method` are words of the program, never of the request.
    pub fn request(
        &self,
        route: &'static str,
        method: &'static str,
        status: u16,
        elapsed: Duration,
    ) {
        self.requests.get_or_create(&RequestLabels { route, method, status }).inc();
        let labels = RouteLabels { route, method };
        self.duration.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    /// A request of a class was not taken on, and why.
    pub fn turned_away(&self, class: &'static str, reason: &'static str) {
        self.turned_away.get_or_create(&TurnedLabels { class, reason }).inc();
    }
}
