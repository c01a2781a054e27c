//! The cookie, and that every route of a page has a rule.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::super::rules;
use super::super::session::{PATH, kept};
use crate::permit::Who;

fn cookies(values: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(COOKIE, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn the_cookie_is_found_among_others() {
    let token = |values: &[&'static str]| kept(&cookies(values)).map(|it| it.expose().to_owned());
    assert_eq!(token(&["a=1; dray-session=tok; b=2"]).as_deref(), Some("tok"));
    assert_eq!(token(&["a=1", "dray-session=t=k"]).as_deref(), Some("t=k"));
    for none in [&["dray-session="][..], &["xdray-session=t"], &["dray-session"], &[]] {
        assert_eq!(token(none), None, "{none:?}");
    }
}

#[test]
fn pages_are_public_and_the_cookie_goes_to_their_session_only() {
    let rules = rules();
    assert!(rules.iter().all(|rule| rule.who == Who::Public));
    assert!(rules.iter().all(|rule| !rule.path.starts_with("/v1/")));
    let with_cookie: Vec<&str> =
        rules.iter().map(|rule| rule.path).filter(|path| path.starts_with(PATH)).collect();
    assert_eq!(with_cookie.len(), 3, "{with_cookie:?}");
}
