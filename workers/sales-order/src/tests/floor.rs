//! A stage with running workers, and the rows that the tests on the real broker and database stand on.

use clap::Parser;
use contracts::{
    Actor, AmendmentReserved, CancellationVerdict, Contract, Exchange, MessageId,
    RecordCancellationAnswer, RecordWarehouseAnswer, RecordWarehouseProgress, Role, SalesOrderNo,
    SalesOrderSubmitted, Timestamp, WarehouseAnswer, WarehouseProgress,
};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use testkit::{DEADLINE, PublishAs, ReplyBox, Stage, Tap, eventually};

use super::samples::{amendment, assigned, cancel, cancellation_answer};
use crate::settings::Settings;
use crate::sweep;
use crate::worker::SalesOrders;

pub(crate) const NUMBER: &str = "uci-536365-1/1";

pub(crate) const NETWORK: &str = "INSERT INTO network_revision VALUES (1, 1, NOW(6))";
pub(crate) const WAREHOUSES: &str =
    "INSERT INTO warehouse VALUES ('COLD', 'NORTH', '', 'dry,frozen'), ('DRY', 'NORTH', '', 'dry')";
pub(crate) const PICK_FLOW: &str =
    "INSERT INTO pick_flow VALUES (10, 'dry', 1, NULL, 'PICK_BY_ZONE')";
pub(crate) const WAYBILL_ROW: &str =
    "INSERT INTO waybill (id, waybill_no, version, status, attempt,
    failed_attempts, open_holds, parked, lifecycle, kind, merchant, fulfilled_by, exists_since,
    first_seen_at, updated_at)
  VALUES (UNHEX(REPEAT('0', 32)), 'uci-536365-1', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', 'M01',
    'warehouse', NOW(6), NOW(6), NOW(6))";
pub(crate) const LINES: &str = "INSERT INTO waybill_line VALUES
  (UNHEX(REPEAT('0', 32)), 1, '85123A', 6, 'dry'), (UNHEX(REPEAT('0', 32)), 7, 'Café-é', 2, 'dry')";

/// Everything that a place needs.
pub(crate) const READY: [&str; 5] = [NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES];

/// A stage with running workers.
pub(crate) struct Floor {
    pub stage: Stage,
    pub events: Tap,
    running: Vec<Running>,
    replies: ReplyBox,
}

impl Floor {
    /// One process over these rows.
    pub(crate) async fn with(rows: &[&str]) -> Self {
        Self::open(rows, 1, &[]).await
    }

    /// Several processes over these rows, with settings of their own.
    pub(crate) async fn open(rows: &[&str], processes: usize, settings: &[&str]) -> Self {
        let kinds = [
            WorkerKind::SalesOrder,
            WorkerKind::AdraAssigner,
            WorkerKind::WmsSync,
            WorkerKind::OrderIntake,
        ];
        let stage = Stage::with_users(&kinds).await;
        for sql in rows {
            stage.run_sql(sql).await;
        }
        let events = stage.tap(Exchange::Events, "#").await;
        let replies = stage.replies().await;
        let mut floor = Self { stage, events, running: Vec::new(), replies };
        for _ in 0..processes {
            floor.start(settings).await;
        }
        floor
    }

    /// Starts one more process.
    pub(crate) async fn start(&mut self, settings: &[&str]) {
        let amqp_url = self.stage.amqp_url_as("dray-sales-order");
        let database_url = self.stage.database_url();
        let mut arguments =
            vec!["sales-order", "--amqp-url", &amqp_url, "--database-url", &database_url];
        arguments.extend(settings);
        let settings = Settings::try_parse_from(arguments).unwrap();
        let prepared = Process::prepare(WorkerKind::SalesOrder, &settings.worker, Shutdown::new());
        let prepared = prepared.await.unwrap();
        let cache = cache::Cache::connect(None);
        sweep::start(settings.questions, &prepared.context(), cache.clone());
        let worker = SalesOrders::new(settings.submit_at, cache);
        self.running.push(Running::start(prepared, worker));
    }

    /// Ends every process at once, as a crash would.
    pub(crate) async fn kill(&mut self) {
        for running in self.running.drain(..) {
            running.kill().await;
        }
    }

    pub(crate) async fn assign(&self, place_no: u16) -> MessageId {
        let how = PublishAs::default().user("dray-adra-assigner");
        self.stage.publish(how, &assigned(place_no)).await.unwrap()
    }

    pub(crate) async fn amend(&self, number: u128, quantity: u32) -> MessageId {
        let how = PublishAs::default().user("dray-adra-assigner");
        let reserved = AmendmentReserved { amendment: amendment(number, quantity) };
        self.stage.publish(how, &reserved).await.unwrap()
    }

    /// Customer service wants it cancelled; the code of the answer.
    pub(crate) async fn cancel(&mut self) -> String {
        self.ask(by(Role::CsAgent, None), &cancel()).await
    }

    /// The warehouse answers a question for cancellation; the code of the answer.
    pub(crate) async fn decide(&mut self, question: u32, answer: CancellationVerdict) -> String {
        let answer: RecordCancellationAnswer = cancellation_answer(question, answer);
        self.tell(&answer).await
    }

    pub(crate) async fn submitted(&mut self) -> (u64, SalesOrderSubmitted) {
        let (envelope, event) = self.events.next_of().await;
        (envelope.seq.unwrap(), event)
    }

    /// Sends what the warehouse tells and gives the code of the answer.
    pub(crate) async fn tell<C: Contract>(&mut self, command: &C) -> String {
        self.ask(by_the_warehouse(), command).await
    }

    /// Sends a command and gives the code of the answer.
    pub(crate) async fn ask<C: Contract>(&mut self, how: PublishAs, command: &C) -> String {
        self.stage.publish(how.reply_to(self.replies.queue()), command).await.unwrap();
        self.replies.next(DEADLINE).await.code
    }

    pub(crate) async fn code_of(&self, id: MessageId) -> String {
        let sql = format!("SELECT code FROM inbox WHERE message_id = UNHEX('{}')", id.0.simple());
        eventually(&format!("{id} is settled"), async || {
            let rows = self.stage.rows(&sql).await;
            rows.first().map(|row| row["code"].as_str().unwrap().to_owned())
        })
        .await
    }

    pub(crate) async fn row(&self, columns: &str) -> serde_json::Value {
        let mut rows = self.stage.rows(&format!("SELECT {columns} FROM sales_order")).await;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    pub(crate) async fn close(self) {
        for running in self.running {
            running.stop().await.unwrap();
        }
        drop((self.events, self.replies));
        self.stage.close().await;
    }
}

pub(crate) fn by_the_warehouse() -> PublishAs {
    let warehouse = Actor {
        subject: "partner-wms".to_owned(),
        role: Role::Warehouse,
        merchant: None,
        origin: None,
    };
    PublishAs::default().user("dray-wms-sync").actor(warehouse)
}

/// Somebody of this role, through an operator's connection.
pub(crate) fn by(role: Role, merchant: Option<&str>) -> PublishAs {
    let merchant = merchant.map(str::to_owned);
    let actor = Actor { subject: format!("{role:?}"), role, merchant, origin: None };
    PublishAs::default().user("dray-operator").actor(actor)
}

pub(crate) fn answer(answer: WarehouseAnswer) -> RecordWarehouseAnswer {
    RecordWarehouseAnswer {
        sales_order_no: SalesOrderNo::new(NUMBER).unwrap(),
        answer,
        reason: None,
        occurred_at: Timestamp::now(),
    }
}

pub(crate) fn progress(progress: WarehouseProgress) -> RecordWarehouseProgress {
    RecordWarehouseProgress {
        sales_order_no: SalesOrderNo::new(NUMBER).unwrap(),
        progress,
        occurred_at: Timestamp::now(),
    }
}
