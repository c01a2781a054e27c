//! The CLI's own place on the broker: it publishes commands as the operator and hears the answers on
//! an exclusive queue of its own.
//!
//! Never here: what a command means.

use std::time::Duration;

use broker::{
    Connection, Delivery, Exclusive, FailureNote, Link, Outgoing, PublishError, Publisher,
};
use contracts::{
    Actor, Contract, Envelope, Exchange, MessageId, Query, QueryAnswer, Reply, Timestamp,
    TraceContext, UserId, role_of,
};
use pacing::Backoff;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::{CommandError, Exit, Result};
use crate::site::Site;

/// What our messages say they were published by.
const APP_ID: &str = "dray";
/// A question lives so long; then it is asked again.
const QUESTION_LIVES: Duration = Duration::from_secs(2);

/// A connection as the operator.
#[derive(Debug)]
pub(crate) struct Operator {
    connection: Connection,
    replies: Exclusive,
    reply_queue: String,
    publisher: Publisher,
    user: UserId,
    actor: Actor,
    /// Keeps the publishing connection; ends with this value.
    _driver: JoinSet<()>,
}

impl Operator {
    /// Connects and opens the reply queue.
    pub(crate) async fn connect(site: &Site) -> Result<Self> {
        let address = site.operator()?;
        let link = Link::new(&address.url(), APP_ID);
        let user = UserId::new(address.user.as_str()).map_err(|error| {
            CommandError::new(Exit::Config, format!("the user in AMQP_URL: {error}"))
        })?;
        let connection = link.connect("replies").await?;
        let instance = uuid::Uuid::new_v4().simple().to_string();
        let reply_queue = format!("dray.reply.operator.{instance}");
        let exchange = Exchange::Replies.name();
        let replies =
            Exclusive::open(&connection, &reply_queue, exchange, &reply_queue, user.clone())
                .await?;
        let (publisher, driver) = Publisher::new(link, user.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = driver.run(|_connected| {}).await {
                tracing::error!(%error, "cannot publish");
            }
        });
        let actor = acting(&user)?;
        Ok(Self { connection, replies, reply_queue, publisher, user, actor, _driver: tasks })
    }

    /// The connection that consumes.
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Publishes with confirms.
    pub(crate) const fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Who we are on the broker.
    pub(crate) const fn user(&self) -> &UserId {
        &self.user
    }

    /// Publishes one command that wants answers; resends it while a queue is full or the outcome is
    /// unknown, always with the same id.
    pub(crate) async fn send<C: Contract>(
        &self,
        id: MessageId,
        command: &C,
        until: Instant,
    ) -> Result<()> {
        let message = self.outgoing(id, command)?;
        let mut backoff = Backoff::reconnect();
        loop {
            let outcome = tokio::time::timeout_at(until, self.publisher.publish(&message)).await;
            match outcome {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error @ (PublishError::Refused { .. } | PublishError::Unknown { .. }))) => {
                    if Instant::now() >= until {
                        return Err(error.into());
                    }
                    backoff.wait().await;
                }
                Ok(Err(
                    error @ (PublishError::Unroutable { .. } | PublishError::TooLarge { .. }),
                )) => {
                    return Err(error.into());
                }
                Err(_elapsed) => {
                    let message = format!("the broker did not take {} in time: is it up?", C::TYPE);
                    return Err(CommandError::new(Exit::Unavailable, message));
                }
            }
        }
    }

    /// The next message on the reply queue; `None` when none came until then.
    pub(crate) async fn next(&mut self, until: Instant) -> Result<Option<Delivery>> {
        loop {
            let Ok(next) = tokio::time::timeout_at(until, self.replies.next()).await else {
                return Ok(None);
            };
            match next {
                Some(Ok(delivery)) => return Ok(Some(delivery)),
                Some(Err(rejected)) => {
                    tracing::warn!(error = %rejected.error, "an answer that cannot be read");
                }
                None => {
                    let message = "the connection to the broker was lost: run the command again";
                    return Err(CommandError::new(Exit::Unavailable, message));
                }
            }
        }
    }

    /// Publishes a command and waits for the reply of the worker that carried it out.
    pub(crate) async fn ask<C: Contract>(&mut self, command: &C, wait: Duration) -> Result<Reply> {
        let until = Instant::now() + wait;
        let id = MessageId::generate();
        self.send(id, command, until).await?;
        while let Some(delivery) = self.next(until).await? {
            match serde_json::from_slice::<Reply>(&delivery.body) {
                Ok(reply) if reply.message_id == id => return Ok(reply),
                Ok(other) => tracing::debug!(id = %other.message_id, "an answer to something else"),
                Err(error) => tracing::warn!(%error, "an answer that is no reply"),
            }
        }
        let message = format!(
            "nobody answered {} within {} s (message {id}); it stays in its queue: \
             `dray fleet status` shows who runs",
            C::TYPE,
            wait.as_secs()
        );
        Err(CommandError::new(Exit::Unavailable, message))
    }

    /// Asks query-desk.
    pub(crate) async fn question(&mut self, query: &Query, wait: Duration) -> Result<QueryAnswer> {
        self.answer_of("query-desk", query, wait).await
    }

    /// Asks a worker, again and again until it answers or the time is over. It stays the same question: what
    /// it changes is changed once.
    pub(crate) async fn answer_of<Q: Contract, A: DeserializeOwned>(
        &mut self,
        worker: &str,
        question: &Q,
        wait: Duration,
    ) -> Result<A> {
        let until = Instant::now() + wait;
        let id = MessageId::generate();
        while Instant::now() < until {
            self.send(id, question, until).await?;
            let heard_until = until.min(Instant::now() + QUESTION_LIVES);
            while let Some(delivery) = self.next(heard_until).await? {
                if delivery.envelope.correlation_id != Some(id.to_string()) {
                    tracing::debug!("an answer to something else");
                    continue;
                }
                return serde_json::from_slice(&delivery.body).map_err(|error| {
                    let text = format!("{worker} answers what cannot be read: {error}");
                    CommandError::new(Exit::Software, text)
                });
            }
        }
        let message = format!(
            "{worker} did not answer within {} s: `dray fleet status` shows whether it runs",
            wait.as_secs()
        );
        Err(CommandError::new(Exit::Unavailable, message))
    }

    /// Closes what consumes; the rest ends with this value.
    pub(crate) async fn close(self) {
        self.connection.close().await;
    }

    fn outgoing<C: Contract>(&self, id: MessageId, command: &C) -> Result<Outgoing> {
        let envelope = Envelope {
            message_id: id,
            message_type: C::TYPE.to_owned(),
            timestamp: Timestamp::now(),
            app_id: APP_ID.to_owned(),
            user_id: self.user.clone(),
            actor: self.actor.clone(),
            correlation_id: Some(id.to_string()),
            reply_to: Some(self.reply_queue.clone()),
            trace: TraceContext::default(),
            attempt: 0,
            seq: None,
        };
        Ok(Outgoing {
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: command.routing_key(),
            mandatory: true,
            envelope,
            note: FailureNote::default(),
            body: serde_json::to_vec(command)?,
            expiration_ms: None,
        })
    }
}

/// The person at the keyboard, as far as the system knows.
fn acting(user: &UserId) -> Result<Actor> {
    let person = settings::var("USER")?.unwrap_or_else(|| "operator".to_owned());
    Ok(Actor {
        subject: person,
        role: role_of(user),
        merchant: None,
        origin: Some(APP_ID.to_owned()),
    })
}

/// A reply that is no success becomes an error with everything the worker said.
pub(crate) fn refused(reply: &Reply) -> Option<CommandError> {
    let refusal = reply.refusal.as_ref()?;
    let mut message = format!("{}: {}", refusal.code, refusal.detail);
    for error in &refusal.errors {
        let field = error.field.as_deref().unwrap_or("-");
        message.push_str(&format!("\n  {field}: {} ({})", error.message, error.code));
    }
    Some(CommandError::new(Exit::Data, message))
}
