//! Settings change while the worker runs: in force within a second, nothing lost, nothing doubled.

use contracts::{ControlAnswer, ControlRequest, LaneSettings};
use testkit::eventually;

use crate::bench::{Bench, acts, lanes};
use crate::probe::Behave;

impl Bench {
    /// Stores settings, tells the instances, and gives their answers.
    async fn tune(
        &self,
        instances: usize,
        edit: impl FnOnce(&mut LaneSettings) + Send,
    ) -> Vec<ControlAnswer> {
        let (version, settings) = self.store_settings(edit).await;
        let answers = self.control(ControlRequest::Apply { version, settings }, instances).await;
        for answer in &answers {
            assert!(answer.taken);
            assert_eq!(answer.report.version, version, "in force within a second");
            assert_eq!(answer.report.paused, settings.paused);
        }
        answers
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_is_not_taken() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    let (old, settings) = bench.store_settings(|settings| settings.concurrency = lanes(3)).await;
    let (version, _) = bench.store_settings(|settings| settings.concurrency = lanes(4)).await;
    bench
        .control(
            ControlRequest::Apply {
                version,
                settings: LaneSettings { concurrency: lanes(4), ..settings },
            },
            1,
        )
        .await;
    let answers = bench.control(ControlRequest::Apply { version: old, settings }, 1).await;
    assert!(!answers[0].taken);
    assert_eq!((answers[0].report.version, answers[0].report.concurrency), (version, 4));
    running.stop().await.unwrap();
    bench.close().await;
}

/// A lost control message costs a heartbeat.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_taken_without_a_message() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    bench.ready_becomes(true).await;
    bench.store_settings(|settings| settings.concurrency = lanes(5)).await;
    let taken = async || {
        let answers = bench.control(ControlRequest::Report, 1).await;
        (answers[0].report.concurrency == 5).then_some(())
    };
    eventually("the heartbeat reads the row", taken).await;
    running.stop().await.unwrap();
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_stays_paused_over_a_restart() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    bench.tune(1, |settings| settings.paused = true).await;
    bench.ready_becomes(false).await;
    running.stop().await.unwrap();
    bench.say_all(acts(Behave::Apply, 20)).await;
    let running = bench.start(&[]).await;
    let answers = bench.control(ControlRequest::Report, 1).await;
    assert!(answers[0].report.paused);
    assert_eq!((bench.depth().await, bench.effects().await), (20, 0));
    bench.tune(1, |settings| settings.paused = false).await;
    bench.effects_become(20).await;
    running.stop().await.unwrap();
    bench.close().await;
}

/// A rate holds back; raising it lets go at once, also what waits already.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_changes_in_force() {
    let bench = Bench::new().await;
    let running = bench.start(&["--concurrency", "2", "--rate", "10"]).await;
    bench.say_all(acts(Behave::Apply, 1_000)).await;
    eventually("a beginning", async || (bench.effects().await > 0).then_some(())).await;
    let answers = bench
        .tune(1, |settings| settings.rate_per_second = std::num::NonZeroU32::new(100_000))
        .await;
    assert_eq!(answers[0].report.rate_per_second, Some(100_000));
    bench.effects_become(1_000).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// A thousand messages at ten a second would drain for minutes: what is not begun goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_no_reason_not_to_stop() {
    let bench = Bench::new().await;
    let running = bench.start(&["--rate", "10", "--drain-seconds", "2"]).await;
    bench.say_all(acts(Behave::Apply, 500)).await;
    eventually("a beginning", async || (bench.effects().await > 0).then_some(())).await;
    running.stop().await.unwrap();
    let left = i64::from(bench.depth().await);
    assert_eq!(bench.effects().await + left, 500);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_is_answered_and_ends_the_process() {
    let bench = Bench::new().await;
    let running = bench.start(&[]).await;
    bench.ready_becomes(true).await;
    let answers = bench.control(ControlRequest::Drain, 1).await;
    assert!(answers[0].taken && answers[0].report.draining);
    running.stop().await.unwrap();
    let instances = "SELECT COUNT(*) FROM worker_instance";
    assert_eq!(bench.stage.scalar::<i64>(instances).await, 0, "it took its row away");
    bench.close().await;
}
