//! Tracking for programs: what the public may know of a waybill, for whoever has the code on its label.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::Response;
use contracts::{Hidden, Query, QueryAnswer, TrackingView, WaybillNo};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::Rule;
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::Path;
use crate::throttle::Class;

/// The code travels in a header: addresses are remembered and logged.
const TRACKING_CODE: HeaderName = HeaderName::from_static("tracking-code");

/// Everybody who has the code.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule::public(Method::GET, "/v1/tracking/{waybill_no}", Class::Public)]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(track))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<TrackingView>();
}

/// Follow a delivery: where it stands, what happened, and when it is promised. A wrong code and a number that
/// is nobody's are answered alike.
#[utoipa::path(
    get, path = "/v1/tracking/{waybill_no}", tag = "tracking", operation_id = "trackWaybill",
    params(
        ("waybill_no" = String, Path, description = "Its number"),
        ("tracking-code" = String, Header, description = "The code on its label: 10 letters and digits"),
        ("if-none-match" = Option<String>, Header,
            description = "The ETag of what you have: 304 when it is the same"),
    ),
    responses(
        (status = 200, description = "How far it is", body = ref("#/components/schemas/TrackingView")),
        (status = 304, description = "What If-None-Match names is what there is"),
    ),
)]
async fn track(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    headers: HeaderMap,
    Path(waybill_no): Path<WaybillNo>,
) -> Result<Response, Problem> {
    let Some(code) = headers.get(TRACKING_CODE).and_then(|code| code.to_str().ok()) else {
        return Err(Problem::invalid_field(
            "tracking-code",
            "send the code on the label in this header",
        ));
    };
    let query = Query::Tracking { waybill_no, code: Hidden::new(code) };
    let QueryAnswer::Tracking(view) = gateway.ask(&caller, &query).await? else {
        let detail = "there is no waybill with this number and code: compare both with the label";
        return Err(Problem::new(axum::http::StatusCode::NOT_FOUND, "NOT_FOUND", detail));
    };
    had.answer(view.version, &view)
}
