//! Amendments and other days: what of a waybill changes besides its state, in the real runtime.

use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, Assigned, CorrectWaybill, Exchange, Role,
    WaybillAmendment, WaybillCorrected, WaybillStatus as S, WaybillStatusChanged,
};
use runtime::Outcome;
use serde_json::{Value, json};
use testkit::PublishAs;

use super::fleet::{FIRST, Fleet, SECOND, assigned, no, order_of_two};
use super::story::{Story, amended, amendment, at, somebody};

use AmendmentKind::{Destination, Quantities};

fn decided(kind: AmendmentKind, minute: i64, refused: Option<&str>) -> AmendmentDecided {
    let by = match kind {
        Quantities => AmendmentDecider::SalesOrder,
        Destination => AmendmentDecider::AdraAssigner,
    };
    let refused = refused.map(str::to_owned);
    AmendmentDecided { by, refused, amendment: amendment(kind, minute) }
}

/// An assignment for the day of that number.
fn place(waybill: &str, place_no: u16, day: i64) -> Assigned {
    Assigned { delivery_date: at(day * 24 * 60).date(), ..assigned(waybill, place_no) }
}

async fn details(fleet: &Fleet, waybill: &str) -> Value {
    let sql = format!(
        "SELECT w.district, CAST(w.delivery_date AS CHAR) delivery_date, w.timeslot, w.sku_type, w.dry_ml, \
           w.weight_g, w.line_count, (SELECT CAST(SUM(l.quantity) AS SIGNED) FROM waybill_line l \
           WHERE l.waybill_id = w.id) units FROM waybill w WHERE w.waybill_no = '{waybill}'"
    );
    fleet.stage.rows(&sql).await.remove(0)
}

fn as_amended(minute: i64, (district, day): (&str, i64)) -> Value {
    json!({"district": district, "delivery_date": at(day * 24 * 60).date(), "timeslot": "0900-1300",
           "sku_type": "dry", "dry_ml": minute * 1_300, "weight_g": minute * 400, "line_count": 1,
           "units": minute})
}

async fn handled(fleet: &Fleet, messages: i64) {
    fleet.until("all is handled", "SELECT COUNT(*) FROM inbox", messages).await;
}

#[test]
fn of_two_amendments_of_a_kind_the_later_stands() {
    let mut story = Story::created();
    assert_eq!(story.outcome(&amended(Quantities, 2)), Outcome::Applied);
    assert_eq!(story.outcome(&amended(Quantities, 2)), Outcome::Duplicate);
    assert_eq!(story.outcome(&amended(Quantities, 1)), Outcome::Stale);
    assert_eq!(story.outcome(&amended(Destination, 1)), Outcome::Applied);
    assert_eq!(story.details.goods.unwrap().occurred_at, at(2));
    assert_eq!(story.details.district.unwrap().as_str(), "D-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amended_waybill_has_other_lines_and_another_place_to_go() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    handled(&fleet, 1).await;
    fleet.say(somebody(Role::Worker), &decided(Quantities, 9, None)).await;
    fleet.say(somebody(Role::Worker), &decided(Destination, 3, None)).await;
    fleet.say(somebody(Role::Worker), &decided(Quantities, 12, Some("AMEND_TOO_LATE"))).await;
    handled(&fleet, 4).await;
    assert_eq!(details(&fleet, FIRST).await, as_amended(9, ("D-3", -3)));
    assert_eq!(details(&fleet, SECOND).await["units"], 6);
    let log = "SELECT e.detail FROM waybill_event e JOIN waybill w ON w.id = e.waybill_id \
               WHERE e.message_type = 'amendment.decided.v1' ORDER BY e.version";
    let log = fleet.stage.rows(log).await;
    assert_eq!(log[0]["detail"], "quantities 1: 9");
    assert_eq!(log.len(), 2, "a refused one is none of the waybill's");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amendments_and_places_that_come_first_wait_for_their_waybill() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Role::Worker), &decided(Quantities, 2, None)).await;
    fleet.say(somebody(Role::Worker), &decided(Quantities, 4, None)).await;
    fleet.say(somebody(Role::Worker), &decided(Destination, 3, None)).await;
    fleet.say(somebody(Role::Worker), &place(FIRST, 2, 5)).await;
    fleet.say(somebody(Role::Worker), &place(FIRST, 1, 0)).await;
    handled(&fleet, 5).await;
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    handled(&fleet, 6).await;
    assert_eq!(details(&fleet, FIRST).await, as_amended(4, ("D-3", 5)));
    assert_eq!(fleet.waybill(FIRST).await["status"], "CREATED");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_and_its_amendment_in_one_batch() {
    let stage = testkit::Stage::new(&[super::fleet::KIND]).await;
    let fleet = Fleet::bare(stage);
    // both are there before the worker is
    let how = || PublishAs::default().actor(somebody(Role::Worker));
    fleet.stage.publish(how(), &order_of_two()).await.unwrap();
    let amended = decided(Quantities, 7, None);
    let second = WaybillAmendment { waybill_no: no(SECOND), ..amended.amendment.clone() };
    fleet.stage.publish(how(), &amended).await.unwrap();
    let amended = AmendmentDecided { amendment: second, ..amended };
    fleet.stage.publish(how(), &amended).await.unwrap();
    let fleet = fleet.joined(None, &["--concurrency", "1"]).await;
    handled(&fleet, 3).await;
    for waybill in [FIRST, SECOND] {
        assert_eq!(details(&fleet, waybill).await, as_amended(7, ("D-101", 0)));
    }
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_place_says_when_it_comes() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    handled(&fleet, 1).await;
    for (place_no, day) in [(1, 0), (3, 9), (2, 4)] {
        fleet.say(somebody(Role::Worker), &place(FIRST, place_no, day)).await;
    }
    handled(&fleet, 4).await;
    assert_eq!(details(&fleet, FIRST).await, as_amended(6, ("D-101", 9)));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_told_besides_the_change_of_status() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.#").await;
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    handled(&fleet, 1).await;
    let correct = CorrectWaybill {
        waybill_no: no(FIRST),
        status: S::Delivered,
        attempt: None,
        reason: "the driver forgot to scan it".to_owned(),
        occurred_at: at(10),
    };
    assert_eq!(fleet.ask(Role::CsSupervisor, &correct).await.code, "APPLIED");
    let (moved, changed) = events.next_of::<WaybillStatusChanged>().await;
    let (envelope, corrected) = events.next_of::<WaybillCorrected>().await;
    assert_eq!((changed.to, corrected.status), (S::Delivered, S::Delivered));
    assert_eq!((corrected.waybill_no, envelope.seq), (no(FIRST), moved.seq));
    // said again it changes nothing and is told to nobody
    assert_eq!(fleet.ask(Role::CsSupervisor, &correct).await.code, "DUPLICATE");
    assert!(events.so_far(&fleet.stage).await.is_empty());
    fleet.stop().await;
}
