//! Reports that wait too long are counted, by one instance at a time.

use queue_topology::WorkerKind;
use telemetry::{Gauge, Registry};
use testkit::Stage;
use uuid::Uuid;

use crate::parked::ParkedWatch;

fn gauge() -> Gauge {
    Registry::new("waybill-status").gauge("parked", "Parked")
}

async fn insert(stage: &Stage, waybill_no: &str, parked_since: &str) {
    stage
        .run_sql(&format!(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, \
               parked_since, lifecycle, kind, first_seen_at, updated_at) \
             VALUES (UNHEX('{}'), '{waybill_no}', 1, 'STUB', 0, 0, 0, 1, {parked_since}, '{{}}', 'FORWARD', \
               UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
            Uuid::now_v7().simple()
        ))
        .await;
}

#[tokio::test]
async fn reports_that_wait_for_over_15_minutes_are_counted_once() {
    let stage = Stage::new(&[WorkerKind::WaybillStatus]).await;
    insert(&stage, "a-1-1", "UTC_TIMESTAMP(6) - INTERVAL 16 MINUTE").await;
    insert(&stage, "a-2-1", "UTC_TIMESTAMP(6) - INTERVAL 2 DAY").await;
    insert(&stage, "a-3-1", "UTC_TIMESTAMP(6) - INTERVAL 14 MINUTE").await;
    insert(&stage, "a-4-1", "NULL").await;

    let (one, two) = (gauge(), gauge());
    let watch = |name: &str, gauge: &Gauge| {
        ParkedWatch::new(stage.database(), name.to_owned(), gauge.clone())
    };
    let (first, second) = (watch("one", &one), watch("two", &two));
    first.look().await.unwrap();
    second.look().await.unwrap();
    assert_eq!((one.get(), two.get()), (2, 0), "the lease is the first one's");

    stage.run_sql("UPDATE waybill SET parked_since = NULL WHERE waybill_no = 'a-1-1'").await;
    first.look().await.unwrap();
    assert_eq!(one.get(), 1);
    stage.run_sql("UPDATE lease SET held_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND").await;
    second.look().await.unwrap();
    first.look().await.unwrap();
    assert_eq!((one.get(), two.get()), (0, 1), "it went over to the second");
    stage.close().await;
}
