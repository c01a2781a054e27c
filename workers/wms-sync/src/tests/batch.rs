//! Whole batches on the real broker and database, with the fleet's real users and rights.

use clap::Parser;
use contracts::{
    Contract, Exchange, MessageId, Role, SalesOrderSubmitted, Timestamp,
    WmsCancellationConfirmation, WmsCancellationRequest, WmsConfirmation, WmsOrderConfirmation,
    WmsOrderProgress, WmsOutboundOrder, WmsStep,
};
use queue_topology::{WorkQueue, WorkerKind};
use runtime::{Process, Running, Shutdown};
use serde_json::Value;
use testkit::{PublishAs, Stage, eventually};

use super::samples::{LABEL, NUMBER, asked, submitted};
use crate::settings::Settings;
use crate::worker::WmsSync;

/// A stage with a running worker.
struct Floor {
    stage: Stage,
    running: Running,
}

impl Floor {
    async fn open() -> Self {
        let kinds = [WorkerKind::WmsSync, WorkerKind::SalesOrder, WorkerKind::WaybillStatus];
        let stage = Stage::with_users(&kinds).await;
        let amqp_url = stage.amqp_url_as("dray-wms-sync");
        let database_url = stage.database_url();
        let arguments = ["wms-sync", "--amqp-url", &amqp_url, "--database-url", &database_url];
        let settings = Settings::try_parse_from(arguments).unwrap();
        let prepared = Process::prepare(WorkerKind::WmsSync, &settings.worker, Shutdown::new());
        let running = Running::start(prepared.await.unwrap(), WmsSync);
        Self { stage, running }
    }

    async fn publish<C: Contract>(&self, user: &str, message: &C) -> MessageId {
        self.stage.publish(PublishAs::default().user(user), message).await.unwrap()
    }

    async fn code_of(&self, id: MessageId) -> String {
        let sql = format!("SELECT code FROM inbox WHERE message_id = UNHEX('{}')", id.0.simple());
        eventually(&format!("{id} is settled"), async || {
            let rows = self.stage.rows(&sql).await;
            rows.first().map(|row| row["code"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// What the commands say that wait for a worker, all in the name of the warehouse; sorted, because
    /// the order of arrival means nothing.
    async fn commands_for(&self, worker: WorkerKind, count: u32) -> Vec<String> {
        let queue = worker.queue(WorkQueue::Commands);
        let mut words = Vec::new();
        for delivery in self.stage.wait_for_messages(&queue, count).await {
            assert_eq!(delivery.envelope.actor.role, Role::Warehouse);
            let body: Value = serde_json::from_slice(&delivery.body).unwrap();
            let word = ["answer", "progress", "status"].iter().find_map(|key| body[key].as_str());
            words.push(word.unwrap().to_owned());
        }
        words.sort();
        words
    }

    async fn exchanged(&self) -> Vec<String> {
        let sql = "SELECT CONCAT_WS(' ', partner, reference, direction, step) word
          FROM partner_delivery ORDER BY direction, step";
        let rows = self.stage.rows(sql).await;
        rows.iter().map(|row| row["word"].as_str().unwrap().to_owned()).collect()
    }

    async fn close(self) {
        self.running.stop().await.unwrap();
        self.stage.close().await;
    }
}

fn confirmation(label: &str) -> WmsOrderConfirmation {
    WmsOrderConfirmation {
        order_number: NUMBER.to_owned(),
        label: label.to_owned(),
        result: WmsConfirmation::Ok,
        reason_code: None,
        at: Timestamp::now(),
    }
}

fn step(step: WmsStep) -> WmsOrderProgress {
    let (order_number, label) = (NUMBER.to_owned(), LABEL.to_owned());
    WmsOrderProgress { order_number, label, step, at: Timestamp::now() }
}

#[tokio::test]
async fn a_submitted_sales_order_reaches_the_wms() {
    let floor = Floor::open().await;
    let mut outbound = floor.stage.tap(Exchange::WmsOut, "wms.#").await;
    let mut moved = submitted();
    moved.route_ref = "NORTH-008".to_owned();
    for order in [submitted(), moved] {
        floor.publish::<SalesOrderSubmitted>("dray-sales-order", &order).await;
        let (_, told) = outbound.next_of::<WmsOutboundOrder>().await;
        assert_eq!((told.order_number.as_str(), told.label.as_str()), (NUMBER, LABEL));
        assert_eq!((told.wave, told.positions.len()), (order.route_ref, 2));
    }
    assert_eq!(floor.exchanged().await, ["wms uci-536365-1/1 out OUTBOUND_ORDER"]);
    floor.stage.wait_for_depth("wms.outbound", 2).await;
    drop(outbound);
    floor.close().await;
}

#[tokio::test]
async fn what_the_wms_tells_becomes_commands_in_its_name() {
    let floor = Floor::open().await;
    floor.publish("partner-wms", &confirmation(LABEL)).await;
    for word in [WmsStep::PickStart, WmsStep::PickEnd, WmsStep::PackEnd, WmsStep::HandOver] {
        floor.publish("partner-wms", &step(word)).await;
    }
    let expected = ["ACCEPTED", "HANDED_OVER", "PACKED", "PICKED", "PICKING"];
    assert_eq!(floor.commands_for(WorkerKind::SalesOrder, 5).await, expected);
    let expected = ["ACKNOWLEDGED", "PACKED", "PICKED"];
    assert_eq!(floor.commands_for(WorkerKind::WaybillStatus, 3).await, expected);

    let words = ["HAND_OVER", "OK", "PACK_END", "PICK_END", "PICK_START"];
    let words = words.map(|word| format!("wms uci-536365-1/1 in {word}"));
    assert_eq!(floor.exchanged().await, words);
    floor.close().await;
}

#[tokio::test]
async fn a_cancellation_goes_to_the_wms_and_its_answer_comes_back() {
    let floor = Floor::open().await;
    let mut outbound = floor.stage.tap(Exchange::WmsOut, "wms.#").await;
    for question in [1, 2] {
        floor.publish("dray-sales-order", &asked(question)).await;
        let (_, told) = outbound.next_of::<WmsCancellationRequest>().await;
        assert_eq!((told.order_number.as_str(), told.request), (NUMBER, question));
    }
    let (order_number, label) = (NUMBER.to_owned(), LABEL.to_owned());
    let answer = WmsCancellationConfirmation {
        order_number,
        label,
        request: 2,
        result: WmsConfirmation::Nok,
        reason_code: Some("PACKED".to_owned()),
        at: Timestamp::now(),
    };
    floor.publish("partner-wms", &answer).await;
    assert_eq!(floor.commands_for(WorkerKind::SalesOrder, 1).await, ["REJECTED"]);
    let words =
        ["in CANCELLATION_NOK/2", "out CANCELLATION_REQUEST/1", "out CANCELLATION_REQUEST/2"];
    let words = words.map(|word| format!("wms uci-536365-1/1 {word}"));
    assert_eq!(floor.exchanged().await, words);
    drop(outbound);
    floor.close().await;
}

#[tokio::test]
async fn a_no_is_a_settled_answer() {
    let floor = Floor::open().await;
    let foreign = floor.publish("partner-wms", &confirmation("uci-536365-2")).await;
    assert_eq!(floor.code_of(foreign).await, "UNKNOWN_REFERENCE");
    let admin = floor.stage.publish(PublishAs::default(), &confirmation(LABEL)).await.unwrap();
    assert_eq!(floor.code_of(admin).await, "NOT_ALLOWED");
    assert!(floor.exchanged().await.is_empty());
    let commands = WorkerKind::SalesOrder.queue(WorkQueue::Commands);
    assert_eq!(floor.stage.depth(&commands).await, 0);
    assert_eq!(floor.stage.depth(&WorkerKind::WmsSync.dead_letter_queue()).await, 0);
    floor.close().await;
}
