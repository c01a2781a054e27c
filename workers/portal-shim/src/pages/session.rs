//! Sessions of the pages. The access token goes to the page's script, which keeps it in memory; the refresh
//! token goes into a cookie that no script reads and that comes back to these paths only.
//!
//! Why no other site can use the cookie: it is `SameSite=Strict`, so a browser does not send it with what
//! another site begins; a request whose `Sec-Fetch-Site` names another site is refused besides; what the
//! cookie gives is a token in the body of an answer, which other sites cannot read; and everything that
//! changes something wants that token in a header, which a browser never adds by itself.
//!
//! Never here: what a session is (identity), what its token permits.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contracts::{
    AccountStanding, AskIdentity, Hidden, IdentityAnswer, Session, Timestamp, derive_message_id,
};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, Source};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::Payload;

/// The cookie's name.
const NAME: &str = "dray-session";
/// Where the cookie is sent to, and nowhere else.
pub(crate) const PATH: &str = "/worklist/session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is typed at the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    login: Hidden,
    password: Hidden,
}

/// What the page's script gets.
#[derive(Serialize)]
struct SignedIn<'a> {
    access_token: &'a Hidden,
    access_expires_at: Timestamp,
    account: &'a AccountStanding,
}

/// Begins a session.
pub(crate) async fn begin(
    State(portal): State<Portal>,
    caller: Caller,
    Source(source): Source,
    headers: HeaderMap,
    // JSON: a form of another site cannot have that type
    Payload(Login { login, password }): Payload<Login>,
) -> Result<Response, Problem> {
    refuse_others(&headers)?;
    let ask = AskIdentity::SignIn { login, password, source: Some(source) };
    answer(portal.gateway.identity(&caller, &ask).await?)
}

/// Goes on with the session of the cookie; 204 where there is none, or none any more.
pub(crate) async fn refresh(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_others(&headers)?;
    let Some(refresh_token) = kept(&headers) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    // its own id: where the answer was lost, asking again with the same cookie gets the same tokens
    let id = derive_message_id(&portal.gateway.sender(), refresh_token.expose());
    let ask = AskIdentity::Refresh { refresh_token };
    match portal.gateway.identity_once(&caller, id, &ask).await {
        Ok(session) => answer(session),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(ended()),
        Err(problem) => Err(problem),
    }
}

/// Ends the session of the cookie, and the cookie.
pub(crate) async fn end(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    refuse_others(&headers)?;
    if let Some(refresh_token) = kept(&headers) {
        portal.gateway.identity(&caller, &AskIdentity::SignOut { refresh_token }).await?;
    }
    Ok(ended())
}

/// Refuses what a browser says that another site began. Programs do not say.
pub(crate) fn refuse_others(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(SEC_FETCH_SITE) {
        Some(site) if site.as_bytes() != b"same-origin" => {
            Err(Problem::forbidden("this is for the page at /worklist only"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The token in the cookie.
pub(crate) fn kept(headers: &HeaderMap) -> Option<Hidden> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    let token = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME && !value.is_empty()).then_some(value)
    });
    token.map(Hidden::new)
}

fn answer(answer: IdentityAnswer) -> Result<Response, Problem> {
    let IdentityAnswer::Session(session) = answer else {
        return Err(Problem::unavailable("IDENTITY_AWAY", "identity answers something else"));
    };
    let Session { access_token, access_expires_at, refresh_token, refresh_expires_at, account } =
        &*session;
    let seconds = refresh_expires_at.since(Timestamp::now()).as_secs();
    let signed_in = SignedIn { access_token, access_expires_at: *access_expires_at, account };
    Ok(with_cookie(Json(signed_in).into_response(), refresh_token.expose(), seconds))
}

fn ended() -> Response {
    with_cookie(StatusCode::NO_CONTENT.into_response(), "", 0)
}

/// `Secure` always: without TLS the cookie lives on loopback only, which browsers trust.
pub(crate) fn with_cookie(mut response: Response, token: &str, seconds: u64) -> Response {
    let cookie = format!(
        "{NAME}={token}; Path={PATH}; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict"
    );
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
