//! What stands in a request's address and body, read and refused with problems that say where.
//!
//! Never here: what it means.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use contracts::NO_SUCH_YEAR;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::problem::{Fault, Problem};
use crate::whole;

/// Bytes of a body, unless a route takes more.
pub(crate) const BODY_BYTES: usize = 1024 * 1024;
/// Bytes of a form, and of what signs in.
pub(crate) const FORM_BYTES: usize = 16 * 1024;
/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Arrays and objects within each other.
const DEPTH_MAX: usize = 16;

/// The query string, as a struct.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let message = rejection.body_text();
                let is_no_year = is_no_year(&message);
                let problem = Problem::invalid_field("query", message);
                Err(if is_no_year { problem.into_unprocessable() } else { problem })
            }
        }
    }
}

/// The parameters of the path. What cannot be a name of ours is not there: 404.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_rejection) => Err(Problem::not_found("thing")),
        }
    }
}

/// The body of a form of the pages, unread.
#[derive(Debug)]
pub(crate) struct FormBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        soon(request, FORM_BYTES).await.map(Self)
    }
}

/// A JSON body of at most `LIMIT` bytes.
#[derive(Debug)]
pub(crate) struct Payload<T, const LIMIT: usize = BODY_BYTES>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> FromRequest<S> for Payload<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "send the body as application/json",
            ));
        }
        let body = soon(request, LIMIT).await?;
        parse(&body).map(Self)
    }
}

/// The whole body, if it comes at once: who sends slowly keeps a place from others.
///
/// # Errors
/// 408 when it is not there in time, else as [`bytes`].
async fn soon(request: Request, limit: usize) -> Result<Bytes, Problem> {
    timeout(BODY_WITHIN, bytes(request, limit)).await.map_err(|_elapsed| {
        let detail = format!("the body did not arrive within {} s", BODY_WITHIN.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", detail)
    })?
}

/// The whole body.
///
/// # Errors
/// 413 when it is longer than `limit` bytes, 400 when it breaks off.
pub(crate) async fn bytes(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(too_large(limit));
    }
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large(limit)),
        Err(_broken) => Err(Problem::bad_request("BODY_INCOMPLETE", "the body broke off")),
    }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("the body has more than {limit} bytes: split it");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads a body; the problem names the place.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if depth(body) > DEPTH_MAX {
        let detail = format!("the body has more than {DEPTH_MAX} levels of arrays and objects");
        return Err(Problem::bad_request("BODY_TOO_DEEP", detail));
    }
    let body = whole::in_digits(body);
    let mut reader = serde_json::Deserializer::from_slice(&body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let (code, detail) = match error.inner().classify() {
            serde_json::error::Category::Data => {
                ("INVALID_BODY", "the body is not what this route takes: see errors")
            }
            serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof
            | serde_json::error::Category::Io => ("MALFORMED_BODY", "the body is no JSON"),
        };
        let message = error.into_inner().to_string();
        let is_no_year = is_no_year(&message);
        let field = (field != ".").then_some(field);
        let fault = Fault { field, line_no: None, code: "INVALID".to_owned(), message };
        let problem = Problem::bad_request(code, detail).with(vec![fault]);
        if is_no_year { problem.into_unprocessable() } else { problem }
    })?;
    reader
        .end()
        .map_err(|_more| Problem::bad_request("MALFORMED_BODY", "something follows the JSON"))?;
    Ok(value)
}

/// Whether that was said of a year that no worker keeps. It is well formed all the same: a time of the year 1 may be
/// one of the year 0 in UTC.
fn is_no_year(message: &str) -> bool {
    message.contains(NO_SUCH_YEAR)
}

/// How deep arrays and objects lie within each other, by their brackets outside of texts.
pub(crate) fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (_, _) => {}
        }
    }
    deepest
}
