//! The rows of customer-service: its own tables, and what it reads of orders and waybills.
//!
//! What lives here: what a batch loads, in which order it locks (returns, replacements, numbers of orders,
//! claims, cases: everybody in this order), and what it writes. The statements are in the files beside.
//! What never does: a decision.

mod cases;
mod claims;
mod orders;
mod replacements;
mod returns;

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::{CaseSubject, InvalidId, Timestamp, WaybillKind, WaybillNo};
use runtime::Item;
use serde::Deserialize;
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::book::Book;
use crate::message::Incoming;
use crate::state::{LineKey, Replacement, Return, ReturnKey};

type Items = [Arc<Item<Incoming>>];

/// Rows in one statement: a batch of giant returns stays far below the server's packet limit.
const ROWS_A_STATEMENT: usize = 4_000;

fn invalid(error: InvalidId) -> StoreError {
    StoreError::decode(error.to_string())
}

/// A stored word as a value of the contracts.
fn word<T: for<'de> Deserialize<'de>>(column: &str, text: String) -> Result<T, StoreError> {
    let value = serde_json::Value::String(text);
    serde_json::from_value(value).map_err(|error| StoreError::decode(format!("{column}: {error}")))
}

/// Everything that the batch decides on, locked.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(crate) async fn load(tx: &Tx, items: &Items) -> Result<Book, StoreError> {
    let returns = load_returns(tx, items).await?;
    let replacements = load_replacements(tx, items, &returns).await?;
    let shelves = load_shelves(tx, items, &returns, &replacements).await?;
    let cases = cases::lock(tx, &subjects(tx, items, &returns).await?).await?;
    Ok(shelves.with(returns, replacements, cases))
}

async fn load_returns(tx: &Tx, items: &Items) -> Result<Vec<Return>, StoreError> {
    let mut keys: BTreeSet<ReturnKey> =
        items.iter().filter_map(|item| item.message.return_key()).collect();
    let fetched: BTreeSet<&WaybillNo> =
        items.iter().filter_map(|item| moved(&item.message, WaybillKind::Return)).collect();
    if !fetched.is_empty() {
        keys.extend(returns::fetched_by(tx, &fetched).await?);
    }
    if keys.is_empty() { Ok(Vec::new()) } else { returns::lock(tx, &keys).await }
}

/// The waybill of this kind that moved.
fn moved(message: &Incoming, kind: WaybillKind) -> Option<&WaybillNo> {
    let Incoming::Moved(moved) = message else {
        return None;
    };
    (moved.kind == kind).then_some(&moved.waybill_no)
}

async fn load_replacements(
    tx: &Tx,
    items: &Items,
    returns: &[Return],
) -> Result<Vec<Replacement>, StoreError> {
    let mut numbers: BTreeSet<WaybillNo> = items
        .iter()
        .filter_map(|item| moved(&item.message, WaybillKind::Replacement))
        .cloned()
        .collect();
    if !returns.is_empty() {
        numbers.extend(replacements::waiting_for(tx, returns).await?);
    }
    if numbers.is_empty() { Ok(Vec::new()) } else { replacements::lock(tx, &numbers).await }
}

/// The order lines that anything of the batch is about, with their claims.
async fn load_shelves(
    tx: &Tx,
    items: &Items,
    returns: &[Return],
    replacements: &[Replacement],
) -> Result<Book, StoreError> {
    let mut found = orders::Found::default();
    let mut wanted = orders::Wanted::default();
    for item in items {
        if let Incoming::Request(asked) = &item.message {
            wanted.request(asked);
        }
        if let Incoming::Replace(asked) = &item.message {
            wanted.order(&asked.source, &asked.order_ref);
        }
    }
    found.read(tx, &wanted).await?;
    let numbered: BTreeSet<Uuid> = found.orders.keys().copied().collect();
    let known = known_lines(returns, replacements);
    if !known.is_empty() {
        found.read_lines(tx, &known).await?;
    }
    if found.lines.is_empty() {
        return Ok(Book::default());
    }
    let numbers = claims::lock_numbers(tx, &numbered).await?;
    let keys: BTreeSet<LineKey> = found.lines.keys().copied().collect();
    let claims = claims::lock(tx, &keys).await?;
    Ok(Book::new(found.orders, found.lines, claims, numbers))
}

/// The order lines that these have units of.
fn known_lines(returns: &[Return], replacements: &[Replacement]) -> BTreeSet<LineKey> {
    let parts = returns.iter().flat_map(|it| &it.items).flat_map(|item| &item.parts);
    let sent = replacements.iter().flat_map(|it| {
        it.lines.iter().map(|(line_no, _)| LineKey { order_id: it.order_id, line_no: *line_no })
    });
    parts.map(|part| part.line).chain(sent).collect()
}

/// What the cases of this batch may be about, by name.
async fn subjects(
    tx: &Tx,
    items: &Items,
    returns: &[Return],
) -> Result<BTreeSet<String>, StoreError> {
    let mut subjects: BTreeSet<String> = BTreeSet::new();
    let mut ids: BTreeSet<Uuid> = BTreeSet::new();
    for item in items {
        if let Incoming::OpenCase(asked) = &item.message {
            ids.insert(item.envelope.message_id.0);
            subjects.insert(asked.subject.name());
        }
        if let Incoming::UpdateCase(told) = &item.message {
            ids.insert(told.case_id);
        }
        let about = |waybill_no| CaseSubject::Waybill { waybill_no }.name();
        subjects.extend(item.message.waybill_no().cloned().map(about));
    }
    subjects.extend(returns.iter().map(|it| format!("return {}", it.key.name())));
    if !ids.is_empty() {
        subjects.extend(cases::subjects_of(tx, &ids).await?);
    }
    Ok(subjects)
}

/// Writes everything that the batch changed.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(crate) async fn write(
    tx: &Tx,
    book: &Book,
    items: &Items,
    now: Timestamp,
) -> Result<(), StoreError> {
    returns::write(tx, book, items, now).await?;
    replacements::write(tx, book, items, now).await?;
    claims::write(tx, book).await?;
    cases::write(tx, book, items, now).await
}
