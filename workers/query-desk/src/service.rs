//! Answers about returns, cases and the story of sales orders, and to whom. They are asked for seldom: there
//! is no cache.
//!
//! Never here: a statement.

use std::ops::Range;

use ::store::{Database, StoreError};
use contracts::{
    Merchant, QueryAnswer, ReturnLineStanding, ReturnRef, ReturnStanding, ReturnVerdict,
    SalesOrderView, Source, WaybillNo,
};
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

/// A merchant is shown its own goods alone, and neither who gives back nor what fetches it: that is other
/// merchants' too.
fn narrow(scope: &Scope, found: FoundReturn) -> Option<ReturnStanding> {
    let FoundReturn { mut standing, owners } = found;
    let sees = match scope {
        Scope::All => true,
        Scope::Customer(customer) => standing.customer_ref.as_ref() == Some(customer),
        Scope::Source(source) => standing.source == *source,
        Scope::Merchant(merchant) => {
            let own = |line: ReturnLineStanding| {
                let owners = owners.get(&line.line_no)?;
                units_of(merchant, line, owners)
            };
            standing.lines = standing.lines.into_iter().filter_map(own).collect();
            (standing.customer_ref, standing.reason) = (None, None);
            standing.waybills.clear();
            !standing.lines.is_empty()
        }
        Scope::Nothing => false,
    };
    sees.then_some(standing)
}

/// What a line has of this merchant's units; `owners` are those of its parts. Where several merchants sell the
/// same article nobody knows whose units arrived: they are given to the parts in their order, as orders count
/// them.
fn units_of(
    merchant: &Merchant,
    line: ReturnLineStanding,
    owners: &[Merchant],
) -> Option<ReturnLineStanding> {
    if owners.iter().all(|owner| owner == merchant) {
        return Some(line);
    }
    let after = |before: u32, units: u32| before..before.saturating_add(units);
    let damaged = line.received.saturating_sub(line.damaged)..line.received;
    let written_off = after(line.restocked, line.written_off);
    let refused = after(written_off.end, line.refused);
    let mut own = ReturnLineStanding {
        requested: 0,
        parts: Vec::new(),
        received: 0,
        damaged: 0,
        restocked: 0,
        written_off: 0,
        refused: 0,
        ..line.clone()
    };
    let mut next = 0;
    for (part, owner) in line.parts.into_iter().zip(owners) {
        let units = after(next, part.quantity);
        next = units.end;
        if owner == merchant {
            own.requested += part.quantity;
            own.received += shared(&(0..line.received), &units);
            own.damaged += shared(&damaged, &units);
            own.restocked += shared(&(0..line.restocked), &units);
            own.written_off += shared(&written_off, &units);
            own.refused += shared(&refused, &units);
            own.parts.push(part);
        }
    }
    // that others sell it is not told either
    let is_one = own.parts.len() == 1;
    own.verdict = if is_one { ReturnVerdict::Matched } else { ReturnVerdict::Spread };
    (!own.parts.is_empty()).then_some(own)
}

/// Units that are in both.
fn shared(one: &Range<u32>, other: &Range<u32>) -> u32 {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
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
