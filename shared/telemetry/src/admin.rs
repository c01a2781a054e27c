//! The port for machines that watch: `/metrics`, `/live` and `/ready`.
//!
//! It answers three paths and reads nothing but method and path. A body is never read, a connection
//! carries one request, and their number and duration are bounded, so that whoever reaches this
//! port cannot hold resources of the worker behind it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::{Readiness, Registry};

const CONNECTIONS_MAX: usize = 16;
const HEADER_TIMEOUT: Duration = Duration::from_secs(2);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);
/// Out of file descriptors, mostly: trying again at once would only burn a core.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
const REQUEST_BYTES_MAX: usize = 8 * 1_024;

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The admin port could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on the admin address {addr}: choose a free one with DRAY_ADMIN_ADDR")]
pub struct AdminError {
    /// The address asked for.
    pub addr: SocketAddr,
    /// Why it is not to be had.
    pub source: io::Error,
}

/// Binds `addr` and returns the address in use (port 0 takes a free one) with the server, a future
/// that ends soon after `shutdown` does. Spawn it on the caller's `JoinSet`.
///
/// # Errors
/// [`AdminError`] when the address cannot be bound.
pub async fn serve<S>(
    addr: SocketAddr,
    registry: Registry,
    readiness: Readiness,
    shutdown: S,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send + use<S>), AdminError>
where
    S: Future<Output = ()> + Send,
{
    let failed = |source| AdminError { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let pages = Arc::new(Pages { registry, readiness });
    Ok((bound, run(listener, pages, shutdown)))
}

async fn run(listener: TcpListener, pages: Arc<Pages>, shutdown: impl Future<Output = ()> + Send) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_ended) = connections.join_next() => {}
            accepted = accept(&listener, &slots) => match accepted {
                Some((stream, slot)) => {
                    connections.spawn(answer(stream, Arc::clone(&pages), slot));
                }
                None => tokio::time::sleep(ACCEPT_RETRY).await,
            },
        }
    }
    let finish = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off when the set is dropped.
    let _in_time = tokio::time::timeout(SHUTDOWN_GRACE, finish).await;
}

/// Waits for a free slot first, so that connections beyond the limit queue in the kernel.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        Err(error) => {
            tracing::warn!(%error, "admin port cannot accept connections");
            None
        }
    }
}

async fn answer(stream: TcpStream, pages: Arc<Pages>, _slot: OwnedSemaphorePermit) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = pages.page(request.method(), request.uri().path());
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(REQUEST_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "admin connection ended early"),
        Err(_elapsed) => tracing::debug!("admin connection took too long"),
    }
}

struct Pages {
    registry: Registry,
    readiness: Readiness,
}

impl Pages {
    fn page(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if method != Method::GET && method != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/metrics" => self.metrics(),
            "/live" => text(StatusCode::OK, "live\n"),
            "/ready" => self.ready(),
            _ => text(StatusCode::NOT_FOUND, "there are /metrics, /live and /ready\n"),
        }
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        match self.registry.encode() {
            Ok(exposition) => page(StatusCode::OK, OPEN_METRICS, exposition),
            Err(error) => {
                tracing::error!(%error, "metrics cannot be encoded");
                text(StatusCode::INTERNAL_SERVER_ERROR, "metrics cannot be encoded\n")
            }
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        if self.readiness.is_ready() {
            return text(StatusCode::OK, "ready\n");
        }
        let missing = self.readiness.missing().join(", ");
        let missing = if missing.is_empty() { "still starting".to_owned() } else { missing };
        text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {missing}\n"))
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    page(status, PLAIN_TEXT, body)
}

fn page(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
