//! What happens in the fleet, told to whoever listens at this moment. Nothing is kept: a listener that is
//! too slow misses events and is told how many.
//!
//! The queue is there only while somebody listens, so that an idle front costs the broker nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use broker::{BrokerError, Connection, Exclusive, Link};
use contracts::{Timestamp, UserId};
use pacing::Backoff;
use queue_topology::WorkerKind;
use tokio::sync::{Notify, broadcast};

/// Events that a listener may be behind.
const BEHIND_MAX: usize = 1_024;

/// One event.
#[derive(Debug)]
pub struct Happened {
    /// Its wire name with version.
    pub message_type: String,
    /// When it was published.
    pub at: Timestamp,
    /// The version of what changed, within its type of publisher.
    pub version: Option<u64>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Where to listen. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    events: broadcast::Sender<Arc<Happened>>,
    wanted: Arc<Notify>,
}

impl Feed {
    pub(crate) fn new(
        kind: WorkerKind,
        link: Link,
        queue: String,
        user: UserId,
    ) -> (Self, FeedDriver) {
        let (events, _nobody) = broadcast::channel(BEHIND_MAX);
        let feed = Self { events, wanted: Arc::default() };
        let driver =
            FeedDriver { feed: feed.clone(), kind, link, queue, user, opened: AtomicU64::new(0) };
        (feed, driver)
    }

    /// Everything from now on. What happens before the queue is open (a moment for the first listener, and
    /// while the broker is away) is not heard: look at the state after listening began.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<Happened>> {
        let listener = self.events.subscribe();
        self.wanted.notify_one();
        listener
    }

    fn is_heard(&self) -> bool {
        self.events.receiver_count() > 0
    }
}

/// Keeps the queue of events; run it on a task of its own.
#[derive(Debug)]
pub(crate) struct FeedDriver {
    feed: Feed,
    kind: WorkerKind,
    link: Link,
    queue: String,
    user: UserId,
    opened: AtomicU64,
}

impl FeedDriver {
    /// Passes events on while somebody listens, until the future is dropped.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::reconnect();
        loop {
            while !self.feed.is_heard() {
                self.feed.wanted.notified().await;
            }
            match self.open().await {
                Ok((connection, events)) => {
                    backoff.reset();
                    self.pass_on(events).await;
                    connection.close().await;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot hear events yet");
                    backoff.wait().await;
                }
            }
        }
    }

    async fn open(&self) -> Result<(Connection, Exclusive), BrokerError> {
        let connection = self.link.connect("feed").await?;
        // a name of its own: the broker may not know yet that the last connection is gone
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let queue = format!("{}-{number}", self.queue);
        let heard = self.kind.listens_to().iter();
        let bindings: Vec<_> = heard.map(|(exchange, key)| (exchange.name(), *key)).collect();
        let user = self.user.clone();
        let events = Exclusive::open_to(&connection, &queue, &bindings, user).await?;
        Ok((connection, events))
    }

    /// Ends when the connection is lost, or with the first event after the last listener has gone.
    async fn pass_on(&self, mut events: Exclusive) {
        while let Some(event) = events.next().await {
            let delivery = match event {
                Ok(delivery) => delivery,
                Err(rejected) => {
                    tracing::warn!(error = %rejected.error, "an event that cannot be read");
                    continue;
                }
            };
            let happened = Happened {
                message_type: delivery.envelope.message_type,
                at: delivery.envelope.timestamp,
                version: delivery.envelope.seq,
                body: delivery.body,
            };
            if self.feed.events.send(Arc::new(happened)).is_err() {
                return;
            }
        }
    }
}
