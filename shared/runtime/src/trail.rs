//! One line of the log for each message that was settled or answered: by its correlation id and its trace a
//! request is found again in the log of every worker that had to do with it.
//!
//! A trace whose sender records it (the flag `sampled` of its `traceparent`) is logged as info, everything
//! else as debug: a fleet at work settles thousands of messages a second.

use contracts::Envelope;

/// How the `traceparent` of a recorded trace ends.
const SAMPLED: &str = "-01";

/// Says what became of a message.
pub(crate) fn leave(envelope: &Envelope, message_type: &str, code: &str) {
    let traceparent = envelope.trace.traceparent.as_deref();
    let correlation_id = envelope.correlation_id.as_deref();
    let id = envelope.message_id;
    if traceparent.is_some_and(|parent| parent.ends_with(SAMPLED)) {
        tracing::info!(%id, message_type, code, correlation_id, traceparent, "settled");
    } else {
        tracing::debug!(%id, message_type, code, correlation_id, traceparent, "settled");
    }
}
