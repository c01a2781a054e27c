//! Messages that had no effect: to the retry ladder, or to the dead letters with a reason.

use std::time::Duration;

use broker::{FailureNote, Outgoing, PublishError, Rejected, Settler};
use contracts::{Envelope, MessageId, RoutingKey, Timestamp, TraceContext};
use pacing::Backoff;
use queue_topology::{DLX, RetryTier};
use uuid::Uuid;

use crate::core::Core;
use crate::{Failure, Item};

/// Where a failed message goes.
enum Destination {
    Retry(RetryTier),
    DeadLetters,
}

/// Publishes a copy to where it belongs. Gives false when the channel it came from is gone: then it
/// comes again by itself.
pub(crate) async fn send_on<M>(
    core: &Core,
    item: &Item<M>,
    settler: &Settler,
    code: &str,
    failure: &Failure,
) -> bool {
    let attempt = item.envelope.attempt.saturating_add(1);
    let destination = destination(attempt, failure);
    let (queue, outcome) = match destination {
        Destination::Retry(tier) => (core.kind.retry_queue(tier), telemetry::Outcome::Retried),
        Destination::DeadLetters => {
            (core.kind.dead_letter_queue(), telemetry::Outcome::DeadLettered)
        }
    };
    tracing::warn!(
        message_id = %item.envelope.message_id,
        message_type = item.type_name,
        attempt,
        queue,
        code,
        error = %failure,
        "message failed"
    );
    let mut envelope = item.envelope.clone();
    envelope.attempt = attempt;
    let note = note(&item.note, settler.queue(), code, &failure.to_string());
    let copy = outgoing(queue, envelope, note, item.body.clone());
    let sent = persist(core, settler, copy).await;
    if sent {
        core.metrics.messages(item.type_name, outcome, 1);
    }
    sent
}

/// A delivery that is no message of ours: to the dead letters.
pub(crate) async fn reject(core: &Core, rejected: Rejected, settler: &Settler) -> bool {
    let reason = rejected.error.code();
    tracing::warn!(
        message_id = rejected.message_id,
        message_type = rejected.message_type,
        reason,
        error = %rejected.error,
        "not a message of ours"
    );
    let parsed = rejected.message_id.as_deref().and_then(|id| Uuid::try_parse(id).ok());
    let envelope = Envelope {
        message_id: parsed.map_or_else(MessageId::generate, MessageId),
        message_type: rejected.message_type,
        timestamp: Timestamp::now(),
        app_id: core.kind.name().to_owned(),
        user_id: core.user.clone(),
        actor: contracts::Actor::itself(&core.user),
        correlation_id: None,
        reply_to: None,
        trace: TraceContext::default(),
        attempt: 0,
        seq: None,
    };
    let note = note(&FailureNote::default(), settler.queue(), reason, &rejected.error.to_string());
    let copy = outgoing(core.kind.dead_letter_queue(), envelope, note, rejected.body);
    let sent = persist(core, settler, copy).await;
    if sent {
        core.metrics.messages("unknown", telemetry::Outcome::Undecodable, 1);
    }
    sent
}

fn destination(attempt: u32, failure: &Failure) -> Destination {
    let wait = match failure {
        Failure::Permanent { .. } => return Destination::DeadLetters,
        Failure::Transient { retry_after, .. } => *retry_after,
        Failure::Store(_) => None,
    };
    let Some(tier) = RetryTier::after_attempt(attempt) else { return Destination::DeadLetters };
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

fn outgoing(queue: String, envelope: Envelope, note: FailureNote, body: Vec<u8>) -> Outgoing {
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

/// Publishes until it is confirmed, as long as the delivery is still ours.
async fn persist(core: &Core, settler: &Settler, copy: Outgoing) -> bool {
    let mut backoff = Backoff::lane();
    while settler.is_alive() {
        match core.publisher.publish(&copy).await {
            Ok(()) => return true,
            Err(error @ (PublishError::Refused { .. } | PublishError::Unknown { .. })) => {
                tracing::warn!(%error, queue = %copy.routing_key, "cannot send a failed message on yet");
            }
            Err(error @ (PublishError::Unroutable { .. } | PublishError::TooLarge { .. })) => {
                tracing::error!(%error, queue = %copy.routing_key, "cannot send a failed message on");
            }
        }
        backoff.wait().await;
    }
    false
}
