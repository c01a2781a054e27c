//! Heartbeats.

use contracts::InstanceReport;
use store::instances::{alive, beat, leave};
use testkit::Stage;

fn report(worker: &str, instance: &str) -> InstanceReport {
    InstanceReport {
        worker: worker.to_owned(),
        instance: instance.to_owned(),
        version: 3,
        concurrency: 4,
        batch_max: 256,
        prefetch: 2_048,
        rate_per_second: None,
        paused: false,
        tripped: false,
        draining: false,
        ready: true,
        in_flight: 0,
        settled_total: 7,
        outbox_pending: 0,
        latency_p50_seconds: Some(0.012),
        latency_p99_seconds: None,
    }
}

#[tokio::test]
async fn who_beats_is_alive_until_it_leaves_or_falls_silent() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    beat(&database, &report("waybill-status", "b"), "127.0.0.1:1").await.unwrap();
    beat(&database, &report("order-intake", "b"), "127.0.0.1:2").await.unwrap();
    beat(&database, &report("order-intake", "a"), "127.0.0.1:3").await.unwrap();
    let newer = InstanceReport { settled_total: 8, ..report("order-intake", "a") };
    beat(&database, &newer, "127.0.0.1:4").await.unwrap();

    let living = alive(&database).await.unwrap();
    let names: Vec<String> =
        living.iter().map(|it| format!("{}/{}", it.report.worker, it.report.instance)).collect();
    assert_eq!(names, ["order-intake/a", "order-intake/b", "waybill-status/b"]);
    assert_eq!(living[0].report, newer);
    assert_eq!(living[0].admin_addr.as_deref(), Some("127.0.0.1:4"));
    assert!((0..10).contains(&living[0].age_seconds));

    leave(&database, "order-intake", "a").await.unwrap();
    let silent = "UPDATE worker_instance SET seen_at = seen_at - INTERVAL 11 SECOND WHERE worker = 'waybill-status'";
    stage.run_sql(silent).await;
    let living = alive(&database).await.unwrap();
    assert_eq!(living.len(), 1);
    assert_eq!(living[0].report.instance, "b");
    stage.close().await;
}
