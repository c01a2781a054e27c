//! What was said of waybills that never come to exist becomes dead letters.

use contracts::{Role, WaybillStatus as S};
use serde_json::json;
use testkit::{PublishAs, Stage};

use super::fleet::{FIRST, Fleet, KIND, order_of_two, report};
use super::story::somebody;

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_too_long_becomes_dead_letters_that_can_be_tried_again() {
    let fleet = Fleet::bare(Stage::new(&[KIND]).await)
        .joined(None, &["--stub-seconds", "1", "--stub-sweep-seconds", "1"])
        .await;
    let said = report(FIRST, S::Packed, None, 3);
    assert_eq!(fleet.ask(Role::Warehouse, &said).await.code, "PARKED");
    let letters = fleet.stage.wait_for_messages("waybill-status.dlq", 1).await;
    let letter = &letters[0];
    assert_eq!(letter.note.reason.as_deref(), Some("UNKNOWN_WAYBILL"));
    assert_eq!(letter.note.origin.as_deref(), Some("waybill-status.commands"));
    let read = contracts::decode_body::<contracts::ReportStatus>(&letter.body);
    assert_eq!(read.as_ref(), Ok(&said));
    fleet.until("the stub forgets it", "SELECT COUNT(*) FROM waybill WHERE parked = 0", 1).await;
    let log = "SELECT e.outcome, e.code FROM waybill_event e ORDER BY e.version";
    assert_eq!(
        fleet.stage.rows(log).await,
        [
            json!({"outcome": "PARKED", "code": null}),
            json!({"outcome": "REJECTED", "code": "UNKNOWN_WAYBILL"}),
        ]
    );

    // the order comes after all, and an operator tries the dead letter again under its own id
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    fleet
        .until("the waybills are there", "SELECT COUNT(*) FROM waybill WHERE status = 'CREATED'", 2)
        .await;
    let how = PublishAs::default().actor(letter.envelope.actor.clone());
    fleet.stage.publish(how.id(letter.envelope.message_id), &said).await.unwrap();
    fleet.until("it counts", "SELECT COUNT(*) FROM waybill WHERE status = 'PACKED'", 1).await;
    fleet.stop().await;
}
