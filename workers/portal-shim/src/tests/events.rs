//! Streams of events: what they begin with, what they tell, and that they end.

use std::io::{BufRead as _, BufReader};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use contracts::{Role, WaybillNo, WaybillReleased};
use testkit::{PublishAs, eventually};

use super::bench::{Bench, MERCHANT, bearer};

const STREAM: &str = "/v1/waybills/m1-1/events";

/// The lines of a stream as they come, read on a thread of its own; the thread ends with the stream.
fn lines(bench: &Bench, path: &str, token: &str) -> Receiver<String> {
    let (url, token) = (bench.url(path), bearer(token));
    let (said, heard) = channel();
    std::thread::spawn(move || {
        let answer = ureq::get(&url).header("authorization", &token).call().unwrap();
        let reader = BufReader::new(answer.into_body().into_reader());
        for line in reader.lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                return;
            }
        }
    });
    heard
}

/// Waits for a line that begins so, and gives the rest of it.
async fn wait_for(lines: &Receiver<String>, begin: &str) -> String {
    eventually(begin, async || {
        let mut all = lines.try_iter();
        all.find_map(|line| line.strip_prefix(begin).map(str::to_owned))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_the_state_and_ends_with_the_token() {
    let bench = Bench::start().await;
    let answer = bench.get(STREAM, &bench.short(2)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = answer.body.as_str().unwrap();
    assert!(text.contains("event: state\nid: 7.0\ndata: {"), "{text}");
    assert!(
        text.trim_end().ends_with("event: end\ndata: {\"reason\":\"TOKEN_EXPIRED\"}"),
        "{text}"
    );

    let headers = [("authorization", &*bearer(&bench.short(2))), ("last-event-id", "7.0")];
    let again = bench.send("GET", STREAM, &headers, None).await;
    let text = again.body.as_str().unwrap();
    assert!(!text.contains("event: state") && text.contains("event: end"), "{text}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_is_followed_by_the_state_as_it_is_then() {
    let bench = Bench::start().await;
    let heard = lines(&bench, "/v1/waybills/m1-moving/events", &bench.merchant());
    let first = wait_for(&heard, "id: ").await;
    let hint = WaybillReleased {
        waybill_id: uuid::Uuid::from_u128(1),
        waybill_no: WaybillNo::new("m1-moving").unwrap(),
    };
    // the queue of events is opened with the first listener: what happens before is not heard
    let second = eventually("another state", async || {
        let _published = bench.stage.publish(PublishAs::default().seq(8), &hint).await;
        let mut all = heard.try_iter();
        all.find_map(|line| line.strip_prefix("id: ").map(str::to_owned))
    })
    .await;
    assert_ne!(first, second);
    bench.stop().await;
    assert_eq!(wait_for(&heard, "data: {\"reason\":").await, "\"RESTART\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foreign_has_no_stream_and_a_caller_has_a_few() {
    let bench = Bench::start().await;
    let other = bench.token("otto", Role::Merchant, Some("m2"));
    assert_eq!(bench.get(STREAM, &other).await.problem(404), "NOT_FOUND");
    assert_eq!(bench.get("/v1/worklist/events", &bench.staff()).await.problem(403), "NOT_ALLOWED");
    let wrong = [("authorization", &*bearer(&bench.staff())), ("accept", "application/json")];
    assert_eq!(bench.send("GET", STREAM, &wrong, None).await.problem(406), "NOT_ACCEPTABLE");
    let mia = bench.token("mia", Role::Merchant, Some(MERCHANT));
    let open: Vec<_> = (0..6).map(|_| lines(&bench, STREAM, &mia)).collect();
    for stream in &open {
        wait_for(stream, "id: ").await;
    }
    assert_eq!(bench.get(STREAM, &mia).await.problem(429), "TOO_MANY_STREAMS");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_work_take_turns_and_leave_their_caller_its_lists() {
    let bench = Bench::with(&["--portal-low-rate", "1"]).await;
    let mia = bench.merchant();
    let begun = Instant::now();
    let first = lines(&bench, "/v1/worklist/events", &mia);
    assert_eq!(wait_for(&first, "event: ").await, "work");
    assert_eq!(
        bench.get("/v1/waybills", &mia).await.status,
        200,
        "the share of lists is untouched"
    );
    let second = lines(&bench, "/v1/worklist/events", &mia);
    assert_eq!(wait_for(&second, "event: ").await, "work", "it is opened, and waits");
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    bench.stop().await;
}
