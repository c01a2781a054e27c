//! Whole batches on the real broker and database, with the fleet's real users and rights.

use contracts::{
    MessageId, SalesOrderAnswered, SalesOrderProgressed, WarehouseAnswer, WarehouseProgress,
};
use queue_topology::WorkerKind;
use testkit::{PublishAs, eventually};

use super::floor::{
    Floor, LINES, NETWORK, NUMBER, PICK_FLOW, WAREHOUSES, WAYBILL_ROW, answer, by_the_warehouse,
    progress,
};
use super::samples::WAYBILL;

#[tokio::test]
async fn from_a_place_to_the_hand_over() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.sales_order_no.as_str()), (1, NUMBER));
    assert_eq!(
        (submitted.warehouse.as_str(), submitted.pick_flow.as_str()),
        ("DRY", "PICK_BY_ZONE")
    );
    let lines: Vec<_> =
        submitted.lines.iter().map(|l| (l.line_no, l.sku.as_str(), l.quantity)).collect();
    assert_eq!(lines, [(1, "85123A", 6), (7, "Café-é", 2)]);

    assert_eq!(floor.tell(&progress(WarehouseProgress::Picked)).await, "APPLIED");
    let (envelope, picked) = floor.events.next_of::<SalesOrderProgressed>().await;
    assert_eq!((envelope.seq, picked.waybill_no.as_str()), (Some(2), WAYBILL));
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "DUPLICATE");
    assert_eq!(floor.tell(&progress(WarehouseProgress::HandedOver)).await, "APPLIED");

    let expected = serde_json::json!({"status": "HANDED_OVER", "version": 4, "live": 1,
        "reached": "SUBMITTED,ACCEPTED,PICKED,HANDED_OVER", "warehouse": "DRY"});
    assert_eq!(floor.row("status, version, live, reached, warehouse").await, expected);
    assert_eq!(floor.stage.scalar::<i64>("SELECT COUNT(*) FROM sales_order_line").await, 2);
    floor.close().await;
}

#[tokio::test]
async fn every_fact_three_times_and_backwards() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    floor.submitted().await;
    let steps = [
        WarehouseProgress::HandedOver,
        WarehouseProgress::Packed,
        WarehouseProgress::Picked,
        WarehouseProgress::Picking,
    ];
    for step in steps {
        let (id, step) = (MessageId::generate(), progress(step));
        for how in [by_the_warehouse().id(id), by_the_warehouse().id(id), by_the_warehouse()] {
            floor.stage.publish(how, &step).await.unwrap();
        }
    }
    let last = floor.stage.publish(by_the_warehouse(), &answer(WarehouseAnswer::Accepted)).await;
    assert_eq!(floor.code_of(last.unwrap()).await, "STALE");
    let expected = serde_json::json!({"status": "HANDED_OVER", "version": 6,
        "reached": "SUBMITTED,ACCEPTED,PICKING,PICKED,PACKED,HANDED_OVER"});
    assert_eq!(floor.row("status, version, reached").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn another_place_before_and_after_picking() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(2).await;
    floor.submitted().await;
    let older = floor.assign(1).await;
    assert_eq!(floor.code_of(older).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "APPLIED");
    let again = floor.assign(2).await;
    assert_eq!(floor.code_of(again).await, "DUPLICATE");
    floor.assign(3).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.route_ref.as_str()), (3, "NORTH-Z01-003"));
    assert_eq!(floor.tell(&progress(WarehouseProgress::Picking)).await, "APPLIED");
    let late = floor.assign(4).await;
    assert_eq!(floor.code_of(late).await, "STALE");
    let expected =
        serde_json::json!({"status": "PICKING", "revision": 3, "route_ref": "NORTH-Z01-003"});
    assert_eq!(floor.row("status, revision, route_ref").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn a_warehouse_that_comes_later_is_found_at_the_next_place() {
    let mut floor = Floor::with(&[NETWORK, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    floor.assign(1).await;
    let (envelope, refused) = floor.events.next_of::<SalesOrderAnswered>().await;
    assert_eq!((envelope.seq, refused.reason.as_deref()), (Some(1), Some("NO_WAREHOUSE")));
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "NOT_SUBMITTED");

    floor.stage.run_sql(WAREHOUSES).await;
    floor.stage.run_sql("UPDATE network_revision SET revision = 2").await;
    floor.assign(2).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.warehouse.as_str()), (2, "DRY"));
    let expected = serde_json::json!({"status": "SUBMITTED", "reason": null});
    assert_eq!(floor.row("status, reason").await, expected);
    floor.close().await;
}

#[tokio::test]
async fn a_place_waits_for_the_lines() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW]).await;
    floor.assign(1).await;
    let retry = WorkerKind::SalesOrder.retry_queue(queue_topology::RetryTier::S1);
    eventually("the place waits in the retry queue", async || {
        (floor.stage.depth(&retry).await == 1).then_some(())
    })
    .await;
    floor.stage.run_sql(LINES).await;
    assert_eq!(floor.submitted().await.1.lines.len(), 2);
    floor.close().await;
}

#[tokio::test]
async fn a_no_is_a_settled_answer() {
    let mut floor = Floor::with(&[NETWORK, WAREHOUSES, PICK_FLOW, WAYBILL_ROW, LINES]).await;
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "UNKNOWN_SALES_ORDER");
    floor.assign(1).await;
    floor.submitted().await;
    let by_itself = PublishAs::default().user("dray-wms-sync");
    assert_eq!(floor.ask(by_itself, &answer(WarehouseAnswer::Accepted)).await, "NOT_ALLOWED");
    assert_eq!(floor.row("status").await["status"], "SUBMITTED");
    assert_eq!(floor.stage.depth(&WorkerKind::SalesOrder.dead_letter_queue()).await, 0);
    floor.close().await;
}
