//! Counts every request by route and status. The numbers are kept by telemetry.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::portal::Portal;

/// Why a request was not taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// No place in its class.
    Full,
    /// No share left.
    Share,
    /// As many new orders as the fleet carries.
    Pace,
}

impl Turned {
    /// The word in metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Share => "share",
            Self::Pace => "pace",
        }
    }
}

/// Counts one request.
pub(crate) async fn count(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let rule = matched.as_ref().and_then(|path| portal.rules.find(&method, path.as_str()));
    // never what was sent: anybody can send anything
    let route = rule.map_or("other", |rule| rule.path);
    let method = rule.map_or("other", |rule| word(&rule.method));
    let _in_flight = portal.metrics.begin();
    let begun = Instant::now();
    let response = next.run(request).await;
    portal.metrics.request(route, method, response.status().as_u16(), begun.elapsed());
    response
}

/// The method in metrics.
pub(crate) fn word(method: &axum::http::Method) -> &'static str {
    use axum::http::Method;
    let known = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
    ];
    known.iter().find(|(one, _)| one == method).map_or("other", |(_, word)| *word)
}
