//! What was changed since the last set: undone, or handed out as a [`MoveSet`] that says where each
//! waybill was and is. Never here: a change of the board's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Board, RouteIx, WaybillIx};
use crate::assign::RouteIds;
use crate::key::RouteId;
use crate::network::TruckType;
use crate::optimise::moves::{Move, MoveSet, OpenedRoute, TruckChange};

/// A change, and what was there before it.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    Took { waybill: WaybillIx, from: RouteIx },
    Put { waybill: WaybillIx },
    Truck { route: RouteIx, before: Arc<TruckType> },
    Opened,
    Closed { route: RouteIx },
}

impl Board<'_> {
    pub(in crate::optimise) fn rollback(&mut self) {
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Took { waybill, from } => {
                    self.put(waybill, from);
                    self.journal.pop();
                }
                Undo::Put { waybill } => {
                    self.take(waybill);
                    self.journal.pop();
                }
                Undo::Truck { route, before } => {
                    self.set_truck(route, &before);
                    self.journal.pop();
                }
                Undo::Opened => {
                    if let Some(line) = self.routes.pop() {
                        self.of_zone.entry(line.template.zone.clone()).or_default().pop();
                        self.pool_mut(&line.truck.code).used -= 1;
                    }
                }
                Undo::Closed { route } => {
                    self.routes[route].is_alive = true;
                    let code = self.routes[route].truck.code.clone();
                    self.pool_mut(&code).used += 1;
                }
            }
        }
    }

    /// Hands out what happened since the last set; `None` when nothing did.
    pub(in crate::optimise) fn commit(&mut self, ids: &mut dyn RouteIds) -> Option<MoveSet> {
        let journal = std::mem::take(&mut self.journal);
        let mut first_place: BTreeMap<WaybillIx, Option<RouteIx>> = BTreeMap::new();
        let mut first_truck: BTreeMap<RouteIx, Arc<TruckType>> = BTreeMap::new();
        let (mut touched, mut closed) = (BTreeSet::new(), BTreeSet::new());
        for undo in journal {
            match undo {
                Undo::Took { waybill, from } => {
                    first_place.entry(waybill).or_insert(Some(from));
                }
                Undo::Put { waybill } => {
                    first_place.entry(waybill).or_insert(None);
                }
                Undo::Truck { route, before } => {
                    first_truck.entry(route).or_insert(before);
                }
                Undo::Opened => {}
                Undo::Closed { route } => {
                    closed.insert(route);
                }
            }
        }
        first_place.retain(|waybill, from| self.at[*waybill] != *from);
        first_truck.retain(|route, before| self.routes[*route].truck.code != before.code);
        touched.extend(first_truck.keys().chain(&closed));
        for (waybill, from) in &first_place {
            touched.extend(from.iter().chain(&self.at[*waybill]));
        }
        let set = self.hand_out(&touched, &first_place, &first_truck, &closed, ids);
        (!touched.is_empty()).then_some(set)
    }

    fn hand_out(
        &mut self,
        touched: &BTreeSet<RouteIx>,
        places: &BTreeMap<WaybillIx, Option<RouteIx>>,
        trucks: &BTreeMap<RouteIx, Arc<TruckType>>,
        closed: &BTreeSet<RouteIx>,
        ids: &mut dyn RouteIds,
    ) -> MoveSet {
        let mut set = MoveSet::default();
        for route in touched {
            let line = &mut self.routes[*route];
            match &line.id {
                Some((id, _)) => set.expected.push((*id, line.version)),
                None if line.is_alive => {
                    let (id, reference) = ids.next(&line.template);
                    line.id = Some((id, reference.clone()));
                    let (template, truck_type) =
                        (line.template.code.clone(), line.truck.code.clone());
                    set.opened.push(OpenedRoute { route: id, reference, template, truck_type });
                }
                None => {}
            }
            line.version = line.version.saturating_add(1);
        }
        let opened: BTreeSet<RouteId> = set.opened.iter().map(|route| route.route).collect();
        let id_of = |route: &RouteIx| self.routes[*route].id.as_ref().map(|(id, _)| *id);
        for (route, before) in trucks {
            let Some(id) = id_of(route).filter(|id| !opened.contains(id)) else { continue };
            let (from, to) = (before.code.clone(), self.routes[*route].truck.code.clone());
            set.trucks.push(TruckChange { route: id, from, to });
        }
        for (waybill, from) in places {
            set.moves.push(Move {
                waybill_no: self.waybills[*waybill].waybill_no.clone(),
                from: from.as_ref().and_then(id_of),
                to: self.at[*waybill].as_ref().and_then(id_of),
            });
        }
        set.closed = closed.iter().filter_map(id_of).collect();
        set.objective = self.objective();
        set
    }
}
