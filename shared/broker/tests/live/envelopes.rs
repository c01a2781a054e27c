//! Envelopes by way of the broker.

use broker::FailureNote;
use contracts::{Actor, CreateOrder, Exchange, MessageId, Role, TraceContext};
use queue_topology::WorkerKind;
use testkit::{AMQPValue, BasicProperties, FieldTable, PublishAs, Stage, eventually, fixtures};

use crate::{intake_queue, outgoing};

#[tokio::test]
async fn everything_in_an_envelope_arrives() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let mut sent = outgoing("dray-admin", MessageId::generate());
    sent.envelope.actor = Actor {
        subject: "Zoë".to_owned(),
        role: Role::Merchant,
        merchant: Some("M01".to_owned()),
        origin: Some("10.0.0.7".to_owned()),
    };
    sent.envelope.correlation_id = Some("c-1".to_owned());
    sent.envelope.reply_to = Some("dray.reply.test.a".to_owned());
    sent.envelope.attempt = 2;
    sent.envelope.seq = Some(u64::from(u32::MAX) + 1);
    sent.envelope.trace = TraceContext {
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        tracestate: Some("vendor=1".to_owned()),
    };
    sent.note = FailureNote { reason: Some("TIMEOUT".to_owned()), ..FailureNote::default() };
    sent.body = "{\"text\":\"Müller\u{1f69a}\"}".as_bytes().to_vec();
    stage.publish_outgoing(&sent).await.unwrap();

    let arrived = stage.wait_for_messages(&intake_queue(), 1).await.remove(0);
    assert_eq!(arrived.envelope, sent.envelope);
    assert_eq!(arrived.note, sent.note);
    assert_eq!(arrived.body, sent.body);
    assert_eq!(arrived.routing_key, "order.create");
    assert_eq!((arrived.redelivered, arrived.delivery_count), (false, 0));
    stage.close().await;
}

#[tokio::test]
async fn who_published_is_what_the_broker_checked() {
    let stage = Stage::with_users(&[WorkerKind::HotfolderIngest, WorkerKind::OrderIntake]).await;
    let order = fixtures::order("shop", "A-1").line("M01", "S1", 1).build();
    let shop = Actor { subject: "shop".to_owned(), role: Role::Shop, merchant: None, origin: None };
    let ingest = || PublishAs::default().user("dray-hotfolder-ingest");
    stage.publish(ingest().actor(shop.clone()), &order).await.unwrap();
    let admin = Actor { role: Role::Admin, ..shop.clone() };
    stage.publish(ingest().actor(admin), &order).await.unwrap();
    let arrived = stage.wait_for_messages(&intake_queue(), 2).await;
    let actors: Vec<&Actor> = arrived.iter().map(|delivery| &delivery.envelope.actor).collect();
    let itself = Actor::itself(&arrived[0].envelope.user_id);
    assert_eq!(actors, [&shop, &itself], "it speaks for the shop and for nobody else");
    assert_eq!(itself.subject, "dray-hotfolder-ingest");
    stage.close().await;
}

/// What a client without our library sets at least.
fn good(properties: BasicProperties) -> BasicProperties {
    properties
        .with_user_id("dray-admin".into())
        .with_message_id("018f3f7c-0000-7000-8000-000000000001".into())
        .with_type("order.create.v1".into())
}

fn copied_to(header: &'static str) -> FieldTable {
    let keys = vec![AMQPValue::LongString("order.nobody".into())];
    let mut headers = FieldTable::default();
    headers.insert(header.into(), AMQPValue::FieldArray(keys.into()));
    headers
}

type Properties = fn(BasicProperties) -> BasicProperties;

#[tokio::test]
async fn each_refused_property_is_rejected_with_its_code() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let table: [(Properties, &str); 9] = [
        (good, "OK"),
        (|none| none, "MISSING_USER_ID"),
        (|none| none.with_user_id("dray-admin".into()), "MISSING_MESSAGE_ID"),
        (|none| good(none).with_message_id("order-7".into()), "UNREADABLE_PROPERTY"),
        (|none| good(none).with_expiration("60000".into()), "REFUSED_PROPERTY"),
        (|none| good(none).with_headers(copied_to("CC")), "REFUSED_PROPERTY"),
        (
            |none| {
                let user_and_id = none.with_user_id("dray-admin".into());
                user_and_id.with_message_id("018f3f7c-0000-7000-8000-000000000001".into())
            },
            "MISSING_PROPERTY",
        ),
        // the broker itself takes a BCC away before it delivers: nobody can see it
        (|none| good(none).with_headers(copied_to("BCC")), "OK"),
        (|none| good(none).with_type("order.other.v1".into()), "OK"),
    ];
    for (properties, _) in table {
        let published = stage.publish_raw("dray.commands", "order.create", properties, b"{}").await;
        published.unwrap();
    }
    let queue = intake_queue();
    eventually("all nine", async || (stage.depth(&queue).await == 9).then_some(())).await;
    let received = stage.received(&queue).await;
    let codes: Vec<&str> = received
        .iter()
        .map(|delivery| delivery.as_ref().map_or_else(|rejected| rejected.error.code(), |_| "OK"))
        .collect();
    assert_eq!(codes, table.map(|(_, code)| code));
    let rejected = received[3].as_ref().unwrap_err();
    assert_eq!(rejected.message_id.as_deref(), Some("order-7"), "named in the dead letters");
    assert_eq!((rejected.routing_key.as_str(), &*rejected.body), ("order.create", &b"{}"[..]));
    stage.close().await;
}

/// Rights are by routing key. A publisher with a right to one key must not get another message through
/// with it, neither by its `type` nor by way of another worker's retry queue.
#[tokio::test]
async fn a_right_to_one_key_is_no_right_to_another_message() {
    use broker::{Link, Subscription};
    let stage = Stage::with_users(&[WorkerKind::WmsSync, WorkerKind::WaybillStatus]).await;
    let mut sent = outgoing("dray-wms-sync", MessageId::generate());
    sent.envelope.message_type = "waybill.place-hold.v1".to_owned();
    sent.routing_key = contracts::RoutingKey::of_type("waybill.report-status.v1");
    stage.publish_outgoing(&sent).await.unwrap();
    sent.exchange = queue_topology::DLX.to_owned();
    sent.routing_key = contracts::RoutingKey::to_queue("waybill-status.retry.1s");
    stage.publish_outgoing(&sent).await.unwrap();

    let status = stage.amqp_url_as("dray-waybill-status");
    let connection = Link::new(&status, "test").connect("consume").await.unwrap();
    for queue in ["waybill-status.commands", "waybill-status.events"] {
        let own_user = crate::user("dray-waybill-status");
        let mut open = Subscription::open(&connection, queue, 1, own_user).await.unwrap();
        let rejected = open.next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(rejected.error.code(), "FOREIGN_KEY", "{queue}");
    }
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_reply_may_expire_and_arrives_all_the_same() {
    let stage = Stage::new(&[]).await;
    let mut replies = stage.tap(Exchange::Commands, "order.#").await;
    let mut sent = outgoing("dray-admin", MessageId::generate());
    sent.expiration_ms = Some(60_000);
    stage.publish_outgoing(&sent).await.unwrap();
    let (envelope, _) = {
        let delivery = replies.next().await;
        (delivery.envelope, delivery.body)
    };
    assert_eq!(envelope.message_id, sent.envelope.message_id);
    assert_eq!(envelope.message_type, <CreateOrder as contracts::Contract>::TYPE);
    stage.close().await;
}
