//! Single decisions: outcomes, events, log, holds.

use contracts::{Role, WaybillStatus as S};
use runtime::Outcome;

use super::story::{Said, Story, assigned, at, cancelled, corrected, hold, release, report};
use crate::change::Change;
use crate::decide::{BEFORE_CORRECTION, HELD_BREACH, UNKNOWN_WAYBILL, give_up};
use crate::history::News;
use crate::holds::MAX_HOLDS;
use crate::state::MAX_EARLY;

use Role::{CsAgent, CsSupervisor, Road, Warehouse};

/// What the others heard, as short words.
fn news(events: &[crate::history::Event]) -> Vec<(u64, String)> {
    let word = |news: &News| match news {
        News::Created(created) if created.held => "created, held".to_owned(),
        News::Created(_) => "created".to_owned(),
        News::StatusChanged(change) => {
            format!("{} > {} @{}", change.from.as_str(), change.to.as_str(), change.attempt)
        }
        News::AttemptFailed(failed) => format!("attempt {} failed", failed.attempt),
        News::CancelledButMoved(moved) => {
            format!("cancelled but {} @{}", moved.status.as_str(), moved.attempt)
        }
        News::Corrected(corrected) => {
            format!("corrected to {} @{}", corrected.status.as_str(), corrected.attempt)
        }
        News::Held(held) => format!("held {:?}", held.reason),
        News::Released(_) => "released".to_owned(),
    };
    events.iter().map(|event| (event.seq, word(&event.news))).collect()
}

/// One message to a waybill: its outcome and what the others hear.
fn check(story: &mut Story, said: &Said, outcome: Outcome, heard: &[&str]) {
    let decision = story.hear(said);
    assert_eq!(decision.outcome, outcome, "{said:?}");
    let words: Vec<_> = news(&decision.events).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, heard, "{said:?}");
    assert_eq!(decision.log.last().unwrap().version, story.waybill.version);
}

fn code(outcome: Outcome) -> String {
    let Outcome::Rejected(refusal) = outcome else { panic!("not rejected: {outcome:?}") };
    refusal.code
}

#[test]
fn reports_move_the_status_forward_only() {
    let mut story = Story::new(contracts::FulfilledBy::Warehouse);
    let story = &mut story;
    check(story, &Said::Order, Outcome::Applied, &["created"]);
    check(story, &Said::Order, Outcome::Duplicate, &[]);
    check(story, &report(Warehouse, S::Picked, 0, 2), Outcome::Applied, &["CREATED > PICKED @0"]);
    check(story, &report(Warehouse, S::Acknowledged, 0, 1), Outcome::Stale, &[]);
    check(story, &report(Warehouse, S::Picked, 0, 3), Outcome::Duplicate, &[]);
    check(story, &report(Road, S::Delivered, 0, 9), Outcome::Parked, &[]);
    assert_eq!(story.waybill.parked_since, Some(at(1_000)));
    check(story, &report(Road, S::Dispatched, 1, 8), Outcome::Applied, &["PICKED > DELIVERED @1"]);
    assert_eq!(story.waybill.parked_since, None);
    check(story, &report(Road, S::Lost, 0, 10), Outcome::Stale, &[]);
    assert_eq!(story.waybill.version, 8);
}

#[test]
fn a_place_that_becomes_known_late_moves_the_reports_that_belong_to_it() {
    let mut story = Story::created();
    let story = &mut story;
    check(story, &assigned(1, 10), Outcome::Applied, &[]);
    check(story, &assigned(1, 10), Outcome::Duplicate, &[]);
    check(story, &report(Road, S::Loaded, 0, 15), Outcome::Applied, &["CREATED > LOADED @1"]);
    check(
        story,
        &report(Road, S::OutForDelivery, 0, 30),
        Outcome::Applied,
        &["LOADED > OUT_FOR_DELIVERY @1"],
    );
    check(story, &assigned(2, 20), Outcome::Applied, &["OUT_FOR_DELIVERY > LOADED @1"]);
    check(
        story,
        &report(Road, S::Loaded, 2, 25),
        Outcome::Applied,
        &["LOADED > OUT_FOR_DELIVERY @2"],
    );
}

#[test]
fn what_came_early_counts_when_the_waybill_exists() {
    let mut story = Story::new(contracts::FulfilledBy::Warehouse);
    let story = &mut story;
    let packed = report(Warehouse, S::Packed, 0, 2);
    check(story, &packed, Outcome::Parked, &[]);
    check(story, &packed, Outcome::Duplicate, &[]);
    check(story, &report(Role::Merchant, S::Picked, 0, 1), Outcome::Parked, &[]);
    check(story, &hold(CsAgent, "a", 1), Outcome::Parked, &[]);
    assert_eq!(code(story.outcome(&report(Road, S::Packed, 0, 2))), "NOT_ALLOWED");

    let decision = story.hear(&Said::Order);
    assert_eq!(
        news(&decision.events),
        [(6, "created, held".to_owned()), (7, "CREATED > PACKED @0".to_owned())]
    );
    let outcomes: Vec<_> = decision
        .log
        .iter()
        .map(|entry| (entry.version, entry.fact, entry.code.as_deref()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (6, Some(S::Created), None),
            (7, Some(S::Packed), None),
            (8, Some(S::Picked), Some("NOT_ALLOWED")),
            (9, None, None),
        ]
    );
    assert_eq!(decision.holds.len(), 1);
    assert_eq!(story.waybill.open_holds(), 1);
}

#[test]
fn a_waybill_is_held_while_any_hold_is_open() {
    let mut story = Story::created();
    let story = &mut story;
    check(story, &hold(CsAgent, "a", 1), Outcome::Applied, &["held HighRiskOfFraud"]);
    check(story, &hold(CsAgent, "a", 1), Outcome::Duplicate, &[]);
    check(story, &hold(Role::Merchant, "a", 2), Outcome::Applied, &[]);
    check(story, &release(CsAgent, "a", None, 3), Outcome::Applied, &[]);
    check(story, &release(CsAgent, "a", None, 3), Outcome::Duplicate, &[]);
    assert_eq!(code(story.outcome(&hold(CsAgent, "a", 4))), "HOLD_HANDLE_USED");
    let theirs = Some(Role::Merchant);
    assert_eq!(code(story.outcome(&release(CsAgent, "a", theirs, 5))), "NOT_ALLOWED");
    check(story, &release(CsSupervisor, "a", theirs, 5), Outcome::Applied, &["released"]);
    assert_eq!(code(story.outcome(&hold(Road, "a", 6))), "NOT_ALLOWED");
}

#[test]
fn what_was_asked_for_an_older_version_changes_nothing_and_leaves_no_entry() {
    let mut story = Story::created();
    assert_eq!(story.waybill.version, 1);
    let first = story.hear_for(&hold(CsAgent, "a", 1), Some(1));
    assert_eq!((first.outcome, story.waybill.version), (Outcome::Applied, 2));

    let before = story.waybill.clone();
    for late in [
        hold(CsAgent, "b", 1),
        // the same again in another message: the second of two who saw the same
        hold(CsAgent, "a", 1),
        release(CsAgent, "a", None, 2),
        report(Warehouse, S::Picked, 0, 2),
    ] {
        let decision = story.hear_for(&late, Some(1));
        assert_eq!(code(decision.outcome), "VERSION_CONFLICT", "{late:?}");
        assert!(decision.log.is_empty() && decision.events.is_empty(), "{late:?}");
        assert_eq!(story.waybill, before, "{late:?}");
    }
    let outcome = |story: &mut Story, said, seen| story.hear_for(&said, Some(seen)).outcome;
    assert_eq!(outcome(&mut story, release(CsAgent, "a", None, 2), 2), Outcome::Applied);
    assert_eq!(outcome(&mut story, report(Warehouse, S::Picked, 0, 2), 3), Outcome::Applied);
    // what is shown may be older than what its sender was answered
    assert_eq!(outcome(&mut story, hold(CsAgent, "b", 1), 9), Outcome::Applied);
}

#[test]
fn who_may_not_do_it_learns_of_no_version_and_of_a_stub_nobody_saw_one() {
    let mut story = Story::created();
    story.hear(&hold(CsAgent, "a", 1));
    assert_eq!(code(story.hear_for(&hold(Road, "b", 1), Some(1)).outcome), "NOT_ALLOWED");
    let mut stranger = super::story::somebody(Role::Merchant);
    stranger.merchant = Some("other".to_owned());
    let Said::Change(_, change) = hold(Role::Merchant, "b", 1) else { unreachable!() };
    let said = Said::Change(stranger, change);
    assert_eq!(code(story.hear_for(&said, Some(1)).outcome), UNKNOWN_WAYBILL);

    let mut stub = Story::new(contracts::FulfilledBy::Warehouse);
    assert_eq!(code(stub.hear_for(&hold(CsAgent, "a", 1), Some(1)).outcome), UNKNOWN_WAYBILL);
    assert!(stub.waybill.is_blank(), "it is not kept");
}

#[test]
fn a_release_that_comes_first_is_a_tombstone() {
    let mut story = Story::created();
    let story = &mut story;
    check(story, &release(CsAgent, "a", None, 3), Outcome::Parked, &[]);
    check(story, &hold(CsAgent, "a", 1), Outcome::Stale, &[]);
    assert_eq!(story.waybill.open_holds(), 0);
    check(story, &hold(CsAgent, "b", 1), Outcome::Applied, &["held HighRiskOfFraud"]);
}

#[test]
fn a_fact_while_held_is_kept_and_marked() {
    let mut story = Story::created();
    story.hear(&hold(CsAgent, "a", 1));
    let loaded = report(Road, S::Loaded, 1, 2);
    let decision = story.hear(&loaded);
    assert_eq!(decision.outcome, Outcome::Applied);
    assert_eq!(decision.log[0].code.as_deref(), Some(HELD_BREACH));
    assert_eq!(story.hear(&loaded).log[0].code, None, "a duplicate breaches nothing");
}

#[test]
fn what_a_number_keeps_is_bounded() {
    let mut stub = Story::new(contracts::FulfilledBy::Warehouse);
    for minute in 0..i64::try_from(MAX_EARLY).unwrap() {
        assert_eq!(stub.outcome(&report(Road, S::Loaded, 1, minute)), Outcome::Parked);
    }
    assert_eq!(code(stub.outcome(&report(Road, S::Loaded, 1, -1))), "TOO_MANY_EARLY_MESSAGES");

    let mut story = Story::created();
    for handle in 0..MAX_HOLDS {
        assert_eq!(story.outcome(&hold(CsAgent, &handle.to_string(), 1)), Outcome::Applied);
    }
    assert_eq!(code(story.outcome(&hold(CsAgent, "more", 1))), "TOO_MANY_HOLDS");
    assert_eq!(code(story.outcome(&release(CsAgent, "more", None, 1))), "TOO_MANY_HOLDS");
    assert!(story.waybill.body.to_text().unwrap().len() < 60_000, "fits its column");

    let mut nobody = super::story::somebody(CsAgent);
    nobody.subject = "x".repeat(129);
    let Said::Change(_, change) = hold(CsAgent, "x", 1) else { unreachable!() };
    assert_eq!(code(story.outcome(&Said::Change(nobody, change))), "SUBJECT_TOO_LONG");
}

#[test]
fn a_hold_of_the_same_handle_needs_the_next_instance() {
    let again = |said: Said, number| match said {
        Said::Change(actor, Change::PlaceHold { handle, reason, occurred_at, .. }) => {
            let instance = contracts::HoldInstance(number);
            Said::Change(actor, Change::PlaceHold { handle, instance, reason, occurred_at })
        }
        Said::Change(..) | Said::Order => unreachable!(),
    };
    let mut story = Story::created();
    let story = &mut story;
    check(story, &hold(CsAgent, "a", 1), Outcome::Applied, &["held HighRiskOfFraud"]);
    check(story, &release(CsAgent, "a", None, 2), Outcome::Applied, &["released"]);
    assert_eq!(code(story.outcome(&hold(CsAgent, "a", 3))), "HOLD_HANDLE_USED");
    let second = again(hold(CsAgent, "a", 3), 2);
    check(story, &second, Outcome::Applied, &["held HighRiskOfFraud"]);
    check(story, &second, Outcome::Duplicate, &[]);
    check(story, &release(CsAgent, "a", None, 2), Outcome::Duplicate, &[]);
    assert_eq!(story.waybill.open_holds(), 1);
}

#[test]
fn a_waybill_may_be_made_with_a_hold() {
    let mut story = Story::new(contracts::FulfilledBy::Warehouse);
    story.order.waybills[0].hold = Some(contracts::FirstHold {
        owner: "csagent".to_owned(),
        handle: contracts::HoldHandle::new("return").unwrap(),
        reason: contracts::HoldReason::AwaitingReturnItems,
    });
    let made = story.hear(&Said::Order);
    assert_eq!(news(&made.events), [(1, "created, held".to_owned())]);
    assert_eq!(made.holds.len(), 1);
    check(&mut story, &release(CsAgent, "return", None, 2), Outcome::Applied, &["released"]);
}

#[test]
fn what_moved_in_spite_of_its_cancellation_is_told() {
    let mut first = Story::created();
    check(&mut first, &cancelled(5), Outcome::Applied, &["CREATED > CANCELLED @0"]);
    check(&mut first, &cancelled(6), Outcome::Duplicate, &[]);
    let loaded = report(Road, S::Loaded, 1, 10);
    let heard = ["CANCELLED > LOADED @1", "cancelled but LOADED @1"];
    check(&mut first, &loaded, Outcome::Applied, &heard);
    // told once
    let dispatched = report(Road, S::Dispatched, 1, 11);
    check(&mut first, &dispatched, Outcome::Applied, &["LOADED > DISPATCHED @1"]);

    let mut late = Story::created();
    check(&mut late, &loaded, Outcome::Applied, &["CREATED > LOADED @1"]);
    check(&mut late, &cancelled(5), Outcome::Stale, &["cancelled but LOADED @1"]);
    assert_eq!(late.status(), S::Loaded);
}

#[test]
fn a_return_that_is_collected_was_not_cancelled() {
    let mut story = Story::of_return().after(&[Said::Order]);
    let story = &mut story;
    let out = report(Road, S::OutForPickup, 1, 5);
    check(story, &out, Outcome::Applied, &["CREATED > OUT_FOR_PICKUP @1"]);
    check(story, &cancelled(6), Outcome::Applied, &["OUT_FOR_PICKUP > CANCELLED @1"]);
    let heard = ["CANCELLED > COLLECTED @1", "cancelled but COLLECTED @1"];
    check(story, &report(Road, S::Collected, 0, 7), Outcome::Applied, &heard);
}

#[test]
fn a_correction_begins_anew() {
    let mut story = Story::created();
    let story = &mut story;
    story.hear(&report(Road, S::Dispatched, 1, 10));
    check(
        story,
        &report(Road, S::Delivered, 0, 20),
        Outcome::Applied,
        &["DISPATCHED > DELIVERED @1"],
    );
    assert_eq!(code(story.outcome(&corrected(CsAgent, S::Loaded, 1, 30))), "NOT_ALLOWED");
    let to_cancelled = corrected(CsSupervisor, S::Cancelled, 0, 30);
    assert_eq!(code(story.outcome(&to_cancelled)), "NOT_ALLOWED", "that is a verdict");

    let correction = corrected(CsSupervisor, S::Loaded, 1, 30);
    check(
        story,
        &correction,
        Outcome::Applied,
        &["DELIVERED > LOADED @1", "corrected to LOADED @1"],
    );
    check(story, &correction, Outcome::Duplicate, &[]);
    let late = story.hear(&report(Road, S::Delivered, 0, 25));
    assert_eq!(late.outcome, Outcome::Stale);
    assert_eq!(late.log[0].code.as_deref(), Some(BEFORE_CORRECTION));
    // the corrected status is a proof like any other
    let out = report(Road, S::OutForDelivery, 1, 40);
    check(story, &out, Outcome::Applied, &["LOADED > OUT_FOR_DELIVERY @1"]);
    let delivered = report(Road, S::Delivered, 0, 50);
    check(story, &delivered, Outcome::Applied, &["OUT_FOR_DELIVERY > DELIVERED @1"]);
    let gaps = story.waybill.standing().unwrap().gaps;
    assert_eq!(gaps, [S::Dispatched], "nothing is missing below what the correction said");
}

#[test]
fn an_earlier_correction_does_not_bring_back_what_a_later_one_took_away() {
    let mut story = Story::created();
    story.hear(&report(Road, S::Dispatched, 1, 10));
    story.hear(&corrected(CsSupervisor, S::Packed, 0, 30));
    story.hear(&corrected(CsSupervisor, S::Loaded, 1, 5));
    assert_eq!(story.status(), S::Loaded);
    assert_eq!(story.outcome(&report(Road, S::Dispatched, 1, 20)), Outcome::Stale);
    assert_eq!(story.status(), S::Loaded);
}

#[test]
fn a_correction_without_an_attempt_belongs_to_the_place_live_then() {
    let mut story = Story::created();
    story.hear(&corrected(CsSupervisor, S::Loaded, 0, 30));
    assert_eq!(story.waybill.standing().unwrap().attempt, 1, "the first, if none is known");
    story.hear(&assigned(1, 10));
    story.hear(&assigned(2, 20));
    assert_eq!(story.waybill.standing().unwrap().attempt, 2);
}

#[test]
fn what_is_said_of_no_waybill_is_given_up() {
    let mut stub = Story::new(contracts::FulfilledBy::Warehouse);
    stub.hear(&report(Warehouse, S::Packed, 0, 2));
    stub.hear(&assigned(1, 3));
    stub.hear(&hold(CsAgent, "a", 1));
    let (decision, given_up) = give_up(stub.waybill.clone(), at(2_000));
    let types: Vec<_> = given_up.iter().map(|early| early.change.message_type()).collect();
    assert_eq!(types, ["waybill.report-status.v1", "waybill.place-hold.v1"]);
    assert_eq!(decision.log.len(), 2);
    for entry in &decision.log {
        assert_eq!(entry.code.as_deref(), Some(UNKNOWN_WAYBILL));
    }
    assert_eq!((decision.waybill.parked_since, decision.waybill.version), (None, 5));

    // the order comes after all: the place that ADRA gave is still known
    stub.waybill = decision.waybill;
    stub.hear(&Said::Order);
    stub.hear(&report(Road, S::Loaded, 0, 4));
    assert_eq!((stub.status(), stub.waybill.standing().unwrap().attempt), (S::Loaded, 1));
}

#[test]
fn the_body_of_a_message_can_be_made_again() {
    let no = contracts::WaybillNo::new("uci-536365-1").unwrap();
    for said in [
        report(Road, S::Loaded, 1, 5),
        corrected(CsSupervisor, S::Loaded, 1, 5),
        hold(CsAgent, "a", 1),
        release(CsSupervisor, "a", Some(CsAgent), 2),
    ] {
        let Said::Change(_, change) = said else { unreachable!() };
        let body = change.body(&no).unwrap().unwrap();
        let read = match change.message_type() {
            "waybill.report-status.v1" => {
                Change::report(&contracts::decode_body(&body).unwrap()).unwrap()
            }
            "waybill.correct.v1" => {
                Change::correct(&contracts::decode_body(&body).unwrap()).unwrap()
            }
            "waybill.place-hold.v1" => Change::place_hold(&contracts::decode_body(&body).unwrap()),
            _ => Change::release_hold(&contracts::decode_body(&body).unwrap()),
        };
        assert_eq!(read, change);
    }
}
