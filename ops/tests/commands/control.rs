//! Steering workers: what is stored, who has to answer.

use contracts::InstanceReport;
use queue_topology::WorkerKind;
use testkit::Stage;

use crate::run::Operator;

fn report(instance: &str) -> InstanceReport {
    InstanceReport {
        worker: WorkerKind::OrderIntake.name().to_owned(),
        instance: instance.to_owned(),
        version: 0,
        concurrency: 2,
        batch_max: 256,
        prefetch: 1_024,
        rate_per_second: None,
        paused: false,
        draining: false,
        ready: true,
        in_flight: 0,
        settled_total: 0,
        outbox_pending: 0,
        latency_p50_seconds: None,
        latency_p99_seconds: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_instance_the_settings_are_stored_for_the_next_one() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    operator.ok(&["scale", "order-intake", "--concurrency", "8", "--rate", "50"]).await;
    operator.ok(&["scale", "order-intake", "--batch-max", "10", "--rate", "none"]).await;
    operator.ok(&["pause", "order-intake"]).await;
    let stored =
        store::settings::read(&operator.stage.database(), "order-intake").await.unwrap().unwrap();
    assert_eq!(stored.version, 3);
    assert_eq!(stored.settings.concurrency.unwrap().get(), 8, "what is not named stays");
    assert_eq!(stored.settings.batch_max.unwrap().get(), 10);
    assert_eq!(stored.settings.rate_per_second, None);
    assert!(stored.settings.paused);
    let shown = operator.ok(&["config", "show", "order-intake"]).await;
    assert_eq!(shown["stored"]["version"], 3);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_instance_that_does_not_answer_is_an_error() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let database = operator.stage.database();
    store::instances::beat(&database, &report("ghost"), "127.0.0.1:1").await.unwrap();
    // something has to listen on the control exchange for the command to be routed at all
    let _listener = operator.stage.tap(contracts::Exchange::Control, "control.#").await;
    let called = operator.dray(&["resume", "order-intake", "--wait", "1"]).await;
    assert_eq!(called.exit, 69, "{}", called.said);
    assert_eq!(called.json["silent"][0], "ghost");
    assert!(called.said.contains("ghost did not answer"), "{}", called.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_change_is_a_wrong_command_line() {
    let operator = Operator::on(Stage::new(&[]).await);
    let called = operator.dray(&["scale", "order-intake"]).await;
    assert_eq!(called.exit, 64, "{}", called.said);
    operator.stage.close().await;
}
