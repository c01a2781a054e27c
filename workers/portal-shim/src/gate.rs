//! The gate that every request comes through before its handler: who asks, may they, and can they read the
//! answer.
//!
//! Never here: whether there is room for it (`door.rs`).

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::caller::{Caller, Source};
use crate::door;
use crate::metrics::Turned;
use crate::permit::{Rule, Speaks, Who};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::request_id::RequestInfo;
use crate::throttle::Share;

/// Bytes of a path with its query at most.
const URI_MAX: usize = 4_096;

/// Lets a request through, or answers it.
pub(crate) async fn guard(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let Some(matched) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let Some(rule) = portal.rules.find(request.method(), matched.as_str()).cloned() else {
        return without_rule(&portal, &matched, request, next).await;
    };
    let (mut head, body) = request.into_parts();
    let (caller, share) = match admit(&portal, &rule, &head).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    head.extensions.insert(caller);
    let mut response = next.run(Request::from_parts(head, body)).await;
    if let Some(share) = share {
        share.tell(response.headers_mut());
    }
    response
}

/// A path that is there with a method that is not: the router says what there is. A route that was
/// forgotten in the rules is refused.
async fn without_rule(
    portal: &Portal,
    matched: &MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let is_known = portal.rules.iter().any(|rule| rule.path == matched.as_str());
    if is_known {
        return next.run(request).await;
    }
    tracing::error!(path = matched.as_str(), "a route without a rule");
    Problem::forbidden("nobody may do this: the route has no rule").into_response()
}

async fn admit(
    portal: &Portal,
    rule: &Rule,
    head: &Parts,
) -> Result<(Caller, Option<Share>), Response> {
    let no = IntoResponse::into_response;
    check_form(rule, head).map_err(no)?;
    let info = head.extensions.get::<RequestInfo>();
    let info = info.cloned().ok_or_else(|| no(Problem::bad_request("NO_ID", "it has no id")))?;
    let source = head.extensions.get::<Source>().map(|source| source.0.clone());
    let caller = match rule.who {
        Who::Public => Caller::anonymous(source, info),
        Who::Roles(_) => {
            let token = bearer(&head.headers).map_err(no)?;
            let claims = portal.keys.verify(token).await.map_err(no)?;
            Caller::known(claims.actor(source), info)
        }
    };
    if !rule.permits(caller.role()) {
        let detail = "your role may not do this: ask somebody whose role may";
        return Err(no(Problem::forbidden(detail)));
    }
    let origin = caller.actor().origin.as_deref().unwrap_or("unknown");
    match portal.throttle.share(rule.class, caller.subject(), origin) {
        Ok(share) => Ok((caller, share)),
        Err(refused) => {
            portal.metrics.turned_away(rule.class.word(), Turned::Share.word());
            let mut response = door::turned_away(rule, &head.headers, refused.problem);
            refused.share.tell(response.headers_mut());
            Err(response)
        }
    }
}

/// Limits of the address, and whether the client reads what is answered.
fn check_form(rule: &Rule, head: &Parts) -> Result<(), Problem> {
    let uri = &head.uri;
    if uri.path().len() + uri.query().map_or(0, str::len) > URI_MAX {
        let detail = format!("the address has more than {URI_MAX} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "ADDRESS_TOO_LONG", detail));
    }
    let media_type = match rule.speaks {
        Speaks::Json => "application/json",
        Speaks::Events => "text/event-stream",
        Speaks::Pages => return Ok(()),
    };
    if accepts(&head.headers, media_type) {
        return Ok(());
    }
    let detail = format!("this is answered as {media_type} only: accept that");
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", detail))
}

/// Whether the client takes this media type; without the header it takes everything.
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let kind = media_type.split('/').next().unwrap_or_default();
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        let fits = name == "*/*" || name == media_type || name == format!("{kind}/*");
        fits && !is_refused
    };
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(takes)
}

/// The token of `Authorization: Bearer ...`.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        Some(_) | None => Err(Problem::unauthenticated(
            "send an access token: Authorization: Bearer TOKEN, from POST /v1/sessions",
        )),
    }
}
