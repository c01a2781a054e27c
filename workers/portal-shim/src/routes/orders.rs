//! Orders: creating one or many, amending, cancelling, showing.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use contracts::{
    AmendOrder, AmendedDestination, AmendedLine, CancelOrder, CreateOrder, CreateOrders,
    MAX_MESSAGE_BYTES, MAX_ORDER_LINES, OrderRef, OrderView, Query, QueryAnswer, Role, Source,
    Timestamp,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::Gateway;
use crate::inflow::Inflow;
use crate::openapi::Schemas;
use crate::parts;
use crate::permit::{EVERYBODY, Rule, SERVICE};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{Path, Payload};
use crate::throttle::Class;

/// Orders of one request at most.
const ORDERS_MAX: usize = 2_000;
/// Bytes of a batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of the orders of one message; its frame takes a few more.
const MESSAGE_BYTES: usize = MAX_MESSAGE_BYTES - 192;

/// Customers change their own orders.
const OWNERS: &[Role] =
    &[Role::Customer, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];

/// Who may do what. Shops send theirs over the broker or the hot folder.
pub(crate) fn rules() -> Vec<Rule> {
    let post = |path, roles| Rule::commands(Method::POST, path, roles, Class::Normal);
    vec![
        post("/v1/orders", SERVICE),
        post("/v1/orders/batch", SERVICE),
        Rule::shows("/v1/orders/{source}/{order_ref}", EVERYBODY, Class::Normal),
        Rule::commands(Method::PATCH, "/v1/orders/{source}/{order_ref}", OWNERS, Class::Normal),
        post("/v1/orders/{source}/{order_ref}/cancel", OWNERS),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(create))
        .routes(routes!(create_many))
        .routes(routes!(show, amend))
        .routes(routes!(cancel))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<CreateOrder>().add::<Orders>().add::<OrderView>();
    schemas.add::<Amendment>().add::<Cancellation>();
}

/// Create an order. It is taken as a whole or not at all; every error is told at once.
#[utoipa::path(
    post, path = "/v1/orders", tag = "orders", operation_id = "createOrder",
    request_body = ref("#/components/schemas/CreateOrder"),
    responses(
        (status = 201, description = "Created", body = ref("#/components/schemas/Operation"),
         headers(("Location" = String, description = "Where the order is"))),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn create(
    State(inflow): State<Inflow>,
    command: Command,
    Payload(order): Payload<CreateOrder>,
) -> Result<Response, Problem> {
    inflow.one()?;
    let path = path_of(&order.source, &order.order_ref);
    command.create(&order, &path).await
}

/// Several orders.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Orders {
    /// The orders, 1 to 2,000.
    #[schemars(length(min = 1, max = 2_000))]
    orders: Vec<CreateOrder>,
}

/// Create several orders: one operation, decided order by order. At most 2,000 orders and 4 MiB; more than
/// 2,000 lines in all make several messages and need an Idempotency-Key; the first message is carried out
/// before the others are sent.
#[utoipa::path(
    post, path = "/v1/orders/batch", tag = "orders", operation_id = "createOrders",
    request_body = ref("#/components/schemas/Orders"),
    responses(
        (status = 200, description = "Done; see `items`", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn create_many(
    State(inflow): State<Inflow>,
    command: Command,
    Payload(Orders { orders }): Payload<Orders, BATCH_BYTES>,
) -> Result<Response, Problem> {
    if !(1..=ORDERS_MAX).contains(&orders.len()) {
        let message = format!("{} orders: 1 to {ORDERS_MAX} are taken at once", orders.len());
        return Err(Problem::invalid_field("orders", message));
    }
    inflow.many(orders.len())?;
    let batches = split(orders).into_iter();
    parts::send(command, parts::in_order(batches.map(|batch| (batch.orders.len(), batch)))).await
}

/// Batches that are each within the limits of a message, in the order of the orders.
fn split(orders: Vec<CreateOrder>) -> Vec<CreateOrders> {
    let mut batches: Vec<CreateOrders> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    for order in orders {
        // every part of it has a JSON form
        let size = serde_json::to_vec(&order).map_or(0, |json| json.len() + 1);
        let fits = lines + order.lines.len() <= MAX_ORDER_LINES && bytes + size <= MESSAGE_BYTES;
        match batches.last_mut().filter(|_| fits) {
            Some(batch) => {
                lines += order.lines.len();
                bytes += size;
                batch.orders.push(order);
            }
            None => {
                (lines, bytes) = (order.lines.len(), size);
                batches.push(CreateOrders { orders: vec![order], whole: None });
            }
        }
    }
    batches
}

/// How far an order is, with its waybills. Merchants see the part that is theirs.
#[utoipa::path(
    get, path = "/v1/orders/{source}/{order_ref}", tag = "orders", operation_id = "showOrder",
    params(
        ("source" = String, Path, description = "Who sent it"),
        ("order_ref" = String, Path, description = "Its number there"),
    ),
    responses((status = 200, description = "The order", body = ref("#/components/schemas/OrderView"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path((source, order_ref)): Path<(Source, OrderRef)>,
) -> Result<Response, Problem> {
    let query = Query::Order { source, order_ref };
    let QueryAnswer::Order(view) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("order"));
    };
    had.answer(view.standing.version, &view)
}

/// What to change of an order: quantities, or the destination.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Amendment {
    /// New quantities, each line once; absent for a new destination.
    #[serde(default)]
    lines: Vec<AmendedLine>,
    /// A new destination; absent for new quantities.
    #[serde(default)]
    destination: Option<AmendedDestination>,
    /// Why, for people; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// When it was asked for.
    occurred_at: Timestamp,
}

/// Amend an order. Show it first and send its ETag as If-Match (428 without). The outcome is `accepted`: the
/// workers that hold the waybills decide, and the order tells what came of it.
#[utoipa::path(
    patch, path = "/v1/orders/{source}/{order_ref}", tag = "orders", operation_id = "amendOrder",
    params(
        ("source" = String, Path, description = "Who sent it"),
        ("order_ref" = String, Path, description = "Its number there"),
        ("If-Match" = String, Header, min_length = 3, pattern = r#"^"[0-9]{1,18}(-[0-9a-f]{16})?"$"#,
         description = "The ETag of the order as you have seen it"),
    ),
    request_body = ref("#/components/schemas/Amendment"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "Taken on", body = ref("#/components/schemas/Operation")),
        (status = 428, description = "If-Match is missing", body = ref("#/components/schemas/Problem"),
         content_type = "application/problem+json"),
    ),
)]
async fn amend(
    command: Command,
    Path((source, order_ref)): Path<(Source, OrderRef)>,
    Payload(amendment): Payload<Amendment>,
) -> Result<Response, Problem> {
    let expected_version = command.if_match.required()?;
    let Amendment { lines, destination, reason, occurred_at } = amendment;
    let message =
        AmendOrder { source, order_ref, expected_version, lines, destination, reason, occurred_at };
    command.send(&message).await
}

/// What to cancel of an order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// The line; absent: all of it.
    #[serde(default)]
    line_no: Option<u32>,
    /// Why, for people; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// When it was asked for.
    occurred_at: Timestamp,
}

/// Cancel an order, or one line of it. Every waybill concerned is decided by itself.
#[utoipa::path(
    post, path = "/v1/orders/{source}/{order_ref}/cancel", tag = "orders", operation_id = "cancelOrder",
    params(
        ("source" = String, Path, description = "Who sent it"),
        ("order_ref" = String, Path, description = "Its number there"),
    ),
    request_body = ref("#/components/schemas/Cancellation"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "Taken on", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn cancel(
    command: Command,
    Path((source, order_ref)): Path<(Source, OrderRef)>,
    Payload(cancellation): Payload<Cancellation>,
) -> Result<Response, Problem> {
    let expected_version = command.seen();
    let Cancellation { line_no, reason, occurred_at } = cancellation;
    let message = CancelOrder { source, order_ref, line_no, reason, expected_version, occurred_at };
    command.send(&message).await
}

/// Where an order is.
fn path_of(source: &Source, order_ref: &OrderRef) -> String {
    let segment = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("/v1/orders/{}/{}", segment(source.as_str()), segment(order_ref.as_str()))
}
