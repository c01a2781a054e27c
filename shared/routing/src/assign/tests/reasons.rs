//! Every reason, and what it takes to be rid of it.

use super::*;

/// The waybill is refused for `reason` on one network and gets a place on the other.
fn check(
    reason: Reason,
    request: &Request,
    broken: impl FnOnce(&mut NetworkParts),
    mended: impl FnOnce(&mut NetworkParts),
) {
    let decision = World::with(broken).assign(request);
    assert_eq!(decision.outcome, Outcome::Unassignable(reason));
    assert_eq!(decision.effects, []);
    World::with(mended).place(request);
}

#[test]
fn reasons_of_the_network_are_named_and_mending_one_gives_a_place() {
    check(
        Reason::NoTemplate,
        &frozen(1, 10),
        |parts| parts.templates.retain(|one| one.code.as_str() != "A-COLD"),
        |_| (),
    );
    check(
        Reason::ExceedsLargestTruck,
        &dry(1, 34_001),
        |_| (),
        |parts| parts.truck_types[4].profiles = "dry=34001".parse().unwrap(),
    );
    let zone_quotas = |a, b| vec![quota("A", waybills(a)), quota("B", waybills(b))];
    check(
        Reason::ZoneQuota,
        &dry(1, 10),
        |parts| parts.zone_quotas = zone_quotas(0, 0),
        |parts| parts.zone_quotas = zone_quotas(1, 0),
    );
    let route_quota = |parts: &mut NetworkParts, quota| {
        only(&[("VAN", 9)])(parts);
        parts.templates = vec![template("A-DRY", "A", RouteClass::Dry, "VAN", quota)];
    };
    check(
        Reason::RouteQuota,
        &dry(1, 10),
        |parts| route_quota(parts, 0),
        |parts| route_quota(parts, 1),
    );
    check(Reason::PoolExhausted, &dry(1, 10), only(&[]), only(&[("VAN", 1)]));
}

#[test]
fn reasons_of_the_clock_are_named_and_an_earlier_judgement_gives_a_place() {
    let missed = Request { origin: Origin::Missed, ..dry(1, 10) };
    for (reason, at, request) in [
        (Reason::DatePast, "2024-05-11T00:00:00Z", dry(1, 10)),
        (Reason::CutOffPassed, "2024-05-09T20:00:01Z", dry(1, 10)),
        (Reason::Missed, "2024-05-10T10:00:00Z", missed),
    ] {
        let mut world = World::with(|_| ());
        world.judged_at = instant(at);
        assert_eq!(world.refusal(&request), reason);
        world.judged_at = instant("2024-05-09T20:00:00Z");
        world.place(&request);
    }
}

#[test]
fn reasons_that_no_capacity_can_mend_come_first_and_in_order() {
    let mut world = World::with(|parts| {
        only(&[])(parts);
        parts.zone_quotas = vec![quota("A", waybills(0)), quota("B", waybills(0))];
        parts.templates.retain(|one| one.class == RouteClass::Dry);
    });
    let too_large = |class| waybill(1, class, 40_000, 40_000, 9_000);
    assert_eq!(world.refusal(&too_large(SkuClass::Dry)), Reason::ExceedsLargestTruck);
    assert_eq!(world.refusal(&too_large(SkuClass::Mixed)), Reason::NoTemplate);
    world.judged_at = instant("2024-05-09T21:00:00Z");
    assert_eq!(world.refusal(&too_large(SkuClass::Mixed)), Reason::CutOffPassed);
    world.judged_at = instant("2024-05-12T00:00:00Z");
    assert_eq!(world.refusal(&too_large(SkuClass::Mixed)), Reason::DatePast);
}

#[test]
fn only_a_release_or_an_override_gets_in_after_the_cut_off() {
    let late = instant("2024-05-09T21:00:00Z");
    let request = |origin| Request { origin, ..dry(1, 10) };
    for (origin, refused) in [
        (Origin::Regular, Some(Reason::CutOffPassed)),
        (Origin::Missed, Some(Reason::Missed)),
        (Origin::ReleasedFromHold, None),
        (Origin::Override, None),
    ] {
        let mut world = World::with(|_| ());
        world.judged_at = late;
        assert_eq!(world.assign(&request(origin)).explanation.reason, refused, "{origin:?}");
    }
    for (origin, reason) in [
        (Origin::ReleasedFromHold, Reason::ReleasedAfterCutoff),
        (Origin::Override, Reason::PoolExhausted),
    ] {
        let mut world = World::with(only(&[]));
        world.judged_at = late;
        let explanation = world.assign(&request(origin)).explanation;
        assert_eq!(explanation.reason, Some(reason));
        assert_eq!(explanation.blocked_by, [Reason::PoolExhausted]);
    }
    // a route may be locked early: who left it comes too late before the cut-off, too
    let mut world = World::with(only(&[]));
    assert_eq!(world.refusal(&request(Origin::ReleasedFromHold)), Reason::ReleasedAfterCutoff);
}

#[test]
fn a_date_that_is_past_stays_past_whoever_asks() {
    for origin in [Origin::Regular, Origin::Missed, Origin::ReleasedFromHold, Origin::Override] {
        let mut world = World::with(|_| ());
        world.judged_at = instant("2024-05-11T00:00:00Z");
        assert_eq!(world.refusal(&Request { origin, ..dry(1, 10) }), Reason::DatePast);
    }
}

#[test]
fn a_full_zone_overflows_only_to_its_own_neighbours() {
    let mut world = World::with(|parts| {
        parts.zones[1].neighbours.clear();
        parts.zone_quotas = vec![quota("A", waybills(1)), quota("B", waybills(1))];
    });
    assert_eq!(zone_of(&world.place(&dry(1, 10))), "A");
    assert_eq!(zone_of(&world.place(&dry(2, 10))), "B");
    assert_eq!(world.refusal(&dry(3, 10)), Reason::ZoneQuota);
    world.day.set_zone_limit(&"A".into(), waybills(2)).unwrap();
    let from_b = Request { zone: "B".into(), ..dry(4, 10) };
    assert_eq!(world.refusal(&from_b), Reason::ZoneQuota, "B may not overflow");
}

#[test]
fn two_limits_at_once_are_both_named() {
    let mut world = World::with(|parts| {
        only(&[])(parts);
        parts.zone_quotas = vec![quota("A", waybills(0)), quota("B", waybills(0))];
    });
    let decision = world.assign(&dry(1, 10));
    assert_eq!(decision.outcome, Outcome::Unassignable(Reason::ZoneQuota));
    assert_eq!(decision.explanation.blocked_by, [Reason::ZoneQuota, Reason::PoolExhausted]);
}

#[test]
fn requests_that_do_not_belong_here_are_errors() {
    let World { network, mut day, judged_at, .. } = World::with(|_| ());
    let mut ask = |request: &Request| {
        let forecast = Forecast::like(request.load);
        let mut ids = |_: &_| (route_id(1), RouteReference::from("R1"));
        assign(&network, &mut day, request, judged_at, &forecast, &mut ids)
    };
    let elsewhere = Request { zone: "Z".into(), ..dry(1, 10) };
    assert!(matches!(ask(&elsewhere), Err(StateError::UnknownZone { .. })));
    let two = Request { load: Load { waybills: 2, ..dry(1, 10).load }, ..dry(1, 10) };
    assert_eq!(ask(&two), Err(StateError::NotOneWaybill { waybills: 2 }));
    ask(&dry(1, 4_500)).unwrap();
    let reused_id = ask(&frozen(2, 10));
    assert!(matches!(reused_id, Err(StateError::DuplicateRoute { .. })));
}
