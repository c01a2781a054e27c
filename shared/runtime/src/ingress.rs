//! The ingress side: sends commands with confirms and hears their answers on a queue of its own.

use std::sync::Arc;

use broker::{Connection, Exclusive, FailureNote, Outgoing};
use contracts::{Actor, Contract, Envelope, Exchange, MessageId, Reply, Timestamp, TraceContext};
use pacing::Backoff;
use tokio::sync::{Mutex, mpsc, watch};

use crate::core::Core;
use crate::{Context, Depths, SendError};

/// Answers that wait for their reader; more are dropped (the sender asks again by resending).
const ANSWERS_MAX: usize = 4_096;

/// Sends commands and hears answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ingress {
    core: Arc<Core>,
    reply_queue: String,
    answers: Arc<Mutex<Option<mpsc::Receiver<Reply>>>>,
    connection: watch::Receiver<Option<Connection>>,
    depths: Depths,
}

impl Ingress {
    pub(crate) fn start(context: &Context) -> Self {
        let core = Arc::clone(&context.core);
        let reply_queue = core.kind.reply_queue(&core.instance);
        let (answer, answers) = mpsc::channel(ANSWERS_MAX);
        let (live, connection) = watch::channel(None);
        let hear = Hear {
            core: Arc::clone(&core),
            link: context.control_link.clone(),
            queue: reply_queue.clone(),
            answer,
            live,
        };
        context.spawn("replies", hear.run());
        Self {
            core,
            reply_queue,
            answers: Arc::new(Mutex::new(Some(answers))),
            depths: Depths::new(connection.clone()),
            connection,
        }
    }

    /// Sends one command and waits for the broker's confirm. The answer comes over [`Ingress::answers`].
    ///
    /// # Errors
    /// [`SendError::Publish`]; after `Unknown` or `Refused` send it again with the same id.
    pub async fn send<C: Contract>(
        &self,
        message_id: MessageId,
        actor: &Actor,
        correlation_id: Option<&str>,
        command: &C,
    ) -> Result<(), SendError> {
        let body =
            serde_json::to_vec(command).map_err(|error| SendError::Encode(error.to_string()))?;
        let message = Outgoing {
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: command.routing_key(),
            mandatory: true,
            envelope: Envelope {
                message_id,
                message_type: C::TYPE.to_owned(),
                timestamp: Timestamp::now(),
                app_id: self.core.kind.name().to_owned(),
                user_id: self.core.user.clone(),
                actor: actor.clone(),
                correlation_id: correlation_id.map(str::to_owned),
                reply_to: Some(self.reply_queue.clone()),
                trace: TraceContext::default(),
                attempt: 0,
                seq: None,
            },
            note: FailureNote::default(),
            body,
            expiration_ms: None,
        };
        Ok(self.core.publisher.publish(&message).await?)
    }

    /// The answers to what this instance sent; to be taken once. They are lossy by nature: a command
    /// without an answer after a while is sent again with the same id.
    pub async fn answers(&self) -> Option<mpsc::Receiver<Reply>> {
        self.answers.lock().await.take()
    }

    /// True while answers can arrive and commands can be sent.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connection.borrow().is_some() && self.core.publisher.is_ready()
    }

    /// How deep queues are.
    #[must_use]
    pub const fn depths(&self) -> &Depths {
        &self.depths
    }
}

/// Keeps the reply queue alive.
struct Hear {
    core: Arc<Core>,
    link: broker::Link,
    queue: String,
    answer: mpsc::Sender<Reply>,
    live: watch::Sender<Option<Connection>>,
}

impl Hear {
    async fn run(self) -> Result<(), String> {
        let mut backoff = Backoff::reconnect();
        loop {
            tokio::select! {
                () = self.core.shutdown.begun() => return Ok(()),
                () = self.hear() => {}
            }
            self.live.send_replace(None);
            backoff.wait().await;
        }
    }

    async fn hear(&self) {
        let opened = async {
            let connection = self.link.connect("replies").await?;
            let exchange = Exchange::Replies.name();
            let user = self.core.user.clone();
            let queue =
                Exclusive::open(&connection, &self.queue, exchange, &self.queue, user).await?;
            Ok::<_, broker::BrokerError>((connection, queue))
        };
        let (connection, mut queue) = match opened.await {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, "cannot hear answers yet");
                return;
            }
        };
        self.live.send_replace(Some(connection));
        while let Some(message) = queue.next().await {
            let Ok(delivery) = message else { continue };
            match serde_json::from_slice::<Reply>(&delivery.body) {
                Ok(reply) => {
                    if self.answer.try_send(reply).is_err() {
                        tracing::debug!("an answer was dropped: its reader is behind");
                    }
                }
                Err(error) => tracing::warn!(%error, "unreadable answer"),
            }
        }
        tracing::warn!("the connection that hears answers is lost");
    }
}
