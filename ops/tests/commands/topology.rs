//! Applying the topology to a broker: from nothing, again, and over a queue that differs.

use contracts::{Actor, DistrictRow, NetworkRows, Role, UpsertNetwork};
use queue_topology::WorkerKind;
use serde_json::{Value, json};
use testkit::{PublishAs, Stage};

use crate::run::{Operator, management};

const QUEUE: &str = "delivery-network.commands";

fn command() -> UpsertNetwork {
    let row = DistrictRow {
        district: contracts::DistrictCode::new("D1").unwrap(),
        zone: contracts::ZoneCode::new("Z1").unwrap(),
        valid_from: None,
        coordinates: None,
    };
    UpsertNetwork { tables: vec![NetworkRows::Districts(vec![row])] }
}

/// Makes the queue anew with an argument that the topology does not want, bound as it should be.
async fn spoil(operator: &Operator) {
    let vhost = operator.vhost();
    management("DELETE", format!("queues/{vhost}/{QUEUE}"), Value::Null).await;
    let arguments = json!({"x-queue-type": "quorum", "x-max-length": 7});
    let queue = json!({"durable": true, "arguments": arguments});
    management("PUT", format!("queues/{vhost}/{QUEUE}"), queue).await;
    for key in ["network.upsert", "key.of.yesterday"] {
        let place = format!("bindings/{vhost}/e/dray.commands/q/{QUEUE}");
        management("POST", place, json!({"routing_key": key})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_brought_to_the_topology_and_stays_there() {
    let operator = Operator::on(Stage::new(&[]).await);
    let before = operator.dray(&["topology", "diff"]).await;
    assert_eq!(before.exit, 1, "{}", before.said);
    let missing = before.json.as_array().unwrap();
    assert!(missing.iter().any(|d| d["how"] == "missing" && d["name"] == QUEUE), "{missing:?}");

    for _again in 0..2 {
        let applied = operator.ok(&["topology", "apply"]).await;
        assert_eq!(applied["rebuilt"], json!([]));
        assert_eq!(operator.ok(&["topology", "diff"]).await, json!([]));
    }
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_whose_arguments_changed_is_rebuilt_with_its_messages() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    spoil(&operator).await;
    let actor =
        Actor { subject: "ada".to_owned(), role: Role::Dispatcher, merchant: None, origin: None };
    let mut sent = Vec::new();
    for _ in 0..5 {
        let how = PublishAs::default().actor(actor.clone()).correlation_id("why");
        sent.push(operator.stage.publish(how, &command()).await.unwrap());
    }

    let applied = operator.ok(&["topology", "apply"]).await;
    assert_eq!(applied["rebuilt"], json!([QUEUE]));
    assert_eq!(operator.ok(&["topology", "diff"]).await, json!([]), "the old binding is gone, too");

    let messages = operator.stage.wait_for_messages(QUEUE, 5).await;
    let mut received: Vec<_> = messages.iter().map(|message| message.envelope.message_id).collect();
    received.sort();
    assert_eq!(received, sent);
    for message in &messages {
        assert_eq!(message.envelope.actor, actor);
        assert_eq!(
            message.envelope.user_id.as_str(),
            "dray-admin",
            "the first sender, not who moved it"
        );
        assert_eq!(message.envelope.correlation_id.as_deref(), Some("why"));
        let body: UpsertNetwork = serde_json::from_slice(&message.body).unwrap();
        assert_eq!(body, command());
    }
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rebuild_is_continued() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let id = operator.stage.publish(PublishAs::default(), &command()).await.unwrap();
    // as a run leaves it that was killed after it had moved everything: a shelter, and no queue
    let vhost = operator.vhost();
    let shelter = format!("{QUEUE}.migration");
    let queue = json!({"durable": true, "arguments": {"x-queue-type": "quorum"}});
    management("PUT", format!("queues/{vhost}/{shelter}"), queue).await;
    let place = format!("bindings/{vhost}/e/dray.commands/q/{shelter}");
    management("POST", place, json!({"routing_key": "network.upsert"})).await;
    management("DELETE", format!("queues/{vhost}/{QUEUE}"), Value::Null).await;
    let second = operator.stage.publish(PublishAs::default(), &command()).await.unwrap();

    let applied = operator.ok(&["topology", "apply"]).await;
    assert_eq!(applied["rebuilt"], json!([QUEUE]));
    assert_eq!(operator.ok(&["topology", "diff"]).await, json!([]));
    let messages = operator.stage.wait_for_messages(QUEUE, 1).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0].envelope.message_id, second,
        "{id} went with the queue that the test deleted"
    );
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_with_consumers_is_left_alone() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    spoil(&operator).await;
    let url = operator.stage.amqp_url();
    let connection = broker::Link::new(&url, "test").connect("consumer").await.unwrap();
    let user = contracts::UserId::new("dray-admin").unwrap();
    let consumer = broker::Subscription::open(&connection, QUEUE, 10, user).await.unwrap();
    let refused = operator.dray(&["topology", "apply"]).await;
    assert_eq!(refused.exit, 75, "{}", refused.said);
    assert!(refused.said.contains("1 consumers"), "{}", refused.said);
    drop(consumer);
    connection.close().await;
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_kinds_of_a_topology_export_are_all_there() {
    let operator = Operator::on(Stage::new(&[]).await);
    let document = operator.ok(&["topology", "export", "--vhost", "other"]).await;
    let queues = document["queues"].as_array().unwrap();
    for kind in WorkerKind::ALL.into_iter().filter(|kind| !kind.work_queues().is_empty()) {
        let prefix = format!("{}.", kind.name());
        assert!(
            queues.iter().any(|q| q["name"].as_str().unwrap().starts_with(&prefix)),
            "{prefix}"
        );
    }
    assert!(queues.iter().all(|queue| queue["vhost"] == "other"));
    operator.stage.close().await;
}
