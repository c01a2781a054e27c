//! What an explanation shows, and how much.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::{Explanation, MAX_CANDIDATES, Rule, Step, Verdict};
use crate::fixture::{World, dry, pool, route_of};
use crate::{Load, Reason};

/// Each parcel fills a van's volume on its own, and no larger truck exists.
fn many_full_vans(count: u32) -> World {
    let mut world = World::with(|parts| {
        parts.pool = vec![pool("VAN", count)];
    });
    for number in 0..count {
        world.place(&dry(number, 4_500));
    }
    world
}

#[test]
fn the_list_is_bounded_and_prices_are_not_crowded_out() {
    let mut world = many_full_vans(100);
    world.day.set_pool_limit(&"VAN".into(), 101);
    let explanation = world.place(&dry(1_000, 4_500)).explanation;
    assert!(explanation.candidates.len() <= MAX_CANDIDATES);
    // 100 full routes and their four possible upgrades each were looked at, and a new route.
    assert_eq!(
        u64::from(explanation.omitted),
        500 + 1 - u64::try_from(explanation.candidates.len()).unwrap()
    );
    let chosen = explanation.chosen.unwrap();
    assert_eq!((chosen.step, chosen.verdict), (Step::Open, Verdict::Feasible));
    assert!(explanation.candidates.contains(&chosen));
    let rejected = |step, rule| {
        explanation
            .candidates
            .iter()
            .any(|one| one.step == step && one.verdict == Verdict::Rejected(rule))
    };
    assert!(rejected(Step::BestFit, Rule::Compartments));
    assert!(rejected(Step::Upgrade, Rule::Pool));
}

#[test]
fn quota_and_route_are_shown_before_and_after() {
    let mut world = World::with(|_| ());
    world.place(&dry(1, 100));
    let second = dry(2, 50);
    let decision = world.place(&second);
    let explanation = &decision.explanation;
    let quota = explanation.quota.clone().unwrap();
    assert_eq!(quota.after, quota.before.checked_add(second.load).unwrap());
    let route = explanation.route.clone().unwrap();
    assert_eq!(route.route, route_of(&decision));
    assert_eq!((route.stops_before, route.stops_after), (1, 2));
    assert_eq!(route.load_before, dry(1, 100).load);
    assert_eq!(route.truck_type_before, Some("VAN".into()));
}

#[test]
fn a_refusal_names_its_reason_and_leaves_the_quota_alone() {
    let explanation = many_full_vans(1).assign(&dry(2, 10)).explanation;
    assert_eq!(explanation.reason, Some(Reason::PoolExhausted));
    assert_eq!(explanation.blocked_by, [Reason::PoolExhausted]);
    let quota = explanation.quota.unwrap();
    assert_eq!((quota.before, quota.after), (dry(1, 4_500).load, dry(1, 4_500).load));
    assert_ne!(quota.before, Load::ZERO);
    assert_eq!(explanation.route, None);
}

#[test]
fn an_explanation_survives_json() {
    let mut world = many_full_vans(3);
    world.day.set_pool_limit(&"TRUCK".into(), 1);
    for request in [dry(10, 10), dry(11, 20_000)] {
        let explanation = world.assign(&request).explanation;
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    }
}
