//! Requests that become commands: under which id, in whose name, and what their outcome is in HTTP.

use contracts::{Exchange, PlaceHold, ReportStatuses, Role};
use serde_json::{Value, json};

use super::bench::{Answer, Bench, applied, bearer, id_of, pattern, refused};

const HOLDS: &str = "/v1/waybills/m1-1/holds";

fn hold() -> Value {
    json!({"handle": "h-1", "reason": "OTHER", "occurred_at": "2035-06-12T09:00:00Z"})
}

async fn place(bench: &Bench, headers: &[(&str, &str)], body: Value) -> Answer {
    let authorized = bearer(&bench.staff());
    let auth = ("authorization", authorized.as_str());
    let headers: Vec<(&str, &str)> = [auth].into_iter().chain(headers.iter().copied()).collect();
    bench.send("POST", HOLDS, &headers, Some(body.to_string())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_travels_in_the_callers_name_with_its_id_and_trace() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<PlaceHold>()).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [("idempotency-key", "k-1"), ("x-request-id", "r-1"), ("traceparent", parent)];
    let worker = async {
        let (envelope, command) = tap.next_of::<PlaceHold>().await;
        bench.settle(&envelope, &applied(envelope.message_id, 8)).await;
        (envelope, command)
    };
    let (answer, (envelope, command)) = tokio::join!(place(&bench, &headers, hold()), worker);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("etag"), Some("\"8\""));
    assert_eq!(answer.body["outcome"], "applied");
    assert_eq!(envelope.message_id, id_of("anna", HOLDS, "k-1"));
    assert_eq!(answer.body["operation"], json!(envelope.message_id));
    assert_eq!(command.waybill_no.as_str(), "m1-1");
    assert_eq!(
        (envelope.actor.subject.as_str(), envelope.actor.role),
        ("anna", Role::CsSupervisor)
    );
    assert_eq!(envelope.actor.origin.as_deref(), Some("127.0.0.1"));
    assert!(envelope.correlation_id.unwrap().starts_with("r-1."));
    let trace = envelope.trace.traceparent.unwrap();
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "the client's trace: {trace}"
    );
    assert_ne!(trace, parent, "in a span of its own");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_message_and_is_not_sent_while_in_progress() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<PlaceHold>()).await;
    let key = [("idempotency-key", "k-2"), ("prefer", "wait=10")];
    let worker = async {
        let (envelope, _) = tap.next_of::<PlaceHold>().await;
        // the first is not answered yet: the second must not reach the fleet
        let meanwhile = place(&bench, &key, hold()).await;
        assert_eq!(meanwhile.problem(409), "IN_PROGRESS");
        assert_eq!(meanwhile.header("retry-after"), Some("1"));
        bench.settle(&envelope, &applied(envelope.message_id, 8)).await;
        envelope.message_id
    };
    let (first, id) = tokio::join!(place(&bench, &key, hold()), worker);
    assert_eq!((first.status, first.header("preference-applied")), (200, Some("wait=10")));
    let worker = async {
        let (envelope, _) = tap.next_of::<PlaceHold>().await;
        assert_eq!(envelope.message_id, id, "a resend is the same message");
        bench.settle(&envelope, &refused(envelope.message_id, "KEY_REUSED")).await;
    };
    let (reused, ()) = tokio::join!(place(&bench, &key, hold()), worker);
    assert_eq!(reused.problem(422), "KEY_REUSED");
    assert_eq!(reused.body["operation"], json!(id));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_in_time_is_found_later() {
    let bench = Bench::start().await;
    let headers = [("prefer", "wait=0"), ("idempotency-key", "k-3")];
    let answer = place(&bench, &headers, hold()).await;
    assert_eq!((answer.status, answer.body["outcome"].as_str()), (202, Some("pending")));
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/operations/{}", id_of("anna", HOLDS, "k-3")));
    let own = bench.get(location, &bench.staff()).await;
    assert_eq!((own.status, own.body["outcome"].as_str()), (202, Some("pending")));
    let other = bench.token("otto", Role::CsAgent, None);
    assert_eq!(bench.get(location, &other).await.problem(404), "NOT_FOUND");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_problem_with_the_workers_code() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<PlaceHold>()).await;
    for (code, status) in [("TOO_MANY_HOLDS", 409), ("UNKNOWN_WAYBILL", 404), ("NOT_ALLOWED", 403)]
    {
        let worker = async {
            let (envelope, _) = tap.next_of::<PlaceHold>().await;
            bench.settle(&envelope, &refused(envelope.message_id, code)).await;
        };
        let (answer, ()) = tokio::join!(place(&bench, &[], hold()), worker);
        assert_eq!(answer.problem(status), code);
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_is_told_which_version_was_seen_and_says_whether_it_is_the_newest() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "#").await;
    let at = "2035-06-12T09:00:00Z";
    let moment = json!({"occurred_at": at});
    let note = json!({"step": {"step": "note", "text": "asked"}, "occurred_at": at});
    let report = json!({"status": "PICKED", "occurred_at": at});
    let release = json!({"handle": "h-1", "occurred_at": at});
    let case = "/v1/cases/018f3f7c-0000-7000-8000-000000000001/steps";
    let authorized = bearer(&bench.staff());
    // what is shown has version 7: nobody looks at that
    let headers = [("authorization", authorized.as_str()), ("if-match", "\"6-0123456789abcdef\"")];
    for (path, body) in [
        (HOLDS, hold()),
        ("/v1/waybills/m1-1/holds/release", release),
        ("/v1/waybills/m1-1/reports", report),
        ("/v1/orders/shop/1/cancel", moment.clone()),
        ("/v1/returns/shop/R-1/approve", moment.clone()),
        ("/v1/returns/shop/R-1/cancel", moment.clone()),
        ("/v1/returns/shop/R-1/receipts", json!({"complete": true, "occurred_at": at})),
        ("/v1/returns/shop/R-1/close", moment),
        (case, note),
    ] {
        let worker = async {
            let delivery = tap.next().await;
            let refusal = refused(delivery.envelope.message_id, "VERSION_CONFLICT");
            bench.settle(&delivery.envelope, &refusal).await;
            serde_json::from_slice::<Value>(&delivery.body).unwrap()
        };
        let sending = bench.send("POST", path, &headers, Some(body.to_string()));
        let (answer, message) = tokio::join!(sending, worker);
        assert_eq!(message["expected_version"], 6, "{path}");
        assert_eq!(answer.problem(412), "VERSION_CONFLICT", "{path}");
    }
    let worker = async {
        let (envelope, command) = tap.next_of::<PlaceHold>().await;
        bench.settle(&envelope, &applied(envelope.message_id, 8)).await;
        command.expected_version
    };
    let (answer, unseen) = tokio::join!(place(&bench, &[("if-match", "*")], hold()), worker);
    assert_eq!((answer.status, unseen), (200, None));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_worker_decides_is_not_sent_for_an_older_version_than_is_shown() {
    let bench = Bench::start().await;
    let cancel = json!({"occurred_at": "2035-06-12T09:00:00Z"});
    let reschedule = json!({"delivery_date": "2035-06-14", "timeslot": "0900-1300",
                            "occurred_at": "2035-06-12T09:00:00Z"});
    let authorized = bearer(&bench.staff());
    let stale = [("authorization", authorized.as_str()), ("if-match", "\"6\"")];
    for (step, body) in [("cancel", cancel), ("reschedule", reschedule)] {
        let path = format!("/v1/waybills/m1-1/{step}");
        let answer = bench.send("POST", &path, &stale, Some(body.to_string())).await;
        assert_eq!(answer.problem(412), "VERSION_CONFLICT", "{step}");
    }
    let merchant = bearer(&bench.merchant());
    let foreign = [("authorization", merchant.as_str()), ("if-match", "\"6\"")];
    let path = "/v1/waybills/m2-1/holds";
    let foreign = bench.send("POST", path, &foreign, Some(hold().to_string())).await;
    assert_eq!(foreign.problem(404), "NOT_FOUND", "of what is foreign no version is compared");
    let nonsense = place(&bench, &[("if-match", "six")], hold()).await;
    assert_eq!(nonsense.problem(400), "INVALID");
    let amend =
        json!({"lines": [{"line_no": 1, "quantity": 2}], "occurred_at": "2035-06-12T09:00:00Z"});
    let authorized = bearer(&bench.staff());
    let headers = [("authorization", authorized.as_str())];
    let blind = bench.send("PATCH", "/v1/orders/shop/1", &headers, Some(amend.to_string())).await;
    assert_eq!(blind.problem(428), "VERSION_NEEDED");
    assert_eq!(bench.stage.depth("waybill-status.commands").await, 0);
    assert_eq!(bench.stage.depth("order-intake.commands").await, 0);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_reports_are_five_messages_and_one_operation() {
    let bench = Bench::start().await;
    let report = |n: usize| json!({"waybill_no": format!("m1-{n}"), "status": "PICKED", "occurred_at": "2035-06-12T09:00:00Z"});
    let body = json!({"reports": (0..10_000).map(report).collect::<Vec<_>>()}).to_string();
    let authorized = bearer(&bench.staff());
    let auth = ("authorization", authorized.as_str());
    let unkeyed = bench.send("POST", "/v1/reports", &[auth], Some(body.clone())).await;
    assert_eq!(unkeyed.problem(400), "KEY_NEEDED");
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<ReportStatuses>()).await;
    let worker = async {
        let mut sizes = Vec::new();
        for _ in 0..5 {
            let (envelope, batch) = tap.next_of::<ReportStatuses>().await;
            sizes.push(batch.reports.len());
            bench.settle(&envelope, &applied(envelope.message_id, 1)).await;
        }
        sizes
    };
    let headers = [auth, ("idempotency-key", "k-4"), ("prefer", "wait=10")];
    let sending = bench.send("POST", "/v1/reports", &headers, Some(body));
    let (answer, sizes) = tokio::join!(sending, worker);
    assert_eq!(sizes, [2_000; 5]);
    assert_eq!(
        (answer.status, answer.body["outcome"].as_str()),
        (200, Some("applied")),
        "{answer:?}"
    );
    assert_eq!(answer.body["operation"], format!("{}.5", id_of("anna", "/v1/reports", "k-4")));
    bench.stop().await;
}
