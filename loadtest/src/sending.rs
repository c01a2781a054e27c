//! A broker user of a simulator: logged in, publishing with confirms, pushed back by a full queue.
//!
//! What lives here: the connection and one message's way to the broker. What never does: what is said.

use broker::{FailureNote, Link, Outgoing, PublishError, Publisher};
use contracts::{Actor, Contract, Envelope, MessageId, Timestamp, TraceContext, UserId};
use thiserror::Error;
use tokio::task::JoinSet;

/// Why something could not be said.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The connection, or the message found no queue.
    #[error("the broker: {0}")]
    Broker(String),
    /// A message has no JSON form.
    #[error("a message cannot be encoded: {0}")]
    Encode(#[from] serde_json::Error),
}

fn broken(error: &dyn std::fmt::Display) -> SendError {
    SendError::Broker(error.to_string())
}

/// One logged-in user.
pub(crate) struct Sender {
    publisher: Publisher,
    _driving: JoinSet<()>,
}

impl Sender {
    /// Logs in. A wrong password is told at once; a connection that breaks later is made again.
    pub(crate) async fn connect(url: &str) -> Result<Self, SendError> {
        let link = Link::new(url, "loadtest");
        let user = link.user().and_then(|user| UserId::new(user).ok());
        let user = user.ok_or_else(|| broken(&"the AMQP URL names no user"))?;
        let connection = link.connect("check").await.map_err(|error| broken(&error))?;
        connection.close().await;
        let (publisher, driver) = Publisher::new(link, user);
        let mut driving = JoinSet::new();
        driving.spawn(async move {
            if let Err(error) = driver.run(|_connected| {}).await {
                eprintln!("loadtest: {error}");
            }
        });
        Ok(Self { publisher, _driving: driving })
    }

    /// The message under this id: on behalf of `actor`, or of the user itself.
    pub(crate) fn outgoing<C: Contract>(
        &self,
        message_id: MessageId,
        actor: Option<Actor>,
        message: &C,
    ) -> Result<Outgoing, SendError> {
        let user_id = self.publisher.user().clone();
        Ok(Outgoing {
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: message.routing_key(),
            mandatory: true,
            envelope: Envelope {
                message_id,
                message_type: C::TYPE.to_owned(),
                timestamp: Timestamp::now(),
                app_id: "loadtest".to_owned(),
                actor: actor.unwrap_or_else(|| Actor::itself(&user_id)),
                user_id,
                correlation_id: None,
                reply_to: None,
                trace: TraceContext::default(),
                attempt: 0,
                seq: None,
            },
            note: FailureNote::default(),
            body: serde_json::to_vec(message)?,
            expiration_ms: None,
        })
    }

    /// Publishes until it is confirmed; gives how often it was refused or unknown.
    pub(crate) async fn persist(&self, message: &Outgoing) -> Result<u64, SendError> {
        let mut backoff = pacing::Backoff::lane();
        let mut refusals = 0;
        loop {
            match self.publisher.publish(message).await {
                Ok(()) => return Ok(refusals),
                Err(PublishError::Refused { .. } | PublishError::Unknown { .. }) => {
                    refusals += 1;
                    backoff.wait().await;
                }
                Err(error @ (PublishError::Unroutable { .. } | PublishError::TooLarge { .. })) => {
                    return Err(broken(&error));
                }
            }
        }
    }
}
