//! Questions that wait: the road answers them, and others are told once that nobody does.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{CancellationDecided, CancellationOverdue};
use serde_json::json;
use testkit::eventually;

use super::floor::{Floor, READY};
use super::samples::WAYBILL;

const IMPATIENT: [&str; 4] =
    ["--cancellation-overdue-minutes", "0", "--cancellation-sweep-seconds", "1"];
const PATIENT: [&str; 2] = ["--cancellation-sweep-seconds", "1"];

#[tokio::test]
async fn nobody_answers_is_told_once_and_the_answer_counts_all_the_same() {
    let mut floor = Floor::open(&READY, 2, &IMPATIENT).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.cancel().await, "PARKED");
    let (envelope, overdue) = floor.events.next_of::<CancellationOverdue>().await;
    assert_eq!((overdue.waybill_no.as_str(), overdue.question), (WAYBILL, 1));
    assert_eq!(envelope.user_id.as_str(), "dray-sales-order");
    assert_eq!(floor.row("status").await["status"], "CANCELLATION_REQUESTED");

    // a second question is asked and told of after several more looks: the first was told of once
    assert_eq!(floor.decide(1, Rejected).await, "APPLIED");
    assert_eq!(floor.cancel().await, "PARKED");
    let (_, overdue) = floor.events.next_of::<CancellationOverdue>().await;
    assert_eq!(overdue.question, 2);
    assert_eq!(floor.decide(2, Accepted).await, "APPLIED");
    assert_eq!(floor.row("status").await["status"], "CANCELLED");
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
