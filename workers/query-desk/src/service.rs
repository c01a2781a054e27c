//! Answers about returns, cases and the story of sales orders, and to whom. They are asked for seldom: there
//! is no cache.
//!
//! Never here: a statement.

use ::store::{Database, StoreError};
use contracts::{QueryAnswer, ReturnRef, ReturnStanding, SalesOrderView, Source, WaybillNo};
use uuid::Uuid;

use crate::scope::Scope;
use crate::store::sales_orders as story;
use crate::store::service::{self as rows, FoundReturn};

/// A return, as far as the asker may see it.
pub(crate) async fn customer_return(
    database: &Database,
    scope: &Scope,
    source: &Source,
    return_ref: &ReturnRef,
) -> Result<QueryAnswer, StoreError> {
    let found = rows::customer_return(database, source, return_ref).await?;
    let shown = found.and_then(|found| narrow(scope, found));
    Ok(shown.map_or(QueryAnswer::NotFound, |standing| QueryAnswer::Return(Box::new(standing))))
}

/// A merchant is shown the lines with its own goods alone, and neither who gives back nor what fetches it: that
/// is other merchants' too.
fn narrow(scope: &Scope, found: FoundReturn) -> Option<ReturnStanding> {
    let FoundReturn { mut standing, merchants } = found;
    let sees = match scope {
        Scope::All => true,
        Scope::Customer(customer) => standing.customer_ref.as_ref() == Some(customer),
        Scope::Source(source) => standing.source == *source,
        Scope::Merchant(merchant) => {
            let is_own =
                |line_no| merchants.get(&line_no).is_some_and(|all| all.contains(merchant));
            standing.lines.retain(|line| is_own(line.line_no));
            (standing.customer_ref, standing.reason) = (None, None);
            standing.waybills.clear();
            !standing.lines.is_empty()
        }
        Scope::Nothing => false,
    };
    sees.then_some(standing)
}

/// A case: for staff alone.
pub(crate) async fn service_case(
    database: &Database,
    scope: &Scope,
    case_id: Uuid,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let found = rows::service_case(database, case_id).await?;
    Ok(found.map_or(QueryAnswer::NotFound, |view| QueryAnswer::Case(Box::new(view))))
}

/// All sales orders of a waybill, and who changed them: for staff alone.
pub(crate) async fn sales_orders(
    database: &Database,
    scope: &Scope,
    waybill_no: WaybillNo,
) -> Result<QueryAnswer, StoreError> {
    if !scope.is_all() {
        return Ok(QueryAnswer::NotFound);
    }
    let orders = story::orders(database, &waybill_no).await?;
    if orders.is_empty() {
        return Ok(QueryAnswer::NotFound);
    }
    let history = story::history(database, &waybill_no).await?;
    let view = SalesOrderView { waybill_no, orders, history };
    Ok(QueryAnswer::SalesOrder(Box::new(view)))
}
