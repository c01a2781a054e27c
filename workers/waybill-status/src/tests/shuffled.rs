//! Promise 2 through a real broker: the same histories sent shuffled and doubled by several senders to
//! two processes end in equal rows; and nothing that ten people do to one waybill at once is lost.

use contracts::{
    Actor, AmendmentDecided, AmendmentDecider, Assigned, CancellationDecided, CancellationVerdict,
    Contract, CorrectWaybill, OrderAccepted, OrderRef, PlaceHold, ReleaseHold, ReportStatus, Role,
    WaybillAmendment, WaybillNo,
};
use serde_json::Value;
use testkit::{PublishAs, Stage};

use super::fleet::{FIRST, Fleet, assigned, order_of_two, place_hold, release_hold};
use super::histories::{History, histories};
use super::story::{Said, somebody};
use crate::change::{Change, Promise};
use crate::evidence::Report;

/// Every history is told so often, each time in another order.
const ROUNDS: usize = 3;
/// How many publish at once.
const SENDERS: usize = 4;

/// A message as it travels, about one of the waybills of this test.
#[derive(Clone)]
enum Wire {
    Order(OrderAccepted),
    Assigned(PublishAs, Assigned),
    Cancelled(CancellationDecided),
    Amended(AmendmentDecided),
    Report(Actor, ReportStatus),
    Correct(Actor, CorrectWaybill),
    PlaceHold(Actor, PlaceHold),
    ReleaseHold(Actor, ReleaseHold),
}

impl Wire {
    fn of(said: &Said, order: &OrderAccepted) -> Self {
        let waybill_no = order.waybills[0].waybill_no.clone();
        let Said::Change(actor, change) = said else { return Self::Order(order.clone()) };
        let actor = actor.clone();
        match change.clone() {
            Change::Report { said: Report { status, occurred_at, attempt, route_ref }, reason } => {
                let attempt = attempt.map(u16::from);
                let report = ReportStatus {
                    waybill_no,
                    status,
                    attempt,
                    route_ref,
                    expected_version: None,
                    occurred_at,
                    reason,
                };
                Self::Report(actor, report)
            }
            Change::Cancel { reason, occurred_at } => {
                let verdict = CancellationVerdict::Accepted;
                Self::Cancelled(CancellationDecided { waybill_no, verdict, reason, occurred_at })
            }
            Change::Correct { said: Report { status, occurred_at, attempt, .. }, reason } => {
                let attempt = attempt.map(u16::from);
                let correct = CorrectWaybill { waybill_no, status, attempt, reason, occurred_at };
                Self::Correct(actor, correct)
            }
            Change::PlaceHold { handle, instance, reason, occurred_at } => {
                let hold = PlaceHold {
                    waybill_no,
                    handle,
                    instance,
                    reason,
                    expected_version: None,
                    occurred_at,
                };
                Self::PlaceHold(actor, hold)
            }
            Change::ReleaseHold { handle, instance, owner, occurred_at } => {
                let release = ReleaseHold {
                    waybill_no,
                    handle,
                    instance,
                    owner,
                    expected_version: None,
                    occurred_at,
                };
                Self::ReleaseHold(actor, release)
            }
            Change::Place { attempt, place, promise } => {
                let Promise { delivery_date, timeslot } = promise.unwrap();
                let from = assigned(FIRST, attempt.into());
                let assigned = Assigned { waybill_no, delivery_date, timeslot, ..from };
                Self::Assigned(PublishAs::default().at(place.at), assigned)
            }
            Change::Amend { amendment } => {
                let amendment = WaybillAmendment { waybill_no, ..*amendment };
                let by = AmendmentDecider::SalesOrder;
                Self::Amended(AmendmentDecided { by, refused: None, amendment })
            }
        }
    }

    async fn send(&self, stage: &Stage) {
        async fn by<C: Contract>(stage: &Stage, how: PublishAs, message: &C) {
            stage.publish(how, message).await.unwrap();
        }
        let of = |actor: &Actor| PublishAs::default().actor(actor.clone());
        match self {
            Self::Order(order) => by(stage, PublishAs::default(), order).await,
            Self::Assigned(how, assigned) => by(stage, how.clone(), assigned).await,
            Self::Amended(decided) => by(stage, PublishAs::default(), decided).await,
            Self::Cancelled(decided) => by(stage, PublishAs::default(), decided).await,
            Self::Report(actor, report) => by(stage, of(actor), report).await,
            Self::Correct(actor, correct) => by(stage, of(actor), correct).await,
            Self::PlaceHold(actor, hold) => by(stage, of(actor), hold).await,
            Self::ReleaseHold(actor, release) => by(stage, of(actor), release).await,
        }
    }
}

/// The order of the `index`-th history in a round.
fn order_of(history: &History, round: usize, index: usize) -> OrderAccepted {
    let mut order = history.begin().order;
    let order_ref = format!("{index}r{round}");
    order.waybills[0].waybill_no = WaybillNo::new(format!("uci-{order_ref}-1")).unwrap();
    order.order_ref = OrderRef::new(order_ref).unwrap();
    order
}

/// Every message twice, in an order that the seed decides.
fn shuffled(histories: &[History]) -> Vec<Wire> {
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        for (index, history) in histories.iter().enumerate() {
            let order = order_of(history, round, index);
            let messages = history.said.iter().map(|said| Wire::of(said, &order));
            all.extend(messages.flat_map(|wire| [wire.clone(), wire]));
        }
    }
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    for last in (1..all.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(last, (seed >> 33) as usize % (last + 1));
    }
    all
}

async fn row(fleet: &Fleet, order: &OrderAccepted) -> Value {
    let sql = format!(
        "SELECT status, attempt, failed_attempts, failed_places, open_holds, parked, lifecycle FROM waybill \
         WHERE waybill_no = '{}'",
        order.waybills[0].waybill_no
    );
    fleet.stage.rows(&sql).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_sent_shuffled_and_doubled_end_in_equal_rows() {
    let histories = histories();
    let fleet = Fleet::start().await.joined(None, &[]).await;
    let all = shuffled(&histories);
    let share = all.len().div_ceil(SENDERS);
    let senders = all.chunks(share).map(async |share| {
        for wire in share {
            wire.send(&fleet.stage).await;
        }
    });
    futures_util::future::join_all(senders).await;
    let settled = "SELECT COUNT(*) FROM inbox WHERE consumer = 'waybill-status'";
    fleet.until("all had their effect", settled, all.len().try_into().unwrap()).await;

    for (index, history) in histories.iter().enumerate() {
        let mut rows = Vec::new();
        for round in 0..ROUNDS {
            rows.push(row(&fleet, &order_of(history, round, index)).await);
        }
        let (status, attempt, failed, holds) = history.ends;
        let ends = serde_json::json!([status, attempt, failed, holds, 0]);
        for row in &rows {
            let columns = ["status", "attempt", "failed_attempts", "open_holds", "parked"];
            let found: Vec<_> = columns.iter().map(|column| row[*column].clone()).collect();
            assert_eq!(Value::from(found), ends, "history {index}");
            assert_eq!(row["lifecycle"], rows[0]["lifecycle"], "history {index}");
            assert_eq!(row["failed_places"], rows[0]["failed_places"], "history {index}");
            let places = row["failed_places"].as_u64().unwrap().count_ones();
            assert_eq!(places, u32::from(failed), "history {index}");
        }
    }
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_agents_at_one_waybill_lose_no_update() {
    const AGENTS: usize = 10;
    let fleet = Fleet::start().await.joined(None, &[]).await;
    fleet.say(somebody(Role::Worker), &order_of_two()).await;
    fleet.until("the waybills are there", "SELECT COUNT(*) FROM waybill", 2).await;
    let agents = (0..AGENTS).map(async |number| {
        let agent = Actor { subject: format!("agent {number}"), ..somebody(Role::CsAgent) };
        for handle in ["a", "b", "c"] {
            fleet.say(agent.clone(), &place_hold(handle)).await;
        }
        fleet.say(agent, &release_hold("b", None)).await;
    });
    futures_util::future::join_all(agents).await;
    // twenty holds are open for a moment before the last ones are placed and released, too
    let version =
        format!("SELECT CAST(version AS SIGNED) FROM waybill WHERE waybill_no = '{FIRST}'");
    fleet.until("every message counts", &version, 1 + 4 * 10).await;
    let waybill = fleet.waybill(FIRST).await;
    assert_eq!(waybill["open_holds"], 2 * AGENTS);
    let log = "SELECT COUNT(*) FROM waybill_event WHERE outcome IN ('APPLIED', 'PARKED', 'STALE')";
    assert_eq!(fleet.stage.scalar::<i64>(log).await, 2 + 40);
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill_hold").await, 30);
    fleet.stop().await;
}
