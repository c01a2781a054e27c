//! Trouble: the broker away, workers that do not answer, too much at once, the end of the process.

use contracts::{Exchange, PlaceHold};
use serde_json::{Value, json};
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bench::{Bench, applied, bearer, pattern};

const HOLDS: &str = "/v1/waybills/m1-1/holds";

fn hold() -> String {
    json!({"handle": "h-1", "reason": "OTHER", "occurred_at": "2035-06-12T09:00:00Z"}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_broker_everything_says_so_at_once_and_comes_back_by_itself() {
    let bench = Bench::start().await;
    let staff = bench.staff();
    bench.proxy.refuse();
    bench.proxy.cut();
    eventually("the portal knows that the broker is away", async || {
        (bench.get("/v1/health", &staff).await.status == 503).then_some(())
    })
    .await;
    let question = bench.get("/v1/waybills/m1-1", &staff).await;
    assert_eq!(question.problem(503), "FLEET_AWAY");
    assert_eq!(question.header("retry-after"), Some("1"));
    let authorized = bearer(&staff);
    let headers = [("authorization", authorized.as_str())];
    let command = bench.send("POST", HOLDS, &headers, Some(hold())).await;
    assert_eq!(command.problem(503), "FLEET_AWAY");
    bench.proxy.resume();
    bench.until_ready().await;
    assert_eq!(
        bench.stage.depth("waybill-status.commands").await,
        0,
        "nothing was sent behind backs"
    );
    bench.stop().await;
}

/// It was confirmed, so it will be done: anything but 202 would be false.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_command_whose_answer_is_lost_with_the_connection_is_pending() {
    let bench = Bench::start().await;
    let authorized = bearer(&bench.staff());
    let headers =
        [("authorization", authorized.as_str()), ("prefer", "wait=10"), ("idempotency-key", "k")];
    let cutting = async {
        bench.stage.wait_for_depth("waybill-status.commands", 1).await;
        bench.proxy.cut();
    };
    let (answer, ()) = tokio::join!(bench.send("POST", HOLDS, &headers, Some(hold())), cutting);
    // the cut may come between the broker's taking it and its confirm: then nobody knows
    match answer.status {
        202 => assert_eq!(answer.body["outcome"], "pending"),
        _ => assert_eq!(answer.problem(503), "OUTCOME_UNKNOWN"),
    }
    bench.until_ready().await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_place_is_refused_at_once_while_others_go_on() {
    let bench = Bench::with(&["--portal-normal", "1"]).await;
    let authorized = bearer(&bench.staff());
    let headers = [("authorization", authorized.as_str()), ("prefer", "wait=10")];
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<PlaceHold>()).await;
    let worker = async {
        let (envelope, _) = tap.next_of::<PlaceHold>().await;
        // the only place is taken
        let other = bench.get("/v1/waybills/m1-1", &bench.staff()).await;
        assert_eq!(other.problem(503), "OVERLOADED");
        assert_eq!(other.header("retry-after"), Some("1"));
        let list = bench.get("/v1/waybills", &bench.staff()).await;
        assert_ne!(list.status, 503, "another class has places of its own");
        bench.settle(&envelope, &applied(envelope.message_id, 8)).await;
    };
    let (answer, ()) = tokio::join!(bench.send("POST", HOLDS, &headers, Some(hold())), worker);
    assert_eq!(answer.status, 200, "{answer:?}");
    bench.stop().await;
}

/// What waits for waybill-status stands for what follows from orders: nobody works on it.
#[tokio::test(flavor = "multi_thread")]
async fn new_orders_are_held_back_while_a_queue_behind_them_is_full_and_nothing_else_is() {
    let bench = Bench::with(&["--portal-depth", "4"]).await;
    let authorized = bearer(&bench.staff());
    let headers = [("authorization", authorized.as_str()), ("prefer", "respond-async")];
    let post = async |path: &str, body: &Value| {
        bench.send("POST", path, &headers, Some(body.to_string())).await
    };
    let batch = json!({"orders": (0..50).map(order).collect::<Vec<_>>()});
    for _ in 0..20 {
        let answer = post("/v1/orders/batch", &batch).await;
        assert_eq!(answer.status, 202, "nobody is held back while no queue stands: {answer:?}");
    }
    let hold: Value = serde_json::from_str(&hold()).unwrap();
    for _ in 0..8 {
        assert_eq!(post(HOLDS, &hold).await.status, 202);
    }
    bench.stage.wait_for_depth("waybill-status.commands", 8).await;
    // ten a second come in all the same, so it takes many at once
    let refused = eventually("an order is held back", async || {
        for number in 0..50 {
            let answer = post("/v1/orders", &order(number)).await;
            if answer.status != 202 {
                return Some(answer);
            }
        }
        None
    })
    .await;
    assert_eq!(refused.problem(503), "OVERLOADED");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(post("/v1/orders/batch", &batch).await.status, 202, "it waits for batches only");
    let next = post("/v1/orders/batch", &batch).await;
    assert_eq!(next.problem(503), "OVERLOADED", "it waits for what the one before brought");
    assert_eq!(post(HOLDS, &hold).await.status, 202);
    bench.stop().await;
}

fn order(number: u32) -> Value {
    json!({
        "source": "shop", "order_ref": format!("O-{number}"), "ordered_at": "2035-06-12T09:00:00Z",
        "district": "D1", "delivery_date": "2035-06-14", "timeslot": "0900-1300", "currency": "EUR",
        "lines": [{"line_no": 1, "merchant": "m1", "store": "s1", "sku": "A", "quantity": 1,
                   "unit_price": "1.00", "sku_type": "dry", "volume_ml": 1, "weight_g": 1}],
    })
}

/// Somebody signs in and never sends what was announced: that is the only place of what needs no token.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_without_a_token_takes_no_place_of_others() {
    let bench = Bench::with(&["--portal-public", "1", "--portal-public-rate", "10000"]).await;
    let address = bench.url("");
    let mut slow = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: portal\r\ncontent-type: application/json\r\n\
         content-length: 10\r\nexpect: 100-continue\r\n\r\n";
    slow.write_all(head.as_bytes()).await.unwrap();
    // it is asked to go on when its body is waited for: then it has the place
    let mut asked = [0; 12];
    slow.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    let link = "/track/m1-1?code=ABCDEFGHJK";
    let page = bench.send("GET", link, &[("accept", "text/html")], None).await;
    assert_eq!(page.status, 503);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("retry-after"), Some("1"));
    let code = [("tracking-code", "ABCDEFGHJK")];
    let program = bench.send("GET", "/v1/tracking/m1-1", &code, None).await;
    assert_eq!(program.problem(503), "OVERLOADED");
    assert_eq!(bench.get("/v1/waybills/m1-1", &bench.staff()).await.status, 200);
    assert_eq!(bench.send("GET", "/v1/health", &[], None).await.status, 200);
    drop(slow);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_progress_is_answered_before_the_process_ends() {
    let bench = Bench::start().await;
    let authorized = bearer(&bench.staff());
    let headers = [("authorization", authorized.as_str()), ("prefer", "wait=10")];
    let mut tap = bench.stage.tap(Exchange::Commands, &pattern::<PlaceHold>()).await;
    let worker = async {
        let (envelope, _) = tap.next_of::<PlaceHold>().await;
        bench.begin_stopping();
        bench.settle(&envelope, &applied(envelope.message_id, 8)).await;
    };
    let (answer, ()) = tokio::join!(bench.send("POST", HOLDS, &headers, Some(hold())), worker);
    assert_eq!(answer.status, 200, "{answer:?}");
    bench.stop().await;
}
