//! Pages of orders and waybills, for everybody as far as it is theirs. Read from the database: a page is
//! seldom asked for twice.
//!
//! Never here: a statement.

use ::store::{Database, StoreError};
use contracts::{Cursor, OrderFilter, OrderList, QueryAnswer, Source, WaybillFilter, WaybillList};
use uuid::Uuid;

use crate::scope::{Limits, Scope};
use crate::store::lists as rows;

/// Most rows that a page looks at. With a filter that little passes, the page is short, and `next` goes on.
const EXAMINED_MAX: usize = 2_000;

/// A page of waybills.
pub(crate) async fn waybills(
    database: &Database,
    scope: &Scope,
    filter: &WaybillFilter,
    after: Option<Cursor>,
    limit: u16,
) -> Result<QueryAnswer, StoreError> {
    let page = |(waybills, next)| QueryAnswer::Waybills(Box::new(WaybillList { waybills, next }));
    let own = (filter.merchant.as_ref(), filter.source.as_ref());
    let Some(limits) = limits(scope, own) else {
        return Ok(page((Vec::new(), None)));
    };
    let most = examined(limit, is_sieve(&limits, filter));
    let keys = rows::waybill_keys(database, &limits, filter, after, most).await?;
    let found = rows::waybills(database, &limits, filter, &keys).await?;
    Ok(page(cut(found, &keys, limit, most)))
}

/// A page of orders.
pub(crate) async fn orders(
    database: &Database,
    scope: &Scope,
    filter: &OrderFilter,
    after: Option<Cursor>,
    limit: u16,
) -> Result<QueryAnswer, StoreError> {
    let page = |(orders, next)| QueryAnswer::Orders(Box::new(OrderList { orders, next }));
    let own = (filter.merchant.as_ref(), filter.source.as_ref());
    let Some(limits) = limits(scope, own) else {
        return Ok(page((Vec::new(), None)));
    };
    let OrderFilter { merchant: _, source, status, delivery_date, updated_since } = filter;
    let is_sieve = source.is_some()
        || limits.source.is_some()
        || status.is_some()
        || delivery_date.is_some()
        || updated_since.is_some();
    let most = examined(limit, is_sieve);
    let keys = rows::order_keys(database, &limits, filter, after, most).await?;
    let found = rows::orders(database, &limits, filter, &keys).await?;
    Ok(page(cut(found, &keys, limit, most)))
}

/// What the asker may see; `None` when nothing of what is wanted can be.
fn limits<'a>(
    scope: &'a Scope,
    (merchant, source): (Option<&contracts::Merchant>, Option<&Source>),
) -> Option<Limits<'a>> {
    let limits = scope.limits()?;
    let is_foreign = limits.merchant.zip(merchant).is_some_and(|(own, wanted)| own != wanted)
        || limits.source.zip(source).is_some_and(|(own, wanted)| own != wanted);
    (!is_foreign).then_some(limits)
}

/// True when keys have to be looked at that are not wanted in the end. A merchant's status is in its index,
/// and nothing else.
fn is_sieve(limits: &Limits<'_>, filter: &WaybillFilter) -> bool {
    let WaybillFilter { source, status, kind, delivery_date, depot, held, updated_since, .. } =
        filter;
    let has_merchant = limits.merchant.is_some() || filter.merchant.is_some();
    source.is_some()
        || limits.source.is_some()
        || (status.is_some() && !has_merchant)
        || kind.is_some()
        || delivery_date.is_some()
        || depot.is_some()
        || held.is_some()
        || updated_since.is_some()
        || filter.work
}

/// How many keys a page looks at: one more than it shows, if each is shown.
fn examined(limit: u16, is_sieve: bool) -> usize {
    if is_sieve { EXAMINED_MAX } else { usize::from(limit) + 1 }
}

/// The rows of a page, and where the list goes on: after its last row, or, where the page did not get full,
/// after the last key that was looked at.
pub(crate) fn cut<T>(
    found: Vec<(Uuid, T)>,
    keys: &[Uuid],
    limit: u16,
    most: usize,
) -> (Vec<T>, Option<Cursor>) {
    let limit = usize::from(limit);
    let last_shown = limit.checked_sub(1).and_then(|last| found.get(last)).map(|(key, _)| *key);
    let next = if found.len() > limit {
        last_shown
    } else {
        keys.last().filter(|_| keys.len() >= most).copied()
    };
    (found.into_iter().take(limit).map(|(_, row)| row).collect(), next.map(Cursor))
}
