//! When no open route has room: the offers for more capacity, and the cheapest of them.
//!
//! An offer is a larger truck on an open route, or a new route. Both are priced by the outlay and
//! by what their room saves of the trucks still to be bought (`worth`), so that they compare. Never
//! here: the choice between zones.

use std::sync::Arc;

use super::Plan;
use super::search::{Found, Search, Server, candidate, route_candidate};
use super::worth::{self, Worth};
use crate::class::RouteClass;
use crate::explain::{Candidate, Rule, Step, Trace, Verdict};
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};
use crate::pricing::Price;
use crate::state::Route;

impl<'a> Search<'a> {
    /// The cheaper of a larger truck on an open route and a new route, by what each is expected to
    /// cost in the end.
    pub(super) fn buy<'w>(
        &self,
        server: &Server<'a>,
        class: RouteClass,
        worth: &impl Fn() -> &'w Worth,
        trace: &mut Trace,
    ) -> Option<(Price, Found)> {
        let upgrade = self.upgrade(server, class, worth, trace);
        let open = self.open(server, class, worth, trace);
        let offers = [upgrade, open].into_iter().flatten();
        offers.min_by(|(a, _), (b, _)| a.compare(b))
    }

    fn upgrade<'w>(
        &self,
        server: &Server<'a>,
        class: RouteClass,
        worth: &impl Fn() -> &'w Worth,
        trace: &mut Trace,
    ) -> Option<(Price, Found)> {
        let mut best: Option<(Price, &'a Route, &'a Arc<TruckType>)> = None;
        for route in server.day.routes(class) {
            for truck in self.network.upgrades(&route.truck.code) {
                let offer = self.price_upgrade(server, route, truck, worth);
                trace.note(Step::Upgrade, || {
                    priced(
                        route_candidate(Step::Upgrade, server.code, route, truck, verdict(&offer)),
                        &offer,
                    )
                });
                if let Ok(price) = offer
                    && best.as_ref().is_none_or(|(least, ..)| price.compare(least).is_lt())
                {
                    best = Some((price, route, truck));
                }
            }
        }
        let (price, route, to) = best?;
        let base = route_candidate(Step::Upgrade, server.code, route, to, Verdict::Feasible);
        let plan = Plan::Upgrade { route: route.id, to: Arc::clone(to) };
        Some((price, Found { plan, chosen: Candidate { price: Some(price), ..base } }))
    }

    /// The extra cost for the extra capacity. The larger truck is checked afresh: the ladder does
    /// not grow in every compartment.
    fn price_upgrade<'w>(
        &self,
        server: &Server<'a>,
        route: &Route,
        truck: &TruckType,
        worth: &impl Fn() -> &'w Worth,
    ) -> Result<Price, Rule> {
        self.take_from_pool(truck)?;
        let (load, stops) = self.admit(server, route, truck)?;
        let spare =
            |truck: &TruckType| self.spare(&route.template, truck, route.load, route.stop_count());
        let units_milli = spare(truck).saturating_sub(spare(&route.truck));
        let after = worth::best_use(self.forecast, &route.template, truck, load, stops);
        let cost = truck.cost.saturating_sub(route.truck.cost);
        let before = worth::use_of(self.forecast, route);
        let saves_milli = worth().upgrade_saves_milli(before, after, cost);
        Ok(Price { cost, units_milli, saves_milli })
    }

    fn open<'w>(
        &self,
        server: &Server<'a>,
        class: RouteClass,
        worth: &impl Fn() -> &'w Worth,
        trace: &mut Trace,
    ) -> Option<(Price, Found)> {
        let mut best: Option<(Price, Found)> = None;
        for template in self.network.templates(server.code, &self.day.key().timeslot, class) {
            let Some(truck) = self.first_truck(server, template, trace) else {
                continue;
            };
            let price = self.price_opening(template, truck, worth());
            let show = || {
                let base = candidate(Step::Open, server.code, Verdict::Feasible);
                Candidate { truck_type: Some(truck.code.clone()), price: Some(price), ..base }
            };
            trace.note(Step::Open, show);
            if best.as_ref().is_none_or(|(least, _)| price.compare(least).is_lt()) {
                let plan = Plan::Open { template: Arc::clone(template), truck: Arc::clone(truck) };
                best = Some((price, Found { plan, chosen: show() }));
            }
        }
        best
    }

    /// The template's own truck type, or else the cheapest on its ladder that fits and is there.
    fn first_truck(
        &self,
        server: &Server<'a>,
        template: &RouteTemplate,
        trace: &mut Trace,
    ) -> Option<&'a Arc<TruckType>> {
        self.trucks_of(template).find(|truck| {
            let available = self
                .check_empty(truck)
                .and_then(|()| self.check_waybill_quota(template, truck, self.request.load))
                .and_then(|()| self.take_from_pool(truck));
            if let Err(rule) = available {
                trace.note(Step::Open, || {
                    let base = candidate(Step::Open, server.code, Verdict::Rejected(rule));
                    Candidate { truck_type: Some(truck.code.clone()), ..base }
                });
            }
            available.is_ok()
        })
    }

    /// A new route may still be upgraded when it fills up, so it is priced at the truck that is
    /// best in the end, not just at the first.
    fn price_opening(&self, template: &RouteTemplate, first: &TruckType, worth: &Worth) -> Price {
        let price = |truck: &TruckType| {
            let after = worth::best_use(self.forecast, template, truck, self.request.load, 1);
            Price {
                cost: truck.cost,
                units_milli: self.spare(template, truck, Load::ZERO, 0),
                saves_milli: worth.saves_milli(None, after),
            }
        };
        let later = self.network.upgrades(&first.code).iter();
        later.filter(|truck| self.take_from_pool(truck).is_ok()).map(|truck| price(truck)).fold(
            price(first),
            |least, other| {
                if other.compare(&least).is_lt() { other } else { least }
            },
        )
    }
}

fn verdict(offer: &Result<Price, Rule>) -> Verdict {
    match offer {
        Ok(_) => Verdict::Feasible,
        Err(rule) => Verdict::Rejected(*rule),
    }
}

fn priced(base: Candidate, offer: &Result<Price, Rule>) -> Candidate {
    Candidate { price: offer.ok(), ..base }
}
