//! Questions that wait: the road answers them, and others are told once that nobody does.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{CancelWaybill, CancellationDecided, CancellationOverdue, Role, WaybillNo};
use serde_json::json;
use testkit::eventually;

use super::floor::{Floor, READY, by};
use super::samples::{WAYBILL, cancel};

const IMPATIENT: [&str; 4] =
    ["--cancellation-overdue-minutes", "0", "--cancellation-sweep-seconds", "1"];
const PATIENT: [&str; 2] = ["--cancellation-sweep-seconds", "1"];

/// Another waybill, which its merchant picks.
const OTHER: &str = "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts,
    open_holds, parked, lifecycle, kind, merchant, fulfilled_by, exists_since, first_seen_at, updated_at)
  VALUES (UNHEX(REPEAT('1', 32)), 'uci-536366-1', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', 'M01',
    'merchant', NOW(6), NOW(6), NOW(6))";

#[tokio::test]
async fn nobody_answers_is_told_once_and_the_answer_counts_all_the_same() {
    let mut floor = Floor::open(&READY, 2, &IMPATIENT).await;
    floor.stage.run_sql(OTHER).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.cancel().await, "PARKED");
    let (envelope, overdue) = floor.events.next_of::<CancellationOverdue>().await;
    assert_eq!((overdue.waybill_no.as_str(), overdue.question), (WAYBILL, 1));
    assert_eq!(envelope.user_id.as_str(), "dray-sales-order");
    assert_eq!(floor.row("status").await["status"], "CANCELLATION_REQUESTED");

    // a later look tells of the other one only, though the first is still open and would come before it
    let waybill_no = WaybillNo::new("uci-536366-1").unwrap();
    let other = CancelWaybill { waybill_no, ..cancel() };
    assert_eq!(floor.ask(by(Role::CsAgent, None), &other).await, "PARKED");
    let (_, overdue) = floor.events.next_of::<CancellationOverdue>().await;
    assert_eq!(overdue.waybill_no, other.waybill_no);
    let told = "SELECT COUNT(*) FROM sales_order_question WHERE overdue_at IS NOT NULL";
    assert_eq!(floor.stage.scalar::<i64>(told).await, 2);

    assert_eq!(floor.decide(1, Accepted).await, "APPLIED");
    let cancelled = "SELECT COUNT(*) FROM sales_order WHERE reached = 'SUBMITTED,CANCELLED:1'";
    assert_eq!(floor.stage.scalar::<i64>(cancelled).await, 1);
    floor.close().await;
}

#[tokio::test]
async fn on_the_road_before_the_answer_is_a_no() {
    let mut floor = Floor::open(&READY, 1, &PATIENT).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.cancel().await, "PARKED");
    floor.stage.run_sql("UPDATE waybill SET status = 'DISPATCHED'").await;
    let (envelope, decided) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!((envelope.seq, decided.verdict), (Some(3), Rejected));
    let expected = json!({"status": "SUBMITTED", "reached": "SUBMITTED,KEPT:1", "version": 3});
    assert_eq!(floor.row("status, reached, version").await, expected);
    let sql = "SELECT verdict, decided_by FROM sales_order_question";
    let expected = json!({"verdict": "REJECTED", "decided_by": "sales-order"});
    assert_eq!(floor.stage.rows(sql).await, [expected]);
    assert_eq!(floor.decide(1, Accepted).await, "STALE");
    assert_eq!(floor.cancel().await, "CANCEL_TOO_LATE");
    eventually("the outbox is empty", async || {
        (floor.stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;
    floor.close().await;
}
