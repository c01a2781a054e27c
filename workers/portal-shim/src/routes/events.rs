//! What happens to a waybill, and to a merchant's work, told as it happens: server-sent events.
//!
//! What the fleet tells everybody is a hint and no more: after each the fleet is asked for the state in the
//! caller's name, and that is what is told. So a stream shows what its caller may see, and an event that is
//! lost delays it and makes nothing wrong.

mod hint;
mod listeners;
mod pace;
mod stream;
mod subject;

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use contracts::{Role, WaybillNo};
use schemars::JsonSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::listeners::Listeners;
use self::stream::Watch;
use self::subject::Subject;
use crate::caller::Caller;
use crate::gate::bearer;
use crate::openapi::Schemas;
use crate::permit::{EVERYBODY, Rule, Speaks};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::Path;
use crate::seats::{Full, Seats};
use crate::throttle::Class;

/// What a client had last (HTML standard, server-sent events).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A comment after so much silence: whoever is in between sees that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams of one caller: a few windows of a browser.
const EACH_MAX: u16 = 6;
/// Streams of all callers: each asks the fleet whenever something happens to what it watches.
const ALL_MAX: u16 = 400;

/// Who has a work list.
const SELLERS: &[Role] = &[Role::Merchant];

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    let streams = |path, roles| Rule::shows(path, roles, Class::Normal).speaking(Speaks::Events);
    vec![
        streams("/v1/waybills/{waybill_no}/events", EVERYBODY),
        streams("/v1/worklist/events", SELLERS),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(of_waybill))
        .routes(routes!(of_work))
        .layer(Extension(Streams::default()))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<StreamEvent>();
}

/// An event of a stream, by the fields of its lines.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "said in the document; what is sent is made of lines")]
struct StreamEvent {
    /// What it is: `state`, `work`, `resync` or `end`.
    event: String,
    /// What to send as `Last-Event-ID` to go on behind it.
    id: Option<String>,
    /// A JSON object.
    data: String,
}

/// What all streams share. Cheap to clone.
#[derive(Debug, Clone)]
struct Streams {
    seats: Seats,
    listeners: Listeners,
}

impl Default for Streams {
    fn default() -> Self {
        Self { seats: Seats::new(EACH_MAX, ALL_MAX), listeners: Listeners::default() }
    }
}

/// Follow a waybill. `state` tells how it stands, first at the beginning and then whenever it has changed
/// (as `/v1/waybills/{waybill_no}` shows it); its id is the version. With `Last-Event-ID` the first one is
/// left out where it would say nothing new. `resync` says that hints were missed; `end` that the stream is
/// over, because the token is (`TOKEN_EXPIRED`), the waybill is not to be seen any more (`GONE`) or the
/// service goes down (`RESTART`). Comments keep it alive.
#[utoipa::path(
    get, path = "/v1/waybills/{waybill_no}/events", tag = "waybills", operation_id = "followWaybill",
    params(
        ("waybill_no" = String, Path, description = "Its number"),
        ("last-event-id" = Option<String>, Header, description = "The id of the last event that you had"),
    ),
    responses(
        (status = 200, description = "Events", body = ref("#/components/schemas/StreamEvent"), content_type = "text/event-stream"),
    ),
)]
async fn of_waybill(
    State(portal): State<Portal>,
    Extension(streams): Extension<Streams>,
    caller: Caller,
    headers: HeaderMap,
    Path(waybill_no): Path<WaybillNo>,
) -> Result<Response, Problem> {
    open(portal, streams, caller, &headers, Subject::Waybill(waybill_no)).await
}

/// Follow a merchant's work. `work` tells what there is to acknowledge and to pick (the first page of
/// `/v1/waybills?work=true`), first at the beginning and then whenever it has changed, every 2 s at most; its
/// id stands for that state. All of your streams together look as often as you may ask for lists: the news of
/// further ones wait. `resync` and `end` as for a waybill.
#[utoipa::path(
    get, path = "/v1/worklist/events", tag = "waybills", operation_id = "followWork",
    params(
        ("last-event-id" = Option<String>, Header, description = "The id of the last event that you had"),
    ),
    responses(
        (status = 200, description = "Events", body = ref("#/components/schemas/StreamEvent"), content_type = "text/event-stream"),
    ),
)]
async fn of_work(
    State(portal): State<Portal>,
    Extension(streams): Extension<Streams>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(merchant) = caller.merchant() else {
        return Err(Problem::forbidden("your account does not say of which merchant it is"));
    };
    open(portal, streams, caller, &headers, Subject::Work(merchant)).await
}

async fn open(
    portal: Portal,
    streams: Streams,
    caller: Caller,
    headers: &HeaderMap,
    subject: Subject,
) -> Result<Response, Problem> {
    let seat = streams.seats.take(caller.subject()).map_err(no_seat)?;
    // the gate verified it a moment ago: this tells until when it is good
    let claims = portal.keys.verify(bearer(headers)?).await?;
    let had = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let watch = Watch::begin(&portal, &streams, seat, caller, subject, claims.exp, had).await?;
    let alive = KeepAlive::new().interval(HEARTBEAT).text("alive");
    let mut response = Sse::new(watch.into_stream()).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // proxies that gather answers would hold events back
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn no_seat(full: Full) -> Problem {
    match full {
        Full::Own => {
            let detail = format!("you have {EACH_MAX} streams open already: close one");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", detail);
            problem.retry_after(5)
        }
        Full::All => {
            let detail = "as many streams as there may be are open: ask from time to time instead";
            Problem::unavailable("OVERLOADED", detail).retry_after(30)
        }
    }
}

#[cfg(test)]
mod tests;
