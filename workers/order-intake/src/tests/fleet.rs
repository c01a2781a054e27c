//! The worker in the real runtime with an order in it, and what it is told.

use clap::Parser;
use contracts::{
    Actor, AmendOrder, AmendedDestination, AmendedLine, AmendmentDecided, AmendmentDecider,
    AmendmentRequested, CancelOrder, Contract, CreateOrder, FulfilledBy, OrderRef, Reply, Role,
    Source, WaybillKind, WaybillNo, WaybillStatus as S, WaybillStatusChanged,
};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use serde_json::Value;
use testkit::{DEADLINE, PublishAs, Stage, eventually, fixtures};
use uuid::Uuid;

use super::fixture::{actor, at};
use crate::settings::Settings;
use crate::worker::OrderIntake;

pub(super) const KIND: WorkerKind = WorkerKind::OrderIntake;
/// The waybills of [`two_waybills`].
pub(super) const FIRST: &str = "shop-A~1-1";
pub(super) const SECOND: &str = "shop-A~1-2";

/// A stage with a network and the worker at work on it.
pub(super) struct Fleet {
    pub(super) stage: Stage,
    running: Vec<Running>,
}

/// Order `A~1`: lines 1 (three units) and 2 (two) of one merchant, line 3 (four) of another.
pub(super) fn two_waybills() -> CreateOrder {
    fixtures::order("shop", "A~1")
        .line("M01", "S1", 3)
        .line("M01", "S2", 2)
        .line("M02", "S3", 4)
        .build()
}

pub(super) fn shop() -> Actor {
    actor("shop", Role::Shop)
}

pub(super) fn agent() -> Actor {
    actor("anna", Role::CsAgent)
}

pub(super) fn cancelling(line_no: Option<u32>) -> CancelOrder {
    CancelOrder {
        source: Source::new("shop").unwrap(),
        order_ref: OrderRef::new("A~1").unwrap(),
        line_no,
        reason: Some("ordered twice".to_owned()),
        expected_version: None,
        occurred_at: at(5),
    }
}

pub(super) fn amending(expected_version: u64, lines: &[(u32, u32)]) -> AmendOrder {
    let line =
        |(line_no, quantity): &(u32, u32)| AmendedLine { line_no: *line_no, quantity: *quantity };
    AmendOrder {
        source: Source::new("shop").unwrap(),
        order_ref: OrderRef::new("A~1").unwrap(),
        expected_version,
        lines: lines.iter().map(line).collect(),
        destination: None,
        reason: Some("changed their mind".to_owned()),
        occurred_at: at(5),
    }
}

pub(super) fn sending_to(expected_version: u64, destination: AmendedDestination) -> AmendOrder {
    AmendOrder { destination: Some(destination), ..amending(expected_version, &[]) }
}

pub(super) fn decided(asked: &AmendmentRequested, refused: Option<&str>) -> AmendmentDecided {
    let (by, refused) = (AmendmentDecider::SalesOrder, refused.map(str::to_owned));
    AmendmentDecided { by, refused, amendment: asked.amendment.clone() }
}

pub(super) fn status_changed(waybill: &str, to: S) -> WaybillStatusChanged {
    WaybillStatusChanged {
        waybill_id: Uuid::from_u128(1),
        waybill_no: WaybillNo::new(waybill).unwrap(),
        from: S::Packed,
        to,
        attempt: 1,
        occurred_at: at(9),
        failed_attempts: 0,
        fulfilled_by: FulfilledBy::Warehouse,
        kind: WaybillKind::Forward,
        held: false,
    }
}

impl Fleet {
    /// One process; a network with two districts and one window is loaded.
    pub(super) async fn start() -> Self {
        Self::bare().await.joined(&[]).await
    }

    /// Nobody is at work yet.
    pub(super) async fn bare() -> Self {
        let stage = Stage::new(&[KIND]).await;
        stage.run_sql("INSERT INTO network_revision VALUES (1, 1, NOW(6))").await;
        for district in ["D001", "D002"] {
            let sql = format!("INSERT INTO district VALUES ('{district}', '0001-01-01', 'Z01')");
            stage.run_sql(&sql).await;
        }
        let window = "INSERT INTO timeslot VALUES ('0900-1300', '09:00', '13:00', 'D-1 20:00')";
        stage.run_sql(window).await;
        Self { stage, running: Vec::new() }
    }

    /// One more process, with more arguments.
    pub(super) async fn joined(self, more: &[&str]) -> Self {
        self.showing(None, more).await
    }

    /// The same, which shows in this Redis where orders stand.
    pub(super) async fn showing(mut self, redis_url: Option<&str>, more: &[&str]) -> Self {
        let (amqp, database) = (self.stage.amqp_url(), self.stage.database_url());
        let arguments = ["order-intake", "--amqp-url", &amqp, "--database-url", &database];
        let settings = Settings::try_parse_from(arguments.iter().chain(more)).unwrap();
        let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
        let worker = OrderIntake::new(settings.policy(), cache::Cache::connect(redis_url));
        self.running.push(Running::start(process, worker));
        self
    }

    pub(super) async fn stop(self) {
        for running in self.running {
            running.stop().await.unwrap();
        }
        assert_eq!(self.stage.depth(&KIND.dead_letter_queue()).await, 0);
        self.stage.close().await;
    }

    /// Takes the order of two waybills in.
    pub(super) async fn taken(self) -> Self {
        assert_eq!(self.ask(shop(), &two_waybills()).await.code, "APPLIED");
        self
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask<C: Contract>(&self, actor: Actor, command: &C) -> Reply {
        let mut replies = self.stage.replies().await;
        let how = PublishAs::default().actor(actor).reply_to(replies.queue());
        let id = self.stage.publish(how, command).await.unwrap();
        let reply = replies.next(DEADLINE).await;
        assert_eq!(reply.message_id, id);
        reply
    }

    /// What the fleet says, answered as if somebody had asked.
    pub(super) async fn tell<C: Contract>(&self, seq: u64, event: &C) -> Reply {
        let mut replies = self.stage.replies().await;
        let how = PublishAs::default().seq(seq).reply_to(replies.queue());
        self.stage.publish(how, event).await.unwrap();
        replies.next(DEADLINE).await
    }

    /// A waybill got so far.
    pub(super) async fn moves(&self, waybill: &str, to: S, seq: u64) -> Reply {
        self.tell(seq, &status_changed(waybill, to)).await
    }

    pub(super) async fn order(&self) -> Value {
        let sql = "SELECT status, return_status, version, district, total_minor, \
                     open_amendment IS NOT NULL open FROM orders";
        self.stage.rows(sql).await.remove(0)
    }

    /// Of every line: units ordered, cancelled, shipped, delivered, returned to origin, lost, returned.
    pub(super) async fn lines(&self) -> Vec<String> {
        let sql = "SELECT CONCAT_WS(' ', quantity, cancelled, shipped, delivered, returned_to_origin, lost, returned) \
                   units FROM order_line ORDER BY line_no";
        let rows = self.stage.rows(sql).await;
        rows.iter().map(|row| row["units"].as_str().unwrap().to_owned()).collect()
    }

    /// What changed, in a word each.
    pub(super) async fn history(&self) -> Vec<String> {
        let sql = "SELECT CONCAT(version, ' ', what) entry FROM order_change ORDER BY version";
        let rows = self.stage.rows(sql).await;
        rows.iter().map(|row| row["entry"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a SELECT of one value gives this.
    pub(super) async fn until(&self, what: &str, sql: &str, expected: i64) {
        eventually(what, async || (self.stage.scalar::<i64>(sql).await == expected).then_some(()))
            .await;
    }
}
