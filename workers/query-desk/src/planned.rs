//! Answers about decisions, routes and proposals: for staff alone. They are asked for seldom, by people who
//! want to see what is so now: there is no cache.
//!
//! Never here: a statement.

use std::collections::BTreeSet;

use ::store::{Database, StoreError};
use contracts::{
    DecisionHistory, QueryAnswer, RouteId, RouteList, RouteStop, RouteView, StoredDecision,
    WaybillNo,
};
use serde_json::Value;
use uuid::Uuid;

use crate::scope::Scope;
use crate::store::planned::{self as rows, Carried, Wanted};

/// Most decisions of one answer: at some 6 KB each they fit into a message.
const DECISIONS_MAX: usize = 50;
/// Most waybills of one answer.
const CARRIED_MAX: usize = 2_000;

/// Why a waybill is where it is, from its first decision on.
pub(crate) async fn decisions(
    database: &Database,
    scope: &Scope,
    waybill_no: WaybillNo,
    after_version: u64,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let mut decisions = rows::decisions(database, &waybill_no, after_version).await?;
    if decisions.is_empty() && !rows::is_known(database, &waybill_no).await? {
        return Ok(QueryAnswer::NotFound);
    }
    let has_more = decisions.len() > DECISIONS_MAX;
    decisions.truncate(DECISIONS_MAX);
    let next = decisions.last().filter(|_| has_more).map(|last| last.version);
    let routes = rows::route_names(database, &mentioned(&decisions)).await?;
    let history = DecisionHistory { waybill_no, decisions, routes, next };
    Ok(QueryAnswer::Decisions(Box::new(history)))
}

/// The routes that explanations speak of: every id under a key `route`.
fn mentioned(decisions: &[StoredDecision]) -> BTreeSet<RouteId> {
    let mut found = BTreeSet::new();
    for decision in decisions {
        // what does not read is shown as it is
        if let Ok(value) = serde_json::from_str(&decision.explanation) {
            collect_routes(&value, &mut found);
        }
    }
    found
}

fn collect_routes(value: &Value, found: &mut BTreeSet<RouteId>) {
    match value {
        Value::Object(fields) => {
            let id = fields.get("route").and_then(Value::as_str);
            found.extend(id.and_then(|id| Uuid::try_parse(id).ok()).map(RouteId));
            fields.values().for_each(|field| collect_routes(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_routes(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The routes of a day that fit, by name.
pub(crate) async fn routes(
    database: &Database,
    scope: &Scope,
    wanted: Wanted<'_>,
    limit: u16,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let mut routes = rows::routes(database, wanted).await?;
    let limit = usize::from(limit);
    let has_more = routes.len() > limit;
    routes.truncate(limit);
    let next = routes.last().filter(|_| has_more).map(|last| last.route_ref.clone());
    Ok(QueryAnswer::Routes(Box::new(RouteList { routes, next })))
}

/// A route with what is on it.
pub(crate) async fn route(
    database: &Database,
    scope: &Scope,
    route_ref: &str,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let Some(found) = rows::route(database, route_ref).await? else {
        return Ok(QueryAnswer::NotFound);
    };
    let carried = rows::carried(database, found.head.route_id).await?;
    let omitted = u32::try_from(carried.len().saturating_sub(CARRIED_MAX)).unwrap_or(u32::MAX);
    let tour = tour(carried.into_iter().take(CARRIED_MAX));
    let rows::FoundRoute { head, truck, depot_position } = found;
    let view = RouteView { head, truck, depot_position, tour, omitted };
    Ok(QueryAnswer::Route(Box::new(view)))
}

/// Waybills in the order of their doors, put together door by door.
fn tour(carried: impl Iterator<Item = Carried>) -> Vec<RouteStop> {
    let mut tour: Vec<RouteStop> = Vec::new();
    for Carried { stop, seq, district, position, waybill } in carried {
        match tour.last_mut().filter(|last| last.stop == stop) {
            Some(last) => last.waybills.push(waybill),
            None => tour.push(RouteStop { stop, seq, district, position, waybills: vec![waybill] }),
        }
    }
    tour
}

/// What a proposal would come to.
pub(crate) async fn proposal(
    database: &Database,
    scope: &Scope,
    proposal_id: Uuid,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let found = rows::proposal(database, proposal_id).await?;
    Ok(found.map_or(QueryAnswer::NotFound, |view| QueryAnswer::Proposal(Box::new(view))))
}
