//! The supervisor, with programs in the workers' place: they say where they are ready, and wait.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use queue_topology::WorkerKind;
use serde_json::{Value, json};
use testkit::{Stage, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::run::{Operator, write};

const METRICS: &str = "dray_http_requests_total{route=\"/track\",method=\"GET\",status=\"200\"} 5\n\
     dray_http_requests_total{route=\"/track\",method=\"GET\",status=\"404\"} 2\ndray_http_in_flight 1\n";

fn program(directory: &Path, name: &str, script: &str) {
    let path = write(directory, name, &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Answers every probe with "ready", and every question with these metrics; gives its address.
async fn always_ready(tasks: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0_u8; 512];
            let _bytes = stream.read(&mut request).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
            stream.write_all(METRICS.as_bytes()).await.unwrap();
        }
    });
    address
}

fn register(operator: &Operator) -> Option<Value> {
    let text = std::fs::read_to_string(operator.state.path().join("run/fleet.json")).ok()?;
    serde_json::from_str(&text).ok()
}

fn is_alive(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_child_is_started_again_and_all_end_together() {
    let operator = Operator::on(Stage::new(&[]).await);
    let mut tasks = JoinSet::new();
    let address = always_ready(&mut tasks).await;
    let programs = tempfile::tempdir().unwrap();
    let script = format!("printf {address} >\"$DRAY_ADMIN_ADDR_FILE\"\nexec sleep 300");
    program(programs.path(), "query-desk", &script);
    let release_dir = programs.path().to_str().unwrap();
    let up = [
        "fleet",
        "up",
        "--detach",
        "--only",
        "query-desk",
        "--instances",
        "query-desk=2",
        "--release-dir",
        release_dir,
    ];
    let started = operator.ok(&up).await;
    assert_eq!(started["workers"], serde_json::json!(["query-desk", "query-desk-2"]));
    let again = operator.dray(&up).await;
    assert_eq!(again.exit, 69, "one fleet a checkout: {}", again.said);

    let first = register(&operator).unwrap()["children"]["query-desk"]["pid"].as_u64().unwrap();
    let killed =
        std::process::Command::new("kill").args(["-9", &first.to_string()]).status().unwrap();
    assert!(killed.success());
    let second = eventually("another process in its place", async || {
        let pid = register(&operator)?["children"]["query-desk"]["pid"].as_u64()?;
        (pid != first).then_some(pid)
    })
    .await;
    assert!(is_alive(second));

    let down = operator.ok(&["fleet", "down"]).await;
    assert_eq!((&down["workers"], &down["killed"]), (&2.into(), &0.into()));
    assert!(!is_alive(second));
    assert!(register(&operator).is_none());
    let nothing = operator.ok(&["fleet", "down"]).await;
    assert_eq!(nothing["running"], false);
    operator.stage.close().await;
}

/// It reaches no database, so no row there says that it lives.
#[tokio::test(flavor = "multi_thread")]
async fn the_portal_is_shown_among_the_living() {
    let operator = Operator::on(Stage::new(&WorkerKind::ALL).await);
    operator.ok(&["topology", "apply"]).await;
    let mut tasks = JoinSet::new();
    let address = always_ready(&mut tasks).await;
    let programs = tempfile::tempdir().unwrap();
    let script = format!("printf {address} >\"$DRAY_ADMIN_ADDR_FILE\"\nexec sleep 300");
    program(programs.path(), "portal-shim", &script);
    let before = operator.ok(&["fleet", "status"]).await;
    assert_eq!(before["fronts"], json!([]));
    let absent = |status: &Value| status["absent"].as_array().unwrap().clone();
    assert!(!absent(&before).contains(&json!("portal-shim")), "of other machines nobody knows");

    let release_dir = programs.path().to_str().unwrap();
    let up = ["fleet", "up", "--detach", "--only", "portal-shim", "--release-dir", release_dir];
    operator.ok(&up).await;
    let status = operator.ok(&["fleet", "status"]).await;
    let front = &status["fronts"][0];
    assert_eq!((&front["worker"], &front["ready"]), (&json!("portal-shim"), &json!(true)));
    assert_eq!((&front["answered_total"], &front["in_flight"]), (&json!(7), &json!(1)));
    assert_eq!(front["admin_addr"], json!(address));
    assert!(front["serves"].is_string() && front["instance"].is_string(), "{front}");
    assert!(!absent(&status).contains(&json!("portal-shim")), "{status}");
    assert!(absent(&status).contains(&json!("query-desk")), "{status}");
    operator.ok(&["fleet", "down"]).await;
    let after = operator.ok(&["fleet", "status"]).await;
    assert_eq!(after["fronts"], json!([]));
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_killed_supervisor_are_found_and_stopped() {
    let operator = Operator::on(Stage::new(&[]).await);
    let mut tasks = JoinSet::new();
    let address = always_ready(&mut tasks).await;
    let programs = tempfile::tempdir().unwrap();
    let script = format!("printf {address} >\"$DRAY_ADMIN_ADDR_FILE\"\nexec sleep 300");
    program(programs.path(), "query-desk", &script);
    let release_dir = programs.path().to_str().unwrap();
    let up = ["fleet", "up", "--detach", "--only", "query-desk", "--release-dir", release_dir];
    let started = operator.ok(&up).await;
    let supervisor = started["supervisor"].as_u64().unwrap();
    let child = register(&operator).unwrap()["children"]["query-desk"]["pid"].as_u64().unwrap();
    let killed =
        std::process::Command::new("kill").args(["-9", &supervisor.to_string()]).status().unwrap();
    assert!(killed.success());
    eventually("the end of the supervisor", async || (!is_alive(supervisor)).then_some(())).await;
    assert!(is_alive(child), "a worker outlives its supervisor");
    let again = operator.dray(&up).await;
    assert_eq!(again.exit, 69, "{}", again.said);
    assert!(again.said.contains("dray fleet down"), "{}", again.said);
    operator.ok(&["fleet", "down"]).await;
    assert!(!is_alive(child));
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_refuses_its_settings_is_not_tried_again() {
    let operator = Operator::on(Stage::new(&[]).await);
    let programs = tempfile::tempdir().unwrap();
    program(programs.path(), "query-desk", "echo 'DRAY_RATE is nonsense' >&2\nexit 78");
    let release_dir = programs.path().to_str().unwrap();
    let called =
        operator.dray(&["fleet", "up", "--only", "query-desk", "--release-dir", release_dir]).await;
    assert_eq!(called.exit, 69, "{}", called.said);
    assert!(called.said.contains("exit status: 78"), "{}", called.said);
    assert!(called.said.contains("DRAY_RATE is nonsense"), "its own words: {}", called.said);
    assert!(register(&operator).is_none());
    let missing = operator
        .dray(&["fleet", "up", "--only", "sales-order", "--release-dir", release_dir])
        .await;
    assert_eq!(missing.exit, 66, "{}", missing.said);
    operator.stage.close().await;
}
