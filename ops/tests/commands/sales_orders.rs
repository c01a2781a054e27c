//! Sales orders: shown with who changed them, and the wishes that are sent to sales-order.

use contracts::{Refusal, ResubmitSalesOrder, TransferSalesOrder};
use serde_json::Value;
use testkit::Stage;

use crate::change::{asked, ready};
use crate::run::Operator;

const SALES_ORDER: &str = "INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse, \
     pick_flow, status, reached, route_ref, delivery_date, timeslot, next_warehouse, next_pick_flow, version, \
     created_at, updated_at) \
   VALUES (x'01', 'shop-42-1/1', 'shop-42-1', 1, 1, 'WH-N1', 'PICK_BY_ZONE', 'CANCELLATION_REQUESTED', \
     'SUBMITTED,MOVING:1', 'R', '2035-06-13', '0900-1300', 'WH-N2', 'PICK_BY_ZONE', 2, NOW(6), NOW(6))";
const CHANGES: &str = "INSERT INTO sales_order_change VALUES \
   ('shop-42-1/1', 1, '2026-01-01 10:00:00', 'assignment.assigned.v1', NULL, 'SUBMITTED', \
     'dray-adra-assigner', 'worker', NULL, 'dray-adra-assigner', REPEAT('m', 16), 'c-1'), \
   ('shop-42-1/1', 2, '2026-01-01 11:00:00', 'sales-order.transfer.v1', 'SUBMITTED', \
     'CANCELLATION_REQUESTED', 'anna', 'cs_agent', 'portal', 'dray-operator', REPEAT('n', 16), 'c-2')";
const WAYBILL: &str = "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, \
     open_holds, parked, lifecycle, kind, first_seen_at, updated_at) \
   VALUES (x'01', 'shop-42-1', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', NOW(6), NOW(6))";

#[tokio::test(flavor = "multi_thread")]
async fn sales_orders_are_shown_with_who_changed_them() {
    let operator = Operator::on(Stage::new(&[]).await);
    assert_eq!(operator.dray(&["sales-order", "show", "shop-42-1"]).await.exit, 66);
    for sql in [SALES_ORDER, CHANGES, WAYBILL] {
        operator.stage.run_sql(sql).await;
    }
    let shown = operator.ok(&["sales-order", "show", "shop-42-1"]).await;
    let order = &shown["sales_orders"][0];
    assert_eq!((&order["live"], &order["next_warehouse"]), (&1.into(), &"WH-N2".into()));
    let step = &shown["history"][1];
    assert_eq!((&step["who"], &step["role"]), (&"anna".into(), &"cs_agent".into()));
    assert_eq!((&step["from"], &step["correlation_id"]), (&"SUBMITTED".into(), &"c-2".into()));
    assert_eq!(shown["history"][0]["from"], Value::Null);

    let shown = operator.ok(&["waybill", "show", "shop-42-1"]).await;
    let timeline = shown["timeline"].as_array().unwrap();
    let step = timeline.iter().find(|step| step["correlation_id"] == "c-2").unwrap();
    assert_eq!((&step["actor"], &step["sender"]), (&"anna".into(), &"dray-operator".into()));
    let what = step["what"].as_str().unwrap();
    assert!(what.ends_with("SUBMITTED -> CANCELLATION_REQUESTED v2"), "{what}");
    let traced = operator.ok(&["waybill", "trace", "shop-42-1"]).await;
    let step = &traced[1];
    assert_eq!((&step["actor"], &step["origin"]), (&"anna".into(), &"portal".into()));
    assert_eq!(step["detail"], "sales order shop-42-1/1");
    assert_eq!(step["status"], "CANCELLATION_REQUESTED");
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_warehouse_or_the_same_again_is_asked_of_sales_order() {
    let operator = ready().await;
    let elsewhere =
        ["sales-order", "transfer", "shop-42-1/1", "--to", "WH-N2", "--reason", "no stock"];
    let (called, command) = asked::<TransferSalesOrder>(&operator, &elsewhere, None).await;
    assert_eq!((called.exit, &called.json["version"]), (0, &Value::from(2)), "{}", called.said);
    assert_eq!(command.sales_order_no.as_str(), "shop-42-1/1");
    assert_eq!(
        (command.warehouse.as_str(), command.reason.as_deref()),
        ("WH-N2", Some("no stock"))
    );

    let again = ["sales-order", "resubmit", "shop-42-1/1"];
    let no = Refusal::new("NOT_REJECTED", "shop-42-1/1 is ACCEPTED");
    let (called, command) = asked::<ResubmitSalesOrder>(&operator, &again, Some(no)).await;
    assert_eq!(called.exit, 65, "{}", called.said);
    assert!(called.said.contains("NOT_REJECTED"), "{}", called.said);
    assert_eq!((command.sales_order_no.as_str(), command.reason), ("shop-42-1/1", None));
    operator.stage.close().await;
}
