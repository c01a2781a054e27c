//! The envelope as properties and headers.

use contracts::{Actor, Envelope, Exchange, MessageId, Role, Timestamp, TraceContext, UserId};
use lapin::BasicProperties;
use lapin::message::Delivery as Arrived;
use lapin::types::{AMQPValue, FieldTable};
use proptest::prelude::*;

use crate::delivery::read;
use crate::envelope::{EnvelopeError, FailureNote, decode, encode};
use crate::publish::is_transient;
use crate::trust::Trust;

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// What order-intake believes.
fn intake() -> Trust {
    Trust::of(user("dray-order-intake"), "order-intake.commands")
}

fn envelope(sender: &str) -> Envelope {
    let at = chrono::DateTime::from_timestamp_micros(1_291_192_000_123_456).unwrap();
    Envelope {
        message_id: MessageId(uuid::Uuid::from_u128(7)),
        message_type: "order.create.v1".to_owned(),
        timestamp: Timestamp::from(at),
        app_id: "test".to_owned(),
        user_id: user(sender),
        actor: Actor::itself(&user(sender)),
        correlation_id: Some("c-1".to_owned()),
        reply_to: Some("dray.reply.test.a".to_owned()),
        trace: TraceContext {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            tracestate: Some("a=b".to_owned()),
        },
        attempt: 0,
        seq: Some(9),
    }
}

fn actor(role: Role) -> Actor {
    Actor {
        subject: "ann".to_owned(),
        role,
        merchant: Some("M01".to_owned()),
        origin: Some("order-uci-1.tsv:7".to_owned()),
    }
}

fn note() -> FailureNote {
    FailureNote {
        reason: Some("TIMEOUT".to_owned()),
        detail: Some("no answer".to_owned()),
        origin: Some("order-intake.commands".to_owned()),
        first_failure: Some("2010-12-01T08:00:00Z".to_owned()),
        last_failure: Some("2010-12-01T09:00:00Z".to_owned()),
    }
}

#[test]
fn an_envelope_reads_back_as_itself() {
    let sent = envelope("dray-hotfolder-ingest");
    let properties = encode(&sent, &note(), &sent.user_id, None);
    let (read, read_note, own_copy) = decode(&properties, &intake()).unwrap();
    assert_eq!((read, read_note, own_copy), (sent, note(), false));
    assert_eq!(properties.delivery_mode(), &Some(2), "persistent");
    let short_lived = [Exchange::Queries, Exchange::Replies];
    for exchange in [Exchange::Commands, Exchange::Events, Exchange::Queries, Exchange::Replies] {
        assert_eq!(is_transient(exchange.name()), short_lived.contains(&exchange), "{exchange:?}");
    }
    assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/json");
}

/// The ladder: the worker publishes in its own name and keeps the sender, the actor and the count.
#[test]
fn a_retry_copy_keeps_who_sent_it() {
    let own = user("dray-order-intake");
    let mut original = envelope("dray-hotfolder-ingest");
    original.actor = actor(Role::Shop);
    original.attempt = 3;
    let properties = encode(&original, &note(), &own, None);
    assert_eq!(properties.user_id().as_ref().unwrap().as_str(), "dray-order-intake");
    let (read, _, own_copy) = decode(&properties, &intake()).unwrap();
    assert_eq!((read, own_copy), (original, true));
}

/// The sender may have spoken for the very worker that copies its message.
#[test]
fn a_copy_keeps_an_actor_that_looks_like_its_publisher() {
    let own = user("dray-order-intake");
    let mut original = envelope("dray-operator");
    original.actor = Actor::itself(&own);
    let (read, ..) = decode(&encode(&original, &note(), &own, None), &intake()).unwrap();
    assert_eq!(read.actor, original.actor);
    original.actor = Actor::itself(&original.user_id);
    let (read, ..) = decode(&encode(&original, &note(), &own, None), &intake()).unwrap();
    assert_eq!(read.actor, original.actor);
}

#[test]
fn a_publisher_is_believed_as_far_as_contracts_say() {
    let itself = |name: &str| Actor::itself(&user(name));
    let table = [
        ("dray-portal-shim", actor(Role::CsAgent), actor(Role::CsAgent)),
        ("dray-operator", actor(Role::Customer), actor(Role::Customer)),
        ("dray-hotfolder-ingest", actor(Role::Shop), actor(Role::Shop)),
        ("dray-hotfolder-ingest", actor(Role::Admin), itself("dray-hotfolder-ingest")),
        ("dray-wms-sync", actor(Role::Warehouse), actor(Role::Warehouse)),
        ("dray-wms-sync", actor(Role::Shop), itself("dray-wms-sync")),
        ("dray-partner-sync", actor(Role::Road), actor(Role::Road)),
        ("dray-waybill-status", actor(Role::Operator), itself("dray-waybill-status")),
        ("partner-wms", actor(Role::Admin), itself("partner-wms")),
        ("somebody", actor(Role::Admin), itself("somebody")),
        ("dray-order-intake", actor(Role::Customer), actor(Role::Customer)),
    ];
    for (publisher, claimed, believed) in table {
        let mut sent = envelope(publisher);
        sent.actor = claimed;
        let properties = encode(&sent, &FailureNote::default(), &sent.user_id, None);
        let (read, ..) = decode(&properties, &intake()).unwrap();
        assert_eq!(read.actor, believed, "{publisher}");
    }
}

#[test]
fn nobody_else_sets_the_sender_or_the_attempt() {
    for forger in ["dray-hotfolder-ingest", "dray-portal-shim", "partner-wms"] {
        let mut forged = envelope("dray-operator");
        forged.attempt = 7;
        let properties = encode(&forged, &note(), &user(forger), None);
        let (read, _, own_copy) = decode(&properties, &intake()).unwrap();
        assert_eq!((read.user_id.as_str(), read.attempt, own_copy), (forger, 0, false));
    }
}

/// The properties of a good message, without the named one.
fn without(property: &str) -> BasicProperties {
    let whole =
        encode(&envelope("partner-hybris"), &FailureNote::default(), &user("partner-hybris"), None);
    let mut properties = BasicProperties::default().with_headers(whole.headers().clone().unwrap());
    if property != "user_id" {
        properties = properties.with_user_id(whole.user_id().clone().unwrap());
    }
    if property != "message_id" {
        properties = properties.with_message_id(whole.message_id().clone().unwrap());
    }
    if property != "type" {
        properties = properties.with_type(whole.kind().clone().unwrap());
    }
    properties
}

fn with_header(name: &'static str, value: AMQPValue) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert(name.into(), value);
    without("").with_headers(headers)
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

#[test]
fn what_must_be_there_or_must_not_be_there_is_refused() {
    let cc = AMQPValue::FieldArray(vec![text("order.other")].into());
    let table = [
        ("missing user_id", without("user_id"), "MISSING_USER_ID"),
        ("missing message_id", without("message_id"), "MISSING_MESSAGE_ID"),
        ("missing type", without("type"), "MISSING_PROPERTY"),
        ("no UUID", without("").with_message_id("order-7".into()), "UNREADABLE_PROPERTY"),
        ("empty id", without("").with_message_id("".into()), "UNREADABLE_PROPERTY"),
        ("a user id that is none", without("").with_user_id("a b".into()), "UNREADABLE_PROPERTY"),
        (
            "a long correlation id",
            without("").with_correlation_id("c".repeat(129).into()),
            "UNREADABLE_PROPERTY",
        ),
        ("expiration", without("").with_expiration("1000".into()), "REFUSED_PROPERTY"),
        ("CC", with_header("CC", cc.clone()), "REFUSED_PROPERTY"),
        ("BCC", with_header("BCC", cc), "REFUSED_PROPERTY"),
    ];
    for (what, properties, code) in table {
        assert_eq!(decode(&properties, &intake()).unwrap_err().code(), code, "{what}");
    }
    assert!(decode(&without(""), &intake()).is_ok(), "and nothing else is");
}

#[test]
fn an_actor_that_cannot_be_read_is_refused_where_it_would_count() {
    let broken = with_header("dray-actor", text("{\"subject\":7}"));
    let by = |name: &'static str| broken.clone().with_user_id(name.into());
    assert_eq!(
        decode(&by("dray-portal-shim"), &intake()).unwrap_err().code(),
        "UNREADABLE_PROPERTY"
    );
    let (read, ..) = decode(&by("partner-wms"), &intake()).unwrap();
    assert_eq!(read.actor, Actor::itself(&user("partner-wms")), "nobody asked it");
}

#[test]
fn an_actor_has_a_limit() {
    let actor =
        |bytes: usize| format!("{{\"subject\":\"{}\",\"role\":\"shop\"}}", "s".repeat(bytes));
    let by_shim = |actor: &str| {
        with_header("dray-actor", text(actor)).with_user_id("dray-portal-shim".into())
    };
    assert!(decode(&by_shim(&actor(4_000)), &intake()).is_ok());
    assert_eq!(
        decode(&by_shim(&actor(4_096)), &intake()).unwrap_err().code(),
        "UNREADABLE_PROPERTY"
    );
}

#[test]
fn a_trace_context_that_is_none_is_ignored() {
    for garbage in ["", "00-abc", "ü", &"x".repeat(500)] {
        let (read, ..) = decode(&with_header("traceparent", text(garbage)), &intake()).unwrap();
        assert_eq!(read.trace.traceparent, None, "{garbage}");
    }
}

#[test]
fn headers_of_another_type_are_as_good_as_none() {
    let properties = with_header("dray-seq", text("9"));
    assert_eq!(decode(&properties, &intake()).unwrap().0.seq, None);
    let properties = with_header("dray-seq", AMQPValue::LongLongInt(-1));
    assert_eq!(decode(&properties, &intake()).unwrap().0.seq, None);
    for number in [AMQPValue::ShortShortUInt(9), AMQPValue::LongInt(9), AMQPValue::LongUInt(9)] {
        let properties = with_header("dray-seq", number);
        assert_eq!(decode(&properties, &intake()).unwrap().0.seq, Some(9));
    }
}

#[test]
fn a_time_in_seconds_is_enough() {
    let (read, ..) = decode(
        &without("").with_headers(FieldTable::default()).with_timestamp(1_291_192_000),
        &intake(),
    )
    .unwrap();
    assert_eq!(read.timestamp.to_sql(), "2010-12-01 08:26:40.000000");
}

#[test]
fn what_is_too_large_or_has_a_foreign_key_is_refused_with_its_id() {
    let arrived = |key: &str, bytes: usize| {
        let mut arrived =
            Arrived::mock(5, "dray.commands".into(), key.into(), false, vec![b' '; bytes]);
        arrived.properties = without("");
        read(arrived, &intake())
    };
    assert!(arrived("order.create", contracts::MAX_MESSAGE_BYTES).is_ok());
    let rejected = arrived("order.create", contracts::MAX_MESSAGE_BYTES + 1).unwrap_err();
    assert_eq!((rejected.tag, rejected.error.code()), (5, "TOO_LARGE"));
    assert_eq!(rejected.message_type, "order.create.v1");
    assert!(rejected.message_id.is_some());
    let rejected = arrived("order.other", 2).unwrap_err();
    assert_eq!(rejected.error.code(), "FOREIGN_KEY");
    assert!(matches!(rejected.error, EnvelopeError::ForeignKey { .. }));
}

proptest! {
    /// Texts of any length and any characters: properties hold 255 bytes, headers hold everything.
    #[test]
    fn any_text_is_sent_and_read(subject in ".{0,300}", reason in ".{0,300}", app_id in ".{0,300}") {
        let mut sent = envelope("dray-portal-shim");
        sent.actor = Actor { subject, role: Role::Customer, merchant: None, origin: None };
        sent.app_id = app_id.clone();
        let note = FailureNote { reason: Some(reason), ..FailureNote::default() };
        let (read, read_note, _) = decode(&encode(&sent, &note, &sent.user_id, None), &intake()).unwrap();
        prop_assert_eq!(&read.actor, &sent.actor);
        prop_assert_eq!(read_note, note);
        prop_assert!(app_id.starts_with(&read.app_id));
        prop_assert!(app_id.len() > 255 || read.app_id == app_id);
    }
}
