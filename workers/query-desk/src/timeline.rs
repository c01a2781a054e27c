//! What happened to a waybill, from every owner's history, in one order of time. Staff sees all of it.
//! Everybody else sees what had an effect and what it said itself; of what others said only their role, for
//! names, addresses and free words are theirs.
//!
//! Read from the database: whoever asks wants to see what is so now. Never here: a statement.

use ::store::{Database, StoreError};
use contracts::{
    HoldReason, QueryAnswer, Role, Timeline, TimelineCause, TimelineHold, TimelineStep, WaybillNo,
};

use crate::asker::Asker;
use crate::parts::Parts;
use crate::progress::sees_waybill;
use crate::scope::Scope;
use crate::store::timeline::{self as rows, STEPS_MAX, Told};

/// The story of a waybill.
pub(crate) async fn timeline(
    database: &Database,
    parts: &Parts,
    asker: &Asker,
    waybill_no: WaybillNo,
) -> Result<QueryAnswer, StoreError> {
    if !sees_waybill(parts, asker, &waybill_no).await? {
        return Ok(QueryAnswer::NotFound);
    }
    let (events, places, sales_orders, holds) = tokio::try_join!(
        rows::events(database, &waybill_no),
        rows::places(database, &waybill_no),
        rows::sales_orders(database, &waybill_no),
        rows::holds(database, &waybill_no),
    )?;
    let is_cut = |count: usize| count > STEPS_MAX;
    let truncated =
        [events.len(), places.len(), sales_orders.len(), holds.len()].into_iter().any(is_cut);
    let told = [events, places, sales_orders].into_iter();
    let told = told.flat_map(|part| part.into_iter().take(STEPS_MAX));
    let mut steps: Vec<TimelineStep> = told.filter_map(|told| shown(asker, told)).collect();
    // what happened in one moment keeps the order of its owners
    steps.sort_by_key(|step| step.at);
    let holds = holds.into_iter().take(STEPS_MAX).map(|hold| shown_hold(asker, hold)).collect();
    Ok(QueryAnswer::Timeline(Box::new(Timeline { waybill_no, steps, holds, truncated })))
}

/// A step as the asker sees it, if it does.
fn shown(asker: &Asker, told: Told) -> Option<TimelineStep> {
    if asker.scope.is_all() || is_own(asker, &told) {
        return Some(told.step);
    }
    let step = told.step;
    let cause = TimelineCause { role: step.cause.role, ..TimelineCause::default() };
    (step.outcome == "APPLIED").then_some(TimelineStep { detail: None, cause, ..step })
}

/// True when the asker said it, or somebody who works for the same merchant.
fn is_own(asker: &Asker, told: &Told) -> bool {
    let TimelineCause { actor, role, .. } = &told.step.cause;
    let is_asker = actor.as_ref() == Some(&asker.subject);
    match (&asker.scope, role) {
        (Scope::All, _) => true,
        (Scope::Merchant(own), Some(Role::Merchant)) => {
            told.merchant.as_deref() == Some(own.as_str())
        }
        (Scope::Customer(_), Some(Role::Customer)) | (Scope::Source(_), Some(Role::Shop)) => {
            is_asker
        }
        (Scope::Merchant(_) | Scope::Customer(_) | Scope::Source(_) | Scope::Nothing, _) => false,
    }
}

/// A hold as the asker sees it: whose it is, where it is its own, and no suspicion.
fn shown_hold(asker: &Asker, hold: TimelineHold) -> TimelineHold {
    if asker.scope.is_all() || hold.owner.as_ref() == Some(&asker.subject) {
        return hold;
    }
    let told = |reason: HoldReason| match reason {
        HoldReason::HighRiskOfFraud => HoldReason::Other,
        HoldReason::AwaitingPayment
        | HoldReason::AwaitingReturnItems
        | HoldReason::IncorrectAddress
        | HoldReason::InventoryOutOfStock
        | HoldReason::UnknownDeliveryDate
        | HoldReason::CustomerRequest
        | HoldReason::Other => reason,
    };
    TimelineHold { owner: None, handle: None, reason: hold.reason.map(told), ..hold }
}
