//! Names, counts and quantiles.

use std::time::{Duration, Instant};

use crate::{
    Connection, DatabaseError, Histogram, Outcome, Published, Registry, Snapshot, Stage,
    WorkerMetrics,
};

fn worked() -> (Registry, WorkerMetrics) {
    let registry = Registry::new("waybill-status");
    let metrics = WorkerMetrics::register(&registry);
    metrics.messages("waybill.report", Outcome::Applied, 3);
    metrics.messages("waybill.report", Outcome::Duplicate, 1);
    metrics.messages("unknown", Outcome::Undecodable, 1);
    metrics.batch(5);
    metrics.stage(Stage::Commit, Duration::from_millis(3));
    metrics.stage(Stage::Total, Duration::from_millis(8));
    metrics.latency(Duration::from_millis(40));
    metrics.in_flight(5);
    metrics.in_flight(-2);
    metrics.set_lanes(4);
    metrics.set_prefetch(512);
    metrics.set_paused(true);
    metrics.set_tripped(true);
    metrics.set_outbox_pending(7);
    metrics.published(Published::Confirmed, 9);
    metrics.published(Published::Nacked, 2);
    metrics.reconnected(Connection::Database);
    metrics.database_error(DatabaseError::Deadlock);
    (registry, metrics)
}

#[test]
fn every_name_is_scraped_as_documented() {
    let (registry, _metrics) = worked();
    let text = registry.encode().unwrap();
    let lines = [
        r#"dray_messages_total{worker="waybill-status",type="waybill.report",outcome="applied"} 3"#,
        r#"dray_messages_total{worker="waybill-status",type="unknown",outcome="undecodable"} 1"#,
        r#"dray_batch_size_bucket{worker="waybill-status",le="8.0"} 1"#,
        r#"dray_batch_size_count{worker="waybill-status"} 1"#,
        r#"dray_batch_duration_seconds_count{worker="waybill-status",stage="commit"} 1"#,
        r#"dray_message_latency_seconds_bucket{worker="waybill-status",le="0.05"} 1"#,
        r#"dray_message_latency_seconds_bucket{worker="waybill-status",le="0.02"} 0"#,
        r#"dray_message_latency_seconds_bucket{worker="waybill-status",le="+Inf"} 1"#,
        r#"dray_in_flight{worker="waybill-status"} 3"#,
        r#"dray_lanes{worker="waybill-status"} 4"#,
        r#"dray_prefetch{worker="waybill-status"} 512"#,
        r#"dray_paused{worker="waybill-status"} 1"#,
        r#"dray_kill_switch_tripped{worker="waybill-status"} 1"#,
        r#"dray_outbox_pending{worker="waybill-status"} 7"#,
        r#"dray_published_total{worker="waybill-status",result="nacked"} 2"#,
        r#"dray_published_total{worker="waybill-status",result="returned"} 0"#,
        r#"dray_reconnects_total{worker="waybill-status",kind="database"} 1"#,
        r#"dray_db_errors_total{worker="waybill-status",class="deadlock"} 1"#,
        r#"dray_process_resident_bytes{worker="waybill-status"} "#,
        r#"dray_process_cpu_seconds_total{worker="waybill-status"} "#,
        "# UNIT dray_batch_duration_seconds seconds",
    ];
    for line in lines {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn each_name_is_described_once() {
    let (registry, _metrics) = worked();
    let text = registry.encode().unwrap();
    let mut described: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let all = described.len();
    described.sort_unstable();
    described.dedup();
    assert_eq!(described.len(), all, "{text}");
}

#[test]
fn counters_kept_elsewhere_are_read_at_each_scrape() {
    let registry = Registry::new("query-desk");
    let own = registry.counter("dray_answers", "Answers given");
    registry.counters_from("dray_cache_requests", "Cache requests.", "result", || {
        vec![("hit", 5), ("miss", 2)]
    });
    own.inc();
    let text = registry.encode().unwrap();
    for line in [
        r#"dray_cache_requests_total{worker="query-desk",result="miss"} 2"#,
        r#"dray_answers_total{worker="query-desk"} 1"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_snapshot_sums_up() {
    let (_registry, metrics) = worked();
    let snapshot = metrics.snapshot(Instant::now());
    assert_eq!(snapshot.messages["applied"], 3);
    assert_eq!(snapshot.messages["undecodable"], 1);
    assert_eq!(snapshot.messages["parked"], 0);
    assert_eq!((snapshot.batches, snapshot.batch_size_mean), (1, Some(5.0)));
    assert_eq!((snapshot.published, snapshot.publish_failures), (9, 2));
    assert!(snapshot.paused && snapshot.in_flight == 3 && snapshot.outbox_pending == 7);
    let p99 = snapshot.latency_p99_seconds.unwrap();
    assert!((0.02..=0.05).contains(&p99), "{p99}");
}

#[test]
fn quantiles_forget_what_is_long_past() {
    let registry = Registry::new("w");
    let metrics = WorkerMetrics::register(&registry);
    let start = Instant::now();
    let p99_at = |seconds| -> Option<f64> {
        let Snapshot { latency_p99_seconds, .. } =
            metrics.snapshot(start + Duration::from_secs(seconds));
        latency_p99_seconds
    };

    metrics.latency(Duration::from_secs(4));
    assert!(p99_at(0).unwrap() > 2.0);
    metrics.latency(Duration::from_millis(1));
    p99_at(10);
    metrics.latency(Duration::from_millis(1));
    assert!(p99_at(20).unwrap() < 0.1, "the slow one is older than the window");
    p99_at(30);
    assert_eq!(p99_at(40), None, "and then there was nothing");
}

#[test]
fn quantiles_interpolate_within_the_bucket() {
    let histogram = Histogram::new(&[1.0, 2.0, 4.0]);
    assert_eq!(histogram.buckets().quantile(0.5), None);
    assert_eq!(histogram.buckets().mean(), None);

    for value in [0.5, 1.5, 1.5, 3.0] {
        histogram.observe(value);
    }
    let buckets = histogram.buckets();
    assert_eq!(buckets.quantile(0.25), Some(1.0));
    assert_eq!(buckets.quantile(0.5), Some(1.5));
    assert_eq!(buckets.quantile(0.75), Some(2.0));
    assert_eq!(buckets.quantile(1.0), Some(4.0));
    assert_eq!(buckets.mean(), Some(1.625));

    histogram.observe(100.0);
    histogram.observe(f64::NAN);
    let later = histogram.buckets();
    assert_eq!(later.count(), 5, "what is no number is not counted");
    assert_eq!(later.since(&buckets).quantile(0.5), Some(4.0), "above all bounds");
}

#[test]
fn concurrent_observations_are_all_counted() {
    let histogram = Histogram::seconds();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| histogram.observe(0.25)));
        }
    });
    let buckets = histogram.buckets();
    assert_eq!((buckets.count(), buckets.sum()), (4_000, 1_000.0));
}
