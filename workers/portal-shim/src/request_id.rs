//! Who a request is: an id for people and logs, and its place in a trace. Both go with the message that it
//! becomes, so that a worker's log line can be found by them.
//!
//! Never here: what a request wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use contracts::TraceContext;
use tracing::Instrument as _;

/// The header of the id, in requests and answers.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Characters of an id that a client chose: it begins a correlation id, which has 128.
const ID_MAX: usize = 64;
/// What W3C asks everybody to carry at least, in bytes.
const TRACESTATE_MAX: usize = 512;

/// The id and the trace of a request; an extension of every request.
///
/// What belongs to a trace that is recorded is logged by every worker that it comes to. Who asks for that has
/// to be known: until then the trace counts as not recorded.
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    /// The id that the client chose, or one made here.
    pub(crate) id: String,
    /// Where in a trace the messages of this request belong.
    pub(crate) trace: TraceContext,
    /// The same as the client wishes it, where it records the trace.
    wished: Option<telemetry::TraceContext>,
    /// True once it is recorded here; what reads it is outside of what finds out who asks.
    is_recorded: Arc<AtomicBool>,
}

impl RequestInfo {
    fn read(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let id = id_of(headers);
        // an unreadable one is ignored, as W3C asks: then a trace begins here
        let given: Option<telemetry::TraceContext> =
            text(&TRACEPARENT).and_then(|value| value.parse().ok());
        let span = given
            .map_or_else(|| telemetry::TraceContext::root(false), telemetry::TraceContext::child);
        let tracestate = text(&TRACESTATE).filter(|state| {
            given.is_some() && (1..=TRACESTATE_MAX).contains(&state.len()) && state.is_ascii()
        });
        let quiet = telemetry::TraceContext { sampled: false, ..span };
        let trace = TraceContext {
            traceparent: Some(quiet.to_string()),
            tracestate: tracestate.map(str::to_owned),
        };
        let wished = span.sampled.then_some(span);
        Self { id, trace, wished, is_recorded: Arc::default() }
    }

    /// The same for somebody who is known: it is recorded where the client wishes that.
    pub(crate) fn of_somebody_known(mut self) -> Self {
        if let Some(span) = self.wished {
            self.trace.traceparent = Some(span.to_string());
            self.is_recorded.store(true, Ordering::Relaxed);
        }
        self
    }
}

/// The id that the client chose, or a new one.
pub(crate) fn id_of(headers: &HeaderMap) -> String {
    let chosen = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    let chosen = chosen.filter(|id| is_id(id)).map(str::to_owned);
    chosen.unwrap_or_else(|| uuid::Uuid::now_v7().to_string())
}

fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (1..=ID_MAX).contains(&text.len()) && text.chars().all(allowed)
}

/// The first layer: gives the request its id, logs under it, and answers with it.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let info = RequestInfo::read(request.headers());
    let span = tracing::info_span!(
        "request",
        id = %info.id,
        traceparent = info.trace.traceparent.as_deref(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let id = HeaderValue::from_str(&info.id);
    let is_recorded = Arc::clone(&info.is_recorded);
    request.extensions_mut().insert(info);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.in_scope(|| {
        // what is turned away for want of room is counted, not told: a line for each would cost what is lacking
        let is_fault = matches!(status, 500 | 502);
        if is_recorded.load(Ordering::Relaxed) || is_fault {
            tracing::info!(status, "answered");
        } else {
            tracing::debug!(status, "answered");
        }
    });
    if let Ok(id) = id {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}
