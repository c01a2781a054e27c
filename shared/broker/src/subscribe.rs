//! Consuming: one channel a queue, with its own prefetch and its own bookkeeping of settled tags.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contracts::UserId;
use futures_util::StreamExt;
use lapin::Channel;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicQosOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use tokio::sync::{Mutex, watch};

use crate::caution::Caution;
use crate::closing::close;
use crate::delivery::read;
use crate::trust::Trust;
use crate::{AckPlan, BrokerError, Connection, Delivery, Rejected, SettleTracker};

/// Settled messages that may wait behind an open one, in eighths of the prefetch. Two lanes that take turns stay
/// below it, and keep to acknowledgements of many at once; of three or more that share the messages, the others
/// reach it while one is stuck.
const BACKLOG_EIGHTHS: usize = 5;

/// A running consumer of one queue: the stream of its deliveries.
#[derive(Debug)]
pub struct Subscription {
    /// None while deliveries are fetched one by one.
    consumer: Option<lapin::Consumer>,
    caution: Caution,
    fetched: Option<lapin::message::Delivery>,
    settler: Settler,
    trust: Trust,
}

/// Acknowledges deliveries of one subscription. Cheap to clone; dead once the channel is gone.
#[derive(Debug, Clone)]
pub struct Settler {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    channel: Channel,
    queue: String,
    consumer_tag: String,
    prefetch: u16,
    /// Deliveries settled so far.
    settled: watch::Sender<u64>,
    /// Nothing more is wanted.
    cancelled: AtomicBool,
    /// Held while an acknowledgement is sent: a later `multiple` must not overtake an earlier one.
    tracker: Mutex<SettleTracker>,
    abandoned: AtomicBool,
}

impl Subscription {
    /// Opens a channel, sets its prefetch and begins to consume.
    ///
    /// # Errors
    /// [`BrokerError::QueueMissing`] when there is no such queue.
    pub async fn open(
        connection: &Connection,
        queue: &str,
        prefetch: u16,
        own_user: UserId,
    ) -> Result<Self, BrokerError> {
        let mut subscription = Self::prepare(connection, queue, prefetch, own_user).await?;
        subscription.consume().await?;
        Ok(subscription)
    }

    /// The same, but what a dead process left behind comes step by step: see [`Caution`]. While it does,
    /// a dropped [`Subscription::next`] may lose a delivery until the channel is closed.
    ///
    /// # Errors
    /// [`BrokerError::QueueMissing`] when there is no such queue.
    pub async fn open_cautiously(
        connection: &Connection,
        queue: &str,
        prefetch: u16,
        own_user: UserId,
    ) -> Result<Self, BrokerError> {
        let mut subscription = Self::prepare(connection, queue, prefetch, own_user).await?;
        subscription.fetch().await?;
        if subscription.caution.is_needless() {
            subscription.consume().await?;
        }
        Ok(subscription)
    }

    async fn prepare(
        connection: &Connection,
        queue: &str,
        prefetch: u16,
        own_user: UserId,
    ) -> Result<Self, BrokerError> {
        let inner = Inner {
            channel: connection.channel().await?,
            queue: queue.to_owned(),
            consumer_tag: format!("{queue}-{}", uuid::Uuid::new_v4().simple()),
            prefetch,
            settled: watch::Sender::new(0),
            cancelled: AtomicBool::new(false),
            tracker: Mutex::new(SettleTracker::new(usize::from(prefetch) * BACKLOG_EIGHTHS / 8)),
            abandoned: AtomicBool::new(false),
        };
        Ok(Self {
            consumer: None,
            caution: Caution::new(prefetch),
            fetched: None,
            settler: Settler { inner: Arc::new(inner) },
            trust: Trust::of(own_user, queue),
        })
    }

    /// What acknowledges its deliveries.
    #[must_use]
    pub fn settler(&self) -> Settler {
        self.settler.clone()
    }

    /// The next delivery. `None`: the consumer was cancelled and everything it had is out.
    ///
    /// # Errors
    /// [`BrokerError`] when the channel or connection is lost.
    pub async fn next(&mut self) -> Option<Result<Result<Delivery, Box<Rejected>>, BrokerError>> {
        loop {
            if let Some(delivery) = self.fetched.take() {
                return Some(Ok(read(delivery, &self.trust)));
            }
            if let Some(consumer) = &mut self.consumer {
                let delivery = consumer.next().await?;
                let delivery = delivery.map_err(|error| BrokerError::lost(&error));
                return Some(delivery.map(|delivery| read(delivery, &self.trust)));
            }
            let may_fetch = self.caution.may_fetch(&self.settler.inner.settled).await;
            if self.settler.inner.cancelled.load(Ordering::Relaxed) {
                return None;
            }
            let gone_on = if may_fetch { self.fetch().await } else { self.consume().await };
            if let Err(error) = gone_on {
                return Some(Err(error));
            }
        }
    }

    /// Fetches one message, if there is one.
    async fn fetch(&mut self) -> Result<(), BrokerError> {
        let Inner { channel, queue, .. } = &*self.settler.inner;
        let failed = |error: lapin::Error| BrokerError::from_lapin(&error, Some(queue));
        let options = BasicGetOptions { no_ack: false };
        match channel.basic_get(queue.as_str().into(), options).await.map_err(failed)? {
            Some(message) => {
                self.caution.fetched(message.delivery.redelivered);
                self.fetched = Some(message.delivery);
            }
            None => self.caution.through(),
        }
        Ok(())
    }

    /// Lets the broker hand over what comes, up to the prefetch.
    async fn consume(&mut self) -> Result<(), BrokerError> {
        let Inner { channel, queue, consumer_tag, prefetch, .. } = &*self.settler.inner;
        let failed = |error: lapin::Error| BrokerError::from_lapin(&error, Some(queue));
        // global = false: per consumer; global QoS does not exist for quorum queues
        channel.basic_qos(*prefetch, BasicQosOptions { global: false }).await.map_err(failed)?;
        let options = BasicConsumeOptions {
            no_local: false,
            no_ack: false,    // we acknowledge after the commit
            exclusive: false, // several instances share a queue
            nowait: false,    // a missing queue must be an error here
        };
        let (queue, tag) = (queue.as_str().into(), consumer_tag.as_str().into());
        let begun = channel.basic_consume(queue, tag, options, FieldTable::default()).await;
        self.consumer = Some(begun.map_err(failed)?);
        Ok(())
    }
}

impl Settler {
    /// The queue's name.
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.inner.queue
    }

    /// False once the channel is gone: its messages will come again, what is buffered is to be dropped.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.inner.abandoned.load(Ordering::Relaxed) && self.inner.channel.status().connected()
    }

    /// Acknowledges settled deliveries, as many as possible with one frame. A lost channel is no error:
    /// the broker delivers them again and the inbox knows them.
    pub async fn settle(&self, tags: &[u64]) {
        let mut tracker = self.inner.tracker.lock().await;
        let plan = tracker.settle(tags);
        self.acknowledge(plan).await;
        let count = u64::try_from(tags.len()).unwrap_or(0);
        self.inner.settled.send_modify(|settled| *settled += count);
    }

    async fn acknowledge(&self, plan: AckPlan) {
        let acks = plan.up_to.map(|tag| (tag, true)).into_iter();
        for (tag, multiple) in acks.chain(plan.single.into_iter().map(|tag| (tag, false))) {
            if let Err(error) =
                self.inner.channel.basic_ack(tag, BasicAckOptions { multiple }).await
            {
                tracing::debug!(%error, queue = self.queue(), "ack on a lost channel");
                return;
            }
        }
    }

    /// Tells the broker to deliver nothing more; what was delivered stays to be settled.
    pub async fn cancel(&self) {
        self.inner.cancelled.store(true, Ordering::Relaxed);
        let tag = self.inner.consumer_tag.as_str().into();
        if let Err(error) =
            self.inner.channel.basic_cancel(tag, BasicCancelOptions::default()).await
        {
            tracing::debug!(%error, queue = self.queue(), "cancel on a lost channel");
        }
    }

    /// Closes the channel; whatever is not settled goes back to the queue.
    pub async fn close(&self) {
        self.inner.abandoned.store(true, Ordering::Relaxed);
        let mut tracker = self.inner.tracker.lock().await;
        let plan = tracker.settle_waiting();
        self.acknowledge(plan).await;
        // A quorum queue takes many acknowledgements later than the channel does, and those that still
        // wait when the channel is closed are lost. Cancelling waits for the queue.
        if !self.inner.cancelled.load(Ordering::Relaxed) {
            self.cancel().await;
        }
        close(self.inner.channel.close(200, "done".into())).await;
    }
}

/// Messages that wait in an exclusive queue at most. What its reader does not take in time is worthless, and
/// the oldest goes first.
const EXCLUSIVE_MAX: i64 = 10_000;

/// An exclusive auto-delete queue of one instance (control, replies, events) with its consumer.
#[derive(Debug)]
pub struct Exclusive {
    consumer: lapin::Consumer,
    trust: Trust,
}

impl Exclusive {
    /// Declares the queue, binds it and begins to consume without acknowledgements.
    ///
    /// # Errors
    /// [`BrokerError`] when the user may not or the name is taken.
    pub async fn open(
        connection: &Connection,
        queue: &str,
        exchange: &str,
        key: &str,
        own_user: UserId,
    ) -> Result<Self, BrokerError> {
        Self::open_to(connection, queue, &[(exchange, key)], own_user).await
    }

    /// The same with several bindings, each an exchange and a key.
    ///
    /// # Errors
    /// As [`Exclusive::open`].
    pub async fn open_to(
        connection: &Connection,
        queue: &str,
        bindings: &[(&str, &str)],
        own_user: UserId,
    ) -> Result<Self, BrokerError> {
        let failed = |error: lapin::Error| BrokerError::from_lapin(&error, Some(queue));
        let channel = connection.channel().await?;
        let options = QueueDeclareOptions {
            passive: false,
            durable: false,
            exclusive: true,
            auto_delete: true,
            nowait: false,
        };
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(EXCLUSIVE_MAX));
        arguments.insert("x-overflow".into(), AMQPValue::LongString("drop-head".into()));
        channel.queue_declare(queue.into(), options, arguments).await.map_err(failed)?;
        for (exchange, key) in bindings {
            let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
            channel
                .queue_bind(queue.into(), (*exchange).into(), (*key).into(), options, arguments)
                .await
                .map_err(failed)?;
        }
        let options =
            BasicConsumeOptions { no_ack: true, exclusive: true, ..BasicConsumeOptions::default() };
        let consumer = channel
            .basic_consume(queue.into(), queue.into(), options, FieldTable::default())
            .await
            .map_err(failed)?;
        Ok(Self { consumer, trust: Trust::of(own_user, queue) })
    }

    /// The next message. `None`: the connection is gone.
    pub async fn next(&mut self) -> Option<Result<Delivery, Box<Rejected>>> {
        loop {
            match self.consumer.next().await? {
                Ok(mut delivery) => {
                    // a reply expires in the queue; once here that says nothing any more
                    delivery.properties = without_expiration(delivery.properties);
                    return Some(read(delivery, &self.trust));
                }
                Err(error) => tracing::debug!(%error, "exclusive queue lost"),
            }
        }
    }
}

fn without_expiration(properties: lapin::BasicProperties) -> lapin::BasicProperties {
    let mut kept = lapin::BasicProperties::default();
    if let Some(value) = properties.message_id() {
        kept = kept.with_message_id(value.clone());
    }
    if let Some(value) = properties.kind() {
        kept = kept.with_type(value.clone());
    }
    if let Some(value) = properties.user_id() {
        kept = kept.with_user_id(value.clone());
    }
    if let Some(value) = properties.correlation_id() {
        kept = kept.with_correlation_id(value.clone());
    }
    if let Some(value) = properties.reply_to() {
        kept = kept.with_reply_to(value.clone());
    }
    if let Some(value) = properties.app_id() {
        kept = kept.with_app_id(value.clone());
    }
    if let Some(value) = properties.headers() {
        kept = kept.with_headers(value.clone());
    }
    if let Some(value) = properties.timestamp() {
        kept = kept.with_timestamp(*value);
    }
    kept
}
