//! Improving slot days against a real database and broker: in the background and when asked for, with others at
//! work, with a crash in between, after a breakdown and a cut.

use std::sync::Arc;
use std::time::Duration;

use cache::Cache;
use contracts::{
    Assigned, Broken, DayPlanned, DistrictCode, Exchange, PlanDay, ReplyOutcome, ReportBreakdown,
    Role, TimeslotCode, WaybillCreated,
};
use runtime::{Running, Shutdown};
use store::outbox::OutboxRow;
use testkit::{Stage, eventually};
use tokio::sync::Notify;

use super::books::{audit, states};
use super::fixture::{delivery_date, key, load, no, parts, quota, tight, time, waybill};
use super::races::{everything_settled, publish_all};
use super::road::{ask, lock};
use super::rounds::SETTINGS;
use super::worker::{cancelled, stage, start, tell, until, waybill_row};
use super::world::ROUTE_1;
use crate::activity::Turn;
use crate::improve::{Improved, Improver, Report};
use crate::worker::Shared;

const AMPLE: Turn = Turn { budget: Duration::from_secs(2), yields: false };

/// A process that only improves, and does so when the test says.
fn improver(stage: &Stage, publish: impl Fn(Vec<OutboxRow>) + Send + Sync + 'static) -> Improver {
    let shared = Arc::new(Shared::new(false, Cache::connect(None)));
    let instance = "the-test".to_owned();
    Improver::apart(shared, stage.database(), SETTINGS, Shutdown::new(), instance, publish)
}

fn report(improved: Improved) -> Report {
    match improved {
        Improved::Planned(report) => report,
        other @ (Improved::Closed | Improved::Taken | Improved::Unreadable) => {
            panic!("not planned: {other:?}")
        }
    }
}

async fn fleet_cost(stage: &Stage) -> i64 {
    stage
        .scalar(
            "SELECT CAST(COALESCE(SUM(t.cost), 0) AS SIGNED) FROM route r \
             JOIN truck_type t ON t.truck_type = r.truck_type WHERE r.status <> 'CLOSED'",
        )
        .await
}

/// Sixty waybills came and three of four were cancelled; their trucks drive half empty. Rows of the waybills
/// are there.
async fn thinned(stage: &Stage) {
    let worker = start(stage, &[]).await;
    for number in 1..=60 {
        waybill_row(stage, number, 1, "CREATED", 0).await;
        tell(stage, 1, &waybill(number)).await;
    }
    until(stage, "ASSIGNED 60").await;
    for number in (1..=60).filter(|number| number % 4 != 0) {
        waybill_row(stage, number, 2, "CANCELLED", 0).await;
        tell(stage, 2, &cancelled(number)).await;
    }
    until(stage, "ASSIGNED 15, UNASSIGNED 45").await;
    worker.stop().await.unwrap();
}

fn plan_day() -> PlanDay {
    PlanDay {
        depot: contracts::DepotCode::new("NORTH").unwrap(),
        delivery_date: delivery_date(),
        timeslot: None,
        seconds: 2,
        occurred_at: time("2035-06-10T12:00:00Z"),
    }
}

#[tokio::test]
async fn a_day_is_planned_when_asked_for() {
    let stage = stage(&parts()).await;
    thinned(&stage).await;
    let before = fleet_cost(&stage).await;
    assert!(before > 100, "{before}");
    let mut events = stage.tap(Exchange::Events, "adra.#").await;
    let mut places = stage.tap(Exchange::Events, "assignment.assigned.#").await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    let refused = ask(&stage, &mut replies, Role::Merchant, &plan_day()).await;
    assert_eq!(refused.code, "NOT_ALLOWED");
    let reply = ask(&stage, &mut replies, Role::Dispatcher, &plan_day()).await;
    assert_eq!((reply.outcome, reply.items.len()), (ReplyOutcome::Applied, 1));
    assert_eq!(reply.items[0].code, "IMPROVED");
    let detail = reply.items[0].detail.as_deref().unwrap();
    let costs = format!("0900-1300: fleet cost {before} to 100 (at least 100)");
    assert!(detail.starts_with(&costs), "{detail}");
    assert_eq!(fleet_cost(&stage).await, 100);
    assert_eq!(states(&stage).await, "ASSIGNED 15, UNASSIGNED 45");
    audit(&stage).await;

    let (_, planned) = events.next_of::<DayPlanned>().await;
    let cost = u64::try_from(before).unwrap();
    assert_eq!((planned.before.fleet_cost, planned.after.fleet_cost), (cost, 100));
    assert_eq!(planned.lower_bound, Some(100));
    let (envelope, assigned) = places.next_of::<Assigned>().await;
    assert_eq!(assigned.place_no, 2, "a new place has the next number");
    assert!(envelope.seq.is_some_and(|seq| seq >= 2));

    let again = ask(&stage, &mut replies, Role::Admin, &plan_day()).await;
    assert_eq!(again.items[0].code, "AS_IT_WAS");
    let other = PlanDay { timeslot: Some(TimeslotCode::new("1300-1800").unwrap()), ..plan_day() };
    let nothing = ask(&stage, &mut replies, Role::Admin, &other).await;
    assert_eq!(nothing.items.len(), 0);
    worker.stop().await.unwrap();
    stage.close().await;
}

/// A van for the west, one for the east, and one that drives to both; of the first two half the goods are
/// cancelled. Two vans are enough, and who has to move goes where others of the same district go.
#[tokio::test]
async fn who_has_to_move_goes_where_least_is_driven() {
    let stage = stage(&parts()).await;
    stage
        .run_sql(
            "INSERT INTO coordinates VALUES ('DEPOT', 'NORTH', 41000000, 29000000), \
               ('DISTRICT', 'D001', 41000000, 28800000), ('DISTRICT', 'D004', 41000000, 29300000)",
        )
        .await;
    stage.run_sql("INSERT INTO district VALUES ('D004', '0001-01-01', 'Z01')").await;
    let worker = start(&stage, &[]).await;
    for number in 1..=54 {
        let is_west = if number <= 44 { number <= 22 } else { number % 2 == 0 };
        let district = DistrictCode::new(if is_west { "D001" } else { "D004" }).unwrap();
        waybill_row(&stage, number, 1, "CREATED", 0).await;
        tell(&stage, 1, &WaybillCreated { district, ..waybill(number) }).await;
        until(&stage, &format!("ASSIGNED {number}")).await;
    }
    for number in (1..=44).filter(|number| number % 2 == 0) {
        waybill_row(&stage, number, 2, "CANCELLED", 0).await;
        tell(&stage, 2, &cancelled(number)).await;
    }
    until(&stage, "ASSIGNED 32, UNASSIGNED 22").await;
    worker.stop().await.unwrap();

    let routes_with = |districts: &str| {
        format!(
            "SELECT COUNT(*) FROM (SELECT a.route_id FROM assignment a WHERE a.state = 'ASSIGNED' \
               GROUP BY a.route_id HAVING COUNT(DISTINCT a.district) {districts}) routes"
        )
    };
    assert_eq!(stage.scalar::<i64>(&routes_with("= 1")).await, 2);
    assert_eq!(stage.scalar::<i64>(&routes_with("> 1")).await, 1);
    let done = report(improver(&stage, drop).improve(&key(), AMPLE).await.unwrap());
    assert_eq!((done.before.fleet_cost, done.after.fleet_cost), (300, 200));
    assert!(done.after.driving_seconds > 0);
    assert!(done.after.driving_seconds < done.before.driving_seconds);
    assert_eq!(stage.scalar::<i64>(&routes_with("= 1")).await, 2);
    assert_eq!(stage.scalar::<i64>(&routes_with("> 1")).await, 0);
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn the_background_lane_finds_what_changed_and_comes_to_rest() {
    let stage = stage(&parts()).await;
    thinned(&stage).await;
    let lane = ["--planning=on", "--planning-pause-seconds=0", "--planning-seconds=1"];
    let worker = start(&stage, &lane).await;
    let rests =
        "SELECT COUNT(*) FROM slot_day WHERE improved_version = version AND planner IS NULL";
    eventually("one van is enough", async || (fleet_cost(&stage).await == 100).then_some(())).await;
    eventually("at rest", async || (stage.scalar::<i64>(rests).await == 1).then_some(())).await;
    audit(&stage).await;
    // another waybill: it is looked at again
    tell(&stage, 1, &waybill(61)).await;
    until(&stage, "ASSIGNED 16, UNASSIGNED 45").await;
    eventually("at rest", async || (stage.scalar::<i64>(rests).await == 1).then_some(())).await;
    worker.stop().await.unwrap();
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn two_processes_improve_while_messages_come_and_one_is_killed() {
    // 3 days x (40 + 30) places for 600 waybills
    let stage = stage(&tight(40, 30, 6)).await;
    let lane = [
        "--planning=on",
        "--planning-pause-seconds=0",
        "--planning-seconds=1",
        "--planning-percent=50",
        "--concurrency=4",
        "--batch-max=16",
        "--prefetch=64",
    ];
    let (victim, survivor) = (start(&stage, &lane).await, start(&stage, &lane).await);
    publish_all(&stage).await;
    eventually("half of it is settled", async || {
        let settled: i64 = stage.scalar("SELECT COUNT(*) FROM inbox").await;
        (settled >= 300).then_some(())
    })
    .await;
    victim.kill().await;
    let successor: Running = start(&stage, &lane).await;
    everything_settled(&stage).await;
    audit(&stage).await;
    let tried = "SELECT COUNT(*) FROM slot_day WHERE improved_at IS NOT NULL";
    eventually("each day had its turn", async || {
        (stage.scalar::<i64>(tried).await == 3).then_some(())
    })
    .await;
    survivor.stop().await.unwrap();
    successor.stop().await.unwrap();
    audit(&stage).await;
    let twice = "SELECT COUNT(*) FROM assignment a JOIN adra_decision d ON d.waybill_no = a.waybill_no \
        WHERE d.version > a.version";
    assert_eq!(stage.scalar::<i64>(twice).await, 0);
    stage.close().await;
}

#[tokio::test]
async fn a_process_that_dies_between_two_sets_leaves_a_consistent_day() {
    let stage = stage(&parts()).await;
    thinned(&stage).await;
    let before = fleet_cost(&stage).await;
    let rung = Arc::new(Notify::new());
    let bell = Arc::clone(&rung);
    let dying = improver(&stage, move |rows: Vec<OutboxRow>| {
        if !rows.is_empty() {
            bell.notify_one();
        }
    });
    let key = key();
    let died = tokio::select! {
        biased;
        () = rung.notified() => true,
        improved = dying.improve(&key, AMPLE) => {
            improved.unwrap();
            false
        }
    };
    drop(dying);
    assert!(died, "it told of its first set and got no further");
    // what it held goes once its connection says so
    eventually("its last transaction is undone", async || {
        stage.succeeds("SELECT depot FROM slot_day FOR UPDATE NOWAIT").await.then_some(())
    })
    .await;
    audit(&stage).await;
    assert!(fleet_cost(&stage).await <= before);
    // its claim holds for a while, then another one goes on
    let heir = improver(&stage, drop);
    stage.run_sql("UPDATE slot_day SET planner = 'dead' WHERE planner IS NOT NULL").await;
    assert_eq!(heir.improve(&key, AMPLE).await.unwrap(), Improved::Taken);
    stage.run_sql("UPDATE slot_day SET planner_until = '2000-01-01'").await;
    report(heir.improve(&key, AMPLE).await.unwrap());
    assert_eq!(fleet_cost(&stage).await, 100);
    audit(&stage).await;
    stage.close().await;
}

fn breakdown(broken: Broken) -> ReportBreakdown {
    let reason = Some("gearbox".to_owned());
    ReportBreakdown { broken, reason, occurred_at: time("2035-06-12T12:00:00Z") }
}

/// Where these waybills are.
async fn places(stage: &Stage, numbers: &[u32]) -> Vec<String> {
    let mut places = Vec::new();
    for number in numbers {
        let sql = format!(
            "SELECT CONCAT_WS(' ', state, HEX(route_id), place_no) FROM assignment WHERE waybill_no = '{}'",
            no(*number)
        );
        places.push(stage.scalar::<String>(&sql).await);
    }
    places
}

#[tokio::test]
async fn a_breakdown_is_mended_and_nobody_locked_or_pinned_moves() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage, &[]).await;
    for number in 1..=66 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 66").await;
    ask(&stage, &mut replies, Role::Dispatcher, &lock(ROUTE_1)).await;
    let locked: i64 = stage.scalar("SELECT COUNT(*) FROM assignment WHERE state = 'LOCKED'").await;
    assert!(locked > 0);
    stage.run_sql("UPDATE assignment SET pinned = 1 WHERE waybill_no = 'shop-66-1'").await;
    let fixed_sql = "SELECT GROUP_CONCAT(CONCAT_WS(' ', waybill_no, HEX(route_id), place_no) \
        ORDER BY waybill_no) FROM assignment WHERE state = 'LOCKED' OR pinned = 1";
    let fixed: String = stage.scalar(fixed_sql).await;
    let pinned = places(&stage, &[66]).await;
    let unknown = Broken::TruckOf { route_ref: "NORTH-X".to_owned() };
    let refused = ask(&stage, &mut replies, Role::Operator, &breakdown(unknown)).await;
    assert_eq!(refused.code, "UNKNOWN_ROUTE");
    let vans = |out_of_order| {
        breakdown(Broken::Trucks {
            depot: contracts::DepotCode::new("NORTH").unwrap(),
            delivery_date: delivery_date(),
            timeslot: TimeslotCode::new("0900-1300").unwrap(),
            truck_type: contracts::TruckTypeCode::new("VAN").unwrap(),
            out_of_order,
        })
    };
    let reply = ask(&stage, &mut replies, Role::Dispatcher, &vans(10)).await;
    assert_eq!(reply.outcome, ReplyOutcome::Applied, "{reply:?}");
    let reply = ask(&stage, &mut replies, Role::Dispatcher, &vans(10)).await;
    assert_eq!(reply.outcome, ReplyOutcome::Duplicate);
    // no van is to be had for anybody else either
    tell(&stage, 1, &waybill(67)).await;
    until(&stage, &format!("ASSIGNED {}, LOCKED {locked}", 67 - locked)).await;
    worker.stop().await.unwrap();

    let done = report(improver(&stage, drop).improve(&key(), AMPLE).await.unwrap());
    assert!(done.before.violations > done.after.violations, "{done:?}");
    let vans = "SELECT COUNT(*) FROM route WHERE truck_type = 'VAN' AND status = 'OPEN'";
    assert_eq!(stage.scalar::<i64>(vans).await, 0);
    assert_eq!(stage.scalar::<String>(fixed_sql).await, fixed);
    assert_eq!(places(&stage, &[66]).await, pinned);
    assert_eq!(states(&stage).await, format!("ASSIGNED {}, LOCKED {locked}", 67 - locked));
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn a_cut_is_mended_and_those_without_a_place_are_told_why() {
    let stage = stage(&parts()).await;
    let worker = start(&stage, &[]).await;
    for number in 1..=30 {
        tell(&stage, 1, &waybill(number)).await;
    }
    until(&stage, "ASSIGNED 30").await;
    worker.stop().await.unwrap();
    let mut cut = parts();
    cut.zone_quotas = vec![quota("Z01", 12), quota("Z02", 5)];
    load(&stage, 2, &cut).await;
    let done = report(improver(&stage, drop).improve(&key(), AMPLE).await.unwrap());
    assert_eq!((done.before.violations, done.after.violations), (18, 0));
    assert_eq!(states(&stage).await, "ASSIGNED 17, UNASSIGNABLE ZONE_QUOTA 13");
    let used = "SELECT GROUP_CONCAT(CONCAT(zone, ' ', waybills) ORDER BY zone) FROM quota_bucket";
    assert_eq!(stage.scalar::<String>(used).await, "Z01 12,Z02 5");
    let told = "SELECT COUNT(*) FROM outbox WHERE message_type = 'assignment.unassignable.v1'";
    assert_eq!(stage.scalar::<i64>(told).await, 13);
    // what was there before the cut was right by the limits of its time
    load(&stage, 3, &parts()).await;
    audit(&stage).await;
    stage.close().await;
}

#[tokio::test]
async fn nothing_is_moved_after_the_cut_off() {
    let stage = stage(&parts()).await;
    let replay = start(&stage, &["--clock=replay"]).await;
    let past = chrono::NaiveDate::from_ymd_opt(2020, 6, 13).unwrap();
    for number in 1..=30 {
        let ordered_at = time("2020-06-10T09:30:00Z");
        tell(
            &stage,
            1,
            &contracts::WaybillCreated { delivery_date: past, ordered_at, ..waybill(number) },
        )
        .await;
    }
    until(&stage, "ASSIGNED 30").await;
    for number in (1..=30).filter(|number| number % 3 != 0) {
        tell(&stage, 2, &cancelled(number)).await;
    }
    until(&stage, "ASSIGNED 10, UNASSIGNED 20").await;
    replay.stop().await.unwrap();
    let key = routing::SlotDayKey { date: past, ..key() };
    assert_eq!(improver(&stage, drop).improve(&key, AMPLE).await.unwrap(), Improved::Closed);
    let moved = "SELECT COUNT(*) FROM assignment WHERE place_no > 1";
    assert_eq!(stage.scalar::<i64>(moved).await, 0);
    stage.close().await;
}
