//! Dead letters as they lie there: read without taking them away.

use std::time::Duration;

use broker::{Delivery, Rejected, Subscription};
use chrono::DateTime;
use contracts::{MessageId, Timestamp};
use pacing::Backoff;
use queue_topology::WorkerKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::error::Result;
use crate::operator::Operator;

/// No delivery for this long: that was all.
pub(super) const QUIET: Duration = Duration::from_millis(500);
/// Handing back takes milliseconds; a retry by somebody else may have taken some away meanwhile.
const RETURNED_WITHIN: Duration = Duration::from_secs(2);
/// The broker itself gives up on a message that was delivered too often, and leaves no reason of ours.
const BY_THE_BROKER: &str = "DELIVERY_LIMIT";
/// Fields that hold personal data, in any message.
const PERSONAL: [&str; 8] = [
    "recipient",
    "phone",
    "postcode",
    "address",
    "notes",
    "delivery_instructions",
    "customer_ref",
    "personal",
];

/// One dead letter.
#[derive(Debug)]
pub(super) struct Letter {
    /// Its id; `None` when its properties cannot be read.
    pub(super) message_id: Option<MessageId>,
    /// Its type.
    pub(super) message_type: String,
    /// Stable code of the last failure.
    pub(super) reason: String,
    /// A sentence about it.
    pub(super) detail: Option<String>,
    sender: Option<String>,
    origin: Option<String>,
    attempt: u32,
    first_failure: Option<String>,
    last_failure: Option<String>,
    published: Option<Timestamp>,
    body: Vec<u8>,
}

impl Letter {
    /// What a delivery from a dead-letter queue says.
    pub(super) fn of(delivery: &Delivery) -> Self {
        let (envelope, note) = (&delivery.envelope, &delivery.note);
        Self {
            message_id: Some(envelope.message_id),
            message_type: envelope.message_type.clone(),
            reason: note.reason.clone().unwrap_or_else(|| BY_THE_BROKER.to_owned()),
            detail: note.detail.clone(),
            sender: Some(envelope.user_id.to_string()),
            origin: note.origin.clone(),
            attempt: envelope.attempt,
            first_failure: note.first_failure.clone(),
            last_failure: note.last_failure.clone(),
            published: Some(envelope.timestamp),
            body: delivery.body.clone(),
        }
    }

    fn unreadable(rejected: Rejected) -> Self {
        Self {
            message_id: None,
            message_type: rejected.message_type,
            reason: rejected.error.code().to_owned(),
            detail: Some(rejected.error.to_string()),
            sender: None,
            origin: None,
            attempt: 0,
            first_failure: None,
            last_failure: None,
            published: None,
            body: rejected.body,
        }
    }

    /// Seconds since it failed last, or else since it was published.
    pub(super) fn age_seconds(&self, now: Timestamp) -> Option<i64> {
        let failed =
            self.last_failure.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let since =
            failed.map(|at| at.to_utc()).or_else(|| self.published.map(Timestamp::as_datetime))?;
        Some((now.as_datetime() - since).num_seconds())
    }

    /// All about it; the body without personal data.
    pub(super) fn describe(&self, with_body: bool) -> serde_json::Result<Value> {
        let mut shown = json!({
            "message_id": serde_json::to_value(self.message_id)?,
            "type": self.message_type,
            "reason": self.reason,
            "detail": self.detail,
            "sender": self.sender,
            "origin": self.origin,
            "attempt": self.attempt,
            "first_failure": self.first_failure,
            "last_failure": self.last_failure,
            "published": serde_json::to_value(self.published)?,
            "body_bytes": self.body.len(),
        });
        if let (true, Some(fields)) = (with_body, shown.as_object_mut()) {
            fields.insert("body".to_owned(), self.masked_body());
        }
        Ok(shown)
    }

    fn masked_body(&self) -> Value {
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(mut body) => {
                mask(&mut body);
                body
            }
            // what does not parse may hold anything
            Err(error) => Value::from(format!("no JSON ({error}): not shown")),
        }
    }
}

/// Replaces personal data wherever it is.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if PERSONAL.contains(&name.as_str()) && !field.is_null() {
                    *field = Value::from("***");
                } else {
                    mask(field);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Up to `limit` dead letters of a worker, from the front. They all stay.
pub(super) async fn look(operator: &Operator, kind: WorkerKind, limit: u16) -> Result<Vec<Letter>> {
    let queue = kind.dead_letter_queue();
    let user = operator.user().clone();
    let mut source = Subscription::open(operator.connection(), &queue, limit, user).await?;
    let mut letters = Vec::new();
    while letters.len() < usize::from(limit) {
        let Ok(next) = tokio::time::timeout(QUIET, source.next()).await else {
            break;
        };
        match next {
            Some(Ok(Ok(delivery))) => letters.push(Letter::of(&delivery)),
            Some(Ok(Err(rejected))) => letters.push(Letter::unreadable(*rejected)),
            Some(Err(error)) => return Err(error.into()),
            None => break,
        }
    }
    source.settler().close().await;
    wait_until_returned(operator, &queue, letters.len()).await?;
    Ok(letters)
}

/// A quorum queue takes what was handed out back a moment after the channel is closed; whoever looks
/// next shall find it there.
async fn wait_until_returned(operator: &Operator, queue: &str, count: usize) -> Result<()> {
    let until = Instant::now() + RETURNED_WITHIN;
    let mut wait = Backoff::lane();
    while Instant::now() < until {
        let ready = operator.connection().depth(queue).await?;
        if usize::try_from(ready).is_ok_and(|ready| ready >= count) {
            break;
        }
        wait.wait().await;
    }
    Ok(())
}
