//! The worker against a real broker and database.

use chrono::Days;
use clap::Parser;
use contracts::{
    Assigned, Contract, Exchange, FulfilledBy, HoldReason, NetworkChanged, RouteChange,
    RouteChanged, Unassignable, UnassignableReason, UnassignedAgain, WaybillCreated, WaybillHeld,
    WaybillKind, WaybillReleased, WaybillStatus, WaybillStatusChanged,
};
use queue_topology::{RetryTier, WorkerKind};
use runtime::{Process, Running, Shutdown};
use testkit::{PublishAs, Stage, eventually};
use uuid::Uuid;

use super::books::{audit, states};
use super::fixture::{delivery_date, load, no, parts, tight, time, waybill};
use crate::settings::Settings;
use crate::worker::Assigner;

pub(super) const KIND: WorkerKind = WorkerKind::AdraAssigner;

/// A stage with everybody who hears of assignments, and a network.
pub(super) async fn stage(network: &routing::NetworkParts) -> Stage {
    let stage = Stage::with_users(&[KIND, WorkerKind::WaybillStatus, WorkerKind::SalesOrder]).await;
    load(&stage, 1, network).await;
    stage
}

/// One process of this worker on the stage, with the rights of its broker user and no more. It improves
/// nothing by itself unless it is told to.
pub(super) async fn start(stage: &Stage, more: &[&str]) -> Running {
    let (amqp_url, database_url) = (stage.amqp_url_as(&KIND.user()), stage.database_url());
    let mut args = vec!["adra-assigner", "--amqp-url", &amqp_url, "--database-url", &database_url];
    args.extend(more);
    if !more.contains(&"--planning=on") {
        args.push("--planning=off");
    }
    let settings = Settings::try_parse_from(args).unwrap();
    let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
    let (context, cache) = (process.context(), cache::Cache::connect(None));
    let assigner = Assigner::start(&context, cache, settings.planning);
    Running::start(process, assigner)
}

pub(super) async fn tell<C: Contract>(stage: &Stage, seq: u64, event: &C) {
    stage.publish(PublishAs::default().seq(seq), event).await.unwrap();
}

pub(super) fn cancelled(number: u32) -> WaybillStatusChanged {
    WaybillStatusChanged {
        waybill_id: Uuid::from_u128(number.into()),
        waybill_no: no(number),
        from: WaybillStatus::Created,
        to: WaybillStatus::Cancelled,
        attempt: 0,
        occurred_at: time("2035-06-10T11:00:00Z"),
        failed_attempts: 0,
        fulfilled_by: FulfilledBy::Warehouse,
        kind: WaybillKind::Forward,
        held: false,
    }
}

pub(super) fn held(number: u32) -> WaybillHeld {
    let reason = HoldReason::CustomerRequest;
    WaybillHeld { waybill_id: Uuid::from_u128(number.into()), waybill_no: no(number), reason }
}

pub(super) fn released(number: u32) -> WaybillReleased {
    WaybillReleased { waybill_id: Uuid::from_u128(number.into()), waybill_no: no(number) }
}

/// The row that waybill-status keeps of a waybill.
pub(super) async fn waybill_row(
    stage: &Stage,
    number: u32,
    version: u64,
    status: &str,
    open_holds: u16,
) {
    stage
        .run_sql(&format!(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, \
               lifecycle, kind, exists_since, first_seen_at, updated_at) \
             VALUES (UNHEX(LPAD(HEX({number}), 32, '0')), '{}', {version}, '{status}', 0, 0, {open_holds}, 0, \
               '{{}}', 'FORWARD', NOW(6), NOW(6), NOW(6)) \
             ON DUPLICATE KEY UPDATE version = {version}, status = '{status}', open_holds = {open_holds}",
            no(number)
        ))
        .await;
}

/// Waits until the assignments are like this.
pub(super) async fn until(stage: &Stage, wanted: &str) {
    eventually(wanted, async || (states(stage).await == wanted).then_some(())).await;
}

/// Waits until one column of one assignment says this.
pub(super) async fn until_row(stage: &Stage, number: u32, columns: &str, wanted: &str) {
    let sql = format!(
        "SELECT CONCAT_WS(' ', {columns}) v FROM assignment WHERE waybill_no = '{}'",
        no(number)
    );
    eventually(wanted, async || {
        let rows = stage.rows(&sql).await;
        rows.iter().any(|row| row["v"] == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_waybill_gets_a_place_and_everybody_hears_of_it() {
    let stage = stage(&parts()).await;
    let mut events = stage.tap(Exchange::Events, "assignment.#").await;
    let mut routes = stage.tap(Exchange::Events, "route.#").await;
    let worker = start(&stage, &[]).await;
    tell(&stage, 1, &waybill(1)).await;

    let (envelope, assigned) = events.next_of::<Assigned>().await;
    assert_eq!(envelope.seq, Some(1));
    assert_eq!((assigned.waybill_no, assigned.place_no), (no(1), 1));
    assert_eq!(assigned.route_ref, "NORTH-20350613-0900-1300-Z01-001");
    let assigned_at = assigned.assigned_at.expect("the time of the decision");
    assert!(assigned_at <= envelope.timestamp, "{assigned_at}");
    let (envelope, route) = routes.next_of::<RouteChanged>().await;
    assert_eq!((envelope.seq, route.change), (Some(1), RouteChange::Opened));
    assert_eq!(route.route_id, assigned.route_id);

    let row: String = stage
        .scalar(
            "SELECT CONCAT_WS('|', a.state, a.place_no, a.version, a.waybill_version, a.held, a.order_key, \
               a.zone, a.depot, a.delivery_date, a.timeslot, a.sku_type, a.fulfilled_by, a.dry_ml, a.weight_g, \
               a.ordered_at, r.truck_type, r.status, r.version, r.waybills, r.stops, r.sku_class, d.outcome) \
             FROM assignment a JOIN route r ON r.id = a.route_id \
             JOIN adra_decision d ON d.waybill_no = a.waybill_no",
        )
        .await;
    assert_eq!(
        row,
        "ASSIGNED|1|1|1|0|shop/1|Z01|NORTH|2035-06-13|0900-1300|dry|warehouse|1000|500|\
         2035-06-10 09:30:00.000000|VAN|OPEN|1|1|1|dry|ASSIGNED"
    );
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn announced_twice_it_has_one_place() {
    let stage = stage(&parts()).await;
    let mut events = stage.tap(Exchange::Events, "assignment.#").await;
    for _ in 0..3 {
        tell(&stage, 1, &waybill(1)).await;
    }
    let worker = start(&stage, &[]).await;
    until(&stage, "ASSIGNED 1").await;
    tell(&stage, 1, &waybill(1)).await;
    tell(&stage, 1, &waybill(2)).await;
    until(&stage, "ASSIGNED 2").await;
    worker.stop().await.unwrap();
    assert_eq!(events.so_far(&stage).await.len(), 2);
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM quota_ledger").await, 2);
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn a_full_zone_overflows_then_refuses_then_uses_what_comes_free() {
    let stage = stage(&tight(2, 1, 10)).await;
    let mut events = stage.tap(Exchange::Events, "assignment.#").await;
    let worker = start(&stage, &[]).await;
    for number in 1..=4 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 3, UNASSIGNABLE ZONE_QUOTA 1").await;
    let (_, refused) = events.next_of::<Unassignable>().await;
    assert_eq!(refused.reason, UnassignableReason::ZoneQuota);
    let zones: String =
        stage.scalar("SELECT GROUP_CONCAT(CONCAT(zone, waybills) ORDER BY zone) FROM route").await;
    assert_eq!(zones, "Z012,Z021");

    // in the transaction of the cancellation, with a place in whichever zone it was given back
    let place = "SELECT waybill_no v FROM assignment WHERE state = 'ASSIGNED' LIMIT 1";
    let number: u32 =
        stage.scalar::<String>(place).await.split('-').nth(1).unwrap().parse().unwrap();
    tell(&stage, 2, &cancelled(number)).await;
    until(&stage, "ASSIGNED 3, UNASSIGNED 1").await;
    let (_, lost) = events.next_of::<UnassignedAgain>().await;
    assert_eq!((lost.waybill_no, lost.place_no, lost.cause.as_str()), (no(number), 1, "cancelled"));
    let (envelope, assigned) = events.next_of::<Assigned>().await;
    assert_eq!((envelope.seq, assigned.waybill_no), (Some(2), refused.waybill_no));
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn holds_come_and_go_and_old_news_changes_nothing() {
    let stage = stage(&parts()).await;
    let worker = start(&stage, &[]).await;
    tell(&stage, 1, &waybill(1)).await;
    until(&stage, "ASSIGNED 1").await;
    let columns = "state, held, version, waybill_version";
    tell(&stage, 4, &held(1)).await;
    until_row(&stage, 1, columns, "ASSIGNED 1 2 4").await;
    tell(&stage, 3, &released(1)).await;
    tell(&stage, 5, &released(1)).await;
    until_row(&stage, 1, columns, "ASSIGNED 0 3 5").await;
    tell(&stage, 6, &cancelled(1)).await;
    until_row(&stage, 1, columns, "UNASSIGNED 0 4 6").await;
    worker.stop().await.unwrap();
    assert_eq!(stage.scalar::<String>("SELECT GROUP_CONCAT(status) FROM route").await, "CLOSED");
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn the_row_of_the_waybill_is_the_truth_and_a_message_its_herald() {
    let stage = stage(&parts()).await;
    let worker = start(&stage, &[]).await;
    // cancelled before ADRA heard of it: the early message is dropped, its row is not
    waybill_row(&stage, 1, 3, "CANCELLED", 0).await;
    tell(&stage, 3, &cancelled(1)).await;
    let settled = "SELECT COUNT(*) FROM inbox";
    eventually("settled", async || (stage.scalar::<i64>(settled).await == 1).then_some(())).await;
    tell(&stage, 1, &waybill(1)).await;
    until(&stage, "UNASSIGNED 1").await;

    // held before it was announced, and cancelled while the hold is still being told
    waybill_row(&stage, 2, 2, "CREATED", 1).await;
    tell(&stage, 1, &waybill(2)).await;
    until_row(&stage, 2, "state, held, waybill_version", "ASSIGNED 1 2").await;
    waybill_row(&stage, 2, 4, "CANCELLED", 1).await;
    tell(&stage, 3, &held(2)).await;
    until_row(&stage, 2, "state, held, waybill_version", "UNASSIGNED 1 4").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn messages_wait_for_a_network_that_can_be_used() {
    let stage = Stage::with_users(&[KIND, WorkerKind::WaybillStatus, WorkerKind::SalesOrder]).await;
    let worker = start(&stage, &[]).await;
    tell(&stage, 1, &waybill(1)).await;
    let waiting = stage.wait_for_messages(&KIND.retry_queue(RetryTier::S10), 1).await;
    assert_eq!(waiting.len(), 1);

    let mut half = parts();
    half.zones.clear();
    load(&stage, 1, &half).await;
    tell(&stage, 1, &waybill(2)).await;
    stage.wait_for_messages(&KIND.retry_queue(RetryTier::S10), 1).await;

    // once there was one, it stays in force while the next is incomplete
    load(&stage, 2, &parts()).await;
    tell(&stage, 1, &waybill(3)).await;
    until(&stage, "ASSIGNED 1").await;
    load(&stage, 3, &half).await;
    tell(&stage, 1, &waybill(4)).await;
    until(&stage, "ASSIGNED 2").await;
    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn a_slot_day_whose_books_disagree_fails_alone() {
    let stage = stage(&parts()).await;
    let worker = start(&stage, &["--concurrency", "1"]).await;
    let next_day = |number| WaybillCreated {
        delivery_date: delivery_date() + Days::new(1),
        ..waybill(number)
    };
    tell(&stage, 1, &waybill(1)).await;
    until(&stage, "ASSIGNED 1").await;
    worker.stop().await.unwrap();

    stage.run_sql("UPDATE quota_bucket SET waybills = waybills + 1 WHERE zone = 'Z01'").await;
    tell(&stage, 1, &waybill(2)).await;
    tell(&stage, 1, &next_day(3)).await;
    let worker = start(&stage, &["--concurrency", "1"]).await;
    until(&stage, "ASSIGNED 2").await;
    let failed = stage.wait_for_messages(&KIND.retry_queue(RetryTier::S1), 1).await;
    assert_eq!(failed.len(), 1);
    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn a_limit_that_was_cut_meanwhile_is_not_exceeded() {
    let stage = stage(&parts()).await;
    let worker = start(&stage, &[]).await;
    tell(&stage, 1, &waybill(1)).await;
    until(&stage, "ASSIGNED 1").await;
    // the tables say so already, the revision does not yet: the database is the guard
    stage.run_sql("UPDATE zone_quota SET waybills = 1").await;
    tell(&stage, 1, &waybill(2)).await;
    stage.wait_for_messages(&KIND.retry_queue(RetryTier::S1), 1).await;
    audit(&stage).await;
    stage.run_sql("UPDATE network_revision SET revision = 2").await;
    for number in [3, 4] {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 2, UNASSIGNABLE ZONE_QUOTA 1").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn what_another_process_wrote_is_seen() {
    let stage = stage(&tight(4, 0, 10)).await;
    let mut number = 0;
    // one after the other, each with a state that the other has made obsolete
    let workers = [start(&stage, &[]).await, start(&stage, &[]).await];
    for round in 1..=12_i64 {
        number += 1;
        tell(&stage, 1, &waybill(number)).await;
        let sql = "SELECT COUNT(*) FROM assignment";
        eventually("decided", async || (stage.scalar::<i64>(sql).await == round).then_some(()))
            .await;
    }
    for worker in workers {
        worker.stop().await.unwrap();
    }
    assert_eq!(states(&stage).await, "ASSIGNED 4, UNASSIGNABLE ZONE_QUOTA 8");
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn more_capacity_is_offered_to_those_without_a_place() {
    let stage = stage(&tight(1, 0, 10)).await;
    let mut events = stage.tap(Exchange::Events, "assignment.assigned.*").await;
    let worker = start(&stage, &[]).await;
    for number in 1..=3 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 1, UNASSIGNABLE ZONE_QUOTA 2").await;
    load(&stage, 2, &tight(3, 0, 10)).await;
    tell(&stage, 2, &NetworkChanged { revision: 2, tables: vec!["zone_quota".to_owned()] }).await;
    until(&stage, "ASSIGNED 3").await;
    for seq in [1, 2, 2] {
        let (envelope, _) = events.next_of::<Assigned>().await;
        assert_eq!(envelope.seq, Some(seq));
    }
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}
