//! Which messages of a batch are new, which are doubles, and what each sender is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use broker::FailureNote;
use contracts::{Actor, TraceContext, UserId};

use super::{
    Arc, Envelope, Failure, HashMap, Item, MessageId, Reply, ReplyOutcome, Settled, Timestamp,
    answer, by_position, first_of_each, key,
};

/// A message of `sender` that is known by its first letter and its body.
fn item(sender: &str, id: u128, body: &str) -> Arc<Item<()>> {
    let user_id = UserId::new(sender).unwrap();
    let envelope = Envelope {
        message_id: MessageId(uuid::Uuid::from_u128(id)),
        message_type: "a.b.v1".to_owned(),
        timestamp: Timestamp::now(),
        app_id: String::new(),
        actor: Actor::itself(&user_id),
        user_id,
        correlation_id: None,
        reply_to: None,
        trace: TraceContext::default(),
        attempt: 0,
        seq: None,
    };
    Arc::new(Item {
        envelope,
        message: (),
        body: body.as_bytes().to_vec(),
        body_hash: store::hash(body.as_bytes()),
        type_name: "a.b.v1",
        note: FailureNote::default(),
    })
}

fn settled(item: &Item<()>) -> Settled {
    let reply = Reply {
        message_id: item.envelope.message_id,
        outcome: ReplyOutcome::Applied,
        code: "APPLIED".to_owned(),
        refusal: None,
        items: Vec::new(),
        aggregate: None,
        version: None,
    };
    Settled { reply, body_hash: item.body_hash }
}

fn permanent(cause: &str) -> Failure {
    Failure::Permanent { cause: cause.to_owned() }
}

#[test]
fn each_message_is_done_once_and_another_sender_is_another_message() {
    let items = [
        item("a", 1, "x"),
        item("a", 2, "x"),
        item("a", 1, "x"),
        item("b", 1, "x"),
        item("a", 3, "x"),
    ];
    let known = HashMap::from([(key(&items[4].envelope), settled(&items[4]))]);
    let fresh = first_of_each(&items, &known);
    let expected = [&items[0], &items[1], &items[3]];
    assert_eq!(fresh.len(), expected.len());
    assert!(fresh.iter().zip(expected).all(|(item, expected)| Arc::ptr_eq(item, expected)));
}

#[test]
fn a_failure_is_counted_by_the_batch_and_takes_its_doubles_along() {
    let known_one = item("a", 9, "x");
    let items = [Arc::clone(&known_one), item("a", 1, "x"), item("a", 2, "x"), item("a", 1, "x")];
    let known = HashMap::from([(key(&known_one.envelope), settled(&known_one))]);
    // of those that were new, the first
    let positions = by_position(&items, &known, vec![(0, permanent("first"))]);
    assert_eq!(positions.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1, 3]);
    assert!(by_position(&items, &known, vec![(7, permanent("nobody"))]).is_empty());
}

#[test]
fn doubles_are_told_the_same_and_counted_as_doubles() {
    let (first, other_body) = (item("a", 1, "x"), item("a", 1, "y"));
    let own = key(&first.envelope);
    let known = HashMap::from([(own.clone(), settled(&first))]);
    let mut outcomes = HashMap::from([(own, telemetry::Outcome::Applied)]);
    let mut told = |item| answer(item, &known, &mut outcomes);
    let (reply, outcome) = told(&first);
    assert_eq!((reply.code.as_str(), outcome), ("APPLIED", telemetry::Outcome::Applied));
    assert_eq!(told(&first), (reply, telemetry::Outcome::Duplicate));
    let (reply, outcome) = told(&other_body);
    assert_eq!((reply.code.as_str(), outcome), ("KEY_REUSED", telemetry::Outcome::Rejected));
    assert_eq!(reply.outcome, ReplyOutcome::Rejected);
    assert!(reply.refusal.unwrap().detail.contains(&first.envelope.message_id.to_string()));
}
