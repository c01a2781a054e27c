//! Returns and cases: listed, shown, and worked on by command.

use contracts::{Exchange, RejectReturn, UpdateCase};
use testkit::Stage;

use crate::run::Operator;

const ID: &str = "00000000000000000000000000000001";

async fn with_rows() -> Operator {
    let operator = Operator::on(Stage::new(&[]).await);
    let statements = [
        format!(
            "INSERT INTO customer_return VALUES (UNHEX('{ID}'), 'shop', 'R1', UNHEX(REPEAT('0', 64)), \
               'REQUESTED', 'C-1', NULL, 0, '2026-03-05 10:00:00', 1, NOW(6), NOW(6))"
        ),
        format!(
            "INSERT INTO customer_return_line VALUES (UNHEX('{ID}'), 1, 'A', NULL, 2, NULL, NULL, 'MATCHED', \
               0, 0, 0, 0, 0), (UNHEX('{ID}'), 2, 'B', NULL, 2, NULL, NULL, 'NO_MATCH', 0, 0, 0, 0, 0)"
        ),
        format!(
            "INSERT INTO customer_return_part VALUES (UNHEX('{ID}'), 1, UNHEX('{ID}'), 3, 'O1', 2)"
        ),
        format!(
            "INSERT INTO customer_return_waybill VALUES ('shop-O1-r1', UNHEX('{ID}'), UNHEX('{ID}'))"
        ),
        format!(
            "INSERT INTO customer_return_event VALUES (UNHEX('{ID}'), 1, NULL, 'REQUESTED', \
               'return.request.v1', UNHEX('{ID}'), '{{\"subject\": \"C-1\", \"role\": \"customer\"}}', NOW(6))"
        ),
        format!(
            "INSERT INTO service_case VALUES (UNHEX('{ID}'), 'waybill shop-O1-1', 'LOST', 1, NULL, 1, \
               NOW(6), NOW(6))"
        ),
        format!(
            "INSERT INTO service_case_entry VALUES (UNHEX('{ID}'), 1, 'OPENED', 'it is gone', \
               'dray-waybill-status', UNHEX('{ID}'), NOW(6))"
        ),
    ];
    for sql in statements {
        operator.stage.run_sql(&sql).await;
    }
    operator
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_are_listed_and_shown() {
    let operator = with_rows().await;
    let listed = operator.ok(&["return", "ls"]).await;
    assert_eq!((&listed[0]["return_ref"], &listed[0]["units"]), (&"R1".into(), &2.into()));
    assert_eq!(operator.ok(&["return", "ls", "--status", "CLOSED"]).await, serde_json::json!([]));
    assert_eq!(operator.dray(&["return", "ls", "--status", "GONE"]).await.exit, 64);
    let shown = operator.ok(&["return", "show", "shop", "R1"]).await;
    assert_eq!(shown["return"]["status"], "REQUESTED");
    assert_eq!(shown["lines"][0]["orders"], "O1#3 x2");
    assert_eq!(shown["waybills"][0]["waybill_no"], "shop-O1-r1");
    assert_eq!(shown["history"][0]["by_whom"], "C-1");
    assert_eq!(operator.dray(&["return", "show", "shop", "R2"]).await.exit, 66);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_listed_and_shown() {
    let operator = with_rows().await;
    let listed = operator.ok(&["case", "ls", "--kind", "LOST"]).await;
    let case_id = listed[0]["case_id"].as_str().unwrap();
    assert_eq!(listed[0]["open"], true);
    assert_eq!(operator.ok(&["case", "ls", "--kind", "DAMAGED"]).await, serde_json::json!([]));
    let shown = operator.ok(&["case", "show", case_id]).await;
    assert_eq!(shown["entries"][0]["text"], "it is gone");
    let unknown = ["case", "show", "018f3f7c-0000-7000-8000-000000000000"];
    assert_eq!(operator.dray(&unknown).await.exit, 66);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_a_command() {
    let operator = with_rows().await;
    operator.ok(&["topology", "apply"]).await;
    let mut commands = operator.stage.tap(Exchange::Commands, "#").await;
    // nobody answers here: what counts is what was sent
    let rejected = ["return", "reject", "shop", "R1", "worn", "--wait", "1"];
    assert_eq!(operator.dray(&rejected).await.exit, 69);
    let (envelope, reject) = commands.next_of::<RejectReturn>().await;
    assert_eq!((reject.return_ref.as_str(), reject.reason.as_str()), ("R1", "worn"));
    assert!(envelope.reply_to.is_some());
    let case_id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(operator.dray(&["case", "close", case_id, "paid", "--wait", "1"]).await.exit, 69);
    let (_, close) = commands.next_of::<UpdateCase>().await;
    assert_eq!(close.step, contracts::CaseStep::Close { text: "paid".to_owned() });
    operator.stage.close().await;
}
