//! The testkit tested with itself.

use std::time::Duration;

use broker::PublishError;
use contracts::{Contract, CreateOrder, Exchange, MessageId};
use queue_topology::{WorkQueue, WorkerKind};
use sea_orm::ConnectionTrait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::environment::{host_and_port, login, with_login, with_path};
use crate::management::Management;
use crate::{Proxy, PublishAs, Stage, eventually, fixtures};

#[test]
fn urls_are_taken_apart_and_put_together() {
    let url = "mysql://ann:s3cret@localhost/dray?socket=/run/a/b.sock";
    assert_eq!(with_path(url, "other"), "mysql://ann:s3cret@localhost/other?socket=/run/a/b.sock");
    assert_eq!(with_path("amqp://h:1", "v"), "amqp://h:1/v");
    assert_eq!(with_login("amqp://a:b@h:1/v", "c", "d"), "amqp://c:d@h:1/v");
    assert_eq!(login(url), ("ann".to_owned(), "s3cret".to_owned()));
    assert_eq!(host_and_port("redis://x:y@127.0.0.1:17/0"), "127.0.0.1:17");
}

#[test]
fn fixtures_are_valid() {
    let order =
        fixtures::order("shop", "A-1").line("M01", "S1", 2).cold_line("M02", "S2", 1).build();
    assert_eq!(order.validate(), Ok(()));
    assert_eq!(order.lines.iter().map(|line| line.line_no).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(fixtures::network().validate(), Ok(()));
}

#[tokio::test]
async fn a_stage_carries_messages_and_rows_and_leaves_nothing() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let queue = WorkerKind::OrderIntake.queue(WorkQueue::Commands);
    let mut tap = stage.tap(Exchange::Commands, "order.#").await;
    let mut replies = stage.replies().await;
    let id = MessageId::generate();
    let order = fixtures::order("shop", "A-1").line("M01", "S1", 2).build();
    let how = PublishAs::default().id(id).reply_to(replies.queue()).user("partner-hybris");
    assert_eq!(stage.publish(how, &order).await, Ok(id));

    let (envelope, seen) = tap.next_of::<CreateOrder>().await;
    assert_eq!((envelope.message_id, seen), (id, order));
    assert!(tap.so_far(&stage).await.is_empty());
    let taken = stage.wait_for_messages(&queue, 1).await;
    assert_eq!(taken[0].envelope.user_id.as_str(), "partner-hybris");
    assert_eq!(stage.depth(&queue).await, 0);

    let answer = br#"{"message_id":"018f3f7c-0000-7000-8000-000000000000","outcome":"applied","code":"APPLIED"}"#;
    let mark = |p: crate::BasicProperties| {
        p.with_type("reply".into())
            .with_user_id(stage.admin.as_str().into())
            .with_message_id(id.to_string().into())
    };
    stage.publish_raw(Exchange::Replies.name(), replies.queue(), mark, answer).await.unwrap();
    assert_eq!(replies.next(Duration::from_secs(10)).await.code, "APPLIED");

    stage.run_sql("INSERT INTO lease VALUES ('a', 'b', 3, '2030-01-01')").await;
    assert_eq!(stage.scalar::<u64>("SELECT fence FROM lease").await, 3);
    assert_eq!(stage.rows("SELECT name, fence FROM lease").await[0]["fence"], 3);

    let (vhost, schema) = (crate::sweep::vhost(stage.id), crate::sweep::schema_name(stage.id));
    stage.close().await;
    assert!(!exists(&vhost, &schema).await);
}

#[tokio::test]
async fn a_stage_that_is_only_dropped_leaves_nothing_either() {
    let stage = Stage::new(&[]).await;
    let (vhost, schema) = (crate::sweep::vhost(stage.id), crate::sweep::schema_name(stage.id));
    assert!(exists(&vhost, &schema).await);
    drop(stage);
    assert!(!exists(&vhost, &schema).await);
}

#[tokio::test]
async fn a_stage_is_dropped_under_an_open_transaction() {
    let stage = Stage::new(&[]).await;
    let (vhost, schema) = (crate::sweep::vhost(stage.id), crate::sweep::schema_name(stage.id));
    let tx = stage.database().begin().await.unwrap();
    let sql = "INSERT INTO lease VALUES ('a', 'b', 3, '2030-01-01')";
    tx.execute(sql, &store::NONE).await.unwrap();
    drop(stage);
    assert!(!exists(&vhost, &schema).await);
    drop(tx);
}

/// Whether the virtual host or the schema is there.
async fn exists(vhost: &str, schema: &str) -> bool {
    let listing = tokio::task::spawn_blocking(|| Management::from_environment().get("vhosts"));
    let listing = listing.await.unwrap();
    let has_vhost = listing.as_array().unwrap().iter().any(|entry| entry["name"] == vhost);
    let url = crate::environment::required("DATABASE_OWNER_URL");
    let owner = store::Database::connect(&url, 1);
    let statement = format!("SHOW DATABASES LIKE '{schema}'");
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::MySql, statement);
    let rows = owner.await.unwrap().connection().query_all_raw(statement).await.unwrap();
    has_vhost || !rows.is_empty()
}

#[tokio::test]
async fn a_fleet_user_logs_in_with_its_own_rights() {
    let stage = Stage::with_users(&[WorkerKind::OrderIntake, WorkerKind::HotfolderIngest]).await;
    let order = fixtures::order("shop", "A-1").line("M01", "S1", 2).build();
    let how = PublishAs::default().user(&WorkerKind::HotfolderIngest.user());
    stage.publish(how, &order).await.unwrap();
    let queue = WorkerKind::OrderIntake.queue(WorkQueue::Commands);
    let taken = stage.wait_for_messages(&queue, 1).await;
    assert_eq!(taken[0].envelope.user_id.as_str(), "dray-hotfolder-ingest");
    stage.close().await;
}

#[tokio::test]
async fn garbage_is_published_and_seen() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let exchange = Exchange::Commands.name();
    stage.publish_raw(exchange, "order.create", |none| none, b"\xff").await.unwrap();
    let lost = stage.publish_raw(exchange, "order.nobody", |none| none, b"").await;
    assert!(matches!(lost, Err(PublishError::Unroutable { .. })), "{lost:?}");
    let queue = WorkerKind::OrderIntake.queue(WorkQueue::Commands);
    eventually("the garbage", async || (stage.depth(&queue).await == 1).then_some(())).await;
    let received = stage.received(&queue).await;
    assert_eq!(received[0].as_ref().unwrap_err().error.code(), "MISSING_USER_ID");
    stage.close().await;
}

/// A server that sends back what it gets.
async fn echo() -> (std::net::SocketAddr, tokio::task::JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut clients = tokio::task::JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            clients.spawn(async move {
                let (mut from, mut to) = client.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    (address, tasks)
}

async fn ping(socket: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    let _ = socket.write_all(b"ping").await;
    socket.read_exact(&mut answer).await.is_ok() && answer == *b"ping"
}

#[tokio::test]
async fn the_proxy_passes_cuts_refuses_stalls_and_loses() {
    let (target, _echo) = echo().await;
    let proxy = Proxy::start(target).await;
    let connect = || TcpStream::connect(proxy.address());
    let mut socket = connect().await.unwrap();
    assert!(ping(&mut socket).await);

    proxy.cut();
    assert!(!ping(&mut socket).await);
    let mut socket = connect().await.unwrap();
    assert!(ping(&mut socket).await);

    proxy.drop_to_client_once();
    assert!(!ping(&mut socket).await);
    let mut socket = connect().await.unwrap();
    assert!(ping(&mut socket).await);

    proxy.stall();
    let held = tokio::time::timeout(Duration::from_millis(50), ping(&mut socket)).await;
    assert!(held.is_err(), "nothing passes");
    proxy.resume();
    let mut late = [0; 4];
    socket.read_exact(&mut late).await.unwrap();

    proxy.latency(Duration::from_millis(30));
    let begun = tokio::time::Instant::now();
    assert!(ping(&mut socket).await);
    assert!(begun.elapsed() >= Duration::from_millis(60), "both ways wait");

    proxy.refuse();
    let mut refused = connect().await.unwrap();
    assert!(!ping(&mut refused).await);
    proxy.resume();
    assert!(ping(&mut connect().await.unwrap()).await);
    assert_eq!(proxy.accepted(), 4);
    let url = format!("amqp://a:b@{target}/v");
    assert_eq!(proxy.url(&url), format!("amqp://a:b@{}/v", proxy.address()));
}

#[tokio::test]
async fn what_a_killed_test_left_is_swept_an_hour_later() {
    let management = Management::from_environment();
    // names of its own, or any other test that starts would sweep them first
    let (vhosts, schemas) = ("dray-swept-", "dray_swept_");
    let began = Uuid::now_v7();
    let (vhost, schema) =
        (format!("{vhosts}{}", began.simple()), format!("{schemas}{}", began.simple()));
    let (api, name) = (management.clone(), vhost.clone());
    let made = tokio::task::spawn_blocking(move || {
        api.put(&format!("vhosts/{name}"), &serde_json::json!({}));
    });
    made.await.unwrap();
    crate::schema::close(crate::schema::create(&schema).await).await;
    let later = |seconds: u128| Uuid::from_u128(began.as_u128() + ((seconds * 1_000) << 80));
    crate::sweep::sweep_named(&management, vhosts, schemas, later(3_500)).await;
    assert!(exists(&vhost, &schema).await, "it may still run");
    crate::sweep::sweep_named(&management, vhosts, schemas, later(3_700)).await;
    assert!(!exists(&vhost, &schema).await);
}
