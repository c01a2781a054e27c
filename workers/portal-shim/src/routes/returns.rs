//! Returns: asking for one, deciding about it, receiving and inspecting what came, showing it.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use chrono::NaiveDate;
use contracts::{
    ApproveReturn, CancelReturn, CloseReturn, InspectionLine, Query, QueryAnswer, ReceiptLine,
    RecordReturnInspection, RecordReturnReceipt, RejectReturn, RequestReturn, ReturnRef,
    ReturnStanding, Role, Source, TimeslotCode, Timestamp,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::{EVERYBODY, Rule, SERVICE};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{Path, Payload};
use crate::throttle::Class;

/// Who asks for returns.
const ASKERS: &[Role] = &[
    Role::Customer,
    Role::Merchant,
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Operator,
    Role::Admin,
];
/// Who takes one back.
const OWNERS: &[Role] =
    &[Role::Customer, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];
/// Who says what arrived and what it is worth.
const RECEIVERS: &[Role] =
    &[Role::Warehouse, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    let post = |path, roles| Rule::commands(Method::POST, path, roles, Class::Normal);
    vec![
        post("/v1/returns", ASKERS),
        Rule::shows("/v1/returns/{source}/{return_ref}", EVERYBODY, Class::Normal),
        post("/v1/returns/{source}/{return_ref}/approve", SERVICE),
        post("/v1/returns/{source}/{return_ref}/reject", SERVICE),
        post("/v1/returns/{source}/{return_ref}/cancel", OWNERS),
        post("/v1/returns/{source}/{return_ref}/receipts", RECEIVERS),
        post("/v1/returns/{source}/{return_ref}/inspections", RECEIVERS),
        post("/v1/returns/{source}/{return_ref}/close", SERVICE),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(request))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(cancel))
        .routes(routes!(receive))
        .routes(routes!(inspect))
        .routes(routes!(close))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas
        .add::<RequestReturn>()
        .add::<ReturnStanding>()
        .add::<Approval>()
        .add::<Rejection>()
        .add::<TakenBack>()
        .add::<Receipt>()
        .add::<Inspection>()
        .add::<Closing>();
}

/// Which return, as its address says it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Key {
    /// Who sent it
    #[param(value_type = String)]
    source: Source,
    /// Its number there
    #[param(value_type = String)]
    return_ref: ReturnRef,
}

/// Where a return is shown.
fn path_of(source: &Source, return_ref: &ReturnRef) -> String {
    let return_ref = utf8_percent_encode(return_ref.as_str(), NON_ALPHANUMERIC);
    format!("/v1/returns/{source}/{return_ref}")
}

async fn look(
    gateway: &Gateway,
    caller: &Caller,
    Key { source, return_ref }: &Key,
) -> Result<Box<ReturnStanding>, Problem> {
    let query = Query::Return { source: source.clone(), return_ref: return_ref.clone() };
    let QueryAnswer::Return(standing) = gateway.ask(caller, &query).await? else {
        return Err(Problem::not_found("return"));
    };
    Ok(standing)
}

/// Looks whether the caller may know of the return. Which version it is its worker knows.
async fn about(gateway: &Gateway, command: &Command, key: &Key) -> Result<(), Problem> {
    if !command.caller.is_scoped() {
        return Ok(());
    }
    look(gateway, &command.caller, key).await.map(drop)
}

/// Ask for a return. Every line gets its verdict in `items`; the lines that match what was delivered make the
/// return, and without one there is none. Customers and merchants ask for their own goods.
#[utoipa::path(
    post, path = "/v1/returns", tag = "returns", operation_id = "requestReturn",
    request_body = ref("#/components/schemas/RequestReturn"),
    responses(
        (status = 201, description = "There is a return", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn request(
    command: Command,
    Payload(wish): Payload<RequestReturn>,
) -> Result<Response, Problem> {
    let path = path_of(&wish.source, &wish.return_ref);
    command.create(&wish, &path).await
}

/// How far a return is: what was asked for, what arrived, what became of it. Merchants see their own units
/// alone; of a line with those of several merchants, as many as the orders count for them.
#[utoipa::path(
    get, path = "/v1/returns/{source}/{return_ref}", tag = "returns", operation_id = "showReturn",
    params(Key),
    responses((status = 200, description = "The return", body = ref("#/components/schemas/ReturnStanding"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path(key): Path<Key>,
) -> Result<Response, Problem> {
    let standing = look(&gateway, &caller, &key).await?;
    had.answer(standing.version, &standing)
}

/// A yes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// The day on which the goods are fetched; absent: the customer drops them off, or the day after the
    /// request where the source's returns are fetched.
    #[serde(default, deserialize_with = "contracts::read_optional_date")]
    pickup_date: Option<NaiveDate>,
    /// The window; absent: that of the order.
    #[serde(default)]
    timeslot: Option<TimeslotCode>,
    /// When it was decided.
    occurred_at: Timestamp,
}

/// Approve a return: the waybills that fetch it are made.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/approve", tag = "returns",
    operation_id = "approveReturn",
    params(Key),
    request_body = ref("#/components/schemas/Approval"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn approve(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(approval): Payload<Approval>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let (Key { source, return_ref }, Approval { pickup_date, timeslot, occurred_at }) =
        (key, approval);
    let message =
        ApproveReturn { source, return_ref, pickup_date, timeslot, expected_version, occurred_at };
    command.send(&message).await
}

/// A no.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rejection {
    /// Why, 1 to 500 bytes.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// When it was decided.
    occurred_at: Timestamp,
}

/// Reject a return.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/reject", tag = "returns", operation_id = "rejectReturn",
    params(Key),
    request_body = ref("#/components/schemas/Rejection"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn reject(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(Rejection { reason, occurred_at }): Payload<Rejection>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let Key { source, return_ref } = key;
    command.send(&RejectReturn { source, return_ref, reason, expected_version, occurred_at }).await
}

/// A return that is not wanted any more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TakenBack {
    /// Why, for people; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// When it was decided.
    occurred_at: Timestamp,
}

/// Take a return back, before anything of it was collected.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/cancel", tag = "returns", operation_id = "cancelReturn",
    params(Key),
    request_body = ref("#/components/schemas/TakenBack"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn cancel(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(TakenBack { reason, occurred_at }): Payload<TakenBack>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let Key { source, return_ref } = key;
    command.send(&CancelReturn { source, return_ref, reason, expected_version, occurred_at }).await
}

/// What arrived.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Receipt {
    /// What arrived, each line once; may be empty when nothing more is awaited.
    #[serde(default)]
    #[schemars(length(max = 2_000))]
    lines: Vec<ReceiptLine>,
    /// True when nothing more is awaited.
    #[serde(default)]
    complete: bool,
    /// When.
    occurred_at: Timestamp,
}

/// Record what arrived of a return. There may be several receipts, each with a part.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/receipts", tag = "returns",
    operation_id = "recordReceipt",
    params(Key),
    request_body = ref("#/components/schemas/Receipt"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn receive(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(receipt): Payload<Receipt>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let (Key { source, return_ref }, Receipt { lines, complete, occurred_at }) = (key, receipt);
    let message =
        RecordReturnReceipt { source, return_ref, lines, complete, expected_version, occurred_at };
    command.send(&message).await
}

/// What was found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inspection {
    /// What becomes of the received units, each line once.
    #[schemars(length(min = 1, max = 2_000))]
    lines: Vec<InspectionLine>,
    /// When.
    occurred_at: Timestamp,
}

/// Record what the inspection of a return found. Lines may be inspected one after another.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/inspections", tag = "returns",
    operation_id = "recordInspection",
    params(Key),
    request_body = ref("#/components/schemas/Inspection"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn inspect(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(Inspection { lines, occurred_at }): Payload<Inspection>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let Key { source, return_ref } = key;
    command
        .send(&RecordReturnInspection { source, return_ref, lines, expected_version, occurred_at })
        .await
}

/// The end of a return.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// When it was decided.
    occurred_at: Timestamp,
}

/// Close a return that was inspected.
#[utoipa::path(
    post, path = "/v1/returns/{source}/{return_ref}/close", tag = "returns", operation_id = "closeReturn",
    params(Key),
    request_body = ref("#/components/schemas/Closing"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn close(
    State(gateway): State<Gateway>,
    command: Command,
    Path(key): Path<Key>,
    Payload(Closing { occurred_at }): Payload<Closing>,
) -> Result<Response, Problem> {
    about(&gateway, &command, &key).await?;
    let expected_version = command.seen();
    let Key { source, return_ref } = key;
    command.send(&CloseReturn { source, return_ref, expected_version, occurred_at }).await
}
