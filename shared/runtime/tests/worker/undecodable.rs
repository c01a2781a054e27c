//! What is no message of ours goes to the dead letters with its reason; its neighbours notice nothing.

use broker::Delivery;
use contracts::{Contract, Exchange, MessageId};
use testkit::{AMQPValue, BasicProperties, FieldTable};

use crate::bench::{Bench, acts, work_queue};
use crate::probe::{Act, Behave, KIND};

/// Makes right properties wrong.
type Spoil = fn(BasicProperties) -> BasicProperties;

/// What is wrong, how the broker gets it, and what its reason is called.
struct Garbage {
    body: Vec<u8>,
    spoil: Spoil,
    reason: &'static str,
}

fn body(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A body that is right, and says which one it is.
fn valid(key: &str) -> Vec<u8> {
    serde_json::to_vec(&Act::new(Behave::Apply, key, 1)).unwrap()
}

fn bodies() -> impl Iterator<Item = Garbage> {
    let bodies = [
        (b"\xff\xfe".to_vec(), "NOT_UTF8"),
        (body("{\"key\": \"a\", "), "MALFORMED"),
        (body(r#"{"key":"a","n":1,"behave":"apply","extra":1}"#), "MALFORMED"),
        (body(r#"{"key":"a","n":-1,"behave":"apply"}"#), "MALFORMED"),
        (body(r#"{"key":"a","n":1,"behave":"teleport"}"#), "MALFORMED"),
        (body(r#"{"key":"","n":1,"behave":"apply"}"#), "INVALID"),
        (Vec::new(), "MALFORMED"),
    ];
    bodies.into_iter().map(|(body, reason)| Garbage { body, spoil: |right| right, reason })
}

fn envelopes() -> impl Iterator<Item = Garbage> {
    let envelopes: [(&str, Spoil, &'static str); 10] = [
        ("type", |p| p.with_type("order.nothing.v1".into()), "UNKNOWN_TYPE"),
        ("version", |p| p.with_type("order.create.v98".into()), "UNKNOWN_TYPE"),
        ("no-type", |_| user(BasicProperties::default()), "MISSING_MESSAGE_ID"),
        ("no-user", |_| id(BasicProperties::default()), "MISSING_USER_ID"),
        ("only-ids", |_| user(id(BasicProperties::default())), "MISSING_PROPERTY"),
        ("id", |p| p.with_message_id("order 7".into()), "UNREADABLE_PROPERTY"),
        ("expiration", |p| p.with_expiration("3600000".into()), "REFUSED_PROPERTY"),
        ("cc", |p| p.with_headers(carbon_copy()), "REFUSED_PROPERTY"),
        ("actor", |p| p.with_headers(header("dray-actor", "{")), "UNREADABLE_PROPERTY"),
        ("sender", |p| p.with_headers(header("dray-sender", "")), "UNREADABLE_PROPERTY"),
    ];
    envelopes.into_iter().map(|(key, spoil, reason)| Garbage { body: valid(key), spoil, reason })
}

fn carbon_copy() -> FieldTable {
    let keys = vec![AMQPValue::LongString("nowhere".into())];
    let mut headers = FieldTable::default();
    headers.insert("CC".into(), AMQPValue::FieldArray(keys.into()));
    headers
}

fn header(name: &str, text: &str) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(name.into(), AMQPValue::LongString(text.into()));
    headers
}

fn user(properties: BasicProperties) -> BasicProperties {
    properties.with_user_id("dray-admin".into())
}

fn id(properties: BasicProperties) -> BasicProperties {
    properties.with_message_id(MessageId::generate().to_string().into())
}

fn right() -> BasicProperties {
    user(id(BasicProperties::default().with_type(Act::TYPE.into())))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_goes_to_the_dead_letters_with_its_reason() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "2", "--batch-max", "8"]).await;
    let garbage: Vec<Garbage> = bodies().chain(envelopes()).collect();
    let neighbours = acts(Behave::Apply, 4);
    for wrong in &garbage {
        let exchange = Exchange::Commands.name();
        let properties = |_none| (wrong.spoil)(right());
        bench.stage.publish_raw(exchange, "order.create", properties, &wrong.body).await.unwrap();
        bench.say_all(neighbours.clone()).await;
    }
    let count = u32::try_from(garbage.len()).unwrap();
    bench.effects_become(i64::from(count) * 4).await;
    let letters = bench.stage.wait_for_messages(&KIND.dead_letter_queue(), count).await;
    assert_eq!(letters.len(), garbage.len());
    for wrong in &garbage {
        let letter = letters.iter().find(|letter| letter.body == wrong.body);
        let letter = letter.unwrap_or_else(|| panic!("no letter with {:?}", wrong.body));
        check(letter, wrong.reason);
    }
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0, "nothing was left behind");
    bench.close().await;
}

fn check(letter: &Delivery, reason: &str) {
    let note = &letter.note;
    let text = String::from_utf8_lossy(&letter.body);
    assert_eq!(note.reason.as_deref(), Some(reason), "{text}");
    assert_eq!(note.origin.as_deref(), Some(work_queue().as_str()), "{text}");
    assert!(note.detail.as_deref().is_some_and(|detail| detail.len() > 10), "{text}: {note:?}");
    assert!(note.first_failure.is_some() && note.last_failure.is_some(), "{text}: {note:?}");
}

/// Columns of the outbox are narrower than AMQP's properties: what a client sends must fit or be refused,
/// never make a batch fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_property_is_no_failure_of_the_database() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "1"]).await;
    let long = |text: &str| text.repeat(250);
    let exchange = Exchange::Commands.name();
    let announce = serde_json::to_vec(&Act::new(Behave::Announce, "key", 1)).unwrap();
    let trace = header("traceparent", &long("ü"));
    for properties in [right().with_headers(trace), right().with_correlation_id(long("c").into())] {
        let published =
            bench.stage.publish_raw(exchange, "order.create", |_| properties, &announce);
        published.await.unwrap();
    }
    bench.say(&Act::new(Behave::Apply, "key", 2)).await;
    let settled = async || {
        let letters = bench.stage.depth(&KIND.dead_letter_queue()).await;
        (bench.effects().await + i64::from(letters) == 3).then_some(())
    };
    testkit::eventually("each had its effect or is a dead letter", settled).await;
    let waiting = bench.stage.depth("order-intake.retry.1s").await;
    assert_eq!(waiting, 0, "waiting does not make them shorter");
    running.stop().await.unwrap();
    bench.close().await;
}
