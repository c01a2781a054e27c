//! The worker against a real broker and database.

use std::collections::BTreeMap;

use clap::Parser;
use contracts::{
    Actor, CreateOrder, Exchange, OrderAccepted, OrderLine, Reply, ReplyOutcome, Role, SkuType,
};
use queue_topology::{RetryTier, WorkQueue, WorkerKind};
use runtime::{Process, Running, Shutdown};
use serde_json::{Value, json};
use testkit::{DEADLINE, PublishAs, ReplyBox, Stage, fixtures};

use super::fixture::actor;
use crate::settings::Settings;
use crate::worker::OrderIntake;

const KIND: WorkerKind = WorkerKind::OrderIntake;
/// What a statement could trip over.
const ODD_TEXT: &str = "5\" \\ 'quoted' \t\u{1f69a} £";

/// One process of this worker on the stage, with the rights of its broker user and no more.
async fn start(stage: &Stage, more: &[&str]) -> Running {
    let (amqp_url, database_url) = (stage.amqp_url_as(&KIND.user()), stage.database_url());
    let mut args = vec!["order-intake", "--amqp-url", &amqp_url, "--database-url", &database_url];
    args.extend(more);
    let settings = Settings::try_parse_from(args).unwrap();
    let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
    Running::start(process, OrderIntake::new(settings.policy(), cache::Cache::connect(None)))
}

/// A stage where district D001 and window 0900-1300 are known.
async fn stage() -> Stage {
    let stage = Stage::with_users(&[KIND]).await;
    stage.run_sql("INSERT INTO network_revision VALUES (1, 1, NOW(6))").await;
    stage.run_sql("INSERT INTO district VALUES ('D001', '0001-01-01', 'Z01')").await;
    stage.run_sql("INSERT INTO timeslot VALUES ('0900-1300', '09:00', '13:00', 'D-1 20:00')").await;
    stage
}

fn shop() -> Actor {
    actor("shop", Role::Shop)
}

async fn send(stage: &Stage, replies: &ReplyBox, order: &CreateOrder) {
    let how = PublishAs::default().actor(shop()).reply_to(replies.queue());
    stage.publish(how, order).await.unwrap();
}

async fn ask(stage: &Stage, replies: &mut ReplyBox, order: &CreateOrder) -> Reply {
    send(stage, replies, order).await;
    replies.next(DEADLINE).await
}

fn small(order_ref: &str) -> CreateOrder {
    fixtures::order("shop", order_ref).line("M01", "S1", 2).line("M02", "S2", 1).build()
}

/// Two merchants, cold goods, a store, a fee, and texts that a database could trip over.
fn mixed(order_ref: &str) -> CreateOrder {
    let odd = OrderLine {
        description: Some(ODD_TEXT.to_owned()),
        ..fixtures::line(9, "M01", "ä' \"\\", 3)
    };
    fixtures::order("shop", order_ref)
        .line("M01", "S1", 2)
        .store_line("M02", "main", "S2", 1)
        .cold_line("M01", "S3", 1)
        .line("M03", "POST", 1)
        .with(odd)
        .build()
}

#[tokio::test]
async fn an_accepted_order_is_an_answer_an_event_and_a_row() {
    let stage = stage().await;
    let mut events = stage.tap(Exchange::Events, "#").await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &["--no-ship", "POST"]).await;

    let reply = ask(&stage, &mut replies, &mixed("A-1")).await;
    assert_eq!((reply.outcome, reply.code.as_str()), (ReplyOutcome::Applied, "APPLIED"));
    assert_eq!((reply.aggregate.as_deref(), reply.version), (Some("shop/A-1"), Some(1)));

    let (envelope, event) = events.next_of::<OrderAccepted>().await;
    assert_eq!(envelope.seq, Some(1));
    let waybills = event.waybills.iter();
    let split: Vec<_> =
        waybills.map(|w| (w.waybill_no.as_str(), w.sku_type, w.lines.len())).collect();
    assert_eq!(split, [("shop-A-1-1", SkuType::Mixed, 3), ("shop-A-1-2", SkuType::Dry, 1)]);

    let stored = "SELECT CONCAT_WS('|', HEX(id), status, version, total_minor, currency, line_count, \
                  waybill_count, customer_ref, district, delivery_date, timeslot, ordered_at) FROM orders";
    let expected = format!(
        "{:X}|PAID|1|2040|GBP|5|2|C-1001|D001|2035-06-13|0900-1300|2035-06-10 09:30:00.000000",
        event.order_id.simple()
    );
    assert_eq!(stage.scalar::<String>(stored).await, expected);
    let personal: String = stage.scalar("SELECT personal FROM orders").await;
    let personal: Value = serde_json::from_str(&personal).unwrap();
    assert_eq!(personal, json!({"recipient": "Ada Example", "address": "1 Test Street"}));
    let door: String = stage.scalar("SELECT address_key FROM orders").await;
    assert_eq!((door.is_empty(), door), (false, event.address_key));
    let sender: String = stage.scalar("SELECT actor FROM orders").await;
    assert_eq!(serde_json::from_str::<Actor>(&sender).unwrap(), shop());

    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn lines_are_kept_as_they_were_sent_each_with_its_waybill() {
    let stage = stage().await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &["--no-ship", "POST", "--split", "split"]).await;
    assert_eq!(ask(&stage, &mut replies, &mixed("A-1")).await.code, "APPLIED");
    worker.stop().await.unwrap();

    let lines: String = stage
        .scalar(
            "SELECT GROUP_CONCAT(CONCAT_WS('|', line_no, merchant, COALESCE(store, '-'), sku, quantity, \
             unit_price, sku_type, volume_ml, weight_g, fulfilled_by, COALESCE(waybill_no, '-')) \
             ORDER BY line_no SEPARATOR '\n') FROM order_line",
        )
        .await;
    let expected = [
        "1|M01|-|S1|2|2.550000|dry|1000|500|warehouse|shop-A-1-1",
        "2|M02|main|S2|1|2.550000|dry|1000|500|merchant|shop-A-1-2",
        "3|M01|-|S3|1|2.550000|frozen|1000|500|warehouse|shop-A-1-3",
        "4|M03|-|POST|1|2.550000|dry|1000|500|warehouse|-",
        "9|M01|-|ä' \"\\|3|2.550000|dry|1000|500|warehouse|shop-A-1-1",
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    let description: String =
        stage.scalar("SELECT description FROM order_line WHERE description IS NOT NULL").await;
    assert_eq!(description, ODD_TEXT);
    stage.close().await;
}

#[tokio::test]
async fn an_order_is_taken_once_and_its_reference_is_taken_by_it() {
    let stage = stage().await;
    let mut events = stage.tap(Exchange::Events, "#").await;
    let mut replies = stage.replies().await;
    // all three are there before the worker is: they share a batch
    let mut reordered = small("A-1");
    reordered.lines.reverse();
    let mut other = small("A-1");
    other.lines[0].quantity += 1;
    for order in [&small("A-1"), &reordered, &other] {
        send(&stage, &replies, order).await;
    }
    let worker = start(&stage, &[]).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        let reply = replies.next(DEADLINE).await;
        assert_eq!(reply.aggregate.as_deref(), Some("shop/A-1"));
        codes.push(reply.code);
    }
    codes.sort();
    assert_eq!(codes, ["APPLIED", "CONFLICT", "DUPLICATE"]);

    // and the same in batches of their own
    assert_eq!(ask(&stage, &mut replies, &reordered).await.code, "DUPLICATE");
    assert_eq!(ask(&stage, &mut replies, &other).await.code, "CONFLICT");
    worker.stop().await.unwrap();
    assert_eq!(events.so_far(&stage).await.len(), 1);
    assert_eq!(stage.scalar::<i64>("SELECT SUM(quantity) DIV 1 FROM order_line").await, 3);
    stage.close().await;
}

#[tokio::test]
async fn a_refusal_names_everything_and_a_changed_network_is_seen_at_once() {
    let stage = stage().await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    let unknown =
        || fixtures::order("shop", "A-1").district("D777").timeslot("NIGHT").line("M01", "S1", 1);

    let reply = ask(&stage, &mut replies, &unknown().build()).await;
    assert_eq!((reply.outcome, reply.code.as_str()), (ReplyOutcome::Rejected, "INVALID_ORDER"));
    let errors = reply.refusal.unwrap().errors;
    let codes: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["UNKNOWN_DISTRICT", "UNKNOWN_TIMESLOT"]);
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM orders").await, 0);

    stage.run_sql("INSERT INTO district VALUES ('D777', '2035-01-01', 'Z01')").await;
    stage.run_sql("INSERT INTO timeslot VALUES ('NIGHT', '22:00', '23:00', 'D 12:00')").await;
    stage.run_sql("UPDATE network_revision SET revision = 2").await;
    assert_eq!(ask(&stage, &mut replies, &unknown().build()).await.code, "APPLIED");

    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn orders_wait_while_no_network_was_ever_loaded() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    send(&stage, &replies, &small("A-1")).await;
    send(&stage, &replies, &small("A-2")).await;
    let waiting = stage.wait_for_messages(&KIND.retry_queue(RetryTier::S60), 2).await;
    assert_eq!(waiting.len(), 2);

    stage.run_sql("INSERT INTO network_revision VALUES (1, 1, NOW(6))").await;
    let reply = ask(&stage, &mut replies, &small("A-3")).await;
    assert_eq!(reply.refusal.unwrap().errors.len(), 2, "an empty network refuses");
    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn two_processes_that_race_for_an_order_take_it_once() {
    let stage = stage().await;
    let mut events = stage.tap(Exchange::Events, "#").await;
    let mut replies = stage.replies().await;
    let orders = 60;
    for _ in 0..2 {
        for n in 0..orders {
            send(&stage, &replies, &small(&format!("A-{n}"))).await;
        }
    }
    let few = ["--batch-max", "8", "--prefetch", "16"];
    let workers = [start(&stage, &few).await, start(&stage, &few).await];
    // an answer may come twice, so they are told apart by the command that they answer
    let mut answers = BTreeMap::new();
    while answers.len() < 2 * orders {
        let reply = replies.next(DEADLINE).await;
        answers.insert((reply.aggregate.unwrap(), reply.message_id), reply.code);
    }
    let mut outcomes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((order, _), code) in &answers {
        outcomes.entry(order).or_default().push(code);
    }
    for (order, mut codes) in outcomes {
        codes.sort_unstable();
        assert_eq!(codes, ["APPLIED", "DUPLICATE"], "{order}");
    }
    for worker in workers {
        worker.stop().await.unwrap();
    }
    assert_eq!(events.so_far(&stage).await.len(), orders);
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM order_line").await, 2 * orders as i64);
    assert_eq!(stage.depth(&KIND.dead_letter_queue()).await, 0);
    stage.close().await;
}

#[tokio::test]
async fn the_largest_orders_of_one_batch_are_written_whole() {
    let stage = stage().await;
    let mut events = stage.tap(Exchange::Events, "#").await;
    let mut replies = stage.replies().await;
    let large = |order_ref: &str| {
        let lines = (1..=2_000).map(|n| fixtures::line(n, "M01", &format!("S{n}"), 1));
        lines.fold(fixtures::order("shop", order_ref), |order, line| order.with(line)).build()
    };
    for n in 0..5 {
        send(&stage, &replies, &large(&format!("A-{n}"))).await;
    }
    let worker = start(&stage, &["--concurrency", "1"]).await;
    for _ in 0..5 {
        assert_eq!(replies.next(DEADLINE).await.code, "APPLIED");
        let (_, event) = events.next_of::<OrderAccepted>().await;
        assert_eq!(event.waybills[0].lines.len(), 2_000);
    }
    worker.stop().await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM order_line").await, 10_000);
    let queue = KIND.queue(WorkQueue::Commands);
    assert_eq!(stage.depth(&queue).await, 0);
    stage.close().await;
}
