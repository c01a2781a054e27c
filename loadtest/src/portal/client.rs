//! One keep-alive connection to the shim, as a partner's program holds it.
//!
//! What lives here: a request's way and its answer. What never does: when it is sent, what it means.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// No request takes longer: the shim's own limit is far below.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
/// No answer of the shim is longer.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Why the address is none.
#[derive(Debug, Error)]
#[error("{0:?} is no address of the shim: write it like 127.0.0.1:8480")]
pub(crate) struct NoAddress(String);

/// Where the shim is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `host:port`.
    authority: String,
}

impl Target {
    /// Reads `host:port`, also behind `http://`.
    pub(crate) fn parse(address: &str) -> Result<Self, NoAddress> {
        let no_address = || NoAddress(address.to_owned());
        let rest = address.strip_prefix("http://").unwrap_or(address);
        let authority = rest.trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':').ok_or_else(no_address)?;
        let is_address = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
        is_address.then(|| Self { authority: authority.to_owned() }).ok_or_else(no_address)
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path and query, percent-encoded.
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: Option<Bytes>,
    /// Makes a repetition harmless.
    pub(crate) idempotency_key: Option<String>,
}

impl Ask {
    /// A question.
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None, idempotency_key: None }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Says when to come back.
    pub(crate) has_retry_after: bool,
    pub(crate) body: Bytes,
}

/// Why nothing came back. Whether it had an effect is open, but for [`Unanswered::NotConnected`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub(crate) enum Unanswered {
    /// Nobody listens: it was not sent.
    #[error("no connection")]
    NotConnected,
    /// The connection broke.
    #[error("connection lost")]
    Lost,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// It cannot be written as a request.
    #[error("no request")]
    Unwritable,
}

/// One connection, made when it is needed and again when it broke.
#[derive(Debug)]
pub(crate) struct Connection {
    target: Arc<Target>,
    sender: Option<SendRequest<Full<Bytes>>>,
    driving: JoinSet<()>,
}

impl Connection {
    pub(crate) fn new(target: Arc<Target>) -> Self {
        Self { target, sender: None, driving: JoinSet::new() }
    }

    /// Asks and reads the whole answer.
    pub(crate) async fn ask(
        &mut self,
        ask: &Ask,
        token: Option<&str>,
    ) -> Result<Answer, Unanswered> {
        let answered = timeout(ANSWERED_WITHIN, self.exchange(ask, token)).await;
        let answered = answered.unwrap_or(Err(Unanswered::TimedOut));
        if answered.is_err() {
            // what is left of it must not answer the next request
            self.sender = None;
            self.driving.abort_all();
        }
        answered
    }

    async fn exchange(&mut self, ask: &Ask, token: Option<&str>) -> Result<Answer, Unanswered> {
        let request = self.request(ask, token)?;
        let sender = self.connected().await?;
        let response = sender.send_request(request).await.map_err(|_broken| Unanswered::Lost)?;
        read(response).await
    }

    fn request(&self, ask: &Ask, token: Option<&str>) -> Result<Request<Full<Bytes>>, Unanswered> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.path)
            .header(header::HOST, &self.target.authority);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &ask.idempotency_key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if ask.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = Full::new(ask.body.clone().unwrap_or_default());
        request.body(body).map_err(|_unwritable| Unanswered::Unwritable)
    }

    /// The open connection, or a new one: a server closes those that were idle.
    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Unanswered> {
        let is_good = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !is_good {
            self.sender = Some(self.connect().await?);
        }
        self.sender.as_mut().ok_or(Unanswered::NotConnected)
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, Unanswered> {
        let stream = TcpStream::connect(&self.target.authority).await;
        let stream = stream.map_err(|_refused| Unanswered::NotConnected)?;
        stream.set_nodelay(true).map_err(|_gone| Unanswered::NotConnected)?;
        let made = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = made.map_err(|_refused| Unanswered::NotConnected)?;
        self.driving.abort_all();
        while self.driving.try_join_next().is_some() {}
        self.driving.spawn(async move {
            // how it ends is told by the request that it ends
            let _ended = connection.await;
        });
        Ok(sender)
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, Unanswered> {
    let status = response.status().as_u16();
    let has_retry_after = has_retry_after(response.headers());
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|_broken| Unanswered::Lost)?.to_bytes();
    Ok(Answer { status, has_retry_after, body })
}

fn has_retry_after(headers: &HeaderMap) -> bool {
    headers.get(header::RETRY_AFTER).is_some_and(|value| !value.is_empty())
}
