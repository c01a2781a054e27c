//! The waybills of a batch: loaded and locked, then written back with their log, lines and holds. Only
//! this file and its folder know SQL.
//!
//! One row a waybill number, made the first time anybody mentions it: the unique number serialises a
//! report that comes early and the order that makes the waybill. Of two transactions that insert the same
//! number one gets a duplicate key, which the runtime runs again; then it finds the other's row.

mod rows;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    OrderAccepted, Timestamp, TrackingCode, WaybillDraft, WaybillEntry, WaybillNo, WaybillStanding,
};
use serde::Serialize;
use store::{Database, StoreError, Tx, hex};
use uuid::Uuid;

use crate::history::{Decision, Detail};
use crate::holds::HoldName;
use crate::state::{Body, Waybill};
use rows::{
    Before, Count, DetailRow, FilledRow, HoldRow, Key, LineRow, LogRow, NewRow, Number, SetRow,
    Shown, StateRow, Stored,
};

/// Most rows of one statement of lines: an order may have 2,000, and a packet of the database is bounded.
const LINES_A_STATEMENT: usize = 10_000;

/// The waybills of one batch and everything that is to be written with them.
#[derive(Debug, Default)]
pub(crate) struct Waybills {
    by_no: BTreeMap<WaybillNo, Waybill>,
    /// Rows that are there already.
    stored: BTreeSet<Uuid>,
    shown: BTreeMap<Uuid, Shown>,
    details: BTreeMap<Uuid, DetailRow>,
    /// What changes of details that are there already.
    set: BTreeMap<Uuid, SetRow>,
    lines: Vec<LineRow>,
    log: Vec<LogRow>,
    holds: BTreeMap<(Uuid, HoldName), HoldRow>,
}

impl Waybills {
    /// Locks what is there, in the order of numbers; the rest nobody has heard of yet.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails or a row cannot be read.
    pub(crate) async fn load(tx: &Tx, numbers: BTreeSet<WaybillNo>) -> Result<Self, StoreError> {
        if numbers.is_empty() {
            return Ok(Self::default());
        }
        let keys: Vec<_> = numbers.iter().map(|no| Key { waybill_no: no.as_str() }).collect();
        let found: Vec<Stored> = tx.select(statements::LOCK, &keys).await?;
        let mut waybills = Self::default();
        for row in found {
            let shown = row.shown();
            let waybill = row.waybill()?;
            if let Some(shown) = shown {
                waybills.shown.insert(waybill.id, shown);
            }
            waybills.stored.insert(waybill.id);
            waybills.by_no.insert(waybill.no.clone(), waybill);
        }
        for no in numbers {
            let unheard_of = || Waybill::unheard_of(Uuid::now_v7(), no.clone());
            waybills.by_no.entry(no.clone()).or_insert_with(unheard_of);
        }
        Ok(waybills)
    }

    /// A waybill of the batch as it is now.
    pub(crate) fn get(&self, no: &WaybillNo) -> Option<&Waybill> {
        self.by_no.get(no)
    }

    /// Takes over what was decided. A message that was refused for a number nobody has heard of leaves
    /// no trace here: its answer is in the inbox.
    ///
    /// # Errors
    /// [`StoreError::Encode`] when a log entry has no JSON form.
    pub(crate) fn record(&mut self, decision: &Decision, now: Timestamp) -> Result<(), StoreError> {
        let waybill = &decision.waybill;
        if waybill.is_blank() && !self.stored.contains(&waybill.id) {
            return Ok(());
        }
        for entry in &decision.log {
            self.log.push(LogRow::of(waybill.id, entry, now)?);
        }
        for hold in &decision.holds {
            self.holds.insert((waybill.id, hold.name.clone()), HoldRow::of(waybill.id, hold));
        }
        self.by_no.insert(waybill.no.clone(), waybill.clone());
        Ok(())
    }

    /// Takes over the details and lines of a waybill that exists from now on. Its tracking code is made
    /// here: the transaction that makes the waybill commits once.
    pub(crate) fn create(
        &mut self,
        id: Uuid,
        order: &OrderAccepted,
        draft: &WaybillDraft,
        now: Timestamp,
    ) {
        let code = TrackingCode::generate();
        self.details.insert(id, DetailRow::of(order, draft, &code, now));
        self.shown.insert(id, Shown::of(order, draft, code));
        self.lines.extend(draft.lines.iter().map(|line| LineRow::of(id, line)));
    }

    /// Takes over what a waybill that exists is besides its state.
    pub(crate) fn set(&mut self, id: Uuid, details: &[Detail]) {
        for detail in details {
            let shown = self.shown.get_mut(&id);
            match detail {
                Detail::Promise(promise) => match shown {
                    Some(shown) if shown.promise == *promise => continue,
                    Some(shown) => shown.promise = promise.clone(),
                    None => {}
                },
                Detail::Goods(amendment) => {
                    self.lines.retain(|line| !line.is_of(id));
                    self.lines.extend(amendment.lines.iter().map(|line| LineRow::of(id, line)));
                }
                Detail::District(district) => {
                    if let Some(shown) = shown {
                        shown.district = district.clone();
                    }
                }
            }
            match self.details.get_mut(&id) {
                Some(new) => new.set(detail),
                None => self.set.entry(id).or_insert_with(|| SetRow::of(id)).set(detail),
            }
        }
    }

    /// What may be shown of the waybills of the batch that exist, as [`Waybills::save`] writes them.
    pub(crate) fn entries(&self, now: Timestamp) -> Vec<WaybillEntry> {
        let entries = self.by_no.values().filter_map(|waybill| {
            let Body::Live(live) = &waybill.body else { return None };
            let Shown { promise, district, owner } = self.shown.get(&waybill.id)?;
            let standing = live.standing();
            let standing = WaybillStanding {
                waybill_no: waybill.no.clone(),
                kind: live.traits.kind,
                status: standing.status,
                held: waybill.open_holds() > 0,
                failed_attempts: standing.failed_attempts(),
                gaps: standing.gaps,
                district: Some(district.clone()),
                delivery_date: promise.delivery_date,
                timeslot: promise.timeslot.clone(),
                updated_at: now,
                version: waybill.version,
            };
            Some(WaybillEntry { standing, owner: owner.clone() })
        });
        entries.collect()
    }

    /// Writes everything.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub(crate) async fn save(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for waybill in self.by_no.values() {
            let state = StateRow::of(waybill, now)?;
            if self.stored.contains(&waybill.id) {
                changed.push(state);
            } else if !waybill.is_blank() {
                let details = self.details.get(&waybill.id);
                new.push(NewRow { waybill_no: waybill.no.as_str(), state, details });
            }
        }
        let filled = self.details.iter().filter(|(id, _)| self.stored.contains(id));
        let filled: Vec<_> =
            filled.map(|(id, details)| FilledRow { id: hex(*id), details }).collect();
        let holds: Vec<_> = self.holds.values().collect();

        execute(tx, statements::INSERT, &new).await?;
        execute(tx, statements::UPDATE, &changed).await?;
        execute(tx, statements::FILL, &filled).await?;
        let set: Vec<_> = self.set.values().collect();
        execute(tx, statements::SET, &set).await?;
        let emptied: Vec<_> = set.into_iter().filter(|row| row.has_goods()).collect();
        execute(tx, statements::EMPTY, &emptied).await?;
        for lines in self.lines.chunks(LINES_A_STATEMENT) {
            execute(tx, statements::LINES, lines).await?;
        }
        execute(tx, statements::LOG, &self.log).await?;
        execute(tx, statements::HOLDS, &holds).await
    }
}

/// Stubs in which something has been waiting since before a time, the oldest first, a few at a time.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn stubs_waiting_since_before(
    database: &Database,
    before: Timestamp,
) -> Result<Vec<WaybillNo>, StoreError> {
    let numbers: Vec<Number> =
        database.select(statements::OLD_STUBS, &[Before::of(before)]).await?;
    numbers
        .into_iter()
        .map(|row| WaybillNo::new(row.waybill_no))
        .collect::<Result<_, _>>()
        .map_err(|error| StoreError::decode(format!("waybill.waybill_no: {error}")))
}

/// How many waybills have something waiting since before a time.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn count_waiting_since_before(
    database: &Database,
    before: Timestamp,
) -> Result<i64, StoreError> {
    let counts: Vec<Count> =
        database.select(statements::COUNT_WAITING, &[Before::of(before)]).await?;
    Ok(counts.first().map_or(0, |count| count.waiting))
}

async fn execute<R: Serialize + Sync>(
    tx: &Tx,
    sql: &'static str,
    rows: &[R],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(sql, rows).await.map(|_| ())
}
