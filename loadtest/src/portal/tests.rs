//! What is counted, what is compared, and that waiting is not left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod offering;
mod reconciling;

use hyper::body::Bytes;

use super::class::{Class, Mix};
use super::client::{Answer, Target};
use super::hits::parse;
use super::samples::Samples;
use super::seen::{Subject, Versions};
use super::{Beside, Regime, Report, html};

#[test]
fn the_target_hour_has_its_proportions() {
    let mix = Mix::target_hour();
    assert_eq!(mix.total(), 400);
    let count = |class| (0..mix.total()).filter(|place| mix.at(*place) == class).count();
    assert_eq!(count(Class::StatusReport), 190);
    assert_eq!(count(Class::Read), 100);
    assert_eq!(count(Class::MerchantList), 4);
    assert_eq!(Class::ALL.into_iter().map(count).sum::<usize>(), 400);
    assert!((mix.share_of(Class::is_first) - 0.625).abs() < 1e-9);
    let reads = Mix::reads();
    assert!((0..reads.total()).all(|place| reads.at(place) == Class::Read));
}

#[test]
fn an_address_is_a_host_and_a_port() {
    let same = Target::parse("127.0.0.1:8480").unwrap();
    assert_eq!(Target::parse("http://127.0.0.1:8480/").unwrap(), same);
    assert!(Target::parse("[::1]:8480").is_ok());
    for wrong in ["127.0.0.1", "https://portal:443", ":8480", "host:port", "host/path:1"] {
        assert!(Target::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn counts_of_the_cache_are_read_by_their_labels() {
    let text = "# TYPE dray_cache_requests counter\n\
        dray_cache_requests_total{worker=\"query-desk\",result=\"process_hit\"} 70\n\
        dray_cache_requests_total{worker=\"query-desk\",result=\"redis_hit\"} 20\n\
        dray_cache_requests_total{worker=\"query-desk\",result=\"miss\"} 11\n\
        dray_cache_requests_total{worker=\"query-desk\",result=\"load\"} 10\n\
        dray_query_answers_total{worker=\"query-desk\",about=\"waybill\"} 30\n\
        dray_query_answers_total{worker=\"query-desk\",about=\"order\"} 10\n\
        dray_query_answers_total{worker=\"query-desk\",about=\"slots\"} 99\n\
        dray_query_answers_without_database_total{worker=\"query-desk\",about=\"waybill\"} 27\n\
        dray_query_answers_without_database_total{worker=\"query-desk\",about=\"order\"} 9\n\
        dray_messages_total{worker=\"query-desk\",result=\"load\"} 99\n";
    let answered = parse(text);
    let parts = (answered.parts_by_process, answered.parts_by_redis, answered.parts_by_database);
    assert_eq!(parts, (70, 20, 10));
    assert_eq!((answered.answers, answered.without_database), (40, 36));
    assert!((answered.percent_without_database() - 90.0).abs() < 1e-9);
}

fn waybill(version: u64, place: u64) -> Vec<u8> {
    format!(
        r#"{{"waybill_no":"shop-1-1","status":"PACKED","version":{version},"assignment":{{"state":"ASSIGNED","version":{place}}}}}"#
    )
    .into_bytes()
}

#[test]
fn a_version_that_goes_back_is_seen_for_each_part() {
    let subject = Subject::Waybill("shop-1-1".to_owned());
    let mut versions = Versions::default();
    assert!(versions.look(&subject, &waybill(4, 1)).is_empty());
    assert!(versions.look(&subject, &waybill(5, 1)).is_empty());
    assert_eq!(versions.look(&subject, &waybill(3, 2)), ["shop-1-1: state went back from 5 to 3"]);
    assert_eq!(versions.look(&subject, &waybill(5, 1)), ["shop-1-1: place went back from 2 to 1"]);
    assert_eq!(versions.look(&subject, b"no json").len(), 1);
    let other = Subject::Waybill("shop-2-1".to_owned());
    assert!(versions.look(&other, &waybill(1, 1)).is_empty());
}

#[test]
fn a_successor_of_a_sales_order_begins_its_versions_anew() {
    let shown = |number: &str, version: u64| {
        format!(
            r#"{{"status":"PACKED","version":9,"sales_order":{{"sales_order_no":"{number}","version":{version}}}}}"#
        )
    };
    let subject = Subject::Waybill("shop-1-1".to_owned());
    let mut versions = Versions::default();
    assert!(versions.look(&subject, shown("shop-1-1/1", 7).as_bytes()).is_empty());
    assert!(versions.look(&subject, shown("shop-1-1/2", 1).as_bytes()).is_empty());
}

fn report() -> Report {
    let mut samples = Samples::new().unwrap();
    let took = std::time::Duration::from_millis(7);
    samples.note(Class::Read, took, Ok((200, false)));
    samples.note(Class::Read, took, Ok((503, true)));
    samples.note(Class::Read, took, Err("connection lost".to_owned()));
    let beside = Beside { what: "p99", measured: 7.0, limit: 20.0, unit: "ms", at_least: false };
    Report {
        regime: Regime::Reads,
        seed: 1,
        offered_per_second: 10,
        seconds: 1,
        beside: vec![beside],
        rows: samples.rows().unwrap(),
        unsent: 0,
        answered: None,
        steps: Vec::new(),
        goodput: None,
        struck: Vec::new(),
        processes: Vec::new(),
        truth: super::Truth::default(),
        invariants: None,
        holds: true,
    }
}

#[test]
fn served_turned_away_and_unanswered_are_told_apart() {
    let report = report();
    let all = report.rows.last().unwrap();
    assert_eq!((all.requests, all.served, all.turned_away), (3, 1, 1));
    assert_eq!(all.unanswered.get("connection lost"), Some(&1));
    assert!((all.latency.p99_ms - 7.0).abs() < 0.05, "{:?}", all.latency);
    assert_eq!(report.rows.len(), 2, "a class that nobody asked for has no row");
}

#[test]
fn a_page_shows_what_was_measured_and_escapes_what_was_said() {
    let mut report = report();
    report.truth.lost.note("POST /v1/orders <script>".to_owned());
    let page = html::page(&report);
    assert!(page.contains("p99: 7.0 ms (at most 20 ms: met)"), "{page}");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
}

fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, has_retry_after: false, body: Bytes::from_static(body.as_bytes()) }
}
