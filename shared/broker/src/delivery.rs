//! One delivery: its envelope, its body, where it came from.

use contracts::{Envelope, MAX_MESSAGE_BYTES, UserId};

use crate::envelope::{EnvelopeError, FailureNote, decode, delivery_count};

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
    own_user: &UserId,
) -> Result<Delivery, Box<Rejected>> {
    let lapin::message::Delivery { delivery_tag: tag, routing_key, redelivered, properties, data, .. } =
        delivery;
    let routing_key = routing_key.as_str().to_owned();
    let decoded = if data.len() > MAX_MESSAGE_BYTES {
        Err(EnvelopeError::TooLarge { bytes: data.len() })
    } else {
        decode(&properties, own_user)
    };
    match decoded {
        Ok((envelope, note)) => {
            let delivery_count = delivery_count(&properties);
            Ok(Delivery { tag, redelivered, routing_key, envelope, body: data, note, delivery_count })
        }
        Err(error) => {
            let text = |value: &Option<lapin::types::ShortString>| {
                value.as_ref().map(|v| v.as_str().to_owned())
            };
            Err(Box::new(Rejected {
                tag,
                routing_key,
                message_type: text(properties.kind()).unwrap_or_default(),
                message_id: text(properties.message_id()),
                body: data,
                error,
            }))
        }
    }
}
