//! What was answered before its body was read: a little of the rest is read after it, so that who is still
//! sending hears the answer. Of a longer one the connection is closed, and the answer says so: without that a
//! client takes it for its next request while the server is giving it up.
//!
//! Never here: how long a body may be.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// So much of a body is read for nothing, in bytes.
const REST_BYTES: usize = 2 * 1024 * 1024;
/// And for so long.
const REST_WITHIN: Duration = Duration::from_secs(1);

/// A body of which something may be left when its reader is done.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is left; true when nothing is left then.
    async fn finish(mut self) -> bool {
        let mut left = REST_BYTES;
        while !self.is_end_stream() {
            match self.frame().await {
                None => return true,
                Some(Err(_broken)) => return false,
                Some(Ok(frame)) => {
                    left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
                }
            }
            if left == 0 {
                return false;
            }
        }
        true
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// Middleware: reads what is left of a body, or says `Connection: close`.
pub(crate) async fn close(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let rest = Shared(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(head, Body::new(rest.clone()));
    let mut response = next.run(request).await;
    let is_read = timeout(REST_WITHIN, rest.finish()).await.unwrap_or(false);
    if !is_read {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
