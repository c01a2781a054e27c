//! Every "no" of this service, as RFC 9457 tells to write it: `application/problem+json` with a stable code
//! for programs and a sentence for people.
//!
//! What lives here: the form, and the problems that many routes have. What never does: when one occurs.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contracts::{FieldError, Refusal};
use schemars::JsonSchema;
use serde::Serialize;

use crate::request_id::RequestInfo;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Fault {
    /// Where: a path into the body (`lines[0].quantity`), or the name of a parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// The order line that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line_no: Option<u32>,
    /// Stable code.
    pub(crate) code: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        let FieldError { line_no, field, code, message } = error;
        Self { field, line_no, code, message }
    }
}

/// A "no". Turn it into a response by returning it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    retry_after_s: Option<u64>,
    operation: Option<String>,
}

/// What a problem looks like on the wire.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Shown {
    /// A name for the kind of problem: `urn:dray:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The status of the response.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// Stable code for programs, for example `NOT_FOUND`.
    code: String,
    /// What happened and what to do, for people.
    detail: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The id of the request, as in its header `X-Request-Id`: support finds it in the logs by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The operation that this is the outcome of, where a command was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// Each single error, where there are several or where one has a place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl Problem {
    /// A problem with its stable code (`SCREAMING_SNAKE_CASE`) and a sentence.
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, errors: Vec::new(), retry_after_s: None, operation: None }
    }

    /// 404 of one thing, whether it is not there or somebody else's: `what` is "waybill", "order".
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no such {what} of yours"))
    }

    /// 400: the request cannot be read as what it should be.
    pub(crate) fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 400 with the place of the error.
    pub(crate) fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault {
            field: Some(field.into()),
            line_no: None,
            code: "INVALID".to_owned(),
            message: message.into(),
        };
        Self::bad_request("INVALID", "the request is not valid: see errors").with(vec![fault])
    }

    /// 422: it can be read, and says something that is not allowed.
    pub(crate) fn unprocessable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID", detail)
    }

    /// The same as 422: it was read, and what it says is not taken.
    pub(crate) fn into_unprocessable(self) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, ..self }
    }

    /// 401: who asks is not known, or no longer.
    pub(crate) fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail)
    }

    /// 403: who asks may not do this, whatever it is about.
    pub(crate) fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NOT_ALLOWED", detail)
    }

    /// 503: nothing was done; it is worth trying again.
    pub(crate) fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(1)
    }

    /// A worker's business "no".
    pub(crate) fn refused(refusal: Refusal) -> Self {
        let Refusal { code, detail, errors } = refusal;
        let status = status_of(&code);
        Self::new(status, code, detail).with(errors.into_iter().map(Fault::from).collect())
    }

    /// The same with single errors.
    pub(crate) fn with(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// The same with the seconds after which there is a point in trying again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The same as the outcome of an operation.
    pub(crate) fn of_operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// The status it is answered with.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The seconds after which there is a point in trying again.
    pub(crate) const fn seconds_to_wait(&self) -> Option<u64> {
        self.retry_after_s
    }

    fn shown(&self, about: Option<(&str, &str)>) -> Shown {
        Shown {
            kind: format!("urn:dray:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.clone().into_owned(),
            detail: self.detail.clone().into_owned(),
            instance: about.map(|(path, _)| path.to_owned()),
            request_id: about.map(|(_, id)| id.to_owned()),
            operation: self.operation.clone(),
            errors: self.errors.clone(),
        }
    }

    /// The answer to the request of this path and id.
    pub(crate) fn about(&self, path: &str, id: &str) -> Response {
        self.response(Some((path, id)))
    }

    fn response(&self, about: Option<(&str, &str)>) -> Response {
        // texts, numbers and lists of them: it always has a JSON form
        let body = serde_json::to_vec(&self.shown(about)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.response(None);
        // whoever knows the request writes it anew: see `render`
        response.extensions_mut().insert(self);
        response
    }
}

/// The status of a worker's refusal. What is not there and what is somebody else's are one answer.
fn status_of(code: &str) -> StatusCode {
    match code {
        "NOT_ALLOWED" | "FORBIDDEN" => StatusCode::FORBIDDEN,
        "VERSION_CONFLICT" => StatusCode::PRECONDITION_FAILED,
        "KEY_REUSED" => StatusCode::UNPROCESSABLE_ENTITY,
        "SIGN_IN_FAILED" | "SESSION_OVER" => StatusCode::UNAUTHORIZED,
        "TOO_MANY_ATTEMPTS" => StatusCode::TOO_MANY_REQUESTS,
        // what is named in a body is no resource of the path
        "UNKNOWN_DISTRICT" | "UNKNOWN_TIMESLOT" | "UNKNOWN_LINE" | "UNKNOWN_WAREHOUSE" => {
            StatusCode::CONFLICT
        }
        code if code.starts_with("UNKNOWN_") || code.ends_with("_NOT_FOUND") => {
            StatusCode::NOT_FOUND
        }
        _ => StatusCode::CONFLICT,
    }
}

/// An extension of answers that say no in their own words: pages for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnWords;

/// The outermost layer: every error leaves as a problem that names its request, whoever made it.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<RequestInfo>().map(|info| info.id.clone());
    let mut response = next.run(request).await;
    let about = Some((path.as_str(), id.as_deref().unwrap_or_default()));
    if response.extensions().get::<OwnWords>().is_some() {
        return response;
    }
    let made = response.extensions_mut().remove::<Problem>();
    let Some(problem) = made.or_else(|| bare(response.status())) else {
        return response;
    };
    let mut rendered = problem.response(about);
    // what the first answer said besides its body: Allow of a 405, limits, cookies
    for (name, value) in response.headers() {
        let is_of_body = *name == CONTENT_TYPE || name.as_str().starts_with("content-");
        if !is_of_body && !rendered.headers().contains_key(name) {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
}

/// What the router itself says no with; it has no words.
fn bare(status: StatusCode) -> Option<Problem> {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("NOT_FOUND", "there is nothing at this path: see /docs"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("METHOD_NOT_ALLOWED", "this path does not take this method: see the header Allow")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("BODY_TOO_LARGE", "the body is too large: split it"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("UNSUPPORTED_MEDIA_TYPE", "send the body as application/json")
        }
        status if status.is_client_error() => ("BAD_REQUEST", "the request cannot be read"),
        status if status.is_server_error() => ("INTERNAL", "something went wrong here: try again"),
        _ => return None,
    };
    Some(Problem::new(status, code, detail))
}
