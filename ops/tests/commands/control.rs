//! Steering workers: what is stored, who has to answer.

use contracts::{ControlAnswer, ControlCommand, ControlRequest, Exchange, InstanceReport};
use queue_topology::WorkerKind;
use testkit::{Stage, Tap};

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
        tripped: false,
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

/// What an instance that hears the next command tells the operator.
async fn answer(stage: &Stage, heard: &mut Tap, report: InstanceReport) -> ControlRequest {
    let (asked, command) = heard.next_of::<ControlCommand>().await;
    stage.answer(&asked, "control.answer.v1", &ControlAnswer { taken: true, report }).await;
    command.request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_told_to_who_tripped_and_stored_nowhere() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let alone = operator.ok(&["kill-switch", "reset", "order-intake"]).await;
    assert_eq!(alone["answers"].as_array().unwrap().len(), 0, "nobody to tell is no error");

    let database = operator.stage.database();
    let tripped = InstanceReport { tripped: true, ready: false, ..report("a") };
    store::instances::beat(&database, &tripped, "127.0.0.1:1").await.unwrap();
    let shown = operator.ok(&["fleet", "status"]).await;
    assert_eq!(shown["instances"][0]["tripped"], true);

    let mut heard = operator.stage.tap(Exchange::Control, "control.#").await;
    let (told, request) = tokio::join!(
        operator.ok(&["kill-switch", "reset", "order-intake"]),
        answer(&operator.stage, &mut heard, report("a")),
    );
    assert_eq!(request, ControlRequest::ResetKillSwitch);
    assert_eq!(told["request"]["do"], "reset_kill_switch");
    assert_eq!(told["answers"][0]["report"]["tripped"], false);
    assert_eq!(told["silent"].as_array().unwrap().len(), 0);
    assert_eq!(store::settings::read(&database, "order-intake").await.unwrap(), None);
    operator.stage.close().await;
}

/// An instance of an earlier release says nothing of a switch that it does not have.
#[test]
fn an_older_report_is_read() {
    let mut older = serde_json::to_value(report("a")).unwrap();
    older.as_object_mut().unwrap().remove("tripped");
    assert!(!serde_json::from_value::<InstanceReport>(older).unwrap().tripped);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_change_is_a_wrong_command_line() {
    let operator = Operator::on(Stage::new(&[]).await);
    let called = operator.dray(&["scale", "order-intake"]).await;
    assert_eq!(called.exit, 64, "{}", called.said);
    operator.stage.close().await;
}
