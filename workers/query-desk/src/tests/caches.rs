//! What is answered from the caches, how soon a change is seen, and that a Redis which is dead or hangs
//! changes no answer.

use cache::{Cache, Key, Kind};
use contracts::{
    OrderStanding, QueryAnswer, Role, WaybillEntry, WaybillOwner, WaybillStanding, WaybillStatus,
};
use testkit::{DEADLINE, Proxy, PublishAs, eventually};

use super::seeing::asking;
use super::{Desk, about_order, about_waybill};
use crate::tally::Answered;

/// Each is a key of its own in the caches; the database is asked for all at once.
const PARTS_OF_A_WAYBILL: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn the_second_question_is_answered_without_the_database() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    desk.insert_waybill(&waybill_no).await;
    desk.insert_place(&waybill_no).await;
    desk.insert_sales_order(&waybill_no).await;
    let first = desk.waybill(&waybill_no).await;
    assert_eq!(desk.cache.stats().loads, PARTS_OF_A_WAYBILL);

    assert_eq!(desk.waybill(&waybill_no).await, first);
    assert_eq!(desk.cache.stats().loads, PARTS_OF_A_WAYBILL, "this process knew it");

    let redis = desk.stage.redis_url();
    let other = desk.replace(Cache::connect(Some(&redis))).await;
    assert_eq!(other.waybill(&waybill_no).await, first);
    let stats = other.cache.stats();
    assert_eq!((stats.loads, stats.redis_hits), (0, PARTS_OF_A_WAYBILL), "Redis knew it");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_answers_are_the_same() {
    let desk = Desk::start().await;
    let order_ref = desk.stage.name();
    let waybill_no = desk.first();
    desk.insert_order(&order_ref, &[&waybill_no]).await;
    desk.insert_waybill(&waybill_no).await;
    desk.insert_place(&waybill_no).await;
    let with_redis = desk.order(&order_ref).await;

    let redis = desk.stage.redis_url();
    let proxy = Proxy::in_front_of(&redis).await;
    proxy.refuse();
    let without = desk.replace(Cache::connect(Some(&proxy.url(&redis)))).await;
    assert_eq!(without.order(&order_ref).await, with_redis);
    let nowhere = about_waybill(&format!("uci-{order_ref}-9"));
    assert_eq!(without.ask(&nowhere).await, QueryAnswer::NotFound);
    let stats = without.cache.stats();
    assert!(stats.errors > 0 && stats.redis_hits == 0, "{stats:?}");
    without.stop().await;
}

/// A waybill as its owner writes it through.
fn entry_of(waybill_no: &str, status: WaybillStatus, version: u64) -> WaybillEntry {
    let waybill_no = contracts::WaybillNo::new(waybill_no).unwrap();
    let standing = WaybillStanding {
        waybill_no,
        kind: contracts::WaybillKind::Forward,
        status,
        held: false,
        failed_attempts: 0,
        gaps: Vec::new(),
        district: None,
        delivery_date: "2035-06-13".parse().unwrap(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        updated_at: contracts::Timestamp::now(),
        version,
    };
    WaybillEntry { standing, owner: WaybillOwner::default() }
}

impl Desk {
    /// As waybill-status does after its commit: another process on the same Redis.
    async fn write_through(&self, entry: &WaybillEntry) {
        let key = Key::new(Kind::Waybill, entry.standing.waybill_no.as_str());
        let writer = Cache::connect(Some(&self.stage.redis_url()));
        let body = serde_json::to_vec(entry).unwrap();
        eventually("Redis takes the entry", async || {
            writer.put_if_newer(&[(key.clone(), entry.standing.version, body.clone())]).await;
            (writer.stats().writes > 0).then_some(())
        })
        .await;
    }

    /// Asks until the waybill has this status.
    async fn sees(&self, waybill_no: &str, status: WaybillStatus) {
        let question = about_waybill(waybill_no);
        eventually("the change is seen", async || match self.ask(&question).await {
            QueryAnswer::Waybill(view) => (view.standing.status == status).then_some(()),
            _ => None,
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_absent_is_seen_when_it_is_written_through() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    assert_eq!(desk.ask(&about_waybill(&waybill_no)).await, QueryAnswer::NotFound);
    // no row of any table: only the write-through can tell of it
    desk.write_through(&entry_of(&waybill_no, WaybillStatus::Created, 1)).await;
    desk.sees(&waybill_no, WaybillStatus::Created).await;
    desk.write_through(&entry_of(&waybill_no, WaybillStatus::Picked, 2)).await;
    desk.sees(&waybill_no, WaybillStatus::Picked).await;
    desk.stop().await;
}

/// Goods of an order go into another waybill: order-intake tells of the order, and not whose its parts are.
#[tokio::test(flavor = "multi_thread")]
async fn whose_the_parts_of_an_order_are_is_as_new_as_the_order() {
    let desk = Desk::start().await;
    let (first, second) = desk.insert_shared_order().await;
    let acme = asking(Role::Merchant, "anna", Some("acme"));
    let question = about_order(&desk.stage.name());
    let told = async || match desk.ask_as(&acme, &question).await {
        QueryAnswer::Order(view) => view.standing,
        other => panic!("no order: {other:?}"),
    };
    let before = told().await;
    assert_eq!(numbers_of(&before), [first.as_str()]);

    let third = format!("uci-{}-3", desk.stage.name());
    for sql in [
        format!("UPDATE order_line SET waybill_no = '{third}' WHERE merchant = 'acme'"),
        "UPDATE orders SET version = 2".to_owned(),
    ] {
        desk.stage.run_sql(&sql).await;
    }
    let number = |text: &str| contracts::WaybillNo::new(text).unwrap();
    // as it is written through, for everybody
    let changed = OrderStanding {
        waybill_numbers: vec![number(&second), number(&third)],
        version: 2,
        ..before
    };
    let key = Key::new(Kind::OrderStatus, format!("uci/{}", desk.stage.name()));
    let body = serde_json::to_vec(&changed).unwrap();
    let writer = Cache::connect(Some(&desk.stage.redis_url()));
    let after = eventually("the change is seen", async || {
        writer.put_if_newer(&[(key.clone(), 2, body.clone())]).await;
        let standing = told().await;
        (standing.version == 2).then_some(standing)
    })
    .await;
    assert_eq!(numbers_of(&after), [third.as_str()], "its own, and all of them");
    desk.stop().await;
}

fn numbers_of(standing: &OrderStanding) -> Vec<&str> {
    standing.waybill_numbers.iter().map(contracts::WaybillNo::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_askers_of_one_waybill_cost_one_read() {
    let desk = Desk::start().await;
    let (first, second) = (desk.first(), format!("uci-{}-2", desk.stage.name()));
    for waybill_no in [&first, &second] {
        desk.insert_waybill(waybill_no).await;
    }
    // from here on it is known to be at work
    desk.waybill(&first).await;
    let before = desk.cache.stats().loads;
    let mut replies = desk.stage.replies().await;
    let how = PublishAs::default().reply_to(replies.queue());
    for _ in 0..12 {
        desk.stage.publish(how.clone(), &about_waybill(&second)).await.unwrap();
    }
    for _ in 0..12 {
        let (_, answer) = replies.next_as::<QueryAnswer>(DEADLINE).await;
        assert!(matches!(answer, QueryAnswer::Waybill(_)), "{answer:?}");
    }
    assert_eq!(desk.cache.stats().loads - before, PARTS_OF_A_WAYBILL);
    drop(replies);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_of_answers_without_the_database_is_counted_by_what_they_are_about() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    desk.insert_waybill(&waybill_no).await;
    for _ in 0..5 {
        desk.waybill(&waybill_no).await;
    }
    let case_id = uuid::Uuid::nil();
    assert_eq!(desk.ask(&contracts::Query::Case { case_id }).await, QueryAnswer::NotFound);
    let counts = desk.tally.read();
    let Answered { all, without_database } = counts["waybill"];
    assert!(all >= 5 && all - without_database == 1, "{counts:?}");
    assert_eq!(counts["case"].without_database, 0);
    let about: Vec<_> = desk.tally.all().into_iter().map(|(about, _)| about).collect();
    assert_eq!(about, ["case", "waybill"]);
    assert_eq!(desk.tally.without_database().len(), 2);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_changes_no_answer_and_is_used_again() {
    let desk = Desk::start().await;
    let redis = desk.stage.redis_url();
    let proxy = Proxy::in_front_of(&redis).await;
    let numbers: Vec<String> = (1..=20).map(|n| format!("uci-{}-{n}", desk.stage.name())).collect();
    for waybill_no in &numbers {
        desk.insert_waybill(waybill_no).await;
    }
    let desk = desk.replace(Cache::connect(Some(&proxy.url(&redis)))).await;
    desk.waybill(&numbers[0]).await;
    proxy.stall();
    for waybill_no in &numbers {
        let view = desk.waybill(waybill_no).await;
        assert_eq!(view.standing.status, WaybillStatus::Packed, "{waybill_no}");
    }
    let nowhere = about_waybill(&format!("uci-{}-99", desk.stage.name()));
    assert_eq!(desk.ask(&nowhere).await, QueryAnswer::NotFound);
    let stats = desk.cache.stats();
    assert!(stats.errors > 0 && stats.skipped > 0, "given up after a few failures: {stats:?}");

    proxy.resume();
    eventually("Redis is used again", async || {
        // one that neither this process nor Redis knows
        let fresh = about_waybill(&format!("uci-{}-x", uuid::Uuid::new_v4().simple()));
        assert_eq!(desk.ask(&fresh).await, QueryAnswer::NotFound);
        (desk.cache.stats().writes > stats.writes).then_some(())
    })
    .await;
    desk.stop().await;
}
