//! Open routes that take a waybill as they are, and which of them takes it best.
//!
//! A waybill goes where it takes the least of the room that a route has for typical waybills: a
//! large one where stops run out first, a small one where volume does, frozen goods where dry ones
//! would have no place anyway. Of equals, the fuller route. A route that other goods have a use for
//! is *foreign* to the waybill: it is chosen when that is expected to cost no more than anything
//! else (`worth`). Never here: bought capacity.

use super::Plan;
use super::search::{Found, Search, Server, route_candidate};
use super::worth::{self, Use, Worth};
use crate::class::{RouteClass, SkuClass};
use crate::code::ZoneCode;
use crate::explain::{Candidate, Step, Trace, Verdict};
use crate::pricing::Price;
use crate::state::Route;

/// A route with room for the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joining<'a> {
    step: Step,
    zone: &'a ZoneCode,
    route: &'a Route,
    /// Afterwards, in waybills like those of the request's class.
    spare_milli: u64,
    before: Option<Use>,
    after: Option<Use>,
    pub(super) is_foreign: bool,
}

impl<'a> Joining<'a> {
    /// Room that is used up: of the best use, or simply of the request's own kind.
    fn lost_milli(&self) -> u64 {
        let spare = |best: Option<Use>| best.map_or(0, |best| best.spare_milli);
        spare(self.before).saturating_sub(spare(self.after))
    }

    /// Less is better. What is lost is told apart in tenths of a waybill: less is rounding.
    pub(super) fn rank(&self) -> (bool, u64, u64) {
        (self.is_foreign, self.lost_milli().saturating_add(50) / 100, self.spare_milli)
    }

    pub(super) fn price(&self, worth: &Worth) -> Price {
        let saves_milli = worth.saves_milli(self.before, self.after);
        Price { cost: 0, units_milli: 0, saves_milli }
    }

    fn show(&self, price: Option<Price>) -> Candidate {
        let (route, zone) = (self.route, self.zone);
        let base = route_candidate(self.step, zone, route, &route.truck, Verdict::Feasible);
        Candidate { spare_milli: Some(self.spare_milli), price, ..base }
    }

    pub(super) fn found(&self, price: Option<Price>) -> Found {
        Found { plan: Plan::Join { route: self.route.id }, chosen: self.show(price) }
    }
}

impl<'a> Search<'a> {
    /// Looks at one open route as it is.
    pub(super) fn join(
        &self,
        step: Step,
        server: &Server<'a>,
        route: &'a Route,
        trace: &mut Trace,
    ) -> Option<Joining<'a>> {
        let (load, stops) = match self.admit(server, route, &route.truck) {
            Ok(after) => after,
            Err(rule) => {
                trace.note(step, || {
                    let verdict = Verdict::Rejected(rule);
                    route_candidate(step, server.code, route, &route.truck, verdict)
                });
                return None;
            }
        };
        let before = worth::use_of(self.forecast, route);
        let after = worth::best_use(self.forecast, &route.template, &route.truck, load, stops);
        let joining = Joining {
            step,
            zone: server.code,
            route,
            spare_milli: self.spare(&route.template, &route.truck, load, stops),
            before,
            after,
            is_foreign: self.is_foreign(route.template.class, before),
        };
        trace.note(step, || joining.show(None));
        Some(joining)
    }

    /// Whether other goods than the request's have a use for the route.
    fn is_foreign(&self, class: RouteClass, best: Option<Use>) -> bool {
        match (self.request.sku_class, class) {
            (SkuClass::Dry, RouteClass::Dry) => false,
            (SkuClass::Dry, RouteClass::Mixed) => best.is_some(),
            (goods, _) => best.is_some_and(|best| best.goods != goods),
        }
    }

    /// The routes of a class that have room.
    pub(super) fn joinings(
        &self,
        server: &Server<'a>,
        class: RouteClass,
        trace: &mut Trace,
    ) -> Vec<Joining<'a>> {
        let routes = server.day.routes(class).iter();
        routes.filter_map(|route| self.join(Step::BestFit, server, route, trace)).collect()
    }
}
