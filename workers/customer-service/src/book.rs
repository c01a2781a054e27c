//! Everything that one batch decides on, as it changes: what was loaded under locks, and what of it has
//! to be written.
//!
//! What lives here: look-ups, claims, the list of changes. What never does: a rule, a statement.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{CaseKind, OrderRef, ReturnStatus, Sku, Source, WaybillNo};
use uuid::Uuid;

use crate::state::{
    Case, Claim, LineKey, Numbers, Order, OrderLine, Replacement, Return, ReturnKey,
};

/// One line of the history of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnStep {
    pub return_id: Uuid,
    pub version: u64,
    pub from: Option<ReturnStatus>,
    pub to: ReturnStatus,
    /// The message of the batch that did it.
    pub cause: usize,
}

/// One line of the story of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseNote {
    pub case_id: Uuid,
    pub version: u64,
    pub step: &'static str,
    pub text: String,
    /// The message of the batch that did it.
    pub cause: usize,
}

/// What of a book has to be written.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub numbers: BTreeSet<Uuid>,
    pub claims: BTreeSet<LineKey>,
    pub new_returns: BTreeSet<ReturnKey>,
    pub returns: BTreeSet<ReturnKey>,
    /// With the message of the batch that asked for it.
    pub new_replacements: BTreeMap<WaybillNo, usize>,
    pub replacements: BTreeSet<WaybillNo>,
    pub new_cases: BTreeSet<Uuid>,
    pub cases: BTreeSet<Uuid>,
    pub steps: Vec<ReturnStep>,
    pub notes: Vec<CaseNote>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Book {
    orders: BTreeMap<Uuid, Order>,
    lines: BTreeMap<LineKey, OrderLine>,
    /// Lines of each SKU, newest order first.
    shelf: BTreeMap<Sku, Vec<LineKey>>,
    claims: BTreeMap<LineKey, Claim>,
    numbers: BTreeMap<Uuid, Numbers>,
    returns: BTreeMap<ReturnKey, Return>,
    replacements: BTreeMap<WaybillNo, Replacement>,
    cases: BTreeMap<Uuid, Case>,
    pub(crate) changes: Changes,
}

impl Book {
    /// A book of these order lines, with what is claimed of them.
    pub(crate) fn new(
        orders: BTreeMap<Uuid, Order>,
        lines: BTreeMap<LineKey, OrderLine>,
        claims: BTreeMap<LineKey, Claim>,
        numbers: BTreeMap<Uuid, Numbers>,
    ) -> Self {
        let mut shelf: BTreeMap<Sku, Vec<LineKey>> = BTreeMap::new();
        for (key, line) in &lines {
            shelf.entry(line.sku.clone()).or_default().push(*key);
        }
        let age = |key: &LineKey| {
            let order = orders.get(&key.order_id);
            (order.map(|order| (order.ordered_at, order.order_ref.clone())), key.line_no)
        };
        for keys in shelf.values_mut() {
            keys.sort_by_cached_key(|key| std::cmp::Reverse(age(key)));
        }
        Self { orders, lines, shelf, claims, numbers, ..Self::default() }
    }

    /// The same, with what customer-service itself keeps.
    pub(crate) fn with(
        mut self,
        returns: Vec<Return>,
        replacements: Vec<Replacement>,
        cases: Vec<Case>,
    ) -> Self {
        self.returns = returns.into_iter().map(|it| (it.key.clone(), it)).collect();
        self.replacements =
            replacements.into_iter().map(|it| (it.waybill_no.clone(), it)).collect();
        self.cases = cases.into_iter().map(|case| (case.id, case)).collect();
        self
    }

    // -- orders and claims ---------------------------------------------------------------------------

    /// An order.
    pub(crate) fn order(&self, id: Uuid) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// The order of that number.
    pub(crate) fn order_of(&self, source: &Source, order_ref: &OrderRef) -> Option<(Uuid, &Order)> {
        let is_it = |order: &Order| order.source == *source && order.order_ref == *order_ref;
        self.orders.iter().find(|(_, order)| is_it(order)).map(|(id, order)| (*id, order))
    }

    /// A line.
    pub(crate) fn line(&self, key: LineKey) -> Option<&OrderLine> {
        self.lines.get(&key)
    }

    /// The lines of a SKU with their orders, newest order first.
    pub(crate) fn lines_of(
        &self,
        sku: &Sku,
    ) -> impl Iterator<Item = (LineKey, &Order, &OrderLine)> {
        let keys = self.shelf.get(sku).into_iter().flatten();
        keys.filter_map(|key| Some((*key, self.orders.get(&key.order_id)?, self.lines.get(key)?)))
    }

    /// Units of a line that were delivered and that no return has.
    pub(crate) fn returnable(&self, key: LineKey) -> u32 {
        let delivered = self.line(key).map_or(0, OrderLine::delivered);
        delivered.saturating_sub(self.claim(key).claimed)
    }

    /// Units of a line that may be sent again and were not.
    pub(crate) fn replaceable(&self, key: LineKey) -> u32 {
        let most = self.line(key).map_or(0, OrderLine::replaceable);
        most.saturating_sub(self.claim(key).replaced)
    }

    /// What is taken of a line.
    pub(crate) fn claim(&self, key: LineKey) -> Claim {
        self.claims.get(&key).copied().unwrap_or_default()
    }

    /// Changes what is taken of a line.
    pub(crate) fn set_claim(&mut self, key: LineKey, change: impl FnOnce(&mut Claim)) {
        change(self.claims.entry(key).or_default());
        self.changes.claims.insert(key);
    }

    /// The number of the next return of an order, from 1.
    pub(crate) fn next_return(&mut self, order_id: Uuid) -> u32 {
        let numbers = self.numbers.entry(order_id).or_default();
        numbers.returns += 1;
        self.changes.numbers.insert(order_id);
        numbers.returns
    }

    /// The number of the next replacement waybill of an order, from 1.
    pub(crate) fn next_replacement(&mut self, order_id: Uuid) -> u32 {
        let numbers = self.numbers.entry(order_id).or_default();
        numbers.replacements += 1;
        self.changes.numbers.insert(order_id);
        numbers.replacements
    }

    /// What an order has given out.
    pub(crate) fn numbers(&self, order_id: Uuid) -> Numbers {
        self.numbers.get(&order_id).copied().unwrap_or_default()
    }

    // -- returns and replacements --------------------------------------------------------------------

    /// A return.
    pub(crate) fn get_return(&self, key: &ReturnKey) -> Option<&Return> {
        self.returns.get(key)
    }

    /// The return that a waybill fetches.
    pub(crate) fn fetched_by(&self, waybill_no: &WaybillNo) -> Option<&Return> {
        self.returns.values().find(|it| it.waybills.iter().any(|(_, no)| no == waybill_no))
    }

    /// Files a return as it is after message `cause`.
    pub(crate) fn file_return(&mut self, after: Return, cause: usize) {
        let before = self.returns.get(&after.key);
        self.changes.steps.push(ReturnStep {
            return_id: after.id,
            version: after.version,
            from: before.map(|before| before.status),
            to: after.status,
            cause,
        });
        let changed = match before {
            Some(_) => &mut self.changes.returns,
            None => &mut self.changes.new_returns,
        };
        changed.insert(after.key.clone());
        self.returns.insert(after.key.clone(), after);
    }

    /// A replacement by its waybill.
    pub(crate) fn replacement(&self, waybill_no: &WaybillNo) -> Option<&Replacement> {
        self.replacements.get(waybill_no)
    }

    /// The replacements that belong to a return.
    pub(crate) fn replacements_of(&self, return_id: Uuid) -> Vec<Replacement> {
        let of_it = |it: &&Replacement| it.return_id == Some(return_id);
        self.replacements.values().filter(of_it).cloned().collect()
    }

    /// Files a replacement as it is after message `cause`.
    pub(crate) fn file_replacement(&mut self, after: Replacement, cause: usize) {
        let waybill_no = after.waybill_no.clone();
        if self.replacements.contains_key(&waybill_no) {
            self.changes.replacements.insert(waybill_no.clone());
        } else {
            self.changes.new_replacements.insert(waybill_no.clone(), cause);
        }
        self.replacements.insert(waybill_no, after);
    }

    // -- cases ---------------------------------------------------------------------------------------

    /// A case.
    pub(crate) fn case(&self, id: Uuid) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// The open case of a subject and kind.
    pub(crate) fn open_case(&self, subject: &str, kind: CaseKind) -> Option<&Case> {
        self.open_cases(subject).find(|case| case.kind == kind)
    }

    /// The open cases of a subject.
    pub(crate) fn open_cases(&self, subject: &str) -> impl Iterator<Item = &Case> {
        self.cases.values().filter(move |case| case.open && case.subject == subject)
    }

    /// Files a case as it is after a step of message `cause`.
    pub(crate) fn file_case(
        &mut self,
        after: Case,
        step: &'static str,
        text: String,
        cause: usize,
    ) {
        let changed = match self.cases.get(&after.id) {
            Some(_) => &mut self.changes.cases,
            None => &mut self.changes.new_cases,
        };
        changed.insert(after.id);
        let (case_id, version) = (after.id, after.version);
        self.changes.notes.push(CaseNote { case_id, version, step, text, cause });
        self.cases.insert(after.id, after);
    }
}
