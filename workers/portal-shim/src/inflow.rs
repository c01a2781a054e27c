//! How many new orders are let in: as many as the queues behind them carry, so that what is on the road already
//! is answered for in time.
//!
//! A new order makes some twenty-five messages in the fleet where a status report is one, most of them after the
//! order was answered. Under ten times the load there would be more of them than at any other time, and reports would wait
//! behind what follows from them. The hot folder paces itself in the same way, with less depth: who waits at the
//! portal goes before files.
//!
//! Never here: what an order is.

use std::sync::Arc;
use std::time::Duration;

use pacing::{Course, LOOKED_AT_EVERY, Pace, Rate, Turnstile};
use queue_topology::BEHIND_AN_ORDER;
use runtime::{Depths, Shutdown};
use telemetry::{Gauge, Registry, RequestMetrics};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::metrics::Turned;
use crate::problem::Problem;
use crate::throttle::Class;

/// Orders a second at the start, and again soon after the last queue stood.
const FIRST_RATE: f64 = 200.0;
/// Orders a second at least, whatever others fill the queues with: an order that a person types gets through.
const LEAST_RATE: f64 = 10.0;
/// What the rate grows by in half a second, once a queue stood.
const GROWTH: f64 = 1.05;
/// Requests come at random and do not wait: a second's worth may come at once.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Where new orders are let in. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Inflow(Arc<Gates>);

#[derive(Debug)]
struct Gates {
    course: Course,
    single: Turnstile,
    /// Batches wait for batches only: an order by itself is not put off by two thousand at once.
    batches: Turnstile,
    /// Somebody brought an order.
    asked: Notify,
    rate: Gauge,
    metrics: RequestMetrics,
}

impl Inflow {
    /// `depth_max`: ready messages of the deepest queue at which only the least rate is let in.
    pub(crate) fn new(depth_max: u32, registry: &Registry, metrics: RequestMetrics) -> Self {
        let course = Course { depth_max, first: FIRST_RATE, least: LEAST_RATE, growth: GROWTH };
        let rate = Pace::new(course).rate();
        let shown = registry.gauge(
            "dray_portal_new_orders_rate",
            "New orders that may come in a second, given the depth of the queues behind them",
        );
        shown.set(rate.whole());
        Self(Arc::new(Gates {
            course,
            single: Turnstile::new(rate, CATCH_UP),
            batches: Turnstile::new(rate, CATCH_UP),
            asked: Notify::new(),
            rate: shown,
            metrics,
        }))
    }

    /// Lets one new order in.
    ///
    /// # Errors
    /// 503 when the fleet has as many as it can carry.
    pub(crate) fn one(&self) -> Result<(), Problem> {
        self.pass(&self.0.single)
    }

    /// Lets so many new orders in at once. While a queue stands, or has not been gone for long, they count as what
    /// they are; a fleet that has nothing to do takes two thousand, and then the next.
    ///
    /// # Errors
    /// As [`Inflow::one`].
    pub(crate) fn many(&self, orders: usize) -> Result<(), Problem> {
        self.pass(&self.0.batches)?;
        if self.0.batches.rate().per_second < FIRST_RATE {
            self.0.batches.count(u32::try_from(orders.saturating_sub(1)).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    fn pass(&self, gate: &Turnstile) -> Result<(), Problem> {
        self.0.asked.notify_one();
        gate.try_pass().map_err(|wait| {
            self.0.metrics.turned_away(Class::Normal.word(), Turned::Pace.word());
            let detail =
                "the fleet has as many new orders as it can carry: nothing was done, try again";
            Problem::unavailable("OVERLOADED", detail).retry_after(wait.as_secs() + 1)
        })
    }

    /// Fits the rate to the depth of the queues until shutdown. Looks while orders come, and until the first rate
    /// is in force again.
    pub(crate) async fn keep(self, depths: Depths, shutdown: Shutdown) {
        let gates = &*self.0;
        let mut pace = Pace::new(gates.course);
        let mut tick = interval(LOOKED_AT_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_at_rest = !pace.rate().stopped && pace.rate().per_second >= FIRST_RATE;
            let due = async {
                if is_at_rest {
                    gates.asked.notified().await;
                }
                tick.tick().await
            };
            tokio::select! {
                () = shutdown.begun() => return,
                _now = due => {}
            }
            let deepest = depths.deepest_of(&BEHIND_AN_ORDER).await;
            let rate = pace.look(deepest, || {
                let (single, batches) = (&gates.single, &gates.batches);
                single.take_held_back() | batches.take_held_back()
            });
            let rate = match rate.stopped {
                true => Rate { per_second: LEAST_RATE, stopped: false },
                false => rate,
            };
            gates.single.set(rate);
            gates.batches.set(rate);
            gates.rate.set(rate.whole());
        }
    }
}
