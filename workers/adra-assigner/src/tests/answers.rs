//! Every situation of a waybill and of a route, every message that may come then, and every sender.

use contracts::{Role, WaybillStatus};
use routing::{Reason, RouteStatus};
use runtime::Outcome;

use super::fixture::{no, parts, tight, waybill};
use super::world::{
    CANCELLED, STANDS, Standings, World, cancelled_at, destination, leaves, litres, reschedule,
    settled, stands_at,
};
use crate::assignment::{Standing, State};
use crate::decide::{Event, Notice, Planned, RouteStep, Verdict};

/// What may have become of a waybill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Case {
    Assigned,
    Held,
    Locked,
    OnTheRoad,
    LeftAtLock,
    Unassignable,
    Missed,
    MissedYetLoaded,
    Failed,
    Cancelled,
    Delivered,
}

pub(super) const CASES: [Case; 11] = [
    Case::Assigned,
    Case::Held,
    Case::Locked,
    Case::OnTheRoad,
    Case::LeftAtLock,
    Case::Unassignable,
    Case::Missed,
    Case::MissedYetLoaded,
    Case::Failed,
    Case::Cancelled,
    Case::Delivered,
];

/// Waybill 1 in this situation, and where its row says that it stands.
pub(super) fn situation(case: Case) -> (World, Standing) {
    use WaybillStatus as S;
    let mut world = World::with(parts());
    if case == Case::Unassignable {
        world = World::with(tight(1, 0, 10));
        world.create(&waybill(2));
    }
    world.create(&waybill(1));
    let held = Standing { version: 2, held: true, ..STANDS };
    let mut at = |standing: Standing, steps: &[RouteStep]| {
        let route = world.route_of(1);
        for step in steps {
            world.move_route(&route, *step, &Standings::from([(no(1), standing)]));
        }
        standing
    };
    let lock = RouteStep::Lock;
    let standing = match case {
        Case::Assigned | Case::Unassignable => STANDS,
        Case::Held => held,
        Case::Locked => at(STANDS, &[lock]),
        Case::OnTheRoad => at(stands_at(3, S::Loaded, 1), &[lock, leaves()]),
        Case::LeftAtLock => at(held, &[lock]),
        Case::Missed => at(STANDS, &[lock, leaves()]),
        Case::MissedYetLoaded => {
            at(STANDS, &[lock, leaves()]);
            stands_at(3, S::Loaded, 1)
        }
        Case::Failed => {
            at(stands_at(3, S::Loaded, 1), &[lock, leaves()]);
            let failed = stands_at(4, S::DeliveryFailed, 1);
            world.decide(1, Notice::Failed { place_no: 1 }, failed);
            failed
        }
        Case::Cancelled => {
            world.decide(1, CANCELLED, cancelled_at(2));
            cancelled_at(2)
        }
        Case::Delivered => {
            at(stands_at(3, S::Loaded, 1), &[lock, leaves()]);
            stands_at(9, S::Delivered, 1)
        }
    };
    (world, standing)
}

/// What a message came to: the outcome, or what was decided about an amendment.
fn answer(outcome: &Outcome, planned: &Planned) -> String {
    let amended = planned.news.iter().find_map(|news| match &news.event {
        Event::Reserved(_) => Some("reserved".to_owned()),
        Event::Decided(decided) => {
            Some(decided.refused.clone().unwrap_or_else(|| "done".to_owned()))
        }
        Event::Assigned(_) | Event::Unassignable(_) | Event::Unassigned(_) | Event::Route(_) => {
            None
        }
    });
    amended.unwrap_or_else(|| outcome.code().to_owned())
}

#[test]
fn a_waybill_has_one_answer_to_each_message_in_each_situation() {
    const LATE: &str = "AMEND_TOO_LATE";
    // case, reschedule, more goods, fewer goods, another door
    let table = [
        (Case::Assigned, "APPLIED", "reserved", "reserved", "done"),
        (Case::Held, "APPLIED", "reserved", "reserved", "done"),
        (Case::Locked, "PLACE_LOCKED", LATE, "reserved", LATE),
        (Case::OnTheRoad, "PLACE_DISPATCHED", LATE, LATE, LATE),
        (Case::LeftAtLock, "APPLIED", "reserved", "reserved", "done"),
        (Case::Unassignable, "APPLIED", "reserved", "reserved", "done"),
        (Case::Missed, "APPLIED", "reserved", "reserved", "done"),
        (Case::MissedYetLoaded, "PLACE_DISPATCHED", LATE, LATE, LATE),
        (Case::Failed, "APPLIED", LATE, LATE, LATE),
        (Case::Cancelled, "WAYBILL_CANCELLED", LATE, LATE, LATE),
        (Case::Delivered, "WAYBILL_ENDED", LATE, LATE, LATE),
    ];
    for (expected, case) in table.iter().zip(CASES) {
        let (of, rescheduled, more, fewer, elsewhere) = *expected;
        assert_eq!(of, case);
        let check = |wanted: &str, ask: &dyn Fn(&mut World, Standing) -> (Outcome, Planned)| {
            let (mut world, standing) = situation(case);
            let before = (world.book.clone(), format!("{:?}", world.plans));
            let (outcome, planned) = ask(&mut world, standing);
            assert_eq!(answer(&outcome, &planned), wanted, "{case:?}");
            if !["APPLIED", "done", "reserved"].contains(&wanted) {
                let after = (world.book, format!("{:?}", world.plans));
                assert_eq!(after, before, "{case:?}: a no changes nothing");
                assert!(planned.writes.ledger.is_empty());
            }
        };
        check(rescheduled, &|world, standing| world.reschedule(1, 1, standing));
        check(more, &|world, standing| world.amend(&litres(1, 1, 3), standing));
        let fewer_goods = |world: &mut World, standing| {
            let mut asked = litres(1, 1, 1);
            asked.dry_ml = 400;
            world.amend(&asked, standing)
        };
        check(fewer, &fewer_goods);
        let moved =
            |world: &mut World, standing| world.amend(&destination(1, 1, "D001", 1), standing);
        check(elsewhere, &moved);
    }
}

#[test]
fn a_situation_is_what_its_name_says() {
    let states = CASES.map(|case| situation(case).0.state(1));
    let is_locked = |state| matches!(state, State::Locked(_));
    assert!(matches!(states[0], State::Assigned(_)) && matches!(states[1], State::Assigned(_)));
    assert!(is_locked(states[2]) && is_locked(states[3]) && is_locked(states[10]));
    assert_eq!([states[4], states[8], states[9]], [State::Unassigned; 3]);
    assert_eq!(states[5], State::Unassignable(Reason::ZoneQuota));
    assert_eq!([states[6], states[7]], [State::Unassignable(Reason::Missed); 2]);
}

#[test]
fn a_route_has_one_answer_to_each_step_in_each_part_of_its_life() {
    // open, locked, dispatched, closed
    let table = [
        (RouteStep::Lock, ["APPLIED", "DUPLICATE", "STALE", "ROUTE_CLOSED"]),
        (leaves(), ["APPLIED", "APPLIED", "DUPLICATE", "ROUTE_CLOSED"]),
    ];
    for (step, answers) in table {
        for (life, expected) in answers.into_iter().enumerate() {
            let mut world = World::with(parts());
            world.create(&waybill(1));
            let route = world.route_of(1);
            let before = [RouteStep::Lock, leaves()];
            for step in before.iter().take(life.min(2)) {
                let loaded = stands_at(2, WaybillStatus::Loaded, 1);
                world.move_route(&route, *step, &Standings::from([(no(1), loaded)]));
            }
            if life == 3 {
                world = World::with(parts());
                world.create(&waybill(1));
                world.decide(1, CANCELLED, cancelled_at(2));
            }
            let (outcome, _) = world.move_route(&route, step, &Standings::new());
            assert_eq!(outcome.code(), expected, "{step:?} in part {life} of its life");
        }
        let mut world = World::with(parts());
        let (verdict, _) = world.transact(|planner| {
            planner.move_route(0, None, step, Role::Admin, &Standings::new()).unwrap()
        });
        assert_eq!(settled(verdict).code(), "UNKNOWN_ROUTE");
    }
}

#[test]
fn who_may_do_what() {
    use Role as R;
    let all = [
        R::Customer,
        R::Merchant,
        R::CsAgent,
        R::CsSupervisor,
        R::Dispatcher,
        R::Warehouse,
        R::Sorting,
        R::Road,
        R::Shop,
        R::Worker,
        R::Operator,
        R::Admin,
    ];
    let movers = [R::Dispatcher, R::Road, R::Operator, R::Admin];
    let planners = [R::CsAgent, R::CsSupervisor, R::Dispatcher, R::Operator, R::Admin];
    for role in all {
        let expected = |may: bool| if may { "APPLIED" } else { "NOT_ALLOWED" };
        for step in [RouteStep::Lock, leaves()] {
            let mut world = World::with(parts());
            world.create(&waybill(1));
            let route = world.route_of(1);
            let (verdict, _) = world.transact(|planner| {
                planner.move_route(0, Some(&route), step, role, &Standings::new()).unwrap()
            });
            assert_eq!(settled(verdict).code(), expected(movers.contains(&role)), "{role:?}");
        }
        let mut world = World::with(parts());
        world.create(&waybill(1));
        let (verdict, _) = world.transact(|planner| {
            planner.reschedule(0, &reschedule(1, 1), role, Some(STANDS)).unwrap()
        });
        assert_eq!(settled(verdict).code(), expected(planners.contains(&role)), "{role:?}");
    }
}

#[test]
fn what_is_not_known_is_refused_or_waits() {
    let mut world = World::with(parts());
    assert_eq!(world.reschedule(1, 1, STANDS).0.code(), "UNKNOWN_WAYBILL");
    let asked = litres(1, 1, 2);
    let (verdict, planned) =
        world.transact(|planner| planner.amend(0, &asked, Some(STANDS)).unwrap());
    assert!(matches!(verdict, Verdict::NotYet(_)), "{verdict:?}");
    assert!(planned.news.is_empty() && planned.writes.amendments.is_empty());
    assert_eq!(world.amended(&asked, None, STANDS).0, Outcome::Stale);

    // announced and moved in one batch: where it would go is not locked
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.plans.pop_last();
    let (verdict, _) = world.transact(|planner| {
        planner.reschedule(0, &reschedule(1, 2), Role::Admin, Some(STANDS)).unwrap()
    });
    assert!(matches!(verdict, Verdict::NotYet(_)), "{verdict:?}");
}

#[test]
fn a_route_that_is_closed_is_no_route_to_be_on() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let route = world.route_of(1);
    let held = Standing { version: 2, held: true, ..STANDS };
    let (outcome, planned) =
        world.move_route(&route, RouteStep::Lock, &Standings::from([(no(1), held)]));
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(planned.writes.routes[0].row.status, RouteStatus::Closed, "everybody left it");
}
