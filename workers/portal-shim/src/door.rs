//! The door: whether there is room for a request at all. It stands before everything that costs something, so
//! that what there is too much of is turned away cheaply and leaves the processor to what was taken on.
//!
//! Never here: who asks.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::metrics::{Turned, word};
use crate::pages;
use crate::permit::{Rule, Speaks};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::request_id;

/// Takes a place in the class of the route for as long as the request is in progress, or says that there is none.
pub(crate) async fn enter(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let rule = matched.and_then(|path| portal.rules.find(request.method(), path.as_str()));
    // what has no rule is no work for the fleet: the gate answers it
    let Some(rule) = rule else {
        return next.run(request).await;
    };
    match portal.throttle.enter(rule.class) {
        Ok(_place) => next.run(request).await,
        Err(problem) => {
            portal.metrics.turned_away(rule.class.word(), Turned::Full.word());
            let response = refuse(rule, &request, problem);
            let status = response.status().as_u16();
            portal.metrics.request(rule.path, word(&rule.method), status, Duration::ZERO);
            response
        }
    }
}

/// The same answer as if it had gone all the way, without a place in a trace: nobody works on it.
fn refuse(rule: &Rule, request: &Request, problem: Problem) -> Response {
    let id = request_id::id_of(request.headers());
    let mut response = match in_words(rule, request.headers(), &problem) {
        Some(page) => page,
        None => problem.about(request.uri().path(), &id),
    };
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(request_id::X_REQUEST_ID, id);
    }
    response
}

/// Too much at once: a page for people, where a browser asks for one; a problem for programs.
pub(crate) fn turned_away(rule: &Rule, headers: &HeaderMap, problem: Problem) -> Response {
    in_words(rule, headers, &problem).unwrap_or_else(|| problem.into_response())
}

fn in_words(rule: &Rule, headers: &HeaderMap, problem: &Problem) -> Option<Response> {
    let is_page = rule.speaks == Speaks::Pages && names(headers, "text/html");
    is_page.then(|| pages::busy(problem))
}

/// Whether the client asks for this very media type: browsers do where they open a page, programs that take
/// whatever comes do not.
fn names(headers: &HeaderMap, media_type: &str) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = values.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let name = range.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(media_type)
    })
}
