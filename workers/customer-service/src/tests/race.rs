//! Many who want the same at once, by several senders, to several processes: goods, and steps of a case.

use contracts::{
    CaseStep, CaseSubject, OpenCase, Reply, RequestReturn, Timestamp, UpdateCase, WaybillNo,
};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_who_saw_the_same_version_of_a_case_one_wins() {
    let mut floor = Floor::with(2).await;
    let waybill_no = WaybillNo::new("shop-O1-1").unwrap();
    let opened = floor
        .as_anna(&OpenCase {
            subject: CaseSubject::Waybill { waybill_no },
            text: "where is it?".to_owned(),
            occurred_at: Timestamp::now(),
        })
        .await;
    let case_id = opened.message_id.0;
    assert_eq!((opened.code.as_str(), opened.version), ("APPLIED", Some(1)));
    let queue = floor.replies.queue().to_owned();
    for number in 0..6 {
        let step = CaseStep::Note { text: format!("note {number}") };
        let (expected_version, occurred_at) = (Some(1), Timestamp::now());
        let note = UpdateCase { case_id, step, expected_version, occurred_at };
        let how = PublishAs::default().user("dray-operator").actor(anna()).reply_to(&queue);
        floor.stage.publish(how, &note).await.unwrap();
    }
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(floor.replies.next(DEADLINE).await.code);
    }
    codes.sort();
    assert_eq!(codes[0], "APPLIED");
    assert!(codes[1..].iter().all(|code| code == "VERSION_CONFLICT"), "{codes:?}");
    let noted = "SELECT COUNT(*) FROM service_case_entry WHERE step = 'NOTED'";
    assert_eq!(floor.stage.scalar::<i64>(noted).await, 1);
    floor.close().await;
}
