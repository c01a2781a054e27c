//! What somebody takes away from under a running worker: queues, connections.

use broker::{BrokerError, Link};
use queue_topology::{Topology, WorkerKind};
use runtime::RuntimeError;
use serde_json::Value;
use testkit::{DEADLINE, eventually};

use crate::bench::{Bench, acts, work_queue};
use crate::probe::{Act, Behave, KIND, Probe};

/// The broker's management API, as an administrator uses it.
async fn manage(method: &'static str, path: String) -> Value {
    let base = settings::var("AMQP_MANAGEMENT_URL").unwrap().expect("ops/services env");
    let asking = tokio::task::spawn_blocking(move || {
        let url = format!("{base}/api/{path}");
        let agent = ureq::Agent::new_with_defaults();
        let answer =
            if method == "DELETE" { agent.delete(&url).call() } else { agent.get(&url).call() };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        answer.body_mut().read_json().unwrap_or(Value::Null)
    });
    asking.await.unwrap()
}

fn vhost(bench: &Bench) -> String {
    bench.stage.amqp_url().rsplit('/').next().unwrap().to_owned()
}

async fn delete_queue(bench: &Bench, queue: &str) {
    manage("DELETE", format!("queues/{}/{queue}", vhost(bench))).await;
}

async fn declare(bench: &Bench, kinds: &[WorkerKind]) {
    let connection = Link::new(&bench.stage.amqp_url(), "test").connect("declare").await.unwrap();
    broker::declare(&connection, &Topology::of(kinds)).await.unwrap();
    connection.close().await;
}

fn names_the_queue_and_the_remedy(ended: &RuntimeError) {
    let RuntimeError::Broker(BrokerError::QueueMissing { queue, .. }) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!(*queue, work_queue());
    let text = ended.to_string();
    assert!(text.contains("dray topology apply") && text.contains(queue.as_str()), "{text}");
    assert_eq!(ended.exit_code(), 69);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_queue_ends_the_process() {
    let bench = Bench::with(&[WorkerKind::WaybillStatus]).await;
    let process = bench.prepare(&bench.stage.amqp_url(), &bench.stage.database_url(), &[]).await;
    let running = process.unwrap().run(Probe(bench.watch.clone()));
    let ended = tokio::time::timeout(DEADLINE, running).await.expect("it ends");
    names_the_queue_and_the_remedy(&ended.unwrap_err());
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_deleted_ends_the_process() {
    let bench = Bench::new().await;
    let process = bench.prepare(&bench.stage.amqp_url(), &bench.stage.database_url(), &[]).await;
    let running = process.unwrap().run(Probe(bench.watch.clone()));
    let deleting = async {
        bench.ready_becomes(true).await;
        delete_queue(&bench, &work_queue()).await;
    };
    let both = async { tokio::join!(running, deleting) };
    let (ended, ()) = tokio::time::timeout(DEADLINE, both).await.expect("it ends");
    names_the_queue_and_the_remedy(&ended.unwrap_err());
    bench.close().await;
}

/// As the broker does when it is stopped, or an operator who wants a connection gone.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_broker_closes_are_made_anew() {
    let bench = Bench::new().await;
    let running = bench.start(&["--instance", "closed"]).await;
    bench.ready_becomes(true).await;
    let name = format!("vhosts/{}/connections", vhost(&bench));
    let own = async || {
        let connections = manage("GET", name.clone()).await;
        let is_own = |connection: &&Value| {
            connection["user_provided_name"]
                .as_str()
                .is_some_and(|name| name.starts_with("order-intake/closed/"))
        };
        let names = connections.as_array()?.iter().filter(is_own);
        let names: Vec<String> =
            names.map(|connection| connection["name"].as_str().unwrap().to_owned()).collect();
        (names.len() == 3).then_some(names)
    };
    for connection in eventually("three connections show", own).await {
        let escaped = connection.replace(' ', "%20").replace('>', "%3E");
        manage("DELETE", format!("connections/{escaped}")).await;
    }
    bench.say_all(acts(Behave::Announce, 100)).await;
    bench.effects_become(100).await;
    bench.outbox_is_empty().await;
    bench.ready_becomes(true).await;
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}

/// Nobody knows where to put what failed: it waits where it is, and the others do not.
#[tokio::test(flavor = "multi_thread")]
async fn missing_dead_letters_lose_nothing() {
    let bench = Bench::new().await;
    delete_queue(&bench, &KIND.dead_letter_queue()).await;
    let running = bench.start(&["--concurrency", "8"]).await;
    bench.say(&Act::new(Behave::Permanent, "key-1", 999)).await;
    let exchange = contracts::Exchange::Commands.name();
    bench.stage.publish_raw(exchange, "order.create", |none| none, b"garbage").await.unwrap();
    let others: Vec<Act> =
        acts(Behave::Apply, 70).into_iter().filter(|act| act.key != "key-1").collect();
    bench.say_all(others).await;
    bench.effects_become(60).await;
    declare(&bench, &[KIND]).await;
    assert_eq!(bench.dead_letters(2).await, ["FAILED", "MISSING_USER_ID"]);
    running.stop().await.unwrap();
    assert_eq!(bench.depth().await, 0);
    bench.close().await;
}
