//! The end of proposals, against a real database.

use runtime::Shutdown;
use testkit::{Stage, eventually};

use super::fixture::{parts, time};
use super::worker::{stage, start};
use crate::forget::Forgetting;

/// Rows of proposals with these numbers that expire then.
async fn proposals(stage: &Stage, numbers: std::ops::Range<u32>, state: &str, expires_at: &str) {
    let rows: Vec<String> = numbers
        .map(|number| {
            format!(
                "(UNHEX('{number:032x}'), 'NORTH', '2035-06-13', '0900-1300', '{state}', 1, 'dana', NULL, NULL, \
                 '[]', '{{}}', NOW(6), '{expires_at}', NOW(6))"
            )
        })
        .collect();
    stage.run_sql(&format!("INSERT INTO adra_proposal VALUES {}", rows.join(","))).await;
}

async fn left(stage: &Stage) -> String {
    stage
        .scalar(
            "SELECT COALESCE(GROUP_CONCAT(CONV(HEX(id), 16, 10) ORDER BY id SEPARATOR ' '), '') FROM adra_proposal",
        )
        .await
}

#[tokio::test]
async fn proposals_are_deleted_thirty_days_after_they_expired() {
    let stage = Stage::new(&[]).await;
    // more than one step, and whatever became of them
    for (numbers, state) in [(0..150, "OPEN"), (150..300, "COMMITTED"), (300..310, "DISCARDED")] {
        proposals(&stage, numbers, state, "2035-07-01 23:59:59.999999").await;
    }
    proposals(&stage, 400..401, "OPEN", "2035-07-02 00:00:00").await;
    proposals(&stage, 401..402, "COMMITTED", "2035-07-20 00:00:00").await;
    proposals(&stage, 402..403, "OPEN", "2035-08-20 00:00:00").await;
    let (forgetting, shutdown) = (Forgetting::new(stage.database()), Shutdown::new());
    let now = time("2035-08-01T00:00:00Z");
    assert_eq!(forgetting.round(now, &shutdown).await.unwrap(), 310);
    assert_eq!(left(&stage).await, "400 401 402");
    assert_eq!(forgetting.round(now, &shutdown).await.unwrap(), 0);
    stage.close().await;
}

#[tokio::test]
async fn a_process_that_starts_deletes_what_is_old() {
    let stage = stage(&parts()).await;
    proposals(&stage, 1..3, "OPEN", "2020-01-01 00:00:00").await;
    proposals(&stage, 3..4, "OPEN", "2035-01-01 00:00:00").await;
    let worker = start(&stage, &[]).await;
    eventually("only the last", async || (left(&stage).await == "3").then_some(())).await;
    worker.stop().await.unwrap();
    stage.close().await;
}
