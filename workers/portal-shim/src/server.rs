//! Connections: accepting them up to a limit, reading requests within limits, and ending in good order.
//!
//! What lives here: sockets and time. What never does: a route.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use runtime::Shutdown;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::caller::Source;
use crate::settings::PortalSettings;

/// How long a client may take for the head of a request; an idle connection ends after it, too.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Headers of a request at most.
const HEADERS_MAX: usize = 64;
/// Bytes of the head of a request at most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Out of file descriptors, mostly: trying again at once would only burn a core.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// Characters of an address that a proxy names.
const ADDRESS_MAX: usize = 64;

/// The portal cannot serve.
#[derive(Debug, Error)]
pub(crate) enum ServeError {
    /// The address is not to be had.
    #[error("cannot listen on {address}: {source}; choose another with DRAY_PORTAL_LISTEN")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The address could not be told.
    #[error("cannot write the address to {path}: {source}")]
    File {
        /// Where.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Requests in progress did not end in time.
    #[error("not every request was answered within {seconds} s")]
    NotDrained {
        /// The limit.
        seconds: u16,
    },
}

/// A port that listens.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    connections: u16,
    proxies: u8,
    drain_seconds: u16,
}

impl Server {
    /// Listens; tells the address where the settings ask for that.
    ///
    /// # Errors
    /// [`ServeError::Listen`], [`ServeError::File`].
    pub(crate) async fn bind(
        settings: &PortalSettings,
        drain_seconds: u16,
    ) -> Result<Self, ServeError> {
        let address = settings.listen;
        let failed = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        if let Some(path) = &settings.listen_file {
            tell(path, bound)?;
        }
        tracing::info!(address = %bound, "serving");
        let (connections, proxies) = (settings.connections, settings.proxies);
        Ok(Self { listener, connections, proxies, drain_seconds })
    }

    /// The address in use.
    #[cfg(test)]
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until shutdown; then takes no more connections and ends when every request is answered.
    ///
    /// # Errors
    /// [`ServeError::NotDrained`].
    pub(crate) async fn run(self, router: Router, shutdown: Shutdown) -> Result<(), ServeError> {
        let slots = Arc::new(Semaphore::new(self.connections.into()));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.begun() => break,
                Some(_ended) = connections.join_next() => {}
                accepted = accept(&self.listener, &slots) => match accepted {
                    Some((stream, from, slot)) => {
                        let origin = Origin { peer: from.ip(), proxies: self.proxies };
                        let watcher = graceful.watcher();
                        connections.spawn(serve(stream, router.clone(), origin, watcher, slot));
                    }
                    None => tokio::time::sleep(ACCEPT_RETRY).await,
                },
            }
        }
        drop(self.listener);
        let limit = Duration::from_secs(self.drain_seconds.into());
        // whoever is not done by then is cut off when the set is dropped
        timeout(limit, graceful.shutdown())
            .await
            .map_err(|_elapsed| ServeError::NotDrained { seconds: self.drain_seconds })
    }
}

fn tell(path: &Path, address: SocketAddr) -> Result<(), ServeError> {
    let failed = |source| ServeError::File { path: path.display().to_string(), source };
    let partial = path.with_extension("new");
    std::fs::write(&partial, address.to_string()).map_err(failed)?;
    std::fs::rename(&partial, path).map_err(failed)
}

/// Waits for a free slot first, so that connections beyond the limit queue in the kernel.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, from)) => Some((stream, from, slot)),
        Err(error) => {
            tracing::warn!(%error, "cannot accept connections");
            None
        }
    }
}

async fn serve(
    stream: TcpStream,
    router: Router,
    origin: Origin,
    watcher: Watcher,
    _slot: OwnedSemaphorePermit,
) {
    // answers are small and whole: waiting for more to send only delays them
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let source = origin.of(request.headers());
        request.extensions_mut().insert(source);
        let router = router.clone();
        async move {
            use hyper::service::Service as _;
            let answered: Result<_, Infallible> = router.call(request.map(Body::new)).await;
            answered
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Where the requests of a connection come from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    peer: IpAddr,
    proxies: u8,
}

impl Origin {
    /// The client's address: the peer's, or what the outermost of our own proxies saw. Entries before that
    /// are the client's own invention.
    fn of(self, headers: &HeaderMap) -> Source {
        let named = headers.get_all("x-forwarded-for").iter().filter_map(|it| it.to_str().ok());
        let named: Vec<&str> = named.flat_map(|it| it.split(',')).map(str::trim).collect();
        let proxies = usize::from(self.proxies);
        let client = named.len().checked_sub(proxies).and_then(|place| named.get(place));
        match client.filter(|text| (1..=ADDRESS_MAX).contains(&text.len())) {
            Some(client) => Source((*client).to_owned()),
            None => Source(self.peer.to_string()),
        }
    }
}
