//! Versions in headers: an answer's ETag, If-None-Match for what somebody has already, If-Match for changes
//! of what somebody has seen.
//!
//! A tag begins with the version of the aggregate; what follows is a digest of the answer, which has parts
//! by other owners and depends on who asks. A change is judged by the version alone.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Tags of one header at most.
const TAGS_MAX: usize = 16;

/// The tag of an aggregate of this version, as the answer to a change has it.
pub(crate) fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The tag of one answer about an aggregate of this version.
pub(crate) fn answer_tag(version: u64, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let digest = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("\"{version}-{digest:016x}\"")
}

/// What the client has already: If-None-Match. Take it as an argument and answer through it.
#[derive(Debug, Clone, Default)]
pub(crate) struct IfNoneMatch(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(tags(&parts.headers, &IF_NONE_MATCH)))
    }
}

impl IfNoneMatch {
    /// 200 with the value and its ETag, or 304 where the client has just this.
    ///
    /// # Errors
    /// 500 for a value without a JSON form.
    pub(crate) fn answer<T: Serialize>(
        &self,
        version: u64,
        value: &T,
    ) -> Result<Response, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer that has no JSON form");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "this cannot be shown")
        })?;
        let tag = answer_tag(version, &body);
        let mut response = if self.0.iter().any(|had| *had == tag || had == "*") {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json)], body).into_response()
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        // kept by whoever asked, asked again every time: it differs by caller
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(VARY, HeaderValue::from_static("Authorization"));
        Ok(response)
    }
}

/// The version that a change was made for: If-Match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// None is named, or any will do (`*`).
    Any,
    /// This one.
    Version(u64),
}

impl IfMatch {
    /// Reads the header.
    ///
    /// # Errors
    /// 400 when it is no tag of ours.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let tags = tags(headers, &IF_MATCH);
        let Some(first) = tags.first() else {
            // there, and without a tag: not taken for the absence of a condition
            return if headers.contains_key(&IF_MATCH) { Err(no_tag()) } else { Ok(Self::Any) };
        };
        if first == "*" {
            return Ok(Self::Any);
        }
        let mut versions = tags.iter().map(|tag| version_of(tag));
        match (versions.next().flatten(), versions.next()) {
            (Some(version), None) => Ok(Self::Version(version)),
            (Some(_) | None, _) => Err(no_tag()),
        }
    }

    /// The version, for changes that need one.
    ///
    /// # Errors
    /// 428 when none is named.
    pub(crate) fn required(self) -> Result<u64, Problem> {
        match self {
            Self::Version(version) => Ok(version),
            Self::Any => Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "VERSION_NEEDED",
                "show it first and send its ETag as If-Match, so that nobody's change is lost",
            )),
        }
    }

    /// The version, for a message whose worker compares: nothing comes between its looking and its doing.
    pub(crate) const fn version(self) -> Option<u64> {
        match self {
            Self::Version(version) => Some(version),
            Self::Any => None,
        }
    }

    /// Whether nothing newer than what was seen is shown, for changes that another worker decides than the one
    /// whose version it is. Something may come between this and what is sent then. What is shown may be two seconds older than what its
    /// sender was answered, which is no conflict.
    ///
    /// # Errors
    /// 412 when there is.
    pub(crate) fn check(self, version: u64) -> Result<(), Problem> {
        match self {
            Self::Version(seen) if version > seen => Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "VERSION_CONFLICT",
                format!("it has version {version} by now, and you saw {seen}: look at it again"),
            )),
            Self::Version(_) | Self::Any => Ok(()),
        }
    }
}

fn no_tag() -> Problem {
    Problem::invalid_field("If-Match", "send one ETag as it was answered, for example \"7\"")
}

/// The entity tags of a header; a weak one counts like a strong one.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(str::trim);
    let strong = tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
    strong.filter(|tag| !tag.is_empty()).take(TAGS_MAX).map(str::to_owned).collect()
}

/// The version that a tag begins with.
fn version_of(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let version = tag.split_once('-').map_or(tag, |(version, _)| version);
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    version.parse().ok().filter(|_| is_number)
}
