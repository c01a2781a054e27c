//! The envelope as AMQP properties and headers, both ways.

use chrono::DateTime;
use contracts::{
    Actor, Delegation, Envelope, MAX_MESSAGE_BYTES, MessageId, Timestamp, TraceContext, UserId,
    delegation_of,
};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use thiserror::Error;
use uuid::Uuid;

use crate::trust::Trust;

const ACTOR: &str = "dray-actor";
const ATTEMPT: &str = "dray-attempt";
const SEQ: &str = "dray-seq";
/// Who published first, on retry copies (whose `user_id` is the retrying worker).
const SENDER: &str = "dray-sender";
/// The timestamp with microseconds; the AMQP property has seconds only.
const TIME_US: &str = "dray-time-us";
const REASON: &str = "dray-reason";
const DETAIL: &str = "dray-detail";
const ORIGIN: &str = "dray-origin";
const FIRST_FAILURE: &str = "dray-first-failure";
const LAST_FAILURE: &str = "dray-last-failure";

/// Characters of a correlation id, as many as its columns hold.
const MAX_CORRELATION_ID: usize = 128;
/// Bytes of an actor: it is kept with everything that it causes.
const MAX_ACTOR_BYTES: usize = 4_096;

/// Why the properties of a delivery are not those of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// A property that must be there is not.
    #[error("the property {0} is missing: set it when publishing")]
    Missing(&'static str),
    /// A property or header has a value that cannot be read.
    #[error("{property} has the value {value:?}: {detail}")]
    Unreadable {
        /// Which.
        property: &'static str,
        /// What it holds (shortened).
        value: String,
        /// Why it cannot be read.
        detail: String,
    },
    /// A property or header that is refused.
    #[error("{0} is refused: publish without it")]
    Refused(&'static str),
    /// Larger than a message may be.
    #[error("the body has {bytes} bytes, at most {MAX_MESSAGE_BYTES} are allowed: split it")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The publisher's rights are by key, and this type has another one.
    #[error("a {message_type:?} cannot come with the key {routing_key:?}: publish it with its own")]
    ForeignKey {
        /// Its type.
        message_type: String,
        /// The key that brought it.
        routing_key: String,
    },
}

impl EnvelopeError {
    /// A stable code for headers, metrics and reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing("user_id") => "MISSING_USER_ID",
            Self::Missing("message_id") => "MISSING_MESSAGE_ID",
            Self::Missing(_) => "MISSING_PROPERTY",
            Self::Unreadable { .. } => "UNREADABLE_PROPERTY",
            Self::Refused(_) => "REFUSED_PROPERTY",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::ForeignKey { .. } => "FOREIGN_KEY",
        }
    }
}

/// What failures leave on a message that goes to the retry ladder or the dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureNote {
    /// Stable code of the last failure.
    pub reason: Option<String>,
    /// A sentence about it.
    pub detail: Option<String>,
    /// The work queue it was taken from.
    pub origin: Option<String>,
    /// RFC 3339.
    pub first_failure: Option<String>,
    /// RFC 3339.
    pub last_failure: Option<String>,
}

fn short(text: &str) -> ShortString {
    ShortString::try_new(text).unwrap_or_else(|_too_long| {
        let cut = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= 200).last();
        text.get(..cut.unwrap_or(0)).unwrap_or_default().into()
    })
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Properties of a message. `own_user` publishes; a message of another sender (a retry copy) keeps
/// that sender in a header.
pub(crate) fn encode(
    envelope: &Envelope,
    note: &FailureNote,
    own_user: &UserId,
    expiration_ms: Option<u32>,
) -> BasicProperties {
    let mut headers = FieldTable::default();
    let mut put = |name: &'static str, value: AMQPValue| {
        headers.insert(name.into(), value);
    };
    // left out only where the reader assumes just that
    if envelope.actor != Actor::itself(&envelope.user_id) {
        // an actor is four strings: it always serialises
        let actor = serde_json::to_string(&envelope.actor).unwrap_or_default();
        put(ACTOR, text(&actor));
    }
    if envelope.user_id != *own_user {
        put(SENDER, text(envelope.user_id.as_str()));
    }
    if envelope.attempt > 0 {
        put(ATTEMPT, AMQPValue::LongLongInt(envelope.attempt.into()));
    }
    if let Some(seq) = envelope.seq.and_then(|seq| i64::try_from(seq).ok()) {
        put(SEQ, AMQPValue::LongLongInt(seq));
    }
    put(TIME_US, AMQPValue::LongLongInt(envelope.timestamp.as_datetime().timestamp_micros()));
    let optional = [
        ("traceparent", &envelope.trace.traceparent),
        ("tracestate", &envelope.trace.tracestate),
        (REASON, &note.reason),
        (DETAIL, &note.detail),
        (ORIGIN, &note.origin),
        (FIRST_FAILURE, &note.first_failure),
        (LAST_FAILURE, &note.last_failure),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, text(value));
        }
    }
    let seconds = u64::try_from(envelope.timestamp.as_datetime().timestamp()).unwrap_or(0);
    let mut properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(short(&envelope.message_id.to_string()))
        .with_type(short(&envelope.message_type))
        .with_timestamp(seconds)
        .with_app_id(short(&envelope.app_id))
        .with_user_id(short(own_user.as_str()))
        .with_headers(headers);
    if let Some(correlation_id) = &envelope.correlation_id {
        properties = properties.with_correlation_id(short(correlation_id));
    }
    if let Some(reply_to) = &envelope.reply_to {
        properties = properties.with_reply_to(short(reply_to));
    }
    match expiration_ms {
        Some(ms) => properties.with_expiration(short(&ms.to_string())),
        None => properties,
    }
}

/// Reads the properties of a delivery; the last value is true for a copy of our own. Replies may carry an
/// expiration: `Exclusive` takes it off first.
pub(crate) fn decode(
    properties: &BasicProperties,
    trust: &Trust,
) -> Result<(Envelope, FailureNote, bool), EnvelopeError> {
    if properties.expiration().is_some() {
        return Err(EnvelopeError::Refused("expiration"));
    }
    let headers = Headers(properties.headers().as_ref());
    for refused in ["CC", "BCC"] {
        if headers.0.is_some_and(|table| table.contains_key(refused)) {
            return Err(EnvelopeError::Refused(refused));
        }
    }
    let publisher = required(properties.user_id(), "user_id")?;
    let publisher = user(publisher)?;
    let own_copy = trust.covers(&publisher);
    let user_id = match headers.text(SENDER).filter(|_| own_copy) {
        Some(sender) => user(&sender)?,
        None => publisher.clone(),
    };
    let actor = match headers.text(ACTOR) {
        Some(actor) if own_copy => read_actor(&actor)?,
        Some(actor) => believed_actor(&publisher, &actor)?,
        None => Actor::itself(&user_id),
    };
    let envelope = Envelope {
        message_id: read_message_id(required(properties.message_id(), "message_id")?)?,
        message_type: required(properties.kind(), "type")?.to_owned(),
        timestamp: timestamp(properties, &headers),
        app_id: properties.app_id().as_ref().map_or("", ShortString::as_str).to_owned(),
        user_id,
        actor,
        correlation_id: read_correlation_id(properties.correlation_id())?,
        reply_to: properties.reply_to().as_ref().map(|v| v.as_str().to_owned()),
        trace: TraceContext {
            // one that is none is ignored, as W3C asks: it says nothing about the message
            traceparent: headers
                .text("traceparent")
                .filter(|text| text.len() == 55 && text.is_ascii()),
            tracestate: headers.text("tracestate"),
        },
        attempt: headers
            .number(ATTEMPT)
            .and_then(|n| u32::try_from(n).ok())
            .filter(|_| own_copy)
            .unwrap_or(0),
        seq: headers.number(SEQ).and_then(|n| u64::try_from(n).ok()),
    };
    let note = FailureNote {
        reason: headers.text(REASON),
        detail: headers.text(DETAIL),
        origin: headers.text(ORIGIN),
        first_failure: headers.text(FIRST_FAILURE),
        last_failure: headers.text(LAST_FAILURE),
    };
    Ok((envelope, note, own_copy))
}

/// Deliveries before this one that ended without an acknowledgement.
pub(crate) fn delivery_count(properties: &BasicProperties) -> u32 {
    let headers = Headers(properties.headers().as_ref());
    headers.number("x-delivery-count").and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn required<'a>(
    value: &'a Option<ShortString>,
    property: &'static str,
) -> Result<&'a str, EnvelopeError> {
    value.as_ref().map(ShortString::as_str).ok_or(EnvelopeError::Missing(property))
}

fn unreadable(property: &'static str, value: &str, detail: impl ToString) -> EnvelopeError {
    let value = value.chars().take(100).collect();
    EnvelopeError::Unreadable { property, value, detail: detail.to_string() }
}

fn user(name: &str) -> Result<UserId, EnvelopeError> {
    UserId::new(name).map_err(|error| unreadable("user_id", name, error))
}

fn read_message_id(text: &str) -> Result<MessageId, EnvelopeError> {
    Uuid::try_parse(text).map(MessageId).map_err(|error| unreadable("message_id", text, error))
}

fn read_correlation_id(id: &Option<ShortString>) -> Result<Option<String>, EnvelopeError> {
    let Some(id) = id.as_ref().map(ShortString::as_str) else {
        return Ok(None);
    };
    if id.chars().count() > MAX_CORRELATION_ID {
        let detail = format!("at most {MAX_CORRELATION_ID} characters are kept");
        return Err(unreadable("correlation_id", id, detail));
    }
    Ok(Some(id.to_owned()))
}

fn read_actor(json: &str) -> Result<Actor, EnvelopeError> {
    if json.len() > MAX_ACTOR_BYTES {
        return Err(unreadable(ACTOR, json, format!("at most {MAX_ACTOR_BYTES} bytes are kept")));
    }
    serde_json::from_str(json).map_err(|error| unreadable(ACTOR, json, error))
}

/// The header counts only as far as contracts allow this publisher to speak for others.
fn believed_actor(publisher: &UserId, json: &str) -> Result<Actor, EnvelopeError> {
    match delegation_of(publisher) {
        Delegation::Anybody => read_actor(json),
        delegation @ Delegation::Roles(_) => {
            let actor = read_actor(json)?;
            Ok(if delegation.covers(actor.role) { actor } else { Actor::itself(publisher) })
        }
        Delegation::None => Ok(Actor::itself(publisher)),
    }
}

fn timestamp(properties: &BasicProperties, headers: &Headers<'_>) -> Timestamp {
    let micros = headers.number(TIME_US).and_then(DateTime::from_timestamp_micros);
    let seconds = || {
        let seconds = properties.timestamp().and_then(|s| i64::try_from(s).ok())?;
        DateTime::from_timestamp(seconds, 0)
    };
    micros.or_else(seconds).map_or_else(Timestamp::now, Timestamp::from)
}

struct Headers<'a>(Option<&'a FieldTable>);

impl Headers<'_> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "a header of another type is no text")]
    fn text(&self, name: &str) -> Option<String> {
        match self.0?.inner().get(name)? {
            AMQPValue::LongString(text) => {
                Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
            }
            AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "a header of another type is no number")]
    fn number(&self, name: &str) -> Option<i64> {
        match self.0?.inner().get(name)? {
            AMQPValue::LongLongInt(n) => Some(*n),
            AMQPValue::LongInt(n) => Some((*n).into()),
            AMQPValue::LongUInt(n) => Some((*n).into()),
            AMQPValue::ShortInt(n) => Some((*n).into()),
            AMQPValue::ShortUInt(n) => Some((*n).into()),
            AMQPValue::ShortShortInt(n) => Some((*n).into()),
            AMQPValue::ShortShortUInt(n) => Some((*n).into()),
            _ => None,
        }
    }
}
