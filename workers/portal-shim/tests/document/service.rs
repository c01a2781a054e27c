//! What customer service and dispatchers have to do with an order: its delivery, a return of it, a case about it, the
//! route that it is on. Made by message, as anybody of the house would.
//!
//! Never here: a request over HTTP.

use contracts::{
    CaseSubject, Contract, OpenCase, OrderRef, Reply, ReplyOutcome, ReportStatus, RequestReturn,
    ReturnLine, ReturnRef, Sku, Source, Timestamp, WaybillNo, WaybillStatus,
};
use testkit::{DEADLINE, PublishAs, Stage, eventually};

/// Sends a command, which has to be carried out, at once or when what it waits for has come.
async fn done<C: Contract>(stage: &Stage, command: &C) -> Reply {
    let mut replies = stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue());
    stage.publish(how, command).await.unwrap();
    let reply = replies.next(DEADLINE).await;
    assert!(matches!(reply.outcome, ReplyOutcome::Applied | ReplyOutcome::Accepted), "{reply:?}");
    reply
}

/// The route that a waybill has its place on.
pub(crate) async fn route_of(stage: &Stage, waybill_no: &str) -> String {
    let sql = format!(
        "SELECT r.route_ref FROM assignment a JOIN route r ON r.id = a.route_id \
         WHERE a.waybill_no = '{waybill_no}'"
    );
    stage.scalar(&sql).await
}

/// Brings a waybill to its door; a delivery is believed of what was dispatched.
pub(crate) async fn deliver(stage: &Stage, waybill_no: &str) {
    for status in [WaybillStatus::Dispatched, WaybillStatus::Delivered] {
        let report = ReportStatus {
            waybill_no: WaybillNo::new(waybill_no).unwrap(),
            status,
            attempt: Some(1),
            route_ref: None,
            expected_version: None,
            occurred_at: Timestamp::now(),
            reason: None,
        };
        done(stage, &report).await;
    }
    let stands = format!(
        "SELECT COUNT(*) FROM waybill WHERE waybill_no = '{waybill_no}' AND status = 'DELIVERED'"
    );
    eventually("it is delivered", async || (stage.scalar::<i64>(&stands).await == 1).then_some(()))
        .await;
}

/// One unit of the first line of a delivered order comes back.
pub(crate) async fn give_back(
    stage: &Stage,
    (source, order_ref): (&str, &str),
    sku: &str,
    return_ref: &str,
) {
    let line = ReturnLine {
        line_no: 1,
        sku: Sku::new(sku).unwrap(),
        description: None,
        quantity: 1,
        unit_price: None,
        reason: None,
    };
    let wish = RequestReturn {
        source: Source::new(source).unwrap(),
        return_ref: ReturnRef::new(return_ref).unwrap(),
        requested_at: Timestamp::now(),
        order_ref: Some(OrderRef::new(order_ref).unwrap()),
        customer_ref: None,
        currency: None,
        lines: vec![line],
    };
    done(stage, &wish).await;
}

/// Somebody asks about an order; gives the id of the case.
pub(crate) async fn ask_about(stage: &Stage, source: &str, order_ref: &str) -> String {
    let (source, order_ref) = (Source::new(source).unwrap(), OrderRef::new(order_ref).unwrap());
    let case = OpenCase {
        subject: CaseSubject::Order { source, order_ref },
        text: "where is it?".to_owned(),
        occurred_at: Timestamp::now(),
    };
    done(stage, &case).await.aggregate.expect("the id of the case")
}
