//! Messages out of the stage: answers, and whatever passes through an exchange.

use std::time::Duration;

use broker::{Delivery, Exclusive, Rejected};
use contracts::{Contract, Envelope, Exchange, Reply};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{DEADLINE, Stage};

/// The type of a message that only marks a place in a queue.
const MARK: &str = "testkit.mark.v1";

/// An own reply queue.
#[derive(Debug)]
pub struct ReplyBox {
    exclusive: Exclusive,
    queue: String,
}

impl ReplyBox {
    /// What to give as `reply_to`.
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// The next answer to a command.
    ///
    /// # Panics
    /// When none comes in time, or it is no [`Reply`].
    pub async fn next(&mut self, deadline: Duration) -> Reply {
        self.next_as(deadline).await.1
    }

    /// The next answer as another type (an answer to a query or to a control message), with its
    /// envelope.
    ///
    /// # Panics
    /// When none comes in time, or it is no `T`.
    pub async fn next_as<T: DeserializeOwned>(&mut self, deadline: Duration) -> (Envelope, T) {
        let what = format!("an answer within {deadline:?}");
        let delivery = next(&mut self.exclusive, deadline, &what).await;
        let delivery = delivery.unwrap_or_else(|rejected| panic!("an answer: {}", rejected.error));
        let answer = serde_json::from_slice(&delivery.body).unwrap_or_else(|error| {
            panic!("an answer: {error} in {}", String::from_utf8_lossy(&delivery.body))
        });
        (delivery.envelope, answer)
    }
}

/// A listener on an exchange: gets a copy of what is published from now on.
#[derive(Debug)]
pub struct Tap {
    exclusive: Exclusive,
    queue: String,
}

impl Tap {
    /// The next message.
    ///
    /// # Panics
    /// When none comes within [`DEADLINE`], or it is no message of ours.
    pub async fn next(&mut self) -> Delivery {
        let delivery = next(&mut self.exclusive, DEADLINE, "a message at the tap").await;
        delivery.unwrap_or_else(|rejected| panic!("at the tap: {}", rejected.error))
    }

    /// The next message of one type; others before it are dropped.
    ///
    /// # Panics
    /// When none comes within [`DEADLINE`], or it does not fit its contract.
    pub async fn next_of<C: Contract>(&mut self) -> (Envelope, C) {
        loop {
            let delivery = self.next().await;
            if delivery.envelope.message_type == C::TYPE {
                let message = serde_json::from_slice(&delivery.body)
                    .unwrap_or_else(|error| panic!("{}: {error}", C::TYPE));
                return (delivery.envelope, message);
            }
        }
    }

    /// Everything that was published until now and not yet taken: how to see that something was
    /// *not* published, without waiting for a time to pass.
    ///
    /// # Panics
    /// When the mark that ends it does not come.
    pub async fn so_far(&mut self, stage: &Stage) -> Vec<Delivery> {
        let id = Uuid::now_v7().to_string();
        let user = stage.admin.to_string();
        let mark = |properties: lapin::BasicProperties| {
            let properties = properties.with_type(MARK.into()).with_message_id(id.as_str().into());
            properties.with_user_id(user.as_str().into())
        };
        // the default exchange: straight into this queue, behind all that is there
        let marked = stage.publish_raw("", &self.queue, mark, b"{}").await;
        marked.expect("the mark is published");
        let mut passed = Vec::new();
        loop {
            let delivery = self.next().await;
            if delivery.envelope.message_type == MARK {
                return passed;
            }
            passed.push(delivery);
        }
    }
}

async fn next(
    exclusive: &mut Exclusive,
    deadline: Duration,
    what: &str,
) -> Result<Delivery, Box<Rejected>> {
    let delivery = timeout(deadline, exclusive.next()).await;
    let delivery = delivery.unwrap_or_else(|_elapsed| panic!("not in time: {what}"));
    delivery.unwrap_or_else(|| panic!("the connection is gone, no {what}"))
}

impl Stage {
    /// An own reply queue.
    ///
    /// # Panics
    /// When the broker refuses.
    pub async fn replies(&self) -> ReplyBox {
        let queue = format!("dray.reply.test.{}", Uuid::now_v7().simple());
        let exclusive = self.exclusive(&queue, Exchange::Replies, &queue).await;
        ReplyBox { exclusive, queue }
    }

    /// A listener for messages whose key matches a topic pattern.
    ///
    /// # Panics
    /// When the broker refuses.
    pub async fn tap(&self, exchange: Exchange, pattern: &str) -> Tap {
        let queue = format!("test.tap.{}", Uuid::now_v7().simple());
        let exclusive = self.exclusive(&queue, exchange, pattern).await;
        Tap { exclusive, queue }
    }

    async fn exclusive(&self, queue: &str, exchange: Exchange, key: &str) -> Exclusive {
        let (on, user) = (&self.connection, self.admin.clone());
        let opened = Exclusive::open(on, queue, exchange.name(), key, user).await;
        opened.unwrap_or_else(|error| panic!("opening {queue}: {error}"))
    }
}
