//! What each user of the fleet may do, tried out. An expression that looks right may still be wrong.

use std::fmt::Write;

use contracts::{self as c, Contract, Exchange, RoutingKey};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use queue_topology::{DLX, RETURN, RetryTier, WorkQueue, WorkerKind};
use testkit::{AMQPValue, Stage};

/// What the broker says to one attempt: `ok`, or the word it closes the channel with.
fn verdict<T>(answer: Result<T, lapin::Error>) -> &'static str {
    let Err(error) = answer else { return "ok" };
    let text = error.to_string();
    ["ACCESS_REFUSED", "PRECONDITION_FAILED", "NOT_FOUND", "RESOURCE_LOCKED"]
        .into_iter()
        .find(|word| text.contains(&word.replace('_', "-")) || text.contains(word))
        .unwrap_or_else(|| panic!("another error: {text}"))
}

/// One user's attempts, each on a channel of its own; the unexpected answers are collected.
struct Trial<'a> {
    user: &'a str,
    connection: Connection,
    surprises: String,
}

impl<'a> Trial<'a> {
    async fn of(stage: &Stage, user: &'a str) -> Self {
        let url = stage.amqp_url_as(user);
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        Self { user, connection, surprises: String::new() }
    }

    async fn channel(&self) -> Channel {
        self.connection.create_channel().await.unwrap()
    }

    fn note(&mut self, what: &str, answer: &str, expected: &str) {
        if answer != expected {
            writeln!(self.surprises, "{} {what}: {answer}, not {expected}", self.user).unwrap();
        }
    }

    async fn publish(&mut self, exchange: &str, key: &str, expected: &str) {
        let as_itself = BasicProperties::default().with_user_id(self.user.into());
        self.publish_with(exchange, key, as_itself, expected).await;
    }

    async fn publish_with(
        &mut self,
        exchange: &str,
        key: &str,
        how: BasicProperties,
        expected: &str,
    ) {
        let answer = self.send(exchange, key, how).await;
        self.note(&format!("publishes {key} to {exchange:?}"), verdict(answer), expected);
    }

    async fn send(&self, exchange: &str, key: &str, how: BasicProperties) -> lapin::Result<()> {
        let channel = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let options = BasicPublishOptions::default();
        let sent = channel.basic_publish(exchange.into(), key.into(), options, b"{}", how).await;
        sent?.await.map(|_| ())
    }

    async fn declare(&mut self, queue: &str, options: QueueDeclareOptions, expected: &str) {
        let channel = self.channel().await;
        let answer = channel.queue_declare(queue.into(), options, FieldTable::default()).await;
        self.note(&format!("declares {queue}"), verdict(answer), expected);
    }

    async fn consume(&mut self, queue: &str, expected: &str) {
        let channel = self.channel().await;
        let options = BasicConsumeOptions::default();
        let tag = format!("trial-{queue}");
        let answer = channel.basic_consume(
            queue.into(),
            tag.as_str().into(),
            options,
            FieldTable::default(),
        );
        self.note(&format!("consumes {queue}"), verdict(answer.await), expected);
    }

    async fn bind(&mut self, queue: &str, exchange: &str, key: &str, expected: &str) {
        let channel = self.channel().await;
        let options = QueueBindOptions::default();
        let answer = channel
            .queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default())
            .await;
        self.note(&format!("binds {queue} to {exchange} {key}"), verdict(answer), expected);
    }

    async fn end(self) {
        // the answers count, not how the connection ends
        let _ = self.connection.close(200, "done".into()).await;
        assert!(self.surprises.is_empty(), "\n{}", self.surprises);
    }
}

const PASSIVE: QueueDeclareOptions = QueueDeclareOptions {
    passive: true,
    durable: false,
    exclusive: false,
    auto_delete: false,
    nowait: false,
};
const OWN: QueueDeclareOptions =
    QueueDeclareOptions { passive: false, exclusive: true, auto_delete: true, ..PASSIVE };
const DURABLE: QueueDeclareOptions =
    QueueDeclareOptions { passive: false, durable: true, ..PASSIVE };

/// Every key that a message of the fleet has, with its exchange.
fn all_keys() -> Vec<(Exchange, String)> {
    fn key<C: Contract>(words: &[&str]) -> (Exchange, String) {
        let key = words.iter().fold(RoutingKey::of_type(C::TYPE), |key, word| key.with(word));
        (C::EXCHANGE, key.as_str().to_owned())
    }
    vec![
        key::<c::SkipSequence>(&[]),
        key::<c::CreateOrder>(&[]),
        key::<c::UpsertNetwork>(&[]),
        key::<c::ReportStatus>(&[]),
        key::<c::PlaceHold>(&[]),
        key::<c::ReleaseHold>(&[]),
        key::<c::RecordWarehouseAnswer>(&[]),
        key::<c::RecordWarehouseProgress>(&[]),
        key::<c::OrderAccepted>(&[]),
        key::<c::WaybillCreated>(&[]),
        key::<c::WaybillStatusChanged>(&["packed"]),
        key::<c::WaybillHeld>(&[]),
        key::<c::WaybillReleased>(&[]),
        key::<c::Assigned>(&["merchant"]),
        key::<c::Unassignable>(&[]),
        key::<c::UnassignedAgain>(&[]),
        key::<c::RouteChanged>(&["locked"]),
        key::<c::SalesOrderSubmitted>(&[]),
        key::<c::SalesOrderAnswered>(&[]),
        key::<c::SalesOrderProgressed>(&[]),
        key::<c::NetworkChanged>(&[]),
        key::<c::Query>(&[]),
        key::<c::WmsOutboundOrder>(&[]),
        key::<c::WmsOrderConfirmation>(&[]),
        key::<c::WmsOrderProgress>(&[]),
        (Exchange::Control, WorkerKind::OrderIntake.control_key().as_str().to_owned()),
    ]
}

const REFUSED: &str = "ACCESS_REFUSED";

/// Its first work queue; of a kind that has none, another's.
fn work_queue(kind: WorkerKind) -> String {
    let first = kind.work_queues().first();
    first.map_or_else(|| "order-intake.commands".to_owned(), |queue| kind.queue(*queue))
}

/// The keys that a worker may publish, by the list of what it does publish.
fn may_publish(kind: WorkerKind, exchange: Exchange, key: &str) -> bool {
    let patterns = kind.publishes().into_iter().filter(|(of, _)| *of == exchange);
    patterns.flat_map(|(_, keys)| keys).any(|pattern| queue_topology::topic_matches(pattern, key))
}

#[tokio::test]
async fn workers_publish_their_own_messages_and_no_others() {
    let stage = Stage::with_users(&WorkerKind::ALL).await;
    for kind in WorkerKind::ALL {
        let user = kind.user();
        let mut trial = Trial::of(&stage, &user).await;
        for (exchange, key) in all_keys() {
            let expected = if may_publish(kind, exchange, &key) { "ok" } else { REFUSED };
            trial.publish(exchange.name(), &key, expected).await;
        }
        trial.publish(Exchange::Replies.name(), "dray.reply.operator.a", "ok").await;
        trial.publish(RETURN, &work_queue(kind), REFUSED).await;
        trial.publish("", "waybill-status.commands", REFUSED).await;
        let to_dead_letters = if kind.settles_messages() { "ok" } else { REFUSED };
        trial.publish(DLX, &kind.dead_letter_queue(), to_dead_letters).await;
        trial.publish(DLX, &kind.retry_queue(RetryTier::M10), to_dead_letters).await;
        trial.end().await;
    }
    stage.close().await;
}

#[tokio::test]
async fn workers_consume_their_own_queues_and_no_others() {
    let stage = Stage::with_users(&WorkerKind::ALL).await;
    for kind in WorkerKind::ALL {
        let user = kind.user();
        let mut trial = Trial::of(&stage, &user).await;
        for other in WorkerKind::ALL {
            for work in other.work_queues() {
                let queue = other.queue(*work);
                trial.consume(&queue, if kind == other { "ok" } else { REFUSED }).await;
                if kind == other || kind == WorkerKind::HotfolderIngest {
                    trial.declare(&queue, PASSIVE, "ok").await; // it may ask for the depth
                }
            }
            if other.settles_messages() {
                trial.consume(&other.dead_letter_queue(), REFUSED).await;
                trial.consume(&other.retry_queue(RetryTier::S1), REFUSED).await;
            }
        }
        trial.consume("wms.outbound", REFUSED).await;
        trial.end().await;
    }
    stage.close().await;
}

#[tokio::test]
async fn workers_declare_their_own_two_queues_and_nothing_else() {
    let stage = Stage::with_users(&WorkerKind::ALL).await;
    let other = WorkerKind::OrderIntake;
    for kind in WorkerKind::ALL.into_iter().filter(|kind| *kind != other) {
        let user = kind.user();
        let mut trial = Trial::of(&stage, &user).await;
        let (control, reply) = (kind.control_queue("host-1-a"), kind.reply_queue("host-1-a"));
        for own in [&control, &reply] {
            trial.declare(own, OWN, "ok").await;
        }
        trial.bind(&control, Exchange::Control.name(), kind.control_key().as_str(), "ok").await;
        trial.bind(&reply, Exchange::Replies.name(), &reply, "ok").await;
        trial.consume(&control, "ok").await;
        // what others are told, and what happens, is not for its ears
        trial.bind(&control, Exchange::Control.name(), other.control_key().as_str(), REFUSED).await;
        trial.bind(&control, Exchange::Control.name(), "#", REFUSED).await;
        for exchange in
            ["dray.events", "dray.commands", "dray.queries", "dray.dlx", "partner.wms.in"]
        {
            trial.bind(&reply, exchange, "#", REFUSED).await;
        }
        let foreign = [
            other.control_queue("host-1-a"),
            other.reply_queue("host-1-a"),
            format!("{control}.more"),
            format!("x{control}"),
            "mine".to_owned(),
            work_queue(kind),
        ];
        for name in &foreign {
            trial.declare(name, DURABLE, REFUSED).await;
        }
        let work = work_queue(kind);
        let deleting = trial.channel().await;
        let answer =
            deleting.queue_delete(work.as_str().into(), QueueDeleteOptions::default()).await;
        trial.note("deletes its work queue", verdict(answer), REFUSED);
        trial.end().await;
    }
    stage.close().await;
}

#[tokio::test]
async fn nobody_speaks_as_somebody_else() {
    let stage = Stage::with_users(&[WorkerKind::HotfolderIngest, WorkerKind::OrderIntake]).await;
    let mut trial = Trial::of(&stage, "dray-hotfolder-ingest").await;
    for other in ["dray-operator", "dray-admin", "nobody"] {
        let as_other = BasicProperties::default().with_user_id(other.into());
        trial.publish_with("dray.commands", "order.create", as_other, "PRECONDITION_FAILED").await;
    }
    trial.end().await;
    stage.close().await;
}

#[tokio::test]
async fn the_operator_commands_asks_and_reads_dead_letters() {
    let stage = Stage::with_users(&WorkerKind::ALL).await;
    let mut trial = Trial::of(&stage, "dray-operator").await;
    for (exchange, key) in all_keys() {
        let own = matches!(exchange, Exchange::Commands | Exchange::Control | Exchange::Queries);
        trial.publish(exchange.name(), &key, if own { "ok" } else { REFUSED }).await;
    }
    trial.publish(RETURN, "order-intake.commands", "ok").await;
    trial.publish(DLX, "order-intake.dlq", "ok").await;
    trial.consume("order-intake.dlq", "ok").await;
    trial.declare("dray.reply.operator.host-1-a", OWN, "ok").await;
    trial
        .bind("dray.reply.operator.host-1-a", "dray.replies", "dray.reply.operator.host-1-a", "ok")
        .await;
    trial.consume("order-intake.commands", REFUSED).await;
    trial.declare("mine", DURABLE, REFUSED).await;
    let purging = trial.channel().await;
    let answer =
        purging.queue_purge("order-intake.commands".into(), QueuePurgeOptions::default()).await;
    trial.note("purges a work queue", verdict(answer), REFUSED);
    trial.end().await;
    stage.close().await;
}

#[tokio::test]
async fn the_warehouse_sends_and_takes_its_own_messages_only() {
    let stage = Stage::with_users(&[WorkerKind::WmsSync, WorkerKind::OrderIntake]).await;
    let mut trial = Trial::of(&stage, "partner-wms").await;
    for (exchange, key) in all_keys() {
        let expected = if exchange == Exchange::WmsIn { "ok" } else { REFUSED };
        trial.publish(exchange.name(), &key, expected).await;
    }
    trial.publish("partner.wms.in", "pss.report", REFUSED).await;
    trial.publish("dray.replies", "dray.reply.operator.a", REFUSED).await;
    trial.publish("", &WorkerKind::WmsSync.queue(WorkQueue::Partner), REFUSED).await;
    trial.consume("wms.outbound", "ok").await;
    trial.consume("order-intake.commands", REFUSED).await;
    trial.declare("mine", DURABLE, REFUSED).await;
    trial.declare("dray.reply.partner-wms.a", OWN, REFUSED).await;
    trial.end().await;
    stage.close().await;
}

/// The broker checks the key of a message and not the keys in its CC and BCC. A reader refuses a CC; a
/// BCC it cannot see. So what came by a BCC has a key that does not fit its type, and is refused for that.
#[tokio::test]
async fn a_blind_copy_past_the_rights_is_refused_by_its_key() {
    let stage = Stage::with_users(&[WorkerKind::WmsSync, WorkerKind::WaybillStatus]).await;
    let trial = Trial::of(&stage, "dray-wms-sync").await;
    let mut headers = FieldTable::default();
    let keys = vec![AMQPValue::LongString("waybill.place-hold".into())];
    headers.insert("BCC".into(), AMQPValue::FieldArray(keys.into()));
    let forged = BasicProperties::default()
        .with_user_id("dray-wms-sync".into())
        .with_message_id("018f3f7c-0000-7000-8000-000000000001".into())
        .with_type("waybill.place-hold.v1".into())
        .with_headers(headers);
    // a key that it may use and that nobody is bound to
    let answer = verdict(trial.send("dray.commands", "sales-order.record-answer", forged).await);
    trial.end().await;
    if answer == REFUSED {
        // newer brokers look at every key themselves
        stage.close().await;
        return;
    }
    assert_eq!(answer, "ok");
    let queue = WorkerKind::WaybillStatus.queue(WorkQueue::Commands);
    let arrived = async || (stage.depth(&queue).await == 1).then_some(());
    testkit::eventually("the broker lets it pass", arrived).await;
    let received = stage.received(&queue).await;
    assert_eq!(received[0].as_ref().unwrap_err().error.code(), "FOREIGN_KEY");
    stage.close().await;
}
