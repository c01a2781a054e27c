//! The pages for people: tracking for everybody, the work list of a merchant, labels.
//!
//! Tracking needs no script. The work list is a page that is the same for everybody and a script that asks
//! the same routes as every other program. What lives here: which page answers which request, and the headers
//! that keep a page to itself. What never does: what a waybill is or who may see it (the fleet says).

mod assets;
mod barcode;
mod form;
mod html;
mod label;
mod session;
#[cfg(test)]
mod tests;
mod tracking;
mod work;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use contracts::{Hidden, Query, QueryAnswer, Role, WaybillNo, WaybillView};
use futures_util::future::join_all;

use self::form::Form;
use self::html::{Page, Text};
use self::tracking::Notice;
use crate::caller::Caller;
use crate::permit::{Rule, STAFF, Speaks};
use crate::portal::Portal;
use crate::problem::{OwnWords, Problem};
use crate::query::FormBody;
use crate::throttle::Class;

/// What a page may load and do: its own style, its own scripts, requests and forms to here. Nothing inline,
/// nothing of others, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// On every answer of this module.
const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // the address of a tracking page holds the code
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Who may ask for them. What is the same for everybody is of the normal class: it asks the fleet nothing.
pub(crate) fn rules() -> Vec<Rule> {
    let page = |method, path, class| Rule::public(method, path, class).speaking(Speaks::Pages);
    vec![
        page(Method::GET, "/track", Class::Normal),
        page(Method::POST, "/track", Class::Public),
        page(Method::GET, "/track/{waybill_no}", Class::Public),
        page(Method::GET, "/worklist", Class::Normal),
        // the token is a field of the form, see `labels`
        page(Method::POST, "/worklist/labels", Class::Public),
        page(Method::GET, "/assets/{file}", Class::Normal),
        Rule::public(Method::POST, session::PATH, Class::Public),
        Rule::public(Method::DELETE, session::PATH, Class::Public),
        Rule::public(Method::POST, "/worklist/session/refresh", Class::Public),
    ]
}

/// All of them.
pub(crate) fn router() -> Router<Portal> {
    Router::new()
        .route("/track", get(track_form).post(track_typed))
        .route("/track/{waybill_no}", get(track_link))
        .route("/worklist", get(work_list))
        .route("/worklist/labels", post(labels))
        .route(session::PATH, post(session::begin).delete(session::end))
        .route("/worklist/session/refresh", post(session::refresh))
        .route("/assets/{file}", get(assets::serve))
        .layer(middleware::from_fn(keep_to_itself))
}

async fn keep_to_itself(request: Request, next: Next) -> Response {
    sealed(next.run(request).await)
}

/// The answer with the headers that keep it to itself.
fn sealed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn page(status: StatusCode, html: String) -> Response {
    let html_utf8 = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = (status, [(CONTENT_TYPE, html_utf8)], html).into_response();
    response.extensions_mut().insert(OwnWords);
    response
}

async fn track_form() -> Response {
    page(StatusCode::OK, tracking::form("", None))
}

/// Number and code as they were typed. They come in the body, so that no address holds the code.
async fn track_typed(
    State(portal): State<Portal>,
    caller: Caller,
    FormBody(body): FormBody,
) -> Response {
    let typed = Form::read(&body);
    track(&portal, &caller, typed.first("number"), typed.first("code")).await
}

/// The address that is printed on a label and sent to the customer.
async fn track_link(
    State(portal): State<Portal>,
    caller: Caller,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    match query.first("code") {
        "" => page(StatusCode::OK, tracking::form(&number, None)),
        code => track(&portal, &caller, &number, code).await,
    }
}

async fn track(portal: &Portal, caller: &Caller, number: &str, code: &str) -> Response {
    let unknown = || page(StatusCode::NOT_FOUND, tracking::form(number, Some(Notice::Unknown)));
    let Ok(waybill_no) = WaybillNo::new(number) else {
        return unknown();
    };
    let query = Query::Tracking { waybill_no, code: Hidden::new(code) };
    match portal.gateway.ask(caller, &query).await {
        Ok(QueryAnswer::Tracking(view)) => page(StatusCode::OK, tracking::result(&view)),
        Ok(_) => unknown(),
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => unknown(),
        Err(problem) => {
            let form = tracking::form(number, Some(Notice::Unavailable));
            again_after(5, page(problem.status(), form))
        }
    }
}

fn again_after(seconds: u64, mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// What a person sees when there is too much to do: the gate answers with it in place of the page.
pub(crate) fn busy(problem: &Problem) -> Response {
    let said = match problem.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            "Your network has asked very often at this moment. Please wait a little and load the page again."
        }
        _ => {
            "Very many people are here at this moment. Please wait a little and load the page again."
        }
    };
    let title = "One moment, please";
    let main = format!("<h1>{title}</h1>\n<p class=\"bad\" role=\"alert\">{}</p>\n", Text(said));
    let html = Page { title, main: &main, head: "" }.render();
    let response = page(problem.status(), html);
    sealed(again_after(problem.seconds_to_wait().unwrap_or(1), response))
}

async fn work_list() -> Response {
    page(StatusCode::OK, work::page())
}

/// Labels of some waybills. The token is a field of the form (RFC 6750, 2.2): a page of its own is opened by
/// a form, which has no headers, and an address would be remembered and logged.
async fn labels(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Response {
    let asked = Form::read(&body);
    match printed(&portal, &caller, &headers, &asked).await {
        Ok(html) => page(StatusCode::OK, html),
        Err(problem) => {
            let response = page(problem.status(), trouble(&problem));
            match problem.seconds_to_wait() {
                Some(seconds) => again_after(seconds, response),
                None => response,
            }
        }
    }
}

async fn printed(
    portal: &Portal,
    caller: &Caller,
    headers: &HeaderMap,
    asked: &Form,
) -> Result<String, Problem> {
    let claims = portal.keys.verify(asked.first("access_token")).await?;
    if !(claims.role == Role::Merchant || STAFF.contains(&claims.role)) {
        return Err(Problem::forbidden("labels are for merchants and staff"));
    }
    let actor = claims.actor(caller.actor().origin.clone());
    let caller = Caller::known(actor, caller.request().clone());
    let numbers: Vec<WaybillNo> =
        asked.all("waybill_no").filter_map(|number| WaybillNo::new(number).ok()).collect();
    if !(1..=label::MAX_LABELS).contains(&numbers.len()) {
        let detail = format!("choose 1 to {} waybills", label::MAX_LABELS);
        return Err(Problem::bad_request("INVALID", detail));
    }
    let found = join_all(numbers.iter().map(|number| shown(portal, &caller, number))).await;
    let (mut views, mut missing) = (Vec::new(), Vec::new());
    for (number, view) in numbers.into_iter().zip(found) {
        match view? {
            Some(view) => views.push(view),
            None => missing.push(number),
        }
    }
    let merchant = caller.merchant();
    let sender = merchant.as_ref().map(|merchant| merchant.as_str());
    Ok(label::page(&base(portal, headers), sender, &views, &missing))
}

async fn shown(
    portal: &Portal,
    caller: &Caller,
    number: &WaybillNo,
) -> Result<Option<WaybillView>, Problem> {
    let query = Query::Waybill { waybill_no: number.clone() };
    let QueryAnswer::Waybill(view) = portal.gateway.ask(caller, &query).await? else {
        return Ok(None);
    };
    Ok(Some(*view))
}

/// The address of this service for links, without a slash at its end: as it is set, or as the browser has it.
fn base(portal: &Portal, headers: &HeaderMap) -> String {
    if let Some(url) = portal.settings.url() {
        return url.to_owned();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

fn trouble(problem: &Problem) -> String {
    let text = match problem.status() {
        StatusCode::UNAUTHORIZED => {
            "Your session is over: sign in again and choose the labels again."
        }
        StatusCode::FORBIDDEN => "This account may not print labels.",
        StatusCode::BAD_REQUEST => "Choose between 1 and 50 waybills.",
        _ => "It cannot be done at this moment. Close this page and try again in a minute.",
    };
    let main = format!(
        "<h1>No labels</h1>\n<p class=\"bad\" role=\"alert\">{}</p>\n\
         <p><a href=\"/worklist\">To the work list</a></p>\n",
        Text(text)
    );
    Page { title: "No labels", main: &main, head: "" }.render()
}
