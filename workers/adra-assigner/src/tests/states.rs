//! Planning states: put together from rows, kept and given up.

use std::collections::BTreeMap;

use routing::{Load, Network, Placement, RouteId, RouteRecord, RouteStatus, SlotDay, SlotDayKey};
use uuid::Uuid;

use super::fixture::{delivery_date, key, no, parts, waybill};
use super::world::STANDS;
use crate::assignment::{Assignment, State, named, order_key, reason_of};
use crate::state::{Bucket, Contradiction, Kept, Plan, StoredDay};

const LOAD: Load = Load { waybills: 1, dry_ml: 1_000, frozen_ml: 0, weight_g: 500 };

fn network() -> Network {
    Network::build(parts()).unwrap()
}

fn assignment(number: u32) -> Assignment {
    Assignment::new(&waybill(number), STANDS)
}

/// One route with one waybill, as the tables have it.
fn stored() -> StoredDay {
    let route = RouteId(Uuid::from_u128(1));
    StoredDay {
        outages: BTreeMap::new(),
        version: 5,
        routes_opened: 2,
        routes: vec![RouteRecord {
            id: route,
            reference: "R".into(),
            template: "Z01-DRY".into(),
            truck_type: "VAN".into(),
            status: RouteStatus::Open,
            version: 3,
        }],
        placements: vec![assignment(1).placement_on(route)],
        buckets: vec![Bucket { zone: "Z01".into(), version: 7, used: LOAD }],
        trucks: BTreeMap::from([("VAN".into(), 1)]),
    }
}

fn restore(stored: StoredDay) -> Result<Plan, Contradiction> {
    Plan::restore(&network(), 1, key(), stored)
}

#[test]
fn stored_rows_become_a_planning_state() {
    let plan = restore(stored()).unwrap();
    let route = plan.day.route(RouteId(Uuid::from_u128(1))).unwrap();
    assert_eq!((route.version(), route.load(), route.stop_count()), (3, LOAD, 1));
    assert_eq!((plan.version, plan.routes_opened, plan.buckets["Z01"]), (5, 2, 7));
}

#[test]
fn rows_that_contradict_each_other_are_not_planned_on() {
    let bucket = Bucket { zone: "Z01".into(), version: 7, used: Load { waybills: 2, ..LOAD } };
    let drifted = restore(StoredDay { buckets: vec![bucket], ..stored() });
    assert!(matches!(drifted, Err(Contradiction::Bucket { .. })), "{drifted:?}");
    assert!(drifted.unwrap_err().to_string().contains("README"));

    let lost = restore(StoredDay { placements: Vec::new(), ..stored() });
    assert!(matches!(lost, Err(Contradiction::Bucket { .. })), "{lost:?}");
    let trucks = restore(StoredDay { trucks: BTreeMap::new(), ..stored() });
    assert!(
        matches!(trucks, Err(Contradiction::Trucks { stored: 0, routes: 1, .. })),
        "{trucks:?}"
    );
    let unknown = Placement { route: RouteId(Uuid::nil()), ..stored().placements[0].clone() };
    let unknown = restore(StoredDay { placements: vec![unknown], ..stored() });
    assert!(matches!(unknown, Err(Contradiction::State(_))), "{unknown:?}");
}

fn plan(day: u32, version: u64, revision: u64) -> Plan {
    let date = delivery_date() + chrono::Days::new(day.into());
    let day = SlotDay::new(&network(), SlotDayKey { date, ..key() }).unwrap();
    Plan { day, version, revision, routes_opened: 0, buckets: BTreeMap::new() }
}

#[test]
fn a_kept_state_is_used_once_and_only_as_what_is_stored() {
    let kept = Kept::default();
    kept.put([plan(0, 4, 1)]);
    assert!(kept.take(&key(), 4, 1).is_some());
    assert!(kept.take(&key(), 4, 1).is_none(), "taken out: a rollback leaves nothing behind");
    kept.put([plan(0, 4, 1)]);
    assert!(kept.take(&key(), 5, 1).is_none(), "another process has written");
    kept.put([plan(0, 4, 1)]);
    assert!(kept.take(&key(), 4, 2).is_none(), "the network has other limits");
    kept.put([plan(0, 5, 1)]);
    kept.put([plan(0, 4, 1)]);
    assert!(kept.take(&key(), 5, 1).is_some(), "an older one does not replace a newer one");
}

#[test]
fn the_least_recently_used_states_go_first() {
    let kept = Kept::default();
    kept.put((0..200).map(|day| plan(day, 1, 1)));
    kept.put([plan(0, 2, 1), plan(200, 1, 1), plan(201, 1, 1)]);
    let is_kept = |day: u32, version| kept.take(plan(day, 0, 0).day.key(), version, 1).is_some();
    assert!(!is_kept(1, 1) && !is_kept(2, 1));
    assert!(is_kept(0, 2) && is_kept(3, 1) && is_kept(201, 1));
}

#[test]
fn doors_and_orders_are_told_apart() {
    assert_eq!(order_key("shop/A/1"), routing::OrderKey::derive("shop", "A/1"));
    let stop = |change: fn(&mut contracts::WaybillCreated)| {
        let mut created = waybill(1);
        change(&mut created);
        Assignment::new(&created, STANDS).stop
    };
    let same = stop(|_| {});
    assert_eq!(same, stop(|created| created.waybill_no = no(2)));
    assert_ne!(same, stop(|created| created.customer_ref = None));
    let guest = |order_ref: &'static str, address: &'static str| {
        let mut created = waybill(1);
        created.customer_ref = None;
        created.order_ref = contracts::OrderRef::new(order_ref).unwrap();
        address.clone_into(&mut created.address_key);
        Assignment::new(&created, STANDS).stop
    };
    assert_eq!(guest("A", "a1"), guest("B", "a1"), "guests at one address share a door");
    assert_ne!(guest("A", ""), guest("B", ""), "without an address nobody knows");
}

#[test]
fn every_reason_has_one_name() {
    for (reason, word) in [
        (routing::Reason::DatePast, "DATE_PAST"),
        (routing::Reason::Missed, "MISSED"),
        (routing::Reason::ReleasedAfterCutoff, "RELEASED_AFTER_CUTOFF"),
    ] {
        assert_eq!((named(reason).1, reason_of(word)), (word, Some(reason)));
        let told = serde_json::to_string(&named(reason).0).unwrap();
        assert_eq!(told, format!("\"{word}\""), "the column says what the event says");
    }
    assert_eq!(State::Unassigned.route(), None);
}
