//! Batches of reports, corrections, cancellations and further waybills in the real runtime.

use contracts::{
    CancellationDecided, CancellationVerdict, CorrectWaybill, Exchange, MAX_REPORTS, ReplyOutcome,
    ReportStatus, ReportStatuses, Requester, Role, WaybillCancelledButMoved, WaybillCreated,
    WaybillKind, WaybillStatus as S, WaybillsRequested,
};
use testkit::PublishAs;

use super::fleet::{FIRST, Fleet, SECOND, no, order_of_two, report};
use super::story::{at, somebody};

use Role::{CsAgent, CsSupervisor, Road, Warehouse, Worker};

#[tokio::test(flavor = "multi_thread")]
async fn every_report_of_a_batch_is_answered_by_itself() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.until("the waybills are there", "SELECT COUNT(*) FROM waybill", 2).await;
    let reports = vec![
        report(FIRST, S::Packed, None, 3),
        report(FIRST, S::Picked, None, 2),
        report(FIRST, S::Packed, None, 4),
        report(SECOND, S::Loaded, Some(1), 5),
        report("uci-536365-3", S::Packed, None, 3),
    ];
    let batch = ReportStatuses { reports, whole: None };
    let mut replies = fleet.stage.replies().await;
    let how = || PublishAs::default().actor(somebody(Warehouse)).reply_to(replies.queue());
    let id = fleet.stage.publish(how(), &batch).await.unwrap();
    let again = how().id(id);
    let reply = replies.next(testkit::DEADLINE).await;
    let codes: Vec<_> = reply.items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["APPLIED", "STALE", "DUPLICATE", "NOT_ALLOWED", "PARKED"]);
    assert_eq!((reply.outcome, reply.code.as_str()), (ReplyOutcome::Applied, "APPLIED"));

    // each under an id of its own, made from the batch's
    let logged = "SELECT HEX(message_id) id FROM waybill_event WHERE fact IS NOT NULL \
                  AND message_type = 'waybill.report-status.v1' ORDER BY id";
    let mut expected: Vec<String> =
        (0..5).map(|item| id.of_item(item).to_string().replace('-', "").to_uppercase()).collect();
    expected.sort();
    let rows = fleet.stage.rows(logged).await;
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);

    // a resend gets the same answer, items and all
    fleet.stage.publish(again, &batch).await.unwrap();
    assert_eq!(replies.next(testkit::DEADLINE).await, reply);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_reports_are_five_messages() {
    let fleet = Fleet::start().await;
    let reports: Vec<ReportStatus> =
        (0..10_000).map(|n| report(&format!("uci-{}-1", n / 2), S::Packed, None, n)).collect();
    let batches = ReportStatuses::split(reports);
    let sizes: Vec<_> = batches.iter().map(|batch| batch.reports.len()).collect();
    assert_eq!(sizes, [MAX_REPORTS; 5]);
    for batch in &batches {
        let reply = fleet.ask(Warehouse, batch).await;
        assert_eq!((reply.code.as_str(), reply.items.len()), ("PARKED", MAX_REPORTS));
    }
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill").await, 5_000);
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill_event").await, 10_000);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_sets_a_waybill_right() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.ask(Road, &report(FIRST, S::Dispatched, Some(1), 5)).await;
    fleet.ask(Road, &report(FIRST, S::Delivered, None, 6)).await;
    let correct = CorrectWaybill {
        waybill_no: no(FIRST),
        status: S::Loaded,
        attempt: Some(1),
        reason: "scanned for the wrong parcel".to_owned(),
        occurred_at: at(10),
    };
    assert_eq!(fleet.ask(CsAgent, &correct).await.code, "NOT_ALLOWED");
    assert_eq!(fleet.ask(CsSupervisor, &correct).await.code, "APPLIED");
    assert_eq!(fleet.waybill(FIRST).await["status"], "LOADED");
    let reason = "SELECT COUNT(*) FROM waybill_event WHERE detail = 'scanned for the wrong parcel' \
                  AND sender IS NOT NULL AND outcome = 'APPLIED'";
    assert_eq!(fleet.stage.scalar::<i64>(reason).await, 1);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_waybill_that_moves_is_told_of() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.cancelled-but-moved").await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    let decided = |waybill, verdict| CancellationDecided {
        waybill_no: no(waybill),
        verdict,
        reason: None,
        occurred_at: at(3),
    };
    fleet.say(somebody(Worker), &decided(FIRST, CancellationVerdict::Accepted)).await;
    let cancelled = "SELECT COUNT(*) FROM waybill WHERE status = 'CANCELLED'";
    fleet.until("it is cancelled", cancelled, 1).await;
    fleet.ask(Road, &report(FIRST, S::Loaded, Some(1), 5)).await;
    let (envelope, moved) = events.next_of::<WaybillCancelledButMoved>().await;
    assert_eq!((moved.waybill_no, moved.status, envelope.seq), (no(FIRST), S::Loaded, Some(3)));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn further_waybills_of_an_order_are_made_with_their_kind() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.created").await;
    let mut order = order_of_two();
    order.waybills[0].kind = WaybillKind::Return;
    order.waybills[1].kind = WaybillKind::Replacement;
    fleet.say(somebody(Worker), &WaybillsRequested { by: Requester::CustomerService, order }).await;
    for kind in [WaybillKind::Return, WaybillKind::Replacement] {
        assert_eq!(events.next_of::<WaybillCreated>().await.1.kind, kind);
    }
    assert_eq!(fleet.ask(Road, &report(FIRST, S::OutForPickup, Some(1), 5)).await.code, "APPLIED");
    let refused = fleet.ask(Road, &report(SECOND, S::OutForPickup, Some(1), 5)).await;
    assert_eq!(refused.code, "NOT_ALLOWED");
    fleet.stop().await;
}
