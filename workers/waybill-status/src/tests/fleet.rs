//! The worker in the real runtime, on a virtual host and a schema of its own, and what it is told.

use cache::Cache;
use clap::Parser;
use contracts::{
    Actor, Assigned, Contract, FulfilledBy, HoldHandle, HoldInstance, HoldReason, MessageId,
    OrderAccepted, PlaceHold, ReleaseHold, Reply, ReportStatus, Role, RouteId, SkuType,
    WaybillDraft, WaybillNo, WaybillStatus as S,
};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use serde_json::Value;
use testkit::{DEADLINE, PublishAs, Stage, eventually};
use uuid::Uuid;

use super::story::{at, order, route, somebody};
use crate::settings::Settings;
use crate::stubs;
use crate::worker::WaybillStatus;

pub(super) const KIND: WorkerKind = WorkerKind::WaybillStatus;
pub(super) const FIRST: &str = "uci-536365-1";
pub(super) const SECOND: &str = "uci-536365-2";

/// The order with two waybills.
pub(super) fn order_of_two() -> OrderAccepted {
    let mut order = order(FulfilledBy::Warehouse);
    let first = order.waybills[0].clone();
    order.waybills.push(WaybillDraft { waybill_no: no(SECOND), ..first });
    order
}

pub(super) fn no(text: &str) -> WaybillNo {
    WaybillNo::new(text).unwrap()
}

pub(super) fn report(waybill: &str, status: S, attempt: Option<u16>, minute: i64) -> ReportStatus {
    let (waybill_no, occurred_at) = (no(waybill), at(minute));
    ReportStatus {
        waybill_no,
        status,
        attempt,
        route_ref: None,
        expected_version: None,
        occurred_at,
        reason: None,
    }
}

pub(super) fn assigned(waybill: &str, place_no: u16) -> Assigned {
    Assigned {
        waybill_no: no(waybill),
        place_no,
        route_id: RouteId(Uuid::from_u128(9)),
        route_ref: route(place_no),
        depot: contracts::DepotCode::new("NORTH").unwrap(),
        zone: contracts::ZoneCode::new("Z01").unwrap(),
        delivery_date: at(0).date(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        truck_type: contracts::TruckTypeCode::new("VAN").unwrap(),
        sku_type: SkuType::Dry,
        fulfilled_by: FulfilledBy::Warehouse,
        assigned_at: None,
    }
}

pub(super) fn place_hold(handle: &str) -> PlaceHold {
    let (handle, instance) = (HoldHandle::new(handle).unwrap(), HoldInstance::default());
    let reason = HoldReason::AwaitingPayment;
    PlaceHold {
        waybill_no: no(FIRST),
        handle,
        instance,
        reason,
        expected_version: None,
        occurred_at: at(1),
    }
}

pub(super) fn release_hold(handle: &str, owner: Option<&str>) -> ReleaseHold {
    let (handle, instance) = (HoldHandle::new(handle).unwrap(), HoldInstance::default());
    let owner = owner.map(str::to_owned);
    ReleaseHold {
        waybill_no: no(FIRST),
        handle,
        instance,
        owner,
        expected_version: None,
        occurred_at: at(2),
    }
}

/// A stage with the worker at work on it.
pub(super) struct Fleet {
    pub stage: Stage,
    running: Vec<Running>,
}

impl Fleet {
    pub(super) async fn start() -> Self {
        Self::on(Stage::new(&[KIND]).await, None).await
    }

    pub(super) async fn on(stage: Stage, redis_url: Option<&str>) -> Self {
        Self::bare(stage).joined(redis_url, &[]).await
    }

    /// Nobody is at work yet.
    pub(super) fn bare(stage: Stage) -> Self {
        Self { stage, running: Vec::new() }
    }

    /// One more process, with more arguments.
    pub(super) async fn joined(mut self, redis_url: Option<&str>, more: &[&str]) -> Self {
        let (amqp, database) = (self.stage.amqp_url(), self.stage.database_url());
        let arguments = ["waybill-status", "--amqp-url", &amqp, "--database-url", &database];
        let settings = Settings::parse_from(arguments.iter().chain(more).copied());
        let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
        stubs::start(settings.stubs, &process.context());
        let worker = WaybillStatus::new(Cache::connect(redis_url));
        self.running.push(Running::start(process, worker));
        self
    }

    pub(super) async fn stop(self) {
        for running in self.running {
            running.stop().await.unwrap();
        }
        self.stage.close().await;
    }

    /// Publishes on somebody's behalf.
    pub(super) async fn say<C: Contract>(&self, actor: Actor, message: &C) -> MessageId {
        self.stage.publish(PublishAs::default().actor(actor), message).await.unwrap()
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask<C: Contract>(&self, role: Role, command: &C) -> Reply {
        let mut replies = self.stage.replies().await;
        let how = PublishAs::default().actor(somebody(role)).reply_to(replies.queue());
        let id = self.stage.publish(how, command).await.unwrap();
        let reply = replies.next(DEADLINE).await;
        assert_eq!(reply.message_id, id);
        reply
    }

    /// Waits until a SELECT of one value gives this.
    pub(super) async fn until(&self, what: &str, sql: &str, expected: i64) {
        eventually(what, async || (self.stage.scalar::<i64>(sql).await == expected).then_some(()))
            .await;
    }

    /// The code on its label; a stub has none.
    pub(super) async fn tracking_code(&self, waybill: &str) -> Option<String> {
        let sql = format!("SELECT tracking_code FROM waybill WHERE waybill_no = '{waybill}'");
        self.stage.scalar(&sql).await
    }

    pub(super) async fn waybill(&self, waybill: &str) -> Value {
        let sql = format!(
            "SELECT status, attempt, failed_attempts, open_holds, parked, version, line_count, \
             merchant FROM waybill WHERE waybill_no = '{waybill}'"
        );
        self.stage.rows(&sql).await.remove(0)
    }
}
