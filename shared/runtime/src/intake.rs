//! The intake: one generation after the other consumes the worker's queues.
//!
//! A generation ends when its connection is lost (nothing of it is used again), when settings change that
//! need fresh channels or another number of lanes (it finishes what it has first), when the kill switch
//! moves, or at shutdown. While the worker is paused, or the switch is open, there is none.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::BrokerError;
use pacing::Backoff;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Worker;
use crate::core::{Core, InForce};
use crate::generation::{End, Generation};
use crate::kill_switch::Position;

/// How long a change of settings waits for the lanes; in force within a second.
const RECONFIGURE_LIMIT: Duration = Duration::from_millis(800);

/// Consumes until shutdown. Gives false when not everything that was begun ended in time.
///
/// # Errors
/// [`BrokerError`] when waiting does not help (a queue is missing, a right is missing).
pub(crate) async fn run<W: Worker>(core: Arc<Core>, worker: Arc<W>) -> Result<bool, BrokerError> {
    let mut backoff = Backoff::reconnect();
    let mut retired: JoinSet<()> = JoinSet::new();
    loop {
        let (wanted, position) = (*core.wanted.borrow(), core.kill_switch.position());
        core.metrics.set_paused(wanted.paused);
        if core.shutdown.has_begun() {
            return Ok(true);
        }
        if wanted.paused || matches!(position, Position::Open { .. }) {
            core.applied.send_replace(wanted.version);
            wait_for_change(&core, wanted, position).await;
            continue;
        }
        let opened = tokio::select! {
            opened = Generation::open(&core, &worker, wanted, position) => opened,
            () = core.shutdown.begun() => return Ok(true),
        };
        let mut generation = match opened {
            Ok(generation) => generation,
            Err(error) if error.is_permanent() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "cannot consume yet");
                pause(&core, &mut backoff).await;
                continue;
            }
        };
        backoff.reset();
        match generation.consume().await {
            End::Reconfigure => {
                generation.finish(RECONFIGURE_LIMIT, &mut retired).await;
            }
            End::Switched => {
                let limit = core.settle_limit();
                if matches!(core.kill_switch.position(), Position::Open { .. }) {
                    generation.give_back(limit, &mut retired).await;
                } else {
                    generation.finish(limit, &mut retired).await;
                }
            }
            End::Shutdown => {
                core.draining.store(true, Ordering::Relaxed);
                return Ok(generation.finish(core.settle_limit(), &mut retired).await);
            }
            End::Lost(error) => {
                tracing::warn!(%error, "the consuming connection is lost");
                core.metrics.reconnected(telemetry::Connection::BrokerConsume);
                generation.abandon(&mut retired);
                pause(&core, &mut backoff).await;
            }
        }
        while retired.try_join_next().is_some() {}
    }
}

/// Waits before the next try, unless shutdown begins.
async fn pause(core: &Core, backoff: &mut Backoff) {
    tokio::select! {
        () = backoff.wait() => {}
        () = core.shutdown.begun() => {}
    }
}

async fn wait_for_change(core: &Core, now: InForce, position: Position) {
    let mut wanted = core.wanted.subscribe();
    tokio::select! {
        () = changed(&mut wanted, now) => {}
        () = core.kill_switch.moved(position) => {}
        () = core.shutdown.begun() => {}
    }
}

/// Waits until other settings are wanted than those in force.
pub(crate) async fn changed(wanted: &mut watch::Receiver<InForce>, in_force: InForce) {
    // the sender lives in core: it cannot be closed
    drop(wanted.wait_for(|wanted| *wanted != in_force).await);
}
