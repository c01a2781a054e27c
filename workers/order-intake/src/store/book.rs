//! The orders of a batch: locked and read before it is decided, and written back where they differ.
//!
//! The row of an order is the lock of everything that is kept of it. Never here: a decision.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Envelope, Timestamp};
use serde::Serialize;
use store::{StoreError, Tx, hex};
use uuid::Uuid;

use super::rows::{AskedState, Id, LineState, LogRow, OrderState, ParcelState, ReturnState};
use super::statements;
use super::stored::{Locked, StoredAsked, StoredLine, StoredParcel, StoredReturn};
use crate::decide::{Change, Known};
use crate::order::{Order, OrderKey};

/// Most rows of one statement of lines: keeps a batch of large orders below the server's packet limit.
const LINES_A_STATEMENT: usize = 10_000;

/// What a batch needs of the orders that are there.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Every order that a message names.
    pub(crate) keys: BTreeSet<OrderKey>,
    /// Those of them that a message may change.
    pub(crate) whole: BTreeSet<OrderKey>,
    /// With what their amendments ask.
    pub(crate) asked: bool,
    /// With what returns took.
    pub(crate) returns: bool,
}

/// The orders of a batch.
#[derive(Debug, Default)]
pub(crate) struct Book {
    known: BTreeMap<OrderKey, Known>,
    orders: BTreeMap<OrderKey, Order>,
    /// As they stand in the tables.
    before: BTreeMap<OrderKey, Order>,
    log: Vec<LogRow>,
}

impl Book {
    /// Locks the orders that are there, one after another in the order of their keys, and reads those that
    /// may change.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails or a row cannot be read.
    pub(crate) async fn load(tx: &Tx, wanted: &Wanted) -> Result<Self, StoreError> {
        let mut book = Self::default();
        let locked: Vec<Locked> = tx.select(statements::LOCK, &wanted.keys).await?;
        for row in locked {
            let key = row.key()?;
            book.known.insert(key.clone(), row.known()?);
            if wanted.whole.contains(&key) {
                book.orders.insert(key, row.order()?);
            }
        }
        if !book.orders.is_empty() {
            book.read_parts(tx, wanted).await?;
        }
        book.before = book.orders.clone();
        Ok(book)
    }

    async fn read_parts(&mut self, tx: &Tx, wanted: &Wanted) -> Result<(), StoreError> {
        let ids: Vec<Id> = self.orders.values().map(|order| Id { id: hex(order.id) }).collect();
        let mut orders: BTreeMap<String, &mut Order> = self
            .orders
            .values_mut()
            .map(|order| (hex(order.id).to_ascii_uppercase(), order))
            .collect();
        let lines: Vec<StoredLine> = tx.select(statements::LINES, &ids).await?;
        for row in lines {
            if let Some(order) = orders.get_mut(&row.order_id) {
                let line = row.line()?;
                order.lines.insert(line.line_no, line);
            }
        }
        let parcels: Vec<StoredParcel> = tx.select(statements::PARCELS, &ids).await?;
        for row in parcels {
            if let Some(order) = orders.get_mut(&row.order_id) {
                order.parcels.extend([row.parcel()?]);
            }
        }
        if wanted.asked {
            let asked: Vec<StoredAsked> = tx.select(statements::ASKED, &ids).await?;
            for row in asked {
                if let Some(order) = orders.get_mut(&row.order_id) {
                    order.asked.extend([row.asked()?]);
                }
            }
        }
        if wanted.returns {
            let returns: Vec<StoredReturn> = tx.select(statements::RETURNS, &ids).await?;
            for row in returns {
                if let Some(order) = orders.get_mut(&row.order_id) {
                    order.returns.extend([row.taken()?]);
                }
            }
        }
        Ok(())
    }

    /// What was accepted before, in this batch or an earlier one.
    pub(crate) fn known(&self, key: &OrderKey) -> Option<&Known> {
        self.known.get(key)
    }

    /// The version that an order has now.
    pub(crate) fn version(&self, key: &OrderKey) -> Option<u64> {
        let whole = self.orders.get(key).map(|order| order.version);
        whole.or_else(|| self.known.get(key).map(|known| known.version))
    }

    /// A new order: [`super::insert_orders`] writes it.
    pub(crate) fn accepted(&mut self, key: OrderKey, known: Known) {
        self.known.insert(key, known);
    }

    /// A new order that a later message of the batch may change.
    pub(crate) fn add(&mut self, order: Order) {
        self.before.insert(order.key.clone(), order.clone());
        self.orders.insert(order.key.clone(), order);
    }

    /// An order to be decided about.
    pub(crate) fn get_mut(&mut self, key: &OrderKey) -> Option<&mut Order> {
        self.orders.get_mut(key)
    }

    /// Takes over an entry of an order's history.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when it has no JSON form.
    pub(crate) fn log(
        &mut self,
        order_id: Uuid,
        change: Change,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.log.push(LogRow::of(order_id, change, envelope, now)?);
        Ok(())
    }

    /// The orders that have another version now.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Order> {
        self.pairs()
            .filter(|(order, before)| order.version != before.version)
            .map(|(order, _)| order)
    }

    fn pairs(&self) -> impl Iterator<Item = (&Order, &Order)> {
        self.orders.iter().filter_map(|(key, order)| Some((order, self.before.get(key)?)))
    }

    /// Writes what is another than before.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub(crate) async fn save(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let states: Vec<_> = self.changed().map(|order| OrderState::of(order, now)).collect();
        write(tx, statements::UPDATE, &states).await?;
        for lines in self.line_states().chunks(LINES_A_STATEMENT) {
            write(tx, statements::UPDATE_LINES, lines).await?;
        }
        write(tx, statements::KEEP_PARCELS, &self.parcel_states(now)).await?;
        write(tx, statements::KEEP_ASKED, &self.asked_states()).await?;
        write(tx, statements::KEEP_RETURNS, &self.return_states()?).await?;
        write(tx, statements::LOG, &self.log).await
    }

    fn line_states(&self) -> Vec<LineState<'_>> {
        let changed = self.pairs().flat_map(|(order, before)| {
            let lines = order.lines.iter();
            let changed = lines.filter(|(line_no, line)| before.lines.get(line_no) != Some(line));
            changed.map(|(_, line)| LineState::of(order, line))
        });
        changed.collect()
    }

    fn parcel_states(&self, now: Timestamp) -> Vec<ParcelState<'_>> {
        let changed = self.pairs().flat_map(|(order, before)| {
            let parcels = order.parcels.iter();
            let changed = parcels.filter(|(no, parcel)| before.parcels.get(no) != Some(parcel));
            changed.map(move |(no, parcel)| ParcelState::of(order, no, parcel, now))
        });
        changed.collect()
    }

    fn asked_states(&self) -> Vec<AskedState<'_>> {
        let changed = self.pairs().flat_map(|(order, before)| {
            let asked = order.asked.iter();
            let changed = asked.filter(|(key, asked)| before.asked.get(key) != Some(asked));
            changed.map(|(key, asked)| AskedState::of(order, key, asked))
        });
        changed.collect()
    }

    fn return_states(&self) -> Result<Vec<ReturnState>, StoreError> {
        let changed = self.pairs().flat_map(|(order, before)| {
            let returns = order.returns.iter();
            let changed = returns.filter(|(id, taken)| before.returns.get(id) != Some(taken));
            changed.map(|(id, taken)| ReturnState::of(order, *id, taken))
        });
        changed.collect()
    }
}

async fn write<R: Serialize + Sync>(
    tx: &Tx,
    sql: &'static str,
    rows: &[R],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(sql, rows).await.map(|_| ())
}
