//! Whole batches on the real broker and database, with the fleet's real users and rights.

use contracts::{
    CaseChanged, CaseKind, CaseStep, CloseReturn, Exchange, InspectionLine, OpenCase, OrderRef,
    ReceiptLine, RecordReturnInspection, RecordReturnReceipt, ReleaseHold, ReplacementLine,
    ReplacementTiming, ReportStatus, RequestReplacement, ReturnChanged, ReturnStatus, Timestamp,
    UpdateCase, WaybillKind, WaybillStatus, WaybillsRequested,
};

use super::floor::Floor;
use super::world::{asked, changed, failed, key, source};

fn receipt(number: &str, received: u32, complete: bool) -> RecordReturnReceipt {
    RecordReturnReceipt {
        source: source(),
        return_ref: key(number).return_ref,
        lines: vec![ReceiptLine { line_no: 1, received, damaged: 0 }],
        complete,
        expected_version: None,
        occurred_at: Timestamp::now(),
    }
}

fn replacement(after: &str) -> RequestReplacement {
    RequestReplacement {
        source: source(),
        order_ref: OrderRef::new("O1").unwrap(),
        lines: vec![ReplacementLine { line_no: 1, quantity: 2 }],
        timing: ReplacementTiming::AfterReturn { return_ref: key(after).return_ref },
        delivery_date: "2026-03-12".parse().unwrap(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        reason: Some("broken".to_owned()),
        occurred_at: Timestamp::now(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_with_a_replacement_from_request_to_end() {
    let mut floor = Floor::with(1).await;
    floor.order(1, &[3], "DELIVERED").await;
    floor.order(2, &[2], "DELIVERED").await;
    let mut events = floor.tap("#").await;
    let mut commands = floor.stage.tap(Exchange::Commands, "waybill.release-hold").await;

    let reply = floor.as_shop(&asked("R1", &[("A", 4), ("B", 1)])).await;
    let items: Vec<(u32, &str)> =
        reply.items.iter().map(|it| (it.item, it.code.as_str())).collect();
    assert_eq!(items, [(1, "SPREAD"), (2, "NO_MATCH")]);
    assert_eq!((reply.aggregate.as_deref(), reply.version), (Some("shop/R1"), Some(1)));
    let (_, approved) = events.next_of::<ReturnChanged>().await;
    assert_eq!(approved.standing.status, ReturnStatus::Approved);
    let (_, first) = events.next_of::<WaybillsRequested>().await;
    let (_, second) = events.next_of::<WaybillsRequested>().await;
    let numbers = [&first, &second].map(|wanted| wanted.order.waybills[0].waybill_no.as_str());
    assert_eq!(numbers, ["shop-O1-r1", "shop-O2-r1"]);
    let doors = [&first, &second].map(|wanted| wanted.order.address_key.as_str());
    assert_eq!(doors, ["a1", "a2"], "each is fetched where its order was delivered");
    let again = floor.as_shop(&asked("R1", &[("A", 4), ("B", 1)])).await;
    assert_eq!((again.code.as_str(), again.items.len()), ("DUPLICATE", 2));
    assert_eq!(floor.as_shop(&asked("R2", &[("A", 2)])).await.code, "NOTHING_MATCHES");

    assert_eq!(floor.as_anna(&replacement("R1")).await.code, "APPLIED");
    let (_, sent_again) = events.next_of::<WaybillsRequested>().await;
    let hold = sent_again.order.waybills[0].hold.as_ref().expect("it is held");
    assert_eq!(hold.owner, "dray-customer-service");
    assert_eq!(sent_again.order.address_key, "a1");

    let collected = changed("shop-O2-r1", WaybillKind::Return, WaybillStatus::Collected, 0);
    floor.event("dray-waybill-status", &collected).await;
    let (envelope, collected) = events.next_of::<ReturnChanged>().await;
    assert_eq!((envelope.seq, collected.standing.status), (Some(2), ReturnStatus::Collected));
    assert_eq!(floor.as_anna(&receipt("R1", 4, false)).await.code, "APPLIED");
    let (envelope, release) = commands.next_of::<ReleaseHold>().await;
    assert_eq!(release.waybill_no.as_str(), "shop-O1-x1");
    assert_eq!(envelope.actor.subject, "dray-customer-service");
    let inspection = RecordReturnInspection {
        source: source(),
        return_ref: key("R1").return_ref,
        lines: vec![InspectionLine { line_no: 1, restocked: 3, written_off: 0, refused: 1 }],
        expected_version: None,
        occurred_at: Timestamp::now(),
    };
    assert_eq!(floor.as_anna(&inspection).await.code, "APPLIED");
    assert_eq!(floor.as_anna(&inspection).await.code, "WRONG_STATE");
    let (source, return_ref) = (source(), key("R1").return_ref);
    let close =
        CloseReturn { source, return_ref, expected_version: None, occurred_at: Timestamp::now() };
    assert_eq!(floor.as_anna(&close).await.version, Some(5));
    let claims = "SELECT HEX(order_id) id, claimed, replaced FROM return_claim ORDER BY order_id";
    let claims = floor.stage.rows(claims).await;
    // the refused unit is the oldest order's: it was taken last
    assert_eq!((&claims[0]["claimed"], &claims[0]["replaced"]), (&1.into(), &2.into()));
    assert_eq!(claims[1]["claimed"], 2);
    let steps = "SELECT GROUP_CONCAT(to_status ORDER BY version) FROM customer_return_event";
    let steps: String = floor.stage.scalar(steps).await;
    assert_eq!(steps, "APPROVED,COLLECTED,RECEIVED,INSPECTED,CLOSED");
    drop((events, commands));
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_come_from_events_and_people_go_on_with_them() {
    let mut floor = Floor::with(1).await;
    let mut events = floor.tap("case.#").await;
    let mut reports = floor.stage.tap(Exchange::Commands, "waybill.report-status").await;
    floor.event("dray-waybill-status", &failed("shop-O1-1", WaybillKind::Forward, 3)).await;
    let (envelope, opened) = events.next_of::<CaseChanged>().await;
    assert_eq!((envelope.seq, opened.kind, opened.open), (Some(1), CaseKind::DeliveryFailed, true));
    let (envelope, report) = reports.next_of::<ReportStatus>().await;
    assert_eq!((report.status, report.attempt), (WaybillStatus::Returning, Some(3)));
    assert_eq!(envelope.actor.role, contracts::Role::CsAgent);

    let lost = changed("shop-O1-1", WaybillKind::Forward, WaybillStatus::Lost, 3);
    floor.event("dray-waybill-status", &lost).await;
    let (_, first) = events.next_of::<CaseChanged>().await;
    let (_, second) = events.next_of::<CaseChanged>().await;
    assert_eq!([first.kind, second.kind], [CaseKind::DeliveryFailed, CaseKind::Lost]);

    let step = CaseStep::Close { text: "paid for it".to_owned() };
    let close = UpdateCase {
        case_id: second.case_id,
        step,
        expected_version: None,
        occurred_at: Timestamp::now(),
    };
    assert_eq!(floor.as_anna(&close).await.code, "APPLIED");
    assert_eq!(floor.as_anna(&close).await.code, "DUPLICATE");
    let question = OpenCase {
        subject: contracts::CaseSubject::Order {
            source: source(),
            order_ref: OrderRef::new("O1").unwrap(),
        },
        text: "where is it?".to_owned(),
        occurred_at: Timestamp::now(),
    };
    let reply = floor.as_anna(&question).await;
    assert_eq!(reply.aggregate, Some(reply.message_id.to_string()));
    let again = floor.as_anna(&question).await;
    assert_eq!((again.aggregate, again.version), (reply.aggregate, Some(2)));
    let open: i64 = floor.stage.scalar("SELECT COUNT(*) FROM service_case WHERE live = 1").await;
    assert_eq!(open, 2);
    let story = "SELECT GROUP_CONCAT(e.step ORDER BY e.version) FROM service_case_entry e \
                 JOIN service_case c ON c.id = e.case_id WHERE c.kind = 'LOST'";
    let story: String = floor.stage.scalar(story).await;
    assert_eq!(story, "OPENED,CLOSED");
    drop((events, reports));
    floor.close().await;
}
