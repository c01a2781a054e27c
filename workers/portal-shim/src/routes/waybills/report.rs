//! Reports of what happened to waybills: one, or up to 10,000 at once.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use contracts::{
    Query, QueryAnswer, ReportStatus, ReportStatuses, Role, Timestamp, WaybillNo, WaybillStatus,
};
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::command::Command;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::parts;
use crate::permit::Rule;
use crate::portal::Portal;
use crate::problem::{Fault, Problem};
use crate::query::{Path, Payload};
use crate::throttle::Class;

/// Reports of one request at most.
const REPORTS_MAX: usize = 10_000;
/// Of a merchant, whose waybills are looked at one by one.
const REPORTS_OF_MERCHANT_MAX: usize = 500;
/// Bytes of a batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Waybills that are looked at at once.
const LOOKS: usize = 16;

/// The sorting station and the road report over the broker; the accounts of people are these.
const REPORTERS: &[Role] =
    &[Role::Merchant, Role::Warehouse, Role::CsAgent, Role::CsSupervisor, Role::Admin];

/// Who may do what.
pub(super) fn rules() -> Vec<Rule> {
    let post = |path| Rule::commands(Method::POST, path, REPORTERS, Class::First);
    vec![post("/v1/waybills/{waybill_no}/reports"), post("/v1/reports")]
}

/// The handlers.
pub(super) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(report)).routes(routes!(report_many))
}

/// The types of bodies.
pub(super) fn schemas(schemas: &mut Schemas) {
    schemas.add::<Report>().add::<Reports>();
}

/// What happened to a waybill.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Report {
    /// What happened. Merchants report ACKNOWLEDGED, PICKED and PACKED of what they pack themselves.
    status: WaybillStatus,
    /// The route place it belongs to (1 = the first), for what happens on the road.
    #[serde(default)]
    #[schemars(range(min = 1, max = 32))]
    attempt: Option<u16>,
    /// The number of the route it was on, for those who know no attempts.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    route_ref: Option<String>,
    /// When it happened.
    occurred_at: Timestamp,
    /// Why, for failures and losses; at most 500 bytes.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
}

/// Report what happened to a waybill. Reports may come in any order and more than once: the status follows
/// from all of them.
#[utoipa::path(
    post, path = "/v1/waybills/{waybill_no}/reports", tag = "waybills", operation_id = "reportStatus",
    params(("waybill_no" = String, Path, description = "Its number")),
    request_body = ref("#/components/schemas/Report"),
    responses(
        (status = 200, description = "Done", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn report(
    command: Command,
    Path(waybill_no): Path<WaybillNo>,
    Payload(report): Payload<Report>,
) -> Result<Response, Problem> {
    command.about_waybill(&waybill_no).await?;
    let expected_version = command.seen();
    let Report { status, attempt, route_ref, occurred_at, reason } = report;
    command
        .send(&ReportStatus {
            waybill_no,
            status,
            attempt,
            route_ref,
            expected_version,
            occurred_at,
            reason,
        })
        .await
}

/// Reports of many waybills.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reports {
    /// The reports, 1 to 10,000 (of a merchant 500).
    #[schemars(length(min = 1, max = 10_000))]
    reports: Vec<ReportStatus>,
}

/// Report what happened to many waybills: one operation, decided report by report. Bodies have at most 4 MiB;
/// more than 2,000 reports need an Idempotency-Key, and the first 2,000 are carried out before the others are
/// sent.
#[utoipa::path(
    post, path = "/v1/reports", tag = "waybills", operation_id = "reportStatuses",
    request_body = ref("#/components/schemas/Reports"),
    responses(
        (status = 200, description = "Done; see `items`", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn report_many(
    State(gateway): State<Gateway>,
    command: Command,
    Payload(Reports { reports }): Payload<Reports, BATCH_BYTES>,
) -> Result<Response, Problem> {
    if !(1..=REPORTS_MAX).contains(&reports.len()) {
        let message = format!("{} reports: 1 to {REPORTS_MAX} are taken at once", reports.len());
        return Err(Problem::invalid_field("reports", message));
    }
    if command.caller.is_scoped() {
        if reports.len() > REPORTS_OF_MERCHANT_MAX {
            return Err(too_many_of_merchant(reports.len()));
        }
        own_all(&gateway, &command, &reports).await?;
    }
    let batches = ReportStatuses::split(reports).into_iter();
    let parts = parts::in_order(batches.map(|batch| (batch.reports.len(), batch)));
    parts::send(command, parts).await
}

/// Others may send as many: it is not the form of the request that is wrong.
fn too_many_of_merchant(count: usize) -> Problem {
    let detail = format!(
        "{count} reports: of a merchant at most {REPORTS_OF_MERCHANT_MAX} are taken at once: split them"
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "TOO_MANY_ITEMS", detail)
}

/// The number of a waybill that the caller does not see.
async fn unless_own(
    gateway: &Gateway,
    command: &Command,
    waybill_no: WaybillNo,
) -> Result<Option<WaybillNo>, Problem> {
    let query = Query::Waybill { waybill_no: waybill_no.clone() };
    let answer = gateway.ask(&command.caller, &query).await?;
    Ok((!matches!(answer, QueryAnswer::Waybill(_))).then_some(waybill_no))
}

/// Whether every waybill is the caller's: what is not there and what is somebody else's are told alike, and
/// then nothing is sent.
async fn own_all(
    gateway: &Gateway,
    command: &Command,
    reports: &[ReportStatus],
) -> Result<(), Problem> {
    let numbers: BTreeSet<WaybillNo> =
        reports.iter().map(|report| report.waybill_no.clone()).collect();
    let looks = numbers.into_iter().map(|waybill_no| unless_own(gateway, command, waybill_no));
    let mut looks = stream::iter(looks).buffer_unordered(LOOKS);
    let mut unknown = BTreeSet::new();
    while let Some(look) = looks.next().await {
        unknown.extend(look?);
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let is_unknown = |(_, report): &(usize, &ReportStatus)| unknown.contains(&report.waybill_no);
    let faults = reports.iter().enumerate().filter(is_unknown).map(|(place, _)| Fault {
        field: Some(format!("reports[{place}].waybill_no")),
        line_no: None,
        code: "UNKNOWN_WAYBILL".to_owned(),
        message: "there is no such waybill of yours".to_owned(),
    });
    let detail = "some of these waybills are not yours or not there: nothing was reported";
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "UNKNOWN_WAYBILL", detail)
        .with(faults.collect()))
}
