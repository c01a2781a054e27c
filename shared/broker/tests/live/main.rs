//! The broker crate against a real RabbitMQ: what it promises is what the broker does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod consuming;
mod declaring;
mod envelopes;
mod ladder;
mod lines;
mod publishing;
mod rights;

use broker::{FailureNote, Outgoing};
use contracts::{
    Actor, Contract, CreateOrder, Envelope, MessageId, RoutingKey, Timestamp, TraceContext, UserId,
};
use queue_topology::{WorkQueue, WorkerKind};

/// The queue that most tests use.
fn intake_queue() -> String {
    WorkerKind::OrderIntake.queue(WorkQueue::Commands)
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// A message to order-intake with that id. What is in it does not matter here.
fn outgoing(sender: &str, id: MessageId) -> Outgoing {
    Outgoing {
        exchange: CreateOrder::EXCHANGE.name().to_owned(),
        routing_key: RoutingKey::of_type(CreateOrder::TYPE),
        mandatory: true,
        envelope: Envelope {
            message_id: id,
            message_type: CreateOrder::TYPE.to_owned(),
            timestamp: Timestamp::now(),
            app_id: "test".to_owned(),
            user_id: user(sender),
            actor: Actor::itself(&user(sender)),
            correlation_id: None,
            reply_to: None,
            trace: TraceContext::default(),
            attempt: 0,
            seq: None,
        },
        note: FailureNote::default(),
        body: b"{}".to_vec(),
        expiration_ms: None,
    }
}
