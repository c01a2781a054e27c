//! Violations planted by hand in a small, right database: each is found by the check it is meant for.

use std::collections::BTreeSet;

use testkit::Stage;

use super::super::*;
use crate::digest;

const DAY: &str = include_str!("day.sql");

const TABLES: [&str; 28] = [
    "zone_quota",
    "truck_type",
    "truck_pool",
    "route_template",
    "import_file",
    "inbox",
    "outbox",
    "orders",
    "order_line",
    "order_return",
    "customer_return",
    "customer_return_line",
    "customer_return_part",
    "waybill",
    "waybill_line",
    "waybill_event",
    "route",
    "route_stop",
    "assignment",
    "assignment_amendment",
    "quota_bucket",
    "quota_ledger",
    "truck_use",
    "sales_order",
    "sales_order_line",
    "sales_order_question",
    "sales_order_change",
    "partner_delivery",
];

/// A row deleted, doubled or changed by hand, and the check that has to say so.
const PLANTED: [(&str, &str); 78] = [
    ("DELETE FROM order_line WHERE line_no = 4", "order-has-its-lines"),
    ("DELETE FROM orders", "line-has-its-order"),
    ("DELETE FROM waybill WHERE waybill_no = 'shop-7-2'", "order-has-its-waybills"),
    (
        "UPDATE waybill SET exists_since = NULL WHERE waybill_no = 'shop-7-2'",
        "order-has-its-waybills",
    ),
    ("DELETE FROM orders", "waybill-has-its-order"),
    ("DELETE FROM waybill_line WHERE line_no = 2", "line-is-on-one-waybill"),
    ("INSERT INTO waybill_line VALUES (x'12', 1, 'a', 2, 'dry')", "line-is-on-one-waybill"),
    ("INSERT INTO waybill_line VALUES (x'12', 4, 'POST', 1, 'dry')", "line-is-on-one-waybill"),
    ("UPDATE waybill_line SET quantity = 1 WHERE line_no = 1", "line-is-on-one-waybill"),
    ("INSERT INTO waybill_line VALUES (x'12', 1, 'a', 2, 'dry')", "waybill-line-is-an-order-line"),
    ("INSERT INTO waybill_line VALUES (x'99', 1, 'a', 2, 'dry')", "waybill-line-is-an-order-line"),
    ("UPDATE waybill SET weight_g = weight_g + 1", "waybill-adds-up"),
    ("DELETE FROM assignment WHERE state = 'UNASSIGNABLE'", "waybill-is-decided"),
    ("UPDATE assignment SET reason = NULL", "waybill-is-decided"),
    (
        "UPDATE assignment SET state = 'UNASSIGNED' WHERE state = 'UNASSIGNABLE'",
        "waybill-is-decided",
    ),
    ("DELETE FROM waybill WHERE waybill_no = 'shop-7-2'", "assignment-carries-its-waybill"),
    ("DELETE FROM sales_order", "assigned-has-a-sales-order"),
    ("UPDATE sales_order SET live = NULL", "assigned-has-a-sales-order"),
    ("DELETE FROM waybill WHERE waybill_no = 'shop-7-1'", "sales-order-has-its-waybill"),
    ("DELETE FROM sales_order_line WHERE line_no = 1", "sales-order-has-the-lines"),
    ("UPDATE sales_order_line SET quantity = 9 WHERE line_no = 1", "sales-order-has-the-lines"),
    ("DELETE FROM partner_delivery", "warehouse-was-told"),
    (
        "INSERT INTO sales_order_question (waybill_no, question, asked_by, asked_at, verdict, decided_by) \
         VALUES ('shop-7-1', 2, 'cs', '2025-03-10', 'REJECTED', 'sales-order')",
        "questions-are-numbered",
    ),
    (
        "INSERT INTO sales_order_question (waybill_no, question, asked_by, asked_at) \
         VALUES ('shop-7-1', 1, 'cs', '2025-03-10')",
        "open-question-is-waited-for",
    ),
    ("UPDATE sales_order SET status = 'CANCELLATION_REQUESTED'", "open-question-is-waited-for"),
    ("UPDATE sales_order SET status = 'CANCELLED'", "cancelled-was-granted"),
    (
        "INSERT INTO sales_order_question (waybill_no, question, asked_by, asked_at, verdict, decided_by) \
         VALUES ('shop-7-1', 1, 'cs', '2025-03-10', 'REJECTED', 'partner-wms')",
        "warehouse-was-asked",
    ),
    ("UPDATE waybill SET status = 'CANCELLED'", "cancelled-is-cancelled"),
    ("UPDATE sales_order SET live = NULL", "sales-orders-are-linked"),
    ("UPDATE sales_order SET successor = 'shop-7-1/2'", "sales-orders-are-linked"),
    ("DELETE FROM sales_order_change WHERE version = 2", "sales-order-has-its-history"),
    ("UPDATE sales_order SET version = 3", "sales-order-has-its-history"),
    ("UPDATE import_file SET orders_accepted = 2", "file-is-accounted-for"),
    ("UPDATE import_file SET orders_accepted = 0", "file-is-accounted-for"),
    ("UPDATE import_file SET state = 'RUNNING'", "file-is-done"),
    ("UPDATE order_line SET delivered = 2 WHERE line_no = 1", "line-counts-its-waybill"),
    ("UPDATE order_line SET shipped = 1 WHERE line_no = 3", "line-counts-its-waybill"),
    (
        "UPDATE order_line SET removed = 1, waybill_no = NULL WHERE line_no = 3",
        "line-counts-its-waybill",
    ),
    ("UPDATE waybill SET status = 'CANCELLED'", "line-counts-its-waybill"),
    ("UPDATE waybill SET status = 'LOST', attempt = 1", "line-counts-its-waybill"),
    ("UPDATE order_line SET delivered = 1 WHERE line_no = 4", "fee-shares-the-fate"),
    ("UPDATE order_line SET cancelled = quantity WHERE line_no < 4", "fee-shares-the-fate"),
    ("UPDATE orders SET status = 'PARTIALLY_SHIPPED'", "order-is-what-its-lines-are"),
    ("UPDATE order_line SET lost = quantity", "order-is-what-its-lines-are"),
    ("UPDATE orders SET return_status = 'RETURNED'", "return-status-follows"),
    ("UPDATE order_line SET returned = 1 WHERE line_no = 1", "line-counts-its-returns"),
    ("UPDATE order_return SET taken = '{\"1\":1,\"2\":1}'", "line-counts-its-returns"),
    ("UPDATE customer_return_line SET received = 2", "return-is-counted-once"),
    (
        "INSERT INTO outbox (message_id, worker, exchange, routing_key, message_type, body, created_at) \
         VALUES (x'B1', 'w', 'e', 'k', 't', '{}', '2025-03-10')",
        "outbox-is-empty",
    ),
    ("DELETE FROM inbox WHERE consumer = 'order-intake'", "order-was-created-once"),
    (
        "INSERT INTO waybill_event SELECT waybill_id, 3, message_id, message_type, fact, attempt, outcome, \
         code, status, actor, correlation_id, occurred_at, received_at, sender, detail, batch_id \
         FROM waybill_event WHERE version = 2",
        "message-moved-a-waybill-once",
    ),
    ("DELETE FROM inbox WHERE sender = 'dray-wms-sync'", "history-came-by-message"),
    (
        "DELETE FROM waybill_event WHERE version = 1 ORDER BY waybill_id LIMIT 1",
        "history-has-no-gap",
    ),
    ("UPDATE waybill SET version = 3 WHERE waybill_no = 'shop-7-1'", "history-has-no-gap"),
    ("DELETE FROM waybill WHERE waybill_no = 'shop-7-2'", "history-has-its-waybill"),
    (
        "UPDATE waybill SET status = 'PICKED' WHERE waybill_no = 'shop-7-1'",
        "history-ends-at-the-status",
    ),
    (
        "UPDATE waybill_event SET status = IF(version = 1, 'PACKED', 'ACKNOWLEDGED')",
        "history-moves-forward",
    ),
    ("UPDATE assignment SET route_id = x'99' WHERE state = 'ASSIGNED'", "place-is-on-a-route"),
    ("UPDATE route SET status = 'CLOSED'", "place-is-on-a-route"),
    ("UPDATE route SET status = 'LOCKED'", "place-is-locked-with-its-route"),
    (
        "UPDATE assignment SET state = 'LOCKED' WHERE state = 'ASSIGNED'",
        "place-is-locked-with-its-route",
    ),
    ("UPDATE waybill SET failed_places = 1", "failed-place-is-free"),
    (
        "INSERT INTO assignment_amendment VALUES ('shop-7-1', x'71', 'QUANTITIES', 'RESERVED', NULL, 'mixed', \
         2000, 1500, 1300, 'mixed', 2001, 1500, 1300, '2025-03-10', '2025-03-10')",
        "amendment-has-its-room",
    ),
    (
        "INSERT INTO assignment_amendment VALUES ('shop-9-9', x'71', 'QUANTITIES', 'RESERVED', NULL, 'dry', \
         1, 0, 1, 'dry', 1, 0, 1, '2025-03-10', '2025-03-10')",
        "amendment-has-its-room",
    ),
    ("UPDATE quota_bucket SET waybills = 0", "ledger-adds-up-to-bucket"),
    ("DELETE FROM quota_ledger WHERE version = 2", "ledger-adds-up-to-bucket"),
    ("DELETE FROM quota_bucket", "ledger-adds-up-to-bucket"),
    ("UPDATE quota_ledger SET version = 4 WHERE version = 2", "ledger-stays-within-quota"),
    ("UPDATE quota_ledger SET waybills = 2 WHERE version = 3", "ledger-matches-the-places"),
    ("UPDATE assignment SET state = 'UNASSIGNABLE', reason = 'MISSED'", "bucket-is-its-places"),
    ("UPDATE route SET dry_ml = dry_ml + 1", "route-is-its-places"),
    ("DELETE FROM route_stop", "stop-is-its-places"),
    ("DELETE FROM truck_use", "truck-use-is-its-routes"),
    ("UPDATE truck_pool SET trucks = 0", "truck-use-stays-within-the-pool"),
    ("UPDATE route_stop SET waybills = 2", "stop-is-its-places"),
    ("UPDATE route SET stops = 2", "route-counts-its-stops"),
    ("UPDATE truck_use SET used = 2", "truck-use-is-its-routes"),
    ("UPDATE truck_type SET profiles = 'dry=20'", "truck-holds-its-route"),
];

struct Small {
    stage: Stage,
}

impl Small {
    async fn new() -> Self {
        let small = Self { stage: Stage::new(&[]).await };
        small.reset().await;
        small
    }

    async fn reset(&self) {
        for table in TABLES {
            self.stage.run_sql(&format!("DELETE FROM {table}")).await;
        }
        for statement in DAY.split(";\n").filter(|statement| !statement.trim().is_empty()) {
            self.stage.run_sql(statement).await;
        }
    }

    async fn snapshot(&self) -> Snapshot {
        Snapshot::open(&Secret::new(self.stage.database_url())).await.unwrap()
    }

    async fn violated(&self) -> BTreeSet<&'static str> {
        let results = database(&mut self.snapshot().await).await.unwrap();
        let violated = results.iter().filter(|result| result.violations > 0);
        violated.map(|result| result.name).collect()
    }

    async fn digest(&self) -> String {
        digest::fingerprint(&mut self.snapshot().await).await.unwrap().sha256
    }
}

#[tokio::test]
async fn a_right_database_passes_and_every_planted_violation_is_found() {
    let small = Small::new().await;
    let results = database(&mut small.snapshot().await).await.unwrap();
    for result in &results {
        assert_eq!((result.violations, &result.named), (0, &Vec::new()), "{}", result.name);
    }
    let mut unproven: BTreeSet<&str> = results.iter().map(|result| result.name).collect();

    for (plant, check) in PLANTED {
        small.stage.run_sql(plant).await;
        let violated = small.violated().await;
        assert!(violated.contains(check), "{plant}: {check} says nothing, only {violated:?}");
        unproven.remove(check);
        small.reset().await;
    }
    assert!(unproven.is_empty(), "no planted violation proves these: {unproven:?}");
    small.stage.close().await;
}

#[tokio::test]
async fn violations_are_counted_and_the_first_ten_are_named() {
    let small = Small::new().await;
    for number in 0..25 {
        let columns = "message_id, worker, exchange, routing_key, message_type, body, created_at";
        small.stage
            .run_sql(&format!(
                "INSERT INTO outbox ({columns}) VALUES (x'{number:02}', 'w', 'e', 'k', 't', '{{}}', '2025-03-10')"
            ))
            .await;
    }
    let args = arguments(&small.stage, None);
    let report = run(&args).await.unwrap();
    assert!(!report.holds);
    let outbox = report.checks.iter().find(|check| check.name == "outbox-is-empty").unwrap();
    assert_eq!((outbox.examined, outbox.violations, outbox.named.len()), (25, 25, 10));
    assert_eq!(outbox.named[0].detail, "w t");
    small.stage.close().await;
}

fn arguments(stage: &Stage, journal: Option<PathBuf>) -> VerifyArgs {
    VerifyArgs {
        database_url: Secret::new(stage.database_url()),
        amqp_url: None,
        journal,
        manifest: None,
        dead_letters_allowed: 0,
        json: false,
    }
}

#[tokio::test]
async fn a_confirmed_message_that_nobody_knows_is_found() {
    let small = Small::new().await;
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("journal.jsonl");
    let entry = |id: &str, state: &str| {
        format!(
            "{{\"consumer\":\"wms-sync\",\"sender\":\"partner-wms\",\"message_id\":\"{id}\",\
             \"state\":\"{state}\"}}\n"
        )
    };
    let known = entry("0190a0b0-c0d0-7000-8000-00000000000a", "confirmed");
    let unknown = entry("0190a0b0-c0d0-7000-8000-00000000000b", "unknown");
    std::fs::write(&journal, format!("{known}{known}{unknown}")).unwrap();
    let check = |report: &Report| {
        let check = report.checks.iter().find(|check| check.name == "confirmed-is-settled");
        let check = check.unwrap();
        (check.examined, check.violations)
    };
    let args = arguments(&small.stage, Some(journal.clone()));
    assert_eq!(check(&run(&args).await.unwrap()), (1, 0));

    let lost = entry("0190a0b0-c0d0-7000-8000-00000000000c", "confirmed");
    std::fs::write(&journal, format!("{known}{lost}{{\"cut off")).unwrap();
    let report = run(&args).await.unwrap();
    assert_eq!(check(&report), (2, 1));
    assert!(!report.holds);
    small.stage.close().await;
}

#[tokio::test]
async fn an_order_that_vanished_without_a_trace_is_missed_by_the_manifest() {
    let small = Small::new().await;
    small.stage.run_sql("UPDATE waybill SET source = 'shop'").await;
    let dir = tempfile::tempdir().unwrap();
    let manifest = dir.path().join("manifest.json");
    let text = r#"{"seed": 1, "orders": 2, "lines": 5, "ordered_from": "2025-03-09T00:00:00Z",
        "ordered_until": "2025-03-10T00:00:00Z", "first_delivery": "2025-03-11",
        "sources": {"shop": {"files": 1, "lines": 5, "orders": 2}}, "planted": {"oversized": 1},
        "expected": {"accepted_orders": 1, "rejected_orders": 0, "accepted_lines": 4,
            "rejected_lines": 0, "waybills": 2, "waybills_without_place": 1}}"#;
    std::fs::write(&manifest, text).unwrap();
    let args = VerifyArgs { manifest: Some(manifest), ..arguments(&small.stage, None) };
    let report = run(&args).await.unwrap();
    assert!(report.holds, "{report:?}");

    for table in TABLES.iter().filter(|table| !table.contains('_') || table.starts_with("quota")) {
        small.stage.run_sql(&format!("DELETE FROM {table}")).await;
    }
    let report = run(&args).await.unwrap();
    let check = report.checks.iter().find(|check| check.name == "day-is-as-planned").unwrap();
    assert_eq!((check.examined, check.violations), (5, 4));
    small.stage.close().await;
}

#[tokio::test]
async fn the_digest_sees_what_must_be_equal_and_not_what_may_differ() {
    let small = Small::new().await;
    let digest = small.digest().await;
    for same in [
        "UPDATE route SET truck_type = 'OTHER', route_ref = 'R9'",
        "UPDATE waybill SET version = 9, updated_at = NOW()",
        "UPDATE assignment SET route_id = x'77', version = 8 WHERE state = 'ASSIGNED'",
    ] {
        small.stage.run_sql(same).await;
        assert_eq!(small.digest().await, digest, "{same}");
    }
    small.reset().await;
    for other in [
        "UPDATE orders SET waybill_count = 3",
        "UPDATE order_line SET quantity = 9 WHERE line_no = 1",
        "UPDATE waybill SET status = 'PICKED' WHERE waybill_no = 'shop-7-1'",
        "UPDATE assignment SET reason = 'DATE_PAST' WHERE state = 'UNASSIGNABLE'",
        "DELETE FROM waybill_line WHERE line_no = 1",
        "UPDATE quota_bucket SET waybills = 2",
    ] {
        small.stage.run_sql(other).await;
        assert_ne!(small.digest().await, digest, "{other}");
        small.reset().await;
    }
    assert_eq!(small.digest().await, digest);
    small.stage.close().await;
}
