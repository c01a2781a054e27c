//! Declaring the topology.

use std::collections::BTreeMap;

use broker::{BrokerError, Link};
use queue_topology::{
    Argument, Binding, EXCHANGES, ExchangeType, Queue, QueueType, Topology, WorkerKind,
};
use testkit::Stage;

/// A topology of one queue, bound to nothing unless told otherwise.
pub(crate) fn one_queue(name: &str, arguments: &[(&'static str, Argument)], key: &str) -> Topology {
    let arguments: BTreeMap<&'static str, Argument> = arguments.iter().cloned().collect();
    let binding = Binding { exchange: "dray.commands".to_owned(), key: key.to_owned() };
    let queue = Queue {
        name: name.to_owned(),
        queue_type: QueueType::Quorum,
        arguments,
        bindings: vec![binding],
    };
    Topology { exchanges: EXCHANGES.to_vec(), queues: vec![queue], users: Vec::new() }
}

#[tokio::test]
async fn the_whole_topology_is_declared_and_again_without_a_change() {
    let stage = Stage::new(&WorkerKind::ALL).await;
    let connection = Link::new(&stage.amqp_url(), "test").connect("declare").await.unwrap();
    let all = Topology::all();
    broker::declare(&connection, &all).await.unwrap();
    broker::declare(&connection, &all).await.unwrap();
    for queue in &all.queues {
        assert_eq!(connection.depth(&queue.name).await.unwrap(), 0, "{}", queue.name);
    }
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn other_arguments_or_another_type_are_a_mismatch() {
    let stage = Stage::new(&[]).await;
    let connection = Link::new(&stage.amqp_url(), "test").connect("declare").await.unwrap();
    let limit = |n: i64| [("x-max-length", Argument::Number(n))];
    broker::declare(&connection, &one_queue("q", &limit(5), "a.b")).await.unwrap();
    let error = broker::declare(&connection, &one_queue("q", &limit(6), "a.b")).await.unwrap_err();
    assert!(matches!(error, BrokerError::Mismatch { .. }), "{error}");
    assert!(error.is_permanent());
    assert!(error.to_string().contains("x-max-length"), "says which: {error}");
    let direct = Topology {
        exchanges: vec![("dray.events", ExchangeType::Direct)],
        ..one_queue("r", &[], "a.b")
    };
    let error = broker::declare(&connection, &direct).await.unwrap_err();
    assert!(matches!(error, BrokerError::Mismatch { .. }), "{error}");
    connection.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_missing_queue_is_said_to_be_missing() {
    let stage = Stage::new(&[]).await;
    let connection = Link::new(&stage.amqp_url(), "test").connect("look").await.unwrap();
    let error = connection.depth("order-intake.commands").await.unwrap_err();
    assert!(matches!(error, BrokerError::QueueMissing { .. }), "{error}");
    assert!(error.is_permanent());
    assert!(error.to_string().contains("dray topology apply"), "{error}");
    assert!(connection.is_alive(), "only the channel is gone");
    let error = connection.purge("order-intake.commands").await.unwrap_err();
    assert!(matches!(error, BrokerError::QueueMissing { .. }), "{error}");
    connection.close().await;
    assert!(!connection.is_alive());
    stage.close().await;
}
