//! Asking that orders and waybills change: what the workers are sent, and how their answer is told.

use contracts::{
    AmendOrder, CancelOrder, CancelWaybill, Contract, Exchange, ItemReply, Refusal, Reply,
    ReplyOutcome, Role,
};
use serde_json::Value;
use testkit::{Stage, Tap};

use crate::run::{Called, Operator};

/// Takes the next command and answers it as a worker would.
async fn answer<C: Contract>(stage: &Stage, heard: &mut Tap, refusal: Option<Refusal>) -> C {
    let (asked, command) = heard.next_of::<C>().await;
    assert_eq!(asked.actor.role, Role::Operator);
    let item = |item| ItemReply {
        item,
        code: "CANCELLATION_REQUESTED".to_owned(),
        detail: Some(format!("shop-42-{}", item + 1)),
    };
    let reply = Reply {
        message_id: asked.message_id,
        outcome: if refusal.is_some() { ReplyOutcome::Rejected } else { ReplyOutcome::Applied },
        code: "APPLIED".to_owned(),
        items: if refusal.is_some() { Vec::new() } else { vec![item(0), item(1)] },
        refusal,
        aggregate: Some("shop/42".to_owned()),
        version: Some(2),
    };
    stage.answer(&asked, "reply.v1", &reply).await;
    command
}

/// Calls the program while somebody answers.
pub(crate) async fn asked<C: Contract>(
    operator: &Operator,
    arguments: &[&str],
    refusal: Option<Refusal>,
) -> (Called, C) {
    let mut heard = operator.stage.tap(Exchange::Commands, "#").await;
    tokio::join!(operator.dray(arguments), answer(&operator.stage, &mut heard, refusal))
}

/// Every exchange and an administrator that may use them.
pub(crate) async fn ready() -> Operator {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    operator
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_a_line_and_a_waybill_are_asked_to_be_cancelled() {
    let operator = ready().await;
    let whole = ["order", "cancel", "shop", "42", "--reason", "ordered twice"];
    let (called, command) = asked::<CancelOrder>(&operator, &whole, None).await;
    assert_eq!((called.exit, &called.json["version"]), (0, &Value::from(2)), "{}", called.said);
    assert_eq!(called.json["items"][1]["detail"], "shop-42-2");
    assert_eq!((command.source.as_str(), command.order_ref.as_str()), ("shop", "42"));
    assert_eq!((command.line_no, command.reason.as_deref()), (None, Some("ordered twice")));

    let line = ["order", "cancel", "shop", "42", "--line", "3"];
    let (_, command) = asked::<CancelOrder>(&operator, &line, None).await;
    assert_eq!((command.line_no, command.reason), (Some(3), None));

    let waybill = ["waybill", "cancel", "shop-42-1", "--reason", "ordered twice"];
    let (called, command) = asked::<CancelWaybill>(&operator, &waybill, None).await;
    assert_eq!((called.exit, command.waybill_no.as_str()), (0, "shop-42-1"), "{}", called.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_names_the_version_that_was_seen_or_the_one_there_is() {
    let operator = ready().await;
    let lines =
        ["order", "amend", "shop", "42", "--line", "1=5", "--line", "2=0", "--version", "7"];
    let (_, command) = asked::<AmendOrder>(&operator, &lines, None).await;
    let quantities: Vec<_> =
        command.lines.iter().map(|line| (line.line_no, line.quantity)).collect();
    assert_eq!((command.expected_version, quantities), (7, vec![(1, 5), (2, 0)]));

    let elsewhere = ["order", "amend", "shop", "42", "--address", "2 Other Street"];
    assert_eq!(operator.dray(&elsewhere).await.exit, 66, "there is no such order");
    let order = "INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, district, \
                   delivery_date, timeslot, currency, total_minor, line_count, waybill_count, actor, created_at, \
                   updated_at) \
                 VALUES (REPEAT('i', 16), 'shop', '42', REPEAT('h', 32), 'PAID', 4, NOW(6), 'D-101', '2035-06-13', \
                   '0900-1300', 'GBP', 100, 1, 1, '{}', NOW(6), NOW(6))";
    operator.stage.run_sql(order).await;
    let conflict = Refusal::new("VERSION_CONFLICT", "the order is at version 5 by now");
    let (called, command) = asked::<AmendOrder>(&operator, &elsewhere, Some(conflict)).await;
    let address = command.destination.unwrap().address.unwrap();
    assert_eq!((command.expected_version, address.expose()), (4, "2 Other Street"));
    assert_eq!(called.exit, 65);
    assert!(called.said.contains("VERSION_CONFLICT"), "{}", called.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_that_makes_no_sense_is_not_sent() {
    let operator = ready().await;
    let start = ["order", "amend", "shop", "42", "--version", "1"];
    let cases: [&[&str]; 4] = [
        &[],
        &["--line", "1=2", "--district", "D2"],
        &["--line", "1=2", "--line", "1=3"],
        &["--line", "1"],
    ];
    for more in cases {
        let arguments: Vec<&str> = start.iter().chain(more).copied().collect();
        let called = operator.dray(&arguments).await;
        assert!([2, 64].contains(&called.exit), "{arguments:?}: {} {}", called.exit, called.said);
    }
    operator.stage.close().await;
}
