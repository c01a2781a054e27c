//! Settings change while the worker runs: in force within a second, nothing lost, nothing doubled.

use std::collections::HashSet;

use contracts::{ControlAnswer, ControlRequest, LaneSettings};
use testkit::{DEADLINE, eventually};

use crate::bench::{Bench, acts, lanes, work_queue};
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

    /// Waits until so many instances hear control messages.
    async fn listening(&self, instances: usize) {
        let mut replies = self.stage.replies().await;
        let mut heard = HashSet::new();
        while heard.len() < instances {
            self.say_control(ControlRequest::Report, replies.queue()).await;
            let (_, answer) = replies.next_as::<ControlAnswer>(DEADLINE).await;
            heard.insert(answer.report.instance);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_in_full_flow() {
    let bench = Bench::new().await;
    let options = |name| ["--concurrency", "1", "--batch-max", "16", "--instance", name];
    let first = bench.start(&options("first")).await;
    let second = bench.start(&options("second")).await;
    bench.listening(2).await;
    let tuning = async {
        for concurrency in [8, 2] {
            let answers = bench.tune(2, |settings| settings.concurrency = lanes(concurrency)).await;
            assert!(answers.iter().all(|answer| answer.report.concurrency == concurrency));
            let now = bench.effects().await;
            eventually("progress", async || (bench.effects().await > now).then_some(())).await;
        }
        bench.tune(2, |settings| settings.paused = true).await;
        let paused_at = bench.effects().await;
        let answers = bench.control(ControlRequest::Report, 2).await;
        assert!(answers.iter().all(|answer| answer.report.in_flight == 0));
        assert_eq!(bench.effects().await, paused_at, "paused is paused");
        bench.tune(2, |settings| settings.paused = false).await;
    };
    tokio::join!(bench.say_all(acts(Behave::Apply, 5_000)), tuning);
    bench.effects_become(5_000).await;
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
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
    bench.stage.wait_for_depth(&work_queue(), 20).await;
    assert_eq!(bench.effects().await, 0);
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
    let done = bench.effects().await;
    bench.stage.wait_for_messages(&work_queue(), 500 - u32::try_from(done).unwrap()).await;
    bench.effects_are(done).await;
    assert_eq!(bench.depth().await, 0, "what went back came back once");
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
