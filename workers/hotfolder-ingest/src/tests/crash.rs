//! Crashes, drains, takeovers: nothing is lost, nothing is doubled, nothing floods.

use queue_topology::{WorkQueue, WorkerKind};
use testkit::eventually;

use super::fleet::Fleet;
use super::{HEADER, line, line_with};
use crate::order::OrderColumn as C;

const ORDERS: u32 = 500;

/// A file in which every fifth order is wrong.
fn long_file() -> String {
    let mut file = HEADER.to_owned();
    for order in 0..ORDERS {
        let reference = format!("R{order:05}");
        file += &match order % 5 {
            4 => line_with(&reference, 1, C::UnitPrice, "free"),
            _ => line(&reference, 1),
        };
    }
    file
}

async fn check_answered(fleet: &Fleet) {
    fleet.wait_for("archive", "order-shop-1.tsv.").await;
    let report = fleet.report("order-shop-1.tsv.json").await;
    let counts = &report["counts"];
    let (good, bad) = (u64::from(ORDERS) * 4 / 5, u64::from(ORDERS) / 5);
    assert_eq!(counts["accepted"].as_u64().unwrap() + counts["duplicate"].as_u64().unwrap(), good);
    assert_eq!((&counts["rejected"], &counts["lines"]), (&bad.into(), &ORDERS.into()));
    assert_eq!(report["errors"].as_array().unwrap().len() as u64, bad);
    assert_eq!(fleet.rejected("order-shop-1.tsv").lines().count() as u64, bad + 1);
    let accepted = fleet.accepted();
    assert_eq!(accepted.len() as u64, good);
    assert!(accepted.values().all(|times| *times == 1), "an order had its effect twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_loses_and_doubles_nothing() {
    let mut fleet = Fleet::new().await;
    fleet.send("order-shop-1.tsv", long_file());
    let queue = WorkerKind::OrderIntake.queue(WorkQueue::Commands);
    // The first one dies with a full window, the second with answers on their way.
    let first = fleet.start(&["--instance", "first", "--window", "40"]).await;
    eventually("a full window", async || (fleet.stage.depth(&queue).await >= 40).then_some(()))
        .await;
    assert_eq!(fleet.stage.depth(&queue).await, 40, "the window holds");
    first.kill().await;
    fleet.start_intake().await;
    let second = fleet.start(&["--instance", "second", "--window", "10"]).await;
    eventually("a checkpoint", async || {
        let rows = fleet.stage.rows("SELECT offset_bytes FROM import_file").await;
        (rows.first()?["offset_bytes"].as_u64()? > 0).then_some(())
    })
    .await;
    second.kill().await;
    let third = fleet.start(&["--instance", "third"]).await;
    check_answered(&fleet).await;
    fleet.close(third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_gives_the_file_to_the_next_process_at_once() {
    let mut fleet = Fleet::new().await;
    fleet.send("order-shop-1.tsv", long_file());
    let queue = WorkerKind::OrderIntake.queue(WorkQueue::Commands);
    let first = fleet.start(&["--lease-seconds", "3600"]).await;
    eventually("commands", async || (fleet.stage.depth(&queue).await >= 10).then_some(())).await;
    first.stop().await.unwrap();
    assert_eq!(fleet.names("processing"), ["order-shop-1.tsv"]);
    fleet.start_intake().await;
    let second = fleet.start(&[]).await;
    check_answered(&fleet).await;
    fleet.close(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_share_the_work_and_double_nothing() {
    let fleet = Fleet::answering().await;
    let (one, other) =
        (fleet.start(&["--instance", "one"]).await, fleet.start(&["--instance", "two"]).await);
    for sequence in 1..=6 {
        let order = format!("S{sequence}");
        fleet.send(&format!("order-shop-{sequence}.tsv"), format!("{HEADER}{}", line(&order, 1)));
    }
    for sequence in 1..=6 {
        fleet.wait_for("archive", &format!("order-shop-{sequence}.tsv.")).await;
    }
    let accepted = fleet.accepted();
    assert!(accepted.len() == 6 && accepted.values().all(|times| *times == 1));
    assert_eq!(fleet.names("report").len(), 7, "six reports and the listing");
    one.stop().await.unwrap();
    fleet.close(other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_comes_twice_in_one_file_is_sent_twice_in_order() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let rows: String = (0..50)
        .map(|n| line("SAME", n))
        .fold(String::new(), |file, row| file + &row + &line("OTHER", 1));
    fleet.send("order-shop-1.tsv", format!("{HEADER}{rows}"));
    fleet.wait_for("archive", "order-shop-1.tsv.").await;
    // The small intake knows orders by message alone: every one of them is a message of its own.
    assert_eq!(fleet.accepted().into_values().collect::<Vec<_>>(), [50, 50]);
    fleet.close(ingest).await;
}
