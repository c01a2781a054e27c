//! What one batch decides on: its sales orders as they change, the lines, waybills and network it reads.
//!
//! What lives here: lookup by waybill, and what is new or changed at the end. What never does: a
//! decision, anything that outlives the batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::{SalesOrderLine, SalesOrderStanding, Timestamp, WaybillNo};
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::decide::{Asked, Decided, Lines, Note, SalesOrder};
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
    pub network: Arc<Network>,
}

/// Everything that one batch decides on, by waybill number.
pub(crate) struct Desk {
    orders: BTreeMap<String, Filed>,
    read: Read,
    notes: Vec<Note>,
}

impl Desk {
    /// Stored sales orders.
    pub(crate) fn new(stored: Vec<(Uuid, SalesOrder)>) -> Self {
        let mut desk = Self { orders: BTreeMap::new(), read: Read::default(), notes: Vec::new() };
        for (id, order) in stored {
            desk.put(Filed { id: Some(id), order, changed: false, with_lines: false });
        }
        desk
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
            Note::Asked(_) | Note::Decided(_) => false,
        };
        before || self.notes.iter().any(now)
    }

    /// Replaces a sales order by what was decided, for the messages after this one.
    pub(crate) fn file(&mut self, order: SalesOrder, lines: Lines) {
        let no = order.waybill_no.as_str();
        let (id, had_lines) =
            self.orders.get(no).map_or((None, false), |filed| (filed.id, filed.with_lines));
        let takes_lines = lines != Lines::Stay;
        if let Lines::Are(lines) = lines {
            self.read.lines.insert(no.to_owned(), lines);
        }
        self.put(Filed { id, order, changed: true, with_lines: had_lines || takes_lines });
    }

    /// Keeps a note to be written.
    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    fn put(&mut self, filed: Filed) {
        let waybill_no = filed.order.waybill_no.as_str().to_owned();
        self.orders.insert(waybill_no, filed);
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

    /// Writes what is new and what changed.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub(crate) async fn write(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut new, mut known, mut revised) = (Vec::new(), Vec::new(), Vec::new());
        for filed in self.orders.values().filter(|filed| filed.changed) {
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
        rows::insert(tx, &new, now).await?;
        rows::update(tx, &known, now).await?;
        rows::replace_lines(tx, &revised).await?;
        self.write_notes(tx, now).await
    }

    async fn write_notes(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut asked, mut decided, mut amended) = (Vec::new(), Vec::new(), Vec::new());
        for note in &self.notes {
            match note {
                Note::Asked(it) => asked.push(it),
                Note::Decided(it) => decided.push(it),
                Note::Amended(it) => amended.push(it),
            }
        }
        asked.sort_by_key(|it: &&Asked| (&it.waybill_no, it.question));
        decided.sort_by_key(|it: &&Decided| (&it.waybill_no, it.question));
        rows::insert_questions(tx, &asked, now).await?;
        rows::decide_questions(tx, &decided, now).await?;
        rows::insert_amendments(tx, &amended, now).await
    }
}
