//! Requests that become no command: problems, limits, versions, who may see what.

use contracts::Role;
use futures_util::future::join_all;
use serde_json::json;

use super::bench::{Bench, bearer};

const SHOWN: &str = "/v1/waybills/m1-1";

#[tokio::test(flavor = "multi_thread")]
async fn every_no_is_a_problem_of_the_same_form() {
    let bench = Bench::start().await;
    let (staff, merchant) = (bench.staff(), bench.merchant());
    let authorized = bearer(&staff);
    let auth = ("authorization", authorized.as_str());

    assert_eq!(bench.get("/v1/nothing", &staff).await.problem(404), "NOT_FOUND");
    assert_eq!(bench.get("/v1/waybills/nobody-1", &staff).await.problem(404), "NOT_FOUND");
    let anonymous = bench.send("GET", SHOWN, &[], None).await;
    assert_eq!(anonymous.problem(401), "UNAUTHENTICATED");
    assert_eq!(anonymous.header("www-authenticate"), Some("Bearer"));
    assert_eq!(bench.get(SHOWN, "no-token").await.problem(401), "UNAUTHENTICATED");
    let held = "/v1/waybills/m1-1/holds";
    let customer = bench.token("c", Role::Customer, None);
    assert_eq!(bench.post(held, &customer, &json!({})).await.problem(403), "NOT_ALLOWED");
    let deleted = bench.send("DELETE", SHOWN, &[auth], None).await;
    assert_eq!(deleted.problem(405), "METHOD_NOT_ALLOWED");
    assert!(deleted.header("allow").unwrap().contains("GET"), "{deleted:?}");
    let html = bench.send("GET", SHOWN, &[auth, ("accept", "text/html")], None).await;
    assert_eq!(html.problem(406), "NOT_ACCEPTABLE");
    let text = [auth, ("content-type", "text/plain")];
    let as_text = bench.send("POST", held, &text, Some("hold it".to_owned())).await;
    assert_eq!(as_text.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    let large = bench.send("POST", held, &[auth], Some("x".repeat(1024 * 1024 + 1))).await;
    assert_eq!(large.problem(413), "BODY_TOO_LARGE");
    assert_eq!(
        bench.post(held, &staff, &json!({"handle": "h"})).await.problem(400),
        "INVALID_BODY"
    );
    let cursor = bench.get("/v1/waybills?cursor=nonsense", &merchant).await;
    assert_eq!(cursor.problem(422), "INVALID");
    let long = format!("/v1/waybills/{}", "x".repeat(5_000));
    assert_eq!(bench.get(&long, &staff).await.problem(414), "ADDRESS_TOO_LONG");
    bench.stop().await;
}

/// No worker reads such a day: sent on, it would be a question that nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_year_without_four_digits_is_refused() {
    let bench = Bench::start().await;
    let staff = bench.staff();
    for (asker, year) in [("ann", "0000"), ("ben", "%2B10000"), ("cleo", "-0001")] {
        for path in [
            "/v1/orders?delivery_date",
            "/v1/waybills?delivery_date",
            "/v1/routes?delivery_date",
            "/v1/slots?district=D-1&from",
        ] {
            // of lists each asker has two a second
            let token = bench.token(&format!("{asker}{}", path.len()), Role::CsSupervisor, None);
            let answer = bench.get(&format!("{path}={year}-06-12"), &token).await;
            assert_eq!(answer.problem(422), "INVALID", "{path} {year}");
        }
    }
    let at = "2035-06-12T09:00:00Z";
    let approval = json!({"pickup_date": "0000-06-12", "occurred_at": at});
    let answer = bench.post("/v1/returns/shop/R-1/approve", &staff, &approval).await;
    assert_eq!(answer.problem(422), "INVALID_BODY");
    let wish = json!({"delivery_date": "0000-06-12", "timeslot": "S-1", "occurred_at": at});
    let answer = bench.post("/v1/waybills/m1-1/reschedule", &staff, &wish).await;
    assert_eq!(answer.problem(422), "INVALID_BODY");
    // by its offset alone: as it is written it is one of the year 1
    let moment = json!({"occurred_at": "0001-01-01T00:00:00+17:14"});
    let dispatcher = bench.token("dora", Role::Dispatcher, None);
    let answer = bench.post("/v1/routes/N-1/lock", &dispatcher, &moment).await;
    assert_eq!(answer.problem(422), "INVALID_BODY");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_answered_like_what_is_not_there() {
    let bench = Bench::start().await;
    let merchant = bench.merchant();
    let own = bench.get(SHOWN, &merchant).await;
    assert_eq!((own.status, own.body["waybill_no"].as_str()), (200, Some("m1-1")));
    let report = json!({"status": "PICKED", "occurred_at": "2035-06-12T09:00:00Z"});
    let hold = json!({"handle": "h", "reason": "OTHER", "occurred_at": "2035-06-12T09:00:00Z"});
    for (path, body) in [("", None), ("/reports", Some(&report)), ("/holds", Some(&hold))] {
        let mut answers = Vec::new();
        for waybill_no in ["m2-1", "nobody-1"] {
            let path = format!("/v1/waybills/{waybill_no}{path}");
            let answer = match body {
                Some(body) => bench.post(&path, &merchant, body).await,
                None => bench.get(&path, &merchant).await,
            };
            assert_eq!(answer.problem(404), "NOT_FOUND", "{path}");
            answers.push((answer.body["title"].clone(), answer.body["detail"].clone()));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
    let batch = |numbers: [&str; 2]| {
        let report = |number| json!({"waybill_no": number, "status": "PICKED", "occurred_at": "2035-06-12T09:00:00Z"});
        json!({"reports": numbers.map(report)})
    };
    for foreign in ["m2-1", "nobody-1"] {
        let answer = bench.post("/v1/reports", &merchant, &batch(["m1-1", foreign])).await;
        assert_eq!(answer.problem(422), "UNKNOWN_WAYBILL");
        assert_eq!(answer.body["errors"][0]["field"], "reports[1].waybill_no");
    }
    let many = vec![
        json!({"waybill_no": "m1-1", "status": "PICKED", "occurred_at": "2035-06-12T09:00:00Z"});
        501
    ];
    let answer = bench.post("/v1/reports", &merchant, &json!({"reports": many})).await;
    assert_eq!(answer.problem(422), "TOO_MANY_ITEMS");
    let answer = bench.post("/v1/reports", &merchant, &json!({"reports": []})).await;
    assert_eq!(answer.problem(400), "INVALID");
    // nothing of all that was sent
    assert_eq!(bench.stage.depth("waybill-status.commands").await, 0);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_has_is_not_sent_again() {
    let bench = Bench::start().await;
    let staff = bench.staff();
    let shown = bench.get(SHOWN, &staff).await;
    let tag = shown.header("etag").unwrap();
    assert!(tag.starts_with("\"7-"), "{tag}");
    let authorized = bearer(&staff);
    let auth = ("authorization", authorized.as_str());
    let same = bench.send("GET", SHOWN, &[auth, ("if-none-match", tag)], None).await;
    assert_eq!((same.status, same.header("etag")), (304, Some(tag)));
    let other = bench.send("GET", SHOWN, &[auth, ("if-none-match", "\"6-0\"")], None).await;
    assert_eq!(other.status, 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_the_client_is_kept_and_nonsense_is_replaced() {
    let bench = Bench::start().await;
    let own = bench.send("GET", "/v1/health", &[("x-request-id", "shop-42")], None).await;
    assert_eq!(own.header("x-request-id"), Some("shop-42"));
    let long = "x".repeat(65);
    for nonsense in ["a b", long.as_str(), "a/b"] {
        let made = bench.send("GET", "/v1/health", &[("x-request-id", nonsense)], None).await;
        assert_eq!(made.header("x-request-id").unwrap().len(), 36, "{made:?}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_has_two_lists_a_second_and_others_keep_theirs() {
    let bench = Bench::start().await;
    let (mia, anna) = (bench.merchant(), bench.staff());
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answer = bench.get("/v1/waybills", &mia).await;
        assert_eq!(answer.header("ratelimit-policy"), Some("\"caller\";q=2;w=1"), "{answer:?}");
        if answer.status == 429 {
            assert_eq!(answer.problem(429), "TOO_MANY_REQUESTS");
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert_eq!(answer.header("ratelimit"), Some("\"caller\";r=0;t=1"));
        }
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = bench.get("/v1/waybills", &anna).await;
    assert_ne!(other.status, 429, "another caller has a share of its own");
    assert_eq!(bench.get(SHOWN, &mia).await.status, 200, "what is no list has no share");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_an_address_has_so_many_a_second_and_others_keep_theirs() {
    let bench = Bench::with(&["--portal-public-rate", "1", "--portal-proxies", "1"]).await;
    let track = "/v1/tracking/m1-1";
    let code = ("tracking-code", "ABCDEFGHJK");
    let one = ("x-forwarded-for", "2001:db8:1:2::1");
    let same_network = ("x-forwarded-for", "2001:db8:1:2::2");
    let first = bench.send("GET", track, &[code, one], None).await;
    assert_eq!(first.problem(404), "NOT_FOUND");
    assert_eq!(first.header("ratelimit-policy"), Some("\"address\";q=1;w=1"), "{first:?}");
    assert_eq!(first.header("ratelimit"), Some("\"address\";r=0;t=1"));
    let mut refused = None;
    for _ in 0..50 {
        let answer = bench.send("GET", track, &[code, same_network], None).await;
        refused = refused.or((answer.status == 429).then_some(answer));
    }
    let refused = refused.expect("fifty within a second or so are more than one a second");
    assert_eq!(refused.problem(429), "TOO_MANY_REQUESTS");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("ratelimit"), Some("\"address\";r=0;t=1"));
    let elsewhere = ("x-forwarded-for", "2001:db8:1:3::1");
    assert_eq!(bench.send("GET", track, &[code, elsewhere], None).await.status, 404);
    for free in ["/v1/health", "/openapi.json", "/track", "/assets/pages.css"] {
        for _ in 0..5 {
            assert_eq!(bench.send("GET", free, &[one], None).await.status, 200, "{free}");
        }
    }
    assert_eq!(bench.get(SHOWN, &bench.staff()).await.status, 200, "with a token it is no matter");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_turned_away_gets_a_page() {
    let bench = Bench::with(&["--portal-public-rate", "1"]).await;
    let link = "/track/m1-1?code=ABCDEFGHJK";
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let mut refused = None;
    for _ in 0..50 {
        let answer = bench.send("GET", link, &[browser], None).await;
        refused = refused.or((answer.status == 429).then_some(answer));
    }
    let refused = refused.expect("fifty within a second or so are more than one a second");
    assert_eq!(refused.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert!(refused.header("content-security-policy").is_some(), "{refused:?}");
    assert!(refused.header("ratelimit").is_some(), "{refused:?}");
    let html = refused.body.as_str().unwrap();
    assert!(html.contains("<h1>One moment, please</h1>") && !html.contains("ABCDEFGHJK"), "{html}");
    let mut as_program = None;
    for _ in 0..50 {
        let answer = bench.send("GET", link, &[("accept", "*/*")], None).await;
        as_program = as_program.or((answer.status == 429).then_some(answer));
    }
    assert_eq!(as_program.unwrap().problem(429), "TOO_MANY_REQUESTS");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_passes_on_where_it_comes_from_and_when_to_come_again() {
    let bench = Bench::with(&["--portal-proxies", "1"]).await;
    let body = json!({"login": "mia", "password": "wrong"}).to_string();
    let forwarded = ("x-forwarded-for", "9.9.9.9, 203.0.113.7");
    let answer = bench.send("POST", "/v1/sessions", &[forwarded], Some(body.clone())).await;
    assert_eq!(answer.problem(429), "TOO_MANY_ATTEMPTS");
    assert_eq!(answer.header("retry-after"), Some("7"));
    // the stand-in answers with the source: what our own proxy saw, not what the client says
    assert_eq!(answer.body["detail"], "203.0.113.7");
    let direct = bench.send("POST", "/v1/sessions", &[], Some(body)).await;
    assert_eq!(direct.body["detail"], "127.0.0.1");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_and_its_pages_load_nothing_from_elsewhere() {
    let bench = Bench::start().await;
    let document = bench.send("GET", "/openapi.json", &[], None).await;
    assert_eq!((document.status, document.body["openapi"].as_str()), (200, Some("3.1.0")));
    let page = bench.send("GET", "/docs/", &[], None).await;
    let page = page.body.as_str().unwrap();
    assert!(page.contains("swagger"), "{page}");
    assert!(!page.contains("https://"), "{page}");
    let script = bench.send("GET", "/docs/swagger-initializer.js", &[], None).await;
    let script = script.body.as_str().unwrap();
    assert!(script.contains("/openapi.json") && script.contains("none"), "{script}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_invented_keys_are_refused_and_nobody_waits_for_them() {
    let bench = Bench::start().await;
    let invented = Bench::signed_by_a_stranger();
    let staff = bench.staff();
    let strangers = join_all((0..100).map(|_| bench.get(SHOWN, &invented)));
    let (refused, known) = tokio::join!(strangers, bench.get(SHOWN, &staff));
    assert_eq!(known.status, 200);
    for answer in refused {
        match answer.status {
            // the 65th of those who wait for the answer of identity
            503 => assert_eq!(answer.problem(503), "IDENTITY_AWAY"),
            _ => assert_eq!(answer.problem(401), "UNAUTHENTICATED"),
        }
    }
    bench.stop().await;
}
