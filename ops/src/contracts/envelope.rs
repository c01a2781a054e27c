//! The envelope of every message, for the document: AMQP properties and `dray-` headers.

use contracts::MAX_MESSAGE_BYTES;
use serde_json::{Value, json};

/// What all messages have in common (an AsyncAPI message trait).
///
/// AsyncAPI keeps `headers` for an application's own; what AMQP itself defines stands beside it, under
/// a name of ours.
pub(super) fn message_trait() -> Value {
    json!({
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/DrayHeaders"},
        "x-amqp-properties": {"$ref": "#/components/schemas/AmqpProperties"},
        "x-max-body-bytes": MAX_MESSAGE_BYTES,
    })
}

/// The headers that we define.
pub(super) fn headers() -> Value {
    json!({
        "type": "object",
        "description": "Headers of our own. CC, BCC and the property expiration are refused: such a \
            message goes to the dead letters.",
        "properties": {
            "dray-actor": {"type": "string", "contentMediaType": "application/json", "maxLength": 4096,
                "description": "On whose behalf, as JSON: subject, role, merchant, origin. Believed only from \
                    publishers that may speak for others; everybody else acts as itself."},
            "dray-attempt": {"type": "integer", "minimum": 0,
                "description": "Failed deliveries so far; believed only on a worker's own retry copies."},
            "dray-sender": {"type": "string",
                "description": "On retry copies: who published first."},
            "dray-seq": {"type": "integer", "minimum": 0,
                "description": "On events: the version of the row after the change, per publishing worker and \
                    aggregate. Readers drop older ones and never wait for a gap."},
            "dray-time-us": {"type": "integer",
                "description": "The timestamp in microseconds since 1970, UTC; the AMQP property has seconds."},
            "traceparent": {"type": "string", "description": "W3C trace context."},
            "tracestate": {"type": "string", "description": "W3C trace context."},
        },
    })
}

/// The AMQP 0.9.1 properties, as we use them.
pub(super) fn properties() -> Value {
    json!({
        "type": "object",
        "description": "AMQP 0.9.1 basic properties as this exchange uses them.",
        "required": ["message_id", "type", "user_id"],
        "properties": {
            "message_id": {"type": "string", "format": "uuid",
                "description": "With the sender it is the idempotency key: a resend keeps it."},
            "type": {"type": "string", "description": "Context, verb or fact, version: waybill.held.v1."},
            "user_id": {"type": "string",
                "description": "Who publishes; the broker checks that it is the connection's user."},
            "timestamp": {"type": "integer", "description": "Seconds since 1970, UTC."},
            "app_id": {"type": "string", "description": "The publishing application."},
            "correlation_id": {"type": "string", "maxLength": 128,
                "description": "Ties an answer or a consequence to its cause."},
            "reply_to": {"type": "string", "description": "The queue that takes the answer."},
            "content_type": {"type": "string", "const": "application/json"},
            "delivery_mode": {"type": "integer", "enum": [1, 2],
                "description": "2, and 1 on questions and answers: they are worthless after seconds and stay off the \
                    broker's disk."},
        },
    })
}
