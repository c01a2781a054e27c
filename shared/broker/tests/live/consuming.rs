//! Consuming and acknowledging.

use broker::{BrokerError, Connection, DepthProbe, Exclusive, Link, Subscription};
use contracts::{Exchange, MessageId};
use queue_topology::WorkerKind;
use testkit::{Proxy, Stage, eventually};

use crate::{intake_queue, outgoing, user};

async fn connect(url: &str) -> Connection {
    Link::new(url, "test").connect("consume").await.unwrap()
}

async fn open(connection: &Connection, prefetch: u16) -> Subscription {
    let opened =
        Subscription::open(connection, &intake_queue(), prefetch, user("dray-admin")).await;
    opened.unwrap()
}

/// So many messages in order-intake's queue.
async fn filled(stage: &Stage, count: u32) {
    for _ in 0..count {
        stage.publish_outgoing(&outgoing("dray-admin", MessageId::generate())).await.unwrap();
    }
    let queue = intake_queue();
    stage.wait_for_depth(&queue, count).await;
}

async fn take(subscription: &mut Subscription, count: u32) -> Vec<broker::Delivery> {
    let mut taken = Vec::new();
    for _ in 0..count {
        taken.push(subscription.next().await.unwrap().unwrap().unwrap());
    }
    taken
}

#[tokio::test]
async fn a_queue_that_is_missing_is_an_error_at_once() {
    let stage = Stage::new(&[]).await;
    let connection = connect(&stage.amqp_url()).await;
    let opened = Subscription::open(&connection, "nowhere", 10, user("dray-admin")).await;
    let error = opened.unwrap_err();
    assert!(
        matches!(&error, BrokerError::QueueMissing { queue, .. } if queue == "nowhere"),
        "{error}"
    );
    connection.close().await;
    stage.close().await;
}

/// Out of order, with a small prefetch so that most acknowledgements go out singly: the broker closes a
/// channel at the first acknowledgement of a tag that it does not know.
#[tokio::test]
async fn acknowledgements_in_any_order_keep_the_channel_and_empty_the_queue() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 12).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut subscription = open(&connection, 12).await;
    let settler = subscription.settler();
    let tags: Vec<u64> = take(&mut subscription, 12).await.iter().map(|d| d.tag).collect();
    assert_eq!(tags, (1..=12).collect::<Vec<u64>>());
    // 2..=5 pass the backlog of 3 and go singly; then the prefix closes behind them, with 6..=12 open
    for batch in [&[2, 3][..], &[4, 5], &[1], &[7, 9, 11, 12], &[8], &[6], &[10]] {
        settler.settle(batch).await;
        assert!(settler.is_alive());
    }
    settler.close().await;
    assert!(!settler.is_alive());
    assert_eq!(stage.depth(&intake_queue()).await, 0, "nothing came back");
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn what_is_not_settled_comes_again_and_is_counted() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 3).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut first = open(&connection, 10).await;
    let taken = take(&mut first, 3).await;
    first.settler().settle(&[2]).await;
    first.settler().close().await;

    let mut second = open(&connection, 10).await;
    let again = take(&mut second, 2).await;
    let id = |delivery: &broker::Delivery| delivery.envelope.message_id;
    let mut ids = [id(&again[0]), id(&again[1])];
    ids.sort();
    assert_eq!(ids, [id(&taken[0]), id(&taken[2])]);
    assert!(again.iter().all(|delivery| delivery.redelivered && delivery.delivery_count == 1));
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn prefetch_is_a_limit_and_settling_makes_room() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 5).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut subscription = open(&connection, 2).await;
    take(&mut subscription, 2).await;
    // the others are not delivered yet
    stage.wait_for_depth(&intake_queue(), 3).await;
    subscription.settler().settle(&[1, 2]).await;
    take(&mut subscription, 2).await;
    connection.close().await;
    stage.close().await;
}

async fn open_cautiously(connection: &Connection, prefetch: u16) -> Subscription {
    let user = user("dray-admin");
    let opened = Subscription::open_cautiously(connection, &intake_queue(), prefetch, user).await;
    opened.unwrap()
}

#[tokio::test]
async fn with_caution_new_messages_come_all_at_once() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 9).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut subscription = open_cautiously(&connection, 8).await;
    let taken = take(&mut subscription, 9).await;
    let tags: Vec<u64> = taken.iter().map(|delivery| delivery.tag).collect();
    assert_eq!(
        tags,
        (1..=9).collect::<Vec<u64>>(),
        "one by hand, then the prefetch; in their order"
    );
    // everything is settled on the one channel, however it came
    subscription.settler().settle(&tags).await;
    assert!(subscription.settler().is_alive());
    subscription.settler().close().await;
    assert_eq!(stage.depth(&intake_queue()).await, 0);
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn with_caution_what_comes_again_comes_step_by_step() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 9).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut dead = open(&connection, 9).await;
    take(&mut dead, 9).await;
    dead.settler().close().await;

    let queue = intake_queue();
    let mut subscription = open_cautiously(&connection, 4).await;
    let mut left = 9;
    for step in [1, 2, 4] {
        let taken = take(&mut subscription, step).await;
        assert!(taken.iter().all(|delivery| delivery.redelivered));
        left -= step;
        assert_eq!(stage.depth(&queue).await, left, "no more than {step} at once");
        let tags: Vec<u64> = taken.iter().map(|delivery| delivery.tag).collect();
        subscription.settler().settle(&tags).await;
    }
    take(&mut subscription, left).await;
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_cancel_in_the_middle_of_caution_is_the_end() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 3).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut dead = open(&connection, 3).await;
    take(&mut dead, 3).await;
    dead.settler().close().await;
    let mut subscription = open_cautiously(&connection, 10).await;
    take(&mut subscription, 1).await;
    let settler = subscription.settler();
    settler.cancel().await;
    settler.settle(&[1]).await;
    assert!(subscription.next().await.is_none(), "nothing more is fetched");
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn after_a_cancel_what_was_delivered_is_finished() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 3).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut subscription = open(&connection, 2).await;
    let queue = intake_queue();
    stage.wait_for_depth(&queue, 1).await;
    subscription.settler().cancel().await;
    let tags: Vec<u64> = take(&mut subscription, 2).await.iter().map(|d| d.tag).collect();
    assert!(subscription.next().await.is_none(), "the end");
    subscription.settler().settle(&tags).await;
    subscription.settler().close().await;
    // two are done, the third was never taken
    stage.wait_for_depth(&queue, 1).await;
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_cut_line_ends_the_subscription_and_nothing_is_lost() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 2).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    let connection = connect(&proxy.url(&stage.amqp_url())).await;
    let mut subscription = open(&connection, 10).await;
    let settler = subscription.settler();
    take(&mut subscription, 2).await;
    proxy.cut();
    connection.lost().await;
    let after = subscription.next().await;
    assert!(!matches!(after, Some(Ok(_))), "{after:?}");
    assert!(!settler.is_alive());
    settler.settle(&[1, 2]).await;

    let anew = connect(&stage.amqp_url()).await;
    let mut subscription = open(&anew, 10).await;
    assert!(take(&mut subscription, 2).await.iter().all(|delivery| delivery.redelivered));
    anew.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_queue_that_is_deleted_ends_the_subscription() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let connection = connect(&stage.amqp_url()).await;
    let mut subscription = open(&connection, 10).await;
    let (url, properties) = (stage.amqp_url(), lapin::ConnectionProperties::default());
    let raw = lapin::Connection::connect(&url, properties).await.unwrap();
    let channel = raw.create_channel().await.unwrap();
    channel.queue_delete(intake_queue().as_str().into(), Default::default()).await.unwrap();
    let end = subscription.next().await;
    assert!(!matches!(end, Some(Ok(_))), "{end:?}");
    raw.close(200, "done".into()).await.unwrap();
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn an_exclusive_queue_hears_its_key_and_ends_with_its_connection() {
    let stage = Stage::new(&[]).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    let connection = connect(&proxy.url(&stage.amqp_url())).await;
    let (queue, exchange) = ("dray.reply.test.a", Exchange::Commands.name());
    let key = "order.create";
    let mut own =
        Exclusive::open(&connection, queue, exchange, key, user("dray-admin")).await.unwrap();
    let taken = Exclusive::open(&connection, queue, exchange, key, user("dray-admin")).await;
    assert!(matches!(taken, Err(BrokerError::AccessRefused { .. })), "one consumer: {taken:?}");
    let sent = outgoing("dray-admin", MessageId::generate());
    stage.publish_outgoing(&sent).await.unwrap();
    assert_eq!(own.next().await.unwrap().unwrap().envelope, sent.envelope);
    proxy.cut();
    assert!(own.next().await.is_none());
    let anew = connect(&stage.amqp_url()).await;
    let gone = async || anew.depth(queue).await.is_err().then_some(());
    eventually("the queue is gone with its connection", gone).await;
    anew.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_probe_asks_for_depths_on_one_channel() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    filled(&stage, 3).await;
    let connection = connect(&stage.amqp_url()).await;
    let probe = DepthProbe::open(&connection).await.unwrap();
    for _ in 0..3 {
        assert_eq!(probe.depth(&intake_queue()).await.unwrap(), 3);
    }
    assert!(matches!(probe.depth("nowhere").await, Err(BrokerError::QueueMissing { .. })));
    assert!(!probe.is_alive(), "a missing queue closes its channel");
    assert_eq!(connection.purge(&intake_queue()).await.unwrap(), 3);
    connection.close().await;
    stage.close().await;
}
