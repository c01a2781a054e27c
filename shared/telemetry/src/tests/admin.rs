//! The admin port, spoken to over a socket.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::{Readiness, Registry, WorkerMetrics, admin};

/// Runs `client` against a server that is shut down afterwards.
async fn with_server<F: Future<Output = ()>>(
    readiness: Readiness,
    client: impl FnOnce(SocketAddr) -> F,
) {
    let registry = Registry::new("w");
    let _metrics = WorkerMetrics::register(&registry);
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _asked = stopped.await;
    };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (addr, server) = admin::serve(any, registry, readiness, shutdown).await.unwrap();
    assert_ne!(addr.port(), 0);
    let client = async {
        client(addr).await;
        stop.send(()).unwrap();
    };
    let both = async { tokio::join!(server, client) };
    tokio::time::timeout(Duration::from_secs(10), both).await.expect("the server ends");
}

async fn send(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A server that cuts a bad request off may reset the connection after its answer.
    let _read = stream.read_to_string(&mut answer).await;
    answer
}

async fn get(addr: SocketAddr, path: &str) -> String {
    send(addr, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
}

#[tokio::test]
async fn the_three_pages_answer() {
    let readiness = Readiness::new();
    let consumer = readiness.latch("consumer");
    with_server(readiness, |addr| async move {
        let metrics = get(addr, "/metrics").await;
        assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
        assert!(metrics.contains("application/openmetrics-text; version=1.0.0"), "{metrics}");
        assert!(metrics.contains("dray_in_flight") && metrics.ends_with("# EOF\n"), "{metrics}");

        assert!(get(addr, "/live").await.starts_with("HTTP/1.1 200"));
        let waiting = get(addr, "/ready").await;
        assert!(waiting.starts_with("HTTP/1.1 503") && waiting.contains("consumer"), "{waiting}");
        consumer.set(true);
        assert!(get(addr, "/ready?verbose=1").await.starts_with("HTTP/1.1 200"));
    })
    .await;
}

#[tokio::test]
async fn nothing_else_is_answered() {
    with_server(Readiness::new(), |addr| async move {
        assert!(get(addr, "/").await.starts_with("HTTP/1.1 404"));
        assert!(get(addr, "/metrics/../etc/passwd").await.starts_with("HTTP/1.1 404"));
        assert!(get(addr, "/ready").await.contains("still starting"));

        let post = "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
        let post = send(addr, post).await;
        assert!(post.starts_with("HTTP/1.1 405") && post.contains("allow: GET, HEAD"), "{post}");

        let garbage = send(addr, "\u{1}\u{2}\u{3}\r\n\r\n").await;
        assert!(garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"), "{garbage}");
        let huge = format!("GET /metrics HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
        let huge = send(addr, &huge).await;
        assert!(!huge.starts_with("HTTP/1.1 200"), "{huge}");
    })
    .await;
}

#[tokio::test]
async fn silent_connections_do_not_hold_the_port_for_good() {
    with_server(Readiness::new(), |addr| async move {
        let mut silent = Vec::new();
        for _ in 0..16 {
            silent.push(TcpStream::connect(addr).await.unwrap());
        }
        let start = Instant::now();
        assert!(get(addr, "/live").await.starts_with("HTTP/1.1 200"));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    })
    .await;
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    with_server(Readiness::new(), |addr| async move {
        let again = admin::serve(addr, Registry::new("w"), Readiness::new(), async {}).await;
        let message = again.err().unwrap().to_string();
        assert!(message.contains(&addr.to_string()) && message.contains("DRAY_ADMIN_ADDR"));
    })
    .await;
}
