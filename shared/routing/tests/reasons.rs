//! Every answer "no place" is put to the test: with what it names out of the way the same waybill gets a
//! place, and nothing else that could be relaxed alone would have helped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

#[path = "reasons/mod.rs"]
mod support;

use routing::Reason;

use support::check_worlds;

/// Enough for every reason to come up hundreds of times.
const WORLDS: u64 = 300;

#[test]
fn every_reason_names_what_has_to_give_way_and_nothing_else_does() {
    let report = check_worlds(1, WORLDS);
    let wrong: Vec<&String> = report.wrong.iter().take(5).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", report.wrong.len(), report.asked());
    for reason in [
        Reason::DatePast,
        Reason::CutOffPassed,
        Reason::NoTemplate,
        Reason::ExceedsLargestTruck,
        Reason::ZoneQuota,
        Reason::RouteQuota,
        Reason::PoolExhausted,
        Reason::ReleasedAfterCutoff,
        Reason::Missed,
    ] {
        let seen = report.by_reason.get(&reason).map_or(0, |count| count.asked);
        assert!(seen >= 20, "{reason:?} came up {seen} times: the worlds are too kind");
    }
    assert!(report.single >= 500 && report.alternatives >= 20, "{report:?}");
}
