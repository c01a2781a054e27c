//! Pins and moves by dispatchers: every situation of a waybill, every sender, every rule.

use std::collections::BTreeMap;

use contracts::{
    Actor, MoveWaybill, PinWaybill, RescheduleWaybill, Role, SkuType, Timestamp, UnpinWaybill,
    WaybillCreated,
};
use routing::RouteStatus;
use runtime::Outcome;

use super::answers::{CASES, Case, situation};
use super::fixture::{key, no, parts, tight, time, waybill};
use super::world::{
    CANCELLED, ROUTE_1, STANDS, Standings, World, cancelled_at, reschedule, settled, told,
};
use crate::assignment::{Standing, State};
use crate::decide::{Facts, KnownRoute, Planned, RouteStep, planned as seen_by_planning};
use crate::dispatch::Dispatch;

pub(super) fn somebody(role: Role) -> Actor {
    Actor { subject: "dana".to_owned(), role, merchant: None, origin: None }
}

fn at() -> Timestamp {
    time("2035-06-10T12:00:00Z")
}

pub(super) fn pin(number: u32) -> PinWaybill {
    PinWaybill { waybill_no: no(number), reason: "as agreed".to_owned(), occurred_at: at() }
}

pub(super) fn unpin(number: u32) -> UnpinWaybill {
    UnpinWaybill { waybill_no: no(number), reason: None, occurred_at: at() }
}

/// To the route with this name.
pub(super) fn moved(number: u32, route_ref: &str) -> MoveWaybill {
    MoveWaybill {
        waybill_no: no(number),
        route_ref: route_ref.to_owned(),
        expected_route_version: None,
        upgrade: false,
        override_cut_off: false,
        reason: "as agreed".to_owned(),
        occurred_at: at(),
    }
}

/// One litre of frozen goods: it opens a cold route, which takes dry goods too.
pub(super) fn frozen(number: u32) -> WaybillCreated {
    let (dry_ml, frozen_ml) = (0, 1_000);
    WaybillCreated { sku_type: SkuType::Frozen, dry_ml, frozen_ml, ..waybill(number) }
}

impl World {
    /// Every route that there is, by its name.
    pub(super) fn named(&self) -> BTreeMap<String, KnownRoute> {
        let plans = self.plans.iter();
        let routes = plans.flat_map(|(key, plan)| plan.day.routes().map(move |it| (key, it)));
        let known = routes.map(|(key, route)| {
            let (id, version) = (route.id(), route.version());
            (route.reference().to_string(), KnownRoute { id, key: key.clone(), version })
        });
        known.collect()
    }

    /// The name of the route that a waybill is on.
    pub(super) fn route_name(&self, number: u32) -> String {
        let KnownRoute { id, key, .. } = self.route_of(number);
        self.plans[&key].day.route(id).unwrap().reference().to_string()
    }

    /// A command of somebody; a waybill whose row says something says `standing`.
    pub(super) fn by_hand(
        &mut self,
        asked: Dispatch<'_>,
        role: Role,
        standing: Standing,
    ) -> (Outcome, Planned) {
        let standings: Standings =
            asked.waybill().map(|no| (no.clone(), standing)).into_iter().collect();
        let named = self.named();
        let (verdict, planned) = self.transact(|planner| {
            let facts = Facts { standings: &standings, named: &named };
            planner.dispatch(0, asked, &somebody(role), facts).unwrap()
        });
        (settled(verdict), planned)
    }

    /// The same of a dispatcher, about a waybill that stands nowhere yet: the code.
    fn code(&mut self, asked: Dispatch<'_>) -> String {
        self.by_hand(asked, Role::Dispatcher, STANDS).0.code().to_owned()
    }

    fn move_to(&mut self, number: u32, route_ref: &str) -> String {
        self.code(Dispatch::Move(&moved(number, route_ref)))
    }
}

/// Waybill 1 on a dry route, waybill 50 on a cold one.
pub(super) fn two_routes() -> (World, [String; 2]) {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    world.create(&frozen(50));
    let names = [world.route_name(1), world.route_name(50)];
    assert_ne!(names[0], names[1]);
    (world, names)
}

#[test]
fn a_waybill_has_one_answer_to_each_command_in_each_situation() {
    // case, pin, unpin, move
    let table = [
        (Case::Assigned, ["APPLIED", "DUPLICATE", "APPLIED"]),
        (Case::Held, ["APPLIED", "DUPLICATE", "APPLIED"]),
        (Case::Locked, ["PLACE_LOCKED"; 3]),
        (Case::OnTheRoad, ["PLACE_DISPATCHED"; 3]),
        (Case::LeftAtLock, ["NO_PLACE", "NO_PLACE", "APPLIED"]),
        (Case::Unassignable, ["NO_PLACE", "NO_PLACE", "ZONE_QUOTA"]),
        (Case::Missed, ["NO_PLACE", "NO_PLACE", "APPLIED"]),
        (Case::MissedYetLoaded, ["PLACE_DISPATCHED"; 3]),
        (Case::Failed, ["NO_PLACE", "NO_PLACE", "APPLIED"]),
        (Case::Cancelled, ["WAYBILL_CANCELLED"; 3]),
        (Case::Delivered, ["WAYBILL_ENDED"; 3]),
    ];
    for ((of, answers), case) in table.into_iter().zip(CASES) {
        assert_eq!(of, case);
        for (command, expected) in answers.into_iter().enumerate() {
            let (mut world, standing) = situation(case);
            world.create(&frozen(50));
            let is_placed = world.state(50).route().is_some();
            let to = world.route_name(if is_placed { 50 } else { 2 });
            let (pin, unpin, shift) = (pin(1), unpin(1), moved(1, &to));
            let asked =
                [Dispatch::Pin(&pin), Dispatch::Unpin(&unpin), Dispatch::Move(&shift)][command];
            let before = (world.book.clone(), format!("{:?}", world.plans));
            let (outcome, planned) = world.by_hand(asked, Role::Dispatcher, standing);
            assert_eq!(outcome.code(), expected, "{case:?} {asked:?}");
            if expected != "APPLIED" {
                let after = (world.book, format!("{:?}", world.plans));
                assert_eq!(after, before, "{case:?} {asked:?}: a no changes nothing");
                assert!(planned.news.is_empty() && planned.writes.decisions.is_empty());
            }
        }
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
    let overriders = [R::CsSupervisor, R::Admin];
    for role in all {
        let expected = |may: bool| if may { "APPLIED" } else { "NOT_ALLOWED" };
        let (mut world, [_, cold]) = two_routes();
        let overriding = MoveWaybill { override_cut_off: true, ..moved(1, &cold) };
        world.clock = crate::decide::Clock::Wall(time("2035-06-12T21:00:00Z"));
        let (outcome, _) = world.by_hand(Dispatch::Move(&overriding), role, STANDS);
        assert_eq!(outcome.code(), expected(overriders.contains(&role)), "{role:?}");

        let (mut world, [_, cold]) = two_routes();
        let (pin, unpin, shift) = (pin(1), unpin(1), moved(1, &cold));
        for asked in [Dispatch::Pin(&pin), Dispatch::Unpin(&unpin), Dispatch::Move(&shift)] {
            let (outcome, _) = world.by_hand(asked, role, STANDS);
            assert_eq!(outcome.code(), expected(movers.contains(&role)), "{role:?} {asked:?}");
        }
    }
}

#[test]
fn a_moved_waybill_has_its_next_place_and_is_pinned_there() {
    let (mut world, [dry, cold]) = two_routes();
    let (outcome, planned) =
        world.by_hand(Dispatch::Move(&moved(1, &cold)), Role::Dispatcher, STANDS);
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(told(&planned.news), [format!("{dry} Closed v2"), "shop-1-1 place 2 v2".to_owned()]);
    assert_eq!(dry, ROUTE_1);
    let waybill = &world.book[&no(1)];
    assert!(waybill.pinned && waybill.place_no == 2);
    assert_eq!(world.route_name(1), cold);
    assert_eq!((world.used("Z01", 0).waybills, planned.writes.ledger.len()), (2, 2));
    let taken: Vec<bool> = planned.writes.ledger.iter().map(|entry| entry.reserved).collect();
    assert_eq!(taken, [false, true], "never more than the quota at any entry");
    let day = &world.plans[&world.route_of(1).key].day;
    assert_eq!([day.pool_of(&"VAN".into()).used, day.pool_of(&"VAN-COLD".into()).used], [0, 1]);
    let explanation = &planned.writes.decisions[0].explanation;
    for part in ["\"by\":\"dana\"", "\"why\":\"as agreed\"", "\"step\":\"named\"", "\"quota\""] {
        assert!(explanation.contains(part), "{part}: {explanation}");
    }
    assert_eq!(world.move_to(1, &cold), "PINNED");
}

#[test]
fn a_pinned_waybill_stays_until_it_is_unpinned() {
    let (mut world, [dry, cold]) = two_routes();
    let before = world.route_of(1).version;
    let (outcome, planned) = world.by_hand(Dispatch::Pin(&pin(1)), Role::Dispatcher, STANDS);
    assert_eq!((outcome, planned.news.len()), (Outcome::Applied, 0));
    assert_eq!(world.route_of(1).version, before + 1, "what was reviewed before is out of date");
    assert_eq!(planned.writes.routes[0].row.status, RouteStatus::Open);
    assert_eq!(planned.writes.slot_days.len(), 1);
    assert!(planned.writes.decisions[0].explanation.contains("\"step\":\"pin\""));
    assert_eq!(world.code(Dispatch::Pin(&pin(1))), "DUPLICATE");
    assert_eq!(world.move_to(1, &cold), "PINNED");
    let is_fixed = |world: &World| {
        seen_by_planning(&world.network, &key(), &world.book[&no(1)], STANDS).unwrap().fixed
    };
    assert!(is_fixed(&world), "planning leaves it where it is");
    assert_eq!(world.code(Dispatch::Unpin(&unpin(1))), "APPLIED");
    assert!(!is_fixed(&world));
    assert_eq!(world.move_to(1, &dry), "DUPLICATE", "it is there");
    assert_eq!(world.move_to(1, &cold), "APPLIED");
}

#[test]
fn a_pin_ends_with_its_place() {
    let pinned = || {
        let (mut world, [dry, _]) = two_routes();
        assert_eq!(world.code(Dispatch::Pin(&pin(1))), "APPLIED");
        (world, dry)
    };
    let (mut world, _) = pinned();
    world.decide(1, CANCELLED, cancelled_at(9));
    assert_eq!((world.state(1), world.book[&no(1)].pinned), (State::Unassigned, false));

    let (mut world, _) = pinned();
    let route = world.route_of(1);
    let held = Standing { version: 9, held: true, ..STANDS };
    world.move_route(&route, RouteStep::Lock, &Standings::from([(no(1), held)]));
    assert_eq!((world.state(1), world.book[&no(1)].pinned), (State::Unassigned, false));

    // a customer's wish is stronger, and the new place is planning's again
    let (mut world, _) = pinned();
    let asked: RescheduleWaybill = reschedule(1, 1);
    let (verdict, _) = world
        .transact(|planner| planner.reschedule(0, &asked, Role::CsAgent, Some(STANDS)).unwrap());
    assert_eq!(settled(verdict), Outcome::Applied);
    assert!(world.state(1).route().is_some() && !world.book[&no(1)].pinned);
}

#[test]
fn a_route_that_cannot_be_meant_is_refused() {
    let (mut world, [dry, cold]) = two_routes();
    let next_day = WaybillCreated { delivery_date: reschedule(1, 1).delivery_date, ..waybill(3) };
    world.create(&next_day);
    let elsewhere = world.route_name(3);
    assert_eq!(world.move_to(1, "NORTH-NOWHERE"), "UNKNOWN_ROUTE");
    assert_eq!(world.move_to(1, &elsewhere), "OTHER_SLOT_DAY");
    assert_eq!(world.move_to(9, &cold), "UNKNOWN_WAYBILL");
    let version = world.named()[&cold].version;
    let expecting =
        |version| MoveWaybill { expected_route_version: Some(version), ..moved(1, &cold) };
    assert_eq!(world.code(Dispatch::Move(&expecting(version + 1))), "ROUTE_CHANGED");
    world.move_route(&world.route_of(50), RouteStep::Lock, &Standings::new());
    assert_eq!(world.move_to(1, &cold), "NOT_OPEN");
    world.decide(1, CANCELLED, cancelled_at(9));
    assert!(!world.named().contains_key(&dry), "closed");
}

#[test]
fn the_rule_that_says_no_is_the_answer_and_a_larger_truck_may_help() {
    let (mut world, [_, cold]) = two_routes();
    let large = WaybillCreated { dry_ml: 2_000_000, weight_g: 400_000, ..waybill(2) };
    world.create(&large);
    // 2,000 of 2,600 litres dry beside the frozen ones, once
    assert_eq!(world.move_to(2, &cold), "APPLIED");
    world.create(&WaybillCreated { waybill_no: no(3), ..large.clone() });
    let too_large = moved(3, &cold);
    assert_eq!(world.code(Dispatch::Move(&too_large)), "COMPARTMENTS");
    let upgrading = MoveWaybill { upgrade: true, ..too_large };
    assert_eq!(world.code(Dispatch::Move(&upgrading)), "APPLIED");
    let route = world.route_of(3);
    let truck = world.plans[&route.key].day.route(route.id).unwrap().truck().code.clone();
    assert_eq!(truck.as_str(), "TRUCK-MIX");
}

#[test]
fn without_room_it_is_not_moved_and_with_a_word_it_is_in_spite_of_the_clock() {
    let mut world = World::with(tight(1, 0, 10));
    world.create(&waybill(1));
    world.create(&waybill(2));
    let full = world.route_name(1);
    assert_eq!(world.move_to(2, &full), "ZONE_QUOTA");

    let (mut world, [_, cold]) = two_routes();
    world.clock = crate::decide::Clock::Wall(time("2035-06-12T21:00:00Z"));
    assert_eq!(world.move_to(1, &cold), "CUT_OFF_PASSED");
    let overriding = MoveWaybill { override_cut_off: true, ..moved(1, &cold) };
    let (outcome, planned) = world.by_hand(Dispatch::Move(&overriding), Role::CsSupervisor, STANDS);
    assert_eq!(outcome, Outcome::Applied);
    assert!(planned.writes.decisions[0].explanation.contains("\"override_cut_off\":true"));
}
