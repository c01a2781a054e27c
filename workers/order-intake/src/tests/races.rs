//! Many who want something of one order at once: one after another, nothing lost, nothing twice.

use std::collections::BTreeMap;

use contracts::{AmendmentRequested, CancelOrder, Exchange, WaybillStatus as S};
use testkit::{DEADLINE, PublishAs};

use super::fleet::{FIRST, Fleet, SECOND, agent, amending, cancelling, decided, status_changed};

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_amendments_at_once_one_wins() {
    let fleet = Fleet::bare().await.joined(&[]).await.joined(&[]).await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    let mut replies = fleet.stage.replies().await;
    let publish = |quantity: u32| {
        let how = PublishAs::default().actor(agent()).reply_to(replies.queue());
        let (stage, command) = (&fleet.stage, amending(1, &[(1, quantity), (3, 1)]));
        async move { stage.publish(how, &command).await.unwrap() }
    };
    // another quantity than the three that were ordered
    for quantity in 4..14 {
        publish(quantity).await;
    }
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..10 {
        *codes.entry(replies.next(DEADLINE).await.code).or_default() += 1;
    }
    let lost =
        codes.get("AMENDMENT_PENDING").unwrap_or(&0) + codes.get("VERSION_CONFLICT").unwrap_or(&0);
    assert_eq!((codes.get("APPLIED"), lost), (Some(&1), 9), "{codes:?}");
    let (_, first) = events.next_of::<AmendmentRequested>().await;
    let (_, second) = events.next_of::<AmendmentRequested>().await;
    fleet.tell(5, &decided(&first, None)).await;
    fleet.tell(5, &decided(&second, None)).await;
    let won = first.amendment.lines[0].quantity;
    assert_eq!(
        fleet.lines().await,
        [format!("{won} 0 0 0 0 0 0"), "2 0 0 0 0 0 0".to_owned(), "1 0 0 0 0 0 0".to_owned()]
    );
    assert_eq!(fleet.history().await, ["2 AMENDMENT_REQUESTED", "3 AMENDED", "4 AMENDED"]);
    let late = fleet.ask(agent(), &amending(1, &[(1, 1)])).await;
    assert_eq!(late.code, "VERSION_CONFLICT");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_and_a_shipment_at_once_end_in_one_of_two_orders() {
    let fleet = Fleet::bare().await.joined(&[]).await.joined(&[]).await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    fleet.ask(agent(), &amending(1, &[(1, 1)])).await;
    let (_, asked) = events.next_of::<AmendmentRequested>().await;
    let how = PublishAs::default;
    let (decided, sent) = (decided(&asked, None), status_changed(FIRST, S::Dispatched));
    let (one, other) = tokio::join!(
        fleet.stage.publish(how().seq(4), &decided),
        fleet.stage.publish(how().seq(7), &sent),
    );
    one.unwrap();
    other.unwrap();
    // whichever came first, both had their effect
    fleet.until("both are handled", "SELECT COUNT(*) FROM order_change", 3).await;
    assert_eq!(fleet.lines().await, ["1 0 1 0 0 0 0", "2 0 2 0 0 0 0", "4 0 0 0 0 0 0"]);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shuffled_and_doubled_events_end_in_the_same_row_on_two_processes() {
    let fleet = Fleet::bare().await.joined(&[]).await.joined(&[]).await.taken().await;
    let story = [
        (FIRST, S::Dispatched, 5),
        (FIRST, S::OutForDelivery, 6),
        (FIRST, S::DeliveryFailed, 7),
        (FIRST, S::Dispatched, 9),
        (FIRST, S::Delivered, 10),
        (SECOND, S::Dispatched, 4),
        (SECOND, S::Returning, 6),
        (SECOND, S::ReturnedToOrigin, 7),
    ];
    for round in 0..3 {
        for k in 0..story.len() {
            let (waybill, status, seq) = story[(k * 5 + round) % story.len()];
            let how = PublishAs::default().seq(seq);
            fleet.stage.publish(how, &status_changed(waybill, status)).await.unwrap();
        }
    }
    let handled = "SELECT COUNT(*) FROM inbox";
    fleet.until("all are handled", handled, 3 * 8 + 1).await;
    assert_eq!(fleet.order().await["status"], "COMPLETED");
    assert_eq!(fleet.lines().await, ["3 0 3 3 0 0 0", "2 0 2 2 0 0 0", "4 0 4 0 4 0 0"]);
    let kept = "SELECT CAST(SUM(seq) AS SIGNED) FROM order_waybill";
    assert_eq!(fleet.stage.scalar::<i64>(kept).await, 17);
    let gaps = "SELECT CAST(o.version - 1 - (SELECT COUNT(*) FROM order_change c WHERE c.order_id = o.id) AS SIGNED) FROM orders o";
    assert_eq!(fleet.stage.scalar::<i64>(gaps).await, 0, "every version has its entry");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_cancel_the_version_that_both_saw_one_wins() {
    let fleet = Fleet::bare().await.joined(&[]).await.joined(&[]).await.taken().await;
    let mut replies = fleet.stage.replies().await;
    for line_no in [None, Some(3)] {
        let how = PublishAs::default().actor(agent()).reply_to(replies.queue());
        let command = CancelOrder { expected_version: Some(1), ..cancelling(line_no) };
        fleet.stage.publish(how, &command).await.unwrap();
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        let reply = replies.next(DEADLINE).await;
        told.push((reply.code, reply.version));
    }
    told.sort();
    let won = ("APPLIED".to_owned(), Some(2));
    assert_eq!(told, [won, ("VERSION_CONFLICT".to_owned(), Some(2))]);
    assert_eq!(fleet.history().await, ["2 CANCELLATION_REQUESTED"]);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_cancel_at_once_ask_for_the_same_waybills_and_nothing_is_lost() {
    let fleet = Fleet::bare().await.joined(&[]).await.joined(&[]).await.taken().await;
    let mut replies = fleet.stage.replies().await;
    for _ in 0..2 {
        let how = PublishAs::default().actor(agent()).reply_to(replies.queue());
        fleet.stage.publish(how, &cancelling(None)).await.unwrap();
    }
    let mut versions = Vec::new();
    for _ in 0..2 {
        let reply = replies.next(DEADLINE).await;
        versions.push((reply.code, reply.version));
    }
    versions.sort();
    let applied = |version| ("APPLIED".to_owned(), Some(version));
    assert_eq!(versions, [applied(2), applied(3)]);
    fleet.stop().await;
}
