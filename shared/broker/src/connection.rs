//! One connection to the broker, named after what it is for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{QueueDeclareOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, ConnectionProperties, Event};

use crate::BrokerError;
use crate::closing::close;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent line counts as lost after twice this, on both sides: the broker gives the messages of a
/// machine that vanished to others. Its own default of 60 s would keep them for two minutes.
const HEARTBEAT_S: u16 = 10;

/// Where the broker is and as whom: enough to connect again and again.
#[derive(Clone)]
pub struct Link {
    url: Arc<str>,
    name: Arc<str>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({} at {})", self.name, self.address())
    }
}

impl Link {
    /// `url` is an AMQP URL with user, password and virtual host; `name` is shown by the broker.
    #[must_use]
    pub fn new(url: &str, name: &str) -> Self {
        Self { url: url.into(), name: name.into() }
    }

    /// Host, port and virtual host, without user and password.
    #[must_use]
    pub fn address(&self) -> String {
        let rest = self.url.rsplit_once('@').map_or(&*self.url, |(_, rest)| rest);
        rest.split('?').next().unwrap_or(rest).to_owned()
    }

    /// The user this link logs in as.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        let (_, rest) = self.url.split_once("://")?;
        let (credentials, _) = rest.rsplit_once('@')?;
        credentials.split(':').next().map(str::to_owned)
    }

    /// Connects once.
    ///
    /// # Errors
    /// [`BrokerError::Connect`] with the address and the reason.
    pub async fn connect(&self, purpose: &str) -> Result<Connection, BrokerError> {
        let failed = |detail: String| BrokerError::Connect { address: self.address(), detail };
        // the parser's own message would show the password
        let parsed: Result<AMQPUri, String> = self.url.parse();
        let mut uri = parsed.map_err(|_shows_url| failed("this is no AMQP URL".to_owned()))?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        let name = format!("{}/{purpose}", self.name);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = lapin::Connection::connect_uri(uri, properties);
        let inner = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_elapsed| failed(format!("no answer within {CONNECT_TIMEOUT:?}")))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Connection { inner: Arc::new(inner), blocked: Arc::new(AtomicBool::new(false)) })
    }
}

/// A live connection; dropped, it is closed.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<lapin::Connection>,
    blocked: Arc<AtomicBool>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("alive", &self.is_alive()).finish_non_exhaustive()
    }
}

impl Connection {
    /// True while the connection is up.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.status().connected()
    }

    /// True while the broker blocks publishers (memory or disk alarm).
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    /// A new channel.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        let channel = self.inner.create_channel().await;
        channel.map_err(|error| BrokerError::from_lapin(&error, None))
    }

    /// Waits until the connection is lost; notes alarms on the way.
    pub async fn lost(&self) -> BrokerError {
        let mut events = Box::pin(self.inner.events_listener());
        while self.is_alive() {
            match events.next().await {
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(reason, "the broker blocks publishers");
                    self.blocked.store(true, Ordering::Relaxed);
                }
                Some(Event::ConnectionUnblocked) => {
                    tracing::info!("the broker takes messages again");
                    self.blocked.store(false, Ordering::Relaxed);
                }
                Some(Event::Error(error)) => {
                    return BrokerError::lost(&error);
                }
                Some(_) => {}
                None => break,
            }
        }
        BrokerError::Lost { detail: "the connection was closed".to_owned() }
    }

    /// Ready messages of a queue, as the broker knows them at this moment.
    ///
    /// # Errors
    /// [`BrokerError::QueueMissing`] or a lost connection.
    pub async fn depth(&self, queue: &str) -> Result<u32, BrokerError> {
        let channel = self.channel().await?;
        let depth = channel_depth(&channel, queue).await;
        close(channel.close(200, "done".into())).await;
        depth
    }

    /// Throws away what is ready in a queue; gives how many.
    ///
    /// # Errors
    /// [`BrokerError`] when the queue is missing or the user may not.
    pub async fn purge(&self, queue: &str) -> Result<u32, BrokerError> {
        let channel = self.channel().await?;
        channel
            .queue_purge(queue.into(), QueuePurgeOptions::default())
            .await
            .map_err(|error| BrokerError::from_lapin(&error, Some(queue)))
    }

    /// Closes it, telling the broker.
    pub async fn close(&self) {
        close(self.inner.close(200, "done".into())).await;
    }
}

/// Asks for depths over and over on one channel.
#[derive(Debug)]
pub struct DepthProbe {
    channel: Channel,
}

impl DepthProbe {
    /// Opens its channel.
    ///
    /// # Errors
    /// [`BrokerError`] when the connection is lost.
    pub async fn open(connection: &Connection) -> Result<Self, BrokerError> {
        Ok(Self { channel: connection.channel().await? })
    }

    /// False once the channel is gone (a missing queue closes it, too).
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.channel.status().connected()
    }

    /// Ready messages of a queue at this moment.
    ///
    /// # Errors
    /// [`BrokerError::QueueMissing`] or a lost connection.
    pub async fn depth(&self, queue: &str) -> Result<u32, BrokerError> {
        channel_depth(&self.channel, queue).await
    }
}

/// Ready messages of a queue by a passive declaration: needs no rights.
pub(crate) async fn channel_depth(channel: &Channel, queue: &str) -> Result<u32, BrokerError> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(queue.into(), options, FieldTable::default()).await;
    declared
        .map(|queue| queue.message_count())
        .map_err(|error| BrokerError::from_lapin(&error, Some(queue)))
}
