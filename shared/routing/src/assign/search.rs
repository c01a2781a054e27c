//! The search for a place, read-only.
//!
//! Order: a route that goes to the same door or carries the same order; then, class by class and
//! zone by zone (home first), the open route that fits best (`join`), or else bought capacity
//! (`buy`). Dry goods try every dry route, the neighbours' included, before they take cold space: a
//! longer drive costs less than a frozen waybill left without a truck. Only where cold space is
//! expected to be left over (`worth`) it is as good as any other. Never here: changing anything.

use std::cell::OnceCell;
use std::sync::Arc;

use super::join::Joining;
use super::worth::Worth;
use super::{Plan, Reason, Request};
use crate::class::RouteClass;
use crate::code::ZoneCode;
use crate::explain::{Candidate, Rule, Step, Trace, Verdict};
use crate::fit;
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};
use crate::pricing::{self, Forecast};
use crate::state::{Route, RouteStatus, SlotDay, ZoneDay};

/// Limits that a "what if" search ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relax {
    pub(super) zone_quota: bool,
    pub(super) route_quota: bool,
    pub(super) pool: bool,
}

impl Relax {
    pub(super) const NOTHING: Self = Self { zone_quota: false, route_quota: false, pool: false };
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    pub(super) network: &'a Network,
    pub(super) day: &'a SlotDay,
    pub(super) request: &'a Request,
    pub(super) forecast: &'a Forecast,
    pub(super) relax: Relax,
}

/// A place, and the candidate by which the explanation shows it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) plan: Plan,
    pub(super) chosen: Candidate,
}

/// A zone that may serve the request, with what is asked about it for every route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server<'a> {
    pub(super) code: &'a ZoneCode,
    pub(super) day: &'a ZoneDay,
    knows_stop: bool,
    knows_order: bool,
}

impl<'a> Search<'a> {
    /// What no capacity can mend: no template of the home zone, or no truck that is large enough
    /// on any ladder of the home zone and its neighbours.
    pub(super) fn refuse_as_unservable(&self, trace: &mut Trace) -> Option<Reason> {
        if !self.has_template() {
            return Some(Reason::NoTemplate);
        }
        if self.has_truck() {
            return None;
        }
        for (zone, truck) in self.reachable_trucks() {
            if let Err(rule) = self.check_empty(truck) {
                trace.note(Step::Open, || {
                    let base = candidate(Step::Open, zone, Verdict::Rejected(rule));
                    Candidate { truck_type: Some(truck.code.clone()), ..base }
                });
            }
        }
        Some(Reason::ExceedsLargestTruck)
    }

    /// Whether the home zone has a template for the goods.
    pub(super) fn has_template(&self) -> bool {
        self.templates_in(&self.request.zone).next().is_some()
    }

    /// Whether a truck that could come holds the waybill alone.
    pub(super) fn has_truck(&self) -> bool {
        self.reachable_trucks().any(|(_zone, truck)| self.check_empty(truck).is_ok())
    }

    /// Whether the bucket of a zone may take it.
    pub(super) fn has_room(&self, zone: &ZoneCode) -> bool {
        let has_room = |day: &ZoneDay| self.relax.zone_quota || day.has_room(self.request.load);
        self.day.zone(zone).is_some_and(has_room)
    }

    /// The best place by the rules, if there is any.
    pub(super) fn find(&self, trace: &mut Trace) -> Option<Found> {
        let servers = self.servers(trace);
        let sticky = self.sticky(&servers, trace);
        if let Some((joining, _)) = sticky
            && !joining.is_foreign
        {
            return Some(joining.found(None));
        }
        self.by_preference(&servers).find_map(|(server, class)| {
            let here = sticky.filter(|(_, zone)| *zone == server.code);
            self.place_in(server, class, here.map(|(joining, _)| joining), trace)
        })
    }

    /// In one zone, on routes of one class. A route of the request's own kind that has room is
    /// taken; but a foreign one that its order or door is on already (`sticky`) may be as cheap, and
    /// where there is none of its own, room on a foreign one is compared with what can be bought.
    fn place_in(
        &self,
        server: &Server<'a>,
        class: RouteClass,
        sticky: Option<Joining<'a>>,
        trace: &mut Trace,
    ) -> Option<Found> {
        let worth = OnceCell::new();
        let worth = || worth.get_or_init(|| Worth::of(self, server));
        let mut joinings = self.joinings(server, class, trace);
        let is_usual = self.request.sku_class.route_classes().first() == Some(&class);
        let own = joinings.iter().filter(|joining| !(is_usual && joining.is_foreign));
        if let Some(own) = own.min_by_key(|joining| joining.rank()) {
            let Some(sticky) = sticky else { return Some(own.found(None)) };
            let (own_price, sticky_price) = (own.price(worth()), sticky.price(worth()));
            let stays = sticky_price.compare(&own_price).is_le();
            return Some(if stays { sticky.found(Some(sticky_price)) } else { own.found(None) });
        }
        if is_usual && class == RouteClass::Dry {
            joinings = self.joinings(server, RouteClass::Mixed, trace);
            joinings.retain(|joining| joining.is_foreign);
        }
        // The sticky one comes first, so that it wins where prices are equal.
        let foreign = sticky.iter().chain(&joinings).map(|joining| {
            let price = joining.price(worth());
            (price, joining.found(Some(price)))
        });
        let foreign = foreign.min_by(|(a, _), (b, _)| a.compare(b));
        let bought = self.buy(server, class, &worth, trace);
        let offers = [foreign, bought].into_iter().flatten();
        offers.min_by(|(a, _), (b, _)| a.compare(b)).map(|(_, found)| found)
    }

    /// The request's zone, then the neighbours that it may overflow to.
    pub(super) fn zones(&self) -> impl Iterator<Item = &'a ZoneCode> + use<'a> {
        let neighbours = self.network.zone(&self.request.zone).map(|zone| zone.neighbours.iter());
        std::iter::once(&self.request.zone).chain(neighbours.into_iter().flatten())
    }

    /// The zones whose bucket has room. A waybill counts against the zone that serves it.
    fn servers(&self, trace: &mut Trace) -> Vec<Server<'a>> {
        let mut servers = Vec::new();
        for code in self.zones() {
            let Some(day) = self.day.zone(code) else {
                continue;
            };
            if self.relax.zone_quota || day.has_room(self.request.load) {
                let knows_stop = day.knows_stop(self.request.stop);
                let knows_order = day.knows_order(self.request.order);
                servers.push(Server { code, day, knows_stop, knows_order });
            } else {
                let rejected = Verdict::Rejected(Rule::ZoneQuota);
                trace.note(Step::Zone, || candidate(Step::Zone, code, rejected));
            }
        }
        servers
    }

    /// Class before zone: see the module's opening words.
    fn by_preference<'s>(
        &self,
        servers: &'s [Server<'a>],
    ) -> impl Iterator<Item = (&'s Server<'a>, RouteClass)> + use<'s, 'a> {
        let classes = self.request.sku_class.route_classes().iter();
        classes.flat_map(move |class| servers.iter().map(move |server| (server, *class)))
    }

    /// The same order before the same door, then preference, then best fit; and the zone. One of
    /// the request's own kind before a foreign one.
    fn sticky(
        &self,
        servers: &[Server<'a>],
        trace: &mut Trace,
    ) -> Option<(Joining<'a>, &'a ZoneCode)> {
        let mut best = None;
        for (rank, (server, class)) in self.by_preference(servers).enumerate() {
            if !server.knows_order && !server.knows_stop {
                continue;
            }
            for route in server.day.routes(class) {
                let same_order = route.orders.contains(self.request.order);
                if !same_order && !route.stops.contains(self.request.stop) {
                    continue;
                }
                let Some(joining) = self.join(Step::Sticky, server, route, trace) else {
                    continue;
                };
                let key = (joining.is_foreign, !same_order, rank, joining.rank());
                if best.as_ref().is_none_or(|(best_key, _)| key < *best_key) {
                    best = Some((key, (joining, server.code)));
                }
            }
        }
        best.map(|(_key, found)| found)
    }

    /// What `route` would carry with `truck` on it and the request on board, if that is allowed.
    pub(super) fn admit(
        &self,
        server: &Server<'a>,
        route: &Route,
        truck: &TruckType,
    ) -> Result<(Load, u32), Rule> {
        if route.status != RouteStatus::Open {
            return Err(Rule::NotOpen);
        }
        if self.request.excluded_routes.contains(&route.id) {
            return Err(Rule::Excluded);
        }
        let load = route.load.checked_add(self.request.load).ok_or(Rule::Weight)?;
        self.check_waybill_quota(&route.template, truck, load)?;
        let known = server.knows_stop && route.stops.contains(self.request.stop);
        let stops = route.stop_count().saturating_add(u32::from(!known));
        fit::check_truck(truck, load, stops)?;
        Ok((load, stops))
    }

    pub(super) fn check_waybill_quota(
        &self,
        template: &RouteTemplate,
        truck: &TruckType,
        load: Load,
    ) -> Result<(), Rule> {
        let within = load.waybills <= fit::waybill_limit(template, truck);
        // with another truck the truck's stops are the limit, which no quota can raise
        let lifted = self.relax.route_quota && truck.code == template.default_truck_type;
        if within || lifted { Ok(()) } else { Err(Rule::WaybillQuota) }
    }

    pub(super) fn check_empty(&self, truck: &TruckType) -> Result<(), Rule> {
        fit::check_truck(truck, self.request.load, 1)
    }

    pub(super) fn take_from_pool(&self, truck: &TruckType) -> Result<(), Rule> {
        let free = self.relax.pool || self.day.pool_of(&truck.code).has_free();
        if free { Ok(()) } else { Err(Rule::Pool) }
    }

    pub(super) fn spare(
        &self,
        template: &RouteTemplate,
        truck: &TruckType,
        load: Load,
        stops: u32,
    ) -> u64 {
        let goods = self.request.sku_class;
        self.forecast.of(goods).map_or(0, |outlook| {
            pricing::spare_milli(template, truck, load, stops, &outlook.typical)
        })
    }

    pub(super) fn templates_in(
        &self,
        zone: &'a ZoneCode,
    ) -> impl Iterator<Item = &'a Arc<RouteTemplate>> + use<'a> {
        let (network, timeslot) = (self.network, &self.day.key().timeslot);
        let classes = self.request.sku_class.route_classes().iter();
        classes.flat_map(move |class| network.templates(zone, timeslot, *class))
    }

    /// The template's truck type and all that it can be upgraded to.
    pub(super) fn trucks_of(
        &self,
        template: &RouteTemplate,
    ) -> impl Iterator<Item = &'a Arc<TruckType>> + use<'a> {
        let own = self.network.truck_type(&template.default_truck_type);
        own.into_iter().chain(self.network.upgrades(&template.default_truck_type))
    }

    fn reachable_trucks(&self) -> impl Iterator<Item = (&'a ZoneCode, &'a Arc<TruckType>)> {
        self.zones().flat_map(move |zone| {
            let templates = self.templates_in(zone);
            templates
                .flat_map(move |template| self.trucks_of(template).map(move |truck| (zone, truck)))
        })
    }
}

pub(super) fn candidate(step: Step, zone: &ZoneCode, verdict: Verdict) -> Candidate {
    let zone = zone.clone();
    Candidate { step, zone, route: None, truck_type: None, verdict, spare_milli: None, price: None }
}

pub(super) fn route_candidate(
    step: Step,
    zone: &ZoneCode,
    route: &Route,
    truck: &TruckType,
    verdict: Verdict,
) -> Candidate {
    let base = candidate(step, zone, verdict);
    Candidate { route: Some(route.id), truck_type: Some(truck.code.clone()), ..base }
}
