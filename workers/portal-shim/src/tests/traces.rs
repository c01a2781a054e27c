//! Whose traces the fleet records.

use contracts::{Exchange, Query};
use testkit::Tap;

use super::bench::{Bench, bearer, pattern};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-";
/// The client records this one.
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The trace of the next question of this kind.
async fn trace_of(tap: &mut Tap, about: &str) -> String {
    loop {
        let (envelope, query) = tap.next_of::<Query>().await;
        if query.about() == about {
            return envelope.trace.traceparent.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_recorded_for_those_who_are_known() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Queries, &pattern::<Query>()).await;
    let parent = ("traceparent", PARENT);

    let code = ("tracking-code", "7ZX4M0QK9C");
    let public = bench.send("GET", "/v1/tracking/m1-1", &[parent, code], None).await;
    assert_eq!(public.problem(404), "NOT_FOUND");
    let trace = trace_of(&mut tap, "tracking").await;
    assert!(trace.starts_with(TRACE) && trace.ends_with("-00"), "its place is kept: {trace}");

    let token = bearer(&bench.staff());
    let headers = [parent, ("authorization", token.as_str())];
    assert_eq!(bench.send("GET", "/v1/waybills/m1-1", &headers, None).await.status, 200);
    let trace = trace_of(&mut tap, "waybill").await;
    assert!(trace.starts_with(TRACE) && trace.ends_with("-01"), "{trace}");
    bench.stop().await;
}
