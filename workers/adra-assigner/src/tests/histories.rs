//! Whatever happens to waybills and routes, in whatever order it is told: ledger, buckets and live places
//! are one, within every limit, at every entry.

use std::collections::BTreeMap;

use chrono::Days;
use contracts::{WaybillAmendment, WaybillCreated, WaybillKind, WaybillNo, WaybillStatus};
use proptest::prelude::*;
use routing::{Load, NetworkParts, RouteId, RouteStatus, SlotDayKey, ZoneCode};

use super::fixture::{delivery_date, no, tight, waybill};
use super::world::{STANDS, Standings, World, destination, leaves, litres};
use crate::assignment::{Standing, State};
use crate::decide::{AmendmentState, KnownRoute, Notice, Planned, RouteStep, Verdict, Writes};

/// Waybills of a history, on days 0 to 2.
const WAYBILLS: u32 = 12;

/// Something that happens. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Op {
    Create(u32),
    Hold(u32, bool),
    Report(u32, WaybillStatus),
    Cancel(u32),
    /// Of what was not told yet, one is told.
    Tell(usize),
    Lock(usize),
    Dispatch(usize),
    Reschedule(u32, u64),
    Amend(u32, u64),
    Redirect(u32, bool, u64),
    Decide(usize, bool),
    Retry(u32),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    use WaybillStatus as S;
    let of = || 1..=WAYBILLS;
    let status = prop_oneof![
        4 => Just(S::Loaded),
        1 => Just(S::Delivered),
        3 => Just(S::DeliveryFailed),
        1 => Just(S::Packed),
        1 => Just(S::Returning),
    ];
    let op = prop_oneof![
        8 => of().prop_map(Op::Create),
        4 => (of(), any::<bool>()).prop_map(|(number, held)| Op::Hold(number, held)),
        5 => (of(), status).prop_map(|(number, status)| Op::Report(number, status)),
        2 => of().prop_map(Op::Cancel),
        8 => any::<usize>().prop_map(Op::Tell),
        3 => any::<usize>().prop_map(Op::Lock),
        2 => any::<usize>().prop_map(Op::Dispatch),
        4 => (of(), 0_u64..3).prop_map(|(number, day)| Op::Reschedule(number, day)),
        4 => (of(), 0_u64..5_000).prop_map(|(number, litres)| Op::Amend(number, litres)),
        2 => (of(), any::<bool>(), 0_u64..3).prop_map(|(number, east, day)| Op::Redirect(number, east, day)),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, yes)| Op::Decide(which, yes)),
        2 => of().prop_map(Op::Retry),
    ];
    prop::collection::vec(op, 1..90)
}

/// So little that every limit binds now and then.
fn scarce() -> impl Strategy<Value = NetworkParts> {
    (1_u32..6, 0_u32..4, 1_u32..3, 0_u64..2).prop_map(|(z01, z02, trucks, ample)| {
        let mut parts = tight(z01, z02, trucks);
        for quota in &mut parts.zone_quotas {
            quota.limit.dry_ml = 7_000_000 + ample * 100_000_000;
        }
        parts
    })
}

/// The tables, as far as the books need them.
#[derive(Default)]
struct Books {
    buckets: BTreeMap<(SlotDayKey, ZoneCode), (u64, [i128; 4])>,
    by_place: BTreeMap<(WaybillNo, RouteId), [i128; 4]>,
}

fn amounts(load: Load) -> [i128; 4] {
    [load.waybills.into(), load.dry_ml.into(), load.frozen_ml.into(), load.weight_g.into()]
}

fn plus(sum: &mut [i128; 4], load: Load, sign: i128) {
    for (sum, amount) in sum.iter_mut().zip(amounts(load)) {
        *sum += sign * amount;
    }
}

impl Books {
    /// Enters what a transaction wrote; no entry may break a limit.
    fn enter(&mut self, world: &World, writes: &Writes) {
        for entry in &writes.ledger {
            let sign = if entry.reserved { 1 } else { -1 };
            let bucket = self.buckets.entry((entry.key.clone(), entry.zone.clone())).or_default();
            bucket.0 += 1;
            assert_eq!(entry.version, bucket.0, "the ledger is numbered without a gap");
            plus(&mut bucket.1, entry.load, sign);
            let limit = world.plans[&entry.key].day.zone(&entry.zone).unwrap().limit();
            let within =
                bucket.1.iter().zip(amounts(limit)).all(|(used, most)| (0..=most).contains(used));
            assert!(within, "oversold at entry {}: {:?} of {limit:?}", entry.version, bucket.1);
            let place = (entry.waybill_no.clone(), entry.route);
            plus(self.by_place.entry(place).or_default(), entry.load, sign);
        }
        for bucket in &writes.buckets {
            let row = &bucket.row;
            let (version, used) = self.buckets[&(row.key.clone(), row.zone.clone())];
            assert_eq!((row.version, amounts(row.used)), (version, used));
        }
    }

    /// Ledger, buckets, routes and places say the same.
    fn check(&self, world: &World) {
        let mut places = BTreeMap::new();
        let mut zones: BTreeMap<(SlotDayKey, ZoneCode), [i128; 4]> = BTreeMap::new();
        let mut routes: BTreeMap<RouteId, [i128; 4]> = BTreeMap::new();
        for waybill in world.book.values() {
            let (State::Assigned(id) | State::Locked(id)) = waybill.state else { continue };
            let key = waybill.place_key().unwrap();
            let route = world.plans[&key].day.route(id).expect("a live place is on a live route");
            let is_open = route.status() == RouteStatus::Open;
            assert_eq!(matches!(waybill.state, State::Assigned(_)), is_open, "{waybill:?}");
            places.insert((waybill.waybill_no.clone(), id), amounts(waybill.load));
            let zone = (key, route.template().zone.clone());
            plus(zones.entry(zone).or_default(), waybill.load, 1);
            plus(routes.entry(id).or_default(), waybill.load, 1);
        }
        let ledger = self.by_place.iter().filter(|(_, held)| **held != [0; 4]);
        assert!(ledger.eq(places.iter()), "the ledger holds what has a place: {:?}", self.by_place);
        let used = self.buckets.iter().filter(|(_, (_, used))| *used != [0; 4]);
        assert!(used.map(|(bucket, (_, used))| (bucket, used)).eq(zones.iter()));
        for plan in world.plans.values() {
            for route in plan.day.routes() {
                let load = routes.get(&route.id()).copied().unwrap_or_default();
                assert_eq!(amounts(route.load()), load);
                let (load, truck) = (route.load(), route.truck());
                assert!(truck.profiles.hold(load.dry_ml, load.frozen_ml));
                assert!(load.weight_g <= truck.max_weight_g);
                assert!(route.stop_count() <= truck.max_stops);
            }
            assert!(plan.day.pool().all(|(_, pool)| pool.used <= pool.limit));
        }
        for row in world.amendments.values() {
            let load = world.book[&row.waybill_no].load;
            let is_open = row.state == AmendmentState::Reserved;
            assert!(!is_open || (row.before.load.fits(load) && row.after.load.fits(load)));
        }
    }
}

/// A world with the rows of its waybills, and what is still to be told.
struct History {
    world: World,
    rows: BTreeMap<u32, Standing>,
    untold: Vec<(u32, Notice<'static>, u64)>,
    open: Vec<WaybillAmendment>,
    routes: Vec<KnownRoute>,
    amended: u128,
    books: Books,
}

impl History {
    fn new(parts: NetworkParts) -> Self {
        let (world, books) = (World::with(parts), Books::default());
        let (rows, untold, open, routes) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self { world, rows, untold, open, routes, amended: 0, books }
    }

    fn run(&mut self, op: Op) {
        if let Some(planned) = self.act(op) {
            self.books.enter(&self.world, &planned.writes);
        }
        let new: Vec<u32> = self.rows.keys().copied().collect();
        for number in new {
            let is_on_one =
                self.world.book.get(&no(number)).is_some_and(|it| it.state.route().is_some());
            if is_on_one {
                let route = self.world.route_of(number);
                if self.routes.iter().all(|known| known.id != route.id) {
                    self.routes.push(route);
                }
            }
        }
        self.books.check(&self.world);
    }

    fn act(&mut self, op: Op) -> Option<Planned> {
        match op {
            Op::Create(number) => self.create(number),
            Op::Hold(number, held) => {
                let notice = if held { Notice::Held } else { Notice::Released };
                self.row(number, notice, |row| row.held = held)
            }
            Op::Report(number, to) => {
                let attempt = self.world.book.get(&no(number))?.place_no;
                let attempt = if to == WaybillStatus::Packed { 0 } else { attempt };
                if to == WaybillStatus::DeliveryFailed {
                    let notice = Notice::Failed { place_no: attempt };
                    return self.row(number, notice, |row| {
                        let failed = row.failed.with(attempt);
                        (row.status, row.attempt, row.failed) = (to, attempt, failed);
                    });
                }
                let notice = Notice::Moved { to, attempt };
                self.row(number, notice, |row| (row.status, row.attempt) = (to, attempt))
            }
            Op::Cancel(number) => {
                let to = WaybillStatus::Cancelled;
                let notice = Notice::Moved { to, attempt: 0 };
                self.row(number, notice, |row| (row.status, row.attempt) = (to, 0))
            }
            Op::Tell(which) => self.tell(which),
            Op::Lock(which) => self.move_route(which, RouteStep::Lock),
            Op::Dispatch(which) => self.move_route(which, leaves()),
            Op::Reschedule(number, day) => {
                let standing = *self.rows.get(&number)?;
                Some(self.world.reschedule(number, day, standing).1)
            }
            Op::Amend(number, more) => self.amend(number, |id| litres(number, id, more)),
            Op::Redirect(number, east, day) => {
                let district = if east { "D003" } else { "D001" };
                self.amend(number, |id| destination(number, id, district, day))
            }
            Op::Decide(which, yes) => self.decide(which, yes),
            Op::Retry(number) => {
                let state = self.world.book.get(&no(number))?.state;
                matches!(state, State::Unassignable(_)).then(|| self.world.retry(number).1)
            }
        }
    }

    fn create(&mut self, number: u32) -> Option<Planned> {
        if self.rows.contains_key(&number) {
            return None;
        }
        self.rows.insert(number, STANDS);
        let kind =
            if number.is_multiple_of(5) { WaybillKind::Return } else { WaybillKind::Forward };
        Some(self.world.create(&WaybillCreated {
            kind,
            delivery_date: delivery_date() + Days::new(u64::from(number % 3)),
            dry_ml: u64::from(number) * 300_000,
            ..waybill(number)
        }))
    }

    /// The row changes now; it is told whenever.
    fn row(
        &mut self,
        number: u32,
        notice: Notice<'static>,
        change: impl FnOnce(&mut Standing),
    ) -> Option<Planned> {
        let row = self.rows.get_mut(&number)?;
        row.version += 1;
        change(row);
        self.untold.push((number, notice, row.version));
        None
    }

    fn tell(&mut self, which: usize) -> Option<Planned> {
        let which = which.checked_rem(self.untold.len())?;
        let (number, notice, seq) = self.untold.swap_remove(which);
        let stored = self.rows[&number];
        let (_, planned) = self
            .world
            .transact(|planner| planner.decide(0, &no(number), notice, seq, Some(stored)).unwrap());
        Some(planned)
    }

    fn move_route(&mut self, which: usize, step: RouteStep) -> Option<Planned> {
        let route = self.routes.get(which.checked_rem(self.routes.len())?)?.clone();
        let standings: Standings =
            self.rows.iter().map(|(number, row)| (no(*number), *row)).collect();
        Some(self.world.move_route(&route, step, &standings).1)
    }

    fn amend(
        &mut self,
        number: u32,
        make: impl FnOnce(u128) -> WaybillAmendment,
    ) -> Option<Planned> {
        let standing = *self.rows.get(&number)?;
        self.amended += 1;
        let asked = make(self.amended);
        let (verdict, planned) =
            self.world.transact(|planner| planner.amend(0, &asked, Some(standing)).unwrap());
        if matches!(verdict, Verdict::Settled(..)) {
            self.open.push(asked);
        }
        Some(planned)
    }

    fn decide(&mut self, which: usize, yes: bool) -> Option<Planned> {
        let which = which.checked_rem(self.open.len())?;
        let asked = self.open[which].clone();
        let number = *self.rows.keys().find(|number| no(**number) == asked.waybill_no)?;
        let refused = (!yes).then_some("AMEND_TOO_LATE");
        Some(self.world.amended(&asked, refused, self.rows[&number]).1)
    }
}

proptest! {
    #[test]
    fn the_books_agree_after_everything_that_may_happen(parts in scarce(), ops in ops()) {
        let mut history = History::new(parts);
        for op in ops {
            history.run(op);
        }
    }
}
