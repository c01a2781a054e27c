//! Single decisions: outcomes, events, log, holds.

use contracts::{Role, WaybillStatus as S};
use runtime::Outcome;

use super::story::{Said, Story, assigned, at, hold, release, report};
use crate::decide::HELD_BREACH;
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
