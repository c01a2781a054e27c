//! What a worker is built from, and where it hangs its own background tasks.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use store::Database;
use store::outbox::OutboxRow;
use telemetry::Registry;
use tokio::task::JoinSet;

use crate::core::Core;
use crate::failed::dead_letter;
use crate::{DeadLetter, Ingress, SendError, Shutdown};

/// Own tasks of a worker: their name and how each ended.
pub(crate) type Background = Mutex<JoinSet<(&'static str, Result<(), String>)>>;

/// The process around a worker. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Context {
    /// The pool.
    pub database: Database,
    /// True: cut-offs are judged at the time in each message, not at wall time.
    pub replay_clock: bool,
    /// Where own metrics are registered.
    pub registry: Registry,
    /// This instance's name.
    pub instance: String,
    pub(crate) core: Arc<Core>,
    pub(crate) control_link: broker::Link,
    pub(crate) background: Arc<Background>,
}

impl Context {
    /// Runs `task` beside the worker. It must end within the drain time once [`Context::shutdown`] begins;
    /// when it ends earlier the process ends.
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), String>> + Send + 'static,
    ) {
        let mut tasks = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(async move { (name, task.await) });
    }

    /// The signal that everything waits for.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.core.shutdown.clone()
    }

    /// Publishes outbox rows that a transaction of a background task has committed, now rather than with
    /// the next sweep. Never before the commit: others would hear of what may not happen.
    pub fn publish(&self, committed: Vec<OutboxRow>) {
        self.core.relay.publish(committed);
    }

    /// Sends a message to this worker's dead letters, for good once it is confirmed. For messages that
    /// had their effect long ago and turn out to have been in vain; what fails in a batch goes by itself.
    ///
    /// # Errors
    /// [`SendError::Publish`]; send it again with the same id.
    pub async fn dead_letter(&self, letter: DeadLetter) -> Result<(), SendError> {
        let DeadLetter { envelope, body, queue, reason, detail } = letter;
        let copy = dead_letter(self.core.kind, envelope, body, queue, (reason, &detail));
        Ok(self.core.publisher.publish(&copy).await?)
    }

    /// Sends commands and hears their answers. Call it once.
    #[must_use]
    pub fn ingress(&self) -> Ingress {
        Ingress::start(self)
    }
}
