//! Many requests for the same goods at once, by several senders, to several processes.

use contracts::{Reply, RequestReturn};
use testkit::{DEADLINE, PublishAs};

use super::floor::Floor;
use super::world::{anna, asked, shop};

/// Units of each order line; 40 in all.
const UNITS: [u32; 4] = [7, 3, 9, 1];
const REQUESTS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_requests_never_take_more_than_was_delivered() {
    let mut floor = Floor::with(3).await;
    floor.order(1, &UNITS, "DELIVERED").await;
    floor.order(2, &UNITS, "DELIVERED").await;
    floor.order(3, &[50], "DISPATCHED").await;
    let senders =
        [("dray-hotfolder-ingest", shop()), ("dray-operator", anna()), ("dray-operator", shop())];
    let requests: Vec<RequestReturn> = (0..REQUESTS)
        .map(|n| asked(&format!("R{n}"), &[("A", 1 + u32::try_from(n % 3).unwrap())]))
        .collect();
    let queue = floor.replies.queue().to_owned();
    for (n, request) in requests.iter().enumerate() {
        let (user, actor) = &senders[n % senders.len()];
        let how = PublishAs::default().user(user).actor(actor.clone()).reply_to(&queue);
        floor.stage.publish(how, request).await.unwrap();
    }
    let mut replies: Vec<Reply> = Vec::new();
    while replies.len() < REQUESTS {
        replies.push(floor.replies.next(DEADLINE).await);
    }
    let claims = "SELECT CAST(SUM(claimed) AS SIGNED) FROM return_claim";
    let claimed: i64 = floor.stage.scalar(claims).await;
    let parts = "SELECT CAST(SUM(quantity) AS SIGNED) FROM customer_return_part";
    let parts: i64 = floor.stage.scalar(parts).await;
    assert_eq!(claimed, parts);
    // far more was asked for than there is: all of it is taken
    assert_eq!(claimed, 40);
    let over = "SELECT COUNT(*) FROM return_claim c \
                JOIN order_line l ON l.order_id = c.order_id AND l.line_no = c.line_no \
                WHERE c.claimed > l.quantity";
    assert_eq!(floor.stage.scalar::<i64>(over).await, 0);
    let numbers = "SELECT COUNT(*) - COUNT(DISTINCT waybill_no) FROM customer_return_waybill";
    assert_eq!(floor.stage.scalar::<i64>(numbers).await, 0);
    assert!(replies.iter().any(|reply| reply.code == "NOTHING_MATCHES"));
    floor.close().await;
}
