//! The order of stops: what is known about places decides, and a route that changed is ordered again.

use contracts::{ReplyOutcome, Role};
use routing::StopKey;
use settings::{PlanningSettings, Switch};
use testkit::{Stage, eventually};
use uuid::Uuid;

use super::fixture::{parts, waybill};
use super::road::{ask, lock};
use super::worker::{cancelled, stage, start, tell, until, waybill_row};
use super::world::ROUTE_1;
use crate::sequence::{Round, Speed, order};
use crate::travel::{Door, Map, Place, Point, Spot, Travel};

/// Settings of a process that improves nothing by itself.
pub(super) const SETTINGS: PlanningSettings = PlanningSettings {
    planning: Switch::Off,
    planning_seconds: 2,
    planning_pause_seconds: 0,
    planning_percent: 0,
    planning_seed: 1,
    service_minutes: 4,
    kilometres_an_hour: 30,
};

pub(super) fn point(north: i32, east: i32) -> Option<Point> {
    Some(Point { lat_e6: 41_000_000 + north * 10_000, lon_e6: 29_000_000 + east * 10_000 })
}

pub(super) fn door(key: u128, district: &str, at: Option<Point>) -> Door {
    let place = Place::District(district.to_owned());
    Door { stop: StopKey(Uuid::from_u128(key)), spot: Spot { place, zone: None, at } }
}

/// From a depot that lies there, with no driving times loaded.
pub(super) fn round(depot: Option<Point>, doors: Vec<Door>) -> Round {
    let depot = Spot { place: Place::Depot("NORTH".to_owned()), zone: None, at: depot };
    Round { window_minutes: 240, map: Map { depot, doors, travel: Travel::default() } }
}

pub(super) fn keys(round: &Round) -> Vec<u128> {
    order(round, Speed::of(&SETTINGS), 1).into_iter().map(|stop| stop.0.as_u128()).collect()
}

#[test]
fn a_round_is_driven_without_detours() {
    // a square with the depot at one corner; numbered across
    let doors = vec![
        door(1, "D1", point(10, 10)),
        door(2, "D2", point(0, 10)),
        door(3, "D3", point(10, 0)),
        door(4, "D4", point(5, 10)),
    ];
    let round = round(point(0, 0), doors);
    let driven = keys(&round);
    assert!([vec![2, 4, 1, 3], vec![3, 1, 4, 2]].contains(&driven), "{driven:?}");
    assert_eq!(keys(&round), driven, "the same each time");
    // a window that no truck can keep: the shortest round all the same
    let late = Round { window_minutes: 1, ..round };
    assert!([vec![2, 4, 1, 3], vec![3, 1, 4, 2]].contains(&keys(&late)));
}

#[test]
fn stops_that_lie_nobody_knows_where_go_by_district() {
    let doors = vec![
        door(9, "D2", point(1, 1)),
        door(1, "D3", None),
        door(7, "D1", point(9, 9)),
        door(2, "D2", point(1, 1)),
    ];
    assert_eq!(keys(&round(point(0, 0), doors)), [7, 2, 9, 1]);
    let doors = vec![door(5, "D2", point(1, 1)), door(6, "D1", point(2, 2))];
    assert_eq!(keys(&round(None, doors)), [6, 5]);
    assert_eq!(keys(&round(point(0, 0), Vec::new())), Vec::<u128>::new());
}

/// The waybills of the first route in the order of its stops.
pub(super) async fn driven(stage: &Stage) -> String {
    stage
        .scalar(
            "SELECT COALESCE(GROUP_CONCAT(CONCAT(a.waybill_no, ':', COALESCE(s.seq, '-')) \
               ORDER BY a.waybill_no SEPARATOR ' '), '') \
             FROM assignment a JOIN route_stop s ON s.route_id = a.route_id AND s.stop_key = a.stop_key",
        )
        .await
}

#[tokio::test]
async fn stops_get_their_order_at_the_lock_and_again_when_one_is_gone() {
    let stage = stage(&parts()).await;
    stage
        .run_sql(
            "INSERT INTO coordinates VALUES ('DEPOT', 'NORTH', 41000000, 29000000), \
               ('DISTRICT', 'D001', 41100000, 29000000), ('DISTRICT', 'D004', 41100000, 29150000), \
               ('DISTRICT', 'D005', 41000000, 29150000)",
        )
        .await;
    for district in ["D004", "D005"] {
        let sql = format!("INSERT INTO district VALUES ('{district}', '0001-01-01', 'Z01')");
        stage.run_sql(&sql).await;
    }
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for (number, district) in [(1, "D004"), (2, "D001"), (3, "D005")] {
        waybill_row(&stage, number, 1, "CREATED", 0).await;
        let district = contracts::DistrictCode::new(district).unwrap();
        tell(&stage, 1, &contracts::WaybillCreated { district, ..waybill(number) }).await;
    }
    until(&stage, "ASSIGNED 3").await;
    assert_eq!(driven(&stage).await, "shop-1-1:- shop-2-1:- shop-3-1:-");
    let locked = ask(&stage, &mut replies, Role::Dispatcher, &lock(ROUTE_1)).await;
    assert_eq!(locked.outcome, ReplyOutcome::Applied);
    // a triangle: either way round, the far corner between the others
    let rounds = ["shop-1-1:2 shop-2-1:1 shop-3-1:3", "shop-1-1:2 shop-2-1:3 shop-3-1:1"];
    eventually("an order", async || {
        let driven = driven(&stage).await;
        rounds.contains(&driven.as_str()).then_some(())
    })
    .await;

    waybill_row(&stage, 3, 2, "CANCELLED", 0).await;
    tell(&stage, 2, &cancelled(3)).await;
    eventually("ordered anew", async || {
        let driven = driven(&stage).await;
        ["shop-1-1:2 shop-2-1:1", "shop-1-1:1 shop-2-1:2"].contains(&driven.as_str()).then_some(())
    })
    .await;
    // what is left may be in the right order before it is looked at again
    let waiting = "SELECT COUNT(*) FROM route WHERE to_sequence = 1";
    eventually("at rest", async || (stage.scalar::<i64>(waiting).await == 0).then_some(())).await;
    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn without_places_the_order_is_by_district() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for number in 1..=3 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 3").await;
    ask(&stage, &mut replies, Role::Dispatcher, &lock(ROUTE_1)).await;
    let by_key = "SELECT COUNT(*) FROM route_stop s JOIN route_stop o ON o.route_id = s.route_id \
        AND o.stop_key < s.stop_key AND o.seq >= s.seq";
    eventually("an order", async || {
        let ordered = "SELECT COUNT(DISTINCT seq) FROM route_stop WHERE seq BETWEEN 1 AND 3";
        (stage.scalar::<i64>(ordered).await == 3).then_some(())
    })
    .await;
    assert_eq!(stage.scalar::<i64>(by_key).await, 0);
    worker.stop().await.unwrap();
    stage.close().await;
}
