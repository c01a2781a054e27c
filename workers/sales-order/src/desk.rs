//! What one batch decides on: its sales orders as they change, the lines, waybills and network it reads.
//!
//! What lives here: lookup by waybill, and what is new or changed at the end. What never does: a
//! decision, anything that outlives the batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::{SalesOrderLine, SalesOrderStanding, Timestamp, WaybillNo};
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::decide::{Asked, Case, Decided, Decision, Lines, Note, SalesOrder, TakenOver};
use crate::history::{Cause, Change};
use crate::network::Network;
use crate::store as rows;
use crate::waybill::Waybill;

/// A sales order of this batch.
struct Filed {
    /// None: it has no row yet.
    id: Option<Uuid>,
    order: SalesOrder,
    changed: bool,
    /// True: its lines are to be written too.
    with_lines: bool,
}

/// What a batch reads beside its sales orders, by waybill number; each only where a message needs it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The lines of sales orders, and of waybills that have none yet.
    pub lines: BTreeMap<String, Vec<SalesOrderLine>>,
    pub waybills: BTreeMap<String, Waybill>,
    /// Amendments that were decided before.
    pub amendments: Vec<(String, Uuid)>,
    /// Places on locked routes: of waybills that get one or are transferred, where submission waits for the
    /// lock.
    pub locked: BTreeMap<String, u32>,
    /// The same of a route that was locked, by the index of its message.
    pub pages: BTreeMap<usize, BTreeMap<String, u32>>,
    pub network: Arc<Network>,
}

/// Everything that one batch decides on.
pub(crate) struct Desk {
    /// The sales orders in force, by waybill number.
    orders: BTreeMap<String, Filed>,
    /// Others that are told something, or that were in force when the batch began, by their own number.
    past: BTreeMap<String, Filed>,
    read: Read,
    /// Each with the conversation it belongs to.
    notes: Vec<(Note, String)>,
    changes: Vec<Change>,
}

impl Desk {
    /// Stored sales orders that are in force.
    pub(crate) fn new(stored: Vec<(Uuid, SalesOrder)>) -> Self {
        let orders =
            stored.into_iter().map(|(id, order)| (order.waybill_no.to_string(), known(id, order)));
        Self {
            orders: orders.collect(),
            past: BTreeMap::new(),
            read: Read::default(),
            notes: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Adds stored sales orders that are not in force.
    pub(crate) fn add_past(&mut self, stored: Vec<(Uuid, SalesOrder)>) {
        let past =
            stored.into_iter().map(|(id, order)| (order.number.to_string(), known(id, order)));
        self.past.extend(past);
    }

    /// Adds what was read beside them.
    pub(crate) fn with(mut self, read: Read) -> Self {
        self.read = read;
        self
    }

    /// The sales order in force of a waybill.
    pub(crate) fn order(&self, waybill_no: &str) -> Option<&SalesOrder> {
        self.orders.get(waybill_no).map(|filed| &filed.order)
    }

    /// A sales order that is not in force, by its number.
    pub(crate) fn past(&self, number: &str) -> Option<&SalesOrder> {
        self.past.get(number).map(|filed| &filed.order)
    }

    /// What a succession of the waybill's sales order is decided on.
    pub(crate) fn case(&self, waybill_no: &str) -> Case<'_> {
        Case {
            current: self.order(waybill_no),
            lines: self.lines(waybill_no).unwrap_or_default(),
            waybill: self.waybill(waybill_no),
        }
    }

    /// True when this place of the waybill is on a locked route.
    pub(crate) fn is_locked(&self, waybill_no: &str, place_no: u32) -> bool {
        self.read.locked.get(waybill_no) == Some(&place_no)
    }

    /// The waybills that message `index` submits, with the number of their place.
    pub(crate) fn page(&self, index: usize) -> Vec<(String, u32)> {
        let page = self.read.pages.get(&index).into_iter().flatten();
        page.map(|(waybill_no, place_no)| (waybill_no.clone(), *place_no)).collect()
    }

    /// The lines of its sales order, or its own where there is none.
    pub(crate) fn lines(&self, waybill_no: &str) -> Option<&[SalesOrderLine]> {
        self.read.lines.get(waybill_no).map(Vec::as_slice)
    }

    /// The waybill itself.
    pub(crate) fn waybill(&self, waybill_no: &str) -> Option<&Waybill> {
        self.read.waybills.get(waybill_no)
    }

    /// The network.
    pub(crate) fn network(&self) -> &Network {
        &self.read.network
    }

    /// True when this amendment of the waybill was decided before, also in this batch.
    pub(crate) fn is_amended(&self, waybill_no: &str, amendment_id: Uuid) -> bool {
        let before =
            self.read.amendments.iter().any(|(no, id)| no == waybill_no && *id == amendment_id);
        let now = |note: &Note| match note {
            Note::Amended(it) => {
                it.waybill_no.as_str() == waybill_no && it.amendment_id == amendment_id
            }
            Note::Asked(_) | Note::Decided(_) | Note::TakenOver(_) => false,
        };
        before || self.notes.iter().any(|(note, _)| now(note))
    }

    /// Takes over what was decided, for the messages after this one. The events are not its business.
    pub(crate) fn file(&mut self, decision: Decision, cause: &Cause) {
        let Decision { changed, past, lines, note, .. } = decision;
        if let Some(past) = past {
            self.put_aside(past, cause);
        }
        if let Some(order) = changed {
            self.put(order, lines, cause);
        }
        if let Some(note) = note {
            self.notes.push((note, cause.correlation_id.clone()));
        }
    }

    /// The sales order in force.
    fn put(&mut self, order: SalesOrder, lines: Lines, cause: &Cause) {
        let no = order.waybill_no.as_str().to_owned();
        let before = self.orders.remove(&no);
        let takes_lines = lines != Lines::Stay;
        if let Lines::Are(lines) = lines {
            self.read.lines.insert(no.clone(), lines);
        }
        let filed = self.changed(before, order, takes_lines, cause);
        self.orders.insert(no, filed);
    }

    /// One that is not in force, or was until now.
    fn put_aside(&mut self, order: SalesOrder, cause: &Cause) {
        let (no, number) = (order.waybill_no.as_str(), order.number.to_string());
        let was_in_force = self.order(no).is_some_and(|current| current.number == order.number);
        let before = if was_in_force { self.orders.remove(no) } else { self.past.remove(&number) };
        let filed = self.changed(before, order, false, cause);
        self.past.insert(number, filed);
    }

    fn changed(
        &mut self,
        before: Option<Filed>,
        order: SalesOrder,
        takes_lines: bool,
        cause: &Cause,
    ) -> Filed {
        self.changes.push(Change {
            sales_order_no: order.number.clone(),
            version: order.version,
            from: before.as_ref().map(|filed| filed.order.standing.row().word),
            to: order.standing.row().word,
            cause: cause.clone(),
        });
        let (id, had_lines) = before.map_or((None, false), |filed| (filed.id, filed.with_lines));
        Filed { id, order, changed: true, with_lines: had_lines || takes_lines }
    }

    /// What may be shown of the sales orders of the batch, as [`Desk::write`] leaves them.
    pub(crate) fn standings(&self) -> Vec<(WaybillNo, SalesOrderStanding)> {
        let shown = self.orders.values().map(|Filed { order, .. }| {
            let standing = SalesOrderStanding {
                sales_order_no: order.number.to_string(),
                status: order.standing.row().word.to_owned(),
                version: order.version,
            };
            (order.waybill_no.clone(), standing)
        });
        shown.collect()
    }

    /// Writes what is new and what changed: first what is not in force any more, because one sales order of
    /// a waybill is.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub(crate) async fn write(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut new, mut known, mut revised) = (Vec::new(), Vec::new(), Vec::new());
        let all = self.past.values().chain(self.orders.values());
        for filed in all.filter(|filed| filed.changed) {
            let Filed { id, order, with_lines, .. } = filed;
            let lines = self.lines(order.waybill_no.as_str()).unwrap_or_default();
            let lines = if *with_lines { lines } else { &[] };
            match id {
                None => new.push((order, lines)),
                Some(id) => {
                    known.push((*id, order));
                    revised.extend(with_lines.then_some((*id, lines)));
                }
            }
        }
        rows::update(tx, &known, now).await?;
        rows::insert(tx, &new, now).await?;
        rows::replace_lines(tx, &revised).await?;
        rows::insert_changes(tx, &self.changes, now).await?;
        self.write_notes(tx, now).await
    }

    async fn write_notes(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut asked, mut decided, mut amended) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken_over = Vec::new();
        for (note, conversation) in &self.notes {
            match note {
                Note::Asked(it) => asked.push((it, conversation.as_str())),
                Note::Decided(it) => decided.push(it),
                Note::Amended(it) => amended.push(it),
                Note::TakenOver(it) => taken_over.push((it, conversation.as_str())),
            }
        }
        asked.sort_by_key(|(it, _): &(&Asked, &str)| (&it.waybill_no, it.question));
        taken_over.sort_by_key(|(it, _): &(&TakenOver, &str)| (&it.waybill_no, it.question));
        decided.sort_by_key(|it: &&Decided| (&it.waybill_no, it.question));
        rows::insert_questions(tx, &asked, now).await?;
        rows::take_over_questions(tx, &taken_over).await?;
        rows::decide_questions(tx, &decided, now).await?;
        rows::insert_amendments(tx, &amended, now).await
    }
}

/// As it is stored.
const fn known(id: Uuid, order: SalesOrder) -> Filed {
    Filed { id: Some(id), order, changed: false, with_lines: false }
}
