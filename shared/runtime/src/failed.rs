//! Messages that had no effect: to the retry ladder, or to the dead letters with a reason.
//!
//! They leave beside the lanes: however long it takes to send one on, no neighbour waits for it.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use broker::{FailureNote, Outgoing, PublishError, Rejected};
use contracts::{DecodeError, Envelope, MessageId, RoutingKey, Timestamp, TraceContext};
use pacing::Backoff;
use queue_topology::{DLX, RetryTier, WorkQueue, WorkerKind};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::core::Core;
use crate::held::Held;
use crate::{Failure, Item, Shutdown};

/// Copies on their way at once.
const AT_ONCE: usize = 64;

/// Where a failed message goes.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    Retry(RetryTier),
    DeadLetters,
}

/// A message that a worker gives up on by itself, long after its batch.
#[derive(Debug)]
pub struct DeadLetter {
    /// Its envelope. The id must be one that had no effect yet, or trying it again changes nothing.
    pub envelope: Envelope,
    /// Its body.
    pub body: Vec<u8>,
    /// The queue that it goes back to when it is tried again.
    pub queue: WorkQueue,
    /// Stable code.
    pub reason: &'static str,
    /// A sentence for a person.
    pub detail: String,
}

/// The copy of a message for the dead letters of `kind`.
pub(crate) fn dead_letter(
    kind: WorkerKind,
    envelope: Envelope,
    body: Vec<u8>,
    queue: WorkQueue,
    (reason, detail): (&str, &str),
) -> Outgoing {
    let note = note(&FailureNote::default(), &kind.queue(queue), reason, detail);
    copy(kind.dead_letter_queue(), envelope, note, body)
}

/// Takes what failed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WayOut {
    core: Arc<Core>,
    leaving: mpsc::UnboundedSender<Leaving>,
}

/// A copy to publish, and the delivery that is acknowledged once it is confirmed.
struct Leaving {
    copy: Outgoing,
    type_name: &'static str,
    outcome: telemetry::Outcome,
    held: Held,
}

impl WayOut {
    /// The way out, and the task that goes it: it ends when every clone is gone and everything is out,
    /// or at once when the generation is closing; what is left then comes again.
    pub(crate) fn new(
        core: &Arc<Core>,
        closing: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (leaving, queue) = mpsc::unbounded_channel();
        let way_out = Self { core: Arc::clone(core), leaving };
        (way_out, send_all(Arc::clone(core), closing, queue))
    }

    /// A message that the worker could not do. With an open kill switch it stays in its queue: dropped
    /// here, it goes back with its channel.
    pub(crate) fn message<M>(&self, item: &Item<M>, held: Held, code: &str, failure: &Failure) {
        let envelope =
            Envelope { attempt: item.envelope.attempt.saturating_add(1), ..item.envelope.clone() };
        let (queue, outcome) = match destination(envelope.attempt, failure) {
            Destination::Retry(tier) => {
                (self.core.kind.retry_queue(tier), telemetry::Outcome::Retried)
            }
            Destination::DeadLetters => {
                (self.core.kind.dead_letter_queue(), telemetry::Outcome::DeadLettered)
            }
        };
        if held.is_alive() && !self.core.kill_switch.ends([outcome]) {
            return;
        }
        tracing::warn!(
            message_id = %envelope.message_id,
            message_type = item.type_name,
            attempt = envelope.attempt,
            queue,
            code,
            error = %failure,
            "message failed"
        );
        let note = note(&item.note, held.queue(), code, &failure.to_string());
        let copy = copy(queue, envelope, note, item.body.clone());
        self.leave(Leaving { copy, type_name: item.type_name, outcome, held });
    }

    /// A message whose body is none of its type, or could not even be looked at.
    pub(crate) fn undecodable(
        &self,
        mut envelope: Envelope,
        earlier: &FailureNote,
        body: Vec<u8>,
        held: Held,
        error: &Undecodable,
    ) {
        envelope.attempt = envelope.attempt.saturating_add(1);
        let outcome = error.outcome();
        if held.is_alive() && !self.core.kill_switch.ends([outcome]) {
            return;
        }
        let (code, detail) = (error.code(), error.to_string());
        let (message_id, message_type) = (envelope.message_id, &envelope.message_type);
        tracing::warn!(%message_id, message_type, code, error = detail, "not a message of ours");
        let note = note(earlier, held.queue(), code, &detail);
        self.leave_for_good(envelope, note, body, held, outcome);
    }

    /// A delivery whose properties are not those of a message of ours.
    pub(crate) fn rejected(&self, rejected: Rejected, held: Held) {
        let code = rejected.error.code();
        tracing::warn!(
            message_id = rejected.message_id,
            message_type = rejected.message_type,
            code,
            error = %rejected.error,
            "not a message of ours"
        );
        let parsed = rejected.message_id.as_deref().and_then(|id| Uuid::try_parse(id).ok());
        let envelope = Envelope {
            message_id: parsed.map_or_else(MessageId::generate, MessageId),
            message_type: rejected.message_type,
            timestamp: Timestamp::now(),
            app_id: self.core.kind.name().to_owned(),
            user_id: self.core.user.clone(),
            actor: contracts::Actor::itself(&self.core.user),
            correlation_id: None,
            reply_to: None,
            trace: TraceContext::default(),
            attempt: 0,
            seq: None,
        };
        let note = note(&FailureNote::default(), held.queue(), code, &rejected.error.to_string());
        self.leave_for_good(envelope, note, rejected.body, held, telemetry::Outcome::Undecodable);
    }

    /// Takes nothing more: without clones its task ends when everything is out.
    pub(crate) fn close(&mut self) {
        (self.leaving, _) = mpsc::unbounded_channel();
    }

    fn leave_for_good(
        &self,
        envelope: Envelope,
        note: FailureNote,
        body: Vec<u8>,
        held: Held,
        outcome: telemetry::Outcome,
    ) {
        let copy = copy(self.core.kind.dead_letter_queue(), envelope, note, body);
        self.leave(Leaving { copy, type_name: "unknown", outcome, held });
    }

    fn leave(&self, leaving: Leaving) {
        // refused only when the generation is closing: then it comes again by itself
        let _ = self.leaving.send(leaving);
    }
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecodable {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Reading it, or finding its lane, panicked.
    #[error("{0}")]
    Panic(String),
}

impl Undecodable {
    const fn code(&self) -> &'static str {
        match self {
            Self::Decode(error) => error.code(),
            Self::Panic(_) => "PANIC",
        }
    }

    /// A body that cannot be read is its sender's garbage; a panic over it is ours.
    const fn outcome(&self) -> telemetry::Outcome {
        match self {
            Self::Decode(_) => telemetry::Outcome::Undecodable,
            Self::Panic(_) => telemetry::Outcome::DeadLettered,
        }
    }
}

fn destination(attempt: u32, failure: &Failure) -> Destination {
    let wait = match failure {
        Failure::Permanent { .. } => return Destination::DeadLetters,
        Failure::Transient { retry_after, .. } => *retry_after,
        Failure::Store(_) => None,
    };
    let Some(tier) = RetryTier::after_attempt(attempt) else {
        return Destination::DeadLetters;
    };
    let long_enough = |tier: &RetryTier| {
        let tier = Duration::from_millis(u64::try_from(tier.milliseconds()).unwrap_or(0));
        wait.is_none_or(|wait| wait <= tier)
    };
    let chosen = RetryTier::ALL.into_iter().filter(|t| *t >= tier).find(long_enough);
    Destination::Retry(chosen.unwrap_or(RetryTier::M10))
}

fn note(earlier: &FailureNote, queue: &str, code: &str, detail: &str) -> FailureNote {
    let now = Timestamp::now().to_string();
    FailureNote {
        reason: Some(code.to_owned()),
        detail: Some(detail.chars().take(1_000).collect()),
        origin: earlier.origin.clone().or_else(|| Some(queue.to_owned())),
        first_failure: earlier.first_failure.clone().or_else(|| Some(now.clone())),
        last_failure: Some(now),
    }
}

fn copy(queue: String, envelope: Envelope, note: FailureNote, body: Vec<u8>) -> Outgoing {
    Outgoing {
        exchange: DLX.to_owned(),
        routing_key: RoutingKey::to_queue(queue),
        mandatory: true,
        envelope,
        note,
        body,
        expiration_ms: None,
    }
}

async fn send_all(core: Arc<Core>, closing: Shutdown, mut queue: mpsc::UnboundedReceiver<Leaving>) {
    let mut sending: JoinSet<()> = JoinSet::new();
    while let Some(leaving) = queue.recv().await {
        while sending.len() >= AT_ONCE {
            // one that panicked was not acknowledged: it comes again
            let _ = sending.join_next().await;
        }
        sending.spawn(send(Arc::clone(&core), closing.clone(), leaving));
    }
    while sending.join_next().await.is_some() {}
}

async fn send(core: Arc<Core>, closing: Shutdown, leaving: Leaving) {
    let Leaving { copy, type_name, outcome, held } = leaving;
    let sent = tokio::select! {
        sent = persist(&core, &held, &copy) => sent,
        () = closing.begun() => false,
    };
    if sent {
        core.metrics.messages(type_name, outcome, 1);
        Held::acknowledge(std::iter::once(&held)).await;
    }
}

/// Publishes until it is confirmed, as long as the delivery is still ours.
async fn persist(core: &Core, held: &Held, copy: &Outgoing) -> bool {
    let mut backoff = Backoff::lane();
    while held.is_alive() {
        match core.publisher.publish(copy).await {
            Ok(()) => return true,
            Err(error @ (PublishError::Refused { .. } | PublishError::Unknown { .. })) => {
                tracing::warn!(%error, queue = %copy.routing_key, "cannot send a failed message on yet");
            }
            Err(error @ PublishError::Unroutable { .. }) => {
                tracing::error!(%error, queue = %copy.routing_key, "cannot send a failed message on");
            }
            Err(error @ PublishError::TooLarge { .. }) => {
                // it stays ours until the broker has delivered it often enough to dead-letter it itself
                tracing::error!(%error, queue = %copy.routing_key, "cannot send a failed message on");
                return false;
            }
        }
        backoff.wait().await;
    }
    false
}
