//! F over fact sets, by example.

use contracts::{Way, WaybillStatus as S};

use super::story::{at, attempt, happened, place, route};
use crate::evidence::{Added, Evidence, MAX_LOOSE, Place, Report};
use crate::facts::{Attempt, Fact, FactSet};

const OUT: Way = Way::Outbound;

fn facts(way: Way, all: &[(u16, S)]) -> FactSet {
    let mut set = FactSet::default();
    for (&(on, status), minute) in all.iter().zip(0..) {
        set.insert(Fact::of(way, status, Attempt::try_from(on).ok()).unwrap(), at(minute));
    }
    set
}

/// What F says of these facts: status, attempt, failed attempts, gaps, what waits.
fn check(all: &[(u16, S)], position: (S, u16, u16), gaps: &[S], parked: &[(u16, S)]) {
    check_of(OUT, all, position, gaps, parked);
}

/// The same of either way.
fn check_of(
    way: Way,
    all: &[(u16, S)],
    (status, attempt, failed): (S, u16, u16),
    gaps: &[S],
    parked: &[(u16, S)],
) {
    let set = facts(way, all);
    let standing = set.standing(way, None);
    let position = (standing.status, standing.attempt, standing.failed_attempts());
    assert_eq!(position, (status, attempt, failed), "{all:?}");
    assert_eq!(standing.gaps, gaps, "gaps of {all:?}");
    let waits: Vec<_> =
        standing.parked.iter().map(|fact| (fact.attempt_no(), fact.status)).collect();
    assert_eq!(waits, parked, "parked of {all:?}");
    assert_eq!(set.to_string().parse::<FactSet>(), Ok(set), "text form");
}

#[test]
fn the_way_to_the_door() {
    check(&[(0, S::Created)], (S::Created, 0, 0), &[], &[]);
    check(
        &[(0, S::Created), (0, S::Packed)],
        (S::Packed, 0, 0),
        &[S::Acknowledged, S::Picked],
        &[],
    );
    let loaded =
        [(0, S::Created), (0, S::Acknowledged), (0, S::Picked), (0, S::Packed), (1, S::Loaded)];
    check(&loaded, (S::Loaded, 1, 0), &[], &[]);
    let delivered = [loaded.as_slice(), &[(1, S::Dispatched), (0, S::Delivered)]].concat();
    check(&delivered, (S::Delivered, 1, 0), &[S::OutForDelivery], &[]);
}

#[test]
fn a_fact_waits_for_its_proof() {
    let base = [S::Acknowledged, S::Picked, S::Packed];
    check(&[(0, S::Created), (0, S::Delivered)], (S::Created, 0, 0), &[], &[(0, S::Delivered)]);
    check(
        &[(0, S::Created), (1, S::OutForDelivery)],
        (S::Created, 0, 0),
        &[],
        &[(1, S::OutForDelivery)],
    );
    // LOADED proves OUT_FOR_DELIVERY, which proves DELIVERY_FAILED
    check(
        &[(0, S::Created), (1, S::DeliveryFailed), (1, S::OutForDelivery), (1, S::Loaded)],
        (S::DeliveryFailed, 1, 1),
        &[base.as_slice(), &[S::Dispatched]].concat(),
        &[],
    );
    // a proof of one attempt proves nothing of another
    check(
        &[(0, S::Created), (1, S::Dispatched), (2, S::DeliveryFailed)],
        (S::Dispatched, 1, 0),
        &[base.as_slice(), &[S::Loaded]].concat(),
        &[(2, S::DeliveryFailed)],
    );
    // LOADED alone proves a return, but not that it came back
    check(
        &[(0, S::Created), (1, S::Loaded), (0, S::ReturnedToOrigin)],
        (S::Loaded, 1, 0),
        &base,
        &[(0, S::ReturnedToOrigin)],
    );
    check(
        &[(0, S::Created), (1, S::Loaded), (1, S::Returning), (0, S::ReturnedToOrigin)],
        (S::ReturnedToOrigin, 1, 0),
        &[base.as_slice(), &[S::Dispatched, S::OutForDelivery]].concat(),
        &[],
    );
}

#[test]
fn a_second_attempt_outranks_the_first() {
    let first = [(0, S::Created), (1, S::Dispatched), (1, S::DeliveryFailed)];
    let second = [first.as_slice(), &[(2, S::Loaded)]].concat();
    check(&second, (S::Loaded, 2, 1), &[S::Acknowledged, S::Picked, S::Packed], &[]);
    let failed = [second.as_slice(), &[(2, S::OutForDelivery), (2, S::DeliveryFailed)]].concat();
    check(
        &failed,
        (S::DeliveryFailed, 2, 2),
        &[S::Acknowledged, S::Picked, S::Packed, S::Dispatched],
        &[],
    );
}

#[test]
fn how_it_ended_outranks_every_attempt() {
    let road = [(0, S::Created), (1, S::Loaded), (1, S::Dispatched)];
    let gaps = [S::Acknowledged, S::Picked, S::Packed];
    let lost = [road.as_slice(), &[(0, S::Lost)]].concat();
    check(&lost, (S::Lost, 1, 0), &gaps, &[]);
    let found = [lost.as_slice(), &[(0, S::Delivered), (1, S::OutForDelivery)]].concat();
    check(&found, (S::Delivered, 1, 0), &gaps, &[]);
    check(&[(0, S::Created), (0, S::Lost)], (S::Lost, 0, 0), &[], &[]);
    // the proof may be of an earlier attempt than the last
    let loaded_again = [road.as_slice(), &[(2, S::Loaded), (0, S::Delivered)]].concat();
    let unseen = [gaps.as_slice(), &[S::Dispatched, S::OutForDelivery]].concat();
    check(&loaded_again, (S::Delivered, 2, 0), &unseen, &[]);
}

#[test]
fn what_moved_was_not_cancelled() {
    check(
        &[(0, S::Created), (0, S::Packed), (0, S::Cancelled)],
        (S::Cancelled, 0, 0),
        &[S::Acknowledged, S::Picked],
        &[],
    );
    check(
        &[(0, S::Created), (0, S::Cancelled), (1, S::Loaded)],
        (S::Loaded, 1, 0),
        &[S::Acknowledged, S::Picked, S::Packed],
        &[],
    );
}

#[test]
fn what_comes_back_has_ranks_of_its_own() {
    let back = |all: &[(u16, S)], position, gaps: &[S], parked: &[(u16, S)]| {
        check_of(Way::Return, all, position, gaps, parked);
    };
    let fetched = [(0, S::Created), (1, S::Dispatched), (1, S::OutForPickup), (1, S::PickupFailed)];
    back(&fetched, (S::PickupFailed, 1, 1), &[], &[]);
    let again = [fetched.as_slice(), &[(2, S::OutForPickup), (0, S::Collected)]].concat();
    back(&again, (S::Collected, 2, 1), &[], &[]);
    back(&[again.as_slice(), &[(0, S::Lost)]].concat(), (S::Lost, 2, 1), &[], &[]);
    let found = [again.as_slice(), &[(0, S::Lost), (0, S::Delivered)]].concat();
    back(&found, (S::Delivered, 2, 1), &[], &[]);
    // dropped off by the customer, and not scanned then
    back(&[(0, S::Collected), (0, S::Delivered)], (S::Delivered, 0, 0), &[S::Created], &[]);
    back(&[(0, S::Created), (0, S::Delivered)], (S::Created, 0, 0), &[], &[(0, S::Delivered)]);
    let unscanned = [(0, S::Created), (1, S::OutForPickup), (0, S::Delivered)];
    back(&unscanned, (S::Delivered, 1, 0), &[S::Collected], &[]);
    assert!(Fact::of(Way::Return, S::Packed, None).is_none());
    assert!(Fact::of(Way::Outbound, S::Collected, None).is_none());
}

#[test]
fn the_text_form_is_short_and_refuses_what_it_did_not_write() {
    let all =
        [(0, S::Created), (0, S::Packed), (1, S::Loaded), (32, S::Dispatched), (0, S::Delivered)];
    let text = facts(OUT, &all).to_string();
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|minute| at(minute).as_datetime().timestamp_micros());
    assert_eq!(text, format!("0:09@{a:x},{b:x} 1:01@{c:x} 32:02@{d:x} ^:08@{e:x}"));
    for wrong in ["0", "0:01", "33:01@0", "1:zz@0", "x:01@0", "0:03@0", "0:01@0,0", "0:01@x"] {
        assert!(wrong.parse::<FactSet>().is_err(), "{wrong}");
    }
}

#[test]
fn a_report_without_attempt_belongs_to_the_place_live_at_its_time() {
    let mut evidence = Evidence::default();
    let dispatched = happened(S::Dispatched, 0, 25);
    evidence.report(OUT, &dispatched);
    assert_eq!(evidence.fact(OUT, &dispatched), None);
    assert_eq!(evidence.placeless(OUT), 1);

    evidence.place(attempt(3), place(3, 30));
    let on = |evidence: &Evidence, minute| {
        evidence.fact(OUT, &happened(S::Dispatched, 0, minute)).unwrap().attempt_no()
    };
    assert_eq!(on(&evidence, 25), 3, "before the first place: the first");
    evidence.place(attempt(1), place(1, 10));
    evidence.place(attempt(2), place(2, 20));
    assert_eq!(
        [5, 10, 19, 20, 29, 30, 99].map(|minute| on(&evidence, minute)),
        [1, 1, 1, 2, 2, 3, 3]
    );
    assert_eq!(evidence.standing(OUT).attempt, 2);
    assert_eq!(evidence.placeless(OUT), 0);
}

#[test]
fn a_report_with_a_route_belongs_to_the_place_on_it_whatever_its_time() {
    let mut evidence = Evidence::default();
    let of = |number, minute| Report {
        route_ref: Some(route(number)),
        ..happened(S::Dispatched, 0, minute)
    };
    evidence.place(attempt(1), place(1, 10));
    evidence.report(OUT, &of(2, 5));
    assert_eq!(evidence.placeless(OUT), 1, "that route is not known yet");
    evidence.place(attempt(2), place(2, 20));
    // the first route once more
    evidence.place(attempt(3), Place { route: route(1), ..place(3, 30) });
    let on = |number, minute| evidence.fact(OUT, &of(number, minute)).unwrap().attempt_no();
    assert_eq!([on(2, 5), on(2, 99), on(1, 5), on(1, 25), on(1, 30)], [2, 2, 1, 1, 3]);
    assert_eq!(evidence.standing(OUT).attempt, 2);
}

#[test]
fn loose_reports_and_attempts_are_bounded() {
    let mut evidence = Evidence::default();
    for minute in 0..i64::try_from(MAX_LOOSE).unwrap() {
        assert_eq!(evidence.report(OUT, &happened(S::Loaded, 0, minute)), Added::New);
        assert_eq!(evidence.report(OUT, &happened(S::Loaded, 0, minute)), Added::Known);
    }
    assert_eq!(evidence.report(OUT, &happened(S::Loaded, 0, -1)), Added::Full);
    assert_eq!(evidence.report(OUT, &happened(S::Dispatched, 0, -1)), Added::New);
    for number in [0, 33, u16::MAX] {
        assert!(Attempt::try_from(number).is_err());
    }
}
