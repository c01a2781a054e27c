//! Seats, and which hints concern whom. Streams themselves run against a fleet in the tests of the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use axum::http::StatusCode;
use contracts::{Merchant, Timestamp};
use runtime::Happened;

use super::subject::Versions;
use super::*;

fn happened(message_type: &str, version: u64, body: &str) -> Happened {
    Happened {
        message_type: message_type.to_owned(),
        at: Timestamp::now(),
        version: Some(version),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn each_caller_has_a_few_seats_and_gets_them_back() {
    let seats = Seats::default();
    let taken: Vec<_> = (0..6).map(|_| seats.take("anna").unwrap()).collect();
    let refused = seats.take("anna").unwrap_err();
    assert_eq!(
        (refused.status(), refused.code()),
        (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS")
    );
    assert!(seats.take("ben").is_ok(), "others have theirs");
    drop(taken);
    assert!(seats.take("anna").is_ok());
}

#[test]
fn all_callers_together_have_so_many() {
    let seats = Seats::default();
    let taken: Vec<_> = (0..400).map(|who| seats.take(&who.to_string()).unwrap()).collect();
    assert_eq!(seats.take("anna").unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(taken);
    assert!(seats.take("anna").is_ok());
}

#[test]
fn a_waybill_hears_of_itself_and_of_the_version_that_it_has_then() {
    let subject = Subject::Waybill(WaybillNo::new("shop-1-1").unwrap());
    let body = r#"{"waybill_no":"shop-1-1","to":"PICKED"}"#;
    let waybill = |version| Versions { waybill: version, assignment: 0 };
    let assignment = |version| Versions { waybill: 0, assignment: version };
    let hint = |message_type, body| subject.hint(&happened(message_type, 7, body));
    assert_eq!(hint("waybill.status-changed.v1", body), Some(waybill(7)));
    assert_eq!(hint("assignment.assigned.v1", body), Some(assignment(7)));
    assert_eq!(hint("waybill.held.v1", r#"{"waybill_no":"shop-1-2"}"#), None);
    assert_eq!(hint("waybill.held.v1", "no json"), None);
    let both = waybill(7).newest(assignment(3));
    assert!(both.reaches(waybill(7)) && !both.reaches(assignment(4)));
}

#[test]
fn a_merchant_hears_of_its_own_goods_and_of_what_may_be_its_own() {
    let subject = Subject::Work(Merchant::new("M01").unwrap());
    let concerns = |body| subject.hint(&happened("waybill.status-changed.v1", 1, body)).is_some();
    assert!(concerns(r#"{"waybill_no":"shop-1-1","merchant":"M01","fulfilled_by":"warehouse"}"#));
    assert!(!concerns(r#"{"waybill_no":"shop-1-1","merchant":"M02","fulfilled_by":"merchant"}"#));
    assert!(concerns(r#"{"waybill_no":"shop-1-1","fulfilled_by":"merchant"}"#));
    assert!(!concerns(r#"{"waybill_no":"shop-1-1","fulfilled_by":"warehouse"}"#));
    assert!(concerns(r#"{"waybill_no":"shop-1-1"}"#), "a hold does not say whose it is");
    assert!(!concerns(r#"{"route_ref":"NORTH-1"}"#));
}
