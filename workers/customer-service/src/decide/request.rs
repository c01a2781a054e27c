//! A request for a return: every line gets its verdict, those that match make the return.

use std::collections::BTreeSet;

use contracts::{
    InvalidId, ItemReply, Merchant, Refusal, RequestReturn, ReturnLine, ReturnStatus,
    ReturnVerdict, Role, Sku, WaybillNo,
};
use runtime::Outcome;
use uuid::Uuid;

use super::approval::{Pickup, approved};
use super::content::content_hash;
use super::matching::take;
use super::{Cause, Decision};
use crate::book::Book;
use crate::permit;
use crate::settings::Policy;
use crate::state::{LineKey, Order, OrderLine, Part, Return, ReturnItem, ReturnKey};

/// The version of a return that was just made.
const FIRST_VERSION: u64 = 1;

/// Decides about a request.
///
/// # Errors
/// A waybill's number leaves no room for the suffix.
pub(super) fn request(
    book: &mut Book,
    asked: &RequestReturn,
    cause: &Cause,
    policy: &Policy,
) -> Result<Decision, InvalidId> {
    let merchant = match permit::request(&cause.actor, asked) {
        Ok(merchant) => merchant,
        Err(refusal) => return Ok(Decision::refused(refusal)),
    };
    let key = ReturnKey { source: asked.source.clone(), return_ref: asked.return_ref.clone() };
    let hash = content_hash(asked);
    if let Some(known) = book.get_return(&key) {
        return Ok(known_before(known, hash));
    }
    let items: Vec<ReturnItem> =
        asked.lines.iter().map(|line| matched(book, asked, line, merchant.as_ref())).collect();
    let replies = verdicts(&items);
    if !items.iter().any(|item| item.verdict.is_match()) {
        let detail = "no line of the return was delivered and not given back yet: see each line";
        let refusal = Refusal::new("NOTHING_MATCHES", detail);
        return Ok(Decision { items: replies, ..Decision::refused(refusal) });
    }
    let new = Return {
        id: cause.fresh,
        key,
        customer_ref: asked.customer_ref.clone().or_else(|| owner(book, &items)),
        content_hash: hash,
        status: ReturnStatus::Requested,
        reason: None,
        complete: false,
        waybills: numbered(book, &items)?,
        items,
        requested_at: asked.requested_at,
        updated_at: cause.now,
        version: FIRST_VERSION,
    };
    let is_approved =
        cause.actor.role == Role::Shop && policy.approve_at_once.covers(&asked.source);
    let (new, waybills) = if is_approved {
        let pickup = Pickup { ordered_at: asked.requested_at, date: None, timeslot: None };
        let approved_at_once = Return { status: ReturnStatus::Approved, ..new };
        let waybills = approved(book, &approved_at_once, &pickup);
        (approved_at_once, waybills)
    } else {
        (new, Vec::new())
    };
    book.file_return(new.clone(), cause.index);
    Ok(Decision { items: replies, ..Decision::changed(&new, waybills) })
}

/// The same request again is a duplicate, another one under its number a conflict.
fn known_before(known: &Return, hash: [u8; 32]) -> Decision {
    if known.content_hash == hash {
        let items = verdicts(&known.items);
        return Decision { items, ..Decision::about(Outcome::Duplicate, known) };
    }
    let detail = format!(
        "return {} is there already and says something else: send it under a number of its own",
        known.key.name()
    );
    Decision::refused(Refusal::new("CONFLICT", detail))
}

fn verdicts(items: &[ReturnItem]) -> Vec<ItemReply> {
    let reply = |item: &ReturnItem| ItemReply {
        item: item.asked.line_no,
        code: item.verdict.as_str().to_owned(),
        detail: None,
    };
    items.iter().map(reply).collect()
}

/// Finds what one line gives back, and claims it.
fn matched(
    book: &mut Book,
    asked: &RequestReturn,
    line: &ReturnLine,
    merchant: Option<&Merchant>,
) -> ReturnItem {
    if asked.order_ref.is_none() && asked.customer_ref.is_none() {
        return ReturnItem::new(line.clone(), ReturnVerdict::NoCustomer, Vec::new());
    }
    let found = take(line.quantity, candidates(book, asked, &line.sku, merchant));
    for (key, units) in &found.parts {
        book.set_claim(*key, |claim| claim.claimed += units);
    }
    let part = |(key, quantity): (LineKey, u32)| {
        let order_ref = book.order(key.order_id)?.order_ref.clone();
        Some(Part { line: key, order_ref, quantity })
    };
    let parts = found.parts.into_iter().filter_map(part).collect();
    ReturnItem::new(line.clone(), found.verdict, parts)
}

/// The lines that a return may take from, newest order first, each with the units that are left.
fn candidates<'a>(
    book: &'a Book,
    asked: &'a RequestReturn,
    sku: &'a Sku,
    merchant: Option<&'a Merchant>,
) -> impl Iterator<Item = (LineKey, u32)> + use<'a> {
    let fits = move |order: &Order, line: &OrderLine| {
        order.source == asked.source
            && asked.customer_ref.as_ref().is_none_or(|it| order.customer_ref.as_ref() == Some(it))
            && match &asked.order_ref {
                Some(order_ref) => order.order_ref == *order_ref,
                None => order.ordered_at <= asked.requested_at,
            }
            && merchant.is_none_or(|merchant| line.merchant == *merchant)
    };
    book.lines_of(sku)
        .filter(move |(_, order, line)| fits(order, line))
        .map(|(key, _, _)| (key, book.returnable(key)))
}

/// Who got the goods, for a request that names an order alone.
fn owner(book: &Book, items: &[ReturnItem]) -> Option<contracts::CustomerRef> {
    let part = items.iter().flat_map(|item| &item.parts).next()?;
    book.order(part.line.order_id)?.customer_ref.clone()
}

/// One waybill number for each order.
fn numbered(book: &mut Book, items: &[ReturnItem]) -> Result<Vec<(Uuid, WaybillNo)>, InvalidId> {
    let orders: BTreeSet<Uuid> =
        items.iter().flat_map(|item| &item.parts).map(|part| part.line.order_id).collect();
    let mut numbers = Vec::with_capacity(orders.len());
    for order_id in orders {
        let n = book.next_return(order_id);
        if let Some(order) = book.order(order_id) {
            numbers.push((order_id, WaybillNo::of_return(&order.source, &order.order_ref, n)?));
        }
    }
    Ok(numbers)
}
