//! Failed attempts: each is told once it counts, whatever the status is by then.

use contracts::{
    Exchange, Level, Role, Way, WaybillAttemptFailed, WaybillStatus as S, WaybillStatusChanged,
};
use runtime::Outcome;
use testkit::PublishAs;

use super::fleet::{FIRST, Fleet, assigned as assigned_to, no, order_of_two, report as reported};
use super::story::{Said, Story, assigned, at, corrected, report, somebody};
use crate::change::Change;
use crate::history::{Decision, News};

use Role::{CsSupervisor, Road, Worker};

fn failures(decision: &Decision) -> impl Iterator<Item = &WaybillAttemptFailed> {
    decision.events.iter().filter_map(|event| match &event.news {
        News::AttemptFailed(failed) => Some(failed),
        News::Created(_)
        | News::StatusChanged(_)
        | News::CancelledButMoved(_)
        | News::Corrected(_)
        | News::Held(_)
        | News::Released(_) => None,
    })
}

/// The attempts that a message made known to have failed.
pub(super) fn told(decision: &Decision) -> Vec<u16> {
    failures(decision).map(|failed| failed.attempt).collect()
}

/// The attempts whose failure counts.
pub(super) fn failed_now(story: &Story) -> Vec<u16> {
    let standing = story.waybill.standing();
    standing.iter().flat_map(|standing| &standing.failed).map(|attempt| (*attempt).into()).collect()
}

/// Every report of the road says which attempt it is of, and nobody takes anything back.
pub(super) fn names_every_attempt(said: &[Said]) -> bool {
    let is_of_the_road = |status| {
        let mut levels = Way::ALL.into_iter().filter_map(|way| Some(way.row(status)?.level));
        levels.any(|level| level == Level::Attempt)
    };
    said.iter().all(|said| match said {
        Said::Change(_, Change::Report { said, .. }) => {
            said.attempt.is_some() || !is_of_the_road(said.status)
        }
        Said::Change(_, Change::Correct { .. }) => false,
        Said::Change(..) | Said::Order => true,
    })
}

fn failed(on: u16, minute: i64) -> Said {
    report(Road, S::DeliveryFailed, on, minute)
}

/// A message, and what the others hear of failed attempts: the attempt, how many failed, where it stands.
fn check(story: &mut Story, said: &Said, outcome: Outcome, heard: &[(u16, u16, S, u16)]) {
    let decision = story.hear(said);
    assert_eq!(decision.outcome, outcome, "{said:?}");
    let told = failures(&decision)
        .map(|it| (it.attempt, it.failed_attempts, it.status, it.status_attempt));
    assert_eq!(told.collect::<Vec<_>>(), heard, "{said:?}");
}

#[test]
fn a_failure_is_told_whatever_the_status_is_by_then() {
    let mut story = Story::created();
    let story = &mut story;
    story.hear(&report(Road, S::Dispatched, 1, 10));
    check(story, &failed(1, 13), Outcome::Applied, &[(1, 1, S::DeliveryFailed, 1)]);
    check(story, &failed(1, 14), Outcome::Duplicate, &[]);
    story.hear(&report(Road, S::OutForDelivery, 3, 30));
    story.hear(&report(Road, S::Loaded, 3, 31));
    story.hear(&report(Road, S::Dispatched, 2, 20));
    check(story, &failed(2, 23), Outcome::Stale, &[(2, 2, S::OutForDelivery, 3)]);
    story.hear(&report(Road, S::Delivered, 0, 33));
    check(story, &failed(3, 32), Outcome::Stale, &[(3, 3, S::Delivered, 3)]);
}

#[test]
fn a_failure_is_told_when_its_proof_comes() {
    let mut story = Story::created();
    let Said::Change(actor, Change::Report { said, .. }) = failed(1, 13) else { unreachable!() };
    let reason = Some("nobody at home".to_owned());
    let early = Said::Change(actor, Change::Report { said, reason: reason.clone() });
    check(&mut story, &early, Outcome::Parked, &[]);
    let decision = story.hear(&report(Road, S::Dispatched, 1, 10));
    let heard = failures(&decision).next().expect("it is told");
    assert_eq!(
        (heard.occurred_at, &heard.reason),
        (at(13), &None),
        "when it failed, not when proven"
    );

    let mut story = Story::created().after(&[report(Road, S::Dispatched, 1, 10)]);
    let decision = story.hear(&early);
    let heard = failures(&decision).next().expect("it is told");
    assert_eq!((heard.occurred_at, &heard.reason), (at(13), &reason));
}

#[test]
fn what_was_kept_for_the_waybill_to_come_is_told_with_it() {
    let mut story = Story::new(contracts::FulfilledBy::Warehouse);
    for said in [failed(2, 23), failed(1, 13), report(Road, S::Dispatched, 1, 10)] {
        check(&mut story, &said, Outcome::Parked, &[]);
    }
    check(&mut story, &Said::Order, Outcome::Applied, &[(1, 1, S::DeliveryFailed, 1)]);
    let proof = report(Road, S::Dispatched, 2, 20);
    check(&mut story, &proof, Outcome::Applied, &[(2, 2, S::DeliveryFailed, 2)]);
}

#[test]
fn a_place_that_becomes_known_gives_failures_their_attempt() {
    let mut story = Story::created();
    let story = &mut story;
    story.hear(&report(Road, S::Dispatched, 1, 11));
    story.hear(&report(Road, S::Dispatched, 2, 31));
    check(story, &failed(0, 33), Outcome::Parked, &[]);
    check(story, &assigned(1, 4), Outcome::Applied, &[(1, 1, S::Dispatched, 2)]);
    // it was of the second place: that one is told now
    check(story, &assigned(2, 20), Outcome::Applied, &[(2, 1, S::DeliveryFailed, 2)]);
}

#[test]
fn a_failure_that_a_correction_took_away_is_told_when_it_counts_again() {
    let mut story = Story::created();
    let story = &mut story;
    story.hear(&report(Road, S::Dispatched, 1, 10));
    check(story, &failed(1, 13), Outcome::Applied, &[(1, 1, S::DeliveryFailed, 1)]);
    check(story, &corrected(CsSupervisor, S::Dispatched, 1, 20), Outcome::Applied, &[]);
    assert!(failed_now(story).is_empty());
    check(story, &failed(1, 13), Outcome::Stale, &[]);
    check(story, &failed(1, 25), Outcome::Applied, &[(1, 1, S::DeliveryFailed, 1)]);
    // what a correction says itself counts without a proof, and is told when it is news
    check(story, &corrected(CsSupervisor, S::DeliveryFailed, 1, 30), Outcome::Applied, &[]);
    let heard = [(2, 1, S::DeliveryFailed, 2)];
    check(story, &corrected(CsSupervisor, S::DeliveryFailed, 2, 40), Outcome::Applied, &heard);
}

#[test]
fn what_nobody_hands_over_is_told_too() {
    let mut story = Story::of_return().after(&[Said::Order]);
    let nobody_there = report(Road, S::PickupFailed, 1, 5);
    check(&mut story, &nobody_there, Outcome::Applied, &[(1, 1, S::PickupFailed, 1)]);
    story.hear(&report(Road, S::Collected, 0, 9));
    let late = report(Road, S::PickupFailed, 2, 7);
    check(&mut story, &late, Outcome::Applied, &[(2, 2, S::Collected, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_failure_is_published_and_stands_in_the_row() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.attempt-failed").await;
    let mut moves = fleet.stage.tap(Exchange::Events, "waybill.status-changed.#").await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.until("the waybills are there", "SELECT COUNT(*) FROM waybill", 2).await;
    for (place, minute) in [(1, 4), (2, 20)] {
        let how = PublishAs::default().actor(somebody(Worker)).at(at(minute));
        fleet.stage.publish(how, &assigned_to(FIRST, place)).await.unwrap();
    }
    for (status, attempt, minute) in
        [(S::Dispatched, Some(2), 30), (S::Delivered, None, 33), (S::Dispatched, Some(1), 10)]
    {
        assert_ne!(fleet.ask(Road, &reported(FIRST, status, attempt, minute)).await.code, "PARKED");
    }
    let late = reported(FIRST, S::DeliveryFailed, Some(1), 13);
    assert_eq!(fleet.ask(Road, &late).await.code, "STALE");
    assert_eq!(fleet.ask(Road, &late).await.code, "DUPLICATE");
    let (envelope, heard) = events.next_of::<WaybillAttemptFailed>().await;
    assert_eq!((heard.waybill_no, heard.attempt, heard.status), (no(FIRST), 1, S::Delivered));
    assert!(envelope.seq.is_some());
    let row = format!("SELECT failed_places, attempt FROM waybill WHERE waybill_no = '{FIRST}'");
    let row = fleet.stage.rows(&row).await.remove(0);
    assert_eq!((&row["failed_places"], &row["attempt"]), (&1.into(), &2.into()));
    assert!(events.so_far(&fleet.stage).await.is_empty(), "told once");
    moves.next_of::<WaybillStatusChanged>().await;
    moves.next_of::<WaybillStatusChanged>().await;
    assert!(moves.so_far(&fleet.stage).await.is_empty(), "the status did not move");
    fleet.stop().await;
}
