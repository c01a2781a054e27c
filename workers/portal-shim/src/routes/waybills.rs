//! Waybills: showing one, holding and releasing it, cancelling it, giving it another day.
//!
//! Reports are in `waybills/report.rs`.

mod report;

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use contracts::{
    CancelWaybill, HoldHandle, HoldInstance, HoldReason, PlaceHold, Query, QueryAnswer,
    ReleaseHold, RescheduleWaybill, Role, TimeslotCode, Timestamp, WaybillNo, WaybillView,
};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::{EVERYBODY, Rule};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{Path, Payload};
use crate::throttle::Class;

const HOLDERS: &[Role] = &[
    Role::Merchant,
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Dispatcher,
    Role::Warehouse,
    Role::Admin,
];
const CANCELLERS: &[Role] =
    &[Role::Merchant, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];
const PLANNERS: &[Role] =
    &[Role::CsAgent, Role::CsSupervisor, Role::Dispatcher, Role::Operator, Role::Admin];

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    let post = |path, roles, class| Rule::commands(Method::POST, path, roles, class);
    let mut rules = vec![
        Rule::shows("/v1/waybills/{waybill_no}", EVERYBODY, Class::Normal),
        post("/v1/waybills/{waybill_no}/holds", HOLDERS, Class::Normal),
        post("/v1/waybills/{waybill_no}/holds/release", HOLDERS, Class::Normal),
        post("/v1/waybills/{waybill_no}/cancel", CANCELLERS, Class::Normal),
        post("/v1/waybills/{waybill_no}/reschedule", PLANNERS, Class::First),
    ];
    rules.extend(report::rules());
    rules
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(show))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(cancel))
        .routes(routes!(reschedule))
        .merge(report::router())
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<WaybillView>().add::<Hold>().add::<Release>().add::<Cancel>().add::<Reschedule>();
    report::schemas(schemas);
}

/// How far a waybill is: its status, its place on a truck, its sales order.
#[utoipa::path(
    get, path = "/v1/waybills/{waybill_no}", tag = "waybills", operation_id = "showWaybill",
    params(("waybill_no" = String, Path, description = "Its number")),
    responses((status = 200, description = "The waybill", body = ref("#/components/schemas/WaybillView"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path(waybill_no): Path<WaybillNo>,
) -> Result<Response, Problem> {
    let QueryAnswer::Waybill(view) = gateway.ask(&caller, &Query::Waybill { waybill_no }).await?
    else {
        return Err(Problem::not_found("waybill"));
    };
    had.answer(view.standing.version, &view)
}

/// A hold to place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hold {
    /// Your own name for it: it is released by that.
    handle: HoldHandle,
    /// Which of that name; absent: the first.
    #[serde(default)]
    instance: HoldInstance,
    /// Why.
    reason: HoldReason,
    /// When you decided.
    occurred_at: Timestamp,
}

/// Hold a waybill: it is not sent on its way until the hold is released. What is on the road goes on.
#[utoipa::path(
    post, path = "/v1/waybills/{waybill_no}/holds", tag = "waybills", operation_id = "holdWaybill",
    params(("waybill_no" = String, Path, description = "Its number")),
    request_body = ref("#/components/schemas/Hold"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn hold(
    command: Command,
    Path(waybill_no): Path<WaybillNo>,
    Payload(hold): Payload<Hold>,
) -> Result<Response, Problem> {
    command.about_waybill(&waybill_no).await?;
    let expected_version = command.seen();
    let Hold { handle, instance, reason, occurred_at } = hold;
    let message = PlaceHold { waybill_no, handle, instance, reason, expected_version, occurred_at };
    command.send(&message).await
}

/// A hold to release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Release {
    /// The owner's name for it.
    handle: HoldHandle,
    /// Which of that name; absent: the first.
    #[serde(default)]
    instance: HoldInstance,
    /// Whose hold it is, for supervisors who release another's.
    #[serde(default)]
    owner: Option<String>,
    /// When you decided.
    occurred_at: Timestamp,
}

/// Release a hold.
#[utoipa::path(
    post, path = "/v1/waybills/{waybill_no}/holds/release", tag = "waybills",
    operation_id = "releaseHold",
    params(("waybill_no" = String, Path, description = "Its number")),
    request_body = ref("#/components/schemas/Release"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn release(
    command: Command,
    Path(waybill_no): Path<WaybillNo>,
    Payload(release): Payload<Release>,
) -> Result<Response, Problem> {
    command.about_waybill(&waybill_no).await?;
    let expected_version = command.seen();
    let Release { handle, instance, owner, occurred_at } = release;
    let message =
        ReleaseHold { waybill_no, handle, instance, owner, expected_version, occurred_at };
    command.send(&message).await
}

/// A wish for cancellation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cancel {
    /// Why, for people; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// When it was asked for.
    occurred_at: Timestamp,
}

/// Ask that a waybill be cancelled. Whoever picks it is asked where it is being picked already: then the
/// outcome is `accepted`, and the waybill's status tells later what came of it.
#[utoipa::path(
    post, path = "/v1/waybills/{waybill_no}/cancel", tag = "waybills", operation_id = "cancelWaybill",
    params(("waybill_no" = String, Path, description = "Its number")),
    request_body = ref("#/components/schemas/Cancel"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "Taken on", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn cancel(
    command: Command,
    Path(waybill_no): Path<WaybillNo>,
    Payload(cancel): Payload<Cancel>,
) -> Result<Response, Problem> {
    command.about_waybill_as_seen(&waybill_no).await?;
    let Cancel { reason, occurred_at } = cancel;
    command.send(&CancelWaybill { waybill_no, reason, occurred_at }).await
}

/// Another day or window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reschedule {
    /// The day.
    #[serde(deserialize_with = "contracts::read_date")]
    delivery_date: chrono::NaiveDate,
    /// The window.
    timeslot: TimeslotCode,
    /// Why, for people; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// When it was asked for.
    occurred_at: Timestamp,
}

/// Give a waybill another day or window. A new place is found first; where there is none, nothing changes.
#[utoipa::path(
    post, path = "/v1/waybills/{waybill_no}/reschedule", tag = "waybills",
    operation_id = "rescheduleWaybill",
    params(("waybill_no" = String, Path, description = "Its number")),
    request_body = ref("#/components/schemas/Reschedule"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn reschedule(
    command: Command,
    Path(waybill_no): Path<WaybillNo>,
    Payload(wish): Payload<Reschedule>,
) -> Result<Response, Problem> {
    command.about_waybill_as_seen(&waybill_no).await?;
    let Reschedule { delivery_date, timeslot, reason, occurred_at } = wish;
    let message = RescheduleWaybill { waybill_no, delivery_date, timeslot, reason, occurred_at };
    command.send(&message).await
}
