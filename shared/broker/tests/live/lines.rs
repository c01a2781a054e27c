//! Lines that fall silent.

use broker::Link;
use testkit::{Proxy, Stage};

/// Both sides take a line for lost that is silent for twice the heartbeat.
#[tokio::test]
async fn a_silent_line_is_noticed_by_its_heartbeat() {
    let stage = Stage::new(&[]).await;
    let url = format!("{}?heartbeat=1", stage.amqp_url());
    let proxy = Proxy::in_front_of(&url).await;
    let connection = Link::new(&proxy.url(&url), "test").connect("test").await.unwrap();
    proxy.stall();
    let lost = tokio::time::timeout(testkit::DEADLINE, connection.lost()).await;
    assert!(lost.is_ok(), "noticed");
    assert!(!connection.is_alive());
    stage.close().await;
}

#[tokio::test]
async fn a_line_that_is_closed_is_told_at_once_and_still() {
    let stage = Stage::new(&[]).await;
    let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
    let connection =
        Link::new(&proxy.url(&stage.amqp_url()), "test").connect("test").await.unwrap();
    assert!(connection.is_alive() && !connection.is_blocked());
    proxy.cut();
    connection.lost().await;
    assert!(!connection.is_alive());
    // whoever asks later is told, too
    connection.lost().await;
    stage.close().await;
}

/// A name that is refused says so, and not that the network is broken.
#[tokio::test]
async fn a_wrong_password_is_told() {
    let stage = Stage::new(&[]).await;
    let url = stage.amqp_url();
    let (before, after) = url.rsplit_once('@').unwrap();
    let (user, _password) = before.rsplit_once(':').unwrap();
    let error =
        Link::new(&format!("{user}:wrong@{after}"), "test").connect("test").await.unwrap_err();
    assert!(error.to_string().contains("ACCESS"), "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
    stage.close().await;
}
