//! The ingress side: sends commands with confirms and hears their answers on a queue of its own.

use std::sync::Arc;
use std::time::Duration;

use broker::{Connection, DepthProbe, Exclusive, FailureNote, Outgoing};
use contracts::{Actor, Contract, Envelope, Exchange, MessageId, Reply, Timestamp, TraceContext};
use pacing::Backoff;
use tokio::sync::{Mutex, mpsc, watch};

use crate::core::Core;
use crate::{Context, SendError};

/// Answers that wait for their reader; more are dropped (the sender asks again by resending).
const ANSWERS_MAX: usize = 4_096;
/// How long a depth question may take.
const DEPTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends commands and hears answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ingress {
    core: Arc<Core>,
    reply_queue: String,
    answers: Arc<Mutex<Option<mpsc::Receiver<Reply>>>>,
    connection: watch::Receiver<Option<Connection>>,
    probe: Arc<Mutex<Option<DepthProbe>>>,
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
            connection,
            probe: Arc::new(Mutex::new(None)),
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

    /// Ready messages of a queue at this moment.
    ///
    /// # Errors
    /// [`SendError`] when there is no connection or no such queue.
    pub async fn depth(&self, queue: &str) -> Result<u32, SendError> {
        let mut probe = self.probe.lock().await;
        if probe.as_ref().is_none_or(|probe| !probe.is_alive()) {
            let connection = self.connection.borrow().clone().ok_or(SendError::Disconnected)?;
            *probe = Some(DepthProbe::open(&connection).await?);
        }
        let open = probe.as_ref().ok_or(SendError::Disconnected)?;
        match tokio::time::timeout(DEPTH_TIMEOUT, open.depth(queue)).await {
            Ok(depth) => Ok(depth?),
            Err(_elapsed) => {
                *probe = None;
                Err(SendError::Disconnected)
            }
        }
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
