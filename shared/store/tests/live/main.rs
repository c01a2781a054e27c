//! The store against a real database: what it relies on is what the server does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod errors;
mod inbox;
mod instances;
mod lease;
mod outbox;
mod settings;
mod statements;
mod transactions;

use contracts::{Actor, Envelope, MessageId, Timestamp, TraceContext, UserId};

/// An envelope of that sender.
fn envelope(sender: &str, id: MessageId) -> Envelope {
    let user_id = UserId::new(sender).unwrap();
    Envelope {
        message_id: id,
        message_type: "order.create.v1".to_owned(),
        timestamp: Timestamp::now(),
        app_id: "test".to_owned(),
        actor: Actor::itself(&user_id),
        user_id,
        correlation_id: None,
        reply_to: None,
        trace: TraceContext::default(),
        attempt: 0,
        seq: None,
    }
}
