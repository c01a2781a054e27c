//! Driving times: what was loaded goes before coordinates, and these before the zones.

use std::collections::BTreeMap;

use contracts::Role;
use proptest::prelude::*;
use routing::StopKey;
use routing::optimise::Drives;
use testkit::eventually;
use uuid::Uuid;

use super::fixture::{parts, waybill};
use super::road::{ask, lock};
use super::rounds::{door, driven, keys, point, round};
use super::worker::{stage, start, tell, until};
use super::world::ROUTE_1;
use crate::travel::{Door, Map, Place, Spot, Travel};

/// Half a kilometre a minute.
const SPEED: f64 = 0.5;

/// `depot:N`, `zone:Z` or a district.
fn place(text: &str) -> Place {
    match text.split_once(':') {
        Some(("depot", code)) => Place::Depot(code.to_owned()),
        Some(("zone", code)) => Place::Zone(code.to_owned()),
        _ => Place::District(text.to_owned()),
    }
}

fn travel(rows: &[(&str, &str, u32)]) -> Travel {
    let drives = rows.iter().map(|(from, to, minutes)| ((place(from), place(to)), *minutes));
    Travel(drives.collect::<BTreeMap<_, _>>())
}

fn spot(text: &str, zone: Option<&str>) -> Spot {
    let zone = zone.map(|zone| Place::Zone(zone.to_owned()));
    Spot { place: place(text), zone, at: None }
}

#[test]
fn the_best_that_is_known_of_a_stretch_counts() {
    let here = Spot { at: point(0, 0), ..spot("D1", Some("Z1")) };
    let there = Spot { at: point(10, 0), ..spot("D2", Some("Z2")) };
    let zones = [("zone:Z1", "zone:Z2", 90), ("depot:NORTH", "zone:Z1", 30)];
    let exact = [("D1", "D2", 7), zones[0]];
    assert_eq!(travel(&exact).minutes(&here, &there, SPEED), Some(7.0));
    // the way back was not loaded: a tenth of a degree, 11.132 km, and the detour
    let back = travel(&exact).minutes(&there, &here, SPEED).unwrap();
    assert!((back - 11.132 * 1.3 / SPEED).abs() < 1e-6, "{back}");
    let nowhere = spot("D3", Some("Z2"));
    assert_eq!(travel(&zones).minutes(&here, &nowhere, SPEED), Some(90.0));
    assert_eq!(travel(&zones).minutes(&nowhere, &here, SPEED), None, "no way back");
    let depot = spot("depot:NORTH", None);
    assert_eq!(travel(&zones).minutes(&depot, &spot("D4", Some("Z1")), SPEED), Some(30.0));
    assert_eq!(travel(&zones).minutes(&depot, &spot("D4", None), SPEED), None);
    // two doors of one district
    assert_eq!(travel(&[]).minutes(&nowhere, &nowhere, SPEED), Some(0.0));
    assert_eq!(travel(&[("D3", "D3", 4)]).minutes(&nowhere, &nowhere, SPEED), Some(4.0));
}

/// A one-way ring: the depot, D1, D2, D3, and home; the other way round each stretch takes an hour.
const RING: [(&str, &str, u32); 12] = [
    ("depot:NORTH", "D1", 5),
    ("D1", "D2", 5),
    ("D2", "D3", 5),
    ("D3", "depot:NORTH", 5),
    ("D1", "depot:NORTH", 60),
    ("D2", "D1", 60),
    ("D3", "D2", 60),
    ("depot:NORTH", "D3", 60),
    ("depot:NORTH", "D2", 40),
    ("D2", "depot:NORTH", 40),
    ("D1", "D3", 40),
    ("D3", "D1", 40),
];

#[test]
fn the_way_back_may_take_longer() {
    let doors = || vec![door(3, "D3", None), door(1, "D1", None), door(2, "D2", None)];
    let mut ring = round(None, doors());
    ring.map.travel = travel(&RING);
    assert_eq!(keys(&ring), [1, 2, 3]);
    let turned: Vec<_> = RING.iter().map(|(from, to, minutes)| (*to, *from, *minutes)).collect();
    ring.map.travel = travel(&turned);
    assert_eq!(keys(&ring), [3, 2, 1]);
    // one stretch that nobody knows: by district
    ring.map.travel = travel(&RING[..11]);
    assert_eq!(keys(&ring), [1, 2, 3]);
    ring.map.travel = travel(&turned[..11]);
    assert_eq!(keys(&ring), [1, 2, 3]);
}

/// What planning knows is seconds between districts; what nobody knows, it takes by way of the depot.
#[test]
fn planning_has_one_place_for_each_district_of_a_zone() {
    let doors = [(1, "D1", "Z1"), (2, "D2", "Z1"), (3, "D1", "Z1"), (4, "D1", "Z2")];
    let doors = doors.map(|(key, district, zone)| Door {
        stop: StopKey(Uuid::from_u128(key)),
        spot: spot(district, Some(zone)),
    });
    let travel = travel(&[
        ("depot:NORTH", "D1", 5),
        ("D1", "depot:NORTH", 4),
        ("depot:NORTH", "zone:Z1", 9),
        ("D1", "D2", 2),
    ]);
    let map = Map { depot: spot("depot:NORTH", None), doors: doors.to_vec(), travel };
    // the depot, D1 and D2 of the first zone, D1 as the second zone has it
    let seconds = |from: usize, to: usize| match (from, to) {
        (0, 1 | 3) => Some(240),
        (0, 2) => Some(540),
        (1 | 3, 2) => Some(120),
        (1, 3) => Some(0),
        _ => None,
    };
    let places = doors.iter().map(|door| door.stop).zip([1, 2, 1, 3]);
    assert_eq!(map.drives(SPEED), Drives::new(4, seconds, places));
}

/// Where no way from the depot is known, planning compares nothing.
#[test]
fn planning_knows_no_drives_without_a_way_from_the_depot() {
    let doors = vec![door(1, "D1", point(1, 1)), door(2, "D2", point(2, 2))];
    let mut map = Map { depot: spot("depot:NORTH", None), doors, travel: travel(&[]) };
    assert_eq!(map.drives(SPEED), Drives::default());
    map.travel = travel(&[("depot:NORTH", "D1", 5)]);
    assert_ne!(map.drives(SPEED), Drives::default());
}

proptest! {
    #[test]
    fn every_stop_has_its_turn_whatever_is_known(
        known in prop::collection::vec((0_usize..5, 0_usize..5, 0_u32..600), 0..25),
        located in prop::collection::vec(any::<bool>(), 5),
    ) {
        let names = ["depot:NORTH", "D1", "D2", "D3", "D4"];
        let at = |number: i32, is_located: bool| point(number, -number).filter(|_| is_located);
        let doors = (1_i32..5).zip(&located[1..]).map(|(number, is_located)| {
            let key = u128::from(number.unsigned_abs());
            door(key, &format!("D{number}"), at(number, *is_located))
        });
        let mut any = round(at(0, located[0]), doors.collect());
        let rows: Vec<_> =
            known.iter().map(|(from, to, minutes)| (names[*from], names[*to], *minutes)).collect();
        any.map.travel = travel(&rows);
        let driven = keys(&any);
        prop_assert_eq!(&driven, &keys(&any), "the same each time");
        let mut sorted = driven;
        sorted.sort_unstable();
        prop_assert_eq!(sorted, vec![1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn a_locked_route_is_driven_by_the_times_that_were_loaded() {
    let stage = stage(&parts()).await;
    for district in ["D004", "D005"] {
        let sql = format!("INSERT INTO district VALUES ('{district}', '0001-01-01', 'Z01')");
        stage.run_sql(&sql).await;
    }
    // the ring of above, of which the zone knows the stretches that take an hour
    stage
        .run_sql(
            "INSERT INTO travel_time VALUES ('DEPOT', 'NORTH', 'DISTRICT', 'D005', 5), \
               ('DISTRICT', 'D005', 'DISTRICT', 'D001', 5), ('DISTRICT', 'D001', 'DISTRICT', 'D004', 5), \
               ('DISTRICT', 'D004', 'DEPOT', 'NORTH', 5), ('DEPOT', 'NORTH', 'ZONE', 'Z01', 60), \
               ('ZONE', 'Z01', 'DEPOT', 'NORTH', 60), ('ZONE', 'Z01', 'ZONE', 'Z01', 60), \
               ('DISTRICT', 'D777', 'DISTRICT', 'D001', 1)",
        )
        .await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for (number, district) in [(1, "D004"), (2, "D001"), (3, "D005")] {
        let district = contracts::DistrictCode::new(district).unwrap();
        tell(&stage, 1, &contracts::WaybillCreated { district, ..waybill(number) }).await;
    }
    until(&stage, "ASSIGNED 3").await;
    ask(&stage, &mut replies, Role::Dispatcher, &lock(ROUTE_1)).await;
    eventually("the one way round", async || {
        (driven(&stage).await == "shop-1-1:3 shop-2-1:2 shop-3-1:1").then_some(())
    })
    .await;
    worker.stop().await.unwrap();
    stage.close().await;
}
