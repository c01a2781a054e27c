//! Cases of customer service: opening one, going on with it, showing it.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use contracts::{CaseStep, CaseView, OpenCase, Query, QueryAnswer, Timestamp, UpdateCase};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::{Gateway, Outcome};
use crate::openapi::Schemas;
use crate::outcome::respond;
use crate::permit::{Rule, SERVICE, STAFF};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{Path, Payload};
use crate::throttle::Class;

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    let post = |path| Rule::commands(Method::POST, path, SERVICE, Class::Normal);
    vec![
        post("/v1/cases"),
        Rule::shows("/v1/cases/{case_id}", STAFF, Class::Normal),
        post("/v1/cases/{case_id}/steps"),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(open)).routes(routes!(show)).routes(routes!(go_on))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<OpenCase>().add::<CaseView>().add::<Step>();
}

async fn look(gateway: &Gateway, caller: &Caller, case_id: Uuid) -> Result<Box<CaseView>, Problem> {
    let QueryAnswer::Case(view) = gateway.ask(caller, &Query::Case { case_id }).await? else {
        return Err(Problem::not_found("case"));
    };
    Ok(view)
}

/// Open a case about an order, a waybill or a return. What is asked about something of which a question is
/// open already goes into that case: `Location` says which it is.
#[utoipa::path(
    post, path = "/v1/cases", tag = "cases", operation_id = "openCase",
    request_body = ref("#/components/schemas/OpenCase"),
    responses(
        (status = 201, description = "There is a case", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn open(command: Command, Payload(case): Payload<OpenCase>) -> Result<Response, Problem> {
    let outcome = command.send_part(command.id(), &case).await?;
    let made = match &outcome {
        Outcome::Settled(reply) => reply.aggregate.clone(),
        Outcome::Pending => None,
    };
    let path = format!("/v1/cases/{}", made.unwrap_or_else(|| command.id().to_string()));
    let mut response = respond(&command.id().to_string(), outcome, Some(&path))?;
    command.tell_wait(&mut response);
    Ok(response)
}

/// What happened in a case.
#[utoipa::path(
    get, path = "/v1/cases/{case_id}", tag = "cases", operation_id = "showCase",
    params(("case_id" = String, Path, format = "uuid", description = "Its id")),
    responses((status = 200, description = "The case", body = ref("#/components/schemas/CaseView"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path(case_id): Path<Uuid>,
) -> Result<Response, Problem> {
    let view = look(&gateway, &caller, case_id).await?;
    had.answer(view.version, &view)
}

/// What is done with a case.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CaseUpdate")]
#[serde(deny_unknown_fields)]
struct Step {
    /// A note, an assignment, the end, or that it is not the end.
    step: CaseStep,
    /// When.
    occurred_at: Timestamp,
}

/// Go on with a case: note something, assign it, close it, reopen it.
#[utoipa::path(
    post, path = "/v1/cases/{case_id}/steps", tag = "cases", operation_id = "updateCase",
    params(("case_id" = String, Path, format = "uuid", description = "Its id")),
    request_body = ref("#/components/schemas/CaseUpdate"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn go_on(
    command: Command,
    Path(case_id): Path<Uuid>,
    Payload(Step { step, occurred_at }): Payload<Step>,
) -> Result<Response, Problem> {
    let expected_version = command.seen();
    command.send(&UpdateCase { case_id, step, expected_version, occurred_at }).await
}
