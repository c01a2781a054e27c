//! Legal histories by several people and machines, and how each ends. They are told shuffled and doubled,
//! to the decisions alone and through a real broker.

use contracts::{Role, WaybillStatus as S};

use super::story::{Said, Story, assigned, cancelled, corrected, hold, on_route, release, report};

use Role::{CsAgent, CsSupervisor, Merchant, Road, Sorting, Warehouse, Worker};

/// A legal history and how it ends: status, attempt, failed attempts, open holds.
pub(super) struct History {
    pub said: Vec<Said>,
    pub ends: (S, u16, u16, usize),
    /// It is fetched from a customer.
    pub comes_back: bool,
}

impl History {
    /// The story before anything of it was said.
    pub(super) fn begin(&self) -> Story {
        if self.comes_back { Story::of_return() } else { Story::of(&[]) }
    }
}

/// Everything up to the ramp, by the warehouse.
fn packed() -> Vec<Said> {
    vec![
        Said::Order,
        report(Warehouse, S::Acknowledged, 0, 1),
        report(Warehouse, S::Picked, 0, 2),
        report(Warehouse, S::Packed, 0, 3),
        assigned(1, 4),
    ]
}

/// All of them.
pub(super) fn histories() -> Vec<History> {
    let out = delivered().into_iter().chain(decided()).map(|(said, ends)| {
        let said = [packed(), said].concat();
        History { said, ends, comes_back: false }
    });
    let back = fetched().into_iter().map(|(said, ends)| {
        let said = [vec![Said::Order], said].concat();
        History { said, ends, comes_back: true }
    });
    out.chain(back).collect()
}

type Ends = (S, u16, u16, usize);

/// What the road makes of it.
fn delivered() -> Vec<(Vec<Said>, Ends)> {
    let second_attempt = vec![
        report(Sorting, S::Loaded, 1, 10),
        report(Road, S::Dispatched, 1, 11),
        report(Road, S::OutForDelivery, 1, 12),
        report(Road, S::DeliveryFailed, 1, 13),
        assigned(2, 20),
        report(Sorting, S::Loaded, 2, 30),
        report(Road, S::OutForDelivery, 2, 32),
        report(Road, S::Delivered, 2, 33),
    ];
    // the road names no attempt: the places say which one it is
    let by_place = vec![
        report(Road, S::Dispatched, 0, 11),
        report(Road, S::DeliveryFailed, 0, 13),
        assigned(2, 20),
        report(Road, S::Dispatched, 0, 31),
        report(Road, S::DeliveryFailed, 0, 33),
        assigned(3, 40),
        report(Road, S::Loaded, 0, 41),
    ];
    // the road's clock is an hour behind the station's: only the routes tell the attempts apart
    let skewed_clocks = vec![
        report(Sorting, S::Loaded, 1, 10),
        on_route(S::Dispatched, 1, -49),
        on_route(S::DeliveryFailed, 1, -47),
        assigned(2, 20),
        report(Sorting, S::Loaded, 2, 30),
        on_route(S::Dispatched, 2, -29),
        report(Road, S::Delivered, 0, -27),
    ];
    let lost_and_found = vec![
        report(Road, S::Dispatched, 1, 11),
        report(CsAgent, S::Lost, 0, 50),
        report(Road, S::Delivered, 0, 60),
    ];
    let given_back = vec![
        report(Sorting, S::Loaded, 1, 10),
        report(Road, S::OutForDelivery, 1, 12),
        report(Road, S::DeliveryFailed, 1, 13),
        report(CsAgent, S::Returning, 1, 14),
        report(Warehouse, S::ReturnedToOrigin, 0, 20),
    ];
    vec![
        (second_attempt, (S::Delivered, 2, 1, 0)),
        (by_place, (S::Loaded, 3, 2, 0)),
        (skewed_clocks, (S::Delivered, 2, 1, 0)),
        (lost_and_found, (S::Delivered, 1, 0, 0)),
        (given_back, (S::ReturnedToOrigin, 1, 1, 0)),
    ]
}

/// What we decide while things happen.
fn decided() -> Vec<(Vec<Said>, Ends)> {
    // the hold races the lock: it may arrive before or after the place and the loading
    let held = vec![
        hold(CsAgent, "fraud", 5),
        release(CsAgent, "fraud", None, 6),
        hold(Merchant, "stock", 5),
        release(CsSupervisor, "stock", Some(Merchant), 7),
        hold(Worker, "payment", 8),
        report(Sorting, S::Loaded, 1, 10),
    ];
    // the verdict races the picking
    let cancelled_in_time = vec![cancelled(2)];
    // the verdict races the truck
    let cancelled_but_moved =
        vec![cancelled(5), report(Sorting, S::Loaded, 1, 10), report(Road, S::Dispatched, 1, 11)];
    let wrong_scan = vec![
        report(Road, S::Dispatched, 1, 11),
        report(Road, S::Delivered, 0, 12),
        corrected(CsSupervisor, S::Loaded, 1, 15),
        report(Road, S::OutForDelivery, 1, 16),
        report(Road, S::DeliveryFailed, 1, 17),
    ];
    vec![
        (held, (S::Loaded, 1, 0, 1)),
        (cancelled_in_time, (S::Cancelled, 0, 0, 0)),
        (cancelled_but_moved, (S::Dispatched, 1, 0, 0)),
        (wrong_scan, (S::DeliveryFailed, 1, 1, 0)),
    ]
}

/// What comes back.
fn fetched() -> Vec<(Vec<Said>, Ends)> {
    let second_try = vec![
        assigned(1, 4),
        report(Road, S::Dispatched, 1, 10),
        report(Road, S::PickupFailed, 0, 11),
        assigned(2, 20),
        report(Road, S::OutForPickup, 2, 30),
        report(Road, S::Collected, 0, 31),
        report(Warehouse, S::Delivered, 0, 40),
    ];
    let dropped_off = vec![
        report(CsAgent, S::Collected, 0, 5),
        report(CsAgent, S::Lost, 0, 6),
        report(Warehouse, S::Delivered, 0, 9),
    ];
    let given_up = vec![report(Road, S::OutForPickup, 1, 10), cancelled(11)];
    vec![
        (second_try, (S::Delivered, 2, 1, 0)),
        (dropped_off, (S::Delivered, 0, 0, 0)),
        (given_up, (S::Cancelled, 1, 0, 0)),
    ]
}
