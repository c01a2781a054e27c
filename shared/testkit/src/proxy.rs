//! A TCP proxy in the test's own process that breaks connections the ways networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::environment::host_and_port;

/// Connections at once; more are closed at once.
const CONNECTIONS_MAX: usize = 64;
/// Bytes in the proxy for one direction of one connection.
const BUFFER_BYTES: usize = 16 * 1024;

/// Passes bytes between clients and one server until it is told to misbehave. Ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    /// Holds the task; dropping it ends the proxy with all its connections.
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Faults {
    line: watch::Sender<Line>,
    drop_to_client: AtomicBool,
    accepted: AtomicUsize,
}

/// How the line is.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// How often it was cut: a connection lives as long as this stays what it was at its start.
    cuts: u64,
    refusing: bool,
    stalled: bool,
    latency: Duration,
}

impl Proxy {
    /// Listens on loopback and connects each client to `target`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("the proxy listens");
        let address = listener.local_addr().expect("a listener has an address");
        let faults = Arc::new(Faults {
            line: watch::Sender::new(Line::default()),
            drop_to_client: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
        });
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, target, Arc::clone(&faults)));
        Self { address, faults, _serving: serving }
    }

    /// A proxy before the server of a URL with an address in numbers and a port.
    ///
    /// # Panics
    /// When the URL has no such address, or the proxy cannot listen.
    pub async fn in_front_of(url: &str) -> Self {
        let target = host_and_port(url);
        let parsed = target.parse();
        Self::start(parsed.unwrap_or_else(|error| panic!("{target} as an address: {error}"))).await
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same URL by way of this proxy.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replacen(&host_and_port(url), &self.address.to_string(), 1)
    }

    /// How many clients were connected until now.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.faults.accepted.load(Ordering::SeqCst)
    }

    /// Closes every connection of this moment; new ones are served.
    pub fn cut(&self) {
        self.faults.line.send_modify(|line| line.cuts += 1);
    }

    /// Closes every connection and each new one, until [`Proxy::resume`].
    pub fn refuse(&self) {
        self.faults.line.send_modify(|line| {
            line.cuts += 1;
            line.refusing = true;
        });
    }

    /// Passes nothing on, in either direction, and closes nothing, until [`Proxy::resume`].
    pub fn stall(&self) {
        self.faults.line.send_modify(|line| line.stalled = true);
    }

    /// Ends refusing and stalling; what was held back goes on.
    pub fn resume(&self) {
        self.faults.line.send_modify(|line| {
            line.refusing = false;
            line.stalled = false;
        });
    }

    /// Holds back each piece of data for so long, in each direction.
    pub fn latency(&self, latency: Duration) {
        self.faults.line.send_modify(|line| line.latency = latency);
    }

    /// Loses the next answer: the server's next bytes are thrown away and that connection is closed.
    /// What the server had done by then stays done; the client cannot know.
    pub fn drop_to_client_once(&self) {
        self.faults.drop_to_client.store(true, Ordering::SeqCst);
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, faults: Arc<Faults>) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let refusing = faults.line.borrow().refusing;
                if !refusing && links.len() < CONNECTIONS_MAX {
                    faults.accepted.fetch_add(1, Ordering::SeqCst);
                    links.spawn(relay(client, target, Arc::clone(&faults)));
                }
            }
            Some(_ended) = links.join_next() => {}
        }
    }
}

async fn relay(client: TcpStream, target: SocketAddr, faults: Arc<Faults>) {
    let mut line = faults.line.subscribe();
    let cuts = line.borrow().cuts;
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    for socket in [&client, &server] {
        // a proxy must not add the delays of small packets; without it all still works
        let _ = socket.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // the first that ends closes both sides
    tokio::select! {
        () = pump(from_client, to_server, &faults, false) => {}
        () = pump(from_server, to_client, &faults, true) => {}
        _ = line.wait_for(|line| line.cuts != cuts) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    faults: &Faults,
    to_client: bool,
) {
    let mut line = faults.line.subscribe();
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(bytes @ 1..) = from.read(&mut buffer).await {
        if line.wait_for(|line| !line.stalled).await.is_err() {
            return;
        }
        let latency = line.borrow().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if to_client && faults.drop_to_client.swap(false, Ordering::SeqCst) {
            return;
        }
        let Some(piece) = buffer.get(..bytes) else {
            return;
        };
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}
