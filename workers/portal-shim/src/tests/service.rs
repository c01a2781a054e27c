//! Returns, cases, routes and files: which message a request becomes, and what its answer says.

use contracts::{Exchange, Reply, ReplyOutcome, Role, UploadContent, UploadFile};
use serde_json::{Value, json};
use testkit::Tap;

use super::bench::{Answer, Bench, applied, bearer, refused};

const AT: &str = "2035-06-12T09:00:00Z";
const RETURN: &str = "/v1/returns/shop/R-1";

/// Sends a request and plays the worker: gives the answer, the type of the message and its body.
async fn sent(
    bench: &Bench,
    tap: &mut Tap,
    (path, token): (&str, &str),
    body: &Value,
    reply: impl FnOnce(Reply) -> Reply,
) -> (Answer, String, Value) {
    let worker = async {
        let delivery = tap.next().await;
        let said = reply(applied(delivery.envelope.message_id, 3));
        bench.settle(&delivery.envelope, &said).await;
        (delivery.envelope.message_type, serde_json::from_slice(&delivery.body).unwrap())
    };
    let (answer, (message_type, message)) = tokio::join!(bench.post(path, token, body), worker);
    (answer, message_type, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_return_is_its_command() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "return.#").await;
    let token = bench.staff();
    let line = |fields: Value| json!([fields]);
    for (step, body, message_type) in [
        ("approve", json!({"pickup_date": "2035-06-14"}), "return.approve.v1"),
        ("reject", json!({"reason": "worn"}), "return.reject.v1"),
        ("cancel", json!({}), "return.cancel.v1"),
        (
            "receipts",
            json!({"lines": line(json!({"line_no": 1, "received": 2, "damaged": 1})), "complete": true}),
            "return.record-receipt.v1",
        ),
        (
            "inspections",
            json!({"lines": line(json!({"line_no": 1, "restocked": 2}))}),
            "return.record-inspection.v1",
        ),
        ("close", json!({}), "return.close.v1"),
    ] {
        let mut body = body;
        body["occurred_at"] = json!(AT);
        let path = format!("{RETURN}/{step}");
        let (answer, said, message) =
            sent(&bench, &mut tap, (&path, &token), &body, |reply| reply).await;
        assert_eq!((answer.status, said.as_str()), (200, message_type), "{answer:?}");
        assert_eq!((&message["source"], &message["return_ref"]), (&json!("shop"), &json!("R-1")));
        for (name, value) in body.as_object().unwrap() {
            let kept = &message[name];
            assert!(kept == value || kept.is_array(), "{step}: {name} is {kept}");
        }
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_found_where_the_answer_says() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "#").await;
    let token = bench.staff();
    let wish = json!({
        "source": "shop", "return_ref": "R 1", "requested_at": AT,
        "lines": [{"line_no": 1, "sku": "A", "quantity": 1}],
    });
    let (answer, _, _) =
        sent(&bench, &mut tap, ("/v1/returns", &token), &wish, |reply| reply).await;
    assert_eq!((answer.status, answer.header("location")), (201, Some("/v1/returns/shop/R%201")));

    let subject = json!({"about": "waybill", "waybill_no": "m1-1"});
    let case = json!({"subject": subject, "text": "where is it?", "occurred_at": AT});
    let known = "018f3f7c-0000-7000-8000-000000000001";
    let (answer, _, _) = sent(&bench, &mut tap, ("/v1/cases", &token), &case, |reply| Reply {
        aggregate: Some(known.to_owned()),
        ..reply
    })
    .await;
    let location = format!("/v1/cases/{known}");
    assert_eq!((answer.status, answer.header("location")), (201, Some(&*location)));
    let note = json!({"step": {"step": "note", "text": "asked"}, "occurred_at": AT});
    let path = format!("{location}/steps");
    let (answer, said, message) =
        sent(&bench, &mut tap, (&path, &token), &note, |reply| reply).await;
    assert_eq!((answer.status, said.as_str()), (200, "case.update.v1"));
    assert_eq!((&message["case_id"], &message["step"]), (&json!(known), &note["step"]));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dispatchers_lock_and_dispatch_routes_and_say_what_broke() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "#").await;
    let token = bench.token("dana", Role::Dispatcher, None);
    let moment = json!({"occurred_at": AT});
    let broken = json!({"broken": {"truck_of": {"route_ref": "N-1"}}, "occurred_at": AT});
    for (path, body, message_type) in [
        ("/v1/routes/N-1/lock", &moment, "route.lock.v1"),
        ("/v1/routes/N-1/dispatch", &moment, "route.dispatch.v1"),
        ("/v1/breakdowns", &broken, "adra.report-breakdown.v1"),
        ("/v1/quotas/recalculate", &moment, "adra.recalculate.v1"),
    ] {
        let (answer, said, _) = sent(&bench, &mut tap, (path, &token), body, |reply| reply).await;
        assert_eq!((answer.status, said.as_str()), (200, message_type), "{answer:?}");
    }
    let refusal = |reply: Reply| refused(reply.message_id, "UNKNOWN_ROUTE");
    let lock = ("/v1/routes/N-2/lock", token.as_str());
    let (answer, _, _) = sent(&bench, &mut tap, lock, &moment, refusal).await;
    assert_eq!(answer.problem(404), "UNKNOWN_ROUTE");
    let agent = bench.token("ben", Role::CsAgent, None);
    assert_eq!(bench.post(lock.0, &agent, &moment).await.problem(403), "NOT_ALLOWED");
    assert_eq!(bench.get("/v1/routes/N-2", &token).await.problem(404), "NOT_FOUND");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_several_messages_and_one_answer() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "hotfolder.upload").await;
    let token = bearer(&bench.merchant());
    let path = "/v1/uploads/m01/order-m01-000001.tsv";
    let content = "x".repeat(contracts::MAX_PART_BYTES + 5);
    let put = |content: String| {
        let headers =
            [("authorization", token.as_str()), ("content-type", "text/tab-separated-values")];
        let bench = &bench;
        async move { bench.send("PUT", path, &headers, Some(content)).await }
    };
    let worker = async {
        let mut parts = Vec::new();
        for (code, outcome) in
            [("PARKED", ReplyOutcome::Accepted), ("APPLIED", ReplyOutcome::Applied)]
        {
            let (envelope, part) = tap.next_of::<UploadFile>().await;
            let reply = applied(envelope.message_id, 2);
            let reply = Reply { code: code.to_owned(), outcome, ..reply };
            bench.settle(&envelope, &reply).await;
            parts.push((envelope, part));
        }
        parts
    };
    let (answer, parts) = tokio::join!(put(content.clone()), worker);
    let location = "/v1/uploads/m01/order%2Dm01%2D000001%2Etsv";
    assert_eq!((answer.status, answer.header("location")), (201, Some(location)), "{answer:?}");
    assert_eq!(answer.body["operation"], json!(parts[1].0.message_id));
    assert_eq!(parts[0].0.actor.merchant.as_deref(), Some("m1"));
    let (first, last) = (&parts[0].1, &parts[1].1);
    assert_eq!((first.part, last.part, last.parts), (1, 2, 2));
    assert_eq!((&first.sha256, first.size_bytes), (&last.sha256, content.len() as u64));
    assert!(matches!(&last.content, UploadContent::Base64(text) if text == "eHh4eHg="));

    let worker = async {
        let (envelope, _) = tap.next_of::<UploadFile>().await;
        bench.settle(&envelope, &refused(envelope.message_id, "NAME_TAKEN")).await;
    };
    let (refused, ()) = tokio::join!(put(content), worker);
    assert_eq!(refused.problem(409), "NAME_TAKEN", "the second part is not sent");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_is_not_sent() {
    let bench = Bench::start().await;
    let token = bearer(&bench.merchant());
    let put = async |media_type: &str, content: String| {
        let headers = [("authorization", token.as_str()), ("content-type", media_type)];
        bench.send("PUT", "/v1/uploads/m01/order-m01-000001.tsv", &headers, Some(content)).await
    };
    let wrong = put("application/json", "{}".to_owned()).await;
    assert_eq!(wrong.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    let empty = put("application/gzip", String::new()).await;
    assert_eq!(empty.problem(400), "EMPTY_FILE");
    bench.stop().await;
}
