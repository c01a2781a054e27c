//! Transfers, resubmissions and submission at the lock on the real broker and database, with the fleet's real
//! users and rights.

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{
    CancellationAsked, CancellationDecided, Contract, MessageId, OrderRef, ResubmitSalesOrder,
    Role, RouteChange, RouteChanged, RouteId, SalesOrderNo, SalesOrderSubmitted,
    SalesOrderTransferDecided, SubmissionDue, TransferSalesOrder, WarehouseAnswer, WarehouseCode,
    WarehouseProgress, WaybillKind, WaybillsRequested,
};
use serde_json::{Value, json};
use testkit::{PublishAs, eventually};
use uuid::Uuid;

use super::floor::{Floor, READY, answer, by, progress};
use super::samples::{assigned, at};

const FIRST: &str = "uci-536365-1/1";
const SECOND: &str = "uci-536365-1/2";

fn number(text: &str) -> SalesOrderNo {
    SalesOrderNo::new(text).unwrap()
}

fn to(warehouse: &str) -> TransferSalesOrder {
    TransferSalesOrder {
        sales_order_no: number(FIRST),
        warehouse: WarehouseCode::new(warehouse).unwrap(),
        reason: Some("no stock".to_owned()),
        occurred_at: at(0),
    }
}

fn again() -> ResubmitSalesOrder {
    ResubmitSalesOrder { sales_order_no: number(FIRST), reason: None, occurred_at: at(0) }
}

fn anna() -> PublishAs {
    by(Role::CsAgent, None)
}

/// The waybill's row names its order, as every real one does.
const OF_AN_ORDER: &str = "UPDATE waybill SET order_id = UNHEX(REPEAT('7', 32)), source = 'uci',
    order_ref = '536365', sku_type = 'dry', dry_ml = 1000, weight_g = 500";

async fn ready() -> Floor {
    let floor = Floor::with(&READY).await;
    floor.stage.run_sql(OF_AN_ORDER).await;
    floor
}

const CHAIN: &str =
    "SELECT sales_order_no, live, warehouse, status, reached, predecessor, successor
  FROM sales_order ORDER BY sales_order_no";

fn row(of: [&str; 4], live: Option<u8>, before: Option<&str>, after: Option<&str>) -> Value {
    let [sales_order_no, warehouse, status, reached] = of;
    json!({"sales_order_no": sales_order_no, "live": live, "warehouse": warehouse, "status": status,
        "reached": reached, "predecessor": before, "successor": after})
}

#[tokio::test]
async fn a_transfer_waits_for_an_answer_that_comes_late_and_twice() {
    let mut floor = ready().await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "APPLIED");
    assert_eq!(floor.ask(anna(), &to("COLD")).await, "PARKED");
    let (_, asked) = floor.events.next_of::<CancellationAsked>().await;
    assert_eq!((asked.question, asked.warehouse.unwrap().as_str()), (1, "DRY"));
    assert_eq!(floor.ask(anna(), &to("COLD")).await, "DUPLICATE");
    assert_eq!(floor.ask(by(Role::Merchant, Some("M01")), &to("COLD")).await, "NOT_ALLOWED");

    // meanwhile it goes on picking there
    assert_eq!(floor.tell(&progress(WarehouseProgress::Picking)).await, "STALE");
    assert_eq!(floor.decide(2, Accepted).await, "STALE");
    assert_eq!(floor.decide(1, Accepted).await, "APPLIED");
    assert_eq!(floor.decide(1, Accepted).await, "DUPLICATE");
    assert_eq!(floor.decide(1, Rejected).await, "STALE");
    let (envelope, decided) = floor.events.next_of::<SalesOrderTransferDecided>().await;
    assert_eq!((envelope.seq, decided.verdict), (Some(6), Accepted));
    assert_eq!(decided.successor.as_ref().map(SalesOrderNo::as_str), Some(SECOND));
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.sales_order_no.as_str()), (6, SECOND));
    assert_eq!((submitted.warehouse.as_str(), submitted.lines.len()), ("COLD", 2));

    // what was picked there after all travels, once; the sales order here knows nothing of it
    assert_eq!(floor.tell(&progress(WarehouseProgress::Picked)).await, "STALE");
    assert_eq!(floor.tell(&progress(WarehouseProgress::Packed)).await, "STALE");
    assert_eq!(floor.tell(&progress(WarehouseProgress::Packed)).await, "DUPLICATE");
    let (_, wanted) = floor.events.next_of::<WaybillsRequested>().await;
    let [draft] = &*wanted.order.waybills else { panic!("{wanted:?}") };
    assert_eq!((draft.kind, draft.waybill_no.as_str()), (WaybillKind::Transfer, "uci-536365-1t2"));
    assert_eq!(wanted.order.order_ref, OrderRef::new("536365").unwrap());
    let past = "SUBMITTED,ACCEPTED,PICKING,PICKED,PACKED,CANCELLED:1";
    let expected = [
        row([FIRST, "DRY", "CANCELLED", past], None, None, Some(SECOND)),
        row([SECOND, "COLD", "SUBMITTED", "SUBMITTED,PAST:1"], Some(1), Some(FIRST), None),
    ];
    assert_eq!(floor.stage.rows(CHAIN).await, expected);
    let lines =
        "SELECT COUNT(*) FROM sales_order_line l JOIN sales_order s ON s.id = l.sales_order_id
      WHERE s.live = 1";
    assert_eq!(floor.stage.scalar::<i64>(lines).await, 2);
    eventually("everything is published", async || {
        (floor.stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;
    let left = floor.events.so_far(&floor.stage).await;
    let more = left.iter().filter(|it| it.envelope.message_type == WaybillsRequested::TYPE);
    assert_eq!(more.count(), 0, "one waybill for the goods");
    floor.close().await;
}

#[tokio::test]
async fn a_cancellation_overtakes_a_transfer() {
    let mut floor = ready().await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.ask(anna(), &to("COLD")).await, "PARKED");
    assert_eq!(floor.cancel().await, "PARKED");
    let (_, decided) = floor.events.next_of::<SalesOrderTransferDecided>().await;
    assert_eq!((decided.verdict, decided.successor), (Rejected, None));
    assert_eq!(floor.decide(1, Accepted).await, "APPLIED");
    let (_, cancelled) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!(cancelled.verdict, Accepted);
    let expected = json!({"status": "CANCELLED", "reached": "SUBMITTED,CANCELLED:1", "live": 1,
        "next_warehouse": null});
    assert_eq!(floor.row("status, reached, live, next_warehouse").await, expected);
    let question = "SELECT purpose, asked_by, verdict FROM sales_order_question";
    let expected = json!({"purpose": "CANCEL", "asked_by": "CsAgent", "verdict": "ACCEPTED"});
    assert_eq!(floor.stage.rows(question).await, [expected]);
    assert_eq!(floor.ask(anna(), &to("COLD")).await, "TRANSFER_TOO_LATE");
    floor.close().await;
}

#[tokio::test]
async fn a_rejected_one_is_submitted_again_and_late_answers_decide_nothing() {
    let mut floor = ready().await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.ask(anna(), &again()).await, "NOT_REJECTED");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Rejected)).await, "APPLIED");
    assert_eq!(floor.ask(by(Role::Customer, None), &again()).await, "NOT_ALLOWED");
    assert_eq!(floor.ask(anna(), &again()).await, "APPLIED");
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.sales_order_no.as_str()), (4, SECOND));
    assert_eq!(submitted.warehouse.as_str(), "DRY");
    assert_eq!(floor.ask(anna(), &again()).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Accepted)).await, "STALE");
    assert_eq!(floor.tell(&answer(WarehouseAnswer::Rejected)).await, "DUPLICATE");
    let expected = [
        row([FIRST, "DRY", "REJECTED", "SUBMITTED,ACCEPTED,REJECTED"], None, None, Some(SECOND)),
        row([SECOND, "DRY", "SUBMITTED", "SUBMITTED"], Some(1), Some(FIRST), None),
    ];
    assert_eq!(floor.stage.rows(CHAIN).await, expected);

    let second = contracts::RecordWarehouseAnswer {
        sales_order_no: number(SECOND),
        ..answer(WarehouseAnswer::Accepted)
    };
    assert_eq!(floor.tell(&second).await, "APPLIED");
    let story = "SELECT sales_order_no no, version, from_status, to_status, who, role
      FROM sales_order_change ORDER BY sales_order_no, version";
    let step = |no: &str, version: u64, from: Option<&str>, to: &str, who: &str, role: &str| json!({"no": no, "version": version, "from_status": from, "to_status": to, "who": who, "role": role});
    let expected = [
        step(FIRST, 1, None, "SUBMITTED", "dray-adra-assigner", "worker"),
        step(FIRST, 2, Some("SUBMITTED"), "REJECTED", "partner-wms", "warehouse"),
        step(FIRST, 3, Some("REJECTED"), "REJECTED", "CsAgent", "cs_agent"),
        step(FIRST, 4, Some("REJECTED"), "REJECTED", "partner-wms", "warehouse"),
        step(SECOND, 4, None, "SUBMITTED", "CsAgent", "cs_agent"),
        step(SECOND, 5, Some("SUBMITTED"), "ACCEPTED", "partner-wms", "warehouse"),
    ];
    assert_eq!(floor.stage.rows(story).await, expected);
    floor.close().await;
}

#[tokio::test]
async fn a_sweep_goes_on_with_the_conversation_of_who_asked() {
    let mut floor = Floor::open(&READY, 1, &["--cancellation-sweep-seconds", "1"]).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.ask(anna(), &to("COLD")).await, "PARKED");
    let (asked, _) = floor.events.next_of::<CancellationAsked>().await;
    floor.stage.run_sql("UPDATE waybill SET status = 'DISPATCHED'").await;
    let (envelope, decided) = floor.events.next_of::<SalesOrderTransferDecided>().await;
    assert_eq!(decided.verdict, Rejected);
    assert!(asked.correlation_id.is_some());
    assert_eq!(envelope.correlation_id, asked.correlation_id);
    let story =
        "SELECT who, to_status FROM sales_order_change WHERE version = 3 AND correlation_id = ";
    let story = format!("{story}'{}'", asked.correlation_id.unwrap());
    let expected = json!({"who": "dray-sales-order", "to_status": "SUBMITTED"});
    assert_eq!(floor.stage.rows(&story).await, [expected]);
    floor.close().await;
}

const AT_LOCK: [&str; 2] = ["--submit-at", "lock"];

/// ADRA's own row of a waybill's first place, on the route that the sample has.
fn place_row(waybill_no: &str, state: &str) -> String {
    let route = assigned(1).route_id.0.simple().to_string();
    format!(
        "INSERT INTO assignment (waybill_no, state, route_id, place_no, version, waybill_version, held,
           pinned, order_key, stop_key, district, delivery_date, timeslot, sku_type, fulfilled_by, dry_ml,
           frozen_ml, weight_g, ordered_at, updated_at)
         VALUES ('{waybill_no}', '{state}', UNHEX('{route}'), 1, 1, 1, 0, 0, 'k', REPEAT('s', 16), 'D1',
           '2010-12-02', '0900-1300', 'dry', 'warehouse', 1, 0, 1, NOW(6), NOW(6))"
    )
}

fn route(change: RouteChange) -> RouteChanged {
    let place = assigned(1);
    RouteChanged {
        route_id: place.route_id,
        route_ref: place.route_ref,
        change,
        depot: place.depot,
        zone: place.zone,
        delivery_date: place.delivery_date,
        timeslot: place.timeslot,
        truck_type: place.truck_type,
    }
}

async fn adra_says<C: Contract>(floor: &Floor, event: &C) -> MessageId {
    let how = PublishAs::default().user("dray-adra-assigner");
    floor.stage.publish(how, event).await.unwrap()
}

#[tokio::test]
async fn the_lock_of_the_route_submits_what_stayed_on_it() {
    let mut floor = Floor::open(&READY, 1, &AT_LOCK).await;
    let placed = floor.assign(1).await;
    assert_eq!(floor.code_of(placed).await, "APPLIED");
    assert_eq!(floor.row("status").await["status"], "CREATED");
    // it was held at the lock: it left the route
    floor.stage.run_sql(&place_row("uci-536365-1", "UNASSIGNED")).await;
    let held = adra_says(&floor, &route(RouteChange::Locked)).await;
    assert_eq!(floor.code_of(held).await, "DUPLICATE");
    assert_eq!(floor.row("status").await["status"], "CREATED");

    floor.stage.run_sql("UPDATE assignment SET state = 'LOCKED'").await;
    let locked = adra_says(&floor, &route(RouteChange::Locked)).await;
    assert_eq!(floor.code_of(locked).await, "APPLIED");
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.lines.len()), (2, 2));
    let again = adra_says(&floor, &route(RouteChange::Locked)).await;
    assert_eq!(floor.code_of(again).await, "DUPLICATE");
    floor.close().await;
}

#[tokio::test]
async fn a_place_that_is_heard_of_after_the_lock_is_submitted_at_once() {
    let mut floor = Floor::open(&READY, 1, &AT_LOCK).await;
    floor.stage.run_sql(&place_row("uci-536365-1", "LOCKED")).await;
    let locked = adra_says(&floor, &route(RouteChange::Locked)).await;
    assert_eq!(floor.code_of(locked).await, "DUPLICATE");
    floor.assign(1).await;
    assert_eq!(floor.submitted().await.0, 1);
    assert_eq!(floor.row("status").await["status"], "SUBMITTED");
    floor.close().await;
}

/// More waybills than one message submits.
const MANY: usize = 450;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_route_is_submitted_stretch_by_stretch() {
    let mut floor = Floor::open(&READY, 2, &AT_LOCK).await;
    for chunk in (0..MANY).collect::<Vec<_>>().chunks(150) {
        let (mut orders, mut places) = (Vec::new(), Vec::new());
        for n in chunk {
            let id = Uuid::from_u128(*n as u128 + 1).simple();
            orders.push(format!(
                "(UNHEX('{id}'), 'uci-9{n:04}-1/1', 'uci-9{n:04}-1', 1, 1, 'DRY', 'PICK', 'CREATED', \
                   'WAITING', 'R', '2010-12-02', '0900-1300', 1, NOW(6), NOW(6))"
            ));
            let row = place_row(&format!("uci-9{n:04}-1"), "LOCKED");
            places.push(row[row.find("VALUES").unwrap() + 6..].to_owned());
        }
        let head = place_row("x", "LOCKED");
        let head = &head[..head.find("VALUES").unwrap()];
        let insert = "INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse, \
           pick_flow, status, reached, route_ref, delivery_date, timeslot, version, created_at, updated_at)";
        floor.stage.run_sql(&format!("{insert} VALUES {}", orders.join(", "))).await;
        floor.stage.run_sql(&format!("{head} VALUES {}", places.join(", "))).await;
    }
    adra_says(&floor, &route(RouteChange::Locked)).await;
    let waiting = "SELECT COUNT(*) FROM sales_order WHERE status = 'CREATED'";
    eventually("all are submitted", async || {
        (floor.stage.scalar::<i64>(waiting).await == 0).then_some(())
    })
    .await;
    eventually("everything is published", async || {
        (floor.stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;
    let said = floor.events.so_far(&floor.stage).await;
    let count = |name: &str| said.iter().filter(|it| it.envelope.message_type == name).count();
    assert_eq!(count(SalesOrderSubmitted::TYPE), MANY);
    assert_eq!(count(SubmissionDue::TYPE), 2, "200, 200, and the rest");
    let route_id = RouteId(assigned(1).route_id.0);
    assert_eq!(route(RouteChange::Locked).route_id, route_id);
    floor.close().await;
}

const RACERS: u128 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_and_a_cancellation_race_through_two_processes() {
    let mut floor = Floor::open(&READY, 2, &[]).await;
    floor.stage.run_sql(OF_AN_ORDER).await;
    floor.assign(1).await;
    floor.submitted().await;
    for _ in 0..RACERS {
        let (cancel, transfer) = (super::samples::cancel(), to("COLD"));
        let (a, b) = tokio::join!(
            floor.stage.publish(anna(), &cancel),
            floor.stage.publish(anna(), &transfer)
        );
        a.unwrap();
        b.unwrap();
    }
    eventually("all are settled", async || {
        let settled = floor.stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await;
        (settled == 2 * RACERS as i64 + 1).then_some(())
    })
    .await;
    // whoever came first: one question is open, and it is for the cancellation
    let expected = json!({"status": "CANCELLATION_REQUESTED", "reached": "SUBMITTED,ASKED:1"});
    assert_eq!(floor.row("status, reached").await, expected);
    assert_eq!(floor.stage.scalar::<i64>("SELECT COUNT(*) FROM sales_order_question").await, 1);
    assert_eq!(floor.decide(1, Accepted).await, "APPLIED");
    assert_eq!(floor.row("status").await["status"], "CANCELLED");
    floor.close().await;
}
