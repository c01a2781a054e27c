//! Which hints concern whom, who is told, and when streams look. Streams themselves run against a fleet in the
//! tests of the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use contracts::{Merchant, Timestamp};
use futures_util::FutureExt as _;
use runtime::Happened;
use testkit::eventually;
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::hint::{Hint, Versions, Whose};
use super::listeners::Heard;
use super::pace::Pace;
use super::*;

fn happened(message_type: &str, version: u64, body: &str) -> Happened {
    Happened {
        message_type: message_type.to_owned(),
        at: Timestamp::now(),
        version: Some(version),
        body: body.as_bytes().to_vec(),
    }
}

fn about(waybill_no: &str) -> Subject {
    Subject::Waybill(WaybillNo::new(waybill_no).unwrap())
}

fn work(merchant: &str) -> Subject {
    Subject::Work(Merchant::new(merchant).unwrap())
}

#[test]
fn a_hint_says_which_waybill_and_how_new_it_is() {
    let body = r#"{"waybill_no":"shop-1-1","to":"PICKED"}"#;
    let waybill = |version| Versions { waybill: version, assignment: 0 };
    let assignment = |version| Versions { waybill: 0, assignment: version };
    for (message_type, expected) in [
        ("waybill.status-changed.v1", waybill(7)),
        ("assignment.assigned.v1", assignment(7)),
        ("order.changed.v1", Versions::default()),
    ] {
        let hint = Hint::of(&happened(message_type, 7, body)).unwrap();
        assert_eq!(hint.waybill_no, Some(WaybillNo::new("shop-1-1").unwrap()));
        assert_eq!(hint.versions, expected, "{message_type}");
    }
    assert_eq!(Hint::of(&happened("waybill.held.v1", 7, "no json")), None);
    let both = waybill(7).newest(assignment(3));
    assert!(both.reaches(waybill(7)) && !both.reaches(assignment(4)));
}

#[test]
fn a_hint_says_whose_goods_are_concerned_as_far_as_it_knows() {
    let merchant = |code| Whose::Merchant(Merchant::new(code).unwrap());
    for (body, expected) in [
        (r#"{"waybill_no":"s-1","merchant":"M01","fulfilled_by":"warehouse"}"#, merchant("M01")),
        (r#"{"merchant":"M02"}"#, merchant("M02")),
        (r#"{"waybill_no":"s-1","fulfilled_by":"merchant"}"#, Whose::Anybody),
        (r#"{"waybill_no":"s-1","fulfilled_by":"warehouse"}"#, Whose::Nobody),
        // a hold does not say whose it is
        (r#"{"waybill_no":"s-1"}"#, Whose::Anybody),
        (r#"{"route_ref":"NORTH-1"}"#, Whose::Nobody),
    ] {
        let hint = Hint::of(&happened("waybill.status-changed.v1", 1, body)).unwrap();
        assert_eq!(hint.whose, expected, "{body}");
    }
}

#[tokio::test]
async fn only_those_whom_it_concerns_wake_up_and_what_they_did_not_take_is_added_up() {
    let (feed, _) = broadcast::channel(16);
    let listeners = Listeners::default();
    let listen = |subject: Subject| listeners.listen(&subject, || feed.subscribe());
    let (mut one, mut other) = (listen(about("shop-1-1")), listen(about("shop-1-2")));
    let (mut own, mut foreign) = (listen(work("M01")), listen(work("M02")));
    assert_eq!(feed.receiver_count(), 1, "all streams have one reader");
    let told = |version, body: &str| {
        feed.send(Arc::new(happened("waybill.status-changed.v1", version, body))).unwrap();
    };
    let heard = |waybill| Heard { versions: Versions { waybill, assignment: 0 }, missed: 0 };
    told(7, r#"{"waybill_no":"shop-1-1","merchant":"M01"}"#);
    told(9, r#"{"waybill_no":"shop-1-1","merchant":"M01"}"#);
    assert_eq!(one.heard().await, Some(heard(9)));
    assert_eq!(own.heard().now_or_never(), Some(Some(heard(0))));
    assert_eq!(other.heard().now_or_never(), None);
    assert_eq!(foreign.heard().now_or_never(), None);
    // it may be anybody's
    told(3, r#"{"waybill_no":"shop-1-2"}"#);
    assert_eq!(other.heard().await, Some(heard(3)));
    assert_eq!(one.heard().now_or_never(), None);
    for work in [&mut own, &mut foreign] {
        assert_eq!(work.heard().now_or_never(), Some(Some(heard(0))));
    }
}

#[tokio::test]
async fn what_the_reader_missed_is_told_to_everybody_once() {
    let (feed, _) = broadcast::channel(2);
    let listeners = Listeners::default();
    let mut first = listeners.listen(&about("shop-1-1"), || feed.subscribe());
    // the reader has not begun: its task runs when this one waits
    for _ in 0..5 {
        let body = r#"{"route_ref":"NORTH-1"}"#;
        feed.send(Arc::new(happened("route.locked.v1", 1, body))).unwrap();
    }
    let missed = |missed| Some(Heard { versions: Versions::default(), missed });
    assert_eq!(first.heard().await, missed(3));
    let mut second = listeners.listen(&about("shop-1-1"), || feed.subscribe());
    feed.send(Arc::new(happened("waybill.held.v1", 0, r#"{"waybill_no":"shop-1-1"}"#))).unwrap();
    assert_eq!(first.heard().await, missed(0));
    assert_eq!(second.heard().await, missed(0), "what was missed before it came is not its own");
}

#[tokio::test]
async fn without_listeners_there_is_no_entry_and_no_reader() {
    let (feed, _) = broadcast::channel(2);
    let listeners = Listeners::default();
    let listen = |subject: Subject| listeners.listen(&subject, || feed.subscribe());
    let both = (listen(about("shop-1-1")), listen(about("shop-1-1")));
    let other = listen(work("M01"));
    assert_eq!(listeners.subjects(), 2);
    drop(both.0);
    assert_eq!(listeners.subjects(), 2, "somebody still listens for it");
    drop((both.1, other));
    assert_eq!(listeners.subjects(), 0);
    eventually("the reader ends", async || (feed.receiver_count() == 0).then_some(())).await;
    let _again = listen(about("shop-1-1"));
    assert_eq!(feed.receiver_count(), 1);
}

#[test]
fn hints_are_gathered_and_the_pause_is_kept() {
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let mut pace = Pace::new(2 * second, 2 * second, start);
    assert_eq!(pace.next(), start, "the first look is due at once");
    pace.looks(start);
    assert_eq!(pace.next(), start + 30 * second);
    pace.within(start + second, Duration::ZERO);
    assert_eq!(pace.next(), start + 2 * second, "however urgent it is");
    pace.looks(start + 2 * second);
    pace.hinted(start + 7 * second);
    pace.hinted(start + 8 * second);
    assert_eq!(pace.next(), start + 9 * second, "the second one is in the same look");
    pace.has_no_turn(start + 9 * second);
    pace.within(start + 9 * second, Duration::ZERO);
    assert_eq!(pace.next(), start + 10 * second, "others first");
}
