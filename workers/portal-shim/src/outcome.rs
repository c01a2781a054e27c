//! What a worker said of a command, as an answer.
//!
//! Applied now or before: 200, or 201 for what was made. Taken on, or still on its way: 202 and where to
//! look. No: a problem with the worker's own code.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contracts::{ItemReply, Refusal, Reply, ReplyOutcome};
use schemars::JsonSchema;
use serde::Serialize;

use crate::gateway::Outcome;
use crate::precondition::version_tag;
use crate::problem::{Fault, Problem};

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It had its effect.
    Applied,
    /// It had its effect before; this changed nothing.
    Duplicate,
    /// It was refused: see `code`, `detail` and `errors`.
    Rejected,
    /// It was taken on; the effect comes later.
    Accepted,
    /// It is on its way; look again.
    Pending,
}

/// What became of one item of a command with several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Item {
    /// Its place in the request, from 0.
    pub(crate) item: u32,
    /// `APPLIED`, `STALE`, `PARKED`, `DUPLICATE`, or a refusal's code.
    pub(crate) code: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

impl From<ItemReply> for Item {
    fn from(reply: ItemReply) -> Self {
        let ItemReply { item, code, detail } = reply;
        Self { item, code, detail }
    }
}

/// An operation: one command, or several that were one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Operation {
    /// Its id: `/v1/operations/{operation}` shows it later.
    pub(crate) operation: String,
    /// How far it is.
    pub(crate) outcome: State,
    /// The outcome in detail: `APPLIED`, `STALE`, `PARKED`, or the code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// Each error of a refusal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) errors: Vec<Fault>,
    /// What was changed: a waybill number, `source/order_ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aggregate: Option<String>,
    /// Its version after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    /// What became of each item, for commands with several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) items: Vec<Item>,
}

impl Operation {
    /// One that nobody has answered yet.
    pub(crate) fn pending(operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            outcome: State::Pending,
            code: None,
            detail: None,
            errors: Vec::new(),
            aggregate: None,
            version: None,
            items: Vec::new(),
        }
    }

    /// One that a worker answered.
    pub(crate) fn settled(operation: impl Into<String>, reply: Reply) -> Self {
        let Reply { message_id: _, outcome, code, refusal, items, aggregate, version } = reply;
        let (detail, errors) = match refusal {
            Some(Refusal { detail, errors, .. }) => (Some(detail), errors),
            None => (None, Vec::new()),
        };
        Self {
            outcome: match outcome {
                ReplyOutcome::Applied => State::Applied,
                ReplyOutcome::Duplicate => State::Duplicate,
                ReplyOutcome::Rejected => State::Rejected,
                ReplyOutcome::Accepted => State::Accepted,
            },
            code: Some(code),
            detail,
            errors: errors.into_iter().map(Fault::from).collect(),
            aggregate,
            version,
            items: items.into_iter().map(Item::from).collect(),
            ..Self::pending(operation)
        }
    }

    /// As the resource that it is: 200, and 202 while it is pending.
    pub(crate) fn shown(self) -> Response {
        let status = match self.outcome {
            State::Pending => StatusCode::ACCEPTED,
            State::Applied | State::Duplicate | State::Rejected | State::Accepted => StatusCode::OK,
        };
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// As the answer to the request that began it; `made` is where to find what it made.
    pub(crate) fn answered(self, made: Option<&str>) -> Response {
        let location = match (self.outcome, made) {
            (State::Applied | State::Duplicate, Some(made)) => Some(made.to_owned()),
            (State::Pending | State::Accepted, _) => Some(path_of(&self.operation)),
            (State::Applied | State::Duplicate | State::Rejected, _) => None,
        };
        let status = match self.outcome {
            State::Applied | State::Duplicate if made.is_some() => StatusCode::CREATED,
            State::Applied | State::Duplicate | State::Rejected => StatusCode::OK,
            State::Accepted | State::Pending => StatusCode::ACCEPTED,
        };
        let tag = self.version.map(version_tag);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in [(LOCATION, location), (ETAG, tag)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Where an operation is shown.
pub(crate) fn path_of(operation: &str) -> String {
    format!("/v1/operations/{operation}")
}

/// The answer to a request that was one command.
///
/// # Errors
/// The worker's refusal.
pub(crate) fn respond(
    operation: &str,
    outcome: Outcome,
    made: Option<&str>,
) -> Result<Response, Problem> {
    match outcome {
        Outcome::Pending => Ok(Operation::pending(operation).answered(made)),
        Outcome::Settled(mut reply) => match reply.refusal.take() {
            Some(refusal) => Err(Problem::refused(refusal).of_operation(operation)),
            None => Ok(Operation::settled(operation, *reply).answered(made)),
        },
    }
}
