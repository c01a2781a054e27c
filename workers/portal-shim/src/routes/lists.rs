//! Lists: orders, waybills (of a merchant: its work list), and the story of one waybill.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use chrono::NaiveDate;
use contracts::{
    DepotCode, Merchant, OrderFilter, OrderList, OrderStatus, Query, QueryAnswer, Source, Timeline,
    Timestamp, WaybillFilter, WaybillKind, WaybillList, WaybillNo, WaybillStatus,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::Ref;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::page::{Page, Parameters};
use crate::permit::{EVERYBODY, Rule, Who};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{self, Path};
use crate::throttle::Class;

/// Who may do what. Everybody may list: what is listed is the caller's.
pub(crate) fn rules() -> Vec<Rule> {
    let lists = |path| Rule::other(Method::GET, path, Who::Roles(EVERYBODY), Class::Low);
    vec![
        lists("/v1/orders"),
        lists("/v1/waybills"),
        Rule::shows("/v1/waybills/{waybill_no}/timeline", EVERYBODY, Class::Normal),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(orders))
        .routes(routes!(waybills))
        .routes(routes!(timeline))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<OrderList>().add::<WaybillList>().add::<Timeline>();
    schemas.add::<OrderStatus>().add::<WaybillStatus>().add::<WaybillKind>();
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrdersAsked {
    /// Only those with a line of this merchant
    #[param(value_type = Option<String>, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    merchant: Option<Merchant>,
    /// Only those that came from here
    #[param(value_type = Option<String>, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<Source>,
    /// Only those that are here in their life
    #[param(schema_with = order_status)]
    status: Option<OrderStatus>,
    /// Only those promised for this day
    #[param(value_type = Option<String>, format = Date)]
    #[serde(default, deserialize_with = "contracts::read_optional_date")]
    delivery_date: Option<NaiveDate>,
    /// Only those that changed then or later
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<Timestamp>,
}

/// List orders, the newest first.
#[utoipa::path(
    get, path = "/v1/orders", tag = "orders", operation_id = "listOrders",
    params(OrdersAsked, Parameters),
    responses((status = 200, description = "A page", body = ref("#/components/schemas/OrderList"))),
)]
async fn orders(
    State(gateway): State<Gateway>,
    caller: Caller,
    page: Page,
    query::Query(asked): query::Query<OrdersAsked>,
) -> Result<Response, Problem> {
    let OrdersAsked { merchant, source, status, delivery_date, updated_since } = asked;
    let filter = OrderFilter { merchant, source, status, delivery_date, updated_since };
    let query = Query::Orders { filter, after: page.after()?, limit: page.limit };
    let QueryAnswer::Orders(list) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("list"));
    };
    Ok(page.answer_list(&list, list.next.map(|next| next.to_string())))
}

/// Which waybills.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WaybillsAsked {
    /// Only those with goods of this merchant
    #[param(value_type = Option<String>, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    merchant: Option<Merchant>,
    /// Only those whose order came from here
    #[param(value_type = Option<String>, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<Source>,
    /// Only those that stand here
    #[param(schema_with = waybill_status)]
    status: Option<WaybillStatus>,
    /// Only those that exist for this
    #[param(schema_with = waybill_kind)]
    kind: Option<WaybillKind>,
    /// Only those promised for this day
    #[param(value_type = Option<String>, format = Date)]
    #[serde(default, deserialize_with = "contracts::read_optional_date")]
    delivery_date: Option<NaiveDate>,
    /// Only those that this depot delivers
    #[param(value_type = Option<String>, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    depot: Option<DepotCode>,
    /// Only those that are held, or only those that are not
    held: Option<bool>,
    /// Only those that changed then or later
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<Timestamp>,
    /// True: only what a merchant has to see to, acknowledging and picking
    work: Option<bool>,
}

/// List waybills, the newest first. With `work=true` it is a merchant's work list.
#[utoipa::path(
    get, path = "/v1/waybills", tag = "waybills", operation_id = "listWaybills",
    params(WaybillsAsked, Parameters),
    responses((status = 200, description = "A page", body = ref("#/components/schemas/WaybillList"))),
)]
async fn waybills(
    State(gateway): State<Gateway>,
    caller: Caller,
    page: Page,
    query::Query(asked): query::Query<WaybillsAsked>,
) -> Result<Response, Problem> {
    let filter = WaybillFilter {
        merchant: asked.merchant,
        source: asked.source,
        status: asked.status,
        kind: asked.kind,
        delivery_date: asked.delivery_date,
        depot: asked.depot,
        held: asked.held,
        updated_since: asked.updated_since,
        work: asked.work.unwrap_or_default(),
    };
    let query =
        Query::Waybills { filter: Box::new(filter), after: page.after()?, limit: page.limit };
    let QueryAnswer::Waybills(list) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("list"));
    };
    Ok(page.answer_list(&list, list.next.map(|next| next.to_string())))
}

/// What happened to a waybill, the first thing first: reports, places, holds, sales orders.
#[utoipa::path(
    get, path = "/v1/waybills/{waybill_no}/timeline", tag = "waybills", operation_id = "showTimeline",
    params(("waybill_no" = String, Path, description = "Its number")),
    responses((status = 200, description = "Its story", body = ref("#/components/schemas/Timeline"))),
)]
async fn timeline(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path(waybill_no): Path<WaybillNo>,
) -> Result<Response, Problem> {
    let QueryAnswer::Timeline(timeline) =
        gateway.ask(&caller, &Query::Timeline { waybill_no }).await?
    else {
        return Err(Problem::not_found("waybill"));
    };
    let newest = timeline.steps.iter().map(|step| step.version).max().unwrap_or_default();
    had.answer(newest, &timeline)
}

fn named(schema: &str, description: &str) -> Ref {
    let mut named = Ref::from_schema_name(schema);
    named.description = description.to_owned();
    named
}

fn order_status() -> Ref {
    named("OrderStatus", "Only those that are here in their life")
}

fn waybill_status() -> Ref {
    named("WaybillStatus", "Only those that stand here")
}

fn waybill_kind() -> Ref {
    named("WaybillKind", "Only those that exist for this")
}
