//! Sets of moves without a database: what is carried out, what is written and told, and what never moves.

use std::collections::BTreeMap;

use contracts::{Broken, ReportBreakdown, Role, WaybillStatus};
use proptest::prelude::*;
use routing::network::RouteTemplate;
use routing::optimise::{Bounds, Drives, Improvement, Planned as Wanted, SlotPlan};
use routing::{Load, RouteId, SlotDay};
use runtime::Outcome;
use uuid::Uuid;

use super::fixture::{key, no, parts, quota, time, waybill};
use super::world::{CANCELLED, STANDS, Standings, World, cancelled_at, settled, stands_at, told};
use crate::assignment::State;
use crate::decide::{Planned, Replanned, planned};

/// A slot day with these waybills, after the others of the first `created` were cancelled.
fn thinned(created: u32, keeps: impl Fn(u32) -> bool) -> World {
    let mut world = World::with(parts());
    for number in 1..=created {
        world.create(&waybill(number));
    }
    for number in (1..=created).filter(|number| !keeps(*number)) {
        world.decide(number, CANCELLED, cancelled_at(2));
    }
    world
}

impl World {
    /// The slot day's waybills as planning sees them.
    fn wanted(&self, standings: &Standings) -> Vec<Wanted> {
        let wanted = self.book.values().filter_map(|row| {
            let standing = standings.get(&row.waybill_no).copied();
            planned(&self.network, &key(), row, standing.unwrap_or_else(|| row.standing()))
        });
        wanted.collect()
    }

    fn search(&self, standings: &Standings) -> Improvement {
        let mut next = 5_000_000;
        let mut ids = |_: &RouteTemplate| {
            next += 1;
            (RouteId(Uuid::from_u128(next)), "unnamed".into())
        };
        let mut left = 400;
        let mut keep_going = || {
            left -= 1;
            left > 0
        };
        let (day, wanted) = (&self.plans[&key()].day, self.wanted(standings));
        let (network, drives) = (&self.network, &Drives::default());
        let plan = SlotPlan { network, day, waybills: &wanted, drives };
        routing::improve(plan, Bounds::default(), 1, &mut ids, &mut keep_going).unwrap()
    }

    /// Searches, and carries every set out as a transaction of its own.
    fn improve(&mut self, standings: &Standings) -> Vec<Planned> {
        let improvement = self.search(standings);
        let mut before = improvement.before;
        let mut transactions = Vec::new();
        for set in &improvement.move_sets {
            let (replanned, planned) =
                self.transact(|planner| planner.replan(&key(), set, before, standings).unwrap());
            assert_eq!(replanned, Replanned::Done);
            before = set.objective;
            transactions.push(planned);
        }
        transactions
    }

    fn cost(&self) -> u64 {
        self.plans[&key()].day.routes().map(|route| route.truck().cost).sum()
    }

    /// The day restored from what the rows say is the day in memory.
    fn check(&self) {
        let day = &self.plans[&key()].day;
        let mut restored = SlotDay::new(&self.network, key()).unwrap();
        for route in day.routes() {
            let record = routing::RouteRecord {
                id: route.id(),
                reference: route.reference().clone(),
                template: route.template().code.clone(),
                truck_type: route.truck().code.clone(),
                status: route.status(),
                version: route.version(),
            };
            restored.restore_route(&self.network, record).unwrap();
        }
        for row in self.book.values() {
            if let Some(route) = row.state.route() {
                restored.restore_placement(&row.placement_on(route)).unwrap();
            }
        }
        for (zone, of_zone) in day.zones() {
            assert_eq!(restored.zone(zone).unwrap().used(), of_zone.used(), "{zone}");
        }
        for route in day.routes() {
            assert_eq!(restored.route(route.id()).unwrap().load(), route.load());
        }
    }
}

/// What the ledger rows of some transactions add up to, and that no prefix is below zero.
fn ledger(transactions: &[Planned], start: Load) -> i64 {
    let mut sum = i64::from(start.waybills);
    for row in transactions.iter().flat_map(|planned| &planned.writes.ledger) {
        sum += if row.reserved { 1 } else { -1 };
        assert!(sum >= 0);
    }
    sum
}

#[test]
fn a_thinned_day_needs_fewer_trucks_and_everybody_is_told() {
    let mut world = thinned(60, |number| number % 4 == 0);
    let (cost, used) = (world.cost(), world.used("Z01", 0));
    let transactions = world.improve(&Standings::new());
    assert_eq!(world.cost(), 100, "fifteen parcels ride in one van, not for {cost}");
    world.check();
    assert_eq!(world.used("Z01", 0), used);
    assert_eq!(ledger(&transactions, used), 15);
    let lines: Vec<String> = transactions.iter().flat_map(|planned| told(&planned.news)).collect();
    let moved: Vec<_> = world.book.values().filter(|row| row.place_no == 2).collect();
    assert!(!moved.is_empty());
    for row in &moved {
        let line = format!("{} place 2 v{}", row.waybill_no, row.version);
        assert!(lines.contains(&line), "{line} in {lines:?}");
    }
    assert!(lines.iter().any(|line| line.contains("Closed")), "{lines:?}");
    let decisions = transactions.iter().flat_map(|planned| &planned.writes.decisions);
    let explained = decisions.filter(|row| row.explanation.contains("moved_together")).count();
    assert_eq!(explained, lines.iter().filter(|line| line.contains("place 2")).count());
    for planned in &transactions {
        assert_eq!(planned.writes.slot_days.len(), 1, "each set is a version of the day");
    }
}

#[test]
fn a_set_that_others_overtook_changes_nothing() {
    let mut world = thinned(60, |number| number % 4 == 0);
    let improvement = world.search(&Standings::new());
    let set = improvement.move_sets[0].clone();
    let moved = set.moves[0].waybill_no.as_str().to_owned();
    let gone = (1..=60).find(|number| no(*number).as_str() == moved).unwrap();
    world.decide(gone, CANCELLED, cancelled_at(3));
    let (book, version) = (world.book.clone(), world.plans[&key()].version);
    let (replanned, planned) = world.transact(|planner| {
        planner.replan(&key(), &set, improvement.before, &Standings::new()).unwrap()
    });
    assert!(matches!(replanned, Replanned::Outdated(_)), "{replanned:?}");
    assert_eq!((&world.book, world.plans[&key()].version), (&book, version));
    assert!(planned.writes.slot_days.is_empty() && planned.news.is_empty());
    world.check();
}

#[test]
fn a_broken_truck_gives_way_to_the_cheapest_that_is_left() {
    let mut world = World::with(parts());
    for number in 1..=3 {
        world.create(&waybill(number));
    }
    let broken = breakdown(10);
    let (verdict, planned) =
        world.transact(|planner| planner.break_down(&broken, None, Role::Operator).unwrap());
    assert_eq!(settled(verdict), Outcome::Applied);
    assert_eq!((planned.writes.outages.len(), planned.writes.slot_days.len()), (1, 1));
    let transactions = world.improve(&Standings::new());
    world.check();
    let lines: Vec<String> = transactions.iter().flat_map(|planned| told(&planned.news)).collect();
    let of = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!((of("Opened"), of("Closed"), of("place 2")), (1, 1, 3), "{lines:?}");
    assert_eq!(world.cost(), 130, "a cold van costs less than the larger truck of the ladder");
}

fn breakdown(out_of_order: u32) -> ReportBreakdown {
    ReportBreakdown {
        broken: Broken::Trucks {
            depot: contracts::DepotCode::new("NORTH").unwrap(),
            delivery_date: key().date,
            timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
            truck_type: contracts::TruckTypeCode::new("VAN").unwrap(),
            out_of_order,
        },
        reason: None,
        occurred_at: time("2035-06-10T12:00:00Z"),
    }
}

#[test]
fn a_breakdown_is_noted_once_and_only_where_there_are_such_trucks() {
    let mut world = World::with(parts());
    world.create(&waybill(1));
    let report = |world: &mut World, asked: &ReportBreakdown, role| {
        let found = world.route_of(1);
        let route = matches!(asked.broken, Broken::TruckOf { .. }).then_some(&found);
        world.transact(|planner| planner.break_down(asked, route, role).unwrap())
    };
    let of_route =
        ReportBreakdown { broken: Broken::TruckOf { route_ref: "R".to_owned() }, ..breakdown(0) };
    let cases = [
        (breakdown(3), Role::Road, "NOT_ALLOWED", 10),
        (breakdown(11), Role::Admin, "NO_SUCH_TRUCKS", 10),
        (breakdown(3), Role::Dispatcher, "APPLIED", 7),
        (breakdown(3), Role::Dispatcher, "DUPLICATE", 7),
        (of_route, Role::CsSupervisor, "APPLIED", 6),
        (breakdown(0), Role::Operator, "APPLIED", 10),
    ];
    for (asked, role, expected, limit) in cases {
        let (verdict, _) = report(&mut world, &asked, role);
        assert_eq!(settled(verdict).code(), expected, "{asked:?}");
        assert_eq!(world.plans[&key()].day.pool_of(&"VAN".into()).limit, limit);
    }
}

#[test]
fn what_is_pinned_loaded_locked_or_moved_often_stays() {
    let world = thinned(3, |_| true);
    let fixed = |change: &dyn Fn(&mut crate::assignment::Assignment), standing| {
        let mut row = world.book[&no(1)].clone();
        change(&mut row);
        planned(&world.network, &key(), &row, standing).map(|wanted| wanted.fixed)
    };
    assert_eq!(fixed(&|_| (), STANDS), Some(false));
    assert_eq!(fixed(&|row| row.pinned = true, STANDS), Some(true));
    assert_eq!(fixed(&|row| row.place_no = 16, STANDS), Some(true));
    assert_eq!(fixed(&|row| row.place_no = 15, STANDS), Some(false));
    let locked = |row: &mut crate::assignment::Assignment| {
        row.state = State::Locked(row.state.route().unwrap());
    };
    assert_eq!(fixed(&locked, STANDS), Some(true));
    for (status, expected) in [
        (WaybillStatus::Picked, false),
        (WaybillStatus::Packed, false),
        (WaybillStatus::Loaded, true),
        (WaybillStatus::Cancelled, true),
        (WaybillStatus::Lost, true),
    ] {
        assert_eq!(fixed(&|_| (), stands_at(2, status, 1)), Some(expected), "{status:?}");
    }
    let held = crate::assignment::Standing { held: true, ..STANDS };
    let row = &world.book[&no(1)];
    let priority = |standing| planned(&world.network, &key(), row, standing).unwrap().priority;
    assert_eq!((priority(STANDS), priority(held)), (0, 3));
    // a waybill that has no place and seeks none has no part in it
    assert_eq!(fixed(&|row| row.state = State::Unassigned, STANDS), None);
}

#[test]
fn a_cut_quota_is_mended_with_the_right_reason() {
    let mut world = World::with(parts());
    for number in 1..=30 {
        world.create(&waybill(number));
    }
    let mut cut = parts();
    cut.zone_quotas = vec![quota("Z01", 12), quota("Z02", 5)];
    world.network = routing::Network::build(cut).unwrap();
    let limit = |zone: &str| world.network.zone_quota(&zone.into(), &key().timeslot).unwrap();
    let (z01, z02) = (limit("Z01"), limit("Z02"));
    let day = &mut world.plans.get_mut(&key()).unwrap().day;
    day.set_zone_limit(&"Z01".into(), z01).unwrap();
    day.set_zone_limit(&"Z02".into(), z02).unwrap();
    let transactions = world.improve(&Standings::new());
    world.check();
    assert_eq!((world.used("Z01", 0).waybills, world.used("Z02", 0).waybills), (12, 5));
    let left = world
        .book
        .values()
        .filter(|row| row.state == State::Unassignable(routing::Reason::ZoneQuota));
    assert_eq!(left.count(), 13);
    let lines: Vec<String> = transactions.iter().flat_map(|planned| told(&planned.news)).collect();
    assert_eq!(lines.iter().filter(|line| line.contains("ZoneQuota")).count(), 13);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_happened_before_the_books_agree_after_each_set(
        keeps in proptest::collection::vec(any::<bool>(), 60),
        pinned in proptest::collection::vec(0_u32..60, 0..6),
        broken in 0_u32..11,
    ) {
        let mut world = thinned(60, |number| keeps[number as usize - 1]);
        for number in pinned {
            if let Some(row) = world.book.get_mut(&no(number + 1)) {
                row.pinned = true;
            }
        }
        let asked = breakdown(broken);
        world.transact(|planner| planner.break_down(&asked, None, Role::Admin).unwrap());
        let before: BTreeMap<_, _> =
            world.book.values().map(|row| (row.waybill_no.clone(), row.clone())).collect();
        let (cost, used) = (world.cost(), world.used("Z01", 0));
        let is_short = world.plans[&key()].day.pool().any(|(_, pool)| pool.deficit() > 0);
        let transactions = world.improve(&Standings::new());
        world.check();
        let total = world.used("Z01", 0).waybills + world.used("Z02", 0).waybills;
        prop_assert_eq!(ledger(&transactions, used), i64::from(total));
        prop_assert!(is_short || world.cost() <= cost);
        for row in world.book.values() {
            let was = &before[&row.waybill_no];
            if was.pinned {
                prop_assert_eq!(was, row);
            }
            if !is_short {
                prop_assert_eq!(was.state.route().is_some(), row.state.route().is_some());
            }
            prop_assert!(row.place_no == was.place_no || row.version > was.version);
        }
    }
}
