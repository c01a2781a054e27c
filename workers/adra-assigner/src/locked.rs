//! What a batch is about, as it is stored: locked, or guarded by what is. Never here: a decision.
//!
//! Rows of waybills and assignments are locked before slot days (see [`crate::store`]). Who is aboard a
//! route is known for certain only once its slot day is locked, so that whoever came aboard meanwhile is
//! locked after it. If somebody else holds one of those and waits for that very slot day, the database
//! rolls one of both back and it runs again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::{ProposedStep, WaybillNo};
use routing::SlotDayKey;
use runtime::Item;
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::assignment::{Assignment, Standing};
use crate::decide::{Amending, KnownRoute, Proposal};
use crate::dispatch::Dispatch;
use crate::incoming::{Ask, Incoming};
use crate::network::Served;
use crate::store::{
    aboard, amendments_of, known_routes, lock_assignments, lock_proposals, order_facts, standings,
};

/// The stored state of a batch.
#[derive(Debug, Default)]
pub(crate) struct Locked {
    /// What the waybills' own rows say.
    pub(crate) standings: BTreeMap<WaybillNo, Standing>,
    pub(crate) book: BTreeMap<WaybillNo, Assignment>,
    /// Routes that messages name.
    pub(crate) routes: BTreeMap<String, KnownRoute>,
    pub(crate) amending: Amending,
    /// Proposals that messages name.
    pub(crate) proposals: BTreeMap<Uuid, Proposal>,
    /// Routes that dispatchers name as where to go.
    pub(crate) named: BTreeMap<String, KnownRoute>,
}

impl Locked {
    /// Everything but slot days.
    pub(crate) async fn load(tx: &Tx, items: &[Arc<Item<Incoming>>]) -> Result<Self, StoreError> {
        let asks = || items.iter().filter_map(|item| item.message.ask());
        let mut locked = Self::default();
        let by_hand: Vec<_> = asks().filter_map(Ask::by_hand).collect();
        locked.load_proposals(tx, &by_hand).await?;
        let names: BTreeSet<&str> = asks().filter_map(Ask::route).collect();
        if !names.is_empty() {
            locked.routes = known_routes(tx, &names).await?;
        }
        let mut numbers: BTreeSet<WaybillNo> = asks().filter_map(Ask::waybill).cloned().collect();
        numbers.extend(locked.proposed(&by_hand).map(|step| step.waybill_no().clone()));
        numbers.extend(locked.aboard(tx).await?);
        locked.lock(tx, &numbers).await?;
        let amended: Vec<_> = asks().filter_map(Ask::amended_waybill).collect();
        locked.amending = amending(tx, &amended).await?;
        Ok(locked)
    }

    /// Those who came aboard a named route before its slot day was locked; now nobody does any more.
    pub(crate) async fn load_latecomers(&mut self, tx: &Tx) -> Result<(), StoreError> {
        let mut late = self.aboard(tx).await?;
        late.retain(|no| !self.book.contains_key(no));
        self.lock(tx, &late).await
    }

    /// The slot days that each message may touch.
    pub(crate) fn slot_days(
        &self,
        served: &Served,
        items: &[Arc<Item<Incoming>>],
    ) -> Vec<BTreeSet<SlotDayKey>> {
        let of_each = items.iter().map(|item| {
            let Some(ask) = item.message.ask() else {
                return BTreeSet::new();
            };
            let standing = ask.waybill().and_then(|no| self.standings.get(no).copied());
            let known = ask.waybill().and_then(|no| self.book.get(no));
            let route = ask.route().and_then(|route_ref| self.routes.get(route_ref));
            if let Some(asked) = ask.by_hand() {
                return asked.slot_days(&served.network, known, &self.proposals);
            }
            ask.slot_days(&served.network, standing, known, route)
        });
        of_each.collect()
    }

    /// Proposals first, then the routes that they and other commands name.
    async fn load_proposals(
        &mut self,
        tx: &Tx,
        by_hand: &[Dispatch<'_>],
    ) -> Result<(), StoreError> {
        let ids = by_hand.iter().filter_map(|asked| asked.proposal()).collect();
        self.proposals = lock_proposals(tx, &ids).await?;
        let named: BTreeSet<&str> = by_hand
            .iter()
            .flat_map(|asked| asked.routes())
            .chain(
                self.proposals
                    .values()
                    .flat_map(|proposal| proposal.steps.iter().filter_map(ProposedStep::route_ref)),
            )
            .collect();
        let found =
            if named.is_empty() { BTreeMap::new() } else { known_routes(tx, &named).await? };
        self.named = found;
        Ok(())
    }

    /// Every step that commands bring along or that stands in a proposal which they name.
    fn proposed<'a>(
        &'a self,
        by_hand: &'a [Dispatch<'a>],
    ) -> impl Iterator<Item = &'a ProposedStep> {
        let stored = self.proposals.values().flat_map(|proposal| &proposal.steps);
        by_hand.iter().flat_map(|asked| asked.steps()).chain(stored)
    }

    async fn aboard(&self, tx: &Tx) -> Result<BTreeSet<WaybillNo>, StoreError> {
        aboard(tx, self.routes.values().map(|route| route.id)).await
    }

    async fn lock(&mut self, tx: &Tx, numbers: &BTreeSet<WaybillNo>) -> Result<(), StoreError> {
        if !numbers.is_empty() {
            self.standings.extend(standings(tx, numbers).await?);
            self.book.extend(lock_assignments(tx, numbers).await?);
        }
        Ok(())
    }
}

/// What is known about the amendments of these waybills; whose destination is to change, is marked.
async fn amending(tx: &Tx, amended: &[(&WaybillNo, bool)]) -> Result<Amending, StoreError> {
    let mut amending = Amending::default();
    if !amended.is_empty() {
        let numbers = amended.iter().map(|(no, _)| (*no).clone()).collect();
        amending.stored = amendments_of(tx, &numbers).await?;
    }
    let moving = amended.iter().filter(|(_, moves)| *moves);
    let moving: BTreeSet<WaybillNo> = moving.map(|(no, _)| (*no).clone()).collect();
    if !moving.is_empty() {
        amending.facts = order_facts(tx, &moving).await?;
    }
    Ok(amending)
}
