//! Each kind of fault that the reconciliation is there for, planted by hand.

use std::collections::HashMap;

use hyper::Method;
use queue_topology::WorkerKind;

use super::super::class::Class;
use super::super::client::Ask;
use super::super::said::{Said, Told};
use super::super::tokens::By;
use super::super::truth::{Settled, Truth, compare};
use super::answer;

const ID: &str = "0192f0c1a2b37c4d8e9f0a1b2c3d4e5f";
const DONE: &str = r#"{"operation":"0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f","outcome":"applied","code":"APPLIED","version":3}"#;
const REFUSED: &str = r#"{"code":"TOO_LATE","operation":"0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f"}"#;

fn told(told: Option<Told>) -> Said {
    let ask = Ask {
        method: Method::POST,
        path: "/v1/orders".to_owned(),
        body: None,
        idempotency_key: Some("key".to_owned()),
    };
    Said { class: Class::OrderCreation, by: By::Staff, ask, told }
}

fn answered(status: u16, body: &'static str) -> Said {
    told(Some(Told::of(&answer(status, body))))
}

fn with(said: &[Said], outcome: &str, code: &str, version: Option<u64>) -> Truth {
    let settled = Settled { outcome: outcome.to_owned(), code: code.to_owned(), version };
    compare(said, &HashMap::from([((WorkerKind::OrderIntake, ID.to_owned()), settled)]))
}

#[test]
fn what_was_answered_for_and_happened_holds() {
    let truth = with(&[answered(201, DONE)], "applied", "APPLIED", Some(3));
    assert!(truth.holds(), "{truth:?}");
    assert_eq!((truth.changes, truth.accepted, truth.settled), (1, 1, 1));
    assert!(with(&[answered(202, DONE)], "rejected", "TOO_LATE", None).holds());
    assert!(with(&[answered(409, REFUSED)], "rejected", "TOO_LATE", None).holds());
}

#[test]
fn what_was_answered_for_and_never_happened_is_lost() {
    for said in [answered(201, DONE), answered(200, DONE), answered(202, DONE)] {
        let truth = compare(&[said], &HashMap::new());
        assert_eq!((truth.lost.count, truth.holds()), (1, false));
    }
    assert_eq!(compare(&[answered(200, "{}")], &HashMap::new()).lost.count, 1);
}

#[test]
fn an_answer_that_the_tables_contradict_is_false() {
    for (said, outcome, code, version) in [
        (answered(201, DONE), "rejected", "TOO_LATE", None),
        (answered(200, DONE), "applied", "APPLIED", Some(4)),
        (answered(409, REFUSED), "applied", "APPLIED", Some(3)),
        (answered(409, REFUSED), "rejected", "UNKNOWN_DISTRICT", None),
    ] {
        let truth = with(&[said], outcome, code, version);
        assert_eq!((truth.false_answers.count, truth.holds()), (1, false), "{truth:?}");
    }
}

#[test]
fn what_nobody_answered_for_may_have_happened_or_not() {
    let in_progress = answered(
        409,
        r#"{"code":"IN_PROGRESS","operation":"0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f"}"#,
    );
    for said in [told(None), answered(500, "{}"), in_progress] {
        assert!(said.is_open());
        let truth = with(std::slice::from_ref(&said), "applied", "APPLIED", Some(3));
        assert!(truth.holds(), "{truth:?}");
        assert_eq!((truth.unanswered, truth.accepted), (1, 0));
        assert!(compare(&[said], &HashMap::new()).holds());
    }
    assert!(!answered(409, REFUSED).is_open());
    let may_be_there = answered(503, r#"{"code":"OUTCOME_UNKNOWN"}"#);
    assert!(may_be_there.is_open() && !may_be_there.told.unwrap().is_turned_away());
    assert!(answered(503, r#"{"code":"OVERLOADED"}"#).told.unwrap().is_turned_away());
    assert!(answered(429, r#"{"code":"TOO_MANY_REQUESTS"}"#).told.unwrap().is_turned_away());
    assert!(compare(&[answered(400, r#"{"code":"INVALID"}"#)], &HashMap::new()).holds());
}
