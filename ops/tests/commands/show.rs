//! Looking things up: what is there, what is not, and what the machine lacks.

use testkit::Stage;

use crate::run::Operator;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_its_own_exit_code() {
    let operator = Operator::on(Stage::new(&[]).await);
    let cases: [&[&str]; 3] = [
        &["order", "show", "shop", "42"],
        &["waybill", "show", "shop-42-1"],
        &["waybill", "trace", "shop-42-1"],
    ];
    for arguments in cases {
        let called = operator.dray(arguments).await;
        assert_eq!(called.exit, 66, "{arguments:?}: {}", called.said);
    }
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waybill_is_shown_with_its_history_and_parked_reports() {
    let operator = Operator::on(Stage::new(&[]).await);
    let stage = &operator.stage;
    stage
        .run_sql(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, \
               parked, parked_since, lifecycle, kind, first_seen_at, updated_at) \
             VALUES (UNHEX('00000000000000000000000000000001'), 'shop-42-1', 1, 'CREATED', 0, 0, 0, 1, \
               UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, '', 'ORDER', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
        )
        .await;
    stage
        .run_sql(
            "INSERT INTO waybill_event (waybill_id, version, message_id, message_type, fact, attempt, outcome, \
               code, status, actor, occurred_at, received_at) \
             VALUES (UNHEX('00000000000000000000000000000001'), 1, UNHEX('00000000000000000000000000000002'), \
               'waybill.report-status.v1', 'DELIVERED', 1, 'PARKED', NULL, 'CREATED', '{}', \
               '2026-01-01 10:00:00', '2026-01-01 10:00:01')",
        )
        .await;
    let shown = operator.ok(&["waybill", "show", "shop-42-1"]).await;
    assert_eq!(shown["waybill"]["status"], "CREATED");
    assert!(shown["waybill"]["tracking_code"].is_null(), "a stub has no label");
    stage.run_sql("UPDATE waybill SET tracking_code = '7ZX4M0QK9C'").await;
    let shown = operator.ok(&["waybill", "show", "shop-42-1"]).await;
    assert_eq!(shown["waybill"]["tracking_code"], "7ZX4M0QK9C");
    let what = shown["timeline"][0]["what"].as_str().unwrap();
    assert!(what.contains("DELIVERED"), "{what}");
    assert_eq!(shown["timeline"][0]["outcome"], "PARKED");
    stage
        .run_sql(
            "UPDATE waybill_event SET sender = 'partner-ods', detail = 'nobody at home', correlation_id = 'c-1', \
               actor = '{\"subject\": \"driver 7\", \"role\": \"road\", \"origin\": \"van 3\"}'",
        )
        .await;
    let traced = operator.ok(&["waybill", "trace", "shop-42-1"]).await;
    let step = &traced[0];
    assert_eq!((&step["actor"], &step["role"]), (&"driver 7".into(), &"road".into()));
    assert_eq!((&step["sender"], &step["origin"]), (&"partner-ods".into(), &"van 3".into()));
    assert_eq!((&step["outcome"], &step["fact"]), (&"PARKED".into(), &"DELIVERED".into()));
    assert_eq!(
        (&step["correlation_id"], &step["detail"]),
        (&"c-1".into(), &"nobody at home".into())
    );
    let parked = operator.ok(&["waybill", "parked", "--limit", "5"]).await;
    assert_eq!(parked[0]["waybill_no"], "shop-42-1");
    assert!(parked[0]["parked_seconds"].as_i64().unwrap() >= 3_600);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_with_its_counters_and_who_changed_what() {
    let operator = Operator::on(Stage::new(&[]).await);
    let actor =
        "{\"subject\": \"shop\", \"role\": \"shop\", \"origin\": \"order-shop-000001.tsv:2\"}";
    let rows = [
        format!(
            "INSERT INTO orders (id, source, order_ref, content_hash, status, return_status, version, ordered_at, \
               district, delivery_date, timeslot, currency, total_minor, line_count, waybill_count, actor, sender, \
               correlation_id, created_at, updated_at) \
             VALUES (REPEAT('i', 16), 'shop', '42', REPEAT('h', 32), 'PARTIALLY_SHIPPED', 'NONE', 2, NOW(6), 'D-101', \
               '2035-06-13', '0900-1300', 'GBP', 100, 1, 1, '{actor}', 'dray-hotfolder-ingest', 'c-1', \
               '2026-01-01 09:00:00', '2026-01-01 11:00:00')"
        ),
        "INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, sku_type, volume_ml, \
           weight_g, fulfilled_by, waybill_no, shipped) \
         VALUES (REPEAT('i', 16), 1, 'acme', '85123A', 5, 1, 'dry', 1, 1, 'warehouse', 'shop-42-1', 5)"
            .to_owned(),
        "INSERT INTO order_change VALUES (REPEAT('i', 16), 2, '2026-01-01 11:00:00', 'WAYBILL_MOVED', 'shop-42-1', \
           'PAID', 'PARTIALLY_SHIPPED, 5 of 9 shipped', NULL, 'dray-waybill-status', 'worker', NULL, \
           'dray-waybill-status', REPEAT('m', 16), 'c-2')"
            .to_owned(),
    ];
    for sql in rows {
        operator.stage.run_sql(&sql).await;
    }
    let shown = operator.ok(&["order", "show", "shop", "42"]).await;
    assert_eq!(shown["order"]["return_status"], "NONE");
    assert_eq!(
        (&shown["lines"][0]["quantity"], &shown["lines"][0]["shipped"]),
        (&5.into(), &5.into())
    );
    let [accepted, moved] = [&shown["timeline"][0], &shown["timeline"][1]];
    assert_eq!(accepted["what"], "accepted: 1 lines, 1 waybills v1");
    let whence = [&accepted["actor"], &accepted["role"], &accepted["sender"], &accepted["origin"]];
    assert_eq!(whence, ["shop", "shop", "dray-hotfolder-ingest", "order-shop-000001.tsv:2"]);
    assert_eq!(
        (&accepted["outcome"], &accepted["correlation_id"]),
        (&"APPLIED".into(), &"c-1".into())
    );
    assert_eq!(moved["what"], "WAYBILL_MOVED PAID -> PARTIALLY_SHIPPED, 5 of 9 shipped v2");
    assert_eq!(
        (&moved["waybill_no"], &moved["correlation_id"]),
        (&"shop-42-1".into(), &"c-2".into())
    );
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_missing() {
    let operator = Operator::on(Stage::new(&[]).await);
    let sick = operator.dray(&["doctor"]).await;
    assert_eq!(sick.exit, 1, "{}", sick.said);
    let level = |report: &serde_json::Value, area: &str| {
        let findings = report.as_array().unwrap();
        findings
            .iter()
            .filter(|f| f["area"] == area)
            .map(|f| f["level"].as_str().unwrap().to_owned())
            .max()
    };
    assert_eq!(level(&sick.json, "topology").as_deref(), Some("wrong"));
    assert_eq!(level(&sick.json, "schema").as_deref(), Some("ok"));
    assert_eq!(level(&sick.json, "isolation").as_deref(), Some("ok"));
    operator.ok(&["topology", "apply"]).await;
    let better = operator.dray(&["doctor"]).await;
    assert_eq!(level(&better.json, "topology").as_deref(), Some("ok"), "{}", better.json);
    assert_eq!(level(&better.json, "users").as_deref(), Some("ok"), "{}", better.json);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hot_folder_is_listed_with_its_gaps() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator
        .stage
        .run_sql(
            "INSERT INTO import_sequence (kind, source, first_sequence, next_sequence, updated_at) \
             VALUES ('order', 'shop', 1, 4, UTC_TIMESTAMP(6))",
        )
        .await;
    let inbox = operator.state.path().join("hotfolder/shop/inbox");
    std::fs::create_dir_all(&inbox).unwrap();
    for name in ["order-shop-000006.tsv", "container-shop-000001.tsv"] {
        std::fs::write(inbox.join(name), "x").unwrap();
    }
    let listing = operator.ok(&["hotfolder", "ls"]).await;
    assert_eq!(listing["sequences"][0]["next_sequence"], 4);
    let because: Vec<&str> = listing["waiting"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["because"].as_str().unwrap())
        .collect();
    assert_eq!(because[0], "there is no worker for container files yet");
    assert_eq!(because[1], "number 4 is missing: wait for it, or skip it");
    operator.stage.close().await;
}
