//! Dispatchers against a real broker and database: racing locks, assignments and each other.

use std::time::Duration;

use chrono::Days;
use contracts::{Contract, MessageId, ProposedStep, Reply, ReplyOutcome, Role, WaybillCreated};
use routing::NetworkParts;
use runtime::Running;
use testkit::{PublishAs, ReplyBox, Stage, eventually};

use super::books::audit;
use super::by_hand::{frozen, moved, pin, somebody, unpin};
use super::fixture::{delivery_date, no, parts, tight, waybill};
use super::proposing::{commit, proposal, step};
use super::road::lock;
use super::worker::{stage, start, tell, until, until_row};

const IN_TIME: Duration = Duration::from_secs(30);

/// A stage with two processes at work, so that two commands really race.
struct Desk {
    stage: Stage,
    workers: Vec<Running>,
    replies: ReplyBox,
}

impl Desk {
    async fn open(network: &NetworkParts) -> Self {
        let stage = stage(network).await;
        let lanes = ["--concurrency", "4", "--batch-max", "16", "--prefetch", "64"];
        let workers = vec![start(&stage, &lanes).await, start(&stage, &lanes).await];
        let replies = stage.replies().await;
        Self { stage, workers, replies }
    }

    /// Publishes a command without waiting for its answer.
    async fn send<C: Contract>(&self, command: &C) -> MessageId {
        let how = PublishAs::default().user("dray-operator").actor(somebody(Role::Dispatcher));
        self.stage.publish(how.reply_to(self.replies.queue()), command).await.unwrap()
    }

    /// The answers to these commands, in their order.
    async fn answers<const N: usize>(&mut self, ids: [MessageId; N]) -> [Reply; N] {
        let mut all = Vec::new();
        for _ in ids {
            all.push(self.replies.next(IN_TIME).await);
        }
        ids.map(|id| all.iter().find(|reply| reply.message_id == id).unwrap().clone())
    }

    async fn ask<C: Contract>(&mut self, command: &C) -> Reply {
        let id = self.send(command).await;
        let [reply] = self.answers([id]).await;
        reply
    }

    async fn route_of(&self, number: u32) -> String {
        let no = no(number);
        let sql = format!(
            "SELECT r.route_ref FROM assignment a JOIN route r ON r.id = a.route_id \
             WHERE a.waybill_no = '{no}'"
        );
        self.stage.scalar(&sql).await
    }

    async fn close(self) {
        for worker in self.workers {
            worker.stop().await.unwrap();
        }
        audit(&self.stage).await;
        self.stage.close().await;
    }
}

fn on_day(day: u32, created: WaybillCreated) -> WaybillCreated {
    WaybillCreated { delivery_date: delivery_date() + Days::new(day.into()), ..created }
}

#[tokio::test]
async fn a_move_that_races_the_lock_is_in_or_out() {
    let mut desk = Desk::open(&parts()).await;
    let days = 0..8_u32;
    for day in days.clone() {
        tell(&desk.stage, 1, &on_day(day, waybill(10 + day))).await;
        tell(&desk.stage, 1, &on_day(day, frozen(50 + day))).await;
    }
    until(&desk.stage, "ASSIGNED 16").await;
    for day in days {
        let (dry, cold) = (desk.route_of(10 + day).await, desk.route_of(50 + day).await);
        let ids = if day % 2 == 0 {
            let locked = desk.send(&lock(&cold)).await;
            [locked, desk.send(&moved(10 + day, &cold)).await]
        } else {
            let moved = desk.send(&moved(10 + day, &cold)).await;
            [desk.send(&lock(&cold)).await, moved]
        };
        let [locked, shifted] = desk.answers(ids).await;
        assert_eq!(locked.outcome, ReplyOutcome::Applied);
        let (state, route) = match shifted.code.as_str() {
            "APPLIED" => ("LOCKED", &cold),
            "NOT_OPEN" => ("ASSIGNED", &dry),
            other => panic!("{other}: {shifted:?}"),
        };
        until_row(&desk.stage, 10 + day, "state", state).await;
        assert_eq!(desk.route_of(10 + day).await, *route);
    }
    desk.close().await;
}

#[tokio::test]
async fn moves_that_race_assignments_oversell_nothing() {
    // 30 places in Z01, none elsewhere
    let mut desk = Desk::open(&tight(30, 0, 10)).await;
    tell(&desk.stage, 1, &frozen(900)).await;
    for number in 1..=8 {
        tell(&desk.stage, 1, &waybill(number)).await;
    }
    until(&desk.stage, "ASSIGNED 9").await;
    let cold = desk.route_of(900).await;
    for number in 1..=8 {
        desk.send(&moved(number, &cold)).await;
        for more in 0..4 {
            tell(&desk.stage, 1, &waybill(100 + 10 * number + more)).await;
        }
    }
    for _ in 1..=8 {
        let reply = desk.replies.next(IN_TIME).await;
        assert_eq!(reply.outcome, ReplyOutcome::Applied, "{reply:?}");
    }
    until(&desk.stage, "ASSIGNED 30, UNASSIGNABLE ZONE_QUOTA 11").await;
    for number in 1..=8 {
        assert_eq!(desk.route_of(number).await, cold);
    }
    desk.close().await;
}

#[tokio::test]
async fn of_two_dispatchers_who_commit_overlapping_proposals_one_wins() {
    let mut desk = Desk::open(&parts()).await;
    for number in 1..=6 {
        tell(&desk.stage, 1, &waybill(number)).await;
    }
    tell(&desk.stage, 1, &frozen(50)).await;
    until(&desk.stage, "ASSIGNED 7").await;
    let cold = desk.route_of(50).await;
    // three pairs; each pair moves the same waybill and another one
    for pair in 0..3_u32 {
        let (first, second) = (u128::from(2 * pair + 1), u128::from(2 * pair + 2));
        let own = |number: u32| vec![step(no(number), &cold)];
        for (id, number) in [(first, 2 * pair + 1), (second, 2 * pair + 2)] {
            let made = desk.ask(&proposal(id, own(number))).await;
            assert_eq!(made.outcome, ReplyOutcome::Applied);
        }
        let ids = [desk.send(&commit(first)).await, desk.send(&commit(second)).await];
        let codes = desk.answers(ids).await.map(|reply| reply.code);
        let mut sorted = codes.clone();
        sorted.sort();
        assert_eq!(sorted, ["APPLIED", "PROPOSAL_OUTDATED"], "pair {pair}");
        let winner = if codes[0] == "APPLIED" { first } else { second };
        assert_eq!(desk.ask(&commit(winner)).await.outcome, ReplyOutcome::Duplicate);
    }
    let states =
        "SELECT GROUP_CONCAT(CONCAT(state, version) ORDER BY state, version) FROM adra_proposal";
    let states: String = desk.stage.scalar(states).await;
    assert_eq!(states, "COMMITTED2,COMMITTED2,COMMITTED2,OPEN1,OPEN1,OPEN1");
    let moved = "SELECT COUNT(*) FROM assignment WHERE pinned = 1";
    assert_eq!(desk.stage.scalar::<i64>(moved).await, 3);
    desk.close().await;
}

#[tokio::test]
async fn a_pin_is_kept_and_nobody_moves_past_it() {
    let mut desk = Desk::open(&parts()).await;
    tell(&desk.stage, 1, &waybill(1)).await;
    tell(&desk.stage, 1, &frozen(50)).await;
    until(&desk.stage, "ASSIGNED 2").await;
    let cold = desk.route_of(50).await;
    let made = desk.ask(&proposal(1, vec![step(no(1), &cold)])).await;
    assert_eq!((made.outcome, made.version), (ReplyOutcome::Applied, Some(1)));
    let pinned = desk.ask(&pin(1)).await;
    assert_eq!(pinned.aggregate.as_deref(), Some(no(1).as_str()));
    until_row(&desk.stage, 1, "pinned, version", "1 2").await;
    assert_eq!(desk.ask(&commit(1)).await.code, "PROPOSAL_OUTDATED", "it was reviewed unpinned");
    assert_eq!(desk.ask(&moved(1, &cold)).await.code, "PINNED");

    // other processes know it from the tables
    for worker in std::mem::take(&mut desk.workers) {
        worker.stop().await.unwrap();
    }
    desk.workers = vec![start(&desk.stage, &[]).await];
    assert_eq!(desk.ask(&moved(1, &cold)).await.code, "PINNED");
    assert_eq!(desk.ask(&pin(1)).await.outcome, ReplyOutcome::Duplicate);
    let steps = vec![ProposedStep::Unpin { waybill_no: no(1) }, step(no(1), &cold)];
    desk.ask(&proposal(2, steps)).await;
    assert_eq!(desk.ask(&commit(2)).await.outcome, ReplyOutcome::Applied);
    assert_eq!(desk.route_of(1).await, cold);
    assert_eq!(desk.ask(&unpin(1)).await.outcome, ReplyOutcome::Applied);
    let explained = "SELECT COUNT(*) FROM adra_decision WHERE waybill_no = 'shop-1-1' AND \
        explanation LIKE '%by_hand%'";
    let all = async || (desk.stage.scalar::<i64>(explained).await == 4).then_some(());
    eventually("pin, unpin, move, unpin", all).await;
    desk.close().await;
}
