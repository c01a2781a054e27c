//! Messages into the stage: contracts through the real publisher, and garbage past it.

use std::collections::BTreeMap;

use broker::{FailureNote, Link, Outgoing, PublishError, Publisher};
use contracts::{
    Actor, Contract, Envelope, Exchange, MessageId, RoutingKey, Timestamp, TraceContext, UserId,
};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, ConnectionProperties};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::Stage;

/// How a message is published. By default: by the stage's own user, for itself, with a new id.
#[derive(Debug, Clone, Default)]
pub struct PublishAs {
    user: Option<String>,
    actor: Option<Actor>,
    message_id: Option<MessageId>,
    reply_to: Option<String>,
    correlation_id: Option<String>,
    timestamp: Option<Timestamp>,
    seq: Option<u64>,
}

impl PublishAs {
    /// As another broker user, for example `partner-wms`. On a stage with users it logs in as that
    /// user. On a plain one the stage's user publishes in that name, which a worker that runs as the
    /// stage's user believes.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// On somebody's behalf.
    #[must_use]
    pub fn actor(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// With this id: the same id again is the same message again.
    #[must_use]
    pub fn id(mut self, id: MessageId) -> Self {
        self.message_id = Some(id);
        self
    }

    /// With an answer to this queue; see [`crate::ReplyBox::queue`].
    #[must_use]
    pub fn reply_to(mut self, queue: &str) -> Self {
        self.reply_to = Some(queue.to_owned());
        self
    }

    /// With this correlation id.
    #[must_use]
    pub fn correlation_id(mut self, id: &str) -> Self {
        self.correlation_id = Some(id.to_owned());
        self
    }

    /// As if published at this time.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.timestamp = Some(time);
        self
    }

    /// With this version of the aggregate (events).
    #[must_use]
    pub fn seq(mut self, seq: u64) -> Self {
        self.seq = Some(seq);
        self
    }

    fn envelope(self, message_type: &str, admin: &UserId) -> Envelope {
        let user = self.user.map(|user| UserId::new(user).expect("user is a broker user's name"));
        let user_id = user.unwrap_or_else(|| admin.clone());
        Envelope {
            message_id: self.message_id.unwrap_or_else(MessageId::generate),
            message_type: message_type.to_owned(),
            timestamp: self.timestamp.unwrap_or_else(Timestamp::now),
            app_id: "testkit".to_owned(),
            actor: self.actor.unwrap_or_else(|| Actor::itself(&user_id)),
            user_id,
            correlation_id: self.correlation_id,
            reply_to: self.reply_to,
            trace: TraceContext::default(),
            attempt: 0,
            seq: self.seq,
        }
    }
}

/// One publisher a broker user, opened when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Publishers {
    open: Mutex<BTreeMap<UserId, Publisher>>,
    drivers: Mutex<JoinSet<()>>,
}

impl Publishers {
    async fn of(&self, user: &UserId, url: &str) -> Publisher {
        let mut open = self.open.lock().await;
        if let Some(publisher) = open.get(user) {
            return publisher.clone();
        }
        let (publisher, driver) = Publisher::new(Link::new(url, "test"), user.clone());
        self.drivers.lock().await.spawn(async move {
            let ended = driver.run(|_connected| {}).await;
            ended.unwrap_or_else(|error| panic!("the test's publisher: {error}"));
        });
        open.insert(user.clone(), publisher.clone());
        publisher
    }
}

impl Stage {
    /// Publishes a message with confirm, and gives its id. No queue that takes it is an error.
    ///
    /// # Errors
    /// [`PublishError`], as a production publisher has it.
    ///
    /// # Panics
    /// When the user does not exist.
    pub async fn publish<C: Contract>(
        &self,
        how: PublishAs,
        message: &C,
    ) -> Result<MessageId, PublishError> {
        let envelope = how.envelope(C::TYPE, &self.admin);
        let message_id = envelope.message_id;
        let outgoing = Outgoing {
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: message.routing_key(),
            mandatory: true,
            body: serde_json::to_vec(message).expect("a contract serialises"),
            envelope,
            note: FailureNote::default(),
            expiration_ms: None,
        };
        self.publish_outgoing(&outgoing).await.map(|()| message_id)
    }

    /// Answers whoever sent a message, as the worker that it was meant for would.
    ///
    /// # Panics
    /// When no answer was asked for, or the broker does not take it.
    pub async fn answer(&self, asked: &Envelope, message_type: &str, body: &impl Serialize) {
        let queue = asked.reply_to.as_ref().expect("the message asks for an answer");
        let correlation =
            asked.correlation_id.clone().unwrap_or_else(|| asked.message_id.to_string());
        let how = PublishAs::default().correlation_id(&correlation);
        let outgoing = Outgoing {
            exchange: Exchange::Replies.name().to_owned(),
            routing_key: RoutingKey::to_queue(queue),
            mandatory: false,
            envelope: how.envelope(message_type, &self.admin),
            note: FailureNote::default(),
            body: serde_json::to_vec(body).expect("an answer serialises"),
            expiration_ms: None,
        };
        self.publish_outgoing(&outgoing).await.expect("the broker takes an answer");
    }

    /// Publishes something made by hand that still is a message of ours.
    ///
    /// # Errors
    /// [`PublishError`], as a production publisher has it.
    pub async fn publish_outgoing(&self, message: &Outgoing) -> Result<(), PublishError> {
        let user = &message.envelope.user_id;
        let publisher = if self.has_users && *user != self.admin {
            self.publishers.of(user, &self.amqp_url_as(user.as_str())).await
        } else {
            self.publishers.of(&self.admin, &self.amqp_url()).await
        };
        publisher.publish(message).await
    }

    /// Publishes anything: `properties` starts from none at all, so that each can be left out.
    ///
    /// # Errors
    /// [`PublishError`]; `Unknown` when the broker closed the channel instead of answering.
    ///
    /// # Panics
    /// When the broker cannot be reached.
    pub async fn publish_raw(
        &self,
        exchange: &str,
        routing_key: &str,
        properties: impl FnOnce(BasicProperties) -> BasicProperties,
        body: &[u8],
    ) -> Result<(), PublishError> {
        let named = ConnectionProperties::default().with_connection_name("test/raw".into());
        let connection = lapin::Connection::connect(&self.amqp_url(), named).await;
        let connection = connection.expect("the broker is reached");
        let channel = connection.create_channel().await.expect("a channel opens");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms are on");
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let properties = properties(BasicProperties::default());
        let sent = channel
            .basic_publish(exchange.into(), routing_key.into(), options, body, properties)
            .await;
        let confirmation = match sent {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        // the answer counts, not how the connection ends
        let _ = connection.close(200, "done".into()).await;
        let exchange = exchange.to_owned();
        match confirmation {
            Ok(Confirmation::Ack(None)) => Ok(()),
            Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => {
                Err(PublishError::Unroutable { exchange, routing_key: routing_key.to_owned() })
            }
            Ok(Confirmation::Nack(None)) => Err(PublishError::Refused { exchange }),
            Ok(Confirmation::NotRequested) => unreachable!("confirms are on"),
            Err(error) => Err(PublishError::Unknown { detail: error.to_string() }),
        }
    }
}
