//! What is still to come: by the hour, with the decision, and from the ledgers of former days.

use std::collections::BTreeMap;
use std::sync::Arc;

use cache::Cache;
use chrono::{Days, TimeDelta};
use contracts::{Timestamp, WaybillCreated};
use proptest::prelude::*;
use routing::{Explanation, Forecast, Load, SkuClass};
use runtime::Shutdown;
use serde_json::{Value, json};
use testkit::{Stage, eventually};

use super::fixture::{SLOT, key, parts, time, waybill};
use super::worker::{stage, start, tell};
use super::world::{STANDS, World};
use crate::decide::Notice;
use crate::demand::{Came, Demand, ToCome};
use crate::forecaster::Forecaster;
use crate::worker::Shared;

/// So many waybills of two litres.
fn came(waybills: i32) -> Came {
    Came { waybills, dry_ml: i64::from(waybills) * 2_000, frozen_ml: 0, weight_g: 0 }
}

fn dry(demand: &Demand, left: TimeDelta) -> u32 {
    demand.to_come(&"Z01".into(), left).unwrap().dry
}

#[test]
fn the_mean_of_former_days_counts_from_the_same_time_on() {
    let mut demand = Demand::of_days(2);
    for (hours_left, waybills) in [(0, 8), (1, 20), (5, -4), (48, 100)] {
        demand.add("Z01".into(), SkuClass::Dry, hours_left, came(waybills));
    }
    let table = [
        (TimeDelta::minutes(-1), 0),
        (TimeDelta::zero(), 0),
        (TimeDelta::minutes(30), 2),
        (TimeDelta::hours(1), 4),
        (TimeDelta::minutes(90), 9),
        (TimeDelta::hours(4), 14),
        (TimeDelta::hours(6), 12),
        (TimeDelta::minutes(48 * 60 - 1), 12),
        (TimeDelta::hours(48), 62),
        (TimeDelta::days(9), 62),
    ];
    for (left, expected) in table {
        assert_eq!(dry(&demand, left), expected, "{left}");
    }
    let elsewhere = demand.to_come(&"Z02".into(), TimeDelta::days(1));
    assert_eq!(elsewhere, Some(ToCome { days: 2, dry: 0, frozen: 0, mixed: 0 }));
    assert_eq!(Demand::of_days(0).to_come(&"Z01".into(), TimeDelta::days(1)), None);
}

#[test]
fn what_more_was_given_back_than_came_is_nothing() {
    let mut demand = Demand::of_days(1);
    demand.add("Z01".into(), SkuClass::Dry, 0, came(-3));
    assert_eq!(dry(&demand, TimeDelta::hours(3)), 0);
}

#[test]
fn waybills_are_like_those_of_today_before_they_are_like_those_of_former_days() {
    let mut demand = Demand::of_days(1);
    demand.add("Z01".into(), SkuClass::Dry, 3, came(10));
    let frozen = Came { waybills: 4, dry_ml: 0, frozen_ml: 12_000, weight_g: 400 };
    demand.add("Z01".into(), SkuClass::Frozen, 3, frozen);
    let to_come = demand.to_come(&"Z01".into(), TimeDelta::hours(4)).unwrap();
    let today = Forecast::like(Load { waybills: 1, dry_ml: 500, frozen_ml: 0, weight_g: 9 });
    let forecast = demand.sharpen(today, &"Z01".into(), to_come);
    let (dry, frozen) = (forecast.dry.unwrap(), forecast.frozen.unwrap());
    assert_eq!((dry.typical.dry_ml, dry.remaining_waybills), (500, Some(10)));
    assert_eq!((frozen.typical.frozen_ml, frozen.typical.weight_g), (3_000, 100));
    assert_eq!((frozen.remaining_waybills, forecast.mixed), (Some(4), None));
}

proptest! {
    #[test]
    fn the_later_it_is_the_less_is_to_come(
        hours in prop::collection::vec((0_u8..60, 0_i32..500), 0..40),
        days in 1_u32..5,
        (early, late) in (0_i64..4_000, 0_i64..4_000),
    ) {
        let mut demand = Demand::of_days(days);
        for (hours_left, waybills) in &hours {
            demand.add("Z01".into(), SkuClass::Dry, *hours_left, came(*waybills));
        }
        let (early, late) = (early.max(late), early.min(late));
        let (more, less) =
            (dry(&demand, TimeDelta::minutes(early)), dry(&demand, TimeDelta::minutes(late)));
        prop_assert!(less <= more);
        let all: i64 = hours.iter().map(|(_, waybills)| i64::from(*waybills)).sum();
        let whole = dry(&demand, TimeDelta::days(3));
        prop_assert!(more <= whole);
        prop_assert!((i64::from(whole) * i64::from(days) - all).abs() <= i64::from(days));
    }
}

#[test]
fn a_decision_says_what_it_counted_on() {
    // the cut-off is ten and a half hours away
    let mut world = World::with(parts()).at("2035-06-12T09:30:00Z");
    let mut demand = Demand::of_days(4);
    for (hours_left, waybills) in [(3, 40), (10, 8), (11, 400)] {
        demand.add("Z01".into(), SkuClass::Dry, hours_left, came(waybills));
    }
    let demands = Arc::new(BTreeMap::from([(key(), demand)]));
    let created = waybill(1);
    let (_, planned) = world.transact(|planner| {
        planner.demands = demands;
        let notice = Notice::Created(&created);
        planner.decide(0, &created.waybill_no, notice, 1, Some(STANDS)).unwrap()
    });
    let said: Value = serde_json::from_str(&planned.writes.decisions[0].explanation).unwrap();
    assert_eq!(said["expected"], json!({"days": 4, "dry": 11, "frozen": 0, "mixed": 0}));
    assert!(serde_json::from_value::<Explanation>(said).unwrap().chosen.is_some());
    // without a former day nothing is said of it
    let planned = world.create(&waybill(2));
    let said: Value = serde_json::from_str(&planned.writes.decisions[0].explanation).unwrap();
    assert_eq!(said.get("expected"), None);
}

async fn slot_day(stage: &Stage, date: &str) {
    stage
        .run_sql(&format!(
            "INSERT INTO slot_day (depot, delivery_date, timeslot, version, routes_opened) \
             VALUES ('NORTH', '{date}', '{SLOT}', 9, 1)"
        ))
        .await;
}

/// Entries of the ledger of zone Z01: waybills, litres dry and frozen, when.
async fn ledger(stage: &Stage, date: &str, entries: &[(i32, i32, i32, &str)]) {
    slot_day(stage, date).await;
    for (version, (waybills, dry, frozen, at)) in (1..).zip(entries) {
        stage
            .run_sql(&format!(
                "INSERT INTO quota_ledger VALUES ('Z01', '{date}', '{SLOT}', {version}, 'shop-{version}-1', \
                 UNHEX(REPEAT('00', 16)), {waybills}, {dry}, {frozen}, 0, '{at}')"
            ))
            .await;
    }
}

#[tokio::test]
async fn slot_days_that_are_over_are_summed_up_once_and_read_for_the_days_ahead() {
    let stage = stage(&parts()).await;
    let last_week = [
        (1, 1, 0, "2035-06-05 18:30:00"),
        (1, 1, 0, "2035-06-05 19:59:59"),
        (1, 0, 1, "2035-06-01 00:00:00"),
        (-1, -1, 0, "2035-06-05 19:00:00"),
        (0, 5, 0, "2035-06-05 19:00:00"),
        (-1, -1, 0, "2035-06-05 20:00:01"),
    ];
    ledger(&stage, "2035-06-06", &last_week).await;
    let before = [(1, 1, 0, "2035-05-29 18:30:00"), (1, 1, 0, "2035-05-29 10:00:00")];
    ledger(&stage, "2035-05-30", &before).await;
    // yesterday may still be today somewhere; what is too old tells nothing
    ledger(&stage, "2035-06-08", &[(1, 1, 0, "2035-06-01 10:00:00")]).await;
    ledger(&stage, "2035-05-10", &[(1, 1, 0, "2035-05-01 10:00:00")]).await;

    let shared = Arc::new(Shared::new(false, Cache::connect(None)));
    let forecaster = Forecaster::new(Arc::clone(&shared), stage.database());
    let shutdown = Shutdown::new();
    for _ in 0..2 {
        forecaster.round(time("2035-06-09T10:00:00Z"), &shutdown).await.unwrap();
        let noted = "SELECT COUNT(*) FROM slot_day WHERE demand_noted = 1";
        assert_eq!(stage.scalar::<i64>(noted).await, 2);
        let came: String = stage
            .scalar(
                "SELECT GROUP_CONCAT(CONCAT_WS(' ', delivery_date, goods, hours_left, waybills) \
                   ORDER BY delivery_date, goods, hours_left) FROM demand_history",
            )
            .await;
        let expected = [
            "2035-05-30 dry 1 1",
            "2035-05-30 dry 10 1",
            "2035-06-06 dry 0 1",
            "2035-06-06 dry 1 0",
            "2035-06-06 frozen 48 1",
        ];
        assert_eq!(came, expected.join(","));
        let demands = shared.forecasts.get();
        assert_eq!(demands.len(), 10, "yesterday to the eighth day ahead");
        let to_come = |hours| demands[&key()].to_come(&"Z01".into(), TimeDelta::hours(hours));
        assert_eq!(to_come(2), Some(ToCome { days: 2, dry: 1, frozen: 0, mixed: 0 }));
        assert_eq!(to_come(72), Some(ToCome { days: 2, dry: 2, frozen: 1, mixed: 0 }));
    }
    forecaster.round(time("2035-07-20T10:00:00Z"), &shutdown).await.unwrap();
    assert_eq!(stage.scalar::<i64>("SELECT COUNT(*) FROM demand_history").await, 0);
    assert!(shared.forecasts.get().is_empty());
    stage.close().await;
}

#[tokio::test]
async fn a_process_counts_on_former_days() {
    let stage = stage(&parts()).await;
    let delivery_date = Timestamp::now().date() + Days::new(3);
    let former = (delivery_date - Days::new(7)).to_string();
    slot_day(&stage, &former).await;
    stage.run_sql("UPDATE slot_day SET demand_noted = 1").await;
    stage
        .run_sql(&format!(
            "INSERT INTO demand_history VALUES ('NORTH', '{SLOT}', '{former}', 'Z01', 'dry', 0, 7, 7000, 0, 70)"
        ))
        .await;
    let worker = start(&stage, &[]).await;
    let mut number = 0;
    // the first decisions may be quicker than what is read beside them
    eventually("a decision that counts on it", async || {
        number += 1;
        tell(&stage, 1, &WaybillCreated { delivery_date, ..waybill(number) }).await;
        let said = "SELECT COUNT(*) FROM adra_decision \
             WHERE explanation LIKE '%\"expected\":{\"days\":1,\"dry\":7,%'";
        (stage.scalar::<i64>(said).await > 0).then_some(())
    })
    .await;
    worker.stop().await.unwrap();
    stage.close().await;
}
