//! The cookie, and that every route of a page has a rule.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse as _;

use super::super::rules;
use super::super::session::{PATH, kept, refuse_others, with_cookie};
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

#[test]
fn no_script_and_no_other_site_gets_at_the_cookie() {
    let response = with_cookie(StatusCode::OK.into_response(), "tok", 60);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    let expected =
        "dray-session=tok; Path=/worklist/session; Max-Age=60; HttpOnly; Secure; SameSite=Strict";
    assert_eq!(cookie, expected);
    assert!(response.headers()[SET_COOKIE].is_sensitive(), "not for logs");
}

#[test]
fn what_another_site_begins_is_refused() {
    let asked = |site: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.extend(site.map(|site| {
            let name = axum::http::HeaderName::from_static("sec-fetch-site");
            (name, HeaderValue::from_static(site))
        }));
        refuse_others(&headers).map_err(|problem| problem.status())
    };
    assert_eq!((asked(None), asked(Some("same-origin"))), (Ok(()), Ok(())));
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(asked(Some(site)), Err(StatusCode::FORBIDDEN), "{site}");
    }
}
