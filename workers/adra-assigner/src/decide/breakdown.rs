//! Trucks that cannot drive: the pool of a slot day gets smaller, and what is in use beyond it has to be mended
//! by planning. Never here: the mending (see [`super::replan`]).

use contracts::{Broken, Refusal, ReportBreakdown, Role};
use routing::{Network, RouteStatus, SlotDayKey, TruckTypeCode};
use runtime::Outcome;

use super::changes::OutageRow;
use super::routes::refused;
use super::{KnownRoute, PlanError, Planner, Verdict};

/// Who plans routes, and whoever supervises.
pub(crate) const fn may_plan(role: Role) -> bool {
    match role {
        Role::Dispatcher | Role::CsSupervisor | Role::Operator | Role::Admin => true,
        Role::Customer
        | Role::Merchant
        | Role::CsAgent
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Shop
        | Role::Worker => false,
    }
}

/// The slot day whose trucks broke down; `None` when the network has no such depot or window.
pub(crate) fn broken_slot_day(
    network: &Network,
    broken: &Broken,
    route: Option<&KnownRoute>,
) -> Option<SlotDayKey> {
    match broken {
        Broken::TruckOf { .. } => route.map(|route| route.key.clone()),
        Broken::Trucks { depot, delivery_date, timeslot, .. } => {
            let (depot, timeslot) = (depot.as_str().into(), timeslot.as_str().into());
            network.depot(&depot)?;
            network.timeslot(&timeslot)?;
            Some(SlotDayKey { depot, date: *delivery_date, timeslot })
        }
    }
}

/// Which trucks, and how many of them in all.
struct Wanted {
    key: SlotDayKey,
    truck_type: TruckTypeCode,
    trucks: u32,
}

impl Planner<'_> {
    /// Notes trucks that cannot drive. `found` is the route that the report names, if it names one.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn break_down(
        &mut self,
        asked: &ReportBreakdown,
        found: Option<&KnownRoute>,
        role: Role,
    ) -> Result<Verdict, PlanError> {
        if !may_plan(role) {
            let detail = format!("{role:?} may not say that trucks are out of order");
            return Ok(refused("NOT_ALLOWED", detail, 0));
        }
        let Wanted { key, truck_type, trucks } = match self.wanted(asked, found)? {
            Ok(wanted) => wanted,
            Err(refusal) => return Ok(Verdict::Settled(Outcome::Rejected(refusal), 0)),
        };
        let has = self.trucks_of(&key, &truck_type);
        if has == 0 || trucks > has {
            let (SlotDayKey { depot, timeslot, .. }, trucks) = (&key, trucks);
            let detail =
                format!("{depot} has {has} {truck_type} for {timeslot}: {trucks} cannot be broken");
            return Ok(refused("NO_SUCH_TRUCKS", detail, 0));
        }
        let plan = self.plans.get_mut(&key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let limit = has.saturating_sub(trucks);
        if plan.day.pool_of(&truck_type).limit == limit {
            return Ok(Verdict::Settled(Outcome::Duplicate, plan.version));
        }
        plan.day.set_pool_limit(&truck_type, limit);
        let version = plan.version.saturating_add(1);
        let outages = &mut self.changes.outages;
        outages.retain(|row| row.key != key || row.truck_type != truck_type);
        outages.push(OutageRow { key, truck_type, trucks });
        Ok(Verdict::Settled(Outcome::Applied, version))
    }

    fn wanted(
        &self,
        asked: &ReportBreakdown,
        found: Option<&KnownRoute>,
    ) -> Result<Result<Wanted, Refusal>, PlanError> {
        let no = |code: &str, detail: &str| Ok(Err(Refusal::new(code, detail)));
        let key = broken_slot_day(self.network, &asked.broken, found);
        let (key, truck_type, trucks) = match (&asked.broken, key) {
            (Broken::TruckOf { .. }, None) => {
                return no("UNKNOWN_ROUTE", "there is no route of this name");
            }
            (Broken::Trucks { .. }, None) => {
                return no("UNKNOWN_SLOT", "the network has no such depot or window");
            }
            (Broken::Trucks { truck_type, out_of_order, .. }, Some(key)) => {
                (key, truck_type.as_str().into(), *out_of_order)
            }
            (Broken::TruckOf { .. }, Some(key)) => {
                let plan = self.plans.get(&key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
                let route = found.and_then(|found| plan.day.route(found.id));
                let Some(route) = route else {
                    return no("ROUTE_CLOSED", "the route is closed: it has no truck");
                };
                if route.status() == RouteStatus::Dispatched {
                    let detail = "the truck is on the road: report what becomes of its waybills";
                    return no("ROUTE_DISPATCHED", detail);
                }
                let truck_type = route.truck().code.clone();
                let has = self.trucks_of(&key, &truck_type);
                let broken = has.saturating_sub(plan.day.pool_of(&truck_type).limit);
                (key, truck_type, broken.saturating_add(1))
            }
        };
        Ok(Ok(Wanted { key, truck_type, trucks }))
    }

    /// The trucks of a type that the depot has, whether they drive or not.
    fn trucks_of(&self, key: &SlotDayKey, truck_type: &TruckTypeCode) -> u32 {
        let mut pool = self.network.pool(&key.depot, &key.timeslot);
        pool.find(|(code, _)| *code == truck_type).map_or(0, |(_, trucks)| trucks)
    }
}
