//! The routes of trucks, as dispatchers work with them: the list of a day, one with its stops, locking and
//! dispatching it, trucks that break down, quotas that are counted again.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use chrono::NaiveDate;
use contracts::{
    Broken, DepotCode, DispatchRoute, LockRoute, Recalculate, ReportBreakdown, Role, RouteList,
    RouteState, RouteView, TimeslotCode, Timestamp, ZoneCode,
};
use contracts::{Query as Question, QueryAnswer};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::page::{Page, Parameters};
use crate::permit::{Rule, STAFF, Who};
use crate::portal::Portal;
use crate::precondition::{IfMatch, IfNoneMatch};
use crate::problem::Problem;
use crate::query::{Path, Payload, Query};
use crate::throttle::Class;

/// Who says what routes do.
const DISPATCHERS: &[Role] = &[Role::Dispatcher, Role::Operator, Role::Admin];
/// Who says which trucks there are.
const PLANNERS: &[Role] = &[Role::Dispatcher, Role::CsSupervisor, Role::Operator, Role::Admin];

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    let post = |path, roles| Rule::commands(Method::POST, path, roles, Class::First);
    vec![
        Rule::other(Method::GET, "/v1/routes", Who::Roles(STAFF), Class::Low),
        Rule::shows("/v1/routes/{route_ref}", STAFF, Class::Normal),
        post("/v1/routes/{route_ref}/lock", DISPATCHERS),
        post("/v1/routes/{route_ref}/dispatch", DISPATCHERS),
        post("/v1/breakdowns", PLANNERS),
        post("/v1/quotas/recalculate", PLANNERS),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(lock))
        .routes(routes!(dispatch))
        .routes(routes!(break_down))
        .routes(routes!(recalculate))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas
        .add::<RouteList>()
        .add::<RouteView>()
        .add::<Moment>()
        .add::<ReportBreakdown>()
        .add::<Recalculate>();
}

/// Which routes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The day
    #[param(value_type = String, format = Date)]
    #[serde(deserialize_with = "contracts::read_date")]
    delivery_date: NaiveDate,
    /// Only those of this depot
    #[param(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    depot: Option<DepotCode>,
    /// Only those of this window
    #[param(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    timeslot: Option<TimeslotCode>,
    /// Only those that serve this zone
    #[param(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    zone: Option<ZoneCode>,
    /// Only those that are here in their life: OPEN, LOCKED, DISPATCHED, CLOSED
    #[param(value_type = Option<String>, pattern = "^(OPEN|LOCKED|DISPATCHED|CLOSED)$")]
    status: Option<RouteState>,
}

/// The routes of a day by their names, page by page.
#[utoipa::path(
    get, path = "/v1/routes", tag = "routes", operation_id = "listRoutes",
    params(Wanted, Parameters),
    responses((status = 200, description = "Routes", body = ref("#/components/schemas/RouteList"))),
)]
async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    page: Page,
) -> Result<Response, Problem> {
    let Wanted { delivery_date, depot, timeslot, zone, status } = wanted;
    let (after, limit) = (page.cursor.clone(), page.limit);
    let query = Question::Routes { delivery_date, depot, timeslot, zone, status, after, limit };
    let QueryAnswer::Routes(found) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("route"));
    };
    Ok(page.answer_list(&found, found.next.clone()))
}

async fn look(
    gateway: &Gateway,
    caller: &Caller,
    route_ref: &str,
) -> Result<Box<RouteView>, Problem> {
    let query = Question::Route { route_ref: route_ref.to_owned() };
    let QueryAnswer::Route(view) = gateway.ask(caller, &query).await? else {
        return Err(Problem::not_found("route"));
    };
    Ok(view)
}

/// A route with its truck, its stops in the order of driving and what goes to each.
#[utoipa::path(
    get, path = "/v1/routes/{route_ref}", tag = "routes", operation_id = "showRoute",
    params(("route_ref" = String, Path, description = "Its name", pattern = "^[!-~]{1,128}$")),
    responses((status = 200, description = "The route", body = ref("#/components/schemas/RouteView"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path(route_ref): Path<String>,
) -> Result<Response, Problem> {
    let view = look(&gateway, &caller, &route_ref).await?;
    had.answer(view.head.version, &view)
}

/// When something was decided.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Moment {
    /// When it was decided.
    occurred_at: Timestamp,
}

/// Whether the route is the version that the caller has seen, if it says one.
async fn check(gateway: &Gateway, command: &Command, route_ref: &str) -> Result<(), Problem> {
    if command.if_match == IfMatch::Any {
        return Ok(());
    }
    let view = look(gateway, &command.caller, route_ref).await?;
    command.if_match.check(view.head.version)
}

/// Lock a route: it is being picked, nothing is added or taken by planning any more; what is held leaves it.
#[utoipa::path(
    post, path = "/v1/routes/{route_ref}/lock", tag = "routes", operation_id = "lockRoute",
    params(("route_ref" = String, Path, description = "Its name", pattern = "^[!-~]{1,128}$")),
    request_body = ref("#/components/schemas/Moment"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn lock(
    State(gateway): State<Gateway>,
    command: Command,
    Path(route_ref): Path<String>,
    Payload(Moment { occurred_at }): Payload<Moment>,
) -> Result<Response, Problem> {
    check(&gateway, &command, &route_ref).await?;
    command.send(&LockRoute { route_ref, occurred_at }).await
}

/// Say that a truck left: what was not loaded has missed it.
#[utoipa::path(
    post, path = "/v1/routes/{route_ref}/dispatch", tag = "routes", operation_id = "dispatchRoute",
    params(("route_ref" = String, Path, description = "Its name", pattern = "^[!-~]{1,128}$")),
    request_body = ref("#/components/schemas/Moment"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn dispatch(
    State(gateway): State<Gateway>,
    command: Command,
    Path(route_ref): Path<String>,
    Payload(Moment { occurred_at }): Payload<Moment>,
) -> Result<Response, Problem> {
    check(&gateway, &command, &route_ref).await?;
    command.send(&DispatchRoute { route_ref, occurred_at }).await
}

/// Say that trucks cannot drive: so many of a type in one window of one day, or the truck of one route.
/// Planning finds others, or other places for what they carry.
#[utoipa::path(
    post, path = "/v1/breakdowns", tag = "routes", operation_id = "reportBreakdown",
    request_body = ref("#/components/schemas/ReportBreakdown"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn break_down(
    State(gateway): State<Gateway>,
    command: Command,
    Payload(report): Payload<ReportBreakdown>,
) -> Result<Response, Problem> {
    if let Broken::TruckOf { route_ref } = &report.broken {
        check(&gateway, &command, route_ref).await?;
    }
    command.send(&report).await
}

/// Compare the ledger of quotas with the quotas and both with the places on routes, and mend what differs:
/// `items` has a line for each difference.
#[utoipa::path(
    post, path = "/v1/quotas/recalculate", tag = "routes", operation_id = "recalculateQuotas",
    request_body = ref("#/components/schemas/Recalculate"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn recalculate(
    command: Command,
    Payload(wish): Payload<Recalculate>,
) -> Result<Response, Problem> {
    command.send(&wish).await
}
