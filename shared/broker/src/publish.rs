//! Publishing with confirms: one connection, kept alive by a driver, shared by everybody who publishes.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contracts::{Envelope, Exchange, MAX_MESSAGE_BYTES, RoutingKey, UserId};
use futures_util::future::join_all;
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation};
use pacing::Backoff;
use tokio::sync::{Notify, Semaphore, watch};

use crate::envelope::{FailureNote, encode};
use crate::{BrokerError, Connection, Link, PublishError};

/// Messages on their way to the broker without an answer yet, over all callers.
const WINDOW: usize = 1_000;
/// How long an answer may take before the outcome counts as unknown.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// One message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The exchange's name.
    pub exchange: String,
    /// Its key.
    pub routing_key: RoutingKey,
    /// True: an error when no queue takes it.
    pub mandatory: bool,
    /// Its envelope.
    pub envelope: Envelope,
    /// What failures left on it.
    pub note: FailureNote,
    /// Its body.
    pub body: Vec<u8>,
    /// Replies only: not delivered any more after this.
    pub expiration_ms: Option<u32>,
}

/// Publishes. Cheap to clone; usable while the driver runs.
#[derive(Debug, Clone)]
pub struct Publisher {
    channel: watch::Receiver<Option<Live>>,
    broken: Arc<Notify>,
    window: Arc<Semaphore>,
    user: UserId,
    order: Arc<Mutex<()>>,
    returned: Arc<Mutex<HashSet<String>>>,
}

#[derive(Debug, Clone)]
struct Live {
    /// A channel is some twenty shared parts: each publication copies one pointer instead.
    channel: Arc<Channel>,
    connection: Connection,
}

/// Keeps the publishing connection alive; run it on a task of its own.
#[derive(Debug)]
pub struct PublisherDriver {
    link: Link,
    channel: watch::Sender<Option<Live>>,
    broken: Arc<Notify>,
}

/// The delivery mode of what the broker need not write to its disk.
const TRANSIENT: u8 = 1;

/// Questions and answers are worthless after seconds, and some carry secrets: they stay off the disk.
pub(crate) fn is_transient(exchange: &str) -> bool {
    [Exchange::Queries, Exchange::Replies].iter().any(|short| short.name() == exchange)
}

impl Publisher {
    /// A publisher and the driver that keeps its connection. `user` is the broker user of `link`.
    #[must_use]
    pub fn new(link: Link, user: UserId) -> (Self, PublisherDriver) {
        let (sender, receiver) = watch::channel(None);
        let broken = Arc::new(Notify::new());
        let publisher = Self {
            channel: receiver,
            broken: Arc::clone(&broken),
            window: Arc::new(Semaphore::new(WINDOW)),
            user,
            order: Arc::default(),
            returned: Arc::default(),
        };
        (publisher, PublisherDriver { link, channel: sender, broken })
    }

    /// The broker user it publishes as.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// True while connected and not blocked by an alarm.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.channel
            .borrow()
            .as_ref()
            .is_some_and(|live| live.channel.status().connected() && !live.connection.is_blocked())
    }

    /// Publishes one message and waits for its confirm.
    ///
    /// # Errors
    /// [`PublishError`]; after `Unknown` send it again with the same id.
    pub async fn publish(&self, message: &Outgoing) -> Result<(), PublishError> {
        let bytes = message.body.len();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(PublishError::TooLarge { bytes, max: MAX_MESSAGE_BYTES });
        }
        let unknown = |detail: &str| PublishError::Unknown { detail: detail.to_owned() };
        // never closed: the semaphore lives as long as the publisher
        let _permit = self.window.acquire().await.map_err(|_closed| unknown("shutting down"))?;
        let attempt = tokio::time::timeout(CONFIRM_TIMEOUT, self.publish_once(message)).await;
        attempt.unwrap_or_else(|_elapsed| {
            self.broken.notify_one();
            Err(unknown("no confirm in time"))
        })
    }

    /// Publishes many at once through the window; the answers come in the order of the messages.
    pub async fn publish_all(&self, messages: &[Outgoing]) -> Vec<Result<(), PublishError>> {
        join_all(messages.iter().map(|message| self.publish(message))).await
    }

    async fn publish_once(&self, message: &Outgoing) -> Result<(), PublishError> {
        let channel = self.live_channel().await?;
        let mut properties =
            encode(&message.envelope, &message.note, &self.user, message.expiration_ms);
        if is_transient(&message.exchange) {
            properties = properties.with_delivery_mode(TRANSIENT);
        }
        let options = BasicPublishOptions { mandatory: message.mandatory, immediate: false };
        let mut sending = pin!(channel.basic_publish(
            message.exchange.as_str().into(),
            message.routing_key.as_str().into(),
            options,
            &message.body,
            properties,
        ));
        // The client numbers a publication and queues its frames in two steps of one poll. Two threads in
        // between each other would swap their confirms: a refused message would count as confirmed.
        let sent = poll_fn(|context| {
            let _in_order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            sending.as_mut().poll(context)
        });
        let confirmation = match sent.await {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        match confirmation {
            Ok(Confirmation::Ack(returned)) => self.routed(message, returned.as_ref()).await,
            Ok(Confirmation::Nack(_)) => {
                Err(PublishError::Refused { exchange: message.exchange.clone() })
            }
            Ok(Confirmation::NotRequested) => {
                Err(PublishError::Unknown { detail: "confirms are off".to_owned() })
            }
            Err(error) => {
                self.broken.notify_one();
                Err(PublishError::Unknown { detail: error.to_string() })
            }
        }
    }

    /// A returned message comes with some confirm of the same round, not always with its own: its id
    /// tells whose it is.
    async fn routed(
        &self,
        message: &Outgoing,
        returned: Option<&BasicReturnMessage>,
    ) -> Result<(), PublishError> {
        let own_id = message.envelope.message_id.to_string();
        if let Some(id) = returned.and_then(|r| r.delivery.properties.message_id().as_ref()) {
            self.returned_ids().insert(id.as_str().to_owned());
        }
        if !message.mandatory {
            return Ok(());
        }
        // the neighbour whose confirm brought ours back was woken in the same round
        tokio::task::yield_now().await;
        if self.returned_ids().remove(&own_id) {
            return Err(PublishError::Unroutable {
                exchange: message.exchange.clone(),
                routing_key: message.routing_key.to_string(),
            });
        }
        Ok(())
    }

    fn returned_ids(&self) -> MutexGuard<'_, HashSet<String>> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn live_channel(&self) -> Result<Arc<Channel>, PublishError> {
        let mut receiver = self.channel.clone();
        let is_live = |live: &Option<Live>| {
            live.as_ref().is_some_and(|live| live.channel.status().connected())
        };
        let live = receiver.wait_for(is_live).await;
        let gone = || PublishError::Unknown { detail: "shutting down".to_owned() };
        let live = live.map_err(|_closed| gone())?;
        live.as_ref().map(|live| Arc::clone(&live.channel)).ok_or_else(gone)
    }
}

impl PublisherDriver {
    /// Connects, and connects again whenever the connection is lost, until the future is dropped.
    /// `changed` hears of each change: true = connected.
    ///
    /// # Errors
    /// Only when waiting does not help ([`BrokerError::is_permanent`]).
    pub async fn run(self, changed: impl Fn(bool) + Send) -> Result<(), BrokerError> {
        let mut backoff = Backoff::reconnect();
        loop {
            match self.connect().await {
                Ok(live) => {
                    backoff.reset();
                    self.channel.send_replace(Some(live.clone()));
                    changed(true);
                    let reason = tokio::select! {
                        error = live.connection.lost() => error.to_string(),
                        () = self.channel_broken(&live) => "the publishing channel broke".to_owned(),
                    };
                    self.channel.send_replace(None);
                    changed(false);
                    tracing::warn!(reason, "publishing connection lost");
                    live.connection.close().await;
                }
                Err(error) if error.is_permanent() => return Err(error),
                Err(error) => tracing::warn!(%error, "cannot publish"),
            }
            backoff.wait().await;
        }
    }

    async fn connect(&self) -> Result<Live, BrokerError> {
        let connection = self.link.connect("publish").await?;
        let channel = connection.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| BrokerError::from_lapin(&error, None))?;
        Ok(Live { channel: Arc::new(channel), connection })
    }

    /// A failed publication wakes us; the channel's own state tells whether it is over.
    async fn channel_broken(&self, live: &Live) {
        loop {
            self.broken.notified().await;
            if !live.channel.status().connected() {
                return;
            }
        }
    }
}
