//! One delivery: its envelope, its body, where it came from.

use contracts::{Envelope, MAX_MESSAGE_BYTES};
use lapin::BasicProperties;
use lapin::types::ShortString;

use crate::envelope::{EnvelopeError, FailureNote, decode, delivery_count};
use crate::trust::{Trust, fits};

/// A message as it arrived.
#[derive(Debug)]
pub struct Delivery {
    /// Its tag on its channel.
    pub tag: u64,
    /// True when the broker delivered it before.
    pub redelivered: bool,
    /// Routing key it was published with.
    pub routing_key: String,
    /// Its envelope.
    pub envelope: Envelope,
    /// Its body.
    pub body: Vec<u8>,
    /// What earlier failures left on it.
    pub note: FailureNote,
    /// How often the broker delivered it before without an acknowledgement (quorum queues count).
    pub delivery_count: u32,
}

/// A delivery whose envelope cannot be read: for the dead letters.
#[derive(Debug)]
pub struct Rejected {
    /// Its tag on its channel.
    pub tag: u64,
    /// Routing key it was published with.
    pub routing_key: String,
    /// Its `type`, as far as there is one.
    pub message_type: String,
    /// Its `message_id` property, as it came.
    pub message_id: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
    /// What is wrong with it.
    pub error: EnvelopeError,
}

pub(crate) fn read(
    delivery: lapin::message::Delivery,
    trust: &Trust,
) -> Result<Delivery, Box<Rejected>> {
    let lapin::message::Delivery {
        delivery_tag: tag,
        exchange,
        routing_key,
        redelivered,
        properties,
        data: body,
        ..
    } = delivery;
    let routing_key = routing_key.as_str().to_owned();
    match judge(&properties, exchange.as_str(), &routing_key, body.len(), trust) {
        Ok((envelope, note)) => {
            let delivery_count = delivery_count(&properties);
            Ok(Delivery { tag, redelivered, routing_key, envelope, body, note, delivery_count })
        }
        Err(error) => {
            let text = |value: &Option<ShortString>| value.as_ref().map(|v| v.as_str().to_owned());
            Err(Box::new(Rejected {
                tag,
                routing_key,
                message_type: text(properties.kind()).unwrap_or_default(),
                message_id: text(properties.message_id()),
                body,
                error,
            }))
        }
    }
}

fn judge(
    properties: &BasicProperties,
    exchange: &str,
    routing_key: &str,
    bytes: usize,
    trust: &Trust,
) -> Result<(Envelope, FailureNote), EnvelopeError> {
    if bytes > MAX_MESSAGE_BYTES {
        return Err(EnvelopeError::TooLarge { bytes });
    }
    let (envelope, note, own_copy) = decode(properties, trust)?;
    if own_copy || fits(&envelope.message_type, exchange, routing_key) {
        return Ok((envelope, note));
    }
    let (message_type, routing_key) = (envelope.message_type, routing_key.to_owned());
    Err(EnvelopeError::ForeignKey { message_type, routing_key })
}
