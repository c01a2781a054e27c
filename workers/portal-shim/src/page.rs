//! Lists in pages: a limit, and a cursor that says where the next page begins. A cursor is opaque: it is
//! answered, and sent back as it is.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, LINK};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use contracts::Cursor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::Problem;
use crate::query::Query;

/// Rows of a page when none is asked for.
const LIMIT_DEFAULT: u16 = 50;
/// Rows of a page at most.
pub(crate) const LIMIT_MAX: u16 = 200;
/// Bytes of a cursor at most.
const CURSOR_MAX: usize = 512;

/// Which page, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Where the page begins: `next` of the page before
    #[param(max_length = 512)]
    pub(crate) cursor: Option<String>,
    /// Rows at most
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u16>,
}

/// A page that was asked for. Take it as an argument.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Where it begins; `None`: at the beginning.
    pub(crate) cursor: Option<String>,
    /// Rows at most, 1 to [`LIMIT_MAX`].
    pub(crate) limit: u16,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(Parameters { cursor, limit }) =
            Query::<Parameters>::from_request_parts(parts, state).await?;
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            let message = format!("a page has 1 to {LIMIT_MAX} rows");
            return Err(Problem::invalid_field("limit", message));
        }
        if cursor.as_ref().is_some_and(|cursor| cursor.is_empty() || cursor.len() > CURSOR_MAX) {
            return Err(no_cursor());
        }
        Ok(Self { cursor, limit, uri: parts.uri.clone() })
    }
}

impl Page {
    /// The row after which it begins, for lists with the cursors of contracts.
    ///
    /// # Errors
    /// 400 when it is no cursor.
    pub(crate) fn after(&self) -> Result<Option<Cursor>, Problem> {
        let read = |text: &String| {
            let id = Uuid::try_parse(text).map_err(|_no_cursor| no_cursor())?;
            Ok(Cursor(id))
        };
        self.cursor.as_ref().map(read).transpose()
    }

    /// 200 with the list, and where the next page is (as a `Link` too).
    pub(crate) fn answer_list<T: Serialize>(&self, list: &T, next: Option<String>) -> Response {
        let mut response = Json(list).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(link) = next.as_deref().and_then(|next| self.link(next)) {
            headers.insert(LINK, link);
        }
        response
    }

    /// This very request with another cursor.
    fn link(&self, next: &str) -> Option<HeaderValue> {
        let others = self.uri.query().unwrap_or_default().split('&');
        let others = others.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let cursor = format!("cursor={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
        let query: Vec<&str> = others.chain([cursor.as_str()]).collect();
        let link = format!("<{}?{}>; rel=\"next\"", self.uri.path(), query.join("&"));
        HeaderValue::from_str(&link).ok()
    }
}

fn no_cursor() -> Problem {
    Problem::unprocessable("this is no cursor: send `next` of the page before")
}
