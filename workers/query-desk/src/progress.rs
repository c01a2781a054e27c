//! How far orders and waybills are, and what became of commands: for whom they are.
//!
//! Never here: where the parts of an answer come from.

use ::store::{Database, StoreError};
use contracts::{
    MessageId, OrderRef, OrderStanding, OrderView, QueryAnswer, Reply, Source, StatusNames,
    WaybillEntry, WaybillNo, WaybillView,
};

use crate::asker::Asker;
use crate::parts::{Parts, WaybillParts};
use crate::{store, uploads};

/// What the aggregate of an upload begins with; no source or waybill holds a colon there.
const UPLOAD: &str = "upload:";

/// An order with its waybills.
pub(crate) async fn order(
    parts: &Parts,
    asker: &Asker,
    source: &Source,
    order_ref: &OrderRef,
) -> Result<QueryAnswer, StoreError> {
    let standing = parts.order(asker, source, order_ref).await?;
    let Some(standing) = shown_of(parts, asker, standing).await? else {
        return Ok(QueryAnswer::NotFound);
    };
    let waybills = parts.waybills(asker, &standing.waybill_numbers).await?;
    let waybills = waybills.into_iter().filter_map(|parts| view(asker, parts)).collect();
    Ok(QueryAnswer::Order(Box::new(OrderView { standing, waybills })))
}

/// The order as far as the asker may see it.
async fn shown_of(
    parts: &Parts,
    asker: &Asker,
    standing: Option<OrderStanding>,
) -> Result<Option<OrderStanding>, StoreError> {
    let standing = match standing {
        Some(standing) if !asker.scope.is_all() => standing,
        seen_by_all => return Ok(seen_by_all),
    };
    let owner = parts.order_owner(asker, &standing).await?;
    Ok(owner.and_then(|owner| asker.scope.narrow(standing, &owner)))
}

/// A waybill.
pub(crate) async fn waybill(
    parts: &Parts,
    asker: &Asker,
    waybill_no: &WaybillNo,
) -> Result<QueryAnswer, StoreError> {
    let found = parts.waybills(asker, std::slice::from_ref(waybill_no)).await?;
    let view = found.into_iter().find_map(|parts| view(asker, parts));
    Ok(view.map_or(QueryAnswer::NotFound, |view| QueryAnswer::Waybill(Box::new(view))))
}

/// A waybill as the asker sees it.
fn view(asker: &Asker, parts: WaybillParts) -> Option<WaybillView> {
    let WaybillParts { entry, assignment, sales_order } = parts;
    let WaybillEntry { standing, owner } = entry?;
    if !asker.scope.sees_waybill(&owner) {
        return None;
    }
    let names = StatusNames::of(standing.kind, standing.status);
    let tracking_code = owner.tracking_code.filter(|_| asker.prints_labels());
    Some(WaybillView { standing, names, tracking_code, assignment, sales_order })
}

/// True when the asker may see this waybill.
pub(crate) async fn sees_waybill(
    parts: &Parts,
    asker: &Asker,
    waybill_no: &WaybillNo,
) -> Result<bool, StoreError> {
    let found = parts.waybill(asker, waybill_no).await?;
    Ok(found.is_some_and(|entry| asker.scope.sees_waybill(&entry.owner)))
}

/// How a command ended: for staff, for whom it was sent, and for whoever may see what it was about.
pub(crate) async fn operation(
    database: &Database,
    parts: &Parts,
    asker: &Asker,
    sender: &str,
    message_id: MessageId,
) -> Result<QueryAnswer, StoreError> {
    let Some(settled) = store::operation(database, sender, message_id).await? else {
        return Ok(QueryAnswer::NotFound);
    };
    let store::Operation { reply, actor } = settled;
    let is_shown = asker.scope.is_all()
        || asker.sent(sender, actor.as_deref())
        || sees_aggregate(database, parts, asker, &reply).await?;
    Ok(if is_shown { QueryAnswer::Operation(reply) } else { QueryAnswer::NotFound })
}

/// True when the asker may see what a command was about.
async fn sees_aggregate(
    database: &Database,
    parts: &Parts,
    asker: &Asker,
    reply: &Reply,
) -> Result<bool, StoreError> {
    let Some(aggregate) = reply.aggregate.as_deref() else {
        return Ok(false);
    };
    match (aggregate.strip_prefix(UPLOAD), aggregate.split_once('/')) {
        (Some(file_name), _) => uploads::sees_upload(database, &asker.scope, file_name).await,
        (None, Some((source, order_ref))) => sees_order(parts, asker, source, order_ref).await,
        (None, None) => match WaybillNo::new(aggregate) {
            Ok(waybill_no) => sees_waybill(parts, asker, &waybill_no).await,
            Err(_no_waybill) => Ok(false),
        },
    }
}

/// Of an aggregate `source/order_ref`; other aggregates with a slash are no orders and seen by staff only.
async fn sees_order(
    parts: &Parts,
    asker: &Asker,
    source: &str,
    order_ref: &str,
) -> Result<bool, StoreError> {
    let (Ok(source), Ok(order_ref)) = (Source::new(source), OrderRef::new(order_ref)) else {
        return Ok(false);
    };
    let Some(standing) = parts.order(asker, &source, &order_ref).await? else {
        return Ok(false);
    };
    let owner = parts.order_owner(asker, &standing).await?;
    Ok(owner.is_some_and(|owner| asker.scope.sees_order(&source, &owner)))
}
