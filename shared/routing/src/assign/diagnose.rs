//! Names the limit that keeps a waybill out, by asking which limit would have to give way.
//!
//! The search is run again without one limit, then without two, then without all three; the first
//! that finds a place names the limits. So the named reason is true by construction: with that
//! limit out of the way there is a place. Never here: a change of any limit.

use super::Reason;
use super::search::{Relax, Search};
use crate::explain::Trace;

/// In this order: quotas are a decision that somebody can change, trucks have to be found; and a
/// single limit is a better answer than several.
const WHAT_IFS: [&[Reason]; 7] = [
    &[Reason::ZoneQuota],
    &[Reason::RouteQuota],
    &[Reason::PoolExhausted],
    &[Reason::ZoneQuota, Reason::RouteQuota],
    &[Reason::ZoneQuota, Reason::PoolExhausted],
    &[Reason::RouteQuota, Reason::PoolExhausted],
    &[Reason::ZoneQuota, Reason::RouteQuota, Reason::PoolExhausted],
];

/// The fewest limits without which `search`, which found nothing, would have found a place.
pub(super) fn blocked_by(search: &Search<'_>) -> Vec<Reason> {
    let admits = |reasons: &[Reason]| {
        let relax = Relax {
            zone_quota: reasons.contains(&Reason::ZoneQuota),
            route_quota: reasons.contains(&Reason::RouteQuota),
            pool: reasons.contains(&Reason::PoolExhausted),
        };
        Search { relax, ..*search }.find(&mut Trace::silent()).is_some()
    };
    // Without all three limits a new route always takes what fits an empty truck.
    WHAT_IFS
        .iter()
        .find(|reasons| admits(reasons))
        .map_or_else(Vec::new, |reasons| reasons.to_vec())
}
