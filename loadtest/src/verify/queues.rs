//! What lies in the queues: nothing may wait where it should have been worked off, and dead letters are
//! counted. Looks without taking: depths by passive declaration, ids of dead letters only when a journal
//! asks for them.

use std::collections::HashSet;
use std::time::Duration;

use lapin::options::{BasicGetOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection, ConnectionProperties};
use queue_topology::{RetryTier, WorkerKind};
use serde::Serialize;
use settings::Secret;
use thiserror::Error;
use uuid::Uuid;

/// A broker that says nothing for so long is taken as gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why the queues could not be looked at.
#[derive(Debug, Error)]
pub(crate) enum QueueError {
    /// The broker cannot be reached or has no such queue.
    #[error("cannot look at {what}: {source}")]
    Broker {
        /// What was asked for.
        what: String,
        /// What the broker said.
        source: lapin::Error,
    },
    /// No answer.
    #[error("the broker did not answer within {0:?}")]
    Silent(Duration),
}

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Work and retry queues: empty once everything is done.
    Work,
    /// Dead letters.
    DeadLetters,
}

/// A queue and how many messages are ready in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Depth {
    /// The queue.
    pub(crate) queue: String,
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// Messages ready.
    pub(crate) messages: u32,
}

/// The fleet's queues of the topology.
fn fleet_queues() -> Vec<(String, Purpose)> {
    let mut queues = Vec::new();
    for kind in WorkerKind::ALL {
        for work in kind.work_queues() {
            queues.push((kind.queue(*work), Purpose::Work));
        }
        if kind.settles_messages() {
            for tier in RetryTier::ALL {
                queues.push((kind.retry_queue(tier), Purpose::Work));
            }
            queues.push((kind.dead_letter_queue(), Purpose::DeadLetters));
        }
    }
    queues
}

/// Counts what is ready in every queue of the fleet.
///
/// # Errors
/// [`QueueError`] when the broker cannot be reached or a queue is missing.
pub(crate) async fn depths(amqp_url: &Secret) -> Result<Vec<Depth>, QueueError> {
    let looking = async {
        let (connection, channel) = open(amqp_url).await?;
        let mut depths = Vec::new();
        for (queue, purpose) in fleet_queues() {
            let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let name = queue.as_str().into();
            let declared = channel.queue_declare(name, options, FieldTable::default()).await;
            let declared =
                declared.map_err(|source| QueueError::Broker { what: queue.clone(), source })?;
            depths.push(Depth { queue, purpose, messages: declared.message_count() });
        }
        close(connection).await;
        Ok(depths)
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or(Err(QueueError::Silent(PATIENCE)))
}

/// The message ids in one worker's dead letters. They are put back when the channel closes.
///
/// # Errors
/// [`QueueError`] when the broker cannot be reached or does not let us read.
pub(crate) async fn dead_letter_ids(
    amqp_url: &Secret,
    worker: &str,
) -> Result<HashSet<Uuid>, QueueError> {
    let queue = format!("{worker}.dlq");
    let (connection, channel) = open(amqp_url).await?;
    let mut ids = HashSet::new();
    loop {
        let got = channel.basic_get(queue.as_str().into(), BasicGetOptions { no_ack: false }).await;
        let got = got.map_err(|source| QueueError::Broker { what: queue.clone(), source })?;
        let Some(message) = got else { break };
        let id = message.delivery.properties.message_id().as_ref().map(ShortString::as_str);
        ids.extend(id.and_then(|id| Uuid::try_parse(id).ok()));
    }
    close(connection).await;
    Ok(ids)
}

async fn open(amqp_url: &Secret) -> Result<(Connection, Channel), QueueError> {
    let failed = |source| QueueError::Broker { what: "the broker".to_owned(), source };
    let properties = ConnectionProperties::default().with_connection_name("loadtest verify".into());
    let connection = Connection::connect(amqp_url.expose(), properties).await.map_err(failed)?;
    let channel = connection.create_channel().await.map_err(failed)?;
    Ok((connection, channel))
}

/// Whether the goodbye is heard changes nothing: nothing was taken.
async fn close(connection: Connection) {
    let _not_heard = connection.close(200, "done".into()).await;
}
