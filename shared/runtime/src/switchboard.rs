//! Sends messages and hands each answer to whoever waits for it, matched by correlation id.
//!
//! Answers are lossy by nature: they are transient, and what waits when the connection is lost is told at
//! once that it will hear nothing. What was sent is with the broker all the same.
//!
//! Never here: what an answer means.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker::{Connection, Exclusive, FailureNote, Link, Outgoing, PublishError, Publisher};
use contracts::{Actor, Contract, Envelope, Exchange, MessageId, Timestamp, TraceContext, UserId};
use pacing::Backoff;
use queue_topology::WorkerKind;
use telemetry::Latch;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{Depths, SendError};

/// How long the broker may take to confirm. A queue that takes longer is in trouble, and whoever sent the
/// message is better told so than kept.
const CONFIRM_WITHIN: Duration = Duration::from_secs(5);

/// What is written on a message besides its body.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The idempotency key.
    pub message_id: MessageId,
    /// On whose behalf.
    pub actor: &'a Actor,
    /// What its correlation id begins with: 1 to 64 characters.
    pub conversation: &'a str,
    /// The trace it belongs to.
    pub trace: &'a TraceContext,
}

/// Sends and hears. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Switchboard {
    inner: Arc<Inner>,
    /// The queue that answers come to, while there is one.
    queue: watch::Receiver<Option<String>>,
    depths: Depths,
}

#[derive(Debug)]
struct Inner {
    kind: WorkerKind,
    publisher: Publisher,
    waiting: Waiting,
    sent: AtomicU64,
}

/// Who waits, by correlation id.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<String, oneshot::Sender<Vec<u8>>>>);

impl Waiting {
    fn all(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait; left when it is dropped.
struct Seat<'a> {
    waiting: &'a Waiting,
    correlation_id: &'a str,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.waiting.all().remove(self.correlation_id);
    }
}

impl Switchboard {
    pub(crate) fn new(
        kind: WorkerKind,
        publisher: Publisher,
        link: Link,
        queue: String,
        heard: Latch,
    ) -> (Self, Hearing) {
        let user = publisher.user().clone();
        let inner = Arc::new(Inner {
            kind,
            publisher,
            waiting: Waiting::default(),
            sent: AtomicU64::new(0),
        });
        let (open, receiver) = watch::channel(None);
        let (live, connection) = watch::channel(None);
        let hearing = Hearing { inner: Arc::clone(&inner), link, queue, user, open, live, heard };
        (Self { inner, queue: receiver, depths: Depths::new(connection) }, hearing)
    }

    /// The broker user that messages are published as: the sender of their ids.
    #[must_use]
    pub fn user(&self) -> &UserId {
        self.inner.publisher.user()
    }

    /// How deep queues are.
    #[must_use]
    pub const fn depths(&self) -> &Depths {
        &self.depths
    }

    /// True while messages can be sent and answers can arrive.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.publisher.is_ready() && self.queue.borrow().is_some()
    }

    /// Sends a message and waits for its answer, `wait` at most. `None`: the broker has the message, and
    /// nobody has answered by then. An answer counts even where the broker's confirm is still on its way.
    ///
    /// # Errors
    /// [`SendError::Disconnected`] when nothing was sent; [`SendError::Publish`], after whose `Unknown` the
    /// message may have arrived or not: send it again with the same id.
    pub async fn send<C: Contract>(
        &self,
        letter: Letter<'_>,
        message: &C,
        wait: Duration,
    ) -> Result<Option<Vec<u8>>, SendError> {
        if !self.inner.publisher.is_ready() {
            return Err(SendError::Disconnected);
        }
        let until = Instant::now() + wait;
        let reply_to = self.queue.borrow().clone();
        let number = self.inner.sent.fetch_add(1, Ordering::Relaxed);
        let correlation_id = format!("{}.{number}", letter.conversation);
        let (answer, answered) = oneshot::channel();
        match &reply_to {
            Some(_queue) => drop(self.inner.waiting.all().insert(correlation_id.clone(), answer)),
            // it says at once that nothing will come
            None => drop(answer),
        }
        let _seat = Seat { waiting: &self.inner.waiting, correlation_id: &correlation_id };
        let outgoing = self.outgoing(letter, message, &correlation_id, reply_to)?;
        let mut answered = std::pin::pin!(answered);
        let mut publishing = std::pin::pin!(self.publish(&outgoing));
        let mut confirmed = false;
        loop {
            tokio::select! {
                biased;
                heard = &mut answered => {
                    let heard = heard.ok();
                    if heard.is_none() && !confirmed {
                        publishing.as_mut().await?;
                    }
                    return Ok(heard);
                }
                done = &mut publishing, if !confirmed => {
                    done?;
                    confirmed = true;
                }
                () = sleep_until(until), if confirmed => return Ok(None),
            }
        }
    }

    async fn publish(&self, message: &Outgoing) -> Result<(), PublishError> {
        let publishing = timeout(CONFIRM_WITHIN, self.inner.publisher.publish(message)).await;
        publishing.unwrap_or_else(|_elapsed| {
            Err(PublishError::Unknown { detail: "no confirm in time".to_owned() })
        })
    }

    fn outgoing<C: Contract>(
        &self,
        letter: Letter<'_>,
        message: &C,
        correlation_id: &str,
        reply_to: Option<String>,
    ) -> Result<Outgoing, SendError> {
        let body =
            serde_json::to_vec(message).map_err(|error| SendError::Encode(error.to_string()))?;
        Ok(Outgoing {
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: message.routing_key(),
            mandatory: true,
            envelope: Envelope {
                message_id: letter.message_id,
                message_type: C::TYPE.to_owned(),
                timestamp: Timestamp::now(),
                app_id: self.inner.kind.name().to_owned(),
                user_id: self.user().clone(),
                actor: letter.actor.clone(),
                correlation_id: Some(correlation_id.to_owned()),
                reply_to,
                trace: letter.trace.clone(),
                attempt: 0,
                seq: None,
            },
            note: FailureNote::default(),
            body,
            expiration_ms: None,
        })
    }
}

/// Keeps the queue of answers; run it on a task of its own.
#[derive(Debug)]
pub(crate) struct Hearing {
    inner: Arc<Inner>,
    link: Link,
    queue: String,
    user: UserId,
    open: watch::Sender<Option<String>>,
    live: watch::Sender<Option<Connection>>,
    heard: Latch,
}

impl Hearing {
    /// Hears, and connects again whenever the connection is lost, until the future is dropped.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::reconnect();
        for connection in 0_u64.. {
            // a name of its own: the broker may not know yet that the last connection is gone
            let queue = format!("{}-{connection}", self.queue);
            match self.open(&queue).await {
                Ok((connection, answers)) => {
                    backoff.reset();
                    self.live.send_replace(Some(connection));
                    self.announce(Some(queue));
                    self.hand_out(answers).await;
                    tracing::warn!("the connection that hears answers is lost");
                    self.announce(None);
                    self.live.send_replace(None);
                    // dropped, they tell their readers that nothing will come
                    self.inner.waiting.all().clear();
                }
                Err(error) => tracing::warn!(%error, "cannot hear answers yet"),
            }
            backoff.wait().await;
        }
    }

    async fn open(&self, queue: &str) -> Result<(Connection, Exclusive), broker::BrokerError> {
        let connection = self.link.connect("replies").await?;
        let exchange = Exchange::Replies.name();
        let answers =
            Exclusive::open(&connection, queue, exchange, queue, self.user.clone()).await?;
        Ok((connection, answers))
    }

    fn announce(&self, queue: Option<String>) {
        self.heard.set(queue.is_some());
        self.open.send_replace(queue);
    }

    async fn hand_out(&self, mut answers: Exclusive) {
        while let Some(message) = answers.next().await {
            let delivery = match message {
                Ok(delivery) => delivery,
                Err(rejected) => {
                    tracing::warn!(error = %rejected.error, "an answer that cannot be read");
                    continue;
                }
            };
            let waiting = delivery
                .envelope
                .correlation_id
                .and_then(|correlation_id| self.inner.waiting.all().remove(&correlation_id));
            match waiting {
                // whoever gave up in this moment asks again or looks later
                Some(waiting) => drop(waiting.send(delivery.body)),
                None => tracing::debug!("an answer that nobody waits for any more"),
            }
        }
    }
}
