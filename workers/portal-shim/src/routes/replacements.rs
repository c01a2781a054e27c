//! Replacements: goods that are sent again.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use contracts::RequestReplacement;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::command::Command;
use crate::inflow::Inflow;
use crate::openapi::Schemas;
use crate::permit::{Rule, SERVICE};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::Payload;
use crate::throttle::Class;

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule::commands(Method::POST, "/v1/replacements", SERVICE, Class::Normal)]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(request))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<RequestReplacement>();
}

/// Send goods of an order again: at once, or when what is given back for them has arrived. One waybill is
/// made for each merchant's store; the order shows them.
#[utoipa::path(
    post, path = "/v1/replacements", tag = "returns", operation_id = "requestReplacement",
    request_body = ref("#/components/schemas/RequestReplacement"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn request(
    State(inflow): State<Inflow>,
    command: Command,
    Payload(wish): Payload<RequestReplacement>,
) -> Result<Response, Problem> {
    inflow.one()?;
    command.send(&wish).await
}
