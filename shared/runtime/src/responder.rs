//! Questions and answers: no inbox, no transaction, no retry. A question that is not answered within its
//! time in the queue is worthless.

use std::sync::Arc;
use std::time::Duration;

use broker::{Delivery, Subscription};
use contracts::{Contract, Envelope, decode_body};
use pacing::Backoff;
use queue_topology::{WorkQueue, WorkerKind};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::core::Core;
use crate::error::RuntimeError;
use crate::intake::changed;
use crate::relay::answer;
use crate::trail;

/// A question older than this is dropped.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Questions being answered at once, for each lane.
const AT_ONCE_PER_LANE: u16 = 16;

/// Answers one kind of question.
pub trait Responder: Send + Sync + 'static {
    /// What is asked.
    type Question: Contract + 'static;
    /// What is answered.
    type Answer: Serialize + Send;
    /// Which worker this is.
    const KIND: WorkerKind;
    /// Wire name of the answers.
    const ANSWER_TYPE: &'static str;

    /// Answers, or gives `None` when it cannot now; the asker asks again.
    fn answer(
        &self,
        question: Self::Question,
        envelope: &Envelope,
    ) -> impl Future<Output = Option<Self::Answer>> + Send;
}

/// Answers until shutdown.
pub(crate) async fn run<R: Responder>(
    core: Arc<Core>,
    responder: Arc<R>,
) -> Result<bool, broker::BrokerError> {
    let mut backoff = Backoff::reconnect();
    loop {
        tokio::select! {
            () = core.shutdown.begun() => return Ok(true),
            ended = consume(&core, &responder) => match ended {
                Err(error) if error.is_permanent() => return Err(error),
                Err(error) => tracing::warn!(%error, "cannot answer questions"),
                Ok(()) => backoff.reset(),
            },
        }
        core.consuming.set(false);
        backoff.wait().await;
    }
}

/// Answers by one connection; ends when it is lost or the settings change.
async fn consume<R: Responder>(
    core: &Arc<Core>,
    responder: &Arc<R>,
) -> Result<(), broker::BrokerError> {
    let in_force = *core.wanted.borrow();
    let mut wanted = core.wanted.subscribe();
    core.applied.send_replace(in_force.version);
    core.metrics.set_paused(in_force.paused);
    if in_force.paused {
        changed(&mut wanted, in_force).await;
        return Ok(());
    }
    let connection = core.consume_link.connect("consume").await?;
    let queue = R::KIND.queue(WorkQueue::Queries);
    let at_once = in_force.lanes.saturating_mul(AT_ONCE_PER_LANE);
    let user = core.user.clone();
    let mut questions = Subscription::open(&connection, &queue, at_once, user).await?;
    let settler = questions.settler();
    let slots = Arc::new(Semaphore::new(at_once.into()));
    let mut answering = JoinSet::new();
    core.consuming.set(true);
    core.metrics.set_lanes(in_force.lanes);
    loop {
        let delivery = tokio::select! {
            delivery = questions.next() => delivery,
            () = changed(&mut wanted, in_force) => return Ok(()),
        };
        while answering.try_join_next().is_some() {}
        match delivery {
            None => return Ok(()),
            Some(Err(error)) => return Err(error),
            Some(Ok(Err(rejected))) => {
                tracing::debug!(error = %rejected.error, "unreadable question");
                settler.settle(&[rejected.tag]).await;
            }
            Some(Ok(Ok(delivery))) => {
                // never closed: the semaphore lives in this function
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                    return Ok(());
                };
                let (core, responder) = (Arc::clone(core), Arc::clone(responder));
                let settler = settler.clone();
                answering.spawn(async move {
                    let tag = delivery.tag;
                    respond(&core, &*responder, delivery).await;
                    settler.settle(&[tag]).await;
                    drop(slot);
                });
            }
        }
    }
}

async fn respond<R: Responder>(core: &Core, responder: &R, delivery: Delivery) {
    let envelope = delivery.envelope;
    let Some(reply_to) = &envelope.reply_to else {
        return;
    };
    let question = match decode_body::<R::Question>(&delivery.body) {
        Ok(question) => question,
        Err(error) => {
            tracing::debug!(%error, "unreadable question");
            core.metrics.messages("unknown", telemetry::Outcome::Undecodable, 1);
            return;
        }
    };
    let answered = tokio::time::timeout(ANSWER_WITHIN, responder.answer(question, &envelope)).await;
    let Ok(Some(given)) = answered else {
        core.metrics.messages(R::Question::TYPE, telemetry::Outcome::Retried, 1);
        return;
    };
    let Ok(body) = serde_json::to_vec(&given) else {
        return;
    };
    let message = answer(core, &envelope, reply_to, R::ANSWER_TYPE, body);
    if let Err(error) = core.publisher.publish(&message).await {
        tracing::debug!(%error, "an answer was not sent");
    }
    trail::leave(&envelope, R::Question::TYPE, "ANSWERED");
    core.metrics.messages(R::Question::TYPE, telemetry::Outcome::Applied, 1);
    core.metrics.latency(contracts::Timestamp::now().since(envelope.timestamp));
}

/// The main function of a responder: reads settings, builds it, answers until a signal comes.
pub fn run_responder<S, R, E>(
    build: impl AsyncFnOnce(S, crate::Context) -> Result<R, E>,
) -> std::process::ExitCode
where
    S: clap::Parser + AsRef<settings::WorkerSettings>,
    R: Responder,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    crate::process::main_of(R::KIND, build, async |process: crate::Process, responder: R| {
        process.respond(responder).await
    })
}

impl crate::Process {
    /// Answers questions until shutdown.
    ///
    /// # Errors
    /// [`RuntimeError`] when waiting does not help.
    pub async fn respond<R: Responder>(self, responder: R) -> Result<(), RuntimeError> {
        let core = self.core();
        self.run_with(run(core, Arc::new(responder))).await
    }
}
