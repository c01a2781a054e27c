//! The kill switch: a worker that fails at most of what it takes stops taking, and tries one message now and
//! then. A broken deploy costs a few dead letters instead of a whole queue of them.
//!
//! What lives here: who is told when the switch moves, and waiting for it. When it moves is in [`policy`].

mod policy;
#[cfg(test)]
mod tests;

use queue_topology::WorkerKind;
use telemetry::{Outcome, WorkerMetrics};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::policy::Policy;
pub(crate) use self::policy::Position;

/// The switch of one process.
#[derive(Debug)]
pub(crate) struct KillSwitch {
    kind: WorkerKind,
    policy: watch::Sender<Policy>,
    metrics: WorkerMetrics,
}

impl KillSwitch {
    /// Closed. `percent`: the share of failures that trips it; 0: nothing does.
    pub(crate) fn new(kind: WorkerKind, percent: u8, metrics: WorkerMetrics) -> Self {
        Self { kind, policy: watch::Sender::new(Policy::new(percent)), metrics }
    }

    pub(crate) fn position(&self) -> Position {
        self.policy.borrow().position()
    }

    /// True unless it is closed.
    pub(crate) fn is_tripped(&self) -> bool {
        !matches!(self.position(), Position::Closed { .. })
    }

    /// Messages end like this. False: the last of them must not, the switch is open; it goes back to its
    /// queue.
    pub(crate) fn ends(&self, outcomes: impl IntoIterator<Item = Outcome>) -> bool {
        let mut may_end = true;
        self.turn(|policy| {
            for outcome in outcomes {
                may_end = policy.ends(outcome, Instant::now());
            }
        });
        may_end
    }

    /// An operator closes it.
    pub(crate) fn reset(&self) {
        self.turn(Policy::reset);
    }

    /// Waits until it is elsewhere than at `from`. An open one moves by itself when its wait is over.
    pub(crate) async fn moved(&self, from: Position) {
        let mut policy = self.policy.subscribe();
        // the sender lives in self: it cannot be closed
        let elsewhere = async { drop(policy.wait_for(|policy| policy.position() != from).await) };
        match from {
            Position::Closed { .. } | Position::Probing => elsewhere.await,
            Position::Open { until } => tokio::select! {
                () = elsewhere => {}
                () = sleep_until(until) => self.turn(Policy::probe),
            },
        }
    }

    fn turn(&self, act: impl FnOnce(&mut Policy)) {
        self.policy.send_if_modified(|policy| {
            let before = policy.position();
            act(policy);
            let moved = policy.position() != before;
            if moved {
                self.tell(policy, before);
            }
            moved
        });
    }

    fn tell(&self, policy: &Policy, before: Position) {
        let now = policy.position();
        self.metrics.set_tripped(!matches!(now, Position::Closed { .. }));
        let worker = self.kind.name();
        match (before, now) {
            (Position::Closed { .. }, Position::Open { until }) => {
                let (failed, all) = policy.failures();
                let wait = until.duration_since(Instant::now());
                tracing::error!(
                    failed,
                    of = all,
                    ?wait,
                    "kill switch tripped: most messages fail for good, so nothing more is taken but one \
                     message now and then. `dray dlq show {worker}` shows why; mend the worker or go back to \
                     its last release; `dray kill-switch reset {worker}` lets it go on at once"
                );
            }
            (_, Position::Open { until }) => {
                let wait = until.duration_since(Instant::now());
                tracing::warn!(
                    ?wait,
                    "kill switch: the message that was tried failed, too; waiting longer"
                );
            }
            (_, Position::Probing) => tracing::info!("kill switch: trying one message"),
            (_, Position::Closed { .. }) => tracing::info!("kill switch closed: consuming again"),
        }
    }
}
