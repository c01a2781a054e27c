//! The parts that need neither a broker nor a port.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use contracts::{ItemReply, MessageId, Reply, ReplyOutcome};
use serde_json::json;
use uuid::Uuid;

use super::bench::{applied, refused};
use crate::command::preferred_wait;
use crate::gate::accepts;
use crate::gateway::Outcome;
use crate::idempotency::key;
use crate::outcome::{State, respond};
use crate::parts::{OperationName, Place, in_order, may_follow, merge};
use crate::precondition::{IfMatch, answer_tag, version_tag};
use crate::problem::Problem;
use crate::query::{depth, parse};

fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn id() -> MessageId {
    MessageId(Uuid::from_u128(0x0190_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0000))
}

fn settled(reply: Reply) -> Outcome {
    Outcome::Settled(Box::new(reply))
}

#[test]
fn a_version_is_read_from_what_was_answered() {
    let cases = [
        (vec!["\"7\""], Ok(IfMatch::Version(7))),
        (vec!["W/\"7\""], Ok(IfMatch::Version(7))),
        (vec!["\"7-0011223344556677\""], Ok(IfMatch::Version(7))),
        (vec!["*"], Ok(IfMatch::Any)),
        (vec![], Ok(IfMatch::Any)),
        (vec!["7"], Err(())),
        (vec!["\"x\""], Err(())),
        (vec!["\"+7\""], Err(())),
        (vec!["\"\""], Err(())),
        (vec!["\"7\", \"8\""], Err(())),
        (vec!["\"99999999999999999999999\""], Err(())),
    ];
    for (values, expected) in cases {
        let read = IfMatch::read(&headers("if-match", &values)).map_err(|_problem| ());
        assert_eq!(read, expected, "{values:?}");
    }
}

#[test]
fn a_change_needs_the_version_that_was_seen() {
    assert_eq!(IfMatch::Version(3).required(), Ok(3));
    let missing = IfMatch::Any.required().unwrap_err();
    assert_eq!(missing.status(), StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(IfMatch::Version(3).check(3), Ok(()));
    assert_eq!(IfMatch::Any.check(3), Ok(()));
    let stale = IfMatch::Version(3).check(4).unwrap_err();
    assert_eq!(
        (stale.status(), stale.code()),
        (StatusCode::PRECONDITION_FAILED, "VERSION_CONFLICT")
    );
}

#[test]
fn answers_that_differ_have_tags_that_differ_and_one_version() {
    let (one, other) = (answer_tag(7, b"{}"), answer_tag(7, b"[]"));
    assert_ne!(one, other);
    assert_eq!(one, answer_tag(7, b"{}"));
    assert_ne!(one, answer_tag(8, b"{}"));
    for tag in [one, other, version_tag(7)] {
        assert_eq!(IfMatch::read(&headers("if-match", &[&tag])), Ok(IfMatch::Version(7)), "{tag}");
    }
}

#[test]
fn a_waiting_time_is_a_wish_within_limits() {
    let cases = [
        ("wait=5", Some(5)),
        ("respond-async", Some(0)),
        ("respond-async, wait=3", Some(0)),
        ("handling=lenient, wait=3", Some(3)),
        ("WAIT=3", Some(3)),
        ("wait=\"3\"", Some(3)),
        ("wait=3600", Some(10)),
        ("wait=0", Some(0)),
        ("wait=soon", None),
        ("return=minimal", None),
        ("", None),
    ];
    for (value, expected) in cases {
        assert_eq!(preferred_wait(&headers("prefer", &[value])), expected, "{value}");
    }
    assert_eq!(preferred_wait(&HeaderMap::new()), None);
}

#[test]
fn a_key_is_the_same_with_and_without_quotes() {
    let read = |value: &str| key(&headers("idempotency-key", &[value]));
    assert_eq!(read("k-1"), Ok(Some("k-1".to_owned())));
    assert_eq!(read("\"k-1\""), Ok(Some("k-1".to_owned())));
    assert_eq!(key(&HeaderMap::new()), Ok(None));
    assert!(read("").is_err());
    assert!(read("\"\"").is_err());
    assert!(read(&"x".repeat(256)).is_err());
    assert!(read(&"x".repeat(255)).is_ok());
}

#[test]
fn what_a_client_reads() {
    let json = |values: &[&str]| accepts(&headers("accept", values), "application/json");
    assert!(accepts(&HeaderMap::new(), "application/json"));
    for values in [
        vec!["*/*"],
        vec!["application/*"],
        vec!["text/html, application/json;q=0.5"],
        vec!["text/html", "application/json"],
        vec!["Application/JSON"],
    ] {
        assert!(json(&values), "{values:?}");
    }
    for values in
        [vec!["text/html"], vec!["application/json;q=0"], vec!["application/xml"], vec![""]]
    {
        assert!(!json(&values), "{values:?}");
    }
}

#[test]
fn depth_counts_brackets_outside_of_texts() {
    let cases = [
        ("", 0),
        ("1", 0),
        ("{}", 1),
        ("[[]]", 2),
        ("[{},{}]", 2),
        (r#"{"a":"[[[["}"#, 1),
        (r#"{"a":"\"[["}"#, 1),
        (r#"{"a":"\\"}"#, 1),
        (r#"[{"a":[1]}]"#, 3),
        ("]]]][", 1),
    ];
    for (json, expected) in cases {
        assert_eq!(depth(json.as_bytes()), expected, "{json}");
    }
}

#[test]
fn a_body_that_is_wrong_is_told_where() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is read only")]
    struct Body {
        lines: Vec<u32>,
    }
    let refused = |json: &str| parse::<Body>(json.as_bytes()).unwrap_err();
    assert_eq!(parse::<Body>(br#"{"lines":[1]}"#).unwrap().lines, [1]);
    assert_eq!(parse::<Body>(br#"{"lines":[1.0,2e0]}"#).unwrap().lines, [1, 2]);
    assert_eq!(refused(r#"{"lines":[1.5]}"#).code(), "INVALID_BODY");
    assert_eq!(refused("{").code(), "MALFORMED_BODY");
    assert_eq!(refused(r#"{"lines":[]} {}"#).code(), "MALFORMED_BODY");
    assert_eq!(refused("{}").code(), "INVALID_BODY");
    assert_eq!(refused(r#"{"lines":[],"more":1}"#).code(), "INVALID_BODY");
    assert_eq!(refused(&format!("{}{}", "[".repeat(17), "]".repeat(17))).code(), "BODY_TOO_DEEP");
    let place = format!("{:?}", refused(r#"{"lines":[1,"x"]}"#));
    assert!(place.contains("lines[1]"), "{place}");
}

#[test]
fn a_refusal_has_the_status_of_its_code() {
    let cases = [
        ("NOT_ALLOWED", 403),
        ("VERSION_CONFLICT", 412),
        ("KEY_REUSED", 422),
        ("UNKNOWN_WAYBILL", 404),
        ("UNKNOWN_ORDER", 404),
        // of what a body names there is no resource at this path
        ("UNKNOWN_DISTRICT", 409),
        ("UNKNOWN_LINE", 409),
        ("CANCEL_TOO_LATE", 409),
        ("SIGN_IN_FAILED", 401),
        ("TOO_MANY_ATTEMPTS", 429),
    ];
    for (code, status) in cases {
        let problem = Problem::refused(contracts::Refusal::new(code, "no"));
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
    }
}

#[test]
fn an_outcome_has_its_status_and_says_where_to_look() {
    let pending = respond("op", Outcome::Pending, Some("/v1/orders/a/b")).unwrap();
    assert_eq!(pending.status(), StatusCode::ACCEPTED);
    assert_eq!(pending.headers()["location"], "/v1/operations/op");
    let done = respond("op", settled(applied(id(), 4)), None).unwrap();
    assert_eq!(
        (done.status(), done.headers()["etag"].to_str().unwrap()),
        (StatusCode::OK, "\"4\"")
    );
    let made = respond("op", settled(applied(id(), 1)), Some("/v1/orders/a/b")).unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(made.headers()["location"], "/v1/orders/a/b");
    let taken_on = Reply { outcome: ReplyOutcome::Accepted, ..applied(id(), 1) };
    assert_eq!(respond("op", settled(taken_on), None).unwrap().status(), StatusCode::ACCEPTED);
    let no = respond("op", settled(refused(id(), "CANCEL_TOO_LATE")), None).unwrap_err();
    assert_eq!((no.status(), no.code()), (StatusCode::CONFLICT, "CANCEL_TOO_LATE"));
}

#[test]
fn the_name_of_an_operation_says_how_many_messages_it_is() {
    let (one, five) = (OperationName::new(id(), 1), OperationName::new(id(), 5));
    for name in [one, five] {
        assert_eq!(name.to_string().parse::<OperationName>(), Ok(name));
    }
    assert_eq!(one.messages(), [id()]);
    assert_eq!(five.messages().len(), 5);
    assert_eq!(five.messages()[0], id(), "what one message of this key would be");
    assert_eq!(five.messages()[4], id().of_item(4));
    let wrong = ["", "x", &format!("{}.0", id()), &format!("{}.1", id()), &format!("{}.05", id())];
    for text in wrong {
        assert!(text.parse::<OperationName>().is_err(), "{text}");
    }
    assert!(id().to_string().to_uppercase().parse::<OperationName>().is_err());
}

fn with_items(codes: &[&str]) -> Reply {
    let item = |(item, code): (usize, &&str)| ItemReply {
        item: u32::try_from(item).unwrap(),
        code: (*code).to_owned(),
        detail: None,
    };
    Reply { items: codes.iter().enumerate().map(item).collect(), ..applied(id(), 1) }
}

#[test]
fn several_messages_are_answered_as_one_with_items_in_the_order_of_the_request() {
    let parts = in_order([(2, ()), (1, ()), (2, ())]);
    let places: Vec<Place> = parts.iter().map(|part| part.place).collect();
    assert_eq!(places.iter().map(|place| place.first).collect::<Vec<_>>(), [0, 2, 3]);
    let outcomes = [
        settled(with_items(&["APPLIED", "STALE"])),
        settled(refused(id(), "TOO_LARGE")),
        settled(with_items(&["APPLIED", "PARKED"])),
    ];
    let name = OperationName::new(id(), 3);
    let merged = merge(name, places.iter().copied().map(Some).zip(outcomes)).unwrap();
    assert_eq!(merged.outcome, State::Applied);
    let items: Vec<_> = merged.items.iter().map(|it| (it.item, it.code.as_str())).collect();
    let expected = [(0, "APPLIED"), (1, "STALE"), (2, "TOO_LARGE"), (3, "APPLIED"), (4, "PARKED")];
    assert_eq!(items, expected);
}

#[test]
fn an_operation_is_pending_while_one_of_its_messages_is() {
    let name = OperationName::new(id(), 2);
    let place = |first| Some(Place { first, items: 1 });
    let outcomes = [(place(0), Outcome::Pending), (None, settled(with_items(&["APPLIED"])))];
    let merged = merge(name, outcomes).unwrap();
    assert_eq!((merged.outcome, merged.items.len()), (State::Pending, 0), "{merged:?}");
    let reused = [(place(0), settled(refused(id(), "KEY_REUSED"))), (place(1), Outcome::Pending)];
    assert_eq!(merge(name, reused).unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_others_follow_when_the_first_is_known_to_be_theirs() {
    for first in [applied(id(), 1), refused(id(), "TOO_LARGE")] {
        assert_eq!(may_follow(&settled(first)), Ok(()));
    }
    let pending = may_follow(&Outcome::Pending).unwrap_err();
    assert_eq!((pending.status().as_u16(), pending.code()), (503, "FIRST_PART_PENDING"));
    assert_eq!(pending.seconds_to_wait(), Some(1));
    for (code, status) in [("KEY_REUSED", 422), ("NOT_ALLOWED", 403)] {
        let refused = may_follow(&settled(refused(id(), code))).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (status, code));
    }
}

#[test]
fn an_operation_in_progress_is_begun_once() {
    let operations = crate::idempotency::Operations::default();
    let first = operations.begin(id()).unwrap();
    let second = operations.begin(id()).unwrap_err();
    assert_eq!((second.status(), second.code()), (StatusCode::CONFLICT, "IN_PROGRESS"));
    drop(first);
    assert!(operations.begin(id()).is_ok());
    assert_eq!(json!(State::Pending), json!("pending"));
}

#[test]
fn a_year_that_no_worker_keeps_is_not_the_fault_of_the_form() {
    let moment = |at: &str| parse::<contracts::Timestamp>(format!("{at:?}").as_bytes());
    assert_eq!(moment("0001-01-01T00:00:00+17:14").unwrap_err().status().as_u16(), 422);
    assert_eq!(moment("yesterday").unwrap_err().status().as_u16(), 400);
}
