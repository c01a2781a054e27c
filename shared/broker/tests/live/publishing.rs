//! Publishing with confirms.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker::{Link, Outgoing, PublishError, Publisher};
use contracts::{MAX_MESSAGE_BYTES, MessageId, RoutingKey};
use queue_topology::{Argument, WorkerKind};
use testkit::{Proxy, Stage, eventually};
use tokio::task::JoinSet;

use crate::declaring::one_queue;
use crate::{intake_queue, outgoing, user};

/// A publisher whose driver runs, and what the driver said of its connection.
struct Running {
    publisher: Publisher,
    changes: Arc<Mutex<Vec<bool>>>,
    _driver: JoinSet<()>,
}

fn start(url: &str) -> Running {
    let (publisher, driver) = Publisher::new(Link::new(url, "test"), user("dray-admin"));
    let changes = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&changes);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        driver.run(move |connected| noted.lock().unwrap().push(connected)).await.unwrap();
    });
    Running { publisher, changes, _driver: tasks }
}

fn message() -> Outgoing {
    outgoing("dray-admin", MessageId::generate())
}

#[tokio::test]
async fn what_nobody_takes_is_unroutable_where_somebody_must() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let running = start(&stage.amqp_url());
    let publisher = &running.publisher;
    let mut lost = message();
    lost.routing_key = RoutingKey::of_type("order.nobody.v1");
    let error = publisher.publish(&lost).await.unwrap_err();
    let expected = PublishError::Unroutable {
        exchange: "dray.commands".to_owned(),
        routing_key: "order.nobody".to_owned(),
    };
    assert_eq!(error, expected);
    lost.mandatory = false;
    assert_eq!(publisher.publish(&lost).await, Ok(()), "an event without a reader");
    stage.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_once_there_is_room() {
    let stage = Stage::new(&[]).await;
    let connection = Link::new(&stage.amqp_url(), "test").connect("declare").await.unwrap();
    let arguments =
        [("x-max-length", Argument::Number(5)), ("x-overflow", "reject-publish".into())];
    broker::declare(&connection, &one_queue("small", &arguments, "order.create")).await.unwrap();
    let running = start(&stage.amqp_url());
    let publisher = &running.publisher;
    let refused = async || publisher.publish(&message()).await.err();
    let error = eventually("the queue is full", refused).await;
    assert_eq!(error, PublishError::Refused { exchange: "dray.commands".to_owned() });
    assert!(stage.depth("small").await >= 5);

    stage.messages("small").await;
    eventually("room again", async || publisher.publish(&message()).await.ok()).await;
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn the_largest_message_passes_and_a_larger_one_is_not_sent() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let running = start(&stage.amqp_url());
    let publisher = &running.publisher;
    let mut large = message();
    large.body = vec![b'x'; MAX_MESSAGE_BYTES];
    assert_eq!(publisher.publish(&large).await, Ok(()));
    large.body.push(b'x');
    let expected = PublishError::TooLarge { bytes: MAX_MESSAGE_BYTES + 1, max: MAX_MESSAGE_BYTES };
    assert_eq!(publisher.publish(&large).await, Err(expected));
    // past our own check: the broker refuses it, too, and closes the channel
    let raw = stage.publish_raw("dray.commands", "order.create", |none| none, &large.body).await;
    assert!(matches!(raw, Err(PublishError::Unknown { .. })), "{raw:?}");
    let arrived = stage.wait_for_messages(&intake_queue(), 1).await;
    assert_eq!(arrived[0].body.len(), MAX_MESSAGE_BYTES);
    stage.close().await;
}

/// On several threads, as in a worker. Whose confirm is whose must not depend on who was quicker.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_are_answered_each_with_its_own_answer() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let running = start(&stage.amqp_url());
    let mut publishing = JoinSet::new();
    for _ in 0..4 {
        let publisher = running.publisher.clone();
        publishing.spawn(async move {
            let mut messages: Vec<Outgoing> = (0..1_000).map(|_| message()).collect();
            for lost in messages.iter_mut().step_by(100) {
                lost.routing_key = RoutingKey::of_type("order.nobody.v1");
            }
            let answers = publisher.publish_all(&messages).await;
            for (place, answer) in answers.iter().enumerate() {
                let unroutable = matches!(answer, Err(PublishError::Unroutable { .. }));
                assert_eq!(unroutable, place.is_multiple_of(100), "{place}: {answer:?}");
                assert!(unroutable || answer.is_ok(), "{place}: {answer:?}");
            }
            messages
        });
    }
    let sent = publishing.join_all().await.concat();
    let ids = |place: usize, message: &Outgoing| {
        (!place.is_multiple_of(100)).then_some(message.envelope.message_id)
    };
    let sent: BTreeSet<MessageId> =
        sent.iter().enumerate().filter_map(|(place, message)| ids(place, message)).collect();
    let arrived = stage.wait_for_messages(&intake_queue(), 3_960).await;
    let arrived: BTreeSet<MessageId> =
        arrived.iter().map(|delivery| delivery.envelope.message_id).collect();
    assert!(arrived == sent, "{} arrived of {}", arrived.len(), sent.len());
    stage.close().await;
}

#[tokio::test]
async fn a_lost_confirm_is_unknown_and_the_same_id_is_sent_again() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    let running = start(&proxy.url(&stage.amqp_url()));
    running.publisher.publish(&message()).await.unwrap();

    let sent = message();
    proxy.drop_to_client_once();
    let error = running.publisher.publish(&sent).await.unwrap_err();
    assert!(matches!(error, PublishError::Unknown { .. }), "{error}");
    running.publisher.publish(&sent).await.unwrap();
    let arrived = stage.wait_for_messages(&intake_queue(), 3).await;
    let id = sent.envelope.message_id;
    let copies = arrived.iter().filter(|delivery| delivery.envelope.message_id == id).count();
    assert_eq!(copies, 2, "the first had arrived: the reader's inbox tells them apart");
    stage.close().await;
}

#[tokio::test]
async fn a_cut_line_ends_what_is_on_its_way_and_the_publisher_comes_back() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    let running = start(&proxy.url(&stage.amqp_url()));
    running.publisher.publish(&message()).await.unwrap();
    assert!(running.publisher.is_ready());

    proxy.stall();
    let messages: Vec<Outgoing> = (0..50).map(|_| message()).collect();
    let (publisher, on_their_way) = (running.publisher.clone(), messages.clone());
    let mut publishing = JoinSet::new();
    publishing.spawn(async move { publisher.publish_all(&on_their_way).await });
    // stalled: nothing can have been answered when the line is cut
    tokio::task::yield_now().await;
    proxy.refuse();
    let answers = publishing.join_next().await.unwrap().unwrap();
    let unknown =
        |answer: &Result<(), PublishError>| matches!(answer, Err(PublishError::Unknown { .. }));
    assert!(answers.iter().all(unknown), "{answers:?}");
    assert!(!running.publisher.is_ready());

    proxy.resume();
    for answer in running.publisher.publish_all(&messages).await {
        answer.unwrap();
    }
    assert!(running.publisher.is_ready());
    let changes = running.changes.lock().unwrap().clone();
    assert_eq!(changes, [true, false, true], "the driver tells of each change once");
    let ids: BTreeSet<MessageId> = stage
        .wait_for_messages(&intake_queue(), 51)
        .await
        .into_iter()
        .map(|delivery| delivery.envelope.message_id)
        .collect();
    assert!(messages.iter().all(|message| ids.contains(&message.envelope.message_id)));
    stage.close().await;
}

/// Publishing where there is no such exchange makes the broker close the channel; neighbours are not
/// stopped by it for longer than it takes to open another.
#[tokio::test]
async fn a_channel_that_the_broker_closed_is_replaced() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let running = start(&stage.amqp_url());
    let mut nowhere = message();
    nowhere.exchange = "no.such.exchange".to_owned();
    let error = running.publisher.publish(&nowhere).await.unwrap_err();
    assert!(error.to_string().contains("no.such.exchange"), "says why: {error}");
    eventually("published again", async || running.publisher.publish(&message()).await.ok()).await;
    stage.close().await;
}

#[tokio::test]
async fn nothing_is_ready_before_it_is_connected() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    proxy.refuse();
    let running = start(&proxy.url(&stage.amqp_url()));
    assert!(!running.publisher.is_ready());
    let (publisher, early) = (running.publisher.clone(), message());
    let mut publishing = JoinSet::new();
    publishing.spawn(async move { publisher.publish(&early).await });
    let early_answer =
        tokio::time::timeout(Duration::from_millis(20), publishing.join_next()).await;
    assert!(early_answer.is_err(), "it waits for the connection, up to its deadline");
    proxy.resume();
    assert_eq!(publishing.join_next().await.unwrap().unwrap(), Ok(()));
    stage.close().await;
}
