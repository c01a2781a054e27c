//! Routes, reschedules and amendments against a real broker and database.

use std::time::Duration;

use contracts::{
    Actor, AmendmentDecided, AmendmentDecider, AmendmentRequested, AmendmentReserved, Contract,
    DispatchRoute, Exchange, LockRoute, Reply, ReplyOutcome, Role, WaybillAmendment,
    WaybillCorrected, WaybillKind, WaybillStatus, WaybillStatusChanged,
};
use queue_topology::RetryTier;
use testkit::{PublishAs, ReplyBox, Stage, eventually};
use uuid::Uuid;

use super::books::audit;
use super::fixture::{no, parts, time, waybill};
use super::worker::{
    KIND, cancelled, held, released, stage, start, tell, until, until_row, waybill_row,
};
use super::world::{ROUTE_1, destination, litres, reschedule};

const IN_TIME: Duration = Duration::from_secs(30);

pub(super) fn somebody(role: Role) -> Actor {
    Actor { subject: "somebody".to_owned(), role, merchant: None, origin: None }
}

pub(super) fn lock(route_ref: &str) -> LockRoute {
    let route_ref = route_ref.to_owned();
    LockRoute { route_ref, occurred_at: time("2035-06-12T20:00:00Z") }
}

fn dispatch(route_ref: &str) -> DispatchRoute {
    let route_ref = route_ref.to_owned();
    DispatchRoute { route_ref, occurred_at: time("2035-06-13T08:00:00Z") }
}

/// Sends a command on somebody's behalf and waits for the answer.
pub(super) async fn ask<C: Contract>(
    stage: &Stage,
    replies: &mut ReplyBox,
    role: Role,
    command: &C,
) -> Reply {
    let how =
        PublishAs::default().user("dray-operator").actor(somebody(role)).reply_to(replies.queue());
    stage.publish(how, command).await.unwrap();
    replies.next(IN_TIME).await
}

fn failed(number: u32, attempt: u16) -> WaybillStatusChanged {
    WaybillStatusChanged {
        from: WaybillStatus::OutForDelivery,
        to: WaybillStatus::DeliveryFailed,
        attempt,
        failed_attempts: attempt,
        ..cancelled(number)
    }
}

/// The attempt that a waybill's row stands at.
async fn attempt(stage: &Stage, number: u32, attempt: u16) {
    let no = no(number);
    let sql = format!("UPDATE waybill SET attempt = {attempt} WHERE waybill_no = '{no}'");
    stage.run_sql(&sql).await;
}

#[tokio::test]
async fn a_route_from_its_first_waybill_to_a_door_that_did_not_open() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for number in 1..=4 {
        waybill_row(&stage, number, 1, "CREATED", 0).await;
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 4").await;

    // waybill 1 is held, waybill 2 cancelled; the messages come later
    waybill_row(&stage, 1, 2, "CREATED", 1).await;
    waybill_row(&stage, 2, 2, "CANCELLED", 0).await;
    let locked = ask(&stage, &mut replies, Role::Dispatcher, &lock(ROUTE_1)).await;
    assert_eq!(
        (locked.outcome, locked.aggregate.as_deref()),
        (ReplyOutcome::Applied, Some(ROUTE_1))
    );
    until(&stage, "LOCKED 2, UNASSIGNED 2").await;
    let again = ask(&stage, &mut replies, Role::Admin, &lock(ROUTE_1)).await;
    assert_eq!((again.outcome, again.version), (ReplyOutcome::Duplicate, locked.version));
    tell(&stage, 2, &held(1)).await;
    tell(&stage, 2, &cancelled(2)).await;
    waybill_row(&stage, 1, 3, "CREATED", 0).await;
    tell(&stage, 3, &released(1)).await;
    until(&stage, "ASSIGNED 1, LOCKED 2, UNASSIGNED 1").await;
    let refused = ask(&stage, &mut replies, Role::CsAgent, &reschedule(3, 1)).await;
    assert_eq!(refused.code, "PLACE_LOCKED");

    // the road itself says that it leaves, with 3 and without 4
    waybill_row(&stage, 3, 3, "LOADED", 0).await;
    attempt(&stage, 3, 1).await;
    let road = PublishAs::default().user("partner-ods").reply_to(replies.queue());
    stage.publish(road, &dispatch(ROUTE_1)).await.unwrap();
    assert_eq!(replies.next(IN_TIME).await.outcome, ReplyOutcome::Applied);
    until(&stage, "ASSIGNED 1, LOCKED 1, UNASSIGNABLE MISSED 1, UNASSIGNED 1").await;
    audit(&stage).await;

    waybill_row(&stage, 3, 4, "DELIVERY_FAILED", 0).await;
    tell(&stage, 4, &failed(3, 1)).await;
    until(&stage, "ASSIGNED 1, UNASSIGNABLE MISSED 1, UNASSIGNED 2").await;
    let moved = ask(&stage, &mut replies, Role::CsAgent, &reschedule(3, 1)).await;
    assert_eq!(moved.outcome, ReplyOutcome::Applied);
    until_row(&stage, 3, "state, place_no, delivery_date", "ASSIGNED 2 2035-06-14").await;
    for (number, role, code) in [
        (2, Role::Admin, "WAYBILL_CANCELLED"),
        (4, Role::Customer, "NOT_ALLOWED"),
        (9, Role::Admin, "UNKNOWN_WAYBILL"),
    ] {
        let refused = ask(&stage, &mut replies, role, &reschedule(number, 1)).await;
        assert_eq!((refused.outcome, refused.code.as_str()), (ReplyOutcome::Rejected, code));
    }
    for unknown in ["NORTH-20350613-0900-1300-Z01-999", "x"] {
        let refused = ask(&stage, &mut replies, Role::Dispatcher, &lock(unknown)).await;
        assert_eq!(refused.code, "UNKNOWN_ROUTE");
    }
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn a_correction_is_noted_and_a_pickup_that_failed_is_free() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    let back = contracts::WaybillCreated { kind: WaybillKind::Return, ..waybill(1) };
    tell(&stage, 1, &back).await;
    until(&stage, "ASSIGNED 1").await;
    let left = ask(&stage, &mut replies, Role::Road, &dispatch(ROUTE_1)).await;
    assert_eq!(left.outcome, ReplyOutcome::Applied);
    until(&stage, "LOCKED 1").await;
    let kind: String = stage.scalar("SELECT kind FROM assignment").await;
    assert_eq!(kind, "RETURN");
    let to = WaybillStatus::PickupFailed;
    let nobody_there = WaybillStatusChanged { to, kind: WaybillKind::Return, ..failed(1, 1) };
    tell(&stage, 4, &nobody_there).await;
    until(&stage, "UNASSIGNED 1").await;
    let corrected = WaybillCorrected {
        waybill_id: Uuid::from_u128(1),
        waybill_no: no(1),
        kind: WaybillKind::Return,
        status: WaybillStatus::Created,
        attempt: 0,
        failed_attempts: 0,
        occurred_at: time("2035-06-13T12:00:00Z"),
    };
    tell(&stage, 5, &corrected).await;
    until_row(&stage, 1, "state, waybill_version", "UNASSIGNED 5").await;
    let moved = ask(&stage, &mut replies, Role::CsAgent, &reschedule(1, 1)).await;
    assert_eq!(moved.outcome, ReplyOutcome::Applied);
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

fn requested(amendment: WaybillAmendment) -> AmendmentRequested {
    AmendmentRequested { amendment }
}

#[tokio::test]
async fn an_amendment_is_reserved_once_and_decided_once() {
    let stage = stage(&parts()).await;
    let mut events = stage.tap(Exchange::Events, "#").await;
    let worker = start(&stage, &[]).await;
    // asked for before ADRA has heard of the waybill: the ladder brings it back
    let asked = litres(1, 7, 5);
    tell(&stage, 1, &requested(asked.clone())).await;
    eventually("it waits in the ladder", async || {
        let (soon, later) = (KIND.retry_queue(RetryTier::S1), KIND.retry_queue(RetryTier::S10));
        (stage.depth(&soon).await + stage.depth(&later).await > 0).then_some(())
    })
    .await;
    tell(&stage, 1, &waybill(1)).await;
    let (envelope, reserved) = events.next_of::<AmendmentReserved>().await;
    assert_eq!((envelope.seq, &reserved.amendment), (Some(2), &asked));
    until_row(&stage, 1, "state, version, dry_ml", "ASSIGNED 2 5000").await;

    // the same amendment in another message
    tell(&stage, 1, &requested(asked.clone())).await;
    let decided =
        AmendmentDecided { by: AmendmentDecider::SalesOrder, refused: None, amendment: asked };
    for _ in 0..2 {
        tell(&stage, 2, &decided).await;
    }
    let less = litres(1, 8, 1);
    let settled = "SELECT COUNT(*) FROM inbox";
    eventually("settled", async || (stage.scalar::<i64>(settled).await == 5).then_some(())).await;
    tell(&stage, 3, &requested(less.clone())).await;
    let (_, reserved) = events.next_of::<AmendmentReserved>().await;
    assert_eq!(
        reserved.amendment.amendment_id, less.amendment_id,
        "the first one was not told again"
    );
    audit(&stage).await;
    let refused = Some("AMEND_TOO_LATE".to_owned());
    let decided = AmendmentDecided { refused, amendment: less, ..decided };
    tell(&stage, 4, &decided).await;
    let rows = "SELECT GROUP_CONCAT(CONCAT_WS(' ', state, code) ORDER BY amendment_id SEPARATOR ', ') \
        FROM assignment_amendment";
    eventually("decided", async || {
        let found = stage.scalar::<String>(rows).await;
        (found == "APPLIED, REFUSED AMEND_TOO_LATE").then_some(())
    })
    .await;
    until_row(&stage, 1, "dry_ml", "5000").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn a_destination_changes_until_the_warehouse_picks() {
    let stage = stage(&parts()).await;
    let mut events = stage.tap(Exchange::Events, "amendment.#").await;
    let worker = start(&stage, &[]).await;
    waybill_row(&stage, 1, 1, "CREATED", 0).await;
    stage.run_sql("UPDATE waybill SET customer_ref = 'C-1'").await;
    tell(&stage, 1, &waybill(1)).await;
    until(&stage, "ASSIGNED 1").await;
    let key = "stop_key = (SELECT s.stop_key FROM route_stop s)";
    tell(&stage, 1, &requested(destination(1, 1, "D003", 1))).await;
    let (_, decided) = events.next_of::<AmendmentDecided>().await;
    assert_eq!((decided.by, decided.refused), (AmendmentDecider::AdraAssigner, None));
    let columns = format!("district, zone, delivery_date, timeslot, place_no, {key}");
    until_row(&stage, 1, &columns, "D003 Z02 2035-06-14 0900-1300 2 1").await;

    stage
        .run_sql(
            "INSERT INTO sales_order VALUES (x'01', 'shop-1-1/1', 'shop-1-1', 1, 1, 'DRY', 'batch', 'PICKING', \
               '', NULL, 'R', '2035-06-14', '0900-1300', 1, NOW(6), NOW(6))",
        )
        .await;
    tell(&stage, 2, &requested(destination(1, 2, "D001", 0))).await;
    let (_, decided) = events.next_of::<AmendmentDecided>().await;
    assert_eq!(decided.refused.as_deref(), Some("AMEND_TOO_LATE"));
    until_row(&stage, 1, &columns, "D003 Z02 2035-06-14 0900-1300 2 1").await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}
