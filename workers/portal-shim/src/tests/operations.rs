//! What became of a command that this process never heard of.

use contracts::Role;
use serde_json::json;

use super::bench::{Bench, settled_before};

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_sent_is_told_to_whom_it_was_sent_for() {
    let bench = Bench::start().await;
    let path = format!("/v1/operations/{}", settled_before());
    let own = bench.get(&path, &bench.staff()).await;
    assert_eq!((own.status, &own.body["outcome"]), (200, &json!("rejected")), "{own:?}");
    assert_eq!(own.body["code"], "TOO_MANY_HOLDS");
    let other = bench.token("otto", Role::CsAgent, None);
    assert_eq!(bench.get(&path, &other).await.problem(404), "NOT_FOUND");
    bench.stop().await;
}
