//! Whole batches on the real broker and database, with the fleet's real users and rights.

use clap::Parser;
use contracts::{
    Actor, Contract, Exchange, MessageId, RecordWarehouseAnswer, RecordWarehouseProgress, Role,
    SalesOrderAnswered, SalesOrderNo, SalesOrderProgressed, SalesOrderSubmitted, Timestamp,
    WarehouseAnswer, WarehouseProgress,
};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use testkit::{DEADLINE, PublishAs, ReplyBox, Stage, Tap, eventually};

use super::samples::{WAYBILL, assigned};
use crate::settings::Settings;
use crate::worker::SalesOrders;

const NUMBER: &str = "uci-536365-1/1";

const NETWORK: &str = "INSERT INTO network_revision VALUES (1, 1, NOW(6))";
const WAREHOUSES: &str =
    "INSERT INTO warehouse VALUES ('COLD', 'NORTH', '', 'dry,frozen'), ('DRY', 'NORTH', '', 'dry')";
const PICK_FLOW: &str = "INSERT INTO pick_flow VALUES (10, 'dry', 1, NULL, 'PICK_BY_ZONE')";
const WAYBILL_ROW: &str = "INSERT INTO waybill (id, waybill_no, version, status, attempt,
    failed_attempts, open_holds, parked, lifecycle, kind, first_seen_at, updated_at)
  VALUES (UNHEX(REPEAT('0', 32)), 'uci-536365-1', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', NOW(6), NOW(6))";
const LINES: &str = "INSERT INTO waybill_line VALUES
  (UNHEX(REPEAT('0', 32)), 1, '85123A', 6, 'dry'), (UNHEX(REPEAT('0', 32)), 7, 'Café-é', 2, 'dry')";

/// A stage with a running worker.
struct Floor {
    stage: Stage,
    running: Running,
    events: Tap,
    replies: ReplyBox,
}

impl Floor {
    async fn with(rows: &[&str]) -> Self {
        let kinds = [WorkerKind::SalesOrder, WorkerKind::AdraAssigner, WorkerKind::WmsSync];
        let stage = Stage::with_users(&kinds).await;
        for sql in rows {
            stage.run_sql(sql).await;
        }
        let amqp_url = stage.amqp_url_as("dray-sales-order");
        let database_url = stage.database_url();
        let arguments = ["sales-order", "--amqp-url", &amqp_url, "--database-url", &database_url];
        let settings = Settings::try_parse_from(arguments).unwrap();
        let prepared = Process::prepare(WorkerKind::SalesOrder, &settings.worker, Shutdown::new());
        let worker = SalesOrders::new(settings.submit_at, cache::Cache::connect(None));
        let events = stage.tap(Exchange::Events, "sales-order.#").await;
        let replies = stage.replies().await;
        let running = Running::start(prepared.await.unwrap(), worker);
        Self { stage, running, events, replies }
    }

    async fn assign(&self, place_no: u16) -> MessageId {
        let how = PublishAs::default().user("dray-adra-assigner");
        self.stage.publish(how, &assigned(place_no)).await.unwrap()
    }

    async fn submitted(&mut self) -> (u64, SalesOrderSubmitted) {
        let (envelope, event) = self.events.next_of().await;
        (envelope.seq.unwrap(), event)
    }

    /// Sends what the warehouse tells and gives the code of the answer.
    async fn tell<C: Contract>(&mut self, command: &C) -> String {
        let how = by_the_warehouse().reply_to(self.replies.queue());
        self.stage.publish(how, command).await.unwrap();
        self.replies.next(DEADLINE).await.code
    }

    async fn code_of(&self, id: MessageId) -> String {
        let sql = format!("SELECT code FROM inbox WHERE message_id = UNHEX('{}')", id.0.simple());
        eventually(&format!("{id} is settled"), async || {
            let rows = self.stage.rows(&sql).await;
            rows.first().map(|row| row["code"].as_str().unwrap().to_owned())
        })
        .await
    }

    async fn row(&self, columns: &str) -> serde_json::Value {
        let mut rows = self.stage.rows(&format!("SELECT {columns} FROM sales_order")).await;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    async fn close(self) {
        self.running.stop().await.unwrap();
        drop((self.events, self.replies));
        self.stage.close().await;
    }
}

fn by_the_warehouse() -> PublishAs {
    let warehouse = Actor {
        subject: "partner-wms".to_owned(),
        role: Role::Warehouse,
        merchant: None,
        origin: None,
    };
    PublishAs::default().user("dray-wms-sync").actor(warehouse)
}

fn answer(answer: WarehouseAnswer) -> RecordWarehouseAnswer {
    RecordWarehouseAnswer {
        sales_order_no: SalesOrderNo::new(NUMBER).unwrap(),
        answer,
        reason: None,
        occurred_at: Timestamp::now(),
    }
}

fn progress(progress: WarehouseProgress) -> RecordWarehouseProgress {
    RecordWarehouseProgress {
        sales_order_no: SalesOrderNo::new(NUMBER).unwrap(),
        progress,
        occurred_at: Timestamp::now(),
    }
}

#[tokio::test]
async fn from_a_place_to_the_hand_over() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.sales_order_no.as_str()), (1, NUMBER));
    assert_eq!(
        (submitted.warehouse.as_str(), submitted.pick_flow.as_str()),
        ("DRY", "PICK_BY_ZONE")
    );
    let lines: Vec<_> =
        submitted.lines.iter().map(|l| (l.line_no, l.sku.as_str(), l.quantity)).collect();
    assert_eq!(lines, [(1, "85123A", 6), (7, "Café-é", 2)]);

    assert_eq!(floor.tell(&progress(WarehouseProgress::Picked)).await, "APPLIED");
    let (envelope, picked) = floor.events.next_of::<SalesOrderProgressed>().await;
    assert_eq!((envelope.seq, picked.waybill_no.as_str()), (Some(2), WAYBILL));
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "DUPLICATE");
    assert_eq!(floor.tell(&progress(WarehouseProgress::HandedOver)).await, "APPLIED");

    let expected = serde_json::json!({"status": "HANDED_OVER", "version": 4, "live": 1,
        "reached": "SUBMITTED,ACCEPTED,PICKED,HANDED_OVER", "warehouse": "DRY"});
    assert_eq!(floor.row("status, version, live, reached, warehouse").await, expected);
    assert_eq!(floor.stage.scalar::<i64>("SELECT COUNT(*) FROM sales_order_line").await, 2);
    floor.close().await;
}

#[tokio::test]
async fn every_fact_three_times_and_backwards() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    floor.submitted().await;
    let steps = [
        WarehouseProgress::HandedOver,
        WarehouseProgress::Packed,
        WarehouseProgress::Picked,
        WarehouseProgress::Picking,
    ];
    for step in steps {
        let (id, step) = (MessageId::generate(), progress(step));
        for how in [by_the_warehouse().id(id), by_the_warehouse().id(id), by_the_warehouse()] {
            floor.stage.publish(how, &step).await.unwrap();
        }
    }
    let last = floor.stage.publish(by_the_warehouse(), &answer(WarehouseAnswer::Accepted)).await;
    assert_eq!(floor.code_of(last.unwrap()).await, "STALE");
    let expected = serde_json::json!({"status": "HANDED_OVER", "version": 6,
        "reached": "SUBMITTED,ACCEPTED,PICKING,PICKED,PACKED,HANDED_OVER"});
    assert_eq!(floor.row("status, version, reached").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn another_place_before_and_after_picking() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(2).await;
    floor.submitted().await;
    let older = floor.assign(1).await;
    assert_eq!(floor.code_of(older).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "APPLIED");
    let again = floor.assign(2).await;
    assert_eq!(floor.code_of(again).await, "DUPLICATE");
    floor.assign(3).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.route_ref.as_str()), (3, "NORTH-Z01-003"));
    assert_eq!(floor.tell(&progress(WarehouseProgress::Picking)).await, "APPLIED");
    let late = floor.assign(4).await;
    assert_eq!(floor.code_of(late).await, "STALE");
    let expected =
        serde_json::json!({"status": "PICKING", "revision": 3, "route_ref": "NORTH-Z01-003"});
    assert_eq!(floor.row("status, revision, route_ref").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn a_warehouse_that_comes_later_is_found_at_the_next_place() {
    let mut floor = Floor::with(&[NETWORK, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    let (envelope, refused) = floor.events.next_of::<SalesOrderAnswered>().await;
    assert_eq!((envelope.seq, refused.reason.as_deref()), (Some(1), Some("NO_WAREHOUSE")));
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "NOT_SUBMITTED");

    floor.stage.run_sql(WAREHOUSES).await;
    floor.stage.run_sql("UPDATE network_revision SET revision = 2").await;
    floor.assign(2).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.warehouse.as_str()), (2, "DRY"));
    let expected = serde_json::json!({"status": "SUBMITTED", "reason": null});
    assert_eq!(floor.row("status, reason").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn a_place_waits_for_the_lines() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW]).await;
    floor.assign(1).await;
    let retry = WorkerKind::SalesOrder.retry_queue(queue_topology::RetryTier::S1);
    eventually("the place waits in the retry queue", async || {
        (floor.stage.depth(&retry).await == 1).then_some(())
    })
    .await;
    floor.stage.run_sql(LINES).await;
    assert_eq!(floor.submitted().await.1.lines.len(), 2);
    floor.close().await;
}

#[tokio::test]
async fn a_no_is_a_settled_answer() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "UNKNOWN_SALES_ORDER");
    floor.assign(1).await;
    floor.submitted().await;
    let by_itself = PublishAs::default().user("dray-wms-sync").reply_to(floor.replies.queue());
    floor.stage.publish(by_itself, &answer(WarehouseAnswer::Accepted)).await.unwrap();
    assert_eq!(floor.replies.next(DEADLINE).await.code, "NOT_ALLOWED");
    assert_eq!(floor.row("status").await["status"], "SUBMITTED");
    assert_eq!(floor.stage.depth(&WorkerKind::SalesOrder.dead_letter_queue()).await, 0);
    floor.close().await;
}
