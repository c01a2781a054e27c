//! What was answered before its body was read: the connection is closed then, and the answer says so. Without
//! that a client takes the connection for its next request while the server is giving it up.
//!
//! Never here: how long a body may be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// A body that notes that it was read to its end.
struct Noted {
    body: Body,
    is_read: Arc<AtomicBool>,
}

impl Noted {
    fn note(&self, is_over: bool) {
        if is_over || self.body.is_end_stream() {
            self.is_read.store(true, Ordering::Release);
        }
    }
}

impl HttpBody for Noted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.note(matches!(polled, Poll::Ready(None)));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Middleware: `Connection: close` on every answer to a request whose body nobody read.
pub(crate) async fn close(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_read = Arc::new(AtomicBool::new(false));
    let noted = |body| Body::new(Noted { body, is_read: Arc::clone(&is_read) });
    let mut response = next.run(request.map(noted)).await;
    if !is_read.load(Ordering::Acquire) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
