//! Cancellations and amendments on the real broker and database, with the fleet's real users and rights.

use std::collections::BTreeSet;

use contracts::CancellationVerdict::{Accepted, Rejected};
use contracts::{
    AmendmentDecided, Assigned, CancelWaybill, CancellationAsked, CancellationDecided, Contract,
    FulfilledBy, MessageId, OrderCancellationRequested, Role, SalesOrderSubmitted,
    WarehouseProgress, WaybillNo,
};
use serde_json::{Value, json};
use testkit::{PublishAs, eventually};

use super::floor::{Floor, NETWORK, PICK_FLOW, READY, WAREHOUSES, by, progress};
use super::samples::{assigned, at, cancel, cancellation_answer, waybill_no};

const QUESTIONS: &str = "SELECT question, asked_by, verdict, decided_by FROM sales_order_question
  ORDER BY question";

fn question(number: u32, verdict: Option<&str>, decided_by: Option<&str>) -> Value {
    json!({"question": number, "asked_by": "CsAgent", "verdict": verdict, "decided_by": decided_by})
}

#[tokio::test]
async fn cancelled_before_there_is_a_place() {
    let mut floor = Floor::with(&READY).await;
    assert_eq!(floor.cancel().await, "APPLIED");
    let (envelope, decided) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!((envelope.seq, decided.verdict), (Some(1), Accepted));
    assert_eq!(envelope.message_type, CancellationDecided::TYPE);
    let late = floor.assign(1).await;
    assert_eq!(floor.code_of(late).await, "STALE");
    assert_eq!(floor.cancel().await, "DUPLICATE");
    let late = floor.amend(1, 3).await;
    assert_eq!(floor.code_of(late).await, "AMEND_TOO_LATE");

    let expected = json!({"status": "CANCELLED", "reached": "WAITING,CANCELLED:1", "live": 1,
        "delivery_date": null, "version": 1});
    assert_eq!(floor.row("status, reached, live, delivery_date, version").await, expected);
    let asked = question(1, Some("ACCEPTED"), Some("sales-order"));
    assert_eq!(floor.stage.rows(QUESTIONS).await, [asked]);
    assert_eq!(floor.stage.scalar::<i64>("SELECT COUNT(*) FROM sales_order_line").await, 0);
    floor.close().await;
}

#[tokio::test]
async fn a_waybill_that_does_not_exist_yet_is_cancelled_too() {
    let mut floor = Floor::with(&[]).await;
    let stranger = by(Role::Merchant, Some("M01"));
    assert_eq!(floor.ask(stranger, &cancel()).await, "UNKNOWN_WAYBILL");
    assert_eq!(floor.ask(by(Role::Customer, None), &cancel()).await, "NOT_ALLOWED");
    assert_eq!(floor.cancel().await, "APPLIED");
    assert_eq!(floor.row("status").await["status"], "CANCELLED");
    floor.close().await;
}

#[tokio::test]
async fn the_warehouse_says_no_and_then_yes() {
    let mut floor = Floor::with(&READY).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.cancel().await, "PARKED");
    let (envelope, asked) = floor.events.next_of::<CancellationAsked>().await;
    assert_eq!(
        (envelope.seq, asked.question, asked.fulfilled_by.as_str()),
        (Some(2), 1, "warehouse")
    );
    assert_eq!(floor.cancel().await, "DUPLICATE");
    floor.assign(2).await;
    assert_eq!(floor.decide(2, Accepted).await, "STALE");
    assert_eq!(floor.decide(1, Rejected).await, "APPLIED");
    let (envelope, decided) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!((envelope.seq, decided.verdict), (Some(4), Rejected));
    let (_, again) = floor.submitted().await;
    assert_eq!((again.route_ref.as_str(), again.lines.len()), ("NORTH-Z01-002", 2));
    assert_eq!(floor.row("status").await["status"], "SUBMITTED");

    assert_eq!(floor.tell(&progress(WarehouseProgress::Picked)).await, "APPLIED");
    assert_eq!(floor.cancel().await, "PARKED");
    assert_eq!(floor.tell(&progress(WarehouseProgress::Packed)).await, "STALE");
    assert_eq!(floor.decide(2, Accepted).await, "APPLIED");
    assert_eq!(floor.decide(2, Accepted).await, "DUPLICATE");
    let (_, decided) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!(decided.verdict, Accepted);
    let expected = json!({"status": "CANCELLED", "reached": "SUBMITTED,PICKED,PACKED,CANCELLED:2"});
    assert_eq!(floor.row("status, reached").await, expected);
    let questions = [
        question(1, Some("REJECTED"), Some("partner-wms")),
        question(2, Some("ACCEPTED"), Some("partner-wms")),
    ];
    assert_eq!(floor.stage.rows(QUESTIONS).await, questions);
    floor.close().await;
}

#[tokio::test]
async fn an_order_asks_for_its_waybill_and_handed_over_is_too_late() {
    let mut floor = Floor::with(&READY).await;
    floor.assign(1).await;
    floor.submitted().await;
    assert_eq!(floor.tell(&progress(WarehouseProgress::HandedOver)).await, "APPLIED");
    let wanted = OrderCancellationRequested {
        waybill_no: waybill_no(),
        requested_by: "cs-anna".to_owned(),
        reason: None,
        occurred_at: at(0),
    };
    let how = PublishAs::default().user("dray-order-intake");
    let id = floor.stage.publish(how, &wanted).await.unwrap();
    assert_eq!(floor.code_of(id).await, "CANCEL_TOO_LATE");
    let (envelope, decided) = floor.events.next_of::<CancellationDecided>().await;
    assert_eq!((envelope.seq, decided.verdict), (None, Rejected));
    assert!(decided.reason.unwrap().ends_with("offer a return"));
    assert_eq!(floor.row("status, version").await, json!({"status": "HANDED_OVER", "version": 2}));
    assert!(floor.stage.rows(QUESTIONS).await.is_empty());
    floor.close().await;
}

#[tokio::test]
async fn a_merchant_that_picks_is_asked_and_answers_for_its_own_goods() {
    let mut floor = Floor::with(&READY).await;
    floor.stage.run_sql("UPDATE waybill SET fulfilled_by = 'merchant'").await;
    let own = || by(Role::Merchant, Some("M01"));
    assert_eq!(floor.ask(own(), &cancel()).await, "PARKED");
    let (_, asked) = floor.events.next_of::<CancellationAsked>().await;
    assert_eq!((asked.sales_order_no, asked.fulfilled_by), (None, FulfilledBy::Merchant));
    let yes = cancellation_answer(1, Accepted);
    assert_eq!(floor.tell(&yes).await, "NOT_ALLOWED");
    assert_eq!(floor.ask(by(Role::Merchant, Some("M02")), &yes).await, "UNKNOWN_WAYBILL");
    let late = floor.amend(1, 3).await;
    assert_eq!(floor.code_of(late).await, "AMEND_TOO_LATE");
    assert_eq!(floor.ask(own(), &yes).await, "APPLIED");
    assert_eq!(floor.row("reached").await["reached"], "MERCHANT,CANCELLED:1");
    floor.close().await;
}

#[tokio::test]
async fn a_return_gets_no_sales_order() {
    let floor = Floor::with(&READY).await;
    floor.stage.run_sql("UPDATE waybill SET kind = 'RETURN'").await;
    let placed = floor.assign(1).await;
    assert_eq!(floor.code_of(placed).await, "NOT_PICKED");
    assert_eq!(floor.stage.scalar::<i64>("SELECT COUNT(*) FROM sales_order").await, 0);
    floor.close().await;
}

const OWN_LINES: &str = "SELECT line_no, quantity FROM sales_order_line ORDER BY line_no";

#[tokio::test]
async fn new_quantities_reach_the_warehouse_until_it_picks() {
    let mut floor = Floor::with(&READY).await;
    floor.assign(1).await;
    assert_eq!(floor.submitted().await.1.lines.len(), 2);
    let first = floor.amend(1, 3).await;
    let (_, decided) = floor.events.next_of::<AmendmentDecided>().await;
    assert_eq!((decided.refused, decided.amendment.amendment_id.as_u128()), (None, 1));
    let (seq, revised) = floor.submitted().await;
    assert_eq!((seq, revised.lines[0].quantity, revised.lines.len()), (2, 3, 1));
    assert_eq!(floor.code_of(first).await, "APPLIED");
    let again = floor.amend(1, 9).await;
    assert_eq!(floor.code_of(again).await, "DUPLICATE");
    assert_eq!(floor.stage.rows(OWN_LINES).await, [json!({"line_no": 1, "quantity": 3})]);

    // the waybill's own lines follow later: a new place must not bring the old ones back
    floor.assign(2).await;
    let (_, moved) = floor.submitted().await;
    assert_eq!((moved.lines, moved.route_ref.as_str()), (revised.lines, "NORTH-Z01-002"));

    assert_eq!(floor.tell(&progress(WarehouseProgress::Picking)).await, "APPLIED");
    let late = floor.amend(2, 4).await;
    assert_eq!(floor.code_of(late).await, "AMEND_TOO_LATE");
    let (_, decided) = floor.events.next_of::<AmendmentDecided>().await;
    assert_eq!(decided.refused.as_deref(), Some("AMEND_TOO_LATE"));
    let sql = "SELECT refused FROM sales_order_amendment ORDER BY amendment_id";
    let expected = [json!({"refused": null}), json!({"refused": "AMEND_TOO_LATE"})];
    assert_eq!(floor.stage.rows(sql).await, expected);
    floor.close().await;
}

#[tokio::test]
async fn new_quantities_before_the_first_place_wait_for_it() {
    let mut floor = Floor::with(&READY).await;
    floor.amend(1, 3).await;
    floor.events.next_of::<AmendmentDecided>().await;
    assert_eq!(floor.row("reached, revision").await, json!({"reached": "WAITING", "revision": 0}));
    floor.assign(1).await;
    let (seq, submitted) = floor.submitted().await;
    assert_eq!((seq, submitted.lines[0].quantity, submitted.lines.len()), (2, 3, 1));
    floor.close().await;
}

const RACERS: u32 = 40;

fn racer(number: u32) -> WaybillNo {
    WaybillNo::new(format!("uci-{number}-1")).unwrap()
}

/// Many waybills, each with one line.
async fn with_racers(processes: usize) -> Floor {
    let mut rows: Vec<String> = [NETWORK, WAREHOUSES, PICK_FLOW].map(str::to_owned).to_vec();
    for number in 0..RACERS {
        let id = format!("UNHEX('{number:032}')");
        let no = racer(number);
        rows.push(format!(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds,
               parked, lifecycle, kind, merchant, fulfilled_by, exists_since, first_seen_at, updated_at)
             VALUES ({id}, '{no}', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', 'M01', 'warehouse',
               NOW(6), NOW(6), NOW(6))"
        ));
        rows.push(format!("INSERT INTO waybill_line VALUES ({id}, 1, '85123A', 6, 'dry')"));
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    Floor::open(&rows, processes, &[]).await
}

fn place_of(number: u32) -> Assigned {
    Assigned { waybill_no: racer(number), ..assigned(1) }
}

fn cancel_of(number: u32) -> CancelWaybill {
    CancelWaybill { waybill_no: racer(number), ..cancel() }
}

async fn settled(floor: &Floor, count: i64) {
    eventually(&format!("{count} messages are settled"), async || {
        let settled = floor.stage.scalar::<i64>("SELECT COUNT(*) FROM inbox").await;
        (settled == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_and_a_cancellation_race_through_two_processes() {
    let mut floor = with_racers(2).await;
    let adra = || PublishAs::default().user("dray-adra-assigner");
    for number in 0..RACERS {
        let (place, cancel) = (place_of(number), cancel_of(number));
        let placed = floor.stage.publish(adra(), &place);
        let wanted = floor.stage.publish(by(Role::CsAgent, None), &cancel);
        let (placed, wanted) = tokio::join!(placed, wanted);
        placed.unwrap();
        wanted.unwrap();
    }
    settled(&floor, i64::from(2 * RACERS)).await;
    let rows = floor.stage.rows("SELECT waybill_no, status, reached FROM sales_order").await;
    assert_eq!(rows.len(), RACERS as usize);
    let mut expected = BTreeSet::new();
    for row in &rows {
        let (status, reached) = (row["status"].as_str().unwrap(), row["reached"].as_str().unwrap());
        let no = row["waybill_no"].as_str().unwrap().to_owned();
        match status {
            "CANCELLED" => assert_eq!(reached, "WAITING,CANCELLED:1"),
            "CANCELLATION_REQUESTED" => {
                assert_eq!(reached, "SUBMITTED,ASKED:1");
                expected.insert(no);
            }
            other => panic!("{no} is {other}"),
        }
    }
    // what was submitted was asked about, and nothing else was
    let (mut submitted, mut asked) = (BTreeSet::new(), BTreeSet::new());
    for delivery in floor.events.so_far(&floor.stage).await {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let no = body["waybill_no"].as_str().unwrap().to_owned();
        match delivery.envelope.message_type.as_str() {
            SalesOrderSubmitted::TYPE => assert!(submitted.insert(no)),
            CancellationAsked::TYPE => assert!(asked.insert(no)),
            _ => {}
        }
    }
    assert_eq!((&submitted, &asked), (&expected, &expected));
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_asks_every_question_once() {
    let mut floor = with_racers(1).await;
    for number in 0..RACERS {
        let how = PublishAs::default().user("dray-adra-assigner");
        floor.stage.publish(how, &place_of(number)).await.unwrap();
    }
    settled(&floor, i64::from(RACERS)).await;
    for number in 0..RACERS {
        floor.stage.publish(by(Role::CsAgent, None), &cancel_of(number)).await.unwrap();
    }
    floor.kill().await;
    floor.start(&[]).await;
    settled(&floor, i64::from(2 * RACERS)).await;
    eventually("everything is published", async || {
        (floor.stage.scalar::<i64>("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;
    let mut asked: BTreeSet<(MessageId, String)> = BTreeSet::new();
    for delivery in floor.events.so_far(&floor.stage).await {
        if delivery.envelope.message_type == CancellationAsked::TYPE {
            let event: CancellationAsked = serde_json::from_slice(&delivery.body).unwrap();
            asked.insert((delivery.envelope.message_id, event.waybill_no.to_string()));
        }
    }
    assert_eq!(
        asked.len(),
        RACERS as usize,
        "a question has one id, however often it is published"
    );
    let sql = "SELECT COUNT(*) FROM sales_order s JOIN sales_order_question q
      ON q.waybill_no = s.waybill_no AND q.question = 1 AND q.verdict IS NULL
      WHERE s.reached = 'SUBMITTED,ASKED:1'";
    assert_eq!(floor.stage.scalar::<i64>(sql).await, i64::from(RACERS));
    assert_eq!(floor.stage.rows("SELECT * FROM sales_order_question").await.len(), RACERS as usize);
    floor.close().await;
}
