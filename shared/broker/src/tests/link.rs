//! Addresses without their passwords.

use crate::{BrokerError, Link};

#[test]
fn a_link_shows_where_and_never_the_password() {
    let link = Link::new("amqp://dray-ann:s3cret@broker.example:5672/dray?heartbeat=5", "test");
    assert_eq!(link.address(), "broker.example:5672/dray");
    assert_eq!(link.user().as_deref(), Some("dray-ann"));
    assert_eq!(format!("{link:?}"), "Link(test at broker.example:5672/dray)");
    assert_eq!(Link::new("amqp://broker.example/dray", "test").user(), None);
}

#[tokio::test]
async fn an_address_that_is_none_is_told_without_the_password() {
    let error = Link::new("amqp:/dray-ann:s3cret@broker", "test").connect("x").await.unwrap_err();
    assert!(matches!(error, BrokerError::Connect { .. }), "{error}");
    assert!(!error.is_permanent());
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told_with_its_address() {
    // port 1 of loopback: nobody listens
    let error =
        Link::new("amqp://ann:s3cret@127.0.0.1:1/v", "test").connect("x").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("127.0.0.1:1/v") && !text.contains("s3cret"), "{text}");
}
