//! Styles and scripts of the pages, part of the program.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type, content.
pub(crate) const FILES: [(&str, &str, &str); 7] = [
    ("pages.css", CSS, include_str!("../../assets/pages.css")),
    ("label.css", CSS, include_str!("../../assets/label.css")),
    ("work.js", SCRIPT, include_str!("../../assets/work.js")),
    ("session.js", SCRIPT, include_str!("../../assets/session.js")),
    ("events.js", SCRIPT, include_str!("../../assets/events.js")),
    ("label.js", SCRIPT, include_str!("../../assets/label.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// One of them. They are small: a browser asks again after a few minutes, so that a new version is there
/// soon.
pub(crate) async fn serve(Path(file): Path<String>) -> Response {
    let known = FILES.iter().find(|(name, _, _)| *name == file);
    let Some((_, media_type, content)) = known else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    (headers, *content).into_response()
}
