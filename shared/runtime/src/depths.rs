//! How deep queues are, asked over and over on one channel of a connection that comes and goes.
//!
//! Never here: what follows from a depth (see `pacing::Pace`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker::{Connection, DepthProbe};
use queue_topology::{WorkQueue, WorkerKind};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::SendError;

/// How long a question may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// How long a queue that is not there is left alone: asking for one costs a channel.
const MISSING_PAUSE: Duration = Duration::from_secs(60);

/// Asks for depths. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Depths {
    connection: watch::Receiver<Option<Connection>>,
    asking: Arc<Mutex<Asking>>,
}

#[derive(Debug, Default)]
struct Asking {
    probe: Option<DepthProbe>,
    /// Queues that are not there, and since when that is known.
    missing: HashMap<String, Instant>,
}

impl Depths {
    /// Over this connection, while there is one.
    pub(crate) fn new(connection: watch::Receiver<Option<Connection>>) -> Self {
        Self { connection, asking: Arc::default() }
    }

    /// Ready messages of a queue at this moment. One that cannot be asked for counts as empty: whoever paces by
    /// depths is held back by what is known, never by what is not.
    pub async fn of(&self, (kind, queue): (WorkerKind, WorkQueue)) -> u32 {
        let name = kind.queue(queue);
        let mut asking = self.asking.lock().await;
        if asking.missing.get(&name).is_some_and(|since| since.elapsed() < MISSING_PAUSE) {
            return 0;
        }
        match self.ask(&mut asking.probe, &name).await {
            Ok(depth) => {
                asking.missing.remove(&name);
                depth
            }
            Err(SendError::Broker(error)) if error.is_permanent() => {
                asking.missing.insert(name, Instant::now());
                0
            }
            Err(
                SendError::Broker(_)
                | SendError::Publish(_)
                | SendError::Encode(_)
                | SendError::Disconnected,
            ) => 0,
        }
    }

    /// Ready messages of the deepest of these queues at this moment.
    pub async fn deepest_of(&self, queues: &[(WorkerKind, WorkQueue)]) -> u32 {
        let mut deepest = 0;
        for queue in queues {
            deepest = deepest.max(self.of(*queue).await);
        }
        deepest
    }

    async fn ask(&self, probe: &mut Option<DepthProbe>, queue: &str) -> Result<u32, SendError> {
        if probe.as_ref().is_none_or(|probe| !probe.is_alive()) {
            let connection = self.connection.borrow().clone().ok_or(SendError::Disconnected)?;
            *probe = Some(DepthProbe::open(&connection).await?);
        }
        let open = probe.as_ref().ok_or(SendError::Disconnected)?;
        if let Ok(depth) = timeout(ANSWERED_WITHIN, open.depth(queue)).await {
            return Ok(depth?);
        }
        *probe = None;
        Err(SendError::Disconnected)
    }
}
