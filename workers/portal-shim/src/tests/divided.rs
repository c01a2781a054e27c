//! Requests that are several messages: under one Idempotency-Key there is one of them.

use std::collections::HashMap;
use std::ops::Range;

use contracts::{Exchange, MessageId, ReportStatuses};
use serde_json::json;
use testkit::Tap;

use super::bench::{Answer, Bench, applied, bearer, id_of, pattern, refused};

const REPORTS: &str = "/v1/reports";

/// Settles messages as a worker's inbox does: what is known is answered as before, and another body under a
/// known id is refused.
#[derive(Default)]
struct Inbox {
    bodies: HashMap<MessageId, Vec<u8>>,
    settled: usize,
}

impl Inbox {
    async fn settle(&mut self, bench: &Bench, tap: &mut Tap, messages: usize) {
        for _ in 0..messages {
            let delivery = tap.next().await;
            let id = delivery.envelope.message_id;
            let known = self.bodies.entry(id).or_insert_with(|| delivery.body.clone());
            let is_same = *known == delivery.body;
            let reply = if is_same { applied(id, 1) } else { refused(id, "KEY_REUSED") };
            bench.settle(&delivery.envelope, &reply).await;
            self.settled += 1;
        }
    }
}

/// Reports of these waybills under this key.
async fn report(bench: &Bench, key: &str, wait: &str, numbers: Range<usize>) -> Answer {
    let authorization = bearer(&bench.staff());
    let headers =
        [("authorization", authorization.as_str()), ("idempotency-key", key), ("prefer", wait)];
    let report = |n: usize| json!({"waybill_no": format!("m1-{n}"), "status": "PICKED", "occurred_at": "2035-06-12T09:00:00Z"});
    let body = json!({"reports": numbers.map(report).collect::<Vec<_>>()}).to_string();
    bench.send("POST", REPORTS, &headers, Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_messages_under_one_key_changes_nothing() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<ReportStatuses>()).await;
    let mut inbox = Inbox::default();
    // three messages
    let whole = 0..4_001;
    let sending = report(&bench, "k-1", "wait=10", whole.clone());
    let (answer, ()) = tokio::join!(sending, inbox.settle(&bench, &mut tap, 3));
    assert_eq!((answer.status, &answer.body["outcome"]), (200, &json!("applied")), "{answer:?}");
    assert_eq!(inbox.bodies.len(), 3);

    let id = id_of("anna", REPORTS, "k-1");
    // more of the same, less of it, and exactly what its first message had
    for (numbers, operation) in
        [(0..6_001, format!("{id}.4")), (0..2_001, format!("{id}.2")), (0..2_000, id.to_string())]
    {
        let sending = report(&bench, "k-1", "wait=10", numbers);
        let (reused, ()) = tokio::join!(sending, inbox.settle(&bench, &mut tap, 1));
        assert_eq!(reused.problem(422), "KEY_REUSED");
        assert_eq!(reused.body["operation"], json!(operation));
    }
    assert!(
        tap.so_far(&bench.stage).await.is_empty(),
        "nothing follows a first message that was refused"
    );

    let again = report(&bench, "k-1", "wait=10", whole);
    let (answer, ()) = tokio::join!(again, inbox.settle(&bench, &mut tap, 3));
    assert_eq!((answer.status, &answer.body["outcome"]), (200, &json!("applied")), "{answer:?}");
    assert_eq!((inbox.bodies.len(), inbox.settled), (3, 9), "each message had one effect");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_becomes_no_two_under_its_key() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<ReportStatuses>()).await;
    let mut inbox = Inbox::default();
    let sending = report(&bench, "k-2", "wait=10", 0..2_000);
    let (answer, ()) = tokio::join!(sending, inbox.settle(&bench, &mut tap, 1));
    assert_eq!(answer.status, 200, "{answer:?}");
    let sending = report(&bench, "k-2", "wait=10", 0..2_001);
    let (reused, ()) = tokio::join!(sending, inbox.settle(&bench, &mut tap, 1));
    assert_eq!(reused.problem(422), "KEY_REUSED");
    assert!(tap.so_far(&bench.stage).await.is_empty());
    assert_eq!(inbox.bodies.len(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_is_answered_when_the_first_message_is_settled() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<ReportStatuses>()).await;
    let mut inbox = Inbox::default();
    let sending = report(&bench, "k-3", "wait=0", 0..2_001);
    let (answer, ()) = tokio::join!(sending, inbox.settle(&bench, &mut tap, 1));
    assert_eq!((answer.status, &answer.body["outcome"]), (202, &json!("pending")), "{answer:?}");
    let first = id_of("anna", REPORTS, "k-3");
    assert!(inbox.bodies.contains_key(&first), "its id is the operation's own");
    let (second, batch) = tap.next_of::<ReportStatuses>().await;
    assert_eq!((second.message_id, batch.reports.len()), (first.of_item(1), 1));
    let whole = batch.whole.expect("it is one of two");
    let before: ReportStatuses = serde_json::from_slice(&inbox.bodies[&first]).unwrap();
    assert_eq!(before.whole, Some(whole));
    bench.stop().await;
}
