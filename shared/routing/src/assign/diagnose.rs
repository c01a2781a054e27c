//! Names what keeps a waybill out, by asking what would have to give way.
//!
//! First what no capacity can mend: the clock, a template, a truck large enough; each is supposed
//! to be mended before the next is asked. Then the search is run without one limit, without two,
//! without all three; the first that finds a place names the limits. So with everything named out
//! of the way there is a place, by construction. Never here: a change of any limit.

use super::Reason;
use super::search::{Relax, Search};
use crate::explain::Trace;

/// What keeps a waybill out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Diagnosis {
    /// What together would have to give way.
    pub(super) blocked_by: Vec<Reason>,
    /// Where that is a single limit of capacity: the other ones that would do instead.
    pub(super) or_else: Vec<Reason>,
}

/// Quotas are a decision that somebody can change, trucks have to be found.
const LIMITS: [Reason; 3] = [Reason::ZoneQuota, Reason::RouteQuota, Reason::PoolExhausted];

/// In this order: a single limit is a better answer than several.
const WHAT_IFS: [&[Reason]; 8] = [
    &[],
    &[Reason::ZoneQuota],
    &[Reason::RouteQuota],
    &[Reason::PoolExhausted],
    &[Reason::ZoneQuota, Reason::RouteQuota],
    &[Reason::ZoneQuota, Reason::PoolExhausted],
    &[Reason::RouteQuota, Reason::PoolExhausted],
    &LIMITS,
];

/// What is supposed to be mended in the network.
#[derive(Clone, Copy, Debug, Default)]
struct Mended {
    /// The home zone has a template for the goods, with any truck type there is.
    template: bool,
    /// A truck that holds the waybill can come on every template, and one is there.
    truck: bool,
}

/// The fewest things that have to give way for a place to exist. `late`: what the clock says, if anything.
pub(super) fn diagnose(search: &Search<'_>, late: Option<Reason>) -> Diagnosis {
    let mut blocked_by = Vec::from_iter(late);
    let mut mended = Mended::default();
    if !search.has_template() {
        blocked_by.push(Reason::NoTemplate);
        mended.template = true;
    }
    let fits_some = || search.network.truck_types().any(|truck| search.check_empty(truck).is_ok());
    let has_truck = search.has_truck() || (mended.template && fits_some());
    if !has_truck {
        blocked_by.push(Reason::ExceedsLargestTruck);
        mended.truck = true;
    }
    // where nothing else is in the way, the search without any what-if has found nothing already
    let asked = WHAT_IFS.iter().skip(usize::from(blocked_by.is_empty()));
    let is_capacity = blocked_by.is_empty();
    let limits = asked.copied().find(|reasons| admits(search, mended, reasons));
    blocked_by.extend(limits.into_iter().flatten());
    let or_else = match blocked_by.as_slice() {
        [only] if is_capacity => {
            let others = LIMITS.into_iter().filter(|other| other != only);
            others.filter(|other| admits(search, mended, &[*other])).collect()
        }
        _ => Vec::new(),
    };
    Diagnosis { blocked_by, or_else }
}

/// Whether there is a place without these limits.
fn admits(search: &Search<'_>, mended: Mended, without: &[Reason]) -> bool {
    let relax = Relax {
        zone_quota: without.contains(&Reason::ZoneQuota),
        route_quota: without.contains(&Reason::RouteQuota),
        pool: without.contains(&Reason::PoolExhausted),
    };
    let search = Search { relax, ..*search };
    search.find(&mut Trace::silent()).is_some()
        || (mended.truck && takes_larger_truck(&search, mended))
        || (mended.template && takes_new_template(&search))
}

/// Whether a zone with a template has room: the truck is there.
fn takes_larger_truck(search: &Search<'_>, mended: Mended) -> bool {
    search.zones().any(|zone| {
        let is_home = *zone == search.request.zone;
        let is_served = (is_home && mended.template) || search.templates_in(zone).next().is_some();
        is_served && search.has_room(zone)
    })
}

/// Whether the home zone has room, and a truck of any type that holds the waybill is left.
fn takes_new_template(search: &Search<'_>) -> bool {
    search.has_room(&search.request.zone)
        && search
            .network
            .truck_types()
            .any(|truck| search.check_empty(truck).is_ok() && search.take_from_pool(truck).is_ok())
}
