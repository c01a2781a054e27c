//! Whether the service is up, for those who call it. Metrics and probes for machines that watch are on the
//! admin port.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::Rule;
use crate::portal::Portal;
use crate::problem::Problem;
use crate::throttle::Class;

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule::public(Method::GET, "/v1/health", Class::Normal)]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(health))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<Health>();
}

/// The fleet can be reached.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `up`.
    status: &'static str,
}

/// Whether the service is up: 200, or 503 while the fleet is away.
#[utoipa::path(
    get, path = "/v1/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "Up", body = ref("#/components/schemas/Health"))),
)]
async fn health(State(gateway): State<Gateway>) -> Response {
    if gateway.is_connected() {
        return Json(Health { status: "up" }).into_response();
    }
    Problem::unavailable("FLEET_AWAY", "the fleet cannot be reached").into_response()
}
