//! What is reported of a day of parcels, and that the partners may say it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use contracts::{WaybillNo, WaybillStatus as S};
use queue_topology::WorkerKind;
use settings::Secret;
use testkit::Stage;

use super::plan::{By, Habits, Parcel, Planned, plan};
use super::send::{Partners, Wave};
use super::{DeliverArgs, Journal, PlayerArgs};

const HABITS: Habits = Habits { seed: 7, fail_rate: 0.2, late_rate: 0.2, double_rate: 0.1 };

fn parcels(count: u32) -> Vec<Parcel> {
    (0..count)
        .map(|number| Parcel {
            waybill_no: WaybillNo::new(format!("shop-{number}-1")).unwrap(),
            place_no: 1,
            route_ref: Some("NORTH-7".to_owned()),
            day: "2026-03-02".parse().unwrap(),
            is_return: false,
        })
        .collect()
}

fn of_each(planned: &[Planned]) -> BTreeMap<WaybillNo, Vec<&Planned>> {
    let mut each: BTreeMap<WaybillNo, Vec<&Planned>> = BTreeMap::new();
    for planned in planned {
        each.entry(planned.report.waybill_no.clone()).or_default().push(planned);
    }
    each
}

#[test]
fn what_is_given_back_is_fetched_and_brought_in() {
    let fetched = parcels(200).into_iter().map(|parcel| Parcel { is_return: true, ..parcel });
    let fetched: Vec<Parcel> = fetched.collect();
    for (no, reports) in of_each(&plan(&fetched, HABITS)) {
        let said: BTreeSet<S> = reports.iter().map(|p| p.report.status).collect();
        for status in [S::Dispatched, S::OutForPickup, S::Collected, S::Delivered] {
            assert!(said.contains(&status), "{no}: {said:?}");
        }
        assert!(reports.iter().all(|planned| planned.by == By::Road));
    }
}

#[test]
fn every_parcel_gets_to_the_door() {
    let planned = plan(&parcels(500), HABITS);
    for (no, reports) in of_each(&planned) {
        let said: BTreeSet<_> =
            reports.iter().map(|p| (p.report.status, p.report.attempt.unwrap_or(1))).collect();
        let fails = said.contains(&(S::DeliveryFailed, 1));
        let last = if fails { 2 } else { 1 };
        for status in [S::Loaded, S::Dispatched, S::OutForDelivery] {
            assert!(said.contains(&(status, last)), "{no}: {said:?}");
        }
        assert!(reports.iter().any(|p| p.report.status == S::Delivered), "{no}");
        for planned in &reports {
            let station = planned.report.status == S::Loaded;
            assert_eq!(planned.by, if station { By::Station } else { By::Road });
        }
    }
}

#[test]
fn the_same_parcel_is_treated_alike_and_shares_come_out() {
    let planned = plan(&parcels(2_000), HABITS);
    assert_eq!(planned, plan(&parcels(2_000), HABITS));
    let share = |wanted: &dyn Fn(&Planned) -> bool| {
        planned.iter().filter(|p| wanted(p)).count() as f64 / planned.len() as f64
    };
    let failed = planned.iter().filter(|p| p.is_failure && !p.is_double).count();
    assert!((300..500).contains(&failed), "{failed}");
    assert!((0.15..0.25).contains(&share(&|p| p.is_late)));
    assert!((0.06..0.12).contains(&share(&|p| p.is_double)));
    assert!(planned.iter().any(|p| p.report.route_ref.is_some()));
    assert!(planned.iter().any(|p| p.report.attempt.is_none() && p.report.route_ref.is_none()));
}

#[test]
fn late_reports_come_after_those_that_follow_them() {
    let planned = plan(&parcels(500), HABITS);
    let behind = of_each(&planned).into_values().filter(|reports| {
        let times: Vec<_> = reports.iter().map(|p| p.report.occurred_at).collect();
        times.windows(2).any(|pair| pair[0] > pair[1])
    });
    assert!(behind.count() > 100);
}

#[tokio::test]
async fn the_partners_may_say_it_and_nothing_else_is_sent() {
    let stage = Stage::with_users(&[WorkerKind::WaybillStatus]).await;
    let args = DeliverArgs {
        pss_amqp_url: Secret::new(stage.amqp_url_as("partner-pss")),
        ods_amqp_url: Secret::new(stage.amqp_url_as("partner-ods")),
        fail_rate: 0.2,
        late_rate: 0.2,
        double_rate: 0.0,
        rate: 1_000,
        window: 100,
        batch: 1,
        stall_seconds: 1,
        player: PlayerArgs {
            database_url: Secret::new(stage.database_url()),
            seed: 7,
            journal: None,
            json: true,
        },
    };
    let partners = Partners::connect(&args).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(Some(&dir.path().join("journal.jsonl"))).unwrap();
    let planned = plan(&parcels(5), Habits { double_rate: 0.0, ..HABITS });
    let singles = Wave::of(planned.clone(), &partners, 1).unwrap();
    let batches = Wave::of(planned.clone(), &partners, 2_000).unwrap();
    assert_eq!((singles.len(), batches.len()), (planned.len(), 2));
    for wave in [&singles, &batches] {
        assert_eq!(partners.publish(wave, &mut journal).await.unwrap(), 0);
    }
    let queue = "waybill-status.commands";
    let expected = u32::try_from(planned.len() + 2).unwrap();
    let messages = stage.wait_for_messages(queue, expected).await;
    let roles: BTreeSet<_> = messages.iter().map(|m| m.envelope.actor.role).collect();
    assert_eq!(roles, BTreeSet::from([contracts::Role::Sorting, contracts::Role::Road]));
    let noted = std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    assert_eq!(noted.lines().count(), messages.len());
    stage.close().await;
}
