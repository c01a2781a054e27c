//! The desk in the real runtime, on a virtual host and a schema of its own. Redis is everybody's: each
//! test asks about numbers that no other test has.

#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod caches;
mod lists;
mod planned;
mod roles;
mod seeing;
mod service;
mod slots;
mod timeline;
mod tracking;
mod uploads;

use std::time::Duration;

use cache::Cache;
use clap::Parser;
use contracts::{
    MessageId, OrderRef, OrderReturnStatus, OrderStatus, OrderView, Query, QueryAnswer,
    ReplyOutcome, RouteId, Source, WaybillNo, WaybillStatus, WaybillView,
};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use testkit::{DEADLINE, PublishAs, Stage, eventually};
use uuid::Uuid;

use crate::desk::QueryDesk;
use crate::settings::Settings;
use crate::tally::Tally;

const KIND: WorkerKind = WorkerKind::QueryDesk;
/// A question older than this is dropped; a test asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A stage with the desk at work on it.
struct Desk {
    stage: Stage,
    running: Running,
    cache: Cache,
    tally: Tally,
}

impl Desk {
    async fn start() -> Self {
        let stage = Stage::new(&[KIND]).await;
        let cache = Cache::connect(Some(&stage.redis_url()));
        Self::on(stage, cache).await
    }

    async fn on(stage: Stage, cache: Cache) -> Self {
        let (amqp, database) = (stage.amqp_url(), stage.database_url());
        let arguments = ["query-desk", "--amqp-url", &amqp, "--database-url", &database];
        let settings = Settings::parse_from(arguments);
        let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
        let desk = QueryDesk::new(stage.database(), cache.clone());
        let tally = desk.tally();
        let running = Running::start_responder(process, desk);
        Self { stage, running, cache, tally }
    }

    /// Puts another process of the desk in place of this one.
    async fn replace(self, cache: Cache) -> Self {
        self.running.stop().await.unwrap();
        Self::on(self.stage, cache).await
    }

    async fn stop(self) {
        self.running.stop().await.unwrap();
        self.stage.close().await;
    }

    async fn ask(&self, question: &Query) -> QueryAnswer {
        self.ask_as(&PublishAs::default(), question).await
    }

    async fn ask_as(&self, how: &PublishAs, question: &Query) -> QueryAnswer {
        eventually("the desk answers", async || {
            let mut replies = self.stage.replies().await;
            let how = how.clone().reply_to(replies.queue());
            self.stage.publish(how, question).await.unwrap();
            let answer = tokio::time::timeout(ANSWER_WITHIN, replies.next_as(DEADLINE)).await;
            answer.ok().map(|(_, answer)| answer)
        })
        .await
    }

    async fn waybill(&self, waybill_no: &str) -> WaybillView {
        match self.ask(&about_waybill(waybill_no)).await {
            QueryAnswer::Waybill(view) => *view,
            other => panic!("no waybill: {other:?}"),
        }
    }

    async fn order(&self, order_ref: &str) -> OrderView {
        match self.ask(&about_order(order_ref)).await {
            QueryAnswer::Order(view) => *view,
            other => panic!("no order: {other:?}"),
        }
    }

    /// The first waybill of the order of this test.
    fn first(&self) -> String {
        format!("uci-{}-1", self.stage.name())
    }

    async fn insert_waybill(&self, waybill_no: &str) {
        self.stage
            .run_sql(&format!(
                "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, \
                   parked, lifecycle, kind, delivery_date, timeslot, exists_since, first_seen_at, updated_at) \
                 VALUES (UNHEX('{}'), '{waybill_no}', 4, 'PACKED', 0, 1, 1, 0, '{{\"gaps\":[\"PICKED\"]}}', \
                   'FORWARD', '2035-06-13', '0900-1300', NOW(6), NOW(6), NOW(6))",
                new_id()
            ))
            .await;
    }

    async fn insert_place(&self, waybill_no: &str) {
        self.stage
            .run_sql(
                "INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, \
                   truck_type, status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, \
                   updated_at) VALUES (UNHEX(LPAD('9', 32, '0')), 'NORTH-007', 'NORTH', '2035-06-13', \
                   '0900-1300', 'Z01', 'T', 'dry', 'VAN', 'OPEN', 1, 1, 1, 0, 1, 1, NOW(6), NOW(6))",
            )
            .await;
        self.stage
            .run_sql(&format!(
                "INSERT INTO assignment VALUES ('{waybill_no}', 'ASSIGNED', NULL, UNHEX(LPAD('9', 32, '0')), 1, \
                   2, 1, 0, 0, 'uci/1', UNHEX(LPAD('8', 32, '0')), 'D-101', 'Z01', 'NORTH', '2035-06-13', \
                   '0900-1300', 'dry', 'warehouse', 1, 0, 1, NOW(6), NOW(6), 'FORWARD')"
            ))
            .await;
    }

    async fn insert_sales_order(&self, waybill_no: &str) {
        self.stage
            .run_sql(&format!(
                "INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse, pick_flow, \
                   status, reached, route_ref, delivery_date, timeslot, version, created_at, updated_at) \
                 VALUES (UNHEX('{}'), '{waybill_no}/1', '{waybill_no}', 1, 1, 'DRY', 'PICK', 'ACCEPTED', \
                   '', 'NORTH-007', '2035-06-13', '0900-1300', 3, NOW(6), NOW(6))",
                new_id()
            ))
            .await;
    }

    async fn insert_order(&self, order_ref: &str, waybill_numbers: &[&str]) {
        let id = new_id();
        self.stage
            .run_sql(&format!(
                "INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, district, \
                   delivery_date, timeslot, currency, total_minor, line_count, waybill_count, actor, created_at, \
                   updated_at) \
                 VALUES (UNHEX('{id}'), 'uci', '{order_ref}', REPEAT('h', 32), 'PAID', 1, NOW(6), 'D-101', \
                   '2035-06-13', '0900-1300', 'GBP', 100, {}, {}, '{{}}', NOW(6), NOW(6))",
                waybill_numbers.len(),
                waybill_numbers.len()
            ))
            .await;
        for (index, waybill_no) in waybill_numbers.iter().enumerate() {
            self.stage
                .run_sql(&format!(
                    "INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, sku_type, \
                       volume_ml, weight_g, fulfilled_by, waybill_no) \
                     VALUES (UNHEX('{id}'), {index}, 'acme', '85123A', 1, 1, 'dry', 1, 1, 'warehouse', \
                       '{waybill_no}')"
                ))
                .await;
        }
    }
}

fn new_id() -> String {
    Uuid::now_v7().simple().to_string()
}

fn about_waybill(waybill_no: &str) -> Query {
    Query::Waybill { waybill_no: WaybillNo::new(waybill_no).unwrap() }
}

fn about_order(order_ref: &str) -> Query {
    let (source, order_ref) = (Source::new("uci").unwrap(), OrderRef::new(order_ref).unwrap());
    Query::Order { source, order_ref }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_with_both_its_statuses_and_how_far_its_lines_are() {
    let desk = Desk::start().await;
    let order_ref = desk.stage.name();
    desk.insert_order(&order_ref, &[&desk.first()]).await;
    let sets = [
        "UPDATE orders SET status = 'PARTIALLY_DELIVERED', return_status = 'PARTIALLY_RETURNED'",
        "UPDATE order_line SET quantity = 9, cancelled = 1, shipped = 8, delivered = 3, \
           returned_to_origin = 2, lost = 1, returned = 3",
    ];
    for sql in sets {
        desk.stage.run_sql(sql).await;
    }
    let standing = desk.order(&order_ref).await.standing;
    let statuses = (standing.status, standing.return_status);
    let expected = (OrderStatus::PartiallyDelivered, OrderReturnStatus::PartiallyReturned);
    assert_eq!(statuses, expected);
    let [line] = standing.line_standings.as_slice() else { panic!("{standing:?}") };
    assert_eq!((line.ordered, line.cancelled, line.shipped, line.delivered), (9, 1, 8, 3));
    assert_eq!((line.returned_to_origin, line.lost, line.returned), (2, 1, 3));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_with_the_waybills_that_exist() {
    let desk = Desk::start().await;
    let order_ref = desk.stage.name();
    let (first, second) = (desk.first(), format!("uci-{order_ref}-2"));
    desk.insert_order(&order_ref, &[&first, &second]).await;
    desk.insert_waybill(&first).await;

    let view = desk.order(&order_ref).await;
    assert_eq!((view.standing.status, view.standing.lines), (OrderStatus::Paid, 2));
    let numbers: Vec<_> = view.standing.waybill_numbers.iter().map(WaybillNo::as_str).collect();
    assert_eq!(numbers, [&first, &second]);
    let shown: Vec<_> = view.waybills.iter().map(|it| it.standing.waybill_no.as_str()).collect();
    assert_eq!(shown, [&first], "the second does not exist yet");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waybill_is_shown_as_far_as_its_owners_know_it() {
    let desk = Desk::start().await;
    let (bare, complete) = (desk.first(), format!("uci-{}-2", desk.stage.name()));
    for waybill_no in [&bare, &complete] {
        desk.insert_waybill(waybill_no).await;
    }
    desk.insert_place(&complete).await;
    desk.insert_sales_order(&complete).await;

    let view = desk.waybill(&bare).await;
    assert_eq!((view.assignment, view.sales_order), (None, None));
    let standing = view.standing;
    assert_eq!((standing.status, standing.version), (WaybillStatus::Packed, 4));
    assert_eq!((standing.held, standing.failed_attempts), (true, 1));
    assert_eq!(standing.gaps, [WaybillStatus::Picked]);
    let names = &view.names;
    assert_eq!(names.aftership.as_deref(), Some("InfoReceived"));
    assert_eq!(names.easypost.as_deref(), Some("pre_transit"));
    assert_eq!(names.epcis.as_deref(), Some("packing"));

    let view = desk.waybill(&complete).await;
    let assignment = view.assignment.unwrap();
    assert_eq!((assignment.state.as_str(), assignment.version), ("ASSIGNED", 2));
    assert_eq!(assignment.route_id, Some(RouteId(Uuid::from_u128(9))));
    assert_eq!(assignment.route_ref.as_deref(), Some("NORTH-007"));
    let sales_order = view.sales_order.unwrap();
    assert_eq!((sales_order.status.as_str(), sales_order.version), ("ACCEPTED", 3));
    assert_eq!(sales_order.sales_order_no, format!("{complete}/1"));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let desk = Desk::start().await;
    let stub = desk.first();
    desk.stage
        .run_sql(&format!(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, \
               lifecycle, kind, first_seen_at, updated_at) \
             VALUES (UNHEX('{}'), '{stub}', 1, 'STUB', 0, 0, 0, 1, '{{\"early\":[]}}', 'FORWARD', NOW(6), NOW(6))",
            new_id()
        ))
        .await;
    let unknown =
        Query::Operation { sender: "partner-shop".to_owned(), message_id: MessageId::generate() };
    let nowhere = format!("uci-{}-9", desk.stage.name());
    let questions =
        [about_waybill(&stub), about_waybill(&nowhere), about_order(&desk.stage.name()), unknown];
    for question in questions {
        assert_eq!(desk.ask(&question).await, QueryAnswer::NotFound, "{question:?}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_answered_as_its_consumer_settled_it() {
    let desk = Desk::start().await;
    let message_id = MessageId::generate();
    desk.stage
        .run_sql(&format!(
            "INSERT INTO inbox VALUES ('order-intake', 'partner-shop', UNHEX('{}'), REPEAT('h', 32), 'applied', \
               'APPLIED', 'uci/536365', 1, NULL, NOW(6), NULL, NULL)",
            message_id.0.simple()
        ))
        .await;
    let about = |sender: &str| Query::Operation { sender: sender.to_owned(), message_id };
    let QueryAnswer::Operation(reply) = desk.ask(&about("partner-shop")).await else {
        panic!("the outcome is stored");
    };
    assert_eq!((reply.message_id, reply.outcome), (message_id, ReplyOutcome::Applied));
    assert_eq!((reply.aggregate.as_deref(), reply.version), (Some("uci/536365"), Some(1)));
    assert_eq!(desk.ask(&about("somebody-else")).await, QueryAnswer::NotFound);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_asker_gets_its_own_answer() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    desk.insert_waybill(&waybill_no).await;
    // from here on it is known to be at work
    desk.waybill(&waybill_no).await;

    let (mut one, mut two) = (desk.stage.replies().await, desk.stage.replies().await);
    let nowhere = about_waybill(&format!("uci-{}-9", desk.stage.name()));
    let known = about_waybill(&waybill_no);
    let to_two = PublishAs::default().reply_to(two.queue());
    let to_one = PublishAs::default().reply_to(one.queue());
    let asked_by_two = desk.stage.publish(to_two, &nowhere).await.unwrap();
    let asked_by_one = desk.stage.publish(to_one, &known).await.unwrap();

    let (envelope, answer) = one.next_as::<QueryAnswer>(DEADLINE).await;
    assert!(matches!(answer, QueryAnswer::Waybill(_)), "{answer:?}");
    assert_eq!(envelope.correlation_id, Some(asked_by_one.to_string()));
    let (envelope, answer) = two.next_as::<QueryAnswer>(DEADLINE).await;
    assert_eq!(answer, QueryAnswer::NotFound);
    assert_eq!(envelope.correlation_id, Some(asked_by_two.to_string()));
    drop((one, two));
    desk.stop().await;
}
