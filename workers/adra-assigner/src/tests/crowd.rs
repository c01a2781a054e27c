//! Holds and reschedules that race the lock of a route, with two processes: whoever comes first, the books
//! agree and everybody is told what became of it.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Role;
use runtime::Running;
use testkit::{PublishAs, Stage, eventually};

use super::books::{audit, states};
use super::fixture::{parts, waybill};
use super::road::{lock, somebody};
use super::worker::{held, released, stage, start, tell, until, waybill_row};
use super::world::reschedule;

const WAYBILLS: u32 = 60;

async fn two_workers(stage: &Stage) -> [Running; 2] {
    let lanes = ["--concurrency", "4", "--batch-max", "8", "--prefetch", "32"];
    [start(stage, &lanes).await, start(stage, &lanes).await]
}

/// Every waybill on a route of the first day; the names of the routes.
async fn crowd(stage: &Stage) -> Vec<String> {
    for number in 1..=WAYBILLS {
        waybill_row(stage, number, 1, "CREATED", 0).await;
        tell(stage, 1, &waybill(number)).await;
    }
    until(stage, &format!("ASSIGNED {WAYBILLS}")).await;
    let rows = stage.rows("SELECT route_ref FROM route ORDER BY route_ref").await;
    let routes: Vec<String> =
        rows.iter().map(|row| row["route_ref"].as_str().unwrap().to_owned()).collect();
    assert!(routes.len() > 1, "{routes:?}");
    routes
}

async fn settled(stage: &Stage, messages: i64) {
    eventually("everything is settled", async || {
        let found: i64 = stage.scalar("SELECT COUNT(*) FROM inbox").await;
        (found == messages).then_some(())
    })
    .await;
}

async fn lock_all(stage: &Stage, routes: &[String]) {
    for route_ref in routes {
        let how = PublishAs::default().user("dray-operator").actor(somebody(Role::Dispatcher));
        stage.publish(how, &lock(route_ref)).await.unwrap();
    }
}

/// Every other waybill is held while its route is being locked.
#[tokio::test]
async fn a_hold_comes_before_the_lock_or_after_it() {
    let stage = stage(&parts()).await;
    let workers = two_workers(&stage).await;
    let routes = crowd(&stage).await;
    let holds = async {
        for number in (1..=WAYBILLS).step_by(2) {
            waybill_row(&stage, number, 2, "CREATED", 1).await;
            tell(&stage, 2, &held(number)).await;
        }
    };
    tokio::join!(holds, lock_all(&stage, &routes));
    let half = i64::from(WAYBILLS / 2);
    let messages = 3 * half + i64::try_from(routes.len()).unwrap();
    settled(&stage, messages).await;
    audit(&stage).await;
    let wrong = "SELECT a.waybill_no, a.state FROM assignment a JOIN waybill w \
          ON w.waybill_no = a.waybill_no \
        WHERE a.held <> (w.open_holds > 0) OR a.state NOT IN ('LOCKED', 'UNASSIGNED') \
          OR (a.state = 'UNASSIGNED' AND a.held = 0)";
    assert!(stage.rows(wrong).await.is_empty(), "only held ones leave: {}", states(&stage).await);

    // released, those that left are tried again
    for number in (1..=WAYBILLS).step_by(2) {
        waybill_row(&stage, number, 3, "CREATED", 0).await;
        tell(&stage, 3, &released(number)).await;
    }
    settled(&stage, messages + half).await;
    let waiting = "SELECT COUNT(*) FROM assignment WHERE state = 'UNASSIGNED' OR held = 1";
    assert_eq!(stage.scalar::<i64>(waiting).await, 0, "{}", states(&stage).await);
    for worker in workers {
        worker.stop().await.unwrap();
    }
    audit(&stage).await;
    stage.close().await;
}

/// Every waybill is rescheduled while its route is being locked.
#[tokio::test]
async fn a_reschedule_comes_before_the_lock_or_is_refused() {
    let stage = stage(&parts()).await;
    let mut replies = stage.replies().await;
    let workers = two_workers(&stage).await;
    let routes = crowd(&stage).await;
    let queue = replies.queue().to_owned();
    let moves = async {
        for number in 1..=WAYBILLS {
            let how = PublishAs::default()
                .user("dray-operator")
                .actor(somebody(Role::CsAgent))
                .reply_to(&queue);
            stage.publish(how, &reschedule(number, 1)).await.unwrap();
        }
    };
    tokio::join!(moves, lock_all(&stage, &routes));
    let mut codes: BTreeMap<String, i64> = BTreeMap::new();
    for _ in 1..=WAYBILLS {
        let reply = replies.next(Duration::from_secs(60)).await;
        *codes.entry(reply.code).or_default() += 1;
    }
    settled(&stage, 2 * i64::from(WAYBILLS) + i64::try_from(routes.len()).unwrap()).await;
    audit(&stage).await;
    let count = async |condition: &str| {
        let sql = format!("SELECT COUNT(*) FROM assignment WHERE {condition}");
        stage.scalar::<i64>(&sql).await
    };
    let moved = count("state = 'ASSIGNED' AND place_no = 2 AND delivery_date = '2035-06-14'").await;
    let stayed = count("state = 'LOCKED' AND place_no = 1 AND delivery_date = '2035-06-13'").await;
    assert_eq!(moved + stayed, i64::from(WAYBILLS));
    let told = |code: &str| codes.get(code).copied().unwrap_or(0);
    assert_eq!((told("APPLIED"), told("PLACE_LOCKED")), (moved, stayed), "{codes:?}");
    for worker in workers {
        worker.stop().await.unwrap();
    }
    stage.close().await;
}
